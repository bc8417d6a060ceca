// The main() of the regression tests: runs them with a watchdog that fails a test that never ends.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#ifndef TAILRACE_REGRESSIONS_PATIENCE
#define TAILRACE_REGRESSIONS_PATIENCE 600  // seconds; mutants have less
#endif

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    std::thread([] {
        std::this_thread::sleep_for(std::chrono::seconds(TAILRACE_REGRESSIONS_PATIENCE));
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        std::printf("[  FAILED  ] %s.%s: it never ends\n", test != nullptr ? test->test_suite_name() : "",
                    test != nullptr ? test->name() : "");
        std::fflush(stdout);
        std::_Exit(1);
    }).detach();
    return RUN_ALL_TESTS();
}
