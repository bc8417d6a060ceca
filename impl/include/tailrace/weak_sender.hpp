// A weak sender: refers to a channel without keeping it open.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <utility>

#include "tailrace/detail/core.hpp"
#include "tailrace/detail/misuse.hpp"
#include "tailrace/sender.hpp"

namespace tailrace {

/// Refers to a channel without keeping it open. It does not count as a sender, and never revives a channel whose last
/// sender has gone. Copied freely.
///
/// Thread safety: const members may run concurrently on one object, and distinct weak senders are independent.
/// Throws: a moved-from one can be destroyed, assigned to and tested as bool. Anything else throws std::logic_error.
/// Clauses: thread-safe, handle.moved-from, weak.does-not-keep-open, weak.clone, debug.
///
///     const tailrace::weak_sender<int> weak = tx.downgrade();
///     if (auto strong = weak.upgrade()) (void)strong->try_send(1);
template <class T, class Platform>
class weak_sender {
  public:
    /// The type of the values.
    using value_type = T;

    /// Another weak sender of the same channel. The copy of a moved-from one is moved-from.
    weak_sender(const weak_sender& other) noexcept : core_(other.core_) {
        if (core_ != nullptr) core_->add_weak();
    }
    /// Moves. The other weak sender is moved-from afterwards.
    weak_sender(weak_sender&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    /// Drops what this weak sender was, and copies the other.
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): it compares the channels, and its own is the same
    weak_sender& operator=(const weak_sender& other) noexcept {
        if (core_ != other.core_) *this = weak_sender(other);
        return *this;
    }
    /// Drops what this weak sender was, and moves the other here.
    weak_sender& operator=(weak_sender&& other) noexcept {
        if (this != &other) {
            const weak_sender old = std::move(*this);
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }
    /// Drops it.
    ~weak_sender() { drop(); }

    /// False: moved-from.
    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

    /// A sender, while another sender lives; afterwards nothing, for ever.
    ///
    /// Waits: never.
    /// Progress: lock-free.
    /// Clauses: weak.upgrade, weak.upgrade-never-revives, weak.owned-counts.
    ///
    ///     if (auto strong = weak.upgrade()) (void)strong->try_send(1);
    [[nodiscard]] std::optional<sender<T, Platform>> upgrade() const {
        if (!core().revive_sender()) return std::nullopt;
        return sender<T, Platform>(core_);
    }

    /// The number of senders. It may be stale by the time it is read, as all numbers here.
    ///
    /// Clauses: counts.strong, counts.owned.
    [[nodiscard]] std::uint64_t strong_count() const { return core().strong_count(); }
    /// The number of weak senders.
    ///
    /// Clauses: counts.weak.
    [[nodiscard]] std::uint64_t weak_count() const { return core().weak_count(); }

    /// Prints the state, as in `weak_sender{strong 1, weak 1}`; nothing is required of T.
    template <class Traits>
    friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const weak_sender& w) {
        if (!w) return out << "weak_sender{moved from}";
        return out << "weak_sender{strong " << w.strong_count() << ", weak " << w.weak_count() << '}';
    }

  private:
    friend class sender<T, Platform>;
    friend struct detail::inspection;
    using core_type = detail::core<T, Platform>;

    explicit weak_sender(core_type& c) noexcept : core_(&c) { core_->add_weak(); }

    [[nodiscard]] core_type& core() const {
        if (core_ == nullptr) detail::misuse("tailrace: a weak sender was used after it was moved from");
        return *core_;
    }
    void drop() noexcept {
        if (core_ != nullptr) std::exchange(core_, nullptr)->drop_weak();
    }

    core_type* core_;
};

}  // namespace tailrace
