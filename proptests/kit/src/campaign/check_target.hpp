// `tailrace-verify check-target`: whether a target in another process speaks the protocol of docs/protocol.md. Which of
// the answers to a step it gives is for the engines to judge.
// After a change here run: ci/test -L proptests -R check_target
#pragma once

#include <cstdio>

#include "target/exec_target.hpp"

namespace tailrace::verify {

/// Prints a line for each thing that is tried, and for the first that fails what was said: true if none does.
[[nodiscard]] bool check_target(const exec_command& c, std::FILE* to);

}  // namespace tailrace::verify
