// The waiting operations of the receiver, in the same driven form as those of a sender (operations.hpp).
// After a change here run: ctest -L impl && ctest -L conformance
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <utility>

#include "tailrace/detail/carried.hpp"
#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/detail/permit_wait.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace {

template <class T, class Platform>
class receiver;

namespace detail {

/// The wait for something to receive. One at a time exists for a receiver.
template <class T, class Platform>
class receive_wait {
  public:
    using core_type = core<carried<T>, Platform>;
    using front = typename core_type::front;

    explicit receive_wait(core_type& c) : core_(&c) {
        if (c.receiving.load()) misuse("tailrace: a receive while another receive is unfinished");
        c.receiving.store(true);
    }
    receive_wait(receive_wait&& other) noexcept : core_(other.core_), phase_(move_phase(other.phase_)) {}
    receive_wait& operator=(receive_wait&&) = delete;
    ~receive_wait() {
        if (phase_ == phase::waiting) (void)core_->unpark(node_);
        if (phase_ != phase::finished) core_->receiving.store(false);
    }

    [[nodiscard]] core_type& channel() const noexcept { return *core_; }
    void finish() noexcept {
        phase_ = phase::finished;
        core_->receiving.store(false);
    }

    /// nothing: pending, and `w` will be called once.
    [[nodiscard]] front poll(const waker& w) {
        require_unfinished(phase_);
        if (phase_ == phase::waiting) {
            if (core_->still_parked(node_) && node_.waker.load() == w) return front::nothing;
            (void)core_->unpark(node_);
            phase_ = phase::created;
        }
        for (;;) {
            const front f = core_->look_at_front();
            if (f != front::nothing) return f;
            phase_ = phase::waiting;  // before: once it is parked, its owner may be running elsewhere
            if (core_->park(node_, w)) return front::nothing;
            phase_ = phase::created;
        }
    }

    [[nodiscard]] stopped stop_waiting() noexcept {
        const bool undecided = core_->unpark(node_);
        phase_ = phase::created;
        if (!undecided) return stopped::woken;
        finish();
        return stopped::undecided;
    }

  private:
    core_type* core_;
    receive_node<Platform> node_;
    phase phase_ = phase::created;
};

}  // namespace detail

/// The wait for the next value. Destroying it unfinished has taken nothing: the value stays first in line.
template <class T, class Platform>
class [[nodiscard]] recv_operation {
  public:
    using platform_type = Platform;
    using result_type = std::optional<T>;
    template <class E>
    using interruptible = std::expected<T, E>;

    /// Nothing: pending, and `w` will be called once.
    ///
    /// Throws: std::logic_error once it has finished; what the move of T throws, and then that value is destroyed and its capacity is
    /// back.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        using front = typename detail::receive_wait<T, Platform>::front;
        const front f = wait_.poll(w);
        if (f == front::nothing) return std::nullopt;
        wait_.finish();
        if (f == front::end) return std::optional<result_type>(std::in_place);  // none
        return std::optional<result_type>(std::in_place, detail::unpack<T>(wait_.channel().take()));
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
    friend class receiver<T, Platform>;

    explicit recv_operation(detail::core<detail::carried<T>, Platform>& c) : wait_(c) {}

    detail::receive_wait<T, Platform> wait_;
};

/// The wait for the next values, up to a limit: it waits for one and takes what is there, at the end of the caller's buffer.
///
/// Destroying it unfinished has taken nothing.
template <class T, class Platform, class Buffer>
class [[nodiscard]] recv_many_operation {
  public:
    using platform_type = Platform;
    using result_type = std::size_t;
    template <class E>
    using interruptible = std::expected<std::size_t, E>;

    /// How many were taken: 0 where recv would say none, or if the limit is 0. Nothing: pending, and `w` will be called once.
    ///
    /// Throws as recv_operation::poll, and what the buffer throws when it grows: then nothing was taken, and this may be polled again.
    [[nodiscard]] std::optional<result_type> poll(const waker& w) {
        using front = typename detail::receive_wait<T, Platform>::front;
        if (limit_ != 0) {
            const front f = wait_.poll(w);
            if (f == front::nothing) return std::nullopt;
            if (f == front::value) return take();
        }
        wait_.finish();
        return result_type{0};
    }

    [[nodiscard]] detail::stopped stop_waiting() noexcept { return wait_.stop_waiting(); }
    template <class E>
    [[nodiscard]] static interruptible<E> completed(result_type&& n) {
        return n;
    }
    template <class E>
    [[nodiscard]] interruptible<E> interrupted(E why) {
        return std::unexpected(why);
    }

  private:
    friend class receiver<T, Platform>;
    using core_type = detail::core<detail::carried<T>, Platform>;

    recv_many_operation(core_type& c, Buffer& into, std::size_t limit) : wait_(c), into_(&into), limit_(limit) {}

    /// Gives the permits of a batch back in one step, however the batch ends.
    struct batch {
        core_type& channel;
        std::size_t size = 0;
        ~batch() { channel.return_taken(size); }
    };

    std::size_t take() {
        core_type& channel = wait_.channel();
        const auto most = static_cast<std::size_t>(detail::smaller(limit_, channel.buffered_exactly()));
        if (const std::size_t wanted = into_->size() + most; into_->capacity() < wanted) {
            const std::size_t twice = 2 * into_->capacity();
            into_->reserve(twice < wanted ? wanted : twice);
        }
        wait_.finish();
        batch taken{channel};
        do {
            auto carried = channel.take_uncounted();
            ++taken.size;
            into_->push_back(detail::unpack<T>(std::move(carried)));
        } while (taken.size < most && channel.look_at_front() == core_type::front::value);
        return taken.size;
    }

    detail::receive_wait<T, Platform> wait_;
    Buffer* into_;
    std::size_t limit_;
};

}  // namespace tailrace
