// The budget of each search, defined here only.
//
// By default all scenarios together take a minute or two. --deep takes ten times as long or more and is meant for
// changes of the algorithm.
#pragma once

#include <cstdint>

namespace tailrace::relacy {

struct budget {
    std::uint64_t random_executions;
    unsigned bound_preemptions;
    std::uint64_t bound_executions;  // then the search stops and reports that it is not exhaustive
    std::uint64_t least_executions;  // below this number the search continues beyond its preemption bound
};

inline constexpr budget usual_budget{
    .random_executions = 20'000, .bound_preemptions = 2, .bound_executions = 250'000, .least_executions = 20'000};
inline constexpr budget deep_budget{
    .random_executions = 500'000, .bound_preemptions = 3, .bound_executions = 2'000'000, .least_executions = 200'000};

/// Steps after which an execution counts as a livelock.
inline constexpr unsigned longest_execution = 4'000;

/// The number of steps of a failing execution that are shown, counted from its end.
inline constexpr unsigned shown_steps = 60;

}  // namespace tailrace::relacy
