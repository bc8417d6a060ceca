// The receiver: the one consumer of a channel.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iosfwd>
#include <iterator>
#include <optional>
#include <utility>

#include "tailrace/deadline.hpp"
#include "tailrace/detail/blocking.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/fwd.hpp"
#include "tailrace/receive_operations.hpp"

namespace tailrace {

/// The receive half. Move-only; used by one thread at a time. Destroying it closes the channel and destroys the
/// buffered values.
///
/// A receive borrows its receiver: both belong to one consumer and are used by one thread at a time. A receiver that is
/// destroyed first ends its pending receive: the receive is not woken any more and returns none when it is polled (or
/// ends with its deadline or stop request).
template <class T, class Platform>
class receiver {
  public:
    using value_type = T;

    receiver(receiver&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    receiver& operator=(receiver&& other) noexcept {
        if (this != &other) {
            const receiver old = std::move(*this);  // destroyed last: code that this resumes may use *this
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }
    ~receiver() { drop(); }

    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Waits for the next value. None once no value can ever arrive: every sender is gone, or the channel was closed
    /// and every outstanding permit has been used or returned.
    ///
    /// Cancellation: safe at every point; a cancelled receive has taken nothing. One at a time: a second one throws
    /// std::logic_error. Progress: takes no lock when a value is ready and no send waits.
    [[nodiscard]] recv_operation<T, Platform> recv() { return recv_operation<T, Platform>(core()); }

    /// The same, waiting no longer than `timeout` from the first poll. A value beats the deadline.
    template <class Rep, class Period, class Clock>
    [[nodiscard]] auto recv_timeout(std::chrono::duration<Rep, Period> timeout, Clock& clock) {
        return with_timeout(recv(), timeout, clock);
    }
    template <class Rep, class Period>
    [[nodiscard]] auto recv_timeout(std::chrono::duration<Rep, Period> timeout) {
        return recv_timeout(timeout, detail::default_clock<Platform>::get());
    }

    /// Waits for a value, takes all that are buffered, up to `limit`, and appends them to `into`, a std::vector<T> or a
    /// similar container. Returns the number of values taken: 0 where recv would return none, or if the limit is 0.
    /// Their capacity is returned in one step.
    ///
    /// Cancellation: safe at every point; a cancelled receive has taken nothing. Throws: what `into` throws when it
    /// grows, before anything was taken.
    template <class Buffer>
    [[nodiscard]] recv_many_operation<T, Platform, Buffer> recv_many(Buffer& into, std::size_t limit) {
        return {core(), into, limit};
    }

    /// The next value if there is one; otherwise empty, or disconnected where recv would return none.
    ///
    /// A value whose send happened before is never missed. If an earlier send has claimed its slot and has not written
    /// it yet, this waits for it: spinning, then sleeping. Throws: std::logic_error while another receive is
    /// unfinished.
    [[nodiscard]] std::expected<T, try_recv_error> try_recv() {
        auto& c = core();
        if (c.receiving() == nullptr && c.look_at_front() == core_type::front::value) [[likely]] {
            detail::owed_call last;
            return detail::unpack<T>(c.take(last));
        }
        return try_recv_again();
    }

    /// All values that are buffered, up to `limit`, appended to `into`; otherwise empty, or disconnected, as try_recv.
    /// Returns how many: at least 1, unless the limit is 0. Their capacity is returned in one step.
    ///
    /// Throws: std::logic_error while another receive is unfinished; what `into` throws when it grows, before anything
    /// was taken.
    ///
    ///     std::vector<int> batch;
    ///     while (rx.try_recv_many(batch, 100)) use(std::exchange(batch, {}));
    template <class Buffer>
    [[nodiscard]] std::expected<std::size_t, try_recv_error> try_recv_many(Buffer& into, std::size_t limit) {
        auto op = recv_many(into, limit);
        const auto n = try_now(op);
        if (!n) return std::unexpected(try_recv_error::empty);
        if (*n == 0 && limit != 0) return std::unexpected(try_recv_error::disconnected);
        return *n;
    }

    /// The values that come until the end, as a range for code that blocks. The values before that are gone: it can be
    /// iterated once. Ending the loop early leaves the rest in the channel.
    ///
    ///     for (int v : rx.values()) use(v);
    ///
    /// In a coroutine: `while (auto v = co_await rx.recv()) use(*v);`. Throws: as blocking_recv.
    [[nodiscard]] received_values<T, Platform> values() { return received_values<T, Platform>(*this); }

    [[nodiscard]] std::optional<T> blocking_recv() {
        detail::refuse_in_async_context<Platform>();
        auto op = recv();
        return detail::block_on<Platform>(op);
    }

    template <class Rep, class Period>
    [[nodiscard]] std::expected<T, recv_timeout_error> blocking_recv_timeout(
        std::chrono::duration<Rep, Period> timeout) {
        detail::refuse_in_async_context<Platform>();
        auto op = recv();
        return detail::block_on_for<Platform>(op, timeout);
    }

    template <class Buffer>
    [[nodiscard]] std::size_t blocking_recv_many(Buffer& into, std::size_t limit) {
        detail::refuse_in_async_context<Platform>();
        auto op = recv_many(into, limit);
        return detail::block_on<Platform>(op);
    }

    /// Refuses new values; wakes all waiting senders, and then the listeners. Buffered values, and those that
    /// outstanding permits still send, can be received.
    void close() { core().close(); }

    /// True once closed, or when every sender is gone.
    [[nodiscard]] bool is_closed() const { return core().closed() || !core().has_senders(); }

    // ---- Observing. A number may be stale by the time it is read; len() and is_empty() can only miss values
    // sent since.

    [[nodiscard]] std::uint64_t len() const { return core().buffered_exactly(); }
    [[nodiscard]] bool is_empty() const { return len() == 0; }
    /// Available permits; 0 while a send or reservation waits.
    /// Progress: as sender::capacity.
    [[nodiscard]] std::uint64_t capacity() const { return core().available(); }
    [[nodiscard]] std::uint64_t max_capacity() const { return core().max(); }
    [[nodiscard]] std::uint64_t sender_strong_count() const { return core().strong_count(); }
    [[nodiscard]] std::uint64_t sender_weak_count() const { return core().weak_count(); }

    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const receiver& r) {
        if (!r) return out << "receiver{moved from}";
        return out << "receiver{" << (r.is_closed() ? "closed" : "open") << ", " << r.len() << " buffered}";
    }

  private:
    friend struct detail::inspection;
    template <class U, class P>
    friend auto channel(std::size_t capacity);
    using core_type = detail::core<T, Platform>;
    static constexpr unsigned patience = 64;  // turns of spinning before sleeping

    explicit receiver(core_type* c) noexcept : core_(c) {}

    /// Nothing is there, or not yet.
    [[nodiscard, gnu::noinline]] std::expected<T, try_recv_error> try_recv_again() {
        auto op = recv();  // until it has finished no other receive may begin
        if (auto result = try_now(op)) return taken(std::move(*result));
        return std::unexpected(try_recv_error::empty);
    }
    /// The result of a receive without waiting for a send that begins later; nothing if there is none.
    template <class Operation>
    [[nodiscard]] std::optional<typename Operation::result_type> try_now(Operation& op) {
        auto& c = core();
        for (unsigned turn = 0; turn < patience; ++turn) {
            detail::owed_call last;
            if (auto result = op.attempt(last)) return result;
            if (c.buffered_exactly() == 0) return std::nullopt;
            Platform::pause(turn);
        }
        return detail::block_on<Platform>(op);  // the slot is claimed and its value under way, so this wait ends
    }

    [[nodiscard]] static std::expected<T, try_recv_error> taken(std::optional<T>&& value) {
        if (value) return std::move(*value);
        return std::unexpected(try_recv_error::disconnected);
    }
    [[nodiscard]] core_type& core() const {
        if (core_ == nullptr) detail::misuse("tailrace: a receiver was used after it was moved from");
        return *core_;
    }
    void drop() noexcept {
        if (core_ != nullptr) std::exchange(core_, nullptr)->drop_receiver();
    }

    core_type* core_;
};

/// The range of receiver::values(). It must not outlive the receiver, nor be used when that has been moved.
template <class T, class Platform>
class received_values {
  public:
    /// Each step receives the next value.
    class iterator {
      public:
        using value_type = T;
        using difference_type = std::ptrdiff_t;

        explicit iterator(received_values& of) : of_(&of) { ++*this; }

        [[nodiscard]] T& operator*() const noexcept { return *of_->now_; }
        iterator& operator++() {
            of_->now_.reset();
            if (auto next = of_->from_->blocking_recv()) of_->now_.emplace(std::move(*next));
            return *this;
        }
        void operator++(int) { ++*this; }
        [[nodiscard]] friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
            return i.is_over();
        }

      private:
        [[nodiscard]] bool is_over() const noexcept { return !of_->now_; }

        received_values* of_;
    };

    explicit received_values(receiver<T, Platform>& from) noexcept : from_(&from) {}

    /// Receives the first value.
    [[nodiscard]] iterator begin() { return iterator(*this); }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  private:
    receiver<T, Platform>* from_;
    std::optional<T> now_;
};

}  // namespace tailrace
