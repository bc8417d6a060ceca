// A clock that moves only when it is advanced: for tests, and for programs that keep their own time.
// After a change here run: ci/test -L impl
#pragma once

#include <chrono>
#include <mutex>

#include "tailrace/detail/deadline_after.hpp"
#include "tailrace/detail/timer_queue.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

/// A clock that moves only when it is advanced. Thread-safe. Must outlive every operation that waits on it.
///
///     tailrace::manual_clock manual;
///     auto waiting = rx.recv_timeout(5ms, manual);
///     (void)waiting.poll(wake_me);
///     manual.advance(5ms);  // calls the waker: the next poll says timeout
template <class Mutex = std::mutex>
class basic_manual_clock {
  public:
    /// The unit of deadlines.
    using duration = std::chrono::nanoseconds;
    /// A deadline.
    using time_point = std::chrono::time_point<basic_manual_clock, duration>;

    basic_manual_clock() = default;
    basic_manual_clock(const basic_manual_clock&) = delete;
    basic_manual_clock& operator=(const basic_manual_clock&) = delete;

    /// The time, which begins with 0.
    [[nodiscard]] time_point now() const noexcept {
        const std::lock_guard guard(mutex_);
        return now_;
    }

    /// Moves the time and calls the wakers of the due timers, in order of deadline, without a lock held.
    /// Stops at the end of time.
    template <class Rep, class Period>
    void advance(std::chrono::duration<Rep, Period> by) {
        std::unique_lock guard(mutex_);
        now_ = detail::deadline_after(now_, by);
        while (!timers_.empty() && timers_.front().deadline <= now_) {
            const waker w = static_cast<timer&>(timers_.pop_front()).waker_;
            guard.unlock();  // from here on its owner may destroy the timer
            w();
            guard.lock();
        }
    }

    /// One registration, of one owner. Arming it again for the same deadline replaces the waker. Once fired it stays
    /// silent until it is disarmed, and can then be armed again.
    class timer : private detail::timer_node<time_point> {
      public:
        timer() = default;
        /// Disarms it.
        ~timer() { disarm(); }

        /// `w` will be called once, when the clock has come to `when`, perhaps before this returns; never for
        /// time_point::max(), which is no deadline.
        void arm(basic_manual_clock& clock, time_point when, const waker& w) {
            if (when == time_point::max()) return;  // no deadline
            std::unique_lock guard(clock.mutex_);
            waker_ = w;
            if (armed_on_ != nullptr) return;
            armed_on_ = &clock;
            this->deadline = when;
            if (clock.now_ < when) return clock.timers_.push(*this);
            guard.unlock();  // the time has moved since its owner looked
            w();
        }

        /// True: nothing was armed, or the wake-up has not come and never will. False: it has come, or is under way on
        /// another thread.
        bool disarm() noexcept {
            if (armed_on_ == nullptr) return true;
            const std::lock_guard guard(armed_on_->mutex_);
            const bool in_time = this->linked();
            if (in_time) armed_on_->timers_.remove(*this);
            armed_on_ = nullptr;
            return in_time;
        }

      private:
        friend class basic_manual_clock;
        basic_manual_clock* armed_on_ = nullptr;  // its owner's: armed since the last disarm
        tailrace::waker waker_;                   // by the clock's mutex, as is what the queue has of it
    };

  private:
    mutable Mutex mutex_;
    time_point now_{};
    detail::timer_queue<time_point> timers_;
};

/// The usual one.
using manual_clock = basic_manual_clock<>;

}  // namespace tailrace
