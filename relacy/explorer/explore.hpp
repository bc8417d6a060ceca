// Explores a generated program: runs a search with each scheduler and judges every history.
// After a change here run: ci/test -R interleavings && ci/mutants -R explorer
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "explorer/plan.hpp"
#include "kernel/scenario.hpp"
#include "kernel/search.hpp"

namespace tailrace::relacy {

struct exploration_request {
    std::uint64_t random_executions = 300;
    std::uint64_t stall_executions = 0;
    std::uint64_t seed = 1;
    unsigned preemptions = 2;
    std::uint64_t bound_executions = 700;
    std::uint64_t most_nodes = 100'000;  // limit of the search for a linearization
    bool show = false;                   // return every history
};

struct exploration {
    std::uint64_t executions = 0;
    std::uint64_t stalled = 0;                 // of these, the ones in which others ran while a task was stalled
    std::uint64_t histories = 0;               // distinct ones
    std::uint64_t unknown = 0;                 // of these, the ones that were not decided
    std::optional<unsigned> exhaustive_up_to;  // in preemptions
    std::uint64_t microseconds = 0;            // processor time for executing and judging
    std::string failure;                       // one line; empty: none
    std::vector<logged_step> steps;            // of the execution that failed
    std::string history;                       // the same execution as events: notebook.hpp
    std::vector<std::string> shown;            // histories, if they are asked for
    bool refused = false;                      // the history was rejected; otherwise the simulation failed
};

/// A target that can run generated programs.
struct player {
    std::string target;
    scenario* (*make)() = nullptr;
};

[[nodiscard]] std::vector<player>& players();

template <class Play>
bool enroll_player(const char* target) {
    players().push_back({target, []() -> scenario* { return new Play; }});
    return true;
}

[[nodiscard]] exploration explore(const player& on, const plan& p, const exploration_request& request);

/// Answers requests from the standard input until its end. tailrace-verify uses this program so. The format is in
/// explore_lines.cpp. Returns the exit status.
[[nodiscard]] int serve_explorations();

}  // namespace tailrace::relacy
