// Something to change for each operator of tailrace-schemata, and what it has to leave alone.
// After a change here run: ci/test -L house
#pragma once

#include <array>
#include <atomic>
#include <cassert>

namespace places {

inline int calls = 0;
inline int seen = 0;
inline void call(int what) {
    ++calls;
    seen = 10 * seen + what;
}

// relation, connective, negation
[[nodiscard]] constexpr bool inside(int low, int x, int high) noexcept { return low <= x && x < high; }
static_assert(inside(0, 0, 1) && !inside(0, 1, 1));

// removal, exchange, early return
inline void two_calls() {
    call(1);
    call(2);
}

// constant, arithmetic; the branch without braces
template <class T>
[[nodiscard]] T rounded_up(T n) {
    assert(n < 100);
    constexpr T to = 8;
    if (n == 0) call(3);
    return (n + to - 1) / to;
}

// memory order: only what it is seen with changes
struct recording_atomic {
    std::memory_order last = std::memory_order_relaxed;
    int exchange(int v, std::memory_order order) {
        last = order;
        return v;
    }
};
template <class Atomic>
int acquire_and_release(Atomic& a) {
    return a.exchange(5, std::memory_order_acq_rel);
}

// to be left alone: a size, an argument of a template, a macro, a condition that is a constant
[[nodiscard]] inline int left_alone(const std::array<int, 2>& pair) {
    if constexpr (sizeof(int) == 4) return std::get<1>(pair);
    return std::get<0>(pair);
}

// the same for a function that only the compiler calls, and for the end of one that never returns
[[nodiscard]] consteval int by_the_compiler(int n) { return n + 1; }
[[noreturn]] inline void thrower() {
    call(4);
    throw calls;
}

}  // namespace places
