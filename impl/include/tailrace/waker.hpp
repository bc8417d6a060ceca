// A waker: the callback that notifies the owner of a waiting operation that a poll would finish it.
//
// Two words, trivially copyable, no ownership. A wake-up in progress uses a copy, so its operation may already be
// destroyed. The context must stay valid as long as an operation may be woken with it.
// After a change here run: ci/test -L impl
#pragma once

#include "tailrace/detail/requires.hpp"  // IWYU pragma: keep

namespace tailrace {

/// A function and its context. Two words, trivially copyable, no ownership.
///
///     std::atomic<bool> woken = false;
///     const tailrace::waker wake = {[](void* w) noexcept { *static_cast<std::atomic<bool>*>(w) = true; }, &woken};
struct waker {
    /// What is called; null for a waker that does nothing.
    void (*wake)(void* context) noexcept = nullptr;
    /// What it is called with.
    void* context = nullptr;

    /// Called without any lock held, at most once for each poll that returned pending. A deadline and a stop request
    /// may each call it once more.
    ///
    /// Clauses: wake.outside-locks, wake.all.
    void operator()() const noexcept {
        if (wake != nullptr) wake(context);
    }

    friend bool operator==(const waker&, const waker&) = default;
};

}  // namespace tailrace
