// The program tailrace-verify over targets of your own: the same command line, reports and files.
//
//     int main(int argc, char** argv) {
//         return tailrace::verify::main(argc, argv, {my_target()});
//     }
//
// Exit status: 0 no difference, 1 a difference, 2 bad usage, bad input or a report that cannot be written, with one
// line on stderr, 4 a replay of several tasks that did not fail again; 128 and the signal if SIGINT or SIGTERM ended
// the run early, with the report of what was done. Both are noted from when a run begins.
// After a change here run: ci/test -L proptests -R command_line; ci/test -L examples
#pragma once

#include <string>
#include <vector>

#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// Names itself as the command that was typed. `traces` are the recordings that are replayed when
/// none are named: those that came with the kit.
[[nodiscard]] int main(int argc, const char* const* argv, const std::vector<target>& targets,
                       const std::string& traces = TAILRACE_TRACES_DIR);

}  // namespace tailrace::verify
