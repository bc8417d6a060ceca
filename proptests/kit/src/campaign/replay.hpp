// Replaying a failure by its token.
// After a change here run: ci/test -L proptests -R replay
#pragma once

#include <chrono>
#include <string>

#include "report/token.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct replayed {
    enum class end : unsigned char {
        failed,
        gone,    // a program on one thread, which does the same every time
        unknown  // a program of several tasks, which fails now and then
    };

    end is = end::unknown;
    std::string text;  // the log, or that it did not fail

    [[nodiscard]] bool failed() const { return is == end::failed; }
};

/// A program on one thread is taken step by step; one of several tasks is run until it fails, at most `most_runs`
/// times, or until the time is over. It runs in a child process that is watched: it may hang or crash again.
[[nodiscard]] replayed replay(const token& t, const target& on, std::chrono::milliseconds patience,
                              const std::string& command = "tailrace-verify", std::size_t most_runs = 20'000);

}  // namespace tailrace::verify
