// Relacy's account of a failing execution, made readable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/search.hpp"

namespace tailrace::relacy {

/// What Relacy has written: what went wrong, in one line, and the steps. Addresses are numbered as they turn up; how
/// the program was set up is left out.
struct account {
    std::string failure;
    std::vector<told_step> steps;
};
[[nodiscard]] account account_of(std::string_view report);

}  // namespace tailrace::relacy
