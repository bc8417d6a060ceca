// Fitting text into a report: cut, wrapped and grouped, plain ASCII.
// After a change here run: ci/test -L proptests
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::verify {

inline constexpr std::size_t report_width = 100;

/// At most `width` characters, the last three of them dots if something is missing.
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);
/// The same, but what is missing is the beginning.
[[nodiscard]] std::string cut_front(std::string_view text, std::size_t width);

/// Breaks at spaces into at most `most` lines; the last ends with dots if something is missing.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t most);

/// Wrapped, with `label` before the first line and as much space before the others.
[[nodiscard]] std::string labelled(std::string_view label, std::string_view text, std::size_t most);

/// The lines indented and cut to the width of the report; of more than 32 the first, and dots.
[[nodiscard]] std::string first_lines(std::string_view text);

/// Without what could break the line: control characters become question marks.
[[nodiscard]] std::string printable(std::string_view text);

/// Its lines, with spaces between them, and without an end.
[[nodiscard]] std::string in_one_line(std::string_view text);

/// A word of a command as a shell takes it, in plain ASCII and one line; what is neither needs a shell that knows
/// $'\n'.
[[nodiscard]] std::string shell_word(std::string_view word);

/// 47,899
[[nodiscard]] std::string grouped(std::uint64_t n);

/// traces, histories
[[nodiscard]] std::string plural(std::string_view noun);
/// 1 trace, 2 traces
[[nodiscard]] std::string counted(std::uint64_t n, std::string_view noun);

/// The name nearest to a mistyped one; nothing if none is near.
[[nodiscard]] std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& names);

}  // namespace tailrace::verify
