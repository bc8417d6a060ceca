// What `tailrace-verify list` prints.
// After a change here run: ci/test -L proptests -R command_line
#pragma once

#include <string>
#include <vector>

#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

[[nodiscard]] std::string list_clauses();
[[nodiscard]] std::string list_engines();
[[nodiscard]] std::string list_targets(const std::vector<target>& targets);

}  // namespace tailrace::verify
