// The third form of a waiting operation: awaited in a coroutine. The thread that completes the operation resumes the
// coroutine.
//
// The simulated thread that starts the coroutine sleeps until it has ended, so a scenario is written as for the other
// forms.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "kernel/parcel.hpp"
#include "kernel/platform.hpp"
#include "scenarios/support/forms.hpp"
#include "tailrace/coroutine.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::relacy {

/// A detached coroutine: it starts at once, and is destroyed when it has ended.
struct detached {
    struct promise_type {
        detached get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
    };
};

/// Makes an operation of the reference channel awaitable: it lacks the types that co_await needs.
template <class Operation>
struct with_types : Operation {
    using platform_type = relacy_platform;
    using result_type = typename decltype(std::declval<Operation&>().poll(std::declval<const waker&>()))::value_type;

    explicit with_types(Operation&& op) : Operation(std::move(op)) {}
};
template <class Operation>
auto awaitable(Operation op) {
    if constexpr (waiting_operation<Operation>) {
        return op;
    } else {
        return with_types<Operation>(std::move(op));
    }
}

template <class Operation, class Result>
detached await_it(Operation op, std::optional<Result>& result, waker done) {
    {
        auto here = co_await std::move(op);  // the operation is destroyed at the end of this block
        result.emplace(std::move(here));
    }
    done();
}

template <class Operation>
auto await_in_coroutine(Operation op) {
    counting_waker wakes;
    std::optional<typename decltype(awaitable(std::move(op)))::result_type> result;
    await_it(awaitable(std::move(op)), result, wakes.waker());
    wakes.sleep();
    return std::move(*result);
}

struct awaited {
    static constexpr const char* name = "awaited";

    template <class Receiver>
    static auto recv(Receiver& rx) {
        return await_in_coroutine(rx.recv());
    }
    template <class Sender>
    static auto send(Sender& tx, parcel value) {
        return await_in_coroutine(tx.send(std::move(value)));
    }
    template <class Sender>
    static auto reserve(Sender& tx) {
        return await_in_coroutine(tx.reserve());
    }
};

}  // namespace tailrace::relacy
