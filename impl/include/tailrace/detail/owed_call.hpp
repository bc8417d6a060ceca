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
    owed_call(const owed_call&) = delete;
    owed_call& operator=(const owed_call&) = delete;
    ~owed_call() { call_(); }

    void owe(const waker& call) noexcept { call_ = call; }
    [[nodiscard]] bool owed() const noexcept { return call_.wake != nullptr; }
    /// The caller makes the call.
    [[nodiscard]] waker pass_on() noexcept { return std::exchange(call_, {}); }

  private:
    waker call_;
};

}  // namespace tailrace::detail
