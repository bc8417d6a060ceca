// The search: runs one scenario under one scheduler many times, until an execution fails.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/scenario.hpp"

namespace tailrace::relacy {

/// One step of a thread in an execution that failed.
struct logged_step {
    std::string thread;
    std::string place;     // "core.hpp:107"
    std::string function;  // "publish", without its templates
    std::string object;    // "s.state": the accessed object, as written in the source; empty if the source is not found
    std::string number;    // "(3)": the number of the access in DESIGN.md; empty if it has none
    std::string event;     // "@4 exchange , prev=0, op=1, new=1, order=acq_rel"
};

/// One line for each step; only the last ones if there are many.
[[nodiscard]] std::string to_text(const std::vector<logged_step>& steps);

enum class scheduler : unsigned char {
    random,  // random threads, and random values that a load may see; a given number of executions
    stall,   // the same, and one thread stops in the middle while the others go on: stall_scheduler.hpp
    bound    // every execution with at most a given number of preemptions
};

struct search_request {
    scheduler how = scheduler::random;
    std::uint64_t executions = 0;        // at most
    std::uint64_t seed = 1;              // random, stall: of the first execution; each further one uses the next number
    unsigned preemptions = 0;            // bound: at most; executions with fewer preemptions come first
    std::uint64_t least_executions = 0;  // bound: with fewer executions than this, more preemptions are tried
};

struct search_result {
    std::uint64_t executions = 0;
    std::uint64_t stalled = 0;                 // stall: executions in which others ran while a thread was stalled
    std::optional<unsigned> exhaustive_up_to;  // bound: every execution with at most so many preemptions was run
    bool exhaustive = false;                   // bound: every execution was run
    double seconds = 0;
    std::string failure;             // in one line; empty: none
    std::uint64_t seed = 0;          // random, stall: of the execution that failed
    std::vector<logged_step> steps;  // of the execution that failed
};

[[nodiscard]] search_result search(const enrolled_scenario& what, const search_request& request);

}  // namespace tailrace::relacy
