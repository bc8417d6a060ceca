// Schedule perturbation: now and then a thread yields, spins or sleeps, so that interleavings occur that are rare
// otherwise.
//
// A channel over noisy_platform is perturbed at each of its own atomic operations and locks. A foreign channel is
// perturbed around each call, where it moves or destroys a value, and at each of its pthread mutexes
// (src/target/noisy_locks.cpp).
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

namespace tailrace::verify {

/// The state of the thread's random generator; not 0.
inline thread_local std::uint64_t noise_state = 1;
/// Perturb more often, and for longer: much happens on other threads between two operations.
inline thread_local bool noise_is_heavy = false;
/// A task that stalls at one of its perturbations while the others go on.
class stalling {
  public:
    virtual void stall() noexcept = 0;

  protected:
    ~stalling() = default;
};
/// What this thread runs, and the number of perturbations until it stalls; 0: it does not.
inline thread_local stalling* noise_stalls = nullptr;
inline thread_local std::uint64_t noise_until_stall = 0;
/// This thread is inside a call of a channel without perturbation of its own.
inline thread_local bool noise_in_calls = false;

/// Spins, so that the other threads get ahead.
inline void dawdle(std::uint64_t turns) noexcept {
    for (; turns > 0; --turns) std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// The next random number: xorshift.
inline std::uint64_t draw_noise() noexcept {
    std::uint64_t& x = noise_state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/// One perturbation: now and then yields or spins, seldom sleeps, and stalls at most once.
inline void noise() noexcept {
    if (noise_until_stall > 0) {
        --noise_until_stall;
        if (noise_until_stall == 0) return noise_stalls->stall();
    }
    constexpr std::uint64_t seldom = 0x3fff;
    constexpr std::uint64_t half = 0x10;
    const std::uint64_t often = noise_is_heavy ? 0x3 : 0xf;
    const std::uint64_t longest = noise_is_heavy ? 0x7fff : 0xfff;  // longer than many a step
    const std::uint64_t x = draw_noise();
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

/// Perturbation at a lock of such a channel, and where a call of it begins and ends.
inline void noise_in_call() noexcept {
    if (noise_in_calls) noise();
}
/// Perturbation where it moves a value. That is often, so it spins only: on a loaded machine a yield takes long.
inline void noise_in_move() noexcept {
    const std::uint64_t often = noise_is_heavy ? 0x3 : 0xf;
    if (noise_in_calls && (draw_noise() & often) == 0) dawdle((noise_state >> 20) & 0x1fff);
}

/// A call of a channel without perturbation of its own.
class noisy_call {
  public:
    explicit noisy_call(bool noisy) noexcept : was_(std::exchange(noise_in_calls, noisy)) { noise_in_call(); }
    noisy_call(const noisy_call&) = delete;
    noisy_call& operator=(const noisy_call&) = delete;
    ~noisy_call() {
        noise_in_call();
        noise_in_calls = was_;
    }

  private:
    bool was_;
};

}  // namespace tailrace::verify
