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
#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

class run_queue;

/// A coroutine to be spawned on a run queue, where it begins. Destroying it before that destroys its frame.
class [[nodiscard]] task {
  public:
    struct promise_type;

    task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            const task old = std::move(*this);
            frame_ = std::exchange(other.frame_, nullptr);
        }
        return *this;
    }
    ~task() {
        if (frame_) frame_.destroy();
    }

  private:
    friend class run_queue;
    using handle = std::coroutine_handle<promise_type>;

    explicit task(handle frame) noexcept : frame_(frame) {}
    handle frame_;
};

/// Runs tasks on the thread that calls run(), one at a time, in the order in which they become ready.
///
/// Used by one thread; only the wake-ups of its coroutines may come from others. Every coroutine that waits on it must
/// have ended, or been destroyed, before it is destroyed; the spawned tasks that have not ended are destroyed then.
class run_queue final : detail::ready_queue {
  public:
    run_queue() = default;
    run_queue(const run_queue&) = delete;
    run_queue& operator=(const run_queue&) = delete;
    inline ~run_queue();

    /// Queues a task. It begins in run().
    inline void spawn(task t);

    /// Runs until every spawned task has ended, also those that they spawn; sleeps while none is ready.
    ///
    /// Throws: the first exception that has left a task, after all tasks have ended; std::logic_error inside another
    /// run().
    inline void run();

    /// The queue that runs the caller. Throws: std::logic_error if none does.
    [[nodiscard]] static run_queue& current() {
        detail::ready_queue* const h = detail::ready_queue::of_this_thread();
        if (h == nullptr) detail::misuse("tailrace: there is no run queue here");
        return static_cast<run_queue&>(*h);
    }

  private:
    friend struct task::promise_type;
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

struct task::promise_type {
    task get_return_object() noexcept { return task(handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
        struct ends {
            [[nodiscard]] bool await_ready() const noexcept { return false; }
            void await_suspend(handle frame) const noexcept {
                frame.promise().queue->tasks_.remove(frame.promise().alive);
                frame.destroy();
            }
            void await_resume() const noexcept {}
        };
        return ends{};
    }
    ~promise_type() {
        if (start.list != nullptr) start.list->remove(start);  // it has not begun
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept {
        if (!queue->failure_) queue->failure_ = std::current_exception();
    }

    run_queue* queue = nullptr;
    detail::run_node start;
    detail::run_node alive;  // in the list of the tasks; its action destroys the frame
};

inline run_queue::~run_queue() {
    while (!tasks_.empty()) tasks_.run_first();
}

inline void run_queue::spawn(task t) {
    const task::handle frame = std::exchange(t.frame_, nullptr);
    if (!frame) detail::misuse("tailrace: a task was spawned twice, or after it was moved from");
    task::promise_type& p = frame.promise();
    p.queue = this;
    p.start.action = {[](void* f) noexcept { std::coroutine_handle<>::from_address(f).resume(); }, frame.address()};
    p.alive.action = {[](void* f) noexcept { task::handle::from_address(f).destroy(); }, frame.address()};
    tasks_.push(p.alive);
    ready_.push(p.start);
}

struct run_queue::running {
    explicit running(run_queue& q) {
        if (of_this_thread() != nullptr) detail::misuse("tailrace: a run queue was run inside another");
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

/// Queues a task on the queue that runs the caller. Throws: std::logic_error if none does.
inline void spawn(task t) { run_queue::current().spawn(std::move(t)); }

/// Runs these tasks, and those that they spawn, until all have ended. Throws: as run_queue::run.
template <class... Tasks>
void run(Tasks... tasks) {
    run_queue q;
    (q.spawn(std::move(tasks)), ...);
    q.run();
}

}  // namespace tailrace
