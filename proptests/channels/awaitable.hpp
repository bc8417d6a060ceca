// The operations of both channels in the forms of the library: awaited, and ended by a stop token.
// After a change here run: ci/test -L regressions
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "tailrace/coroutine.hpp"
#include "tailrace/detail/operation.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/platform.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::verify {

/// A result in the form that may also end for the reason `E`.
template <class E, class T>
[[nodiscard]] std::expected<void, unsent<T, E>> as_interruptible(std::expected<void, send_error<T>>&& r) {
    if (r) return {};
    return std::unexpected(unsent<T, E>{E::closed, std::move(r.error().value)});
}
template <class E, class Handle>
[[nodiscard]] std::expected<Handle, E> as_interruptible(std::expected<Handle, closed_error>&& r) {
    if (r) return std::move(*r);
    return std::unexpected(E::closed);
}
template <class E, class T>
[[nodiscard]] std::expected<T, E> as_interruptible(std::optional<T>&& r) {
    if (r) return std::move(*r);
    return std::unexpected(E::closed);
}
template <class E>
[[nodiscard]] std::expected<std::size_t, E> as_interruptible(std::size_t&& n) {
    return n;
}
template <class E>
[[nodiscard]] bool as_interruptible(std::monostate&&) {
    return true;
}

/// An operation of the reference, which has poll() and withdraw(), with what the forms need (operations.hpp).
template <class Operation>
class operation_with_forms {
    using withdrawn = decltype(std::declval<Operation&>().withdraw());

  public:
    using platform_type = std_platform;
    using result_type = typename Operation::result_type;
    using owed_wakes = withdrawn;
    template <class E>
    using interruptible = decltype(as_interruptible<E>(std::declval<result_type>()));

    explicit operation_with_forms(Operation&& op) : operation_(std::move(op)) {}

    [[nodiscard]] std::optional<result_type> poll(const waker& w) { return operation_.poll(w); }
    [[nodiscard]] detail::stopped stop_waiting(owed_wakes& owed) {
        withdrawn last = operation_.withdraw();
        if (!last) return detail::stopped::woken;
        if (last->answer.value) value_.emplace(last->value());
        owed.emplace(std::move(*last));
        return detail::stopped::undecided;
    }
    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& r) {
        return as_interruptible<E>(std::move(r));
    }
    template <class E>
    [[nodiscard]] interruptible<E> interrupted(E why) {
        if constexpr (std::is_same_v<result_type, std::monostate>) {
            return false;
        } else if constexpr (requires(result_type r) { r.error().value; }) {
            return std::unexpected(typename interruptible<E>::error_type{why, std::move(value_.value())});
        } else {
            return std::unexpected(why);
        }
    }

  private:
    Operation operation_;
    std::optional<decltype(std::declval<withdrawn&>()->value())> value_;  // of a send that was stopped
};

/// What can be awaited, or given to with_stop.
template <class Operation>
[[nodiscard]] auto awaitable(Operation op) {
    if constexpr (waiting_operation<Operation>) {
        return op;
    } else {
        return operation_with_forms<Operation>(std::move(op));
    }
}

}  // namespace tailrace::verify
