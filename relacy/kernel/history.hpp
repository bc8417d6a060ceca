// Makes Relacy's report of a failing execution readable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel/search.hpp"

namespace tailrace::relacy {

/// Marks a load in logged_step::event that returned a stale value.
inline constexpr std::string_view stale_mark = "[STALE]";

/// A parsed report: the failure in one line, and the steps. Addresses are numbered in the order in which they appear.
/// The steps of the constructor are left out.
struct account {
    std::string failure;
    std::vector<logged_step> steps;
};
[[nodiscard]] account account_of(std::string_view report);

}  // namespace tailrace::relacy
