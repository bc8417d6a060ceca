// The coroutines that a run queue (run_queue.hpp) or a pool of threads (thread_pool.hpp) runs.
// After a change here run: ci/test -L impl && ci/test -R impl.instructions
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/run_list.hpp"

namespace tailrace {

namespace detail {
class task_runner;
}

/// A coroutine to be spawned on a run queue or a pool, where it begins. Destroying it before that destroys its frame.
class [[nodiscard]] task {
  public:
    /// What the compiler needs.
    struct promise_type;

    /// Moves. The other task is moved-from: it can be destroyed and assigned to.
    task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    /// Destroys the frame that this task has, and moves the other here.
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            const task old = std::move(*this);
            frame_ = std::exchange(other.frame_, nullptr);
        }
        return *this;
    }
    /// Destroys the frame, unless it was spawned.
    ~task() {
        if (frame_) frame_.destroy();
    }

  private:
    friend class detail::task_runner;
    using handle = std::coroutine_handle<promise_type>;

    explicit task(handle frame) noexcept : frame_(frame) {}
    handle frame_;
};

namespace detail {

/// What runs tasks. Every ready_queue is one.
class task_runner : public ready_queue {
  public:
    virtual void spawn(task t) = 0;
    /// The task is suspended at its end: destroys its frame.
    virtual void ended(task::promise_type& p) noexcept = 0;
    /// An exception has left a task. Called in its handler.
    virtual void failed() noexcept = 0;

  protected:
    ~task_runner() = default;

    /// The task's frame belongs to this runner from now on. It is not on any list yet.
    [[nodiscard]] inline task::promise_type& take_over(task& t);
};

}  // namespace detail

struct task::promise_type {
    task get_return_object() noexcept { return task(handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
        struct ends {
            [[nodiscard]] bool await_ready() const noexcept { return false; }
            void await_suspend(handle frame) const noexcept { frame.promise().runner->ended(frame.promise()); }
            void await_resume() const noexcept {}
        };
        return ends{};
    }
    ~promise_type() {
        if (start.list != nullptr) runner->forget(start);  // it has not begun
    }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { runner->failed(); }

    detail::task_runner* runner = nullptr;
    detail::run_node start;
    detail::run_node alive;  // in the list of the tasks that have not ended; its action destroys the frame
};

namespace detail {

inline task::promise_type& task_runner::take_over(task& t) {
    const task::handle frame = std::exchange(t.frame_, nullptr);
    if (!frame) misuse("tailrace: a task was spawned twice, or after it was moved from");
    task::promise_type& p = frame.promise();
    p.runner = this;
    p.start.action = {[](void* f) noexcept { std::coroutine_handle<>::from_address(f).resume(); }, frame.address()};
    p.alive.action = {[](void* f) noexcept { task::handle::from_address(f).destroy(); }, frame.address()};
    return p;
}

}  // namespace detail

/// Queues a task on the run queue or the pool that runs the caller.
///
/// Waits: never.
/// Throws: std::logic_error if neither runs the caller, or if the task was moved from.
///
///     tailrace::spawn(consume(std::move(rx)));
inline void spawn(task t) {
    detail::ready_queue* const here = detail::ready_queue::of_this_thread();
    if (here == nullptr) detail::misuse("tailrace: a task was spawned where no run queue and no pool runs");
    static_cast<detail::task_runner*>(here)->spawn(std::move(t));
}

}  // namespace tailrace
