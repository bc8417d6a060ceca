// The state of a simulated execution besides its memory: a clock, the threads' contexts, and a way to fail.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>

#include <cxxabi.h>

#include "kernel/relacy.hpp"

namespace tailrace::relacy {

inline constexpr unsigned most_threads = 4;

/// The failure of an execution that cannot be simulated. It is not a failure of the channel.
inline constexpr const char* unsimulated_orders = "the search cannot simulate this pair of orders";

[[nodiscard]] inline rl::debug_info site(const std::source_location& at) noexcept {
    return {at.function_name(), at.file_name(), at.line()};
}

/// Unless `holds`, ends the execution and the search. Then it does not return, and nothing is unwound.
inline void expect(bool holds, const char* what, const std::source_location& at = std::source_location::current()) {
    if (!holds) rl::ctx().fail_test(what, rl::test_result_user_assert_failed, site(at));
}

/// The invariants of a target that can tell. Precondition: no call is under way.
template <class Target, class Handle>
void expect_invariants(const Handle& h) {
    if constexpr (requires { Target::broken_invariant(h); }) {
        if (const char* const broken = Target::broken_invariant(h)) expect(false, broken);
    }
}

[[nodiscard]] constexpr rl::memory_order relacy_order(std::memory_order order) noexcept {
    switch (order) {
        case std::memory_order_relaxed: return rl::mo_relaxed;
        case std::memory_order_consume: return rl::mo_consume;
        case std::memory_order_acquire: return rl::mo_acquire;
        case std::memory_order_release: return rl::mo_release;
        case std::memory_order_acq_rel: return rl::mo_acq_rel;
        case std::memory_order_seq_cst: return rl::mo_seq_cst;
    }
    return rl::mo_seq_cst;
}

/// Saves and restores the exceptions that a simulated thread handles or throws. They belong to the OS thread, which all
/// simulated threads share.
class exception_state {
  public:
    exception_state() noexcept { std::memcpy(words_.data(), real, sizeof words_); }
    void restore() const noexcept { std::memcpy(real, words_.data(), sizeof words_); }
    static void clear() noexcept { std::memset(real, 0, sizeof(storage)); }

  private:
    using storage = std::array<std::byte,
                               2 * sizeof(void*)>;  // the exceptions being handled, and the number of uncaught ones
    static inline void* const real = abi::__cxa_get_globals();  // of the only OS thread; read often
    storage words_;
};

/// Encloses every operation during which the simulation may switch to another thread.
class scheduling_point {
  public:
    scheduling_point() noexcept = default;
    ~scheduling_point() { mine_.restore(); }
    scheduling_point(const scheduling_point&) = delete;
    scheduling_point& operator=(const scheduling_point&) = delete;

  private:
    exception_state mine_;
};

/// The state of the running execution. One OS thread runs the whole execution.
class simulation {
  public:
    static void begin() noexcept {
        time = {};
        depths = {};
        ++executions;
    }
    /// The number of this execution in this process.
    [[nodiscard]] static std::uint64_t number() noexcept { return executions; }

    [[nodiscard]] static std::chrono::nanoseconds now() noexcept { return time; }
    /// A deadline has expired: the clock must show at least that time from now on.
    static void pass_time(std::chrono::nanoseconds deadline) noexcept { time = std::max(time, deadline); }

    [[nodiscard]] static int& async_depth() { return depths.at(static_cast<std::size_t>(rl::thread_index())); }

  private:
    static inline std::chrono::nanoseconds time{0};
    static inline std::array<int, most_threads> depths{};
    static inline std::uint64_t executions = 0;
};

/// While this object lives, the simulated thread counts as one that runs tasks of an asynchronous runtime.
class simulated_async_context {
  public:
    simulated_async_context() { ++simulation::async_depth(); }
    ~simulated_async_context() { --simulation::async_depth(); }
    simulated_async_context(const simulated_async_context&) = delete;
    simulated_async_context& operator=(const simulated_async_context&) = delete;
};

}  // namespace tailrace::relacy
