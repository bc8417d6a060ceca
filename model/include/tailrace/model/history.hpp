// A history: the concurrent invocations of several tasks on one channel, with their responses.
//
// `tasks` has one sequence of events for each task. An event has the times of its invocation and its response, between
// which it took effect. Before the tasks start, and after quiescence, one task has the channel to itself. The program
// chooses the names, so the names of one task do not depend on the others. linearizability.hpp decides whether the
// contract allows a history. After a change here run: ci/test -L model
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "tailrace/model/vocabulary.hpp"

namespace tailrace::model {

/// What happened before what, as a simulator sees it: for event `e` of task `l`, `[l][e][k]` events of task `k` before
/// its invocation. A row more, if it is there, is that of the end of the task.
using event_order = std::vector<std::vector<std::vector<std::uint32_t>>>;

/// Ticks of a clock that all tasks share. An event that returned before another was invoked took effect before it.
using instant = std::uint64_t;

inline constexpr instant never = std::numeric_limits<instant>::max();

struct event {
    model::step step;
    /// The step creates an operation; the event polls it, sleeps until it is woken, and polls it again, until it
    /// finishes. It takes effect twice: at its request and at its response. Its response is that of its last poll.
    bool waits = false;
    /// Nothing: it never returned. Only the last event of a task may do so, if it waits; or any event, if the execution
    /// ended before quiescence.
    std::optional<model::answer> answer;
    instant invoked = 0;
    instant returned = never;

    friend bool operator==(const event&, const event&) = default;
};

struct history {
    std::uint64_t capacity = 1;
    std::vector<event> before;              // sequential; the times do not matter
    std::vector<std::vector<event>> tasks;  // concurrent, one sequence for each task
    /// The instant of quiescence: each task is at its end, or asleep in an event that waits and has no response. An
    /// event with a response after this instant may have been running or asleep: it does not count for quiescence.
    instant rest = never;
    std::vector<event> after;  // sequential, after quiescence; their times matter to events that return after `rest`

    friend bool operator==(const history&, const history&) = default;
};

}  // namespace tailrace::model
