// A platform with schedule perturbation: at any atomic operation or lock a thread may yield, spin or sleep, so that
// interleavings occur that are rare otherwise. Storage blocks are small, so that storage grows, is recycled and wraps
// in nearly every run.
//
// After a change here run: ci/test -L stress && ci/mutants -R stress
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "tailrace/verify/detail/noise.hpp"

namespace tailrace::verify {

template <class T>
class noisy_atomic {
  public:
    noisy_atomic() noexcept = default;
    explicit noisy_atomic(T v) noexcept : value_(v) {}

    [[nodiscard]] T load(std::memory_order order) const noexcept {
        noise();
        return value_.load(order);
    }
    void store(T v, std::memory_order order) noexcept {
        noise();
        value_.store(v, order);
    }
    T exchange(T v, std::memory_order order) noexcept {
        noise();
        return value_.exchange(v, order);
    }
    bool compare_exchange_strong(T& expected, T v, std::memory_order success, std::memory_order failure) noexcept {
        noise();
        return value_.compare_exchange_strong(expected, v, success, failure);
    }
    T fetch_add(T v, std::memory_order order) noexcept {
        noise();
        return value_.fetch_add(v, order);
    }
    T fetch_sub(T v, std::memory_order order) noexcept {
        noise();
        return value_.fetch_sub(v, order);
    }
    T fetch_and(T v, std::memory_order order) noexcept {
        noise();
        return value_.fetch_and(v, order);
    }
    T fetch_or(T v, std::memory_order order) noexcept {
        noise();
        return value_.fetch_or(v, order);
    }
    T fetch_xor(T v, std::memory_order order) noexcept {
        noise();
        return value_.fetch_xor(v, order);
    }

  private:
    std::atomic<T> value_{};
};

template <class Mutex>
class noisy_mutex {
  public:
    void lock() {
        noise();
        mutex_.lock();
    }
    void unlock() {
        mutex_.unlock();
        noise();
    }

  private:
    Mutex mutex_;
};

template <class Base>
struct noisy_platform : Base {
    template <class T>
    using atomic = noisy_atomic<T>;
    using mutex = noisy_mutex<typename Base::mutex>;

    /// The first turn yields, so that the other threads get ahead.
    static void pause(unsigned turn) noexcept {
        if (turn == 0) return std::this_thread::yield();
        Base::pause(turn);
    }

    /// Once only, so that threads sleep often.
    template <class Look>
    [[nodiscard]] static bool look_until(Look look) {
        return look();
    }

    static constexpr std::uint64_t block_slots = 2;
    static constexpr std::uint64_t ring_bytes = 0;
    static constexpr std::uint64_t kept_bytes = 0;
};

}  // namespace tailrace::verify
