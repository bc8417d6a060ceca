// Both channels on a platform that can run another task's whole step in the middle of a call: before the n-th access to
// shared state, or after a lock was released. So a race that needs two threads and bad luck elsewhere needs one thread
// here, and is deterministic.
// After a change here run: ci/test -L regressions && ci/mutants -R regressions
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <type_traits>
#include <utility>

#include "apis.hpp"

namespace tailrace::verify {

/// Runs a step of another task, once, at the n-th moment from now at which another task could run. Never while a lock
/// is held, because the other task would wait for it.
class interloper {
  public:
    interloper(unsigned n, std::function<void()> act) : moments_left_(n), act_(std::move(act)) { current() = this; }
    interloper(const interloper&) = delete;
    interloper& operator=(const interloper&) = delete;
    ~interloper() { current() = nullptr; }

    [[nodiscard]] bool came() const noexcept { return came_; }
    /// It ran because this thread was about to sleep: there was no other moment.
    [[nodiscard]] bool came_last() const noexcept { return came_last_; }

    /// Called by the platform at every such moment.
    static void moment() noexcept {
        interloper* const self = current();
        if (self == nullptr || self->came_ || locks() != 0) return;
        if (self->moments_left_-- != 0) return;
        self->came_ = true;
        self->act_();
    }
    /// This thread is about to sleep, and no other task could wake it.
    static void last_moment() noexcept {
        interloper* const self = current();
        if (self == nullptr || self->came_) return;
        self->came_ = self->came_last_ = true;
        self->act_();
    }

    class mutex {
      public:
        void lock() {
            moment();
            mutex_.lock();
            ++locks();
        }
        void unlock() {
            --locks();
            mutex_.unlock();
            moment();
        }

      private:
        std::mutex mutex_;
    };

  private:
    static interloper*& current() noexcept {
        static thread_local interloper* one = nullptr;
        return one;
    }
    static int& locks() noexcept {
        static thread_local int held = 0;
        return held;
    }

    unsigned moments_left_;
    std::function<void()> act_;
    bool came_ = false;
    bool came_last_ = false;
};

struct interruptible_platform : std_platform {
    using mutex = interloper::mutex;

    template <class T>
    class atomic {
      public:
        explicit atomic(T v) noexcept : value_(v) {}

        [[nodiscard]] T load(std::memory_order o) const noexcept { return open().load(o); }
        void store(T v, std::memory_order o) noexcept { open().store(v, o); }
        T exchange(T v, std::memory_order o) noexcept { return open().exchange(v, o); }
        bool compare_exchange_strong(T& expected, T v, std::memory_order o, std::memory_order failure) noexcept {
            return open().compare_exchange_strong(expected, v, o, failure);
        }
        T fetch_add(T v, std::memory_order o) noexcept { return open().fetch_add(v, o); }
        T fetch_sub(T v, std::memory_order o) noexcept { return open().fetch_sub(v, o); }
        T fetch_and(T v, std::memory_order o) noexcept { return open().fetch_and(v, o); }
        T fetch_or(T v, std::memory_order o) noexcept { return open().fetch_or(v, o); }
        T fetch_xor(T v, std::memory_order o) noexcept { return open().fetch_xor(v, o); }

      private:
        std::atomic<T>& open() const noexcept {
            interloper::moment();
            return value_;
        }
        mutable std::atomic<T> value_;
    };

    class parker : public std_platform::parker {
      public:
        void park() noexcept {
            interloper::last_moment();
            std_platform::parker::park();
        }
    };

    template <class Look>
    [[nodiscard]] static bool look_until(Look /*look*/) {
        return false;
    }
};

struct interruptible_model_platform : model::std_platform {
    using mutex = interloper::mutex;
    using condition_variable = std::condition_variable_any;
};

/// Api::open, on a platform of one's own.
template <class Api, class T, class Platform, class ModelPlatform = model::std_platform>
auto open_on(std::size_t capacity) {
    if constexpr (std::is_same_v<Api, optimized_api>) {
        return channel<T, Platform>(capacity);
    } else {
        return model::reference_channel<T, ModelPlatform>(capacity);
    }
}

template <class Api, class T>
auto open_interruptible(std::size_t capacity) {
    return open_on<Api, T, interruptible_platform, interruptible_model_platform>(capacity);
}

/// Runs a scene with an interloper at its first moment, its second, and so on, until there are no more. The argument of
/// the scene is the number of the moment; it returns whether the interloper ran.
template <class Scene>
void at_every_moment(Scene scene) {
    unsigned n = 0;
    while (!::testing::Test::HasFailure() && scene(n)) ++n;
    EXPECT_GT(n, 0u) << "the interloper never ran";
}

}  // namespace tailrace::verify
