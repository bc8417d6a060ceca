// The engine `interleavings`: generated small programs, each explored by a simulator of threads and of the C++ memory
// model.
//
// Every execution of the simulator leaves a history, and every history is checked: it must have a linearization that
// contains happens-before, in which no waiting task is left asleep that the specification would wake. A data race, a
// deadlock, a use of freed memory, a leak or a value destroyed twice is a failure without any history. Exploring the
// same program always gives the same executions, so a failure repeats exactly; it is shrunk as one of `threads` is. The
// simulator is a program of its own (`tailrace-interleavings`), run as a child.
// After a change here run: ci/test -L proptests -R interleavings
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coverage/reach.hpp"
#include "engine/atomic_access.hpp"
#include "engine/oracle.hpp"
#include "engine/threads.hpp"
#include "program/enumerate_concurrent.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::verify {

struct interleavings_options {
    std::uint64_t programs = 1'000;
    std::uint64_t seed = 1;                 // of the programs
    std::uint64_t first = 0;                // index of the first program
    std::uint64_t random_executions = 250;  // of each program
    std::uint64_t stall_executions = 50;    // random ones in which a task stops in the middle while the others go on
    std::uint64_t bound_executions = 700;   // at most
    unsigned preemptions = 2;               // the bound of the bounded search
    std::size_t most_attempts = 300;        // programs that shrinking tries
    std::size_t keep = 0;                   // histories, to measure evidence with
    /// Instead of generated programs: those of the bounded search alone, which has to come to its end.
    const all_concurrent_programs* all = nullptr;
    /// Called with the index of the program, before every exploration.
    std::function<void(std::uint64_t program)> alive = {};
    /// True once no more programs are to be begun; called before each.
    std::function<bool()> enough = {};
    /// True once the run has to end with what it has; called before every exploration, and during each.
    std::function<bool()> over = {};

    [[nodiscard]] bool is_over() const { return over && over(); }
};

/// A history, and what happened before what.
struct partial_history {
    model::history events;
    model::event_order first;
    std::uint64_t program = 0;  // its index

    [[nodiscard]] model::verdict judge() const;
};

struct interleavings_failure {
    std::uint64_t program = 0;  // its index
    concurrent_program found;
    concurrent_program smallest;
    std::size_t attempts = 0;      // of shrinking
    std::uint64_t executions = 0;  // of the smallest, until it failed
    std::string problem;           // what the simulator reports, or what is missing, if the responses are allowed
    std::string_view clause;       // that demands the order that is missing
    partial_history history;
    model::verdict verdict;
    std::vector<atomic_access> accesses;
};

/// Which operations met in which state of the channel, and in how many programs.
struct meeting {
    using operation = std::pair<model::handle_kind, model::verb>;

    std::string_view state;
    operation one;
    operation other;

    friend auto operator<=>(const meeting&, const meeting&) = default;
};

/// How fast executions are made and judged, in time of one processor.
struct speed {
    std::uint64_t executions = 0;
    std::uint64_t microseconds = 0;
};

struct interleavings_result {
    std::uint64_t programs = 0;
    std::uint64_t executions = 0;
    std::uint64_t stalled = 0;             // executions in which a task was stalled while others ran
    std::uint64_t histories = 0;           // different ones of one program
    std::uint64_t complete = 0;            // programs that were explored exhaustively, up to the bound
    std::uint64_t unknown = 0;             // histories for which the search for a linearization was given up
    std::map<meeting, std::uint64_t> met;  // of all programs that there are
    speed waiting;                         // in programs of three tasks, one of them in an operation that waits
    std::vector<reach> reached;            // empty if there was a failure
    std::vector<partial_history> kept;
    std::optional<interleavings_failure> failure;

    [[nodiscard]] bool passed() const;
};

/// Where the simulator of the targets that come with the kit is: the value of the environment variable
/// TAILRACE_INTERLEAVINGS, or beside this program. Empty if there is none.
[[nodiscard]] std::string find_simulator();

/// Precondition: the simulator is there, and knows the target. Throws std::runtime_error if it cannot be run.
[[nodiscard]] interleavings_result run_interleavings(const target& t, const interleavings_options& options = {},
                                                     const progress& tell = {});

/// Explores one program; nothing if it does not fail.
[[nodiscard]] std::optional<interleavings_failure> explore_again(const target& t, const concurrent_program& p,
                                                                 const interleavings_options& options = {});

}  // namespace tailrace::verify
