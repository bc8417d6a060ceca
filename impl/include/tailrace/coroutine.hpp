// Awaiting: every waiting operation can be awaited in any kind of coroutine.
//
//     auto sent = co_await tx.send(2);
//     auto v = co_await tailrace::resume_on(executor, rx.recv());
//
// A coroutine is resumed by the call that completes its operation, on that thread, from a list that the outermost
// caller processes: never under a lock, and never inside another resumption, so chains of any length need no stack.
// With an executor it is resumed there; a coroutine that is suspended on a run queue (run_queue.hpp) or a pool
// (thread_pool.hpp), by that.
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
#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "tailrace/detail/interruptible_wait.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

/// An executor runs wakers later or on another thread: execute(waker) calls that waker once.
///
/// It must not throw, must not call the waker inside execute() if it depends on the caller's stack, and must outlive
/// the operations that use it.
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

// How a suspended coroutine is resumed: inline_resumption (detail/run_list.hpp), or on an executor. Made when it is
// suspended.

template <class Executor>
class executor_resumption {
  public:
    executor_resumption(const waker& resumption, Executor& e) noexcept : executor_(&e), resumption_(resumption) {}
    [[nodiscard]] waker as_waker() noexcept { return {&wake, this}; }

  private:
    static void wake(void* self) noexcept {
        const auto& [executor, resumption] = *static_cast<executor_resumption*>(self);
        const waker w = resumption;
        executor->execute(w);
    }

    Executor* executor_;
    waker resumption_;
};

/// The await_ready of an awaiter. Its first attempt, when it is made, says whether there is anything to wait for.
///
/// The closure type is there for g++ 12 (its bug 106188). For a condition with a co_await in it g++ makes a variable.
/// In a coroutine that declares nothing it puts that variable in front of the frame's resume function, and the first
/// resumption jumps to a bool. A closure type in a default argument is made anew, and declared, at each co_await. Not
/// in the awaiter itself: g++ 12 rejects it in a member of a class template.
class needs_a_wait {
  public:
    template <class = decltype([] {})>
    [[nodiscard]] bool await_ready() const noexcept {
        return now_ == finished;
    }

  protected:
    enum state : unsigned char { created, finished, suspended };
    state now_;
};

/// The wait for an operation, and the first attempts that are made before there is one.
template <class Operation>
struct awaited {
    using type = decltype(wait_of(std::declval<Operation&&>()));
    using first = std::monostate;
};
template <class Operation>
    requires polled_in_two_steps<Operation>
struct awaited<Operation> {
    using type = plain_wait<Operation, first_attempt<Operation>&>;
    using first = first_attempt<Operation>;
};

/// An operation that finishes at once is not even moved in here: the wait and the resumption are made when there is
/// something to wait for.
template <class Operation, class Resumption, class... Args>
class awaiter : public needs_a_wait {
  public:
    [[gnu::always_inline]] explicit awaiter(Operation&& op, Args&... args) : args_(args...) {
        if constexpr (in_two_steps) {
            if (first_.make(op)) [[likely]]
                now_ = finished;
            else
                begin_wait(std::move(op));
        } else {
            ::new (static_cast<void*>(std::addressof(wait_))) wait_type(wait_of(std::move(op)));
            now_ = created;
            dropped_if_it_throws guard{this};
            if (wait_.try_at_once()) now_ = finished;
            guard.self = nullptr;
        }
    }
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() {
        if (!in_two_steps || now_ != finished) [[unlikely]]
            drop_wait();
    }

    // Not inlined: none of its variables may be in the coroutine frame, which can be destroyed before it returns.
    [[gnu::noinline]] bool await_suspend(std::coroutine_handle<> self) {
        constexpr auto resume = [](void* frame) noexcept { std::coroutine_handle<>::from_address(frame).resume(); };
        std::apply(
            [&](Args&... args) {
                std::construct_at(std::addressof(resumption_), waker{resume, self.address()}, args...);
            },
            args_);
        now_ = suspended;
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
    [[gnu::always_inline]] auto await_resume() {
        // Of a small result, one variable on both ways: so g++ keeps it in registers.
        if constexpr (in_two_steps && sizeof(typename wait_type::result_type) <= small_result) {
            if (now_ != finished) [[unlikely]]
                wait_.finish_into(first_);
            return first_.take();
        } else {
            if constexpr (in_two_steps) {
                if (now_ == finished) [[likely]]
                    return first_.take();
            }
            return wait_.finish();
        }
    }

  private:
    static constexpr bool in_two_steps = polled_in_two_steps<Operation>;
    static constexpr std::size_t small_result = 32;
    using wait_type = typename awaited<Operation>::type;

    bool start(bool& over) {
        const bool done = wait_.start(resumption_.as_waker(), over);
        return over || !done;
    }
    [[gnu::noinline]] void begin_wait(Operation&& op) noexcept {
        std::construct_at(std::addressof(wait_), std::move(op), first_);
        now_ = created;
    }
    struct dropped_if_it_throws {
        awaiter* self;
        ~dropped_if_it_throws() {
            if (self != nullptr) self->drop_wait();
        }
    };
    [[gnu::noinline]] void drop_wait() noexcept {
        if (now_ == suspended) std::destroy_at(std::addressof(resumption_));
        std::destroy_at(std::addressof(wait_));
    }

    [[no_unique_address]] typename awaited<Operation>::first first_;
    union {
        wait_type wait_;
    };
    [[no_unique_address]] std::tuple<Args&...> args_;
    union {
        Resumption resumption_;
    };
};

/// Not an aggregate: g++ 12 destroys an aggregate twice if it is created in the awaited expression.
template <class Operation, class Executor>
class [[nodiscard]] on_executor {
  public:
    on_executor(Operation&& op, Executor& e) : operation_(std::move(op)), executor_(&e) {}

    [[gnu::always_inline]] auto operator co_await() && {
        return awaiter<Operation, executor_resumption<Executor>, Executor>(std::move(operation_), *executor_);
    }

  private:
    Operation operation_;
    Executor* executor_;
};

}  // namespace detail

/// Awaits an operation: it is first polled here. The coroutine continues at once if there is nothing to wait for.
/// Returns the operation's result.
///
/// Cancel safety: destroying the suspended coroutine cancels the operation, under the conditions at the top of this
/// page.
/// Throws: what its poll throws; std::logic_error if it was awaited before.
/// Clauses: operation.once, cancel.coroutine, cancel.run-list, wake.outside-locks, foreign.may-end.
///
///     auto sent = co_await tx.send(2);
template <waiting_operation Operation>
    requires(!std::is_lvalue_reference_v<Operation>)
[[nodiscard, gnu::always_inline]] inline auto operator co_await(Operation&& op) {
    return detail::awaiter<Operation, detail::inline_resumption<typename Operation::platform_type>>(
        std::forward<Operation>(op));
}

/// The same operation, resumed on an executor. If there is nothing to wait for, the coroutine continues on its thread.
///
/// Cancel safety: a resumption that the executor already has cannot be withdrawn. To cancel then, use a stop token
/// (stop.hpp).
/// Throws: as awaiting the operation.
/// Clauses: cancel.coroutine, wake.outside-locks.
///
///     auto v = co_await tailrace::resume_on(executor, rx.recv());
template <executor Executor, waiting_operation Operation>
[[nodiscard]] detail::on_executor<Operation, Executor> resume_on(Executor& executor, Operation op) {
    return {std::move(op), executor};
}

}  // namespace tailrace
