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
///
/// Throws: a moved-from receiver can be destroyed, assigned to and tested as bool. Anything else throws
/// std::logic_error.
/// Clauses: recv.exclusive, recv.second-throws, borrow.receiver, handle.moved-from, handle.self-move, handle.assign,
/// order.permit.
template <class T, class Platform>
class receiver {
  public:
    /// The type of the values.
    using value_type = T;

    /// Moves. The other receiver is moved-from afterwards. An unfinished receive moves along.
    receiver(receiver&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    /// Drops what this receiver was, as the destructor does, and moves the other here.
    receiver& operator=(receiver&& other) noexcept {
        if (this != &other) {
            const receiver old = std::move(*this);  // destroyed last: code that this resumes may use *this
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }
    /// Closes the channel, wakes all that wait in it, and destroys the buffered values, oldest first.
    ///
    /// Clauses: receiver-drop.destroys, receiver-drop.fifo, receiver-drop.permit-first, send.err-after-drop.
    ~receiver() { drop(); }

    /// False: moved-from.
    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Waits for the next value. None once no value can ever arrive: every sender is gone, or the channel was closed
    /// and every outstanding permit has been used or returned.
    ///
    /// Waits: until there is a value, or the end.
    /// On close: goes on with the buffered values, and with those that outstanding permits still send.
    /// Cancel safety: complete. A cancelled receive has taken nothing, and the value stays first.
    /// Throws: std::logic_error while another receive is unfinished; what the move of T throws, and then that value is
    /// destroyed and its capacity is back.
    /// Progress: takes no lock when a value is ready and no send waits.
    /// Clauses: recv.order, recv.none, recv.none-for-ever, recv.waits-for-permits, recv.waits-for-holds, recv.woken,
    /// recv.woken-once, recv.cancel, recv.second-throws, order.none.
    ///
    ///     while (auto v = co_await rx.recv()) use(*v);
    [[nodiscard]] recv_operation<T, Platform> recv() { return recv_operation<T, Platform>(core()); }

    /// The same, waiting no longer than `timeout` from the first poll, on a clock of your own (deadline.hpp).
    ///
    /// Waits: until there is a value, the end, or the deadline.
    /// Cancel safety: as recv().
    /// Errors: timeout; or closed, where recv() would return none. A value and the end beat the deadline.
    /// Throws: as recv().
    /// Clauses: recv.timeout, recv.value-beats-deadline.
    ///
    ///     auto v = co_await rx.recv_timeout(5ms, clock);
    template <class Rep, class Period, class Clock>
    [[nodiscard]] auto recv_timeout(std::chrono::duration<Rep, Period> timeout, Clock& clock) {
        return with_timeout(recv(), timeout, clock);
    }
    /// The same on the default timer: include tailrace/timer.hpp.
    ///
    ///     auto v = co_await rx.recv_timeout(5ms);
    ///     if (!v && v.error() == tailrace::timeout_error::timeout) idle();
    template <class Rep, class Period>
    [[nodiscard]] auto recv_timeout(std::chrono::duration<Rep, Period> timeout) {
        return recv_timeout(timeout, detail::default_clock<Platform>::get());
    }

    /// Waits for a value, takes all that are buffered, up to `limit`, and appends them to `into`, a std::vector<T> or a
    /// similar container. Returns how many: 0 where recv() would return none, or if the limit is 0. Their capacity is
    /// returned in one step.
    ///
    /// Waits: until there is one value, or the end; not at all if the limit is 0.
    /// Cancel safety: complete. A cancelled receive has taken nothing.
    /// Throws: as recv(); what `into` throws when it grows, and then nothing was taken.
    /// Clauses: recv_many.limit, recv_many.takes-what-is-there, recv_many.zero, recv_many.end,
    /// recv_many.returns-permits, recv_many.batch-returns-together.
    ///
    ///     std::vector<int> batch;
    ///     while (co_await rx.recv_many(batch, 100) != 0) use(std::exchange(batch, {}));
    template <class Buffer>
    [[nodiscard]] recv_many_operation<T, Platform, Buffer> recv_many(Buffer& into, std::size_t limit) {
        return {core(), into, limit};
    }

    /// Waits for the next value and leaves it in the channel. Null where recv() would return none.
    ///
    /// The pointer is to the value that the next receive takes, and is valid until then, or until the receiver is
    /// destroyed: senders, a close, a move of the receiver, and a receive that is cancelled change nothing. The value
    /// may be changed in its place. It counts as buffered, and its capacity is not free.
    ///
    /// Waits: as recv().
    /// On close: as recv().
    /// Cancel safety: complete.
    /// Throws: std::logic_error while another receive is unfinished.
    /// Clauses: recv.order, recv.none, recv.woken, recv.cancel, recv.second-throws.
    ///
    ///     const int* next = co_await rx.peek();
    ///     if (next != nullptr && *next > 5) use(*rx.try_recv());
    [[nodiscard]] peek_operation<T, Platform> peek() { return peek_operation<T, Platform>(core()); }

    /// The next value if there is one, left in the channel: that which try_recv() returns now. Null where that would
    /// fail: nothing is there now, or nothing can come any more. The pointer is as that of peek().
    ///
    /// Waits: as try_recv().
    /// Throws: std::logic_error while another receive is unfinished.
    /// Clauses: try_recv.empty, try_recv.disconnected, try_recv.never-misses.
    ///
    ///     while (const int* next = rx.try_peek()) {
    ///         if (*next > 5) break;
    ///         use(*rx.try_recv());
    ///     }
    [[nodiscard]] T* try_peek() {
        auto op = peek();
        return try_now(op).value_or(nullptr);
    }

    /// The next value if there is one. A value whose send happened before is never missed.
    ///
    /// Waits: only if an earlier send has claimed its slot and has not written it yet. Then this waits for that:
    /// spinning, then sleeping.
    /// Errors: empty; or disconnected, where recv() would return none.
    /// Throws: as recv().
    /// Progress: takes no lock when a value is ready and no send waits.
    /// Clauses: try_recv.empty, try_recv.disconnected, try_recv.never-misses, capacity.receive, capacity.hand-over.
    ///
    ///     if (auto v = rx.try_recv()) use(*v);
    [[nodiscard]] std::expected<T, try_recv_error> try_recv() {
        auto& c = core();
        if (c.receiving() == nullptr && c.look_at_front() == core_type::front::value) [[likely]] {
            auto value = c.take_uncounted();
            const detail::owed_call last(c.return_taken(), {});
            return detail::unpack<T>(std::move(value));
        }
        return try_recv_again();
    }

    /// All values that are buffered, up to `limit`, appended to `into`. Returns how many: at least 1, unless the limit
    /// is 0. Their capacity is returned in one step.
    ///
    /// Waits: as try_recv().
    /// Errors: empty; or disconnected, where recv() would return none.
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

    /// The values that come until the end, as a range for code that blocks. It can be iterated once. Ending the loop
    /// early leaves the rest in the channel.
    ///
    /// In a coroutine: `while (auto v = co_await rx.recv()) use(*v);`.
    ///
    /// Waits: as blocking_recv(), in each step.
    /// Throws: as blocking_recv().
    ///
    ///     for (int v : rx.values()) use(v);
    [[nodiscard]] received_values<T, Platform> values() { return received_values<T, Platform>(*this); }

    /// Waits for the next value, blocking the thread. None where recv() would return none.
    ///
    /// Waits: as recv(). It first tries for a moment, and then sleeps.
    /// Throws: std::logic_error in an asynchronous context (async_context.hpp), even if it would not have to wait; as
    /// recv().
    /// Clauses: blocking_recv.
    ///
    ///     while (auto v = rx.blocking_recv()) use(*v);
    [[nodiscard]] std::optional<T> blocking_recv() {
        detail::refuse_in_async_context<Platform>();
        auto op = recv();
        return detail::block_on<Platform>(op);
    }

    /// The same, blocking the thread no longer than `timeout`.
    ///
    /// Errors: timeout; or closed, where recv() would return none. A value and the end beat the deadline.
    /// Throws: as blocking_recv().
    /// Clauses: blocking.deadlines, recv.timeout.
    ///
    ///     auto v = rx.blocking_recv_timeout(5ms);
    template <class Rep, class Period>
    [[nodiscard]] std::expected<T, recv_timeout_error> blocking_recv_timeout(
        std::chrono::duration<Rep, Period> timeout) {
        detail::refuse_in_async_context<Platform>();
        auto op = recv();
        return detail::block_on_for<Platform>(op, timeout);
    }

    /// Waits for a value, takes all that are buffered, up to `limit`, as recv_many() does, blocking the thread.
    ///
    /// Waits: as recv_many().
    /// Throws: std::logic_error in an asynchronous context (async_context.hpp), even if it would not have to wait; as
    /// recv_many().
    /// Clauses: blocking_recv_many.
    ///
    ///     std::vector<int> batch;
    ///     while (rx.blocking_recv_many(batch, 100) != 0) use(std::exchange(batch, {}));
    template <class Buffer>
    [[nodiscard]] std::size_t blocking_recv_many(Buffer& into, std::size_t limit) {
        detail::refuse_in_async_context<Platform>();
        auto op = recv_many(into, limit);
        return detail::block_on<Platform>(op);
    }

    /// Refuses new values; wakes all waiting senders, and then the listeners. Buffered values, and those that
    /// outstanding permits still send, can be received.
    ///
    /// Waits: never.
    /// Clauses: close.drains, close.permits-survive, close.wake-order, close.keeps-holds, send.err-after-close,
    /// recv.woken-by-close, order.closed.
    ///
    ///     rx.close();
    ///     while (auto v = rx.blocking_recv()) use(*v);  // what is left
    void close() { core().close(); }

    /// True once closed, or when every sender is gone.
    ///
    /// Clauses: receiver.is_closed.
    [[nodiscard]] bool is_closed() const { return core().closed() || !core().has_senders(); }

    // ---- Observing. A number may be stale by the time it is read; len() and is_empty() can only miss values
    // sent since.

    /// The number of values in the buffer.
    ///
    /// Clauses: receiver.len.
    [[nodiscard]] std::uint64_t len() const { return core().buffered_exactly(); }
    /// True if there is no value in the buffer.
    ///
    /// Clauses: receiver.is_empty.
    [[nodiscard]] bool is_empty() const { return len() == 0; }
    /// Available permits; 0 while a send or reservation waits.
    ///
    /// Progress: waits for a lock while a task is beginning to wait.
    /// Clauses: receiver.capacity.
    [[nodiscard]] std::uint64_t capacity() const { return core().available(); }
    /// The capacity that the channel was made with.
    ///
    /// Clauses: max_capacity.
    [[nodiscard]] std::uint64_t max_capacity() const { return core().max(); }
    /// The number of senders, including owned permits and unfinished waits for them.
    ///
    /// Clauses: receiver.counts.
    [[nodiscard]] std::uint64_t sender_strong_count() const { return core().strong_count(); }
    /// The number of weak senders.
    ///
    /// Clauses: receiver.counts.
    [[nodiscard]] std::uint64_t sender_weak_count() const { return core().weak_count(); }

    /// Prints the state, as in `receiver{open, 3 buffered}`; nothing is required of T.
    ///
    /// Clauses: debug.
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
        /// The type of the values.
        using value_type = T;
        /// For the concepts of the standard library.
        using difference_type = std::ptrdiff_t;

        /// Receives the first value.
        explicit iterator(received_values& of) : of_(&of) { ++*this; }

        /// The value. It may be moved from.
        [[nodiscard]] T& operator*() const noexcept { return *of_->now_; }
        /// Receives the next value.
        iterator& operator++() {
            of_->now_.reset();
            if (auto next = of_->from_->blocking_recv()) of_->now_.emplace(std::move(*next));
            return *this;
        }
        /// The same.
        void operator++(int) { ++*this; }
        /// True: no value can come any more.
        [[nodiscard]] friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
            return i.is_over();
        }

      private:
        [[nodiscard]] bool is_over() const noexcept { return !of_->now_; }

        received_values* of_;
    };

    /// Made by receiver::values().
    explicit received_values(receiver<T, Platform>& from) noexcept : from_(&from) {}

    /// Receives the first value.
    [[nodiscard]] iterator begin() { return iterator(*this); }
    /// The end.
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

  private:
    receiver<T, Platform>* from_;
    std::optional<T> now_;
};

}  // namespace tailrace
