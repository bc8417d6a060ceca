// The waiting operations as senders, for libraries of senders and receivers (P2300R10, std::execution).
//
//     stdexec::sync_wait(tailrace::as_sender<stdexec_names>(rx.recv()));
//
// No such library is included or needed here: a sender is what has certain members, and tags that its library knows. So
// the caller names the library once (`sender_library`). Nothing else of tailrace includes this header, and it needs
// exceptions.
//
// The wait is that of a stop token (stop.hpp), whose token is that of the receiver's environment; it is resumed as a
// coroutine is (coroutine.hpp), and the completion takes the place of the coroutine.
// After a change here run: ci/test -R execution
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "tailrace/coroutine.hpp"
#include "tailrace/detail/interruptible_wait.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/stop.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

/// The names that a library of senders has for its tags, as members of a class. For stdexec, of which e92245d5 was
/// tried (libunifex was not):
///
///     struct stdexec_names {
///         using sender_t = stdexec::sender_t;
///         using operation_state_t = stdexec::operation_state_t;
///         using set_value_t = stdexec::set_value_t;
///         using set_error_t = stdexec::set_error_t;
///         using set_stopped_t = stdexec::set_stopped_t;
///         using get_stop_token_t = stdexec::get_stop_token_t;
///         template <class... Signatures>
///         using completion_signatures = stdexec::completion_signatures<Signatures...>;
///     };
template <class Library>
concept sender_library = requires {
    typename Library::sender_t;
    typename Library::operation_state_t;
    typename Library::set_value_t;
    typename Library::set_error_t;
    typename Library::set_stopped_t;
    typename Library::get_stop_token_t;
    typename Library::template completion_signatures<>;
};

namespace detail {

/// The stop token of a receiver that has none.
struct no_stop_token {
    template <class Call>
    struct callback_type {
        callback_type(no_stop_token, Call) noexcept {}
    };
    [[nodiscard]] static constexpr bool stop_requested() noexcept { return false; }
    [[nodiscard]] static constexpr bool stop_possible() noexcept { return false; }
};

template <class Library, class Receiver>
[[nodiscard]] auto stop_token_of(const Receiver& r) noexcept {
    if constexpr (requires { r.get_env().query(typename Library::get_stop_token_t{}); }) {
        return r.get_env().query(typename Library::get_stop_token_t{});
    } else {
        return no_stop_token{};
    }
}

/// The wait, with the stop token of a receiver as its last source.
template <class Operation, class Token>
using sender_wait =
    typename decltype(interruptible(std::declval<Operation>(), std::declval<token_source<Token>>()))::wait_type;
template <class Operation, class Token = no_stop_token>
using sender_value = decltype(std::declval<sender_wait<Operation, Token>&>().finish_without_last());

/// A sender that is connected: the operation state. The completion, which is foreign code, may destroy it.
template <class Library, class Operation, class Receiver>
class sender_state {
    using token_type = decltype(stop_token_of<Library>(std::declval<const Receiver&>()));

  public:
    using operation_state_concept = typename Library::operation_state_t;

    sender_state(Operation&& op, Receiver&& r)
        : receiver_(std::move(r)),
          wait_(interruptible(std::move(op), token_source<token_type>(stop_token_of<Library>(receiver_)))
                    .start_waiting()) {}
    sender_state(const sender_state&) = delete;
    sender_state& operator=(const sender_state&) = delete;

    void start() & noexcept {
        resumption_.emplace(waker{[](void* self) noexcept { static_cast<sender_state*>(self)->complete(); }, this});
        bool over = false;  // stays so: what is started and has not completed must not be destroyed
        try {
            if (!wait_.try_at_once() && !wait_.start(resumption_->as_waker(), over)) return;
        } catch (...) {
            return std::move(receiver_).set_error(std::current_exception());
        }
        complete();
    }

  private:
    void complete() noexcept {
        if (wait_.ended_by_last()) return std::move(receiver_).set_stopped();
        std::optional<sender_value<Operation, token_type>> value;
        try {
            value.emplace(wait_.finish_without_last());
        } catch (...) {
            return std::move(receiver_).set_error(std::current_exception());
        }
        std::move(receiver_).set_value(std::move(*value));
    }

    Receiver receiver_;
    std::optional<inline_resumption<typename Operation::platform_type>> resumption_;  // made where it is started
    sender_wait<Operation, token_type> wait_;
};

}  // namespace detail

/// An operation as a sender. Made by as_sender(). It is moved, and connected once.
template <sender_library Library, waiting_operation Operation>
class [[nodiscard]] operation_sender {
  public:
    /// The tag of senders.
    using sender_concept = typename Library::sender_t;
    /// What it completes with.
    using completion_signatures =
        typename Library::template completion_signatures<typename Library::set_value_t(detail::sender_value<Operation>),
                                                         typename Library::set_error_t(std::exception_ptr),
                                                         typename Library::set_stopped_t()>;

    /// Made by as_sender().
    explicit operation_sender(Operation&& op) : operation_(std::move(op)) {}

    /// The operation state, which starts the wait and completes the receiver.
    template <class Receiver>
    [[nodiscard]] detail::sender_state<Library, Operation, Receiver> connect(Receiver r) && {
        return {std::move(operation_), std::move(r)};
    }

  private:
    Operation operation_;
};

/// Any waiting operation as a sender: plain, with a deadline, with a stop token; also a select.
///
/// Completes with set_value and the result of the operation, which is that of its poll: closed, the end of a channel
/// and a deadline are values, not errors. With set_error and an exception_ptr if the poll throws. With set_stopped if a
/// stop was requested of the token of the receiver's environment before there was a result; a result beats it.
///
/// Cancel safety: that of an operation that is destroyed. A stopped receive has taken nothing, and a stopped
/// reservation returns its permits. The value of a send goes with the operation: to keep it, use
/// `with_stop(tx.send(v), token)`, whose result has it, or reserve() first.
/// Completion: once. Inside of start() if there is nothing to wait for; otherwise by the call that wakes, on its
/// thread, from the list of its resumptions, or by the request to stop. What was started on a run queue or a pool
/// completes there, and that must not end before. Nothing is locked then. The completion may destroy the operation
/// state.
/// Throws: when it is connected, what the move of the receiver throws.
/// Clauses: cancel.forwards, wake.outside-locks.
///
///     auto receiving = tailrace::as_sender<stdexec_names>(rx.recv());
template <sender_library Library, waiting_operation Operation>
[[nodiscard]] operation_sender<Library, Operation> as_sender(Operation op) {
    return operation_sender<Library, Operation>(std::move(op));
}

}  // namespace tailrace
