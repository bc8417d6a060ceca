// Awaiting: every waiting operation can be awaited in any kind of coroutine.
//
//     auto sent = co_await tx.send(2);
//     auto v = co_await tailrace::resume_on(pool, rx.recv());
//
// A coroutine is resumed by the call that completes its operation, on that thread, from a list that the outermost
// caller processes: never under a lock, and never inside another resumption, so chains of any length need no stack.
// With an executor it is resumed there; a coroutine that is suspended on a run queue (run_queue.hpp), by that queue.
//
// Cancellation: destroying a suspended coroutine cancels its operation. That must not happen while another thread may
// be resuming it (as for any coroutine), nor after its resumption has been passed to an executor; a coroutine that is
// still on the list of the destroying thread is unlinked. A coroutine counts as suspended while its operation is first
// polled: code that the poll resumes may destroy it. To cancel from another thread use a stop token (stop.hpp).
//
// g++ 12 miscompiles some conditions with a co_await, with any awaitable. detail::needs_a_wait works around one of
// these bugs; README.md says how to avoid the others.
// After a change here run: ci/test -L impl && ci/test -L stress
#pragma once

#include <cassert>
#include <concepts>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "tailrace/detail/interruptible_wait.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

/// An executor runs wakers later or on another thread: execute(waker) calls that waker once. It must not throw, must
/// not call the waker inside execute() if it depends on the caller's stack, and must outlive the operations that use
/// it.
template <class E>
concept executor = requires(E& e, const waker& w) {
    { e.execute(w) } noexcept;
};

/// One of the waiting operations, plain or with a deadline or a stop token.
template <class Operation>
concept waiting_operation = requires(Operation& op, const waker& w) {
    typename Operation::platform_type;
    typename Operation::result_type;
    { op.poll(w) } -> std::same_as<std::optional<typename Operation::result_type>>;
};

namespace detail {

/// Resumes on the run queue on which the coroutine was suspended; without one, on the thread that completes the
/// operation.
template <class Platform>
class inline_resumption {
  public:
    inline_resumption() = default;
    ~inline_resumption() {
        if (node_.list != nullptr) [[unlikely]]
            forget();
    }
    void prepare(const waker& resumption) noexcept {
        node_.action = resumption;
        queue_ = ready_queue::of_this_thread();
    }
    void operator()() noexcept {
        if (queue_ != nullptr) return queue_->ready(node_);
        list_of_this_thread().run(node_);
    }

  private:
    static run_list& list_of_this_thread() noexcept { return Platform::template of_this_thread<run_list>(); }
    void forget() noexcept {
        if (queue_ != nullptr) return queue_->forget(node_);
        assert(node_.list == &list_of_this_thread() &&
               "a coroutine that one thread is to resume was destroyed on another");
        node_.list->remove(node_);
    }

    run_node node_;
    ready_queue* queue_ = nullptr;
};

template <class Executor>
class executor_resumption {
  public:
    explicit executor_resumption(Executor& e) noexcept : executor_(&e) {}
    void prepare(const waker& resumption) noexcept { resumption_ = resumption; }
    void operator()() noexcept {
        const waker w = resumption_;
        executor_->execute(w);
    }

  private:
    Executor* executor_;
    waker resumption_;
};

/// The await_ready of an awaiter. Its first attempt, when it is made, says whether there is anything to wait for.
///
/// The closure type is there for g++ 12 (its bug 106188). For a condition with a co_await in it g++ makes a variable.
/// In a coroutine that declares nothing it puts that variable in front of the frame's resume function, and the first
/// resumption jumps to a bool. A closure type in a default argument is made anew, and declared, at each co_await. Not
/// in the awaiter itself: g++ 12 rejects it in a member of a class template.
struct needs_a_wait {
    template <class = decltype([] {})>
    [[nodiscard]] bool await_ready() const noexcept {
        return !waits;
    }
    bool waits = true;
};

template <class Operation, class Resumption>
class awaiter : public needs_a_wait {
  public:
    template <class... Args>
    explicit awaiter(Operation&& op, Args&... args) : wait_(wait_of(std::move(op))), resumption_(args...) {
        waits = !wait_.try_at_once();
    }
    awaiter(awaiter&&) = delete;

    // Not inlined: none of its variables may be in the coroutine frame, which can be destroyed before it returns.
    [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> self) {
        resumption_.prepare(
            {[](void* frame) noexcept { std::coroutine_handle<>::from_address(frame).resume(); }, self.address()});
        // Code that this poll has resumed has destroyed this coroutine: then it stays suspended, whatever is returned.
        bool over = false;
#if defined(__cpp_exceptions)
        try {
            return start(over);
        } catch (...) {
            if (!over) throw;
            return true;
        }
#else
        return start(over);
#endif
    }
    auto await_resume() { return wait_.finish(); }

  private:
    bool start(bool& over) {
        const bool finished =
            wait_.start({[](void* r) noexcept { (*static_cast<Resumption*>(r))(); }, &resumption_}, over);
        return over || !finished;
    }

    decltype(wait_of(std::declval<Operation&&>())) wait_;
    Resumption resumption_;
};

/// Not an aggregate: g++ 12 destroys an aggregate twice if it is created in the awaited expression.
template <class Operation, class Executor>
class [[nodiscard]] on_executor {
  public:
    on_executor(Operation&& op, Executor& e) : operation_(std::move(op)), executor_(&e) {}

    awaiter<Operation, executor_resumption<Executor>> operator co_await() && {
        return awaiter<Operation, executor_resumption<Executor>>(std::move(operation_), *executor_);
    }

  private:
    Operation operation_;
    Executor* executor_;
};

}  // namespace detail

/// Awaits an operation: it is first polled here. The coroutine continues at once if there is nothing to wait for.
///
/// Returns the operation's result. Throws: what its poll throws; std::logic_error if it was awaited before.
template <waiting_operation Operation>
    requires(!std::is_lvalue_reference_v<Operation>)
[[nodiscard]] auto operator co_await(Operation&& op) {
    return detail::awaiter<Operation, detail::inline_resumption<typename Operation::platform_type>>(
        std::forward<Operation>(op));
}

/// The same operation, resumed on an executor. If there is nothing to wait for, the coroutine continues on its thread.
template <executor Executor, waiting_operation Operation>
[[nodiscard]] detail::on_executor<Operation, Executor> resume_on(Executor& executor, Operation op) {
    return {std::move(op), executor};
}

}  // namespace tailrace
