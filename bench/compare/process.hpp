// A child process: its output, its end, within a time, with or without real-time priority.
// After a change here run: ci/test -L bench
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace bench {

struct child_result {
    std::string out;
    std::string wrong;  // empty if it exited with 0; otherwise what happened, with its last line on standard error
};

/// A child that takes longer is killed.
[[nodiscard]] child_result run_child(const std::vector<std::string>& command, std::chrono::milliseconds limit,
                                     bool real_time = false);

/// Whether a child may have real-time priority here.
[[nodiscard]] bool real_time_is_allowed();

/// The signal with which this process was asked to end (Ctrl-C, SIGTERM), or 0; children are then ended, and no more
/// are begun.
[[nodiscard]] int interrupted();
void end_on_signals();

}  // namespace bench
