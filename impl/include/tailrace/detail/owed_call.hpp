// A call of foreign code that is owed: made when everything else is done, for it may destroy whatever the caller uses.
// After a change here run: ci/test -L impl
#pragma once

#include <utility>

#include "tailrace/waker.hpp"

namespace tailrace::detail {

/// At most one call, and one after it, made at the end of the scope, however that ends.
class owed_call {
  public:
    owed_call() noexcept = default;
    owed_call(const waker& call, const waker& next) noexcept : call_(call), next_(next) {}
    owed_call(owed_call&& other) noexcept : call_(std::exchange(other.call_, {})), next_(other.next_) {}
    owed_call& operator=(owed_call&&) = delete;
    ~owed_call() {
        if (owed()) [[unlikely]]
            make(call_, next_);
    }

    void owe(const waker& call) noexcept { call_ = call; }
    [[nodiscard]] bool owed() const noexcept { return call_.wake != nullptr; }
    /// What has to come after the call. Precondition: owed().
    void then(const waker& next) noexcept { next_ = next; }

    struct calls {
        waker call;
        waker next;
    };
    /// The caller owes them now.
    [[nodiscard]] calls release() noexcept { return {std::exchange(call_, {}), next_}; }

  private:
    // With its parameters in registers, what is seldom owed need not be in memory.
    [[gnu::noinline]] static void make(waker call, waker next) noexcept {
        call();
        next();
    }

    waker call_;
    waker next_;
};

}  // namespace tailrace::detail
