// The waiting operations of a sender: created, polled, finished or cancelled. Every other form is a shell around these.
//
//     created ──poll──▶ waiting ──poll──▶ finished        destroying an operation that has not finished cancels it
//        └───────────poll────────────────▶ finished
//
// What an operation provides, for engines and for the other forms (blocking, coroutine, deadline, stop token):
//
//     poll(waker)                     the result, or nothing: pending, and the waker will be called once
//     stop_waiting()                  ends the wait unless it is decided
//     interruptible<E>                the result of a form that may also end for another reason, E::timeout or E::stopped
//     completed<E>(result)            a result in that form
//     interrupted(E)                  what it says when that reason came first
//
// An operation may be moved until it is first polled; from then on others may hold its address. It is used by one thread at a time.
// After a change here run: ctest -L impl && ctest -L conformance
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <utility>
#include <variant>

#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/permit_wait.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/permit.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

template <class T, class Platform>
class sender;

/// A send that may have to wait for capacity. Destroying it unfinished destroys the value; the value is then never received.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER send_operation {
  public:
    using platform_type = Platform;
    using result_type = std::expected<void, send_error<T>>;
    template <class E>
    using interruptible = std::expected<void, unsent<T, E>>;

    /// The place in the queue is fixed by the first poll. Nothing: pending, and `w` will be called once.
    ///
    /// Throws: std::bad_alloc, and nothing has happened; std::logic_error once it has finished.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        using detail::claim_result;
        using detail::verdict;
        detail::word_type ticket;
        verdict v;
        if (wait_.created()) {
            switch (wait_.channel().claim_ticket(ticket)) {
                case claim_result::claimed: return sent(wait_.finish(), ticket);
                case claim_result::closed: return refused(wait_.finish());
                case claim_result::full: break;
            }
            v = wait_.enqueue(w);
        } else {
            v = wait_.look(w);
        }
        if (v == verdict::none) return std::nullopt;
        auto& channel = wait_.finish();
        if (v == verdict::failed) return refused(channel);
        if (channel.ticket_for_grant(ticket)) return sent(channel, ticket);
        channel.return_permits(1);  // granted, but closed is looked at first
        return refused(channel);
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept { return wait_.stop_waiting(); }
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
    using core_type = typename detail::permit_wait<T, Platform>::core_type;

    send_operation(core_type& c, T&& value) : value_(detail::pack<T>(std::move(value))), wait_(c, 1) {}

    result_type sent(core_type& channel, detail::word_type ticket) {
        channel.publish(ticket, std::move(value_));
        return {};
    }
    result_type refused(core_type&) {
        return std::unexpected(send_error<T>{detail::unpack<T>(std::move(value_))});
    }

    detail::carried<T> value_;
    detail::permit_wait<T, Platform> wait_;
};

/// The wait for a permit. Destroying it unfinished gives up the place in the queue, and the permit if it was granted already.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER reserve_operation {
  public:
    using platform_type = Platform;
    using result_type = std::expected<permit<T, Platform>, closed_error>;
    template <class E>
    using interruptible = std::expected<permit<T, Platform>, E>;

    /// As send_operation::poll.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        const detail::verdict v = wait_.poll(w);
        if (v == detail::verdict::none) return std::nullopt;
        auto& channel = wait_.finish();
        if (v == detail::verdict::failed) return result_type(std::unexpected(closed_error{}));
        return permit<T, Platform>(channel, std::move(room_));
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept { return wait_.stop_waiting(); }
    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& r) {
        if (r) return std::move(*r);
        return std::unexpected(E::closed);
    }
    template <class E>
    [[nodiscard]] interruptible<E> interrupted(E why) {
        return std::unexpected(why);
    }

  private:
    friend class sender<T, Platform>;
    using core_type = typename detail::permit_wait<T, Platform>::core_type;

    explicit reserve_operation(core_type& c) : room_(detail::room<T>::make()), wait_(c, 1) {}

    [[no_unique_address]] detail::room<T> room_;
    detail::permit_wait<T, Platform> wait_;
};

/// The wait for several permits. It takes what there is and waits for the rest, and nobody behind it gets one before it has them all.
///
/// Destroying it unfinished gives back what it holds.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER reserve_many_operation {
  public:
    using platform_type = Platform;
    using result_type = std::expected<permit_iterator<T, Platform>, closed_error>;
    template <class E>
    using interruptible = std::expected<permit_iterator<T, Platform>, E>;

    /// As send_operation::poll.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        const detail::verdict v = wait_.poll(w);
        if (v == detail::verdict::none) return std::nullopt;
        auto& channel = wait_.finish();
        if (v == detail::verdict::failed) return result_type(std::unexpected(closed_error{}));
        return permit_iterator<T, Platform>(channel, std::move(rooms_), wait_.need());
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept { return wait_.stop_waiting(); }
    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& r) {
        if (r) return std::move(*r);
        return std::unexpected(E::closed);
    }
    template <class E>
    [[nodiscard]] interruptible<E> interrupted(E why) {
        return std::unexpected(why);
    }

  private:
    friend class sender<T, Platform>;
    using core_type = typename detail::permit_wait<T, Platform>::core_type;

    reserve_many_operation(core_type& c, std::uint64_t n)
        : rooms_(detail::rooms<T>::make(n <= c.max() ? n : 0)), wait_(c, n) {}

    [[no_unique_address]] detail::rooms<T> rooms_;
    detail::permit_wait<T, Platform> wait_;
};

/// The wait for an owned permit. It has the sender: cancelling it, or its failing, drops that sender.
template <class T, class Platform>
class [[nodiscard]] reserve_owned_operation {
  public:
    using platform_type = Platform;
    using result_type = std::expected<owned_permit<T, Platform>, closed_error>;
    template <class E>
    using interruptible = std::expected<owned_permit<T, Platform>, E>;

    reserve_owned_operation(reserve_owned_operation&&) noexcept = default;
    reserve_owned_operation& operator=(reserve_owned_operation&&) = delete;

    /// As send_operation::poll.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        const detail::verdict v = wait_.poll(w);
        if (v == detail::verdict::none) return std::nullopt;
        (void)wait_.finish();
        if (v == detail::verdict::granted) return owned_permit<T, Platform>(std::move(sender_), std::move(room_));
        const sender<T, Platform> drops_here = std::move(sender_);
        return result_type(std::unexpected(closed_error{}));
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept { return wait_.stop_waiting(); }
    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& r) {
        if (r) return std::move(*r);
        return std::unexpected(E::closed);
    }
    template <class E>
    [[nodiscard]] interruptible<E> interrupted(E why) {
        const sender<T, Platform> drops_here = std::move(sender_);
        return std::unexpected(why);
    }

  private:
    friend class sender<T, Platform>;

    explicit reserve_owned_operation(sender<T, Platform>&& s)
        : room_(detail::room<T>::make()), sender_(std::move(s)), wait_(*sender_.core_, 1) {}

    [[no_unique_address]] detail::room<T> room_;
    sender<T, Platform> sender_;
    detail::permit_wait<T, Platform> wait_;  // ends before the sender
};

/// Waits until the receive half has closed or is gone.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER closed_operation {
  public:
    using platform_type = Platform;
    using result_type = std::monostate;
    /// True: closed.
    template <class E>
    using interruptible = bool;

    closed_operation(closed_operation&& other) noexcept
        : core_(std::move(other.core_)), phase_(detail::move_phase(other.phase_)) {}
    closed_operation& operator=(closed_operation&&) = delete;
    ~closed_operation() {
        if (phase_ == detail::phase::waiting) (void)core_->unlisten(node_);
    }

    /// Nothing: pending, and `w` will be called once. Throws: std::logic_error once it has finished.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        detail::require_unfinished(phase_);
        phase_ = detail::phase::waiting;  // before: once it listens, its owner may be running elsewhere
        if (!core_->listen(node_, w)) return std::nullopt;
        finish();
        return std::monostate{};
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept {
        const auto [result, owed] = core_->unlisten(node_);
        if (owed) return detail::stopped::woken;
        if (result != detail::verdict::none) return detail::stopped::decided;
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
    using core_type = detail::core<detail::carried<T>, Platform>;

    explicit closed_operation(core_type& c) noexcept : core_(c) {}
    void finish() noexcept {
        phase_ = detail::phase::finished;
        core_.reset();
    }

    detail::borrowed<core_type> core_;
    detail::waiter<Platform> node_;
    detail::phase phase_ = detail::phase::created;
};

}  // namespace tailrace
