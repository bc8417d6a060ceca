// What the workloads of all C++ contestants share: parameters, results, the check of counts, and what measures.
// After a change here run: ci/bench
#pragma once

#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "common/values.hpp"

namespace bench {

/// bench/README.md explains each of them. A workload reads those that it needs.
struct parameters {
    std::uint64_t size = 8;
    std::uint64_t capacity = 64;
    std::uint64_t messages = 100'000;
    std::uint64_t senders = 1;
    std::uint64_t busy = 0;
    std::uint64_t milliseconds = 100;
    std::uint64_t channels = 1;
};

struct result {
    std::uint64_t count = 0;  // messages, round trips, channels or slots
    std::uint64_t amount = 0;
    const char* unit = "nanoseconds";  // or bytes
};

/// A contestant that loses a value must not have a time.
inline void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "wrong result: %s\n", what);
    std::exit(1);
}

/// The numbers that a receiver got, and what they have to add up to: each sender sends 1, 2, ... `each`.
class tally {
  public:
    template <class T>
    void add(T& value) {
        keep(value);
        sum_ += number_of(value);
        ++count_;
    }
    void check(std::uint64_t senders, std::uint64_t each) const {
        require(count_ == senders * each, "the number of messages");
        require(sum_ == senders * (each * (each + 1) / 2), "the sum of all messages");
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  private:
    std::uint64_t count_ = 0, sum_ = 0;
};

class stopwatch {
  public:
    void start() noexcept { start_ = clock::now(); }
    void stop() noexcept { stop_ = clock::now(); }
    [[nodiscard]] result per(std::uint64_t count) const {
        return {count, static_cast<std::uint64_t>(std::chrono::nanoseconds(stop_ - start_).count())};
    }
    [[nodiscard]] static bool after(std::chrono::steady_clock::time_point end) { return clock::now() >= end; }

  private:
    using clock = std::chrono::steady_clock;
    clock::time_point start_ = clock::now(), stop_ = start_;
};

/// On a cache line of its own: two handles side by side cost more than the channel does.
template <class Handle>
struct alignas(64) apart {
    Handle handle;
};
template <class Handle>
apart(Handle) -> apart<Handle>;

/// Threads that do nothing but use a processor.
class busy_threads {
  public:
    explicit busy_threads(std::uint64_t n) {
        for (; n > 0; --n) {
            threads_.emplace_back([this] {
                while (!stop_.load(std::memory_order_relaxed)) {
                }
            });
        }
    }
    busy_threads(busy_threads&&) = delete;
    ~busy_threads() { stop_ = true; }

  private:
    std::atomic<bool> stop_ = false;
    std::vector<std::jthread> threads_;
};

/// What malloc has given out, with its own overhead. The Rust contestants ask the same function.
[[nodiscard]] inline std::uint64_t heap_bytes() {
    const struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
}

}  // namespace bench
