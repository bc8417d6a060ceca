// Real time for programs without a runtime: a clock, as deadline.hpp wants it, with its own thread.
//
// A timer's life; the clock, too, changes it, under its mutex only:
//
//     idle ──arm──▶ armed ──due──▶ fired ──disarm: false──▶ idle
//                     │ disarm: true, or the clock is destroyed
//                     └──▶ idle
//
// After a change here run: ctest -L impl
#pragma once

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "tailrace/deadline.hpp"
#include "tailrace/detail/timer_queue.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

/// The steady clock, and one thread that wakes whoever waits for a moment of it. The thread is
/// started by the first arm and joined by the destructor; an object that nothing was armed on has
/// none.
///
/// Wakers are called on that thread, one at a time, in order of deadline, without a lock held: they
/// may arm and disarm, and one that takes long delays the others.
///
/// Thread-safe, all but the destructor: nobody else uses the object, or a timer armed on it, while
/// that runs, but for the waker that the thread may be in; and it does not run in such a waker.
/// Timers still armed never fire; they may be disarmed, destroyed, or armed on another clock later.
class timer_thread {
  public:
    using duration = std::chrono::steady_clock::duration;
    using time_point = std::chrono::steady_clock::time_point;

    timer_thread() = default;
    timer_thread(const timer_thread&) = delete;
    timer_thread& operator=(const timer_thread&) = delete;
    ~timer_thread();

    [[nodiscard]] time_point now() const noexcept { return std::chrono::steady_clock::now(); }

    class timer;

  private:
    void start();
    void run() noexcept;

    std::mutex mutex_;
    std::condition_variable changed_;  // an earlier deadline than all others, or stopping
    detail::timer_queue<time_point> timers_;
    bool stopping_ = false;
    std::thread worker_;
};

/// One registration, of one owner: its functions are called by one thread at a time. Once fired it
/// stays silent until disarmed, and can be armed anew after that. Destroying it disarms it; a
/// wake-up that is on its way does not need it any more.
class timer_thread::timer : private detail::timer_node<time_point> {
  public:
    timer() = default;
    ~timer() { disarm(); }

    /// `w` will be called once, when the deadline has come, perhaps before this returns; never for
    /// time_point::max(), which is no deadline and arms nothing. Arming again for the same deadline
    /// changes whom it wakes.
    ///
    /// The first arm on a clock starts its thread, and throws std::system_error (or std::bad_alloc)
    /// if it cannot; nothing is armed then, and the next arm tries again. Apart from that this
    /// neither throws nor allocates.
    void arm(timer_thread& clock, time_point when, const waker& w) {
        if (when == time_point::max()) return;
        const std::lock_guard guard(clock.mutex_);
        if (state_.load(std::memory_order_relaxed) != state::idle) {
            waker_ = w;
            return;
        }
        clock.start();
        waker_ = w;
        clock_ = &clock;
        deadline = when;
        state_.store(state::armed, std::memory_order_relaxed);
        clock.timers_.push(*this);
        if (&clock.timers_.front() == this) clock.changed_.notify_one();
    }

    /// True: nothing was armed, or its wake-up has not come and never will. False: it has come, or
    /// is on its way on the clock's thread; this does not wait for it.
    bool disarm() noexcept {
        // Partner: the store of fired, the clock's last touch. acquire: this may be destroyed next.
        if (state_.load(std::memory_order_acquire) == state::armed) {
            const std::lock_guard guard(clock_->mutex_);
            if (linked()) {
                clock_->timers_.remove(*this);
                state_.store(state::idle, std::memory_order_relaxed);
            }
        }
        const bool silent = state_.load(std::memory_order_relaxed) == state::idle;
        state_.store(state::idle, std::memory_order_relaxed);
        return silent;
    }

  private:
    friend class timer_thread;
    enum class state : unsigned char { idle, armed, fired };

    std::atomic<state> state_{state::idle};
    timer_thread* clock_ = nullptr;  // its owner's; while armed
    tailrace::waker waker_;          // by the clock's mutex, as is what the queue has of it
};

inline timer_thread::~timer_thread() {
    assert(worker_.get_id() != std::this_thread::get_id() &&
           "a timer_thread was destroyed by its own thread");
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (worker_.joinable()) worker_.join();
    while (!timers_.empty()) {
        static_cast<timer&>(timers_.pop_front())
            .state_.store(timer::state::idle, std::memory_order_relaxed);
    }
}

/// Under the mutex.
inline void timer_thread::start() {
    if (!worker_.joinable()) worker_ = std::thread([this] { run(); });
}

inline void timer_thread::run() noexcept {
    // At a time: some libraries add the distance to another clock's time, which must not overflow.
    constexpr auto longest_wait = std::chrono::hours(24);
    std::unique_lock guard(mutex_);
    while (!stopping_) {
        if (timers_.empty()) {
            changed_.wait(guard);
            continue;
        }
        const time_point first = timers_.front().deadline;
        const time_point present = now();
        if (present < first) {
            changed_.wait_until(guard, std::min(first, present + longest_wait));
            continue;
        }
        auto& due = static_cast<timer&>(timers_.pop_front());
        const waker w = due.waker_;
        // Partner: the load in disarm. release: from here on its owner may destroy it.
        due.state_.store(timer::state::fired, std::memory_order_release);
        guard.unlock();
        w();
        guard.lock();
    }
}

/// The program's own. Its thread is started by the first deadline and joined when the program
/// destroys its static objects, after those whose constructor has called this. Whoever still waits
/// then does so without a deadline; no other thread may use it by then, and nobody may later.
[[nodiscard]] inline timer_thread& default_timer() {
    static timer_thread timers;
    return timers;
}

namespace detail {
template <class Platform>
struct default_clock<Platform, void> {
    [[nodiscard]] static timer_thread& get() { return default_timer(); }
};
}  // namespace detail

/// Any waiting operation with a timeout on the default timer; see deadline.hpp.
template <class Operation, class Rep, class Period>
[[nodiscard]] auto with_timeout(Operation op, std::chrono::duration<Rep, Period> timeout) {
    return with_timeout(std::move(op), timeout, default_timer());
}

}  // namespace tailrace
