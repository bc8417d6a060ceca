// Replaying a failure by its token.
// After a change here run: ci/test -L proptests -R 'replay|corpus'
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "campaign/engines.hpp"
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
    std::string text;              // the log, or that it did not fail
    std::optional<failure> found;  // failed

    [[nodiscard]] bool failed() const { return is == end::failed; }
};

struct replay_options {
    std::chrono::milliseconds patience = std::chrono::seconds(60);  // with what says nothing
    std::size_t most_runs = 20'000;                                 // of a program of several tasks
    std::string from = {};                                          // the file of a corpus that has the token
    /// True once the time is over: what has not failed by then is unknown.
    std::function<bool()> over = {};
};

/// The engines whose programs have a token that can be replayed.
[[nodiscard]] bool can_replay(model::engine e) noexcept;

/// A program on one thread is taken step by step; one of several tasks is run until it fails, at most `most_runs`
/// times. It runs in a child process that is watched: it may hang or crash again. Throws std::runtime_error if the
/// target cannot run it.
[[nodiscard]] replayed replay(const token& t, const target& on, const job& j = {}, const replay_options& how = {});

}  // namespace tailrace::verify
