// Arithmetic of deadlines that does not overflow, for any duration and any clock.
// After a change here run: ci/test -L impl
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>

namespace tailrace::detail {

/// Whether a count of periods can be converted to a count of units in 64 bits: std::ratio can say the factor, and what
/// remains of a division by its denominator can be multiplied by its numerator.
template <class Period, class Unit>
[[nodiscard]] consteval bool scales_exactly() {
    constexpr auto most = std::numeric_limits<std::intmax_t>::max();
    if constexpr (Period::num > most / Unit::den || Period::den > most / Unit::num) {
        return false;
    } else {
        using factor = std::ratio_divide<Period, Unit>;
        return factor::num <= most / factor::den;
    }
}

/// now + timeout, rounded up to the clock's unit; the end of time if the clock cannot represent it. NaN counts as zero,
/// because an endless wait would hide the mistake.
template <class TimePoint, class Rep, class Period>
[[nodiscard]] TimePoint deadline_after(TimePoint now, std::chrono::duration<Rep, Period> timeout) {
    using rest = typename TimePoint::duration;
    using unit = typename rest::period;
    constexpr bool clock_of_reals = std::chrono::treat_as_floating_point_v<typename rest::rep>;
    if (!(timeout > timeout.zero())) return now;
    const rest possible = TimePoint::max() - (now < TimePoint{} ? TimePoint{} : now);
    if constexpr (!scales_exactly<Period, unit>()) {
        return deadline_after(now, std::chrono::duration<double>(timeout));
    } else if constexpr (clock_of_reals || std::chrono::treat_as_floating_point_v<Rep>) {
        const std::chrono::duration<std::common_type_t<Rep, typename rest::rep, double>, unit> wanted(timeout);
        if (!(wanted < possible)) return TimePoint::max();
        if constexpr (clock_of_reals) {
            return now + std::chrono::duration_cast<rest>(wanted);
        } else {
            return now + std::chrono::ceil<rest>(wanted);
        }
    } else {
        using factor = std::ratio_divide<Period, unit>;
        using number = std::common_type_t<Rep, typename rest::rep, std::intmax_t>;
        constexpr number up{factor::num};
        constexpr number down{factor::den};
        const number count = std::chrono::duration<number, Period>(timeout).count();
        const auto most = static_cast<number>(possible.count());
        const number whole = count / down;
        const number part = count % down * up;
        const number last = part / down + (part % down > 0 ? 1 : 0);
        if (whole > most / up || last >= most - whole * up) return TimePoint::max();
        return now + rest(static_cast<typename rest::rep>(whole * up + last));
    }
}

/// The latest end of one sleep on a condition variable before a deadline: some libraries add the distance to the time
/// of another clock, which must not overflow.
template <class Clock>
[[nodiscard]] typename Clock::time_point within_a_day(typename Clock::time_point deadline) {
    const auto tomorrow = Clock::now() + std::chrono::hours(24);
    return deadline < tomorrow ? deadline : tomorrow;
}

}  // namespace tailrace::detail
