// The contestants of other projects in C++; and a queue of the standard library's parts, with which W10 compares.
// After a change here run: ci/bench --contestants asio
#pragma once

#include "common/contestant.hpp"

namespace bench {

[[nodiscard]] contestant mutex_contestant();
[[nodiscard]] contestant tbb_contestant();
[[nodiscard]] contestant moodycamel_contestant();
[[nodiscard]] contestant fiber_contestant();
[[nodiscard]] contestant asio_channel_contestant();
[[nodiscard]] contestant asio_concurrent_contestant();

}  // namespace bench
