// What borrows a sender's share in the channel, counted where assertions are on: the last sender must outlive it all.
// After a change here run: ctest -L impl
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

// What a compiler can say about it by itself: a local permit made from a sender that is gone at the end of the expression.
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

/// relaxed: whoever gives a borrow back does so before the last sender goes, or the program is wrong.
class borrow_count {
  public:
    void add() noexcept {
        if constexpr (assertions_on) count_.fetch_add(1, std::memory_order_relaxed);
    }
    void remove() noexcept {
        if constexpr (assertions_on) count_.fetch_sub(1, std::memory_order_relaxed);
    }
    [[nodiscard]] bool any() const noexcept { return count_.load(std::memory_order_relaxed) != 0; }

  private:
    std::atomic<std::uint32_t> count_{0};  // there even if not counted: a layout of one kind
};

/// One borrow of a core, or none; moves along with its owner.
template <class Core>
class borrowed {
  public:
    explicit borrowed(Core& c) noexcept : core_(&c) { core_->borrows.add(); }
    borrowed(borrowed&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    borrowed& operator=(borrowed&&) = delete;
    ~borrowed() { reset(); }

    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }
    [[nodiscard]] Core* operator->() const noexcept { return core_; }
    [[nodiscard]] Core& operator*() const noexcept { return *core_; }
    void reset() noexcept {
        if (core_ != nullptr) std::exchange(core_, nullptr)->borrows.remove();
    }
    void swap(borrowed& other) noexcept { std::swap(core_, other.core_); }

  private:
    Core* core_;
};

}  // namespace tailrace::detail
