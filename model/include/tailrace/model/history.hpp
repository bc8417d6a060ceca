// A history: what several tasks asked of one channel at once, and what each was answered.
//
// Each task is a lane, one event after another; a lane's events carry the times between which they took effect. Before
// the lanes begin and after all of them have come to rest, one task has the channel to itself. Names are given out by
// the program, so that a lane's names do not depend on the others. Whether the contract allows a history:
// linearizability.hpp. After a change here run: ctest -L model
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "tailrace/model/vocabulary.hpp"

namespace tailrace::model {

/// Ticks of a clock that all lanes read alike. An event that has returned before another was invoked took effect before
/// it.
using instant = std::uint64_t;

inline constexpr instant never = std::numeric_limits<instant>::max();

struct event {
    model::step step;
    /// The step creates an operation; the event polls it, sleeps until it is woken, and polls it again, until it
    /// finishes. It takes effect twice: when it asks, and when it is answered. Its answer is that of its last poll.
    bool waits = false;
    /// Nothing: it never returned. Only an event that waits may do so, as the last of its lane; or any, where
    /// everything came to an end before the rest.
    std::optional<model::answer> answer;
    instant invoked = 0;
    instant returned = never;

    friend bool operator==(const event&, const event&) = default;
};

struct history {
    std::uint64_t capacity = 1;
    std::vector<event> before;              // one after another; the times do not matter
    std::vector<std::vector<event>> lanes;  // at once
    /// When everything was at rest: each lane at its end, or asleep in an event that waits. Such an event has no
    /// answer. One that was answered after this instant may have been on its way, and may have slept: it says nothing
    /// about the rest.
    instant rest = never;
    std::vector<event> after;  // one after another, from then on; their times matter to events that return after `rest`

    friend bool operator==(const history&, const history&) = default;
};

}  // namespace tailrace::model
