// Whether the contract allows a history: a search for one order of its events in which the specification answers each
// as it was answered.
//
// An event that waits is two transitions, a request and a follow-up; every other is one. The order has to keep the
// order of each lane and the order of time. The search is Wing and Gong's, with the states it has been in remembered
// (Lowe): what has been placed of each lane, and the state of the specification. When all lanes are at rest it asks one
// thing more, that nobody sleeps whom the specification would answer: that is how a lost wake-up shows. Wakes are not
// compared: what they are for is. After a change here run: ctest -L model
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tailrace/model/history.hpp"
#include "tailrace/model/machine.hpp"

namespace tailrace::model {

/// Where an event stands in a history.
struct place {
    enum class part : unsigned char { before, lanes, after };

    part of = part::lanes;
    std::uint32_t lane = 0;  // lanes only
    std::uint32_t index = 0;

    friend bool operator==(const place&, const place&) = default;
};

/// A transition in an order.
struct point {
    place at;
    /// The second half of an event that waits: its answer.
    bool follow_up = false;
    outcome by_specification;

    friend bool operator==(const point&, const point&) = default;
};

enum class finding : unsigned char {
    allowed,
    answer,  // no order explains every answer, or none was found within the limit that only leaves somebody asleep
    asleep,  // some do, but in each somebody is left asleep whom the specification would answer
    unknown  // the limit of nodes was reached before any of the others was certain
};

struct verdict {
    finding is = finding::unknown;
    std::uint64_t nodes = 0;
    /// The order; for `asleep`, as far as the rest; otherwise the longest beginning of one.
    std::vector<point> order;
    /// Where there is none: what could come next by the order of time, with what the specification would have answered;
    /// for `asleep`, the follow-ups of those who sleep.
    std::vector<point> refused;
    /// The state of the specification at the end of `order`.
    machine state{1};
};

struct check_options {
    std::uint64_t most_nodes = 100'000;
    /// The transition of the specification; or of a mutant, to learn whether a history would tell.
    outcome (*apply)(machine&, const step&) = nullptr;  // nullptr: machine::apply
    /// Which events of each lane must come first. Nothing: those that returned before it was invoked.
    /// For event `e` of lane `l`, `first[l][e][k]` events of lane `k`.
    const std::vector<std::vector<std::vector<std::uint32_t>>>* first = nullptr;
};

/// Precondition: the events of a lane are legal in their order, as a program of its own.
[[nodiscard]] verdict check(const history& h, const check_options& options = {});

}  // namespace tailrace::model
