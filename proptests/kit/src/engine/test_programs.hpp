// Runs GoogleTest programs, and says what became of each test.
// After a change here run: ci/test -L proptests -R test_programs
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct test_result {
    enum class end : unsigned char { passed, skipped, failed, crashed, hung };

    std::string name;     // handles.self_move_changes_nothing
    bool is_test = true;  // otherwise it is the program that fails, beside its tests, and the name is its path
    end is = end::passed;
    std::string text;   // what it said, or the beginning and the end of that
    std::string again;  // the command that runs it alone
};

struct test_options {
    /// A test that goes on for so long hangs.
    std::chrono::milliseconds patience = std::chrono::minutes(2);
    /// Called several times a second with the number of tests that have ended.
    std::function<void(std::uint64_t)> alive = {};
    /// Called as often: true once the run has to end with what it has.
    std::function<bool()> over = {};
};

/// All at once; the results are in the order of the programs. A program that runs no test, cannot be started or fails
/// beside its tests is a failure. Throws std::system_error.
[[nodiscard]] std::vector<test_result> run_test_programs(std::span<const test_program> programs,
                                                         const test_options& options);

/// The programs that are not there.
[[nodiscard]] std::vector<std::string> missing_programs(std::span<const test_program> programs);

/// The clauses that each test names in the comments of its sources, by the name of the test. Throws
/// std::runtime_error, one line that begins with the file.
using cited_clauses = std::map<std::string, std::vector<std::string>>;
[[nodiscard]] cited_clauses cited_in(const std::string& folder);

}  // namespace tailrace::verify
