// The search: one scenario, one scheduler, many executions, and the first one that fails.
// After a change here run: ctest -L relacy && ci/mutants -R scenarios
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/scenario.hpp"

namespace tailrace::relacy {

/// What one thread did, in an execution that failed.
struct told_step {
    std::string thread;
    std::string place;     // "core.hpp:107"
    std::string function;  // "publish", without its templates
    std::string object;    // "s.state": what it is done to, as the source has it; empty if the source is not at hand
    std::string number;    // "(3)": the one by which DESIGN.md names the access; empty if it has none
    std::string event;     // "@4 exchange , prev=0, op=1, new=1, order=acq_rel"
};

/// One step a line: the last ones if there are many.
[[nodiscard]] std::string to_text(const std::vector<told_step>& steps);

enum class scheduler : unsigned char {
    random,  // any thread at any point, any value that a load may see; as many as asked for
    bound    // every execution with no more than so many switches away from a thread that could go on
};

struct search_request {
    scheduler how = scheduler::random;
    std::uint64_t executions = 0;  // at most
    std::uint64_t seed = 1;        // random: the first execution's; each next one counts on
    unsigned switches = 0;         // bound: first all executions with none, then those with one, and so on to this
    std::uint64_t whole_executions = 0;  // bound: while there were fewer, to more switches
};

struct search_result {
    std::uint64_t executions = 0;
    std::optional<unsigned> complete_to;  // bound: every execution with no more than so many switches has been run
    bool whole = false;                   // bound: every execution there is
    double seconds = 0;
    std::string failure;             // empty: none. Otherwise what went wrong, in one line
    std::uint64_t seed = 0;          // random: of the execution that failed
    std::vector<told_step> history;  // of the execution that failed
};

[[nodiscard]] search_result search(const enrolled_scenario& what, const search_request& request);

}  // namespace tailrace::relacy
