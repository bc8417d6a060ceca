// The waiting operations in driven form: created, polled, finished or cancelled. Every other form is a shell around these.
//
//     created ──poll──▶ waiting ──poll──▶ finished        destroying an operation that has not finished cancels it
//        └───────────poll────────────────▶ finished
//
// An operation may be moved until it is first polled; from then on others may hold its address. It is used by one thread at a time.
// After a change here run: ctest -L impl && ctest -L conformance
#pragma once

#include <cassert>
#include <expected>
#include <optional>
#include <utility>
#include <variant>

#include "tailrace/detail/blocking.hpp"
#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

template <class T, class Platform>
class sender;
template <class T, class Platform>
class permit;
template <class T, class Platform>
class owned_permit;

namespace detail {

enum class phase : unsigned char { created, waiting, finished };

/// The wait for one permit: what send, reserve and reserve_owned have in common.
template <class T, class Platform>
class permit_wait {
  public:
    using core_type = core<detail::carried<T>, Platform>;

    explicit permit_wait(core_type& c) noexcept : core_(&c) {}
    permit_wait(permit_wait&& other) noexcept
        : core_(other.core_), phase_(std::exchange(other.phase_, phase::finished)) {
        assert(phase_ == phase::created && "an operation may be moved only before its first poll");
    }
    permit_wait& operator=(permit_wait&&) = delete;
    ~permit_wait() {
        if (phase_ != phase::waiting) return;
        if (core_->withdraw(node_).result == verdict::granted) core_->return_permit();
    }

    [[nodiscard]] core_type& channel() const noexcept { return *core_; }
    [[nodiscard]] bool created() const noexcept { return phase_ == phase::created; }
    void finish() noexcept { phase_ = phase::finished; }

    /// Called where a claim has found the channel full.
    [[nodiscard]] verdict enqueue(const waker& w) {
        const verdict v = core_->enqueue(node_, w);
        if (v == verdict::none) phase_ = phase::waiting;
        return v;
    }
    /// What became of the wait. granted and failed end it.
    [[nodiscard]] verdict look(const waker& w) {
        if (phase_ == phase::finished) misuse("tailrace: an operation was polled after it had finished");
        const verdict v = core_->look(node_, w);
        if (v != verdict::none) phase_ = phase::finished;
        return v;
    }
    [[nodiscard]] stopped stop_waiting() noexcept {
        const auto [result, owed] = core_->withdraw(node_);
        if (owed) return stopped::woken;
        if (result != verdict::none) return stopped::decided;
        phase_ = phase::finished;
        return stopped::undecided;
    }

  private:
    core_type* core_;
    waiter<Platform> node_;
    phase phase_ = phase::created;
};

}  // namespace detail

/// A send that may have to wait for capacity. Destroying it unfinished destroys the value; the value is then never received.
template <class T, class Platform>
class [[nodiscard]] send_operation {
  public:
    using result_type = std::expected<void, send_error<T>>;
    using timed_result_type = std::expected<void, send_timeout_error<T>>;

    /// The place in the queue is fixed by the first poll. Nothing: pending, and `w` will be called once.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        using detail::claim_result;
        using detail::verdict;
        detail::word_type ticket;
        verdict v;
        if (wait_.created()) {
            switch (wait_.channel().claim_ticket(ticket)) {
                case claim_result::claimed: return sent(ticket);
                case claim_result::closed: return refused();
                case claim_result::full: break;
            }
            v = wait_.enqueue(w);
        } else {
            v = wait_.look(w);
        }
        if (v == verdict::none) return std::nullopt;
        if (v == verdict::failed) return refused();
        if (wait_.channel().ticket_for_grant(ticket)) return sent(ticket);
        wait_.channel().return_permit();  // granted, but closed is looked at first
        return refused();
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept { return wait_.stop_waiting(); }
    [[nodiscard]] static timed_result_type timed(result_type&& r) {
        if (r) return {};
        return std::unexpected(send_timeout_error<T>{timeout_error::closed, std::move(r.error().value)});
    }
    [[nodiscard]] timed_result_type timed_out() {
        return std::unexpected(
            send_timeout_error<T>{timeout_error::timeout, detail::unpack<T>(std::move(value_))});
    }

  private:
    friend class sender<T, Platform>;
    using core_type = typename detail::permit_wait<T, Platform>::core_type;

    send_operation(core_type& c, T&& value) : value_(detail::pack<T>(std::move(value))), wait_(c) {}

    result_type sent(detail::word_type ticket) {
        wait_.finish();
        wait_.channel().publish(ticket, std::move(value_));
        return {};
    }
    result_type refused() {
        wait_.finish();
        return std::unexpected(send_error<T>{detail::unpack<T>(std::move(value_))});
    }

    detail::carried<T> value_;
    detail::permit_wait<T, Platform> wait_;
};

/// The wait for a permit. Destroying it unfinished gives up the place in the queue, and the permit if it was granted already.
template <class T, class Platform>
class [[nodiscard]] reserve_operation {
  public:
    using result_type = std::expected<permit<T, Platform>, closed_error>;
    using timed_result_type = std::expected<permit<T, Platform>, reserve_timeout_error>;

    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        if (const auto granted = wait_for_permit(wait_, w)) {
            if (*granted) return permit<T, Platform>(wait_.channel());
            return result_type(std::unexpected(closed_error{}));
        }
        return std::nullopt;
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept { return wait_.stop_waiting(); }
    [[nodiscard]] static timed_result_type timed(result_type&& r) {
        if (r) return std::move(*r);
        return std::unexpected(timeout_error::closed);
    }
    [[nodiscard]] timed_result_type timed_out() { return std::unexpected(timeout_error::timeout); }

    /// The poll that this and reserve_owned share: pending, granted or closed.
    [[nodiscard]] static std::optional<bool> wait_for_permit(detail::permit_wait<T, Platform>& wait,
                                                             const waker& w) {
        using detail::claim_result;
        using detail::verdict;
        verdict v;
        if (wait.created()) {
            const claim_result claim = wait.channel().claim_permit();
            if (claim != claim_result::full) {
                wait.finish();
                return claim == claim_result::claimed;
            }
            v = wait.enqueue(w);
            if (v == verdict::none) return std::nullopt;
            wait.finish();
            return v == verdict::granted;
        }
        v = wait.look(w);
        if (v == verdict::none) return std::nullopt;
        if (v == verdict::failed) return false;
        if (!wait.channel().closed()) return true;
        wait.channel().return_permit();  // granted, but closed is looked at first
        return false;
    }

  private:
    friend class sender<T, Platform>;

    explicit reserve_operation(typename detail::permit_wait<T, Platform>::core_type& c) noexcept : wait_(c) {}

    detail::permit_wait<T, Platform> wait_;
};

/// The wait for an owned permit. It has the sender: cancelling it, or its failing, drops that sender.
template <class T, class Platform>
class [[nodiscard]] reserve_owned_operation {
  public:
    using result_type = std::expected<owned_permit<T, Platform>, closed_error>;

    reserve_owned_operation(reserve_owned_operation&&) noexcept = default;

    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        if (const auto granted = reserve_operation<T, Platform>::wait_for_permit(wait_, w)) {
            if (*granted) return owned_permit<T, Platform>(std::move(sender_));
            const sender<T, Platform> drops_here = std::move(sender_);
            return result_type(std::unexpected(closed_error{}));
        }
        return std::nullopt;
    }

  private:
    friend class sender<T, Platform>;

    explicit reserve_owned_operation(sender<T, Platform>&& s) : sender_(std::move(s)), wait_(*sender_.core_) {}

    sender<T, Platform> sender_;
    detail::permit_wait<T, Platform> wait_;  // ends before the sender
};

/// Waits until the receive half has closed or is gone.
template <class T, class Platform>
class [[nodiscard]] closed_operation {
  public:
    using result_type = std::monostate;

    closed_operation(closed_operation&& other) noexcept
        : core_(other.core_), phase_(std::exchange(other.phase_, detail::phase::finished)) {
        assert(phase_ == detail::phase::created && "an operation may be moved only before its first poll");
    }
    closed_operation& operator=(closed_operation&&) = delete;
    ~closed_operation() {
        if (phase_ == detail::phase::waiting) core_->unlisten(node_);
    }

    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        if (phase_ == detail::phase::finished) {
            detail::misuse("tailrace: an operation was polled after it had finished");
        }
        if (!core_->listen(node_, w)) {
            phase_ = detail::phase::waiting;
            return std::nullopt;
        }
        phase_ = detail::phase::finished;
        return std::monostate{};
    }

  private:
    friend class sender<T, Platform>;
    using core_type = detail::core<detail::carried<T>, Platform>;

    explicit closed_operation(core_type& c) noexcept : core_(&c) {}

    core_type* core_;
    detail::waiter<Platform> node_;
    detail::phase phase_ = detail::phase::created;
};

template <class T, class Platform>
class receiver;

/// The wait for the next value. Destroying it unfinished has taken nothing: the value stays first in line.
template <class T, class Platform>
class [[nodiscard]] recv_operation {
  public:
    using result_type = std::optional<T>;
    using timed_result_type = std::expected<T, recv_timeout_error>;

    recv_operation(recv_operation&& other) noexcept
        : core_(other.core_), phase_(std::exchange(other.phase_, detail::phase::finished)) {
        assert(phase_ == detail::phase::created && "an operation may be moved only before its first poll");
    }
    recv_operation& operator=(recv_operation&&) = delete;
    ~recv_operation() {
        if (phase_ == detail::phase::waiting) (void)core_->unpark(node_);
        if (phase_ != detail::phase::finished) core_->receiving.store(false);
    }

    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        if (phase_ == detail::phase::finished) {
            detail::misuse("tailrace: an operation was polled after it had finished");
        }
        if (phase_ == detail::phase::waiting) {
            if (core_->still_parked(node_) && node_.waker.load() == w) return std::nullopt;
            (void)core_->unpark(node_);
            phase_ = detail::phase::created;
        }
        using front = typename core_type::front;
        do {
            switch (core_->look_at_front()) {
                case front::value:
                    finish();
                    return std::optional<result_type>(std::in_place, detail::unpack<T>(core_->take()));
                case front::end: finish(); return std::optional<result_type>(std::in_place);  // none
                case front::nothing: break;
            }
        } while (!core_->park(node_, w));
        phase_ = detail::phase::waiting;
        return std::nullopt;
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept {
        const bool undecided = core_->unpark(node_);
        phase_ = detail::phase::created;
        return undecided ? detail::stopped::undecided : detail::stopped::woken;
    }
    [[nodiscard]] static timed_result_type timed(result_type&& r) {
        if (r) return std::move(*r);
        return std::unexpected(timeout_error::closed);
    }
    [[nodiscard]] timed_result_type timed_out() {
        finish();
        return std::unexpected(timeout_error::timeout);
    }

  private:
    friend class receiver<T, Platform>;
    using core_type = detail::core<detail::carried<T>, Platform>;

    explicit recv_operation(core_type& c) : core_(&c) {
        if (c.receiving.load()) detail::misuse("tailrace: a receive while another receive is unfinished");
        c.receiving.store(true);
    }
    void finish() noexcept {
        phase_ = detail::phase::finished;
        core_->receiving.store(false);
    }

    core_type* core_;
    detail::receive_node<Platform> node_;
    detail::phase phase_ = detail::phase::created;
};

}  // namespace tailrace
