// Operations that a std::stop_token can end. Use this to cancel from another thread.
// After a change here run: ci/test -L impl && ci/test -L stress
#pragma once

#include <optional>
#include <stop_token>
#include <utility>

#include "tailrace/detail/interruptible_wait.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

namespace detail {

/// The callback of a stop token: std::stop_callback, or what another type of token names.
template <class Token, class Call>
struct stop_callback_of {
    using type = typename Token::template callback_type<Call>;
};
template <class Call>
struct stop_callback_of<std::stop_token, Call> {
    using type = std::stop_callback<Call>;
};

template <class Token>
class token_source {
  public:
    using reason_type = stop_error;
    template <class Reason>
    static constexpr Reason reason = Reason::stopped;

    explicit token_source(Token token) noexcept : token_(std::move(token)) {}
    /// Before it is first armed.
    token_source(token_source&& other) noexcept : token_(std::move(other.token_)) {}
    token_source& operator=(token_source&&) = delete;

    [[nodiscard]] arming arm(const waker& w) {
        if (token_.stop_requested()) return arming::due;
        if (!token_.stop_possible()) return arming::never;
        callback_.reset();
        came_ = false;
        callback_.emplace(token_, call{this, w});
        return arming::armed;
    }
    /// Waits until a callback that runs on another thread has returned.
    [[nodiscard]] bool disarm() noexcept {
        callback_.reset();
        return !came_;
    }

  private:
    struct call {
        token_source* self;
        waker action;
        void operator()() const noexcept {
            const waker w = action;
            self->came_ = true;
            w();
        }
    };
    Token token_;
    bool came_ = false;  // by the callback; read after its registration has ended
    std::optional<typename stop_callback_of<Token, call>::type> callback_;
};
using stop_source = token_source<std::stop_token>;

}  // namespace detail

/// An operation that a stop request ends. Made by with_stop(). Success and closed beat it; the error contains what the
/// operation would have consumed.
template <class Operation>
using stop_operation = decltype(detail::interruptible(std::declval<Operation>(), std::declval<detail::stop_source>()));

/// Any waiting operation with a stop token.
///
/// Unlike destroying the operation, requesting the stop is safe from any thread at any time, and always resumes the
/// coroutine or thread that waits. With a deadline as well (deadline.hpp), in either order: the error is then an
/// interrupt_error.
///
/// Waits: as the operation, until a stop is requested.
/// On close: as the operation.
/// Cancel safety: as the operation; nothing is lost by a stop, not even the value of a send.
/// Errors: stop_error::stopped, with what the operation would have consumed, or stop_error::closed. closed_operation
/// gives a bool instead, true for closed.
/// Throws: as the operation; what std::stop_callback throws.
/// Clauses: stop-token.returns-value, cancel.coroutine.
///
///     auto sent = co_await tailrace::with_stop(tx.send(std::move(v)), token);
///     if (!sent) v = std::move(sent.error().value);  // stopped or closed
template <class Operation>
[[nodiscard]] stop_operation<Operation> with_stop(Operation op, std::stop_token token) {
    return detail::interruptible(std::move(op), detail::stop_source(std::move(token)));
}

}  // namespace tailrace
