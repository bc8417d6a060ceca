// The search: one scenario, one scheduler, many executions, and the first one that fails.
// After a change here run: ctest -L relacy && ci/faults -R relacy
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tailrace/relacy/scenario.hpp"

namespace tailrace::relacy {

enum class scheduler : unsigned char {
    random,  // any thread at any point, any value that a load may see; as many as asked for
    bound  // every execution with no more than so many switches away from a thread that could go on
};

struct search_request {
    scheduler how = scheduler::random;
    std::uint64_t executions = 0;  // at most
    std::uint64_t seed = 1;        // random: the first execution's; each next one counts on
    unsigned switches =
        0;  // bound: first all executions with none, then those with one, and so on to this
};

struct search_result {
    std::uint64_t executions = 0;
    std::optional<unsigned>
        complete_to;  // bound: every execution with no more than so many switches has been run
    double seconds = 0;
    std::string failure;     // empty: none. Otherwise what went wrong, in one line
    std::uint64_t seed = 0;  // random: of the execution that failed
    std::string history;     // of the execution that failed, one step a line
};

[[nodiscard]] search_result search(const enrolled_scenario& what, const search_request& request);

}  // namespace tailrace::relacy
