// asleep(): whether the kernel has put a thread to sleep, and how often.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace tailrace::verify {

/// If the thread sleeps in the kernel: how often it has gone to sleep. Nothing while it runs or could run, or if that
/// cannot be known.
[[nodiscard]] std::optional<std::uint64_t> asleep(pid_t thread);

}  // namespace tailrace::verify
