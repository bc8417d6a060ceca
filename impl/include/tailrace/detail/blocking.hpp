// Blocking forms: any operation, attempted for a moment and then polled by a thread that sleeps in between.
//
// The waker of the operation unparks the thread. A thread does not leave while such an unpark may be under way: it
// polls again only after the wake-up has arrived, or after the operation has reported that none will come.
// After a change here run: ci/test -L stress
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "tailrace/detail/deadline_after.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/permit_wait.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

template <class Platform>
[[nodiscard]] tailrace::waker waker_of(typename Platform::parker& parker) noexcept {
    return {[](void* p) noexcept { static_cast<typename Platform::parker*>(p)->unpark(); }, &parker};
}

/// A thread that resumes coroutines is in an asynchronous context too: while it blocks, no other coroutine on its list
/// is resumed, not even the one that it waits for.
template <class Platform>
void refuse_in_async_context() {
    if (Platform::in_async_context() || ready_queue::of_this_thread() != nullptr ||
        Platform::template of_this_thread<run_list>().running()) {
        misuse("tailrace: a blocking operation inside an asynchronous context");
    }
}

/// Attempts it for a moment, before it waits. It has no place in the queue yet.
template <class Platform, class Operation>
[[nodiscard]] std::optional<typename Operation::result_type> try_for_a_moment(Operation& op) {
    std::optional<typename Operation::result_type> result;
    (void)Platform::look_until([&] {
        if (!op.worth_an_attempt()) return false;
        owed_call last;
        if (auto found = op.attempt(last)) result.emplace(std::move(*found));
        return result.has_value();
    });
    return result;
}

/// Tries for a moment, then polls and sleeps until finished.
template <class Platform, class Operation>
[[nodiscard]] typename Operation::result_type block_on(Operation& op) {
    if (auto result = try_for_a_moment<Platform>(op)) return std::move(*result);
    typename Platform::parker parker;
    for (;;) {
        if (auto result = op.poll(waker_of<Platform>(parker))) return std::move(*result);
        parker.park();
    }
}

/// The same with a deadline. Returns nothing after it; then the operation no longer waits and no wake-up is under way.
/// A result that came before counts: success and closed beat the deadline.
template <class Platform, class Operation>
[[nodiscard]] std::optional<typename Operation::result_type> block_on_until(
    Operation& op, typename Platform::clock::time_point deadline) {
    if (auto result = try_for_a_moment<Platform>(op)) return result;
    typename Platform::parker parker;
    for (;;) {
        if (auto result = op.poll(waker_of<Platform>(parker))) return result;
        if (parker.park_until(deadline)) continue;
        typename Operation::owed_wakes owed;
        const stopped how = op.stop_waiting(owed);
        if (how == stopped::undecided) return std::nullopt;
        if (how == stopped::woken) parker.park();  // the wake-up is under way, and the result is there
    }
}

/// block_on_until for a timeout, with the timeout error of the operation.
template <class Platform, class Operation, class Rep, class Period>
[[nodiscard]] typename Operation::template interruptible<timeout_error> block_on_for(
    Operation& op, std::chrono::duration<Rep, Period> timeout) {
    const auto deadline = deadline_after(Platform::clock::now(), timeout);
    if (auto result = block_on_until<Platform>(op, deadline)) {
        return Operation::template completed<timeout_error>(std::move(*result));
    }
    return op.interrupted(timeout_error::timeout);
}

}  // namespace tailrace::detail
