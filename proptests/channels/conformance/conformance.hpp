// The suite `conformance`: every test is a script, run on every built-in target.
// README.md traces each row of tokio's tests to the test that implements it.
// After a change here run: ci/test -L conformance
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <source_location>
#include <string_view>

#include "script.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

inline void PrintTo(const target& t, std::ostream* out) { *out << t.name; }

class conformance : public ::testing::TestWithParam<target> {
  protected:
    /// A loop of runs stops being played at the first that fails or is skipped.
    void run(std::uint64_t capacity, std::string_view script,
             std::source_location where = std::source_location::current()) {
        if (HasFailure() || IsSkipped()) return;
        const script_result result = run_script(GetParam(), capacity, script);
        switch (result.is) {
            case script_result::verdict::passed: break;
            case script_result::verdict::skipped: GTEST_SKIP() << result.text; break;
            case script_result::verdict::failed:
                ADD_FAILURE_AT(where.file_name(), static_cast<int>(where.line())) << result.text;
                break;
        }
    }
};

}  // namespace tailrace::verify
