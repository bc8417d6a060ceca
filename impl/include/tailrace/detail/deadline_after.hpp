// Adding a timeout to a moment without overflowing.
// After a change here run: ctest -L impl
#pragma once

#include <chrono>

namespace tailrace::detail {

/// now + timeout, or the end of time if that cannot be said.
template <class TimePoint, class Rep, class Period>
[[nodiscard]] TimePoint deadline_after(TimePoint now, std::chrono::duration<Rep, Period> timeout) {
    using rest = typename TimePoint::duration;
    if (timeout <= timeout.zero()) return now;
    // Compared in floating point: neither side overflows there.
    const auto wanted = std::chrono::duration<double, typename rest::period>(timeout);
    const auto possible = std::chrono::duration<double, typename rest::period>(TimePoint::max() - now);
    if (wanted >= possible) return TimePoint::max();
    return now + std::chrono::ceil<rest>(timeout);
}

}  // namespace tailrace::detail
