// The borrows of the senders' share in the channel, counted by files with assertions: the last sender must outlive
// them.
// After a change here run: ci/test -L impl
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

// Lets a compiler diagnose one case: a local permit made from a sender that is destroyed at the end of the expression.
#if defined(__clang__)
#define TAILRACE_BORROWS [[clang::lifetimebound]]
#define TAILRACE_BORROWER [[gsl::Pointer]]
#else
#define TAILRACE_BORROWS
#define TAILRACE_BORROWER
#endif

namespace tailrace::detail {

#ifdef NDEBUG
inline constexpr bool assertions_on = false;
#else
inline constexpr bool assertions_on = true;
#endif

/// The number of counted borrows. It exists in every build: files with and without assertions may share a channel, and
/// then it counts the borrows that the files with assertions have made.
using borrow_count = std::atomic<std::uint32_t>;

/// One borrow of a core, which its owner ends; or none. It knows whether it was counted: a file without assertions may
/// end the borrow that a file with assertions began, and the other way round.
template <class Core>
class borrow {
  public:
    borrow() noexcept = default;
    explicit borrow(Core& c) noexcept : core_(reinterpret_cast<std::uintptr_t>(&c)) {
        static_assert(alignof(Core) > counted);
        if constexpr (assertions_on) {
            // relaxed: a borrow ends before the last sender goes, or the program is wrong.
            c.borrows().fetch_add(1, std::memory_order_relaxed);
            core_ |= counted;
        }
    }
    [[nodiscard]] explicit operator bool() const noexcept { return core_ != 0; }
    [[nodiscard]] Core* operator->() const noexcept { return reinterpret_cast<Core*>(core_ & ~counted); }
    [[nodiscard]] Core& operator*() const noexcept { return *operator->(); }
    /// Once. Called before foreign code may run, which may drop the last sender.
    Core& end() noexcept {
        if ((core_ & counted) != 0) (*this)->borrows().fetch_sub(1, std::memory_order_relaxed);
        return **this;
    }

  private:
    static constexpr std::uintptr_t counted = 1;
    std::uintptr_t core_ = 0;  // its address, and whether it was counted
};

/// A borrow, or none. Moves along with its owner.
template <class Core>
class borrowed {
  public:
    explicit borrowed(Core& c) noexcept : borrow_(c) {}
    borrowed(borrowed&& other) noexcept : borrow_(std::exchange(other.borrow_, {})) {}
    borrowed& operator=(borrowed&&) = delete;
    ~borrowed() {
        if (borrow_) borrow_.end();
    }

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(borrow_); }
    [[nodiscard]] Core& operator*() const noexcept { return *borrow_; }
    /// Ends it.
    Core& release() noexcept { return std::exchange(borrow_, {}).end(); }
    void swap(borrowed& other) noexcept { std::swap(borrow_, other.borrow_); }

  private:
    borrow<Core> borrow_;
};

}  // namespace tailrace::detail
