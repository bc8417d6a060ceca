// The guard by which a runtime declares that a thread runs asynchronous tasks, where blocking operations are refused.
// After a change here run: ci/test -L impl && ci/test -L conformance
#pragma once

#include "tailrace/detail/requires.hpp"  // IWYU pragma: keep

namespace tailrace {

/// Declares, while it lives, that the calling thread runs tasks of an asynchronous runtime: blocking forms throw there,
/// as they do in a coroutine that was resumed without an executor.
///
/// Clauses: blocking_send.refuses-async.
///
///     void worker() { tailrace::async_context here; run_tasks(); }
class async_context {
  public:
    /// Enters the context.
    async_context() noexcept { ++depth(); }
    /// Leaves it, on the same thread.
    ~async_context() { --depth(); }
    async_context(const async_context&) = delete;
    async_context& operator=(const async_context&) = delete;

    /// Whether the calling thread is in such a context.
    [[nodiscard]] static bool active() noexcept { return depth() > 0; }

  private:
    static int& depth() noexcept {
        thread_local int value = 0;
        return value;
    }
};

}  // namespace tailrace
