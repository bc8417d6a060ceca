// The linearizability check: a search for a linearization of a history, one order of its events in which the
// specification gives each recorded response.
//
// An event that waits is two transitions, a request and a follow-up; every other event is one. A linearization respects
// the order of each task and the real-time order. The search is Wing and Gong's with Lowe's memoisation of visited
// states: the progress of each task and the state of the specification. At quiescence there is one more condition: no
// task sleeps that the specification would complete. This detects lost wake-ups. The wake-ups themselves are not
// compared. After a change here run: ci/test -L model
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tailrace/model/history.hpp"
#include "tailrace/model/machine.hpp"

namespace tailrace::model {

/// The position of an event in a history.
struct place {
    enum class part : unsigned char { before, tasks, after };

    part of = part::tasks;
    std::uint32_t task = 0;  // tasks only
    std::uint32_t index = 0;

    friend bool operator==(const place&, const place&) = default;
};

/// A transition in a linearization.
struct point {
    place at;
    /// The second half of an event that waits: its response.
    bool follow_up = false;
    outcome by_specification;

    friend bool operator==(const point&, const point&) = default;
};

enum class finding : unsigned char {
    allowed,
    answer,  // there is no linearization, even without the condition that no task is left asleep
    asleep,  // there are linearizations, but each leaves a task asleep that the specification would complete
    unknown  // the limit of nodes was reached before a finding was certain
};

struct verdict {
    finding is = finding::unknown;
    std::uint64_t nodes = 0;
    /// The linearization; for `asleep`, up to quiescence; otherwise the longest prefix that was found.
    std::vector<point> order;
    /// If there is none: the transitions that could come next in real time, with the responses of the specification;
    /// for `asleep`, the follow-ups of the sleeping tasks.
    std::vector<point> refused;
    /// The state of the specification at the end of `order`.
    machine state{1};
};

struct check_options {
    std::uint64_t most_nodes = 100'000;
    /// The transition of the specification, or of a mutant, to check whether a history kills the mutant.
    outcome (*apply)(machine&, const step&) = nullptr;  // nullptr: machine::apply
    /// The events that must come first. Nothing: those that returned before it was invoked.
    const event_order* first = nullptr;
};

/// Precondition: the events of each task are a legal program on their own.
[[nodiscard]] verdict check(const history& h, const check_options& options = {});

}  // namespace tailrace::model
