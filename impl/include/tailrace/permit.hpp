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

/// One permit. It borrows the senders' share in the channel: the last sender must outlive it.
///
/// Destroying an unused permit returns its capacity, to the oldest waiter first.
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER permit {
  public:
    permit(permit&&) noexcept = default;
    permit& operator=(permit&& other) noexcept {
        if (this != &other) {
            permit old = std::move(*this);
            core_.swap(other.core_);
            storage_ = std::move(other.storage_);
        }
        return *this;
    }
    ~permit() {
        if (core_) core_.release().return_permits(1)();
    }

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(core_); }

    /// Queues the value. It is received unless the receive half is dropped first; then it is destroyed at once.
    ///
    /// Never waits, never fails, allocates nothing. Afterwards the permit is used up. Throws: std::logic_error if it
    /// was used before; what the move of T throws, and then the permit is unchanged.
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

/// Several permits, handed out one by one. Borrows as a permit does.
///
/// Destroying it returns the remaining permits in one step.
///
///     if (auto permits = co_await tx.reserve_many(3)) {
///         for (auto& p : *permits) p.send(make());
///     }
template <class T, class Platform>
class [[nodiscard]] TAILRACE_BORROWER permit_iterator {
  public:
    permit_iterator(permit_iterator&& other) noexcept
        : core_(std::move(other.core_)), storages_(std::move(other.storages_)), size_(std::exchange(other.size_, 0)) {}
    permit_iterator& operator=(permit_iterator&& other) noexcept {
        if (this != &other) {
            permit_iterator old = std::move(*this);
            core_.swap(other.core_);
            storages_ = std::move(other.storages_);
            size_ = std::exchange(other.size_, 0);
        }
        return *this;
    }
    ~permit_iterator() {
        if (core_) core_.release().return_permits(size_)();
    }

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(core_); }

    /// The next permit, or nothing when all have been handed out. Throws: std::logic_error if moved from.
    [[nodiscard]] std::optional<permit<T, Platform>> next() {
        require();
        if (size_ == 0) return std::nullopt;
        --size_;
        return permit<T, Platform>(*core_, storages_.next());
    }

    /// The number of remaining permits. Throws: std::logic_error if moved from.
    [[nodiscard]] std::uint64_t size() const {
        require();
        return size_;
    }

    struct sentinel {};
    /// Input iterator over the remaining permits. One at a time is handed out; it is returned if it was not used.
    class iterator {
      public:
        using value_type = permit<T, Platform>;
        using difference_type = std::ptrdiff_t;

        explicit iterator(permit_iterator& from) : from_(&from), current_(from.next()) {}
        [[nodiscard]] value_type& operator*() { return *current_; }
        iterator& operator++() {
            auto old = std::move(current_);  // returned last
            current_ = from_->next();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator& i, sentinel) { return !i.current_; }

      private:
        permit_iterator* from_;
        std::optional<value_type> current_;
    };
    [[nodiscard]] iterator begin() { return iterator(*this); }
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

/// A permit that owns its sender, so it borrows nothing. It counts as a sender.
///
/// Destroying it unused returns the capacity, then drops the sender.
template <class T, class Platform>
class [[nodiscard]] owned_permit {
  public:
    owned_permit(owned_permit&&) noexcept = default;
    owned_permit& operator=(owned_permit&& other) noexcept {
        if (this != &other) {
            owned_permit old = std::move(*this);
            sender_ = std::move(other.sender_);
            storage_ = std::move(other.storage_);
        }
        return *this;
    }
    ~owned_permit() {
        if (!sender_) return;
        const sender<T, Platform> last = std::move(sender_);
        last.core_->return_permits(1)();
    }

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(sender_); }

    /// Queues the value, as permit::send does, and gives the sender back.
    sender<T, Platform> send(T value) && {
        require();
        auto carried = storage_.fill(std::move(value));
        sender<T, Platform> back = std::move(sender_);
        back.core_->send_permit(std::move(carried))();
        return back;
    }

    /// Returns the capacity and gives the sender back.
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
