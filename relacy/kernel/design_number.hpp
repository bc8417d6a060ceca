// Finds the number that impl/DESIGN.md gives an atomic operation, in the comment next to the operation.
// After a change here run: ci/test -L relacy
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tailrace::relacy {

/// The beginning of the line that contains `at`.
[[nodiscard]] std::size_t line_begin(std::string_view text, std::size_t at) noexcept;
/// The line that begins at `begin`.
[[nodiscard]] std::string_view line_at(std::string_view text, std::size_t begin) noexcept;

/// The number of the operation on the line that begins at `begin` and ends on that of `end`: the first one in brackets
/// in the comment after it, or else in the comment above it. Empty if there is none.
[[nodiscard]] std::string design_number(std::string_view text, std::size_t begin, std::size_t end);

}  // namespace tailrace::relacy
