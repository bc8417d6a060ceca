// The default clock, for programs without a runtime: real time, with its own thread. For POSIX.
//
// The states of a timer; the clock changes them under its mutex only:
//
//     idle ──arm──▶ armed ──due──▶ fired ──disarm: false──▶ idle
//                     │ disarm: true, or the clock ends
//                     └──▶ idle
//
// After a change here run: ci/test -L impl
#pragma once

#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

#include "tailrace/deadline.hpp"
#include "tailrace/detail/deadline_after.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/timer_queue.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

/// The steady clock, and one thread that calls each waker when its deadline has come. The first arm starts the thread,
/// the destructor joins it; an object on which nothing was armed has no thread.
///
/// Wakers are called on that thread, one at a time, in order of deadline, without a lock held: they may arm and disarm,
/// and a slow waker delays the others. The thread blocks all signals except those that its own faults raise, so the
/// program's handlers run on the program's threads. Threads and processes that a waker starts inherit that
/// mask.
///
/// Thread-safe except the destructor: while it runs, no other thread may use the object or a timer armed on it, except
/// a waker that the object's thread is calling. A destructor called by such a waker terminates the program. Timers that
/// are still armed never fire; they may be disarmed, destroyed, or armed on another clock later.
///
/// In a child process made by fork() the object has no thread and must not be used or destroyed; the default timer may.
class timer_thread {
  public:
    /// The unit of deadlines.
    using duration = std::chrono::steady_clock::duration;
    /// A deadline.
    using time_point = std::chrono::steady_clock::time_point;

    timer_thread() = default;
    timer_thread(const timer_thread&) = delete;
    timer_thread& operator=(const timer_thread&) = delete;
    /// Ends the thread. A waker that runs is waited for.
    ~timer_thread();

    /// The time of the steady clock.
    [[nodiscard]] time_point now() const noexcept { return std::chrono::steady_clock::now(); }

    /// A deadline that calls a waker.
    class timer;

  private:
    friend timer_thread& default_timer();
    class of_the_program;

    [[nodiscard]] int start() noexcept;
    void run() noexcept;
    void drop_all() noexcept;
    [[nodiscard]] bool runs_here() const noexcept { return started_ && pthread_equal(worker_, pthread_self()) != 0; }

    std::mutex mutex_;
    std::condition_variable changed_;  // an earlier deadline than all others; stopping; the thread has ended
    detail::timer_queue<time_point> timers_;
    bool started_ = false;   // worker_ is a thread that must be joined
    bool stopping_ = false;  // until the thread has ended
    pthread_t worker_{};
};

namespace detail {
[[noreturn]] inline void system_failure(int error, const char* what) {
#if defined(__cpp_exceptions)
    throw std::system_error(error, std::generic_category(), what);
#else
    (void)error, (void)what;
    std::terminate();
#endif
}
}  // namespace detail

/// One registration, of one owner: its functions are called by one thread at a time. Once fired it stays silent until
/// it is disarmed, and can then be armed again. Destroying it disarms it; a wake-up that is under way does not use it
/// any more.
class timer_thread::timer : private detail::timer_node<time_point> {
  public:
    timer() = default;
    /// Disarms it.
    ~timer() { disarm(); }

    /// `w` will be called once, when the deadline has come, perhaps before this returns; never for
    /// time_point::max(), which is no deadline and arms nothing. Arming again for the same deadline
    /// replaces the waker.
    ///
    /// The first arm on a clock starts its thread, and throws std::system_error if it cannot; nothing has changed then,
    /// and the next arm tries again. Apart from that this neither throws nor allocates.
    void arm(timer_thread& clock, time_point when, const waker& w) {
        if (when == time_point::max()) return;
        const std::lock_guard guard(clock.mutex_);
        if (const int error = clock.start()) detail::system_failure(error, "tailrace: no thread for the timer");
        waker_ = w;
        if (state_.load(std::memory_order_relaxed) != state::idle) return;
        clock_ = &clock;
        armed_by_ = pthread_self();
        deadline = when;
        state_.store(state::armed, std::memory_order_relaxed);
        clock.timers_.push(*this);
        if (&clock.timers_.front() == this) clock.changed_.notify_one();
    }

    /// True: nothing was armed, or the wake-up has not come and never will. False: it has come, or is under way on the
    /// clock's thread; this does not wait for it.
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
    pthread_t armed_by_{};           // likewise
};

inline timer_thread::~timer_thread() {
    if (runs_here()) detail::misuse("tailrace: a timer_thread was destroyed by its own thread");
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (started_) (void)pthread_join(worker_, nullptr);
    drop_all();
}

/// Under the mutex. 0, or why there is no thread.
inline int timer_thread::start() noexcept {
    if (started_) return 0;
    sigset_t most, before;
    sigfillset(&most);
    for (const int fault : {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) sigdelset(&most, fault);
    pthread_sigmask(SIG_SETMASK, &most, &before);  // the thread inherits it
    const auto body = [](void* self) -> void* {
        static_cast<timer_thread*>(self)->run();
        return nullptr;
    };
    const int error = pthread_create(&worker_, nullptr, body, this);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    started_ = error == 0;
    return error;
}

inline void timer_thread::run() noexcept {
    std::unique_lock guard(mutex_);
    while (runs_here() && !stopping_) {
        if (timers_.empty()) {
            changed_.wait(guard);
            continue;
        }
        const time_point first = timers_.front().deadline;
        if (now() < first) {
            changed_.wait_until(guard, detail::within_a_day<std::chrono::steady_clock>(first));
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
    if (!runs_here()) return;  // another thread has replaced this one, which was abandoned while it was in a waker
    stopping_ = false;
    changed_.notify_one();
}

/// Under the mutex, or when the object is used by no other thread.
inline void timer_thread::drop_all() noexcept {
    while (!timers_.empty()) {
        static_cast<timer&>(timers_.pop_front()).state_.store(timer::state::idle, std::memory_order_relaxed);
    }
}

/// The default timer at exit and at fork. The timer itself is never destroyed: code that runs late may use it.
class timer_thread::of_the_program {
  public:
    of_the_program() {
        (void)timer();
        const int error = pthread_atfork(before_fork, in_parent, in_child);
        if (error != 0) detail::system_failure(error, "tailrace: no default timer");
    }
    of_the_program(const of_the_program&) = delete;
    of_the_program& operator=(const of_the_program&) = delete;

    /// Created before main. If the first use created it, a child would wait for ever for a thread that was just
    /// creating it when its parent forked.
    static of_the_program once;

    /// The first use: from here on exit() ends the thread before it destroys the static objects that exist now.
    void used() {
        if (ends_at_exit_.load(std::memory_order_acquire)) return;  // partner: the store below
        const std::lock_guard guard(timer().mutex_);                // no fork in the middle
        if (ends_at_exit_.load(std::memory_order_relaxed)) return;
        if (std::atexit(at_exit) != 0) detail::system_failure(ENOMEM, "tailrace: no default timer");
        ends_at_exit_.store(true, std::memory_order_release);
    }

    static timer_thread& timer() {
        alignas(timer_thread) static std::byte storage[sizeof(timer_thread)];
        static timer_thread& made = *std::construct_at(reinterpret_cast<timer_thread*>(storage));
        return made;
    }

  private:
    /// On any thread, the timer's own included, where the waker that called exit() never returns.
    static void at_exit() {
        timer_thread& t = timer();
        std::unique_lock guard(t.mutex_);
        if (t.started_) {
            t.stopping_ = true;
            t.changed_.notify_one();
            const bool ended = !t.runs_here() && t.changed_.wait_for(guard, patience, [&t] { return !t.stopping_; });
            (void)(ended ? pthread_join(t.worker_, nullptr) : pthread_detach(t.worker_));
            t.started_ = t.stopping_ = false;
        }
        t.drop_all();
    }

    // A waker may wait for a lock of the exiting thread, or may have called exit() too, which then never returns.
    static constexpr std::chrono::seconds patience{5};

    static void before_fork() { timer().mutex_.lock(); }
    static void in_parent() { timer().mutex_.unlock(); }
    static void in_child() {
        timer_thread& t = timer();
        std::construct_at(
            &t.changed_);  // not destroyed before: the destructor would wait for sleepers that do not exist here
        t.started_ = t.stopping_ = false;
        // Timers of other threads may be on their stacks, which the next new thread reuses: remove them from the queue.
        detail::timer_queue<time_point> kept;
        while (!t.timers_.empty()) {
            auto& armed = static_cast<timer_thread::timer&>(t.timers_.pop_front());
            if (pthread_equal(armed.armed_by_, pthread_self()) != 0) {
                kept.push(armed);
            } else {
                armed.state_.store(timer_thread::timer::state::idle, std::memory_order_relaxed);
            }
        }
        while (!kept.empty()) t.timers_.push(kept.pop_front());
        if (!t.timers_.empty()) (void)t.start();  // if this fails, the next arm tries again
        t.mutex_.unlock();
    }

    std::atomic<bool> ends_at_exit_{false};
};

inline timer_thread::of_the_program timer_thread::of_the_program::once;

/// The default timer of the program. The first deadline starts its thread.
///
/// At exit it ends with the static objects, after those that were created later than its first use. Timers armed until
/// then never fire. exit() waits for the running waker, five seconds at most, unless that waker called exit(). A new
/// thread serves timers that destructors arm later.
///
/// In a child made by fork(), timers armed by the thread that called fork() fire in the child too, on a new thread.
/// Timers armed by other threads never fire in the child, where those threads do not exist; a waker that was running in
/// the parent is not run again.
///
///     auto received = co_await tailrace::with_timeout(rx.recv(), 5ms, tailrace::default_timer());
[[nodiscard]] inline timer_thread& default_timer() {
    timer_thread::of_the_program::once.used();
    return timer_thread::of_the_program::once.timer();
}

namespace detail {
template <class Platform>
struct default_clock<Platform, void> {
    [[nodiscard]] static timer_thread& get() { return default_timer(); }
};
}  // namespace detail

/// Any waiting operation with a timeout on the default timer; otherwise as the function of deadline.hpp.
///
/// Throws: as that; std::system_error if the thread of the timer cannot be started.
///
///     auto permit = co_await tailrace::with_timeout(tx.reserve(), 5ms);
template <class Operation, class Rep, class Period>
[[nodiscard]] auto with_timeout(Operation op, std::chrono::duration<Rep, Period> timeout) {
    return with_timeout(std::move(op), timeout, default_timer());
}

}  // namespace tailrace
