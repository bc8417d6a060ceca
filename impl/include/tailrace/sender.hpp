// The sender: any number of them, copied freely, used from any thread.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <iosfwd>
#include <span>
#include <utility>

#include "tailrace/deadline.hpp"
#include "tailrace/detail/blocking.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/fwd.hpp"
#include "tailrace/operations.hpp"
#include "tailrace/permit.hpp"

namespace tailrace {

/// One of the senders of a channel. A copy is a clone; when the last sender is gone, the channel ends for the receiver.
///
/// An operation or a permit made from a sender borrows the senders' share in the channel: the last sender must outlive
/// it. With assertions on, a borrow that outlives it ends the program.
///
/// Thread safety: const members may run concurrently on one object, and distinct senders are independent.
/// Throws: a moved-from sender can be destroyed, assigned to and tested as bool. Anything else throws std::logic_error.
/// Clauses: thread-safe, handle.moved-from, handle.self-move, handle.assign, borrow, order.permit, order.none.
template <class T, class Platform>
class sender {
  public:
    /// The type of the values.
    using value_type = T;

    /// Clones. The copy of a moved-from sender is moved-from.
    sender(const sender& other) noexcept : core_(other.core_) {
        if (core_ != nullptr) core_->add_sender();
    }
    /// Moves. The other sender is moved-from afterwards.
    sender(sender&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    /// Drops what this sender was, and clones the other. If this was the last sender of another channel, that channel
    /// ends.
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): it compares the channels, and its own is the same
    sender& operator=(const sender& other) noexcept {
        if (core_ != other.core_) *this = sender(other);
        return *this;
    }
    /// Drops what this sender was, and moves the other here. If this was the last sender of another channel, that
    /// channel ends.
    sender& operator=(sender&& other) noexcept {
        if (this != &other) {
            const sender old =
                std::move(*this);  // destroyed last: it may end the channel, and code that this resumes may use *this
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }
    /// Drops the sender. With the last one the channel ends for the receiver, which is woken to find out.
    ///
    /// Clauses: clone.count, recv.woken-by-last-sender.
    ~sender() { drop(); }

    /// False: moved-from.
    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Another sender of the same channel.
    ///
    /// Clauses: clone.same-channel, clone.count, reserve_owned.clone.
    ///
    ///     const tailrace::sender<int> other = tx.clone();  // the same as a copy
    [[nodiscard]] sender clone() const {
        (void)core();
        return *this;
    }

    // ---- Without waiting

    /// Sends now or not at all.
    ///
    /// Success does not mean received: the receiver may still be dropped first.
    ///
    /// Waits: never.
    /// Errors: full while no permit is available or an operation waits; closed once the receive half has closed. Closed
    /// beats full. The error has the value.
    /// Throws: std::bad_alloc, or what the move of T throws; then the channel is unchanged.
    /// Progress: lock-free, except where the storage grows, which takes a lock for a few steps.
    /// Clauses: try_send.immediate, try_send.full, try_send.closed, try_send.closed-beats-full, try_send.returns-value,
    /// try_send.no-barging, send.consumes, send.ok-not-received, capacity.send.
    ///
    ///     if (auto sent = tx.try_send(1); !sent) {
    ///         if (sent.error().reason == tailrace::try_error::full) retry_later(sent.error().value);
    ///     }
    [[nodiscard]] std::expected<void, try_send_error<T>> try_send(T value) const {
        auto& c = core();
        auto carried = detail::pack<T>(std::move(value));
        detail::word_type ticket;
        const detail::claim_result claim = c.claim_ticket(ticket);
        if (claim != detail::claim_result::claimed) {
            return std::unexpected(try_send_error<T>{reason(claim), detail::unpack<T>(std::move(carried))});
        }
        c.publish(ticket, std::move(carried))();
        return {};
    }

    /// Sends as many of the values as there is room for now, the first ones, and takes them off `rest`. Returns how
    /// many: at least 1, unless `rest` is empty. The receiver is woken once.
    ///
    /// Waits: never.
    /// Errors: full while no permit is available or an operation waits; closed once the receive half has closed. Closed
    /// beats full. Then nothing was sent.
    /// Throws: std::bad_alloc; then the channel and `rest` are unchanged.
    /// Progress: as try_send, with one claim for all of them.
    /// Clauses: try_send.immediate, try_send.full, try_send.closed, try_send.closed-beats-full, try_send.no-barging,
    /// send.consumes, send.ok-not-received, capacity.send.
    ///
    ///     std::vector<int> values{1, 2, 3};
    ///     std::span<int> rest(values);
    ///     if (auto n = tx.try_send_many(rest)) use(*n);  // `rest` has what has not gone
    [[nodiscard]] std::expected<std::size_t, try_error> try_send_many(std::span<T>& rest) const {
        detail::owed_call last;
        auto op = send_many(rest);
        const auto n = op.attempt(last);
        if (!n) return std::unexpected(try_error::full);
        if (!*n) return std::unexpected(try_error::closed);
        return **n;
    }

    /// A permit now or not at all. The value that is sent with it can be made later.
    ///
    /// Waits: never.
    /// Errors: full while no permit is available or an operation waits; closed once the receive half has closed. Closed
    /// beats full.
    /// Throws: std::bad_alloc.
    /// Progress: as try_send.
    /// Clauses: try_reserve.immediate, try_reserve.full, try_reserve.closed, try_reserve.closed-beats-full,
    /// try_reserve.no-barging, reserve.capacity, reserve.excludes.
    ///
    ///     if (auto permit = tx.try_reserve()) permit->send(make());
    [[nodiscard]] std::expected<permit<T, Platform>, try_reserve_error> try_reserve() const {
        auto& c = core();
        auto storage = detail::reserved_storage<T>::make();
        const detail::claim_result claim = c.claim_permits(1);
        if (claim != detail::claim_result::claimed) return std::unexpected(reason(claim));
        return permit<T, Platform>(c, std::move(storage));
    }

    /// n permits now or not at all. 0 permits always succeed on an open channel.
    ///
    /// Waits: never.
    /// Errors: full if fewer than n permits are available, an operation waits, or n is above the capacity; closed once
    /// the receive half has closed.
    /// Throws: std::bad_alloc.
    /// Clauses: try_reserve_many.full, try_reserve_many.closed, try_reserve_many.above-max, try_reserve_many.zero,
    /// capacity.reserve.
    ///
    ///     if (auto permits = tx.try_reserve_many(3)) {
    ///         for (auto& p : *permits) p.send(make());
    ///     }
    [[nodiscard]] std::expected<permit_iterator<T, Platform>, try_reserve_error> try_reserve_many(
        std::uint64_t n) const {
        auto& c = core();
        if (n > c.max()) return std::unexpected(try_error::full);
        auto storages = detail::reserved_storages<T>::make(n);
        const detail::claim_result claim = c.claim_permits(n);
        if (claim != detail::claim_result::claimed) return std::unexpected(reason(claim));
        return permit_iterator<T, Platform>(c, std::move(storages), n);
    }

    /// An owned permit now or not at all. Takes this sender; clone it first to keep one.
    ///
    /// Waits: never.
    /// Errors: as try_reserve. The error has the sender, usable as before.
    /// Throws: std::bad_alloc, and the sender is unchanged.
    /// Clauses: try_reserve.immediate, try_reserve.full, try_reserve.closed, try_reserve_owned.returns-sender,
    /// capacity.reserve.
    ///
    ///     if (auto permit = tx.clone().try_reserve_owned()) keep(std::move(*permit));
    [[nodiscard]] std::expected<owned_permit<T, Platform>, try_reserve_owned_error<sender>> try_reserve_owned() && {
        auto& c = core();
        auto storage = detail::reserved_storage<T>::make();
        const detail::claim_result claim = c.claim_permits(1);
        if (claim != detail::claim_result::claimed) {
            return std::unexpected(try_reserve_owned_error<sender>{reason(claim), std::move(*this)});
        }
        return owned_permit<T, Platform>(std::move(*this), std::move(storage));
    }

    // ---- Waiting: await these (coroutine.hpp), block on them (blocking.hpp) or poll them (operations.hpp), optionally
    // with a deadline (deadline.hpp), a stop token (stop.hpp) or an executor (coroutine.hpp).

    /// Sends, waiting for capacity.
    ///
    /// Success does not mean received: the receiver may still be dropped first.
    ///
    /// Waits: until there is capacity. The first poll fixes the place in the queue of all waiting operations.
    /// On close: fails, even if it was granted capacity before. The error has the value, which is never received.
    /// Cancel safety: no capacity is lost, but the value is destroyed with the operation and never received. To keep
    /// it, wait with reserve(), or use a stop token (stop.hpp), whose error has the value.
    /// Throws: std::bad_alloc, or what the move of T throws; then the channel is unchanged.
    /// Progress: as try_send if there is capacity and no operation waits.
    /// Clauses: send.waits, send.ok-means-open, send.ok-not-received, send.err-never-received, send.err-after-close,
    /// send.err-after-drop, send.err-returns-value, acquire.granted-not-sent, cancel.destroys-value.
    ///
    ///     auto sent = co_await tx.send(1);
    ///     if (!sent) take_back(sent.error().value);  // closed
    [[nodiscard]] send_operation<T, Platform> send(T value) const TAILRACE_BORROWS {
        return {core(), std::move(value)};
    }

    /// Sends, waiting no longer than `timeout` from the first poll, on a clock of your own (deadline.hpp).
    ///
    /// Waits: until there is capacity, or the deadline.
    /// On close: fails at once, without waiting for the deadline.
    /// Cancel safety: as send().
    /// Errors: timeout, or closed. Each has the value. Success beats the deadline, and so does closed.
    /// Throws: as send().
    /// Clauses: send_timeout.waits, send_timeout.timeout, send_timeout.closed, send_timeout.returns-value,
    /// send_timeout.success-beats-timeout, send_timeout.closed-beats-timeout, send_timeout.zero,
    /// send_timeout.first-poll, send_timeout.forever.
    ///
    ///     auto sent = co_await tx.send_timeout(1, 5ms, clock);
    template <class Rep, class Period, class Clock>
    [[nodiscard]] auto send_timeout(T value, std::chrono::duration<Rep, Period> timeout, Clock& clock) const {
        return with_timeout(send(std::move(value)), timeout, clock);
    }
    /// The same on the default timer: include tailrace/timer.hpp.
    ///
    ///     auto sent = co_await tx.send_timeout(1, 5ms);
    ///     if (!sent && sent.error().reason == tailrace::timeout_error::timeout) retry_later(sent.error().value);
    template <class Rep, class Period>
    [[nodiscard]] auto send_timeout(T value, std::chrono::duration<Rep, Period> timeout) const {
        return send_timeout(std::move(value), timeout, detail::default_clock<Platform>::get());
    }

    /// Waits for capacity for the next value, sends as many values as there is room for then, the first ones, and takes
    /// them off `rest`. Returns how many: at least 1, unless `rest` is empty; then 0, at once. The receiver is woken
    /// once. T is a type whose move cannot throw.
    ///
    /// In a loop it sends all. Each turn has a place of its own, behind all that wait; more than one value goes in a
    /// turn only while no other operation waits.
    ///
    /// Waits: until there is capacity for one value. The first poll fixes the place in the queue of all waiting
    /// operations.
    /// On close: fails, even if it was granted capacity before. What was not sent is in `rest`, and is never received.
    /// Cancel safety: complete. What is cancelled has sent nothing, and the values are in `rest`; so too after a
    /// deadline or a stop, and where it loses a select.
    /// Throws: std::bad_alloc; then the channel and `rest` are unchanged.
    /// Progress: as try_send_many if there is capacity and no operation waits.
    /// Clauses: send.waits, send.ok-means-open, send.ok-not-received, send.err-never-received, send.err-after-close,
    /// send.err-after-drop, acquire.first-poll, acquire.keeps-place, acquire.granted-not-sent, capacity.send.
    ///
    ///     std::vector<int> values{1, 2, 3};
    ///     std::span<int> rest(values);
    ///     while (!rest.empty()) {
    ///         const auto sent = co_await tx.send_many(rest);
    ///         if (!sent) break;  // closed: `rest` has what has not gone
    ///     }
    [[nodiscard]] send_many_operation<T, Platform> send_many(std::span<T>& rest) const TAILRACE_BORROWS {
        return {core(), rest};
    }

    /// Waits for a permit. The value that is sent with it can be made later.
    ///
    /// Waits: until there is capacity. The first poll fixes the place in the queue of all waiting operations.
    /// On close: fails, even if it was granted a permit before.
    /// Cancel safety: complete. It gives up its place, and a permit that it was granted goes to the next waiter.
    /// Throws: std::bad_alloc.
    /// Clauses: reserve.waits, reserve.capacity, reserve.excludes, reserve.closed, acquire.first-poll,
    /// acquire.keeps-place, acquire.closed-first, capacity.reserve.
    ///
    ///     if (auto permit = co_await tx.reserve()) permit->send(make());
    [[nodiscard]] reserve_operation<T, Platform> reserve() const TAILRACE_BORROWS {
        return reserve_operation<T, Platform>(core());
    }

    /// Waits for n permits together. No waiter behind it is served before it has them all.
    ///
    /// Waits: until it has n permits. It takes the available permits and holds them while it waits for the rest. 0
    /// permits come at once on an open channel.
    /// On close: fails. It keeps the permits that it holds until it is polled or dropped.
    /// Cancel safety: complete. The permits that it holds go to the next waiters.
    /// Errors: closed_error, also at once if n is above the capacity.
    /// Throws: std::bad_alloc.
    /// Clauses: reserve_many.waits, reserve_many.above-max, reserve_many.zero, reserve_many.closed,
    /// acquire.partial-hold, release.head-of-line, close.keeps-holds.
    ///
    ///     if (auto permits = co_await tx.reserve_many(3)) {
    ///         for (auto& p : *permits) p.send(make());
    ///     }
    [[nodiscard]] reserve_many_operation<T, Platform> reserve_many(std::uint64_t n) const TAILRACE_BORROWS {
        return reserve_many_operation<T, Platform>(core(), n);
    }

    /// Waits for an owned permit. Takes this sender; clone it first to keep one.
    ///
    /// Waits: until there is capacity, in the same queue as reserve().
    /// On close: fails, and drops the sender.
    /// Cancel safety: no capacity is lost, but the sender is dropped.
    /// Throws: std::bad_alloc.
    /// Clauses: reserve_owned.waits, reserve_owned.closed, reserve_owned.moves, reserve_owned.cancel-drops-sender,
    /// reserve_owned.failure-drops-sender, reserve_owned.clone.
    ///
    ///     if (auto permit = co_await tx.clone().reserve_owned()) keep(std::move(*permit));
    [[nodiscard]] reserve_owned_operation<T, Platform> reserve_owned() && {
        (void)core();
        return reserve_owned_operation<T, Platform>(std::move(*this));
    }

    /// Waits until the receive half has closed or is gone. On a channel that is closed already it finishes in its first
    /// poll.
    ///
    /// Cancel safety: complete.
    /// Clauses: closed.on-drop, closed.on-close, closed.all, closed.at-once, close.wake-order, order.closed.
    ///
    ///     co_await tx.closed();  // nothing that is sent now can be received
    [[nodiscard]] closed_operation<T, Platform> closed() const TAILRACE_BORROWS {
        return closed_operation<T, Platform>(core());
    }

    // ---- Waiting, blocking the thread. Each first tries for a moment, without a place in the queue, and then sleeps.
    // Each throws std::logic_error inside an async_context, even when it would not have to wait.

    /// Sends, blocking the thread. The receiver may be asynchronous.
    ///
    /// Waits: as send(). It first tries for a moment, without a place in the queue, and then sleeps.
    /// On close: fails. The error has the value.
    /// Throws: std::logic_error in an asynchronous context (async_context.hpp), even if it would not have to wait; as
    /// send().
    /// Clauses: blocking_send.delivers, blocking_send.refuses-async.
    ///
    ///     if (auto sent = tx.blocking_send(1); !sent) take_back(sent.error().value);
    [[nodiscard]] std::expected<void, send_error<T>> blocking_send(T value) const {
        detail::refuse_in_async_context<Platform>();
        auto op = send(std::move(value));
        return detail::block_on<Platform>(op);
    }

    /// Sends, blocking the thread no longer than `timeout`.
    ///
    /// Waits: as blocking_send(), until the deadline.
    /// Errors: timeout, or closed. Each has the value. Success and closed beat the deadline.
    /// Throws: as blocking_send().
    /// Clauses: blocking.deadlines.
    ///
    ///     auto sent = tx.blocking_send_timeout(1, 5ms);
    template <class Rep, class Period>
    [[nodiscard]] std::expected<void, send_timeout_error<T>> blocking_send_timeout(
        T value, std::chrono::duration<Rep, Period> timeout) const {
        detail::refuse_in_async_context<Platform>();
        auto op = send(std::move(value));
        return detail::block_on_for<Platform>(op, timeout);
    }

    /// Waits for capacity and sends as many values as there is room for, as send_many() does, blocking the thread.
    ///
    /// Waits: as send_many(). It first tries for a moment, without a place in the queue, and then sleeps.
    /// On close: as send_many().
    /// Throws: std::logic_error in an asynchronous context (async_context.hpp), even if it would not have to wait;
    /// std::bad_alloc.
    /// Clauses: blocking_send.delivers, blocking_send.refuses-async.
    ///
    ///     std::vector<int> values{1, 2, 3};
    ///     std::span<int> rest(values);
    ///     while (!rest.empty() && tx.blocking_send_many(rest)) continue;
    [[nodiscard]] std::expected<std::size_t, closed_error> blocking_send_many(std::span<T>& rest) const {
        detail::refuse_in_async_context<Platform>();
        auto op = send_many(rest);
        return detail::block_on<Platform>(op);
    }

    /// Waits for a permit, blocking the thread.
    ///
    /// Waits: as reserve(). It first tries for a moment, without a place in the queue, and then sleeps.
    /// On close: fails.
    /// Throws: std::logic_error in an asynchronous context (async_context.hpp), even if it would not have to wait;
    /// std::bad_alloc.
    /// Clauses: reserve.waits, reserve.closed.
    ///
    ///     if (auto permit = tx.blocking_reserve()) permit->send(make());
    [[nodiscard]] std::expected<permit<T, Platform>, closed_error> blocking_reserve() const {
        detail::refuse_in_async_context<Platform>();
        auto op = reserve();
        return detail::block_on<Platform>(op);
    }

    /// Waits for a permit, blocking the thread no longer than `timeout`.
    ///
    /// Errors: timeout, or closed. Success and closed beat the deadline.
    /// Throws: as blocking_reserve().
    /// Clauses: blocking.deadlines.
    ///
    ///     if (auto permit = tx.blocking_reserve_timeout(5ms)) permit->send(make());
    template <class Rep, class Period>
    [[nodiscard]] std::expected<permit<T, Platform>, reserve_timeout_error> blocking_reserve_timeout(
        std::chrono::duration<Rep, Period> timeout) const {
        detail::refuse_in_async_context<Platform>();
        auto op = reserve();
        return detail::block_on_for<Platform>(op, timeout);
    }

    // ---- Observing. A number may be stale by the time it is read.

    /// True once the receive half has closed or is gone; never because senders are gone. If true, what preceded the
    /// close is visible.
    ///
    /// Clauses: is_closed.on-drop, is_closed.on-close, is_closed.never-by-senders.
    [[nodiscard]] bool is_closed() const { return core().closed(); }
    /// Available permits; 0 while an operation waits.
    ///
    /// Progress: waits for a lock while a task is beginning to wait.
    /// Clauses: capacity.starts-at-max, capacity.send, capacity.reserve, capacity.permit-send, capacity.receive,
    /// capacity.hand-over, capacity.after-close.
    [[nodiscard]] std::uint64_t capacity() const { return core().available(); }
    /// The capacity that the channel was made with.
    ///
    /// Clauses: max_capacity.
    [[nodiscard]] std::uint64_t max_capacity() const { return core().max(); }
    /// The number of buffered values; never above max_capacity(). A value that is sent or received meanwhile may count
    /// or not.
    ///
    /// Clauses: sender.len.
    [[nodiscard]] std::uint64_t len() const { return core().buffered(); }
    /// The number of senders, including owned permits and unfinished waits for them.
    ///
    /// Clauses: counts.strong, counts.owned.
    [[nodiscard]] std::uint64_t strong_count() const { return core().strong_count(); }
    /// The number of weak senders.
    ///
    /// Clauses: counts.weak.
    [[nodiscard]] std::uint64_t weak_count() const { return core().weak_count(); }
    /// True for senders of one channel.
    ///
    /// Clauses: same_channel.
    [[nodiscard]] bool same_channel(const sender& other) const { return &core() == &other.core(); }

    /// A weak sender of this channel.
    ///
    /// Clauses: weak.does-not-keep-open.
    ///
    ///     const tailrace::weak_sender<int> weak = tx.downgrade();
    [[nodiscard]] weak_sender<T, Platform> downgrade() const { return weak_sender<T, Platform>(core()); }

    /// Prints the state, as in `sender{open, capacity 3 of 16}`; nothing is required of T.
    ///
    /// Clauses: debug.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const sender& s) {
        if (!s) return out << "sender{moved from}";
        return out << "sender{" << (s.is_closed() ? "closed" : "open") << ", capacity " << s.capacity() << " of "
                   << s.max_capacity() << '}';
    }

  private:
    friend class owned_permit<T, Platform>;
    friend class reserve_owned_operation<T, Platform>;
    friend class weak_sender<T, Platform>;
    friend struct detail::inspection;
    template <class U, class P>
    friend auto channel(std::size_t capacity);
    using core_type = detail::core<T, Platform>;

    /// Takes over a count that is there already.
    explicit sender(core_type* c) noexcept : core_(c) {}

    [[nodiscard]] core_type& core() const {
        if (core_ == nullptr) detail::misuse("tailrace: a sender was used after it was moved from");
        return *core_;
    }
    void drop() noexcept {
        if (core_ != nullptr) std::exchange(core_, nullptr)->drop_sender();
    }
    [[nodiscard]] static try_error reason(detail::claim_result r) noexcept {
        return r == detail::claim_result::closed ? try_error::closed : try_error::full;
    }
    core_type* core_;
};

}  // namespace tailrace
