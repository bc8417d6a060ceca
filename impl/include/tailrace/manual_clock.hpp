// A clock that stands still until it is told to move: for tests, and for programs that keep their own time.
// After a change here run: ctest -L impl
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <vector>

#include "tailrace/detail/deadline_after.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

/// Thread-safe. Must outlive every operation that waits on it.
template <class Mutex = std::mutex>
class basic_manual_clock {
  public:
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<basic_manual_clock, duration>;

    basic_manual_clock() = default;
    basic_manual_clock(const basic_manual_clock&) = delete;
    basic_manual_clock& operator=(const basic_manual_clock&) = delete;

    [[nodiscard]] time_point now() const noexcept {
        const std::lock_guard guard(mutex_);
        return now_;
    }

    /// Moves the time and wakes what has become due, in order of deadline, without a lock held. Stops at the end of time.
    template <class Rep, class Period>
    void advance(std::chrono::duration<Rep, Period> by) {
        std::unique_lock guard(mutex_);
        now_ = detail::deadline_after(now_, by);
        while (!timers_.empty() && timers_.front()->deadline_ <= now_) {
            timer* due = timers_.front();
            timers_.erase(timers_.begin());
            due->clock_ = nullptr;  // fired: wakes once
            const waker w = due->waker_;
            guard.unlock();
            w();
            guard.lock();
        }
    }

    /// One registration. Arming it again for the same deadline changes whom it wakes; once fired it stays silent until disarmed.
    class timer {
      public:
        timer() = default;
        timer(const timer&) = delete;
        timer& operator=(const timer&) = delete;
        ~timer() { disarm(); }

        void arm(basic_manual_clock& clock, time_point deadline, const waker& w) {
            if (deadline == time_point::max()) return;  // no deadline
            const std::lock_guard guard(clock.mutex_);
            waker_ = w;
            if (armed_on_ != nullptr) return;
            armed_on_ = &clock;
            clock_ = &clock;
            deadline_ = deadline;
            const auto later = [](time_point d, const timer* t) { return d < t->deadline_; };
            clock.timers_.insert(std::upper_bound(clock.timers_.begin(), clock.timers_.end(), deadline, later),
                                 this);
        }

        void disarm() noexcept {
            if (armed_on_ == nullptr) return;
            const std::lock_guard guard(armed_on_->mutex_);
            if (clock_ != nullptr) std::erase(clock_->timers_, this);
            clock_ = nullptr;
            armed_on_ = nullptr;
        }

      private:
        friend class basic_manual_clock;
        basic_manual_clock* armed_on_ = nullptr;  // its owner's: armed since the last disarm
        basic_manual_clock* clock_ = nullptr;     // by the clock's mutex: still to fire
        time_point deadline_{};
        tailrace::waker waker_;
    };

  private:
    mutable Mutex mutex_;
    time_point now_{};
    std::vector<timer*> timers_;  // by deadline, then by arming
};

using manual_clock = basic_manual_clock<>;

}  // namespace tailrace
