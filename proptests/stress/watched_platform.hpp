// The platform of both channels with every sleep under watch, and with noise: threads lose the
// processor where it hurts.
//
// The optimised channel takes the atomics, the mutex and the parker from here, the reference
// channel the mutex and the condition variable; the rest is the base's. After a change here run:
// ctest -L 'stress|faults'
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "watch.hpp"

namespace tailrace::verify::stress {

/// Now and then gives the processor away.
inline void noise() noexcept {
    constexpr std::uint64_t seldom = 0xf;
    std::uint64_t& x = self.noise;  // xorshift
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    if ((x & seldom) == 0) std::this_thread::yield();
}

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
    bool compare_exchange_strong(T& expected, T v, std::memory_order success,
                                 std::memory_order failure) noexcept {
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
struct watched_platform : Base {
    template <class T>
    using atomic = noisy_atomic<T>;
    using mutex = noisy_mutex<typename Base::mutex>;
    using parker = watched_parker;
    using condition_variable = watched_condition_variable;

    static void pause(unsigned) noexcept { std::this_thread::yield(); }

    // So that storage grows, is recycled and wraps in nearly every round.
    static constexpr std::uint64_t block_slots = 2;
    static constexpr std::uint64_t ring_bytes = 0;
};

template <class Platform>
inline constexpr const char* name_of = "production";
template <class Base>
inline constexpr const char* name_of<watched_platform<Base>> = "watched";

}  // namespace tailrace::verify::stress
