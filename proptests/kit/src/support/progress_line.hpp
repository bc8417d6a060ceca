// How far a run is: on a terminal one line that is written over, cut to the width that the terminal has just then;
// elsewhere, in the log of a CI job, a plain line a minute. After a change here run: ci/test -L proptests -R
// progress_line
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <optional>
#include <string_view>

namespace tailrace::verify {

class progress_line {
  public:
    using clock = std::chrono::steady_clock;

    /// `columns`: of the terminal, asked each time; nothing if it is none. `now`: for tests.
    progress_line(std::FILE* to, std::function<std::optional<std::size_t>()> columns,
                  std::function<clock::time_point()> now = clock::now);
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;
    ~progress_line() { clear(); }

    void operator()(std::string_view news);
    /// Takes the line away from the terminal.
    void clear();

  private:
    std::FILE* to_;
    std::function<std::optional<std::size_t>()> columns_;
    std::function<clock::time_point()> now_;
    clock::time_point said_;
    bool shown_ = false;
};

/// Of the terminal that a stream is; nothing if it is none that can write a line over.
[[nodiscard]] std::optional<std::size_t> columns_of(std::FILE* stream);

}  // namespace tailrace::verify
