// Makes a failing assert() inside a simulation fail the search, with the steps, instead of ending the program.
//
// assert() calls this function of the C library, and a program may define its own.
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
