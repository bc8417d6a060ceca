// The one header that includes Relacy, the simulator of threads and of the C++ memory model.
//
// The standard headers have to be included before Relacy's. Relacy's umbrella header redefines new, free, assert, errno
// and much of POSIX as macros, so only the parts that the platform needs are included, and the one macro that they
// define is undefined afterwards. Relacy's global operator new and delete remain; they detect leaks and double frees.
// After a change here run: ci/test -L relacy
#pragma once

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <new>
#include <queue>
#include <set>
#include <sstream>
#include <stack>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <sys/times.h>
#include <ucontext.h>
#include <unistd.h>

// The order of inclusion is Relacy's.
// clang-format off
#include <relacy/pch.hpp>
#define switch_to_fiber switch_to_another_fiber // NOLINT(readability-identifier-naming)
#include <relacy/platform.hpp>
#undef switch_to_fiber
// Usually the same thread continues, and Relacy would switch to the running fiber.
inline void switch_to_fiber(fiber_t& to, fiber_t& from) {
    if (&to != &from) switch_to_another_fiber(to, from);
}
#include <relacy/base.hpp>
#include <relacy/context.hpp>
#include <relacy/signature.hpp>
// Every atomic access checks with this that its object exists. Unchanged, but inlined.
template <>
[[gnu::always_inline]] inline void rl::signature<987654321>::check(debug_info_param info) const {
    constexpr std::uintptr_t page = 4096;
    const auto address = reinterpret_cast<std::uintptr_t>(this);
    const bool possible = address - page < std::uintptr_t{0} - 2 * page && address % sizeof magic_ == 0;
    if (!possible || magic_ != 987654321) [[unlikely]]
        fail(info);
}
#include <relacy/context_base_impl.hpp>
#include <relacy/backoff.hpp>
#include <relacy/atomic_fence.hpp>
#include <relacy/atomic.hpp>
#include <relacy/var.hpp>
#include <relacy/test_suite.hpp>
#include <relacy/stdlib/mutex.hpp>
#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/semaphore.hpp>
#include <relacy/stdlib/event.hpp>
// clang-format on

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdollar-in-identifier-extension"
#endif
#undef $
#ifdef __clang__
#pragma clang diagnostic pop
#endif
