// A waker: how a waiting operation is told that polling it again is worth while.
//
// Two words, trivially copyable, no ownership. A wake-up in progress uses a copy, so the operation it belongs to may
// already be gone; what the context points to has to be there as long as an operation may be woken with it.
// After a change here run: ctest -L impl
#pragma once

namespace tailrace {

struct waker {
    void (*wake)(void* context) noexcept = nullptr;
    void* context = nullptr;

    /// Called without any lock held, at most once for each poll that answered "pending". A deadline, and a stop
    /// request, has one call of its own besides.
    void operator()() const noexcept {
        if (wake != nullptr) wake(context);
    }

    friend bool operator==(const waker&, const waker&) = default;
};

}  // namespace tailrace
