// How far each search goes: the one place.
//
// By default all scenarios together take a minute or two; --deep, ten times as long or more, is for
// after a change of the algorithm.
#pragma once

#include <cstdint>

namespace tailrace::relacy {

struct budget {
    std::uint64_t random_executions;
    unsigned bound_switches;
    std::uint64_t bound_executions;  // then the search stops, and says that it is not complete
    std::uint64_t whole_executions;  // one that has run fewer goes on with more switches, to all there are
};

inline constexpr budget usual_budget{
    .random_executions = 20'000, .bound_switches = 2, .bound_executions = 250'000, .whole_executions = 20'000};
inline constexpr budget deep_budget{
    .random_executions = 500'000, .bound_switches = 3, .bound_executions = 2'000'000, .whole_executions = 200'000};

/// Steps after which an execution counts as a livelock.
inline constexpr unsigned longest_execution = 4'000;

/// Lines of a failing execution's history that are shown: its end.
inline constexpr unsigned shown_steps = 60;

}  // namespace tailrace::relacy
