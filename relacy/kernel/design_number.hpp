// The number by which impl/DESIGN.md names an atomic operation, as the comment beside it has it.
// After a change here run: ctest -L relacy
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tailrace::relacy {

/// Where the line begins that `at` is in.
[[nodiscard]] std::size_t line_begin(std::string_view text, std::size_t at) noexcept;
/// The line that begins at `begin`.
[[nodiscard]] std::string_view line_at(std::string_view text, std::size_t begin) noexcept;

/// Of the operation on the line that begins at `begin` and ends on that of `end`: the first number in brackets in the
/// comment behind it, or else in the one above it. Empty if there is none.
[[nodiscard]] std::string design_number(std::string_view text, std::size_t begin, std::size_t end);

}  // namespace tailrace::relacy
