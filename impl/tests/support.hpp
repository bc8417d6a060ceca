// A coroutine type for tests, and where a coroutine may stop before it begins.
// After a change here run: ci/test -L impl
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

// A namespace of its own: the library has a tailrace::task, too (run_queue.hpp), which other sources of this program
// use.
namespace tailrace::inline test_support {

/// Starts at once; destroying it destroys the frame, wherever it is.
struct [[nodiscard]] task {
    struct promise_type {
        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() { error = std::current_exception(); }
        std::exception_ptr error;
    };
    explicit task(std::coroutine_handle<promise_type> h) : frame(h) {}
    task(task&& other) noexcept : frame(std::exchange(other.frame, {})) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            if (frame) frame.destroy();
            frame = std::exchange(other.frame, {});
        }
        return *this;
    }
    ~task() {
        if (frame) frame.destroy();
    }
    [[nodiscard]] bool done() const { return frame.done(); }
    void rethrow() const {
        if (frame.promise().error) std::rethrow_exception(frame.promise().error);
    }
    std::coroutine_handle<promise_type> frame;
};

/// Suspends; resumed by its handle.
struct start_later : std::suspend_always {};

}  // namespace tailrace::inline test_support
