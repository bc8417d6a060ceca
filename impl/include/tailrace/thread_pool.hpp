// A pool of threads that runs coroutines, for programs without a runtime.
//
//     tailrace::thread_pool pool(4);
//     auto [tx, rx] = tailrace::channel<int>(64);
//     pool.spawn(consume(std::move(rx)));  // tasks, as in run_queue.hpp
//     for (int i = 0; i < 9; ++i) pool.spawn(produce(tx));
//     pool.spawn(produce(std::move(tx)));
//     pool.wait();  // returns when all have ended
//
// A coroutine that is suspended on a thread of the pool, of whatever type it is, is resumed on the pool, and not by the
// call that completes its operation. If that call is made on a thread of the pool, the coroutine is queued there: so a
// receiver that a send has woken finds all that was sent by the time its turn comes. Threads without work take over
// what others do not get to. detail/work_lists.hpp says when, and why nothing that is ready waits for ever.
//
// Cancellation: destroying a suspended coroutine cancels its operation, and unlinks its resumption if that is queued.
// As everywhere (coroutine.hpp), it must not happen while another thread may be resuming the coroutine. On a pool any
// thread may resume it from the moment its operation can be completed. So destroy it only where the program excludes
// that: on the only thread of a pool of one; while all other threads of the pool are kept busy; before anything can
// complete its operation. Elsewhere end its wait, with a stop token (stop.hpp) or by closing the channel.
//
// After a change here run: ci/test -L impl && ci/test -R relacy.pool
#pragma once

#include <cassert>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tailrace/async_context.hpp"
#include "tailrace/detail/blocking.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/detail/work_lists.hpp"
#include "tailrace/platform.hpp"
#include "tailrace/task.hpp"

namespace tailrace {

/// Runs tasks on threads of its own, in no particular order.
///
/// On its threads blocking operations are refused with std::logic_error, as in every asynchronous context.
///
/// Destruction: each thread ends the resumption that it runs, and begins no other. Then the tasks that have not ended
/// are destroyed on the destroying thread, one after the other, and an exception that no wait() has thrown is lost.
/// Before that, every other coroutine that waits on the pool must have ended, or be owned by such a task. No other
/// thread may complete an operation of a task that is destroyed so. To let all tasks end, call wait() before. A task
/// must not destroy its own pool.
class thread_pool final : detail::task_runner {
  public:
    /// Starts so many threads; 0: as many as there are processors. Throws: std::system_error if one cannot be started.
    explicit thread_pool(std::size_t threads = 0) : thread_pool(threads, not_started{}) {
        // The pool is complete: if a thread cannot be started, the destructor ends those that were.
        threads_.reserve(lists_.size());
        for (std::size_t i = 0; i < lists_.size(); ++i) threads_.emplace_back([this, i] { work(lists_[i]); });
    }
    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;
    /// Ends the threads, as above, and destroys the tasks that have not ended.
    ~thread_pool() {
        assert(of_this_thread() != this && "a task destroys its own pool");
        lists_.stop();
        for (std::thread& t : threads_) t.join();
        while (!tasks_.empty()) tasks_.run_first();
    }

    /// Queues a task, which begins on one of the threads. From any thread, also while others wait().
    ///
    /// Waits: never. Throws: std::logic_error if the task was moved from.
    /// Progress: takes two mutexes, under which nothing is called.
    ///
    ///     pool.spawn(consume(std::move(rx)));
    void spawn(task t) override {
        task::promise_type& p = take_over(t);
        {
            const std::lock_guard guard(mutex_);
            tasks_.push(p.alive);
            ++unfinished_;
        }
        ready(p.start);
    }

    /// Waits until every spawned task has ended, also those that they spawn, and their frames are destroyed.
    ///
    /// It cannot be cancelled: with a task that waits for what never comes, it never returns.
    /// Throws: the first exception that has left a task, to one caller; std::logic_error on a thread of a pool, and
    /// wherever else blocking operations are refused.
    ///
    ///     pool.wait();
    void wait() {
        detail::refuse_in_async_context<std_platform>();
        std::exception_ptr failure;
        {
            std::unique_lock guard(mutex_);
            all_ended_.wait(guard, [this] { return unfinished_ == 0; });
            failure = std::exchange(failure_, nullptr);
        }
        if (failure) std::rethrow_exception(failure);
    }

    /// How many threads it has.
    [[nodiscard]] std::size_t size() const noexcept { return lists_.size(); }

  private:
    using work_lists = detail::work_lists<std_platform>;
    struct not_started {};

    thread_pool(std::size_t threads, not_started) : lists_(threads != 0 ? threads : processors()) {}
    [[nodiscard]] static std::size_t processors() noexcept {
        const std::size_t known = std::thread::hardware_concurrency();
        return known != 0 ? known : 1;
    }

    void work(work_lists::worker& me) noexcept {
        const async_context here;
        of_this_thread() = this;
        worker_of_this_thread() = &me;
        for (waker w = lists_.next(me); w.wake != nullptr; w = lists_.next(me)) w();
    }
    /// Of a thread of the pool that of_this_thread() says.
    [[nodiscard]] static work_lists::worker*& worker_of_this_thread() noexcept {
        constinit thread_local work_lists::worker* value = nullptr;
        return value;
    }

    void ready(detail::run_node& n) noexcept override {
        if (of_this_thread() == this) {
            lists_.push(*worker_of_this_thread(), n);
        } else {
            lists_.push_from_outside(n);
        }
    }
    void forget(detail::run_node& n) noexcept override { lists_.forget(n); }

    void ended(task::promise_type& p) noexcept override {
        {
            const std::lock_guard guard(mutex_);
            tasks_.remove(p.alive);
        }
        p.alive.action();
        // Now, and not before, wait() may return. The pool is still there: its destructor waits for this thread.
        const std::lock_guard guard(mutex_);
        if (--unfinished_ == 0) all_ended_.notify_all();
    }
    void failed() noexcept override {
        std::exception_ptr failure = std::current_exception();
        const std::lock_guard guard(mutex_);
        if (!failure_) failure_.swap(failure);
    }

    work_lists lists_;
    std::vector<std::thread> threads_;

    std::mutex mutex_;  // guards what follows
    std::condition_variable all_ended_;
    detail::node_list tasks_;  // that have not ended
    std::size_t unfinished_ = 0;
    std::exception_ptr failure_;
};

}  // namespace tailrace
