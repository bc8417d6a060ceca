// The waiting operations of a sender: created, polled, finished or cancelled. Every other form is built on these.
//
//     created ──poll──▶ waiting ──poll──▶ finished        destroying an operation that has not finished cancels it
//        └───────────poll────────────────▶ finished
//
// An operation provides, for the engines and for the other forms (blocking, coroutine, deadline, stop token):
//
//     poll(waker)                     the result, or nothing: pending, and the waker will be called once
//     attempt(owed_call&), wait(waker)
//                                     the two steps of a poll (detail/operation.hpp)
//     stop_waiting(owed_wakes&)       ends the wait unless it is decided
//     interruptible<E>                the result of a form that may also end for another reason, E::timeout or
//                                     E::stopped
//     completed<E>(result)            a result in that form
//     interrupted(E)                  the result when that reason came first
//
// An operation may be moved until it is first polled; from then on its address is shared. It is used by one thread
// at a time. A waker that a poll calls may destroy the operation: it is not touched afterwards.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/operation.hpp"
#include "tailrace/detail/permit_wait.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/fwd.hpp"
#include "tailrace/permit.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

/// A send that may have to wait for capacity. Made by sender::send().
///
/// It is awaited, blocked on or polled, once. It may be moved until it is first polled.
///
/// Cancel safety: no capacity is lost. Destroying it unfinished destroys the value, which is then never received.
/// Throws: when it is polled, std::bad_alloc, and nothing has happened; std::logic_error once it has finished.
/// Clauses: operation.once, operation.never-awaited, cancel.driven, cancel.forwards, cancel.unlinks,
/// cancel.destroys-value, driven.created-inert, driven.latest-waker, recv.woken-by-failure, recv.woken-by-cancel.
///
///     auto sending = tx.send(1);
///     if (!sending.poll(wake_me)) wait_for_the_waker();
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER send_operation
    : public detail::operation<send_operation<T, Platform>, detail::core<T, Platform>,
                               std::expected<void, send_error<T>>> {
  public:
    /// What a poll gives: nothing more, or closed with the value.
    using result_type = std::expected<void, send_error<T>>;

    // ---- For the other forms (detail/operation.hpp)
    template <class E>
    using interruptible = std::expected<void, unsent<T, E>>;

    [[nodiscard, gnu::always_inline]] std::optional<result_type> attempt(detail::owed_call& last) {
        using detail::claim_result;
        detail::word_type ticket;
        if (wait_.created()) {
            auto& channel = wait_.channel();
            switch (channel.claim_ticket(ticket)) {
                case claim_result::claimed: wait_.finish(); return sent(channel, ticket, last);
                case claim_result::closed: return refused(wait_.finish(), 0, last);
                case claim_result::full: return std::nullopt;
            }
        }
        detail::owed_call again;  // so that `last` need not be in memory
        auto result = attempt_again(again);
        last.owe(again.release().call);
        return result;
    }

    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& r) {
        if (r) return {};
        return std::unexpected(unsent<T, E>{E::closed, std::move(r.error().value)});
    }
    template <class E>
    [[nodiscard]] interruptible<E> interrupted(E why) {
        return std::unexpected(unsent<T, E>{why, detail::unpack<T>(std::move(value_))});
    }

  private:
    friend class sender<T, Platform>;
    using core_type = detail::core<T, Platform>;
    template <class, class, class>
    friend class detail::operation;

    send_operation(core_type& c, T&& value) : value_(detail::pack<T>(std::move(value))), wait_(c, 1) {}

    /// Of an operation that waits.
    [[nodiscard, gnu::noinline]] std::optional<result_type> attempt_again(detail::owed_call& last) {
        using detail::verdict;
        const verdict v = wait_.look();
        if (v == verdict::none) return std::nullopt;
        auto& channel = wait_.finish();
        if (v == verdict::failed) return refused(channel, wait_.held(), last);
        detail::word_type ticket;
        if (channel.ticket_for_grant(ticket)) return sent(channel, ticket, last);
        return refused(channel, 1, last);  // granted, but closed is checked first
    }
    result_type sent(core_type& channel, detail::word_type ticket, detail::owed_call& last) {
        last.owe(channel.publish(ticket, std::move(value_)));
        return {};
    }
    result_type refused(core_type& channel, detail::word_type left, detail::owed_call& last) {
        last.owe(channel.return_permits(left));
        return std::unexpected(send_error<T>{detail::unpack<T>(std::move(value_))});
    }

    detail::carried<T> value_;
    detail::permit_wait<T, Platform> wait_;
};

/// The wait for capacity for the next of several values. Made by sender::send_many().
///
/// When there is capacity for one it sends as many as there is room for, and takes them off the front of the caller's
/// span. Its result is how many, or closed_error. It is awaited, blocked on or polled, once, and may be moved until it
/// is first polled. The span must outlive it, and must not be changed meanwhile.
///
/// Cancel safety: complete. Destroying it unfinished has sent nothing, and gives up the place in the queue.
/// Throws: when it is polled, std::bad_alloc, and nothing has happened; std::logic_error once it has finished.
/// Clauses: operation.once, operation.never-awaited, cancel.driven, cancel.forwards, cancel.unlinks,
/// driven.created-inert, driven.latest-waker.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER send_many_operation
    : public detail::operation<send_many_operation<T, Platform>, detail::core<T, Platform>,
                               std::expected<std::size_t, closed_error>> {
    static_assert(!detail::travels_boxed<T>,
                  "tailrace: send_many is for values whose move cannot throw: send these one by one");

  public:
    /// What a poll gives: the number of values that were sent, or closed.
    using result_type = std::expected<std::size_t, closed_error>;

    // ---- For the other forms (detail/operation.hpp)
    template <class E>
    using interruptible = std::expected<std::size_t, E>;

    [[nodiscard]] std::optional<result_type> attempt(detail::owed_call& last) {
        using detail::claim_result;
        detail::word_type ticket;
        if (!wait_.created()) return attempt_again(last);
        detail::word_type n = rest_->size();
        if (n == 0) {
            wait_.finish();
            return result_type(std::size_t{0});
        }
        auto& channel = wait_.channel();
        const claim_result claim = channel.claim_tickets(n, ticket);
        if (claim == claim_result::full) return std::nullopt;
        wait_.finish();
        if (claim == claim_result::closed) return refused(channel, 0, last);
        const auto values = taken_off(n);
        last.owe(channel.publish(ticket, values));
        return result_type(values.size());
    }

    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& n) {
        if (n) return *n;
        return std::unexpected(E::closed);
    }

  private:
    friend class sender<T, Platform>;
    using core_type = detail::core<T, Platform>;
    template <class, class, class>
    friend class detail::operation;

    send_many_operation(core_type& c, std::span<T>& values) noexcept : rest_(&values), wait_(c, 1) {}

    /// Of an operation that waits.
    [[nodiscard]] std::optional<result_type> attempt_again(detail::owed_call& last) {
        using detail::verdict;
        const verdict v = wait_.look();
        if (v == verdict::none) return std::nullopt;
        auto& channel = wait_.finish();
        if (v == verdict::failed) return refused(channel, wait_.held(), last);
        detail::word_type ticket;
        if (!channel.ticket_for_grant(ticket)) return refused(channel, 1, last);
        // What there is room for behind that. It allocates nothing, for a wait has storage for all claims, and owes
        // nothing, for the receiver cannot get beyond the ticket that is not written yet.
        detail::word_type row;
        detail::word_type more = rest_->size() - 1;
        if (more != 0 && channel.claim_tickets(more, row) != detail::claim_result::claimed) more = 0;
        const auto values = taken_off(1 + more);
        if (more != 0) (void)channel.publish(row, values.subspan(1));
        last.owe(channel.publish(ticket, std::move(values.front())));
        return result_type(values.size());
    }
    [[nodiscard]] std::span<T> taken_off(detail::word_type n) noexcept {
        const std::span<T> values = rest_->first(static_cast<std::size_t>(n));
        *rest_ = rest_->subspan(values.size());
        return values;
    }
    result_type refused(core_type& channel, detail::word_type left, detail::owed_call& last) {
        last.owe(channel.return_permits(left));
        return std::unexpected(closed_error{});
    }

    std::span<T>* rest_;
    detail::permit_wait<T, Platform> wait_;
};

namespace detail {

/// What reserve, reserve_many and reserve_owned have in common. The result is a handle, which `Self::granted()` makes,
/// or closed; then `Self::fail_after()` ends what the operation owns, after the call that the returned permits owe.
template <class Self, class Core, class Handle>
class reservation : public operation<Self, Core, std::expected<Handle, closed_error>> {
  public:
    using result_type = std::expected<Handle, closed_error>;
    template <class E>
    using interruptible = std::expected<Handle, E>;

    [[nodiscard]] std::optional<result_type> attempt(owed_call& last) {
        auto& self = static_cast<Self&>(*this);
        const auto [v, left] = self.wait_.attempt();
        if (v == verdict::none) return std::nullopt;
        auto& channel = self.wait_.finish();
        if (v == verdict::granted) return self.granted(channel);
        last.owe(channel.return_permits(left));
        self.fail_after(last);
        return result_type(std::unexpected(closed_error{}));
    }
    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& r) {
        if (r) return std::move(*r);
        return std::unexpected(E::closed);
    }

  protected:
    void fail_after(owed_call&) noexcept {}
};

}  // namespace detail

/// The wait for a permit. Made by sender::reserve().
///
/// Its result is a permit or closed_error. It is awaited, blocked on or polled, once, and may be moved until it is
/// first polled.
///
/// Cancel safety: complete. Destroying it unfinished gives up the place in the queue, and the permit if it was granted
/// already.
/// Clauses: operation.once, cancel.driven, cancel.forwards, cancel.unlinks, acquire.first-poll.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER reserve_operation
    : public detail::reservation<reserve_operation<T, Platform>, detail::core<T, Platform>, permit<T, Platform>> {
    friend class sender<T, Platform>;
    using core_type = detail::core<T, Platform>;
    template <class, class, class>
    friend class detail::reservation;
    template <class, class, class>
    friend class detail::operation;

    explicit reserve_operation(core_type& c) : storage_(detail::reserved_storage<T>::make()), wait_(c, 1) {}
    permit<T, Platform> granted(core_type& channel) { return {channel, std::move(storage_)}; }

    [[no_unique_address]] detail::reserved_storage<T> storage_;
    detail::permit_wait<T, Platform> wait_;
};

/// The wait for several permits. Made by sender::reserve_many().
///
/// It takes all available permits and waits for the rest; no waiter behind it is served before it has them all. Its
/// result is a permit_iterator or closed_error.
///
/// Cancel safety: complete. Destroying it unfinished returns the permits that it holds.
/// Clauses: operation.once, cancel.driven, cancel.partial-head, acquire.partial-hold, release.head-of-line.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER reserve_many_operation
    : public detail::reservation<reserve_many_operation<T, Platform>, detail::core<T, Platform>,
                                 permit_iterator<T, Platform>> {
    friend class sender<T, Platform>;
    using core_type = detail::core<T, Platform>;
    template <class, class, class>
    friend class detail::reservation;
    template <class, class, class>
    friend class detail::operation;

    reserve_many_operation(core_type& c, std::uint64_t n)
        : storages_(detail::reserved_storages<T>::make(n <= c.max() ? n : 0)), wait_(c, n) {}
    permit_iterator<T, Platform> granted(core_type& channel) { return {channel, std::move(storages_), wait_.need()}; }

    [[no_unique_address]] detail::reserved_storages<T> storages_;
    detail::permit_wait<T, Platform> wait_;
};

/// The wait for an owned permit. Made by sender::reserve_owned(). It owns the sender. Its result is an owned_permit or
/// closed_error.
///
/// Cancel safety: no capacity is lost. If it is cancelled or fails, the sender is dropped, after the permit has been
/// returned.
/// Clauses: operation.once, reserve_owned.moves, reserve_owned.cancel-drops-sender, reserve_owned.failure-drops-sender,
/// owned_permit.keeps-open.
template <class T, class Platform>
class [[nodiscard]] reserve_owned_operation
    : public detail::reservation<reserve_owned_operation<T, Platform>, detail::core<T, Platform>,
                                 owned_permit<T, Platform>> {
    friend class sender<T, Platform>;
    using core_type = detail::core<T, Platform>;
    template <class, class, class>
    friend class detail::reservation;
    template <class, class, class>
    friend class detail::operation;

  public:
    // ---- For the other forms (detail/operation.hpp)
    reserve_owned_operation(reserve_owned_operation&&) noexcept = default;
    reserve_owned_operation& operator=(reserve_owned_operation&&) = delete;

    template <class E>
    [[nodiscard]] std::expected<owned_permit<T, Platform>, E> interrupted(E why) {
        [[maybe_unused]] const auto ends_here = std::move(sender_);
        return std::unexpected(why);
    }

  private:
    explicit reserve_owned_operation(sender<T, Platform>&& s)
        : storage_(detail::reserved_storage<T>::make()), sender_(std::move(s)), wait_(*sender_.core_, 1) {}
    owned_permit<T, Platform> granted(core_type&) { return {std::move(sender_), std::move(storage_)}; }
    void fail_after(detail::owed_call& last) noexcept {
        const waker drop = {[](void* c) noexcept { static_cast<core_type*>(c)->drop_sender(); },
                            std::exchange(sender_.core_, nullptr)};
        last.owed() ? last.then(drop) : last.owe(drop);
    }

    [[no_unique_address]] detail::reserved_storage<T> storage_;
    sender<T, Platform> sender_;
    detail::permit_wait<T, Platform> wait_;  // ends before the sender
};

/// The wait until the receive half has closed or is gone. Made by sender::closed().
///
/// Cancel safety: complete.
/// Clauses: operation.once, closed.on-drop, closed.on-close, closed.all, closed.at-once.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER closed_operation
    : public detail::operation<closed_operation<T, Platform>, detail::core<T, Platform>, std::monostate> {
    using core_type = detail::core<T, Platform>;

  public:
    /// Closed is all that it can find.
    using result_type = std::monostate;

    // ---- For the other forms (detail/operation.hpp)
    using owed_wakes = typename core_type::owed_wakes;
    /// True: closed.
    template <class E>
    using interruptible = bool;

    closed_operation(closed_operation&& other) noexcept
        : core_(other.core_), phase_(detail::move_phase(other.phase_)) {}
    closed_operation& operator=(closed_operation&&) = delete;
    ~closed_operation() {
        if (phase_ == detail::phase::waiting) (void)core_->unlisten(node_);
        if (phase_ != detail::phase::finished) finish();
    }

    [[nodiscard]] std::optional<result_type> attempt(detail::owed_call&) {
        detail::require_unfinished(phase_);
        if (!core_->closed()) return std::nullopt;
        if (phase_ == detail::phase::waiting) (void)core_->unlisten(node_);
        finish();
        return std::monostate{};
    }
    [[nodiscard]] bool wait(const waker& w) {
        phase_ = detail::phase::waiting;  // before it listens: afterwards its owner may run on another thread
        return !core_->listen(node_, w);
    }

    [[nodiscard]] detail::stopped stop_waiting(owed_wakes&) noexcept {
        if (phase_ == detail::phase::waiting) {
            const auto [result, sent] = core_->unlisten(node_);
            if (sent) return detail::stopped::woken;
            if (result != detail::verdict::none) return detail::stopped::decided;
        }
        finish();
        return detail::stopped::undecided;
    }
    template <class E>
    [[nodiscard]] static bool completed(result_type&&) {
        return true;
    }
    template <class E>
    [[nodiscard]] bool interrupted(E) {
        return false;
    }

  private:
    friend class sender<T, Platform>;

    explicit closed_operation(core_type& c) noexcept : core_(c) {}
    void finish() noexcept {
        phase_ = detail::phase::finished;
        core_.end();
    }

    detail::borrow<core_type> core_;  // until it is finished
    detail::waiter<Platform> node_;
    detail::phase phase_ = detail::phase::created;
};

}  // namespace tailrace
