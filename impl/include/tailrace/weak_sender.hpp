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

/// Does not count as a sender, and never revives a channel whose last sender has gone. Copied freely.
///
/// Const members may run concurrently on one object. A moved-from one can be destroyed, assigned and tested; anything
/// else throws std::logic_error.
template <class T, class Platform>
class weak_sender {
  public:
    using value_type = T;

    weak_sender(const weak_sender& other) noexcept : core_(other.core_) {
        if (core_ != nullptr) core_->add_weak();
    }
    weak_sender(weak_sender&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): it compares the channels, and its own is the same
    weak_sender& operator=(const weak_sender& other) noexcept {
        if (core_ != other.core_) *this = weak_sender(other);
        return *this;
    }
    weak_sender& operator=(weak_sender&& other) noexcept {
        if (this != &other) {
            const weak_sender old = std::move(*this);
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }
    ~weak_sender() { drop(); }

    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

    /// A sender, while another sender lives; afterwards nothing, for ever. Progress: lock-free.
    [[nodiscard]] std::optional<sender<T, Platform>> upgrade() const {
        if (!core().revive_sender()) return std::nullopt;
        return sender<T, Platform>(core_);
    }

    /// How many senders there are. May be stale by the time it is read, as all numbers here.
    [[nodiscard]] std::uint64_t strong_count() const { return core().strong_count(); }
    /// How many weak senders there are.
    [[nodiscard]] std::uint64_t weak_count() const { return core().weak_count(); }

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
