// A platform with schedule noise: at any atomic operation or lock a thread may lose the processor, and now and then sleeps, so that
// threads meet where they seldom meet. Storage is cut small, so that it grows, is recycled and wraps in nearly every round.
//
// After a change here run: ctest -L stress && ci/faults
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace tailrace::verify {

/// What a thread's noise is drawn from; not 0.
inline thread_local std::uint64_t noise_state = 1;
/// More often, and for longer: much happens elsewhere between two operations.
inline thread_local bool noise_is_heavy = false;

/// Stays awake, and lets the other processors get ahead.
inline void dawdle(std::uint64_t turns) noexcept {
    for (; turns > 0; --turns) std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Now and then gives the processor away or dawdles, seldom sleeps.
inline void noise() noexcept {
    constexpr std::uint64_t seldom = 0x3fff;
    constexpr std::uint64_t half = 0x10;
    const std::uint64_t often = noise_is_heavy ? 0x3 : 0xf;
    const std::uint64_t longest = noise_is_heavy ? 0x7fff : 0xfff;  // longer than many a step
    std::uint64_t& x = noise_state;           // xorshift
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    if ((x & seldom) == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(20));
    } else if ((x & often) == 0) {
        if ((x & half) == 0) {
            std::this_thread::yield();
        } else {
            dawdle((x >> 20) & longest);
        }
    }
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
struct noisy_platform : Base {
    template <class T>
    using atomic = noisy_atomic<T>;
    using mutex = noisy_mutex<typename Base::mutex>;

    /// The first turn lets the others get ahead.
    static void pause(unsigned turn) noexcept {
        if (turn == 0) return std::this_thread::yield();
        Base::pause(turn);
    }

    static constexpr std::uint64_t block_slots = 2;
    static constexpr std::uint64_t ring_bytes = 0;
};

}  // namespace tailrace::verify
