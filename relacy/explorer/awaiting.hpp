// A coroutine that awaits one operation, for a task that sleeps until it has ended. It is resumed by the thread that
// completes the operation.
// After a change here run: ci/test -R interleavings && ci/mutants -R explorer
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "tailrace/coroutine.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::relacy {

template <class Operation>
struct awaiting {
    struct promise_type {
        awaiting get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            // It counts as suspended here, so the task may destroy it as soon as it is woken.
            struct calls_waker {
                [[nodiscard]] bool await_ready() const noexcept { return false; }
                void await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
                    const waker wakes = self.promise().done;  // not in the frame
                    wakes();
                }
                void await_resume() const noexcept {}
            };
            return calls_waker{};
        }
        void return_value(typename Operation::result_type&& r) { result.emplace(std::move(r)); }
        [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

        std::optional<typename Operation::result_type> result;
        waker done;
    };
    std::coroutine_handle<promise_type> handle;
};

template <class Operation>
awaiting<Operation> await_once(Operation op) {
    co_return co_await std::move(op);
}

/// Destroys a coroutine.
class frame {
  public:
    explicit frame(std::coroutine_handle<> h) noexcept : handle_(h) {}
    frame(frame&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    frame& operator=(frame&&) = delete;
    ~frame() {
        if (handle_) handle_.destroy();
    }
    [[nodiscard]] void* address() const noexcept { return handle_.address(); }

  private:
    std::coroutine_handle<> handle_;
};

}  // namespace tailrace::relacy
