// A run queue: runs coroutines on one thread, for programs without a runtime.
//
//     tailrace::task produce(tailrace::sender<int> tx) {
//         for (int i = 0; i < 1000; ++i) (void)co_await tx.send(i);
//     }
//     tailrace::task consume(tailrace::receiver<int> rx) {
//         while (auto v = co_await rx.recv()) use(*v);
//     }
//     tailrace::run(produce(std::move(tx)), consume(std::move(rx)));  // returns when both have ended
//
// A coroutine that is suspended on a run queue, of whatever type it is, is resumed there when its turn comes, and not
// by the call that completes its operation: so a receiver that a send has woken finds all that was sent by then.
//
//     ready ──▶ the queue, in order ──▶ resumed
//       └─(on another thread)─▶ the inbox ─┘
//
// After a change here run: ci/test -L impl
#pragma once

#include <atomic>
#include <exception>
#include <utility>

#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/task.hpp"

namespace tailrace {

/// Runs tasks on the thread that calls run(), one at a time, in the order in which they become ready.
///
/// Used by one thread; only the wake-ups of its coroutines may come from others. Every coroutine that waits on it must
/// have ended, or been destroyed, before it is destroyed; the spawned tasks that have not ended are destroyed then.
///
///     tailrace::run_queue queue;
///     queue.spawn(consume(std::move(rx)));
///     queue.run();
class run_queue final : detail::task_runner {
  public:
    run_queue() = default;
    run_queue(const run_queue&) = delete;
    run_queue& operator=(const run_queue&) = delete;
    /// Destroys the tasks that have not ended.
    ~run_queue() {
        while (!tasks_.empty()) tasks_.run_first();
    }

    /// Queues a task. It begins in run().
    ///
    /// Waits: never.
    /// Throws: std::logic_error if the task was moved from.
    void spawn(task t) override {
        task::promise_type& p = take_over(t);
        tasks_.push(p.alive);
        ready_.push(p.start);
    }

    /// Runs until every spawned task has ended, also those that they spawn; sleeps while none is ready.
    ///
    /// Throws: the first exception that has left a task, after all tasks have ended; std::logic_error inside another
    /// run(), or in a task of a pool.
    inline void run();

  private:
    struct running;

    void ready(detail::run_node& n) noexcept override {
        if (of_this_thread() == this) return ready_.push(n);
        n.list = &ready_;
        detail::run_node* first = inbox_.load(std::memory_order_relaxed);
        do {
            n.next = first;
            // release: the node, and what its waker did before, to the acquire of take_inbox.
        } while (!inbox_.compare_exchange_weak(first, &n, std::memory_order_release, std::memory_order_relaxed));
        // The queue is not touched any more, once its owner may have seen the node: notifying needs its address only.
        if (first == nullptr) inbox_.notify_one();
    }
    void forget(detail::run_node& n) noexcept override {
        take_inbox();
        ready_.remove(n);
    }
    void ended(task::promise_type& p) noexcept override {
        tasks_.remove(p.alive);
        p.alive.action();
    }
    void failed() noexcept override {
        if (!failure_) failure_ = std::current_exception();
    }
    /// In the order of arrival.
    void take_inbox() noexcept {
        detail::run_node* newest = inbox_.exchange(nullptr, std::memory_order_acquire);
        detail::run_node* oldest = nullptr;
        while (newest != nullptr) {
            detail::run_node* const older = std::exchange(newest->next, oldest);
            oldest = std::exchange(newest, older);
        }
        while (oldest != nullptr) ready_.push(*std::exchange(oldest, oldest->next));
    }

    // How many tasks of this thread run before the inbox is looked at.
    static constexpr unsigned turn = 64;

    detail::node_list ready_;
    detail::node_list tasks_;  // that have not ended
    std::exception_ptr failure_;
    alignas(64) std::atomic<detail::run_node*> inbox_{nullptr};  // of other threads, the newest first
};

struct run_queue::running {
    explicit running(run_queue& q) {
        if (of_this_thread() != nullptr) detail::misuse("tailrace: a run queue was run inside another, or in a pool");
        of_this_thread() = &q;
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running() { of_this_thread() = nullptr; }
};

inline void run_queue::run() {
    const running here(*this);
    while (!tasks_.empty()) {
        for (unsigned i = 0; i < turn && !ready_.empty(); ++i) ready_.run_first();
        if (ready_.empty() && !tasks_.empty()) inbox_.wait(nullptr, std::memory_order_relaxed);
        if (inbox_.load(std::memory_order_relaxed) != nullptr) take_inbox();
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

/// Runs these tasks, and those that they spawn, until all have ended.
///
/// Throws: as run_queue::run().
///
///     tailrace::run(produce(std::move(tx)), consume(std::move(rx)));
template <class... Tasks>
void run(Tasks... tasks) {
    run_queue q;
    (q.spawn(std::move(tasks)), ...);
    q.run();
}

}  // namespace tailrace
