// Coroutines for the stress test of all forms: a detached job whose end a counter records, a pool that resumes the
// coroutines, and a thread that requests stops.
// After a change here run: ci/test -L stress
#pragma once

#include <condition_variable>
#include <coroutine>
#include <deque>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "tailrace/verify/noisy_platform.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::verify::stress {

/// Counts the running jobs; one thread can wait for the last to end.
class outstanding {
  public:
    void add() {
        const std::lock_guard guard(mutex_);
        ++count_;
    }
    void done() {
        const std::lock_guard guard(mutex_);
        if (--count_ == 0) none_.notify_all();
    }
    [[nodiscard]] bool idle() {
        const std::lock_guard guard(mutex_);
        return count_ == 0;
    }
    void wait() {
        std::unique_lock guard(mutex_);
        none_.wait(guard, [this] { return count_ == 0; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable none_;
    unsigned count_ = 0;
};

/// A coroutine that starts at once, is counted until it ends, and frees itself. Its first parameter is the counter.
struct job {
    struct promise_type {
        template <class... Args>
        explicit promise_type(outstanding& o, Args&&...) : counter(&o) {
            o.add();
        }
        job get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            struct last {
                bool await_ready() noexcept { return false; }
                void await_suspend(std::coroutine_handle<promise_type> h) noexcept {
                    outstanding& o = *h.promise().counter;
                    h.destroy();  // its variables are destroyed before it counts as done
                    o.done();
                }
                void await_resume() noexcept {}
            };
            return last{};
        }
        void return_void() noexcept {}
        [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

        outstanding* counter;
    };
};

/// An executor with its own threads.
class pool {
  public:
    explicit pool(unsigned threads) {
        for (unsigned i = 0; i < threads; ++i) {
            crew_.emplace_back([this, i](const std::stop_token& stop) {
                noise_state = 77 + i;
                serve(stop);
            });
        }
    }

    void execute(const waker& w) noexcept {
        {
            const std::lock_guard guard(mutex_);
            work_.push_back(w);
        }
        there_is_work_.notify_one();
    }

  private:
    void serve(const std::stop_token& stop) {
        std::unique_lock guard(mutex_);
        while (there_is_work_.wait(guard, stop, [this] { return !work_.empty(); })) {
            const waker w = work_.front();
            work_.pop_front();
            guard.unlock();
            w();
            guard.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any there_is_work_;
    std::deque<waker> work_;
    std::vector<std::jthread> crew_;
};

/// Requests stops, one after another, from its own thread.
class stopper {
  public:
    void stop_soon(std::stop_source source) {
        {
            const std::lock_guard guard(mutex_);
            sources_.push_back(std::move(source));
        }
        there_is_one_.notify_one();
    }

  private:
    void serve(const std::stop_token& stop) {
        noise_state = 99;
        std::unique_lock guard(mutex_);
        while (there_is_one_.wait(guard, stop, [this] { return !sources_.empty(); })) {
            std::stop_source s = std::move(sources_.front());
            sources_.pop_front();
            guard.unlock();
            noise();
            (void)s.request_stop();
            guard.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any there_is_one_;
    std::deque<std::stop_source> sources_;
    std::jthread thread_{[this](const std::stop_token& stop) { serve(stop); }};
};

}  // namespace tailrace::verify::stress
