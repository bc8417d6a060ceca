// The sender: any number of them, copied freely, used from any thread.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <cstdint>
#include <expected>
#include <iosfwd>
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

/// One of the senders of a channel. A copy is a clone; when the last sender is gone, the channel ends for the
/// receiver.
///
/// Const members may run concurrently on one object. A moved-from sender can be destroyed, assigned and tested;
/// anything else throws std::logic_error. An operation or permit made from a sender borrows the senders' share in the
/// channel: the last sender must outlive it.
template <class T, class Platform>
class sender {
  public:
    using value_type = T;

    sender(const sender& other) noexcept : core_(other.core_) {
        if (core_ != nullptr) core_->add_sender();
    }
    sender(sender&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): it compares the channels, and its own is the same
    sender& operator=(const sender& other) noexcept {
        if (core_ != other.core_) *this = sender(other);
        return *this;
    }
    sender& operator=(sender&& other) noexcept {
        if (this != &other) {
            const sender old =
                std::move(*this);  // destroyed last: it may end the channel, and code that this resumes may use *this
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }
    ~sender() { drop(); }

    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Another sender of the same channel.
    [[nodiscard]] sender clone() const {
        (void)core();
        return *this;
    }

    // ---- Without waiting

    /// Sends now or not at all: full while no permit is available or an operation waits, closed once the receive half
    /// has closed.
    /// Closed beats full. The error hands the value back.
    ///
    /// Ok does not mean received: the receiver may still be dropped first. Progress: lock-free; takes no lock.
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

    /// A permit now or not at all; fails as try_send does.
    [[nodiscard]] std::expected<permit<T, Platform>, try_reserve_error> try_reserve() const {
        auto& c = core();
        auto storage = detail::reserved_storage<T>::make();
        const detail::claim_result claim = c.claim_permits(1);
        if (claim != detail::claim_result::claimed) return std::unexpected(reason(claim));
        return permit<T, Platform>(c, std::move(storage));
    }

    /// n permits now or not at all: full if fewer are available, or n is above the capacity; closed. 0 permits always
    /// succeed on an open channel.
    [[nodiscard]] std::expected<permit_iterator<T, Platform>, try_reserve_error> try_reserve_many(
        std::uint64_t n) const {
        auto& c = core();
        if (n > c.max()) return std::unexpected(try_error::full);
        auto storages = detail::reserved_storages<T>::make(n);
        const detail::claim_result claim = c.claim_permits(n);
        if (claim != detail::claim_result::claimed) return std::unexpected(reason(claim));
        return permit_iterator<T, Platform>(c, std::move(storages), n);
    }

    /// An owned permit now, or an error with this sender inside, usable as before.
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

    /// Sends, waiting for capacity. Error, with the value: the receive half has closed, and the value is never
    /// received.
    [[nodiscard]] send_operation<T, Platform> send(T value) const TAILRACE_BORROWS {
        return {core(), std::move(value)};
    }

    /// Sends, waiting no longer than `timeout` from the first poll; on the default timer (timer.hpp) or a clock of your
    /// own.
    template <class Rep, class Period, class Clock>
    [[nodiscard]] auto send_timeout(T value, std::chrono::duration<Rep, Period> timeout, Clock& clock) const {
        return with_timeout(send(std::move(value)), timeout, clock);
    }
    template <class Rep, class Period>
    [[nodiscard]] auto send_timeout(T value, std::chrono::duration<Rep, Period> timeout) const {
        return send_timeout(std::move(value), timeout, detail::default_clock<Platform>::get());
    }

    /// Waits for a permit. Error: the receive half has closed.
    [[nodiscard]] reserve_operation<T, Platform> reserve() const TAILRACE_BORROWS {
        return reserve_operation<T, Platform>(core());
    }

    /// Waits for n permits together. Takes all available permits and waits for the rest; no waiter behind it is served
    /// before. Error: the receive half has closed, or n is above the capacity.
    [[nodiscard]] reserve_many_operation<T, Platform> reserve_many(std::uint64_t n) const TAILRACE_BORROWS {
        return reserve_many_operation<T, Platform>(core(), n);
    }

    /// Waits for an owned permit. Takes this sender; clone it first to keep one. A cancelled or failed wait drops it.
    [[nodiscard]] reserve_owned_operation<T, Platform> reserve_owned() && {
        (void)core();
        return reserve_owned_operation<T, Platform>(std::move(*this));
    }

    /// Waits until the receive half has closed or is gone.
    [[nodiscard]] closed_operation<T, Platform> closed() const TAILRACE_BORROWS {
        return closed_operation<T, Platform>(core());
    }

    // ---- Waiting, blocking the thread. Each first tries for a moment, without a place in the queue, and then sleeps.
    // Each throws std::logic_error inside an async_context, even when it would not have to wait.

    [[nodiscard]] std::expected<void, send_error<T>> blocking_send(T value) const {
        detail::refuse_in_async_context<Platform>();
        auto op = send(std::move(value));
        return detail::block_on<Platform>(op);
    }

    template <class Rep, class Period>
    [[nodiscard]] std::expected<void, send_timeout_error<T>> blocking_send_timeout(
        T value, std::chrono::duration<Rep, Period> timeout) const {
        detail::refuse_in_async_context<Platform>();
        auto op = send(std::move(value));
        return detail::block_on_for<Platform>(op, timeout);
    }

    [[nodiscard]] std::expected<permit<T, Platform>, closed_error> blocking_reserve() const {
        detail::refuse_in_async_context<Platform>();
        auto op = reserve();
        return detail::block_on<Platform>(op);
    }

    template <class Rep, class Period>
    [[nodiscard]] std::expected<permit<T, Platform>, reserve_timeout_error> blocking_reserve_timeout(
        std::chrono::duration<Rep, Period> timeout) const {
        detail::refuse_in_async_context<Platform>();
        auto op = reserve();
        return detail::block_on_for<Platform>(op, timeout);
    }

    // ---- Observing. A number may be stale by the time it is read.

    /// True once the receive half has closed or is gone; never because senders are gone.
    [[nodiscard]] bool is_closed() const { return core().closed(); }
    /// Available permits; 0 while an operation waits.
    /// Progress: waits for a lock while a task is beginning to wait.
    [[nodiscard]] std::uint64_t capacity() const { return core().available(); }
    [[nodiscard]] std::uint64_t max_capacity() const { return core().max(); }
    /// The number of buffered values; never above max_capacity().
    [[nodiscard]] std::uint64_t len() const { return core().buffered(); }
    /// The number of senders, including owned permits and unfinished waits for them.
    [[nodiscard]] std::uint64_t strong_count() const { return core().strong_count(); }
    [[nodiscard]] std::uint64_t weak_count() const { return core().weak_count(); }
    [[nodiscard]] bool same_channel(const sender& other) const { return &core() == &other.core(); }

    /// A weak sender of this channel.
    [[nodiscard]] weak_sender<T, Platform> downgrade() const { return weak_sender<T, Platform>(core()); }

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
