// The channels of other C++ libraries as targets of the kit. Each is there if its library was found.
// After a change here run: ci/test -L proptests -R foreign_cpp
#pragma once

#include <vector>

#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

[[nodiscard]] target make_asio_target();
[[nodiscard]] target make_fiber_target();
[[nodiscard]] target make_moodycamel_target();
[[nodiscard]] target make_sync_bounded_queue_target();
[[nodiscard]] target make_tbb_target();

/// Those that are there.
[[nodiscard]] inline std::vector<target> foreign_targets() { return {TAILRACE_FOREIGN_TARGETS}; }

}  // namespace tailrace::verify
