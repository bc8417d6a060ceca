// Relacy's account of a failing execution, made readable.
#pragma once

#include <string>
#include <string_view>

namespace tailrace::relacy {

/// Takes what Relacy has written and finds in it what went wrong, in one line, and the steps, one a
/// line: the last ones if there are many. Functions are named without their templates, files
/// without their folders, and addresses are numbered as they turn up.
void describe_failure(std::string_view report, std::string& failure, std::string& history);

}  // namespace tailrace::relacy
