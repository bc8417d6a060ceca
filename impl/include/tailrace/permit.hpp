// Permits: the right to send one value, later, without waiting and without failing.
// After a change here run: ctest -L impl && ctest -L conformance
#pragma once

#include <utility>

#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"

namespace tailrace {

template <class T, class Platform>
class sender;
template <class T, class Platform>
class reserve_operation;
template <class T, class Platform>
class reserve_owned_operation;

/// One permit, borrowed from a sender's share in the channel: that share must outlive it.
///
/// Destroying an unused permit gives the capacity back, to the oldest waiter first.
template <class T, class Platform>
class [[nodiscard]] permit {
  public:
    permit(permit&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    permit& operator=(permit&& other) noexcept {
        if (this != &other) {
            release();
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }
    ~permit() { release(); }

    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

    /// Queues the value. It is received unless the receive half goes first; then it is destroyed at once.
    ///
    /// Never waits, never fails. Afterwards the permit is used up. Throws: std::logic_error if it was used before.
    void send(T value) {
        if (core_ == nullptr) detail::misuse("tailrace: a permit was used twice, or after it was moved from");
        auto carried = detail::pack<T>(std::move(value));
        std::exchange(core_, nullptr)->send_permit(std::move(carried));
    }

  private:
    friend class sender<T, Platform>;
    friend class reserve_operation<T, Platform>;
    using core_type = detail::core<detail::carried<T>, Platform>;

    explicit permit(core_type& c) noexcept : core_(&c) {}
    void release() noexcept {
        if (core_ != nullptr) std::exchange(core_, nullptr)->return_permit();
    }

    core_type* core_;
};

/// A permit that has its sender with it, and so outlives any borrow. It counts as a sender.
///
/// Destroying it unused returns the capacity, then drops the sender.
template <class T, class Platform>
class [[nodiscard]] owned_permit {
  public:
    owned_permit(owned_permit&&) noexcept = default;
    owned_permit& operator=(owned_permit&& other) noexcept {
        if (this != &other) {
            give_back();
            sender_ = std::move(other.sender_);
        }
        return *this;
    }
    ~owned_permit() { give_back(); }

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(sender_); }

    /// Queues the value, as permit::send does, and gives the sender back.
    sender<T, Platform> send(T value) && {
        require();
        auto carried = detail::pack<T>(std::move(value));
        sender<T, Platform> back = std::move(sender_);
        back.core_->send_permit(std::move(carried));
        return back;
    }

    /// Returns the capacity and gives the sender back.
    sender<T, Platform> release() && {
        require();
        sender<T, Platform> back = std::move(sender_);
        back.core_->return_permit();
        return back;
    }

  private:
    friend class sender<T, Platform>;
    friend class reserve_owned_operation<T, Platform>;

    explicit owned_permit(sender<T, Platform>&& s) noexcept : sender_(std::move(s)) {}
    void require() const {
        if (!sender_) detail::misuse("tailrace: an owned permit was used twice, or after it was moved from");
    }
    void give_back() noexcept {
        if (!sender_) return;
        sender_.core_->return_permit();
        sender_.drop();
    }

    sender<T, Platform> sender_;
};

}  // namespace tailrace
