// A waker: the callback that notifies the owner of a waiting operation that a poll would finish it.
//
// Two words, trivially copyable, no ownership. A wake-up in progress uses a copy, so its operation may already be
// destroyed. The context must stay valid as long as an operation may be woken with it.
// After a change here run: ci/test -L impl
#pragma once

#include "tailrace/detail/requires.hpp"  // IWYU pragma: keep

namespace tailrace {

struct waker {
    void (*wake)(void* context) noexcept = nullptr;
    void* context = nullptr;

    /// Called without any lock held, at most once for each poll that returned pending. A deadline and a stop request
    /// may each call it once more.
    void operator()() const noexcept {
        if (wake != nullptr) wake(context);
    }

    friend bool operator==(const waker&, const waker&) = default;
};

}  // namespace tailrace
