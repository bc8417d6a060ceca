// Both channels on instrumented platforms: which locks a thread holds, and which objects the channel has created,
// where, and not destroyed.
// After a change here run: ci/test -L regressions && ci/mutants -R regressions
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <type_traits>

#include "apis.hpp"
#include "regressions/interloper.hpp"

namespace tailrace::verify {

/// What this thread has recorded of the channels.
struct probe {
    int locks_held = 0;
    long alive = 0;         // atomics: a slot, a waiting node and the channel itself have some
    long on_the_stack = 0;  // of those that were made, how many lay between stack_top and the maker's frame
    std::uintptr_t stack_top = 0;

    static probe& here() {
        static thread_local probe p;
        return p;
    }

    void made(const void* object, const void* frame) noexcept {
        ++alive;
        const auto address = reinterpret_cast<std::uintptr_t>(object);
        if (address >= reinterpret_cast<std::uintptr_t>(frame) && address < stack_top) ++on_the_stack;
    }
};

class probing_mutex {
  public:
    void lock() {
        mutex_.lock();
        ++probe::here().locks_held;
    }
    void unlock() {
        --probe::here().locks_held;
        mutex_.unlock();
    }

  private:
    std::mutex mutex_;
};

struct probing_platform : std_platform {
    using mutex = probing_mutex;

    template <class T>
    class atomic : public std::atomic<T> {
      public:
        explicit atomic(T v) noexcept : std::atomic<T>(v) { probe::here().made(this, __builtin_frame_address(0)); }
        atomic(const atomic&) = delete;
        atomic& operator=(const atomic&) = delete;
        ~atomic() { --probe::here().alive; }
    };
};

struct probing_model_platform : model::std_platform {
    using mutex = probing_mutex;
    using condition_variable = std::condition_variable_any;
};

template <class Api>
inline constexpr bool is_optimized = std::is_same_v<Api, optimized_api>;

/// Api::open, on the platform with probes.
template <class Api, class T>
auto open_probed(std::size_t capacity) {
    return open_on<Api, T, probing_platform, probing_model_platform>(capacity);
}

/// A waker that records whether it was called under a lock.
class lock_checking_waker {
  public:
    lock_checking_waker() = default;
    lock_checking_waker(const lock_checking_waker&) = delete;
    lock_checking_waker& operator=(const lock_checking_waker&) = delete;

    [[nodiscard]] waker as_waker() noexcept {
        return {[](void* self) noexcept { static_cast<lock_checking_waker*>(self)->note(); }, this};
    }
    [[nodiscard]] int calls() const noexcept { return calls_; }
    [[nodiscard]] int under_a_lock() const noexcept { return under_a_lock_; }

  private:
    void note() noexcept {
        ++calls_;
        if (probe::here().locks_held != 0) ++under_a_lock_;
    }

    int calls_ = 0;
    int under_a_lock_ = 0;
};

}  // namespace tailrace::verify
