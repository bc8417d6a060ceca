// An operation with a deadline, in driven form: the operation itself, and a timer of some clock that wakes it in time.
//
// A clock provides now(), time_point, duration, and a nested `timer` with arm(clock&, time_point, waker) and disarm(); a timer that is
// destroyed is disarmed. The deadline counts from the first poll. Success and closed beat it.
// After a change here run: ctest -L impl && ctest -L conformance
#pragma once

#include <optional>
#include <utility>

#include "tailrace/detail/blocking.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

template <class Operation, class Clock>
class [[nodiscard]] deadline_operation {
  public:
    using result_type = typename Operation::timed_result_type;

    deadline_operation(Operation&& op, typename Clock::duration timeout, Clock& clock) noexcept
        : operation_(std::move(op)), clock_(&clock), timeout_(timeout) {}
    deadline_operation(deadline_operation&& other) noexcept
        : operation_(std::move(other.operation_)), clock_(other.clock_), timeout_(other.timeout_) {}
    deadline_operation& operator=(deadline_operation&&) = delete;

    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        if (!deadline_) deadline_ = detail::deadline_after(clock_->now(), timeout_);
        if (auto result = operation_.poll(w)) {
            timer_.disarm();
            return Operation::timed(std::move(*result));
        }
        if (clock_->now() < *deadline_) {
            timer_.arm(*clock_, *deadline_, w);
            return std::nullopt;
        }
        timer_.disarm();
        if (operation_.stop_waiting() != detail::stopped::undecided) {
            return Operation::timed(std::move(*operation_.poll(w)));  // at the last moment
        }
        return operation_.timed_out();
    }

  private:
    Operation operation_;
    Clock* clock_;
    typename Clock::duration timeout_;
    std::optional<typename Clock::time_point> deadline_;
    typename Clock::timer timer_;
};

}  // namespace tailrace
