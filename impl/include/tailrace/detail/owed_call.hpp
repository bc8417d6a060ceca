// A call of foreign code that is owed: made when everything else is done, for it may destroy whatever the caller uses.
// After a change here run: ci/test -L impl
#pragma once

#include <utility>

#include "tailrace/waker.hpp"

namespace tailrace::detail {

/// At most one call, made at the end of the scope, however that ends.
class owed_call {
  public:
    owed_call() noexcept = default;
    owed_call(owed_call&& other) noexcept : call_(std::exchange(other.call_, {})), then_(other.then_) {}
    owed_call& operator=(owed_call&&) = delete;
    ~owed_call() {
        if (!owed()) return;
        call_();
        then_();
    }

    void owe(const waker& call) noexcept { call_ = call; }
    [[nodiscard]] bool owed() const noexcept { return call_.wake != nullptr; }
    /// What has to come after the call. Precondition: owed().
    void then(const waker& step) noexcept { then_ = step; }

  private:
    waker call_;
    waker then_;
};

}  // namespace tailrace::detail
