// Exploring a generated program: a search with each scheduler, and a judgement of every history that turned up.
// After a change here run: ctest -R interleavings && ci/mutants -R explorer
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
    std::uint64_t seed = 1;
    unsigned switches = 2;
    std::uint64_t bound_executions = 700;
    std::uint64_t most_nodes = 100'000;  // of the search for an order
    bool show = false;                   // every history
};

struct exploration {
    std::uint64_t executions = 0;
    std::uint64_t histories = 0;          // different ones
    std::uint64_t unknown = 0;            // of these, given up
    std::optional<unsigned> complete_to;  // switches
    std::uint64_t microseconds = 0;       // of the processor, for executing and judging
    std::string failure;                  // one line; empty: none
    std::vector<told_step> steps;         // of the execution that failed
    std::string history;                  // the same as events: notebook.hpp
    std::vector<std::string> shown;       // histories, if they are asked for
    bool refused = false;                 // it was the history, not the simulation, that failed
};

/// A target that programs can be performed on.
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

/// Reads requests from the standard input and answers each, until it ends: how tailrace-verify uses this program. The
/// lines are in explore_lines.cpp. The exit status.
[[nodiscard]] int serve_explorations();

}  // namespace tailrace::relacy
