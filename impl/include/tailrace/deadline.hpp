// Operations with a deadline.
//
// A clock provides now(), time_point, duration, and a nested `timer` with
//
//     arm(clock&, time_point, waker)    arming again for the same deadline replaces the waker
//     bool disarm()                     true: it has not called the waker and never will
//
// A timer that is destroyed is disarmed. manual_clock.hpp has such a clock, timer.hpp the default clock for programs
// without a runtime.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "tailrace/detail/deadline_after.hpp"
#include "tailrace/detail/interruptible_wait.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

namespace detail {

/// The clock of calls without a clock argument: send_timeout(v, 5ms), recv_timeout(5ms).
template <class Platform, class = void>
struct default_clock {
    static_assert(sizeof(Platform) == 0,
                  "tailrace: include <tailrace/timer.hpp> for the default timer, or give a clock as the last argument");
    [[noreturn]] static auto& get();
};

template <class Clock>
class deadline_source {
  public:
    using reason_type = timeout_error;
    template <class Reason>
    static constexpr Reason reason = Reason::timeout;

    template <class Rep, class Period>
    deadline_source(std::chrono::duration<Rep, Period> timeout, Clock& clock)
        : clock_(&clock), timeout_(deadline_after(typename Clock::time_point{}, timeout).time_since_epoch()) {}
    /// Before it is first armed.
    deadline_source(deadline_source&& other) noexcept : clock_(other.clock_), timeout_(other.timeout_) {}
    deadline_source& operator=(deadline_source&&) = delete;

    [[nodiscard]] arming arm(const waker& w) {
        if (!deadline_) deadline_ = deadline_after(clock_->now(), timeout_);
        if (*deadline_ == Clock::time_point::max()) return arming::never;
        if (clock_->now() >= *deadline_) return arming::due;
        timer_.arm(*clock_, *deadline_, w);
        return arming::armed;
    }
    [[nodiscard]] bool disarm() noexcept { return timer_.disarm(); }

  private:
    Clock* clock_;
    typename Clock::duration timeout_;
    std::optional<typename Clock::time_point> deadline_;
    typename Clock::timer timer_;
};

}  // namespace detail

/// An operation with a timeout. Made by with_timeout(). Success and closed beat the deadline.
template <class Operation, class Clock>
using deadline_operation =
    decltype(detail::interruptible(std::declval<Operation>(), std::declval<detail::deadline_source<Clock>>()));

/// Any waiting operation with a timeout, counted from its first poll, that is, from where it is awaited.
///
/// A timeout that is infinite, or too long for the clock, means no deadline; NaN means zero. The clock must outlive the
/// operation. With a stop token as well (stop.hpp), in either order: the error is then an interrupt_error.
///
/// Waits: as the operation, until the deadline.
/// On close: as the operation.
/// Cancel safety: as the operation.
/// Errors: timeout_error::timeout, with what the operation would have consumed, or timeout_error::closed.
/// closed_operation gives a bool instead, true for closed.
/// Throws: as the operation; what the clock throws.
/// Clauses: send_timeout.waits, send_timeout.first-poll, send_timeout.forever, send_timeout.zero, recv.timeout.
///
///     bool closed = co_await tailrace::with_timeout(tx.closed(), 5ms, clock);
template <class Operation, class Rep, class Period, class Clock>
[[nodiscard]] deadline_operation<Operation, Clock> with_timeout(Operation op,
                                                                std::chrono::duration<Rep, Period> timeout,
                                                                Clock& clock) {
    return detail::interruptible(std::move(op), detail::deadline_source<Clock>(timeout, clock));
}

}  // namespace tailrace
