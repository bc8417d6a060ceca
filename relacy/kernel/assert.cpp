// A failing assert() inside a simulation fails the search, with its history, instead of ending the
// program.
//
// The C library lets a program bring its own of this function, which is what assert() calls.
#include <cstdlib>

#include <fmt/core.h>

#include "kernel/relacy.hpp"

// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" [[noreturn]] void __assert_fail(const char* what, const char* file, unsigned line,
                                           const char* function) noexcept {
    if (rl::is_ctx()) {
        rl::ctx().fail_test(what, rl::test_result_user_assert_failed, rl::debug_info(function, file, line));
    }
    fmt::print(stderr, "{}:{}: {}: assertion failed: {}\n", file, line, function, what);
    std::abort();
}
