// Blocking on any waiting operation, also with a deadline on any clock or with a stop token.
// After a change here run: ci/test -L impl && ci/test -L stress
#pragma once

#include <utility>

#include "tailrace/detail/blocking.hpp"
#include "tailrace/detail/interruptible_wait.hpp"

namespace tailrace {

/// Blocks the thread until the operation has finished. Returns its result.
///
/// Waits: as the operation. It first tries for a moment, without a place in the queue, and then sleeps.
/// On close: as the operation.
/// Throws: std::logic_error inside an async_context, a run queue, a pool, or a coroutine that was resumed without an
/// executor, even if it would not have to wait; what the operation's poll throws.
/// Clauses: blocking_send.refuses-async.
///
///     auto sent = tailrace::block_on(tailrace::with_stop(tx.send(std::move(v)), token));
template <class Operation>
[[nodiscard]] typename Operation::result_type block_on(Operation op) {
    using platform = typename Operation::platform_type;
    detail::refuse_in_async_context<platform>();
    if constexpr (detail::polled_in_two_steps<Operation>) {
        return detail::block_on<platform>(op);
    } else {
        typename platform::parker parker;
        auto wait = detail::wait_of(std::move(op));
        bool over = false;  // never: this thread is the owner, and it is here
        bool done = wait.try_at_once();
        if (!done && !wait.follows()) {
            (void)platform::look_until([&] { return (done = wait.try_at_once()) || wait.follows(); });
        }
        if (!done && !wait.start(detail::waker_of<platform>(parker), over)) parker.park();
        return wait.finish();
    }
}

}  // namespace tailrace
