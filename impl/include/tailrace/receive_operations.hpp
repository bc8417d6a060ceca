// The waiting operations of the receiver, in the same poll-based form as those of a sender (operations.hpp).
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <cassert>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/operation.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/fwd.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

namespace detail {

/// The wait for something to receive. A receiver has at most one at a time.
template <class T, class Platform>
class receive_wait {
  public:
    using core_type = core<T, Platform>;
    using front = typename core_type::front;
    using owed_wakes = typename core_type::owed_wakes;

    explicit receive_wait(core_type& c) : core_(&c) {
        if (c.receiving() != nullptr) misuse("tailrace: a receive while another receive is unfinished");
        c.set_receiving(&node_);
    }
    receive_wait(receive_wait&& other) noexcept : core_(other.core_), phase_(move_phase(other.phase_)) {
        assert(!other.node_.parked.load() && "an operation may be moved only before its first poll");
        node_.receiver_gone.store(other.node_.receiver_gone.load());
        if (phase_ != phase::finished && !receiver_gone()) core_->set_receiving(&node_);
    }
    receive_wait& operator=(receive_wait&&) = delete;
    ~receive_wait() {
        if (phase_ != phase::finished) [[unlikely]]
            cancel();
    }

    /// The end of the wait. The caller touches the channel only if there is a value to take: then the receiver is
    /// alive.
    core_type& finish() noexcept {
        phase_ = phase::finished;
        if (!receiver_gone()) core_->set_receiving(nullptr);
        return *core_;
    }

    /// What can be received; if nothing, the wait continues.
    [[nodiscard, gnu::always_inline]] front attempt() {
        if (phase_ == phase::created && !receiver_gone() && !node_.parked.load()) [[likely]]
            return core_->look_at_front();
        return attempt_again();
    }
    /// Whether the front slot, which only the next sender writes, has something.
    [[nodiscard]] bool worth_an_attempt() const noexcept { return receiver_gone() || core_->has_front(); }
    /// True: parked, and `w` will be called once; its owner may already run on another thread. False: attempt()
    /// finds more now.
    [[nodiscard]] bool wait(const waker& w) {
        if (node_.parked.load()) {
            if (node_.waker.load() == w) return true;
            if (!core_->unpark(node_)) return false;
        }
        return core_->park(node_, w);
    }

    [[nodiscard]] const core_type& channel() const noexcept { return *core_; }

    [[nodiscard]] stopped stop_waiting(owed_wakes&) noexcept {
        if (receiver_gone() ? node_.sent.load() : node_.parked.load() && !core_->unpark(node_)) return stopped::woken;
        (void)finish();
        return stopped::undecided;
    }

  private:
    [[nodiscard, gnu::noinline]] front attempt_again() {
        require_unfinished(phase_);
        if (receiver_gone()) return front::end;
        if (core_->still_parked(node_)) return front::nothing;
        (void)core_->unpark(node_);
        return core_->look_at_front();
    }
    [[gnu::noinline]] void cancel() noexcept {
        if (node_.parked.load()) (void)core_->unpark(node_);
        (void)finish();
    }
    [[nodiscard]] bool receiver_gone() const noexcept { return node_.receiver_gone.load(); }

    core_type* core_;
    receive_node<Platform> node_;
    phase phase_ = phase::created;
};

}  // namespace detail

/// The wait for the next value. Made by receiver::recv(); a receiver has one receive at a time.
///
/// It is awaited, blocked on or polled, once. It may be moved until it is first polled.
///
/// Cancel safety: complete. Destroying it unfinished has taken nothing: the value stays first in the buffer.
/// Throws: when it is polled, what the move of T throws; then that value is destroyed and its capacity is back.
/// Clauses: operation.once, recv.cancel, recv.woken-once, throw.move-out, borrow.receiver.
///
///     auto receiving = rx.recv();
///     if (auto result = receiving.poll(wake_me); result && *result) use(**result);
template <class T, class Platform>
class [[nodiscard]] recv_operation
    : public detail::operation<recv_operation<T, Platform>, detail::core<T, Platform>, std::optional<T>> {
    using core_type = detail::core<T, Platform>;

  public:
    /// What a poll gives: a value, or none when no value can come any more.
    using result_type = std::optional<T>;

    // ---- For the other forms (detail/operation.hpp)
    template <class E>
    using interruptible = std::expected<T, E>;

    [[nodiscard, gnu::always_inline]] std::optional<result_type> attempt(detail::owed_call& last) {
        using front = typename detail::receive_wait<T, Platform>::front;
        const front f = wait_.attempt();
        if (f == front::nothing) return std::nullopt;
        auto& channel = wait_.finish();
        if (f == front::end) return std::optional<result_type>(std::in_place);  // none
        return std::optional<result_type>(std::in_place, detail::unpack<T>(channel.take(last)));
    }

    [[nodiscard]] bool worth_an_attempt() const noexcept { return wait_.worth_an_attempt(); }

    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& r) {
        if (r) return std::move(*r);
        return std::unexpected(E::closed);
    }

  private:
    friend class receiver<T, Platform>;
    template <class, class, class>
    friend class detail::operation;

    explicit recv_operation(core_type& c) : wait_(c) {}

    detail::receive_wait<T, Platform> wait_;
};

/// The wait for the next value, which stays in the channel. Made by receiver::peek().
///
/// Its result points to the value that the next receive takes, or is null where recv() would say none. It is awaited,
/// blocked on or polled, once, and may be moved until it is first polled. It counts as the one receive of its receiver
/// until it has finished.
///
/// Cancel safety: complete.
/// Throws: when it is polled, std::logic_error once it has finished.
/// Clauses: operation.once, recv.cancel, recv.woken-once, borrow.receiver.
template <class T, class Platform>
class [[nodiscard]] peek_operation
    : public detail::operation<peek_operation<T, Platform>, detail::core<T, Platform>, T*> {
    using core_type = detail::core<T, Platform>;

  public:
    /// What a poll gives: where the value is, or null when no value can come any more.
    using result_type = T*;

    // ---- For the other forms (detail/operation.hpp)
    template <class E>
    using interruptible = std::expected<T*, E>;

    [[nodiscard]] std::optional<result_type> attempt(detail::owed_call&) {
        using front = typename detail::receive_wait<T, Platform>::front;
        const front f = wait_.attempt();
        if (f == front::nothing) return std::nullopt;
        auto& channel = wait_.finish();
        return f == front::value ? std::addressof(detail::look_into<T>(channel.front_value())) : nullptr;
    }

    [[nodiscard]] bool worth_an_attempt() const noexcept { return wait_.worth_an_attempt(); }

    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& v) {
        if (v != nullptr) return v;
        return std::unexpected(E::closed);
    }

  private:
    friend class receiver<T, Platform>;
    template <class, class, class>
    friend class detail::operation;

    explicit peek_operation(core_type& c) : wait_(c) {}

    detail::receive_wait<T, Platform> wait_;
};

/// The wait for the next values, up to a limit. Made by receiver::recv_many().
///
/// It waits for one value, takes all that are buffered, and appends them to the caller's buffer. The result is how many
/// were taken: 0 where recv() would say none, or if the limit is 0.
///
/// Cancel safety: complete. Destroying it unfinished has taken nothing.
/// Throws: as recv_operation; what the buffer throws when it grows, and then nothing was taken, and it may be polled
/// again.
/// Clauses: operation.once, recv_many.limit, recv_many.takes-what-is-there, recv_many.batch-returns-together.
template <class T, class Platform, class Buffer>
class [[nodiscard]] recv_many_operation
    : public detail::operation<recv_many_operation<T, Platform, Buffer>, detail::core<T, Platform>, std::size_t> {
    using core_type = detail::core<T, Platform>;

  public:
    /// The number of values that were taken.
    using result_type = std::size_t;

    // ---- For the other forms (detail/operation.hpp)
    template <class E>
    using interruptible = std::expected<std::size_t, E>;

    [[nodiscard]] std::optional<result_type> attempt(detail::owed_call& last) {
        using front = typename detail::receive_wait<T, Platform>::front;
        const front f = wait_.attempt();
        if (f == front::value && limit_ != 0) return take(last);
        if (f == front::nothing && limit_ != 0) return std::nullopt;
        (void)wait_.finish();
        return result_type{0};
    }

    [[nodiscard]] bool worth_an_attempt() const noexcept { return limit_ == 0 || wait_.worth_an_attempt(); }

    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& n) {
        return n;
    }

  private:
    friend class receiver<T, Platform>;
    template <class, class, class>
    friend class detail::operation;

    recv_many_operation(core_type& c, Buffer& into, std::size_t limit) : wait_(c), into_(&into), limit_(limit) {}

    /// Returns the permits of a batch in one step, however the batch ends.
    struct batch {
        core_type& channel;
        detail::owed_call& last;
        std::size_t size = 0;
        ~batch() { last.owe(channel.return_taken()); }
    };

    std::size_t take(detail::owed_call& last) {
        const core_type& looked_at = wait_.channel();
        Buffer& into = *into_;
        const auto most = static_cast<std::size_t>(detail::smaller(limit_, looked_at.buffered_exactly()));
        if (const std::size_t wanted = into.size() + most; into.capacity() < wanted) {
            const std::size_t twice = 2 * into.capacity();
            into.reserve(twice < wanted ? wanted : twice);
        }
        core_type& channel = wait_.finish();
        batch taken{channel, last};
        do {
            auto carried = channel.take_uncounted();
            ++taken.size;
            into.push_back(detail::unpack<T>(std::move(carried)));
        } while (taken.size < most && channel.look_at_front() == core_type::front::value);
        return taken.size;
    }

    detail::receive_wait<T, Platform> wait_;
    Buffer* into_;
    std::size_t limit_;
};

}  // namespace tailrace
