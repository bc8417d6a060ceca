// Permits: the right to send a value, later, without waiting and without failing.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "tailrace/detail/borrows.hpp"
#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/fwd.hpp"

namespace tailrace {

/// The right to send one value: without waiting, and without failing.
///
/// It borrows the senders' share in the channel: the last sender must outlive it. Used by one thread at a time.
///
/// Throws: a permit that was used or moved from can be destroyed, assigned to and tested as bool. Anything else throws
/// std::logic_error.
/// Clauses: permit.send, permit.never-fails, permit.release, close.permits-survive, handle.moved-from, borrow.
///
///     if (auto permit = tx.try_reserve()) permit->send(1);
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER permit {
  public:
    permit(permit&&) noexcept = default;
    /// Returns what this permit was, unless it was used, and moves the other here.
    permit& operator=(permit&& other) noexcept {
        if (this != &other) {
            permit old = std::move(*this);
            core_.swap(other.core_);
            storage_ = std::move(other.storage_);
        }
        return *this;
    }
    /// Returns the capacity if the permit is unused, to the oldest waiter first. On a closed channel the last permit to
    /// go wakes the receive.
    ///
    /// Clauses: permit.release, release.oldest-first, release.wakes-when-served, recv.woken-by-permit-drop.
    ~permit() {
        if (core_) core_.release().return_permits(1)();
    }

    /// False: used, or moved-from.
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(core_); }

    /// Queues the value. It is received unless the receive half is dropped first; then it is destroyed at once.
    /// Afterwards the permit is used up.
    ///
    /// Waits: never.
    /// On close: still sends, and the value can be received.
    /// Throws: std::logic_error if it was used before; what the move of T throws, and then the permit is unchanged.
    /// Progress: two atomic operations, and the wake-up of a receive that waits. It allocates nothing.
    /// Clauses: permit.send, permit.never-fails, capacity.permit-send, recv.woken, late-send.destroyed,
    /// late-send.capacity.
    ///
    ///     permit.send(1);
    void send(T value) {
        if (!core_) detail::misuse("tailrace: a permit was used twice, or after it was moved from");
        auto carried = storage_.fill(std::move(value));
        core_.release().send_permit(std::move(carried))();
    }

  private:
    friend class sender<T, Platform>;
    template <class U, class P>
    friend class reserve_operation;
    template <class U, class P>
    friend class permit_iterator;
    using core_type = detail::core<T, Platform>;

    permit(core_type& c, detail::reserved_storage<T>&& r) noexcept : core_(c), storage_(std::move(r)) {}

    detail::borrowed<core_type> core_;
    [[no_unique_address]] detail::reserved_storage<T> storage_;
};

/// Several permits, handed out one by one. Borrows as a permit does. Used by one thread at a time.
///
/// Throws: a moved-from one can be destroyed, assigned to and tested as bool. Anything else throws std::logic_error.
/// Clauses: iterator.next, iterator.remainder, iterator.remainder-at-once, borrow.
///
///     if (auto permits = co_await tx.reserve_many(3)) {
///         for (auto& p : *permits) p.send(make());
///     }
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER permit_iterator {
  public:
    /// Moves. The other one is moved-from afterwards.
    permit_iterator(permit_iterator&& other) noexcept
        : core_(std::move(other.core_)), storages_(std::move(other.storages_)), size_(std::exchange(other.size_, 0)) {}
    /// Returns the remaining permits of this one, and moves the other here.
    permit_iterator& operator=(permit_iterator&& other) noexcept {
        if (this != &other) {
            permit_iterator old = std::move(*this);
            core_.swap(other.core_);
            storages_ = std::move(other.storages_);
            size_ = std::exchange(other.size_, 0);
        }
        return *this;
    }
    /// Returns the remaining permits in one step.
    ///
    /// Clauses: iterator.remainder, iterator.remainder-at-once, recv.woken-by-iterator-drop.
    ~permit_iterator() {
        if (core_) core_.release().return_permits(size_)();
    }

    /// False: moved-from.
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(core_); }

    /// The next permit, or nothing when all have been handed out.
    ///
    /// Waits: never.
    /// Clauses: iterator.next.
    ///
    ///     if (auto permit = permits.next()) permit->send(1);
    [[nodiscard]] std::optional<permit<T, Platform>> next() {
        require();
        if (size_ == 0) return std::nullopt;
        --size_;
        return permit<T, Platform>(*core_, storages_.next());
    }

    /// The number of remaining permits.
    [[nodiscard]] std::uint64_t size() const {
        require();
        return size_;
    }

    /// The end of the range.
    struct sentinel {};
    /// Input iterator over the remaining permits. One at a time is handed out; it is returned if it was not used.
    class iterator {
      public:
        /// What it hands out.
        using value_type = permit<T, Platform>;
        /// For the concepts of the standard library.
        using difference_type = std::ptrdiff_t;

        /// Takes the first permit.
        explicit iterator(permit_iterator& from) : from_(&from), current_(from.next()) {}
        /// The permit that is handed out. It may be used or moved from.
        [[nodiscard]] value_type& operator*() { return *current_; }
        /// Returns the permit if it was not used, and takes the next.
        iterator& operator++() {
            auto old = std::move(current_);  // returned last
            current_ = from_->next();
            return *this;
        }
        /// The same.
        void operator++(int) { ++*this; }
        /// True: no permit is left.
        friend bool operator==(const iterator& i, sentinel) { return !i.current_; }

      private:
        permit_iterator* from_;
        std::optional<value_type> current_;
    };
    /// Takes the first permit.
    [[nodiscard]] iterator begin() { return iterator(*this); }
    /// The end.
    [[nodiscard]] sentinel end() const noexcept { return {}; }

  private:
    friend class sender<T, Platform>;
    template <class U, class P>
    friend class reserve_many_operation;
    using core_type = detail::core<T, Platform>;

    permit_iterator(core_type& c, detail::reserved_storages<T>&& r, std::uint64_t n) noexcept
        : core_(c), storages_(std::move(r)), size_(n) {}
    void require() const {
        if (!core_) detail::misuse("tailrace: a permit iterator was used after it was moved from");
    }

    detail::borrowed<core_type> core_;
    [[no_unique_address]] detail::reserved_storages<T> storages_;
    std::uint64_t size_;
};

/// A permit that owns its sender, so it borrows nothing. It counts as a sender. Used by one thread at a time.
///
/// Throws: an owned permit that was used or moved from can be destroyed, assigned to and tested as bool. Anything else
/// throws std::logic_error.
/// Clauses: owned_permit.keeps-open, handle.moved-from, weak.owned-counts, counts.owned.
///
///     if (auto permit = tx.clone().try_reserve_owned()) {
///         tailrace::sender<int> back = std::move(*permit).send(1);
///     }
template <class T, class Platform>
class [[nodiscard]] owned_permit {
  public:
    owned_permit(owned_permit&&) noexcept = default;
    /// Returns what this permit was, unless it was used, drops its sender, and moves the other here.
    owned_permit& operator=(owned_permit&& other) noexcept {
        if (this != &other) {
            owned_permit old = std::move(*this);
            sender_ = std::move(other.sender_);
            storage_ = std::move(other.storage_);
        }
        return *this;
    }
    /// Returns the capacity if the permit is unused, to the oldest waiter first, and then drops the sender, which may
    /// be the last.
    ///
    /// Clauses: owned_permit.release-on-drop, owned_permit.drops-sender, recv.woken-by-owned-drop.
    ~owned_permit() {
        if (!sender_) return;
        const sender<T, Platform> last = std::move(sender_);
        last.core_->return_permits(1)();
    }

    /// False: used, or moved-from.
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(sender_); }

    /// Queues the value, as permit::send() does, and gives the sender back.
    ///
    /// Waits: never.
    /// On close: still sends, and the value can be received.
    /// Throws: std::logic_error if it was used before; what the move of T throws, and then the owned permit is
    /// unchanged.
    /// Clauses: permit.send, permit.never-fails, reserve_owned.returns-sender, late-send.destroyed, late-send.capacity.
    ///
    ///     tailrace::sender<int> back = std::move(owned).send(1);
    sender<T, Platform> send(T value) && {
        require();
        auto carried = storage_.fill(std::move(value));
        sender<T, Platform> back = std::move(sender_);
        back.core_->send_permit(std::move(carried))();
        return back;
    }

    /// Returns the capacity, to the oldest waiter first, and gives the sender back.
    ///
    /// Waits: never.
    /// Throws: std::logic_error if it was used before.
    /// Clauses: reserve_owned.returns-sender, recv.woken-by-owned-release.
    ///
    ///     tailrace::sender<int> back = std::move(owned).release();
    sender<T, Platform> release() && {
        require();
        sender<T, Platform> back = std::move(sender_);
        back.core_->return_permits(1)();
        return back;
    }

  private:
    friend class sender<T, Platform>;
    template <class U, class P>
    friend class reserve_owned_operation;

    owned_permit(sender<T, Platform>&& s, detail::reserved_storage<T>&& r) noexcept
        : sender_(std::move(s)), storage_(std::move(r)) {}
    void require() const {
        if (!sender_) detail::misuse("tailrace: an owned permit was used twice, or after it was moved from");
    }

    sender<T, Platform> sender_;
    [[no_unique_address]] detail::reserved_storage<T> storage_;
};

}  // namespace tailrace
