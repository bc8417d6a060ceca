// The engine `oracle`: replays recorded traces on a target and compares everything that every step
// shows.
//
// First the specification alone judges the traces: an illegal step refuses the input before any
// target runs. Then each trace runs on the target, with the specification beside it, up to its
// first difference; what follows a difference is not judged. After every step the
// answer, the woken operations and the destroyed values are compared, and the conservation of permits is
// checked. The one difference that is allowed is the form of `normal_form` below. After a change
// here run: ci/test -L proptests && ci/verify
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// A line that contradicts the form of its own trace.
struct contradiction {
    std::size_t at;  // index of the line
    std::string problem;

    friend bool operator==(const contradiction&, const contradiction&) = default;
};

/// A trace in normal form: as this project's channels must answer it.
///
/// tokio destroys a value that was sent through a permit after the receiver had gone only
/// when the last handle of the channel goes (senders, weak senders, owned permits, operations that
/// own a sender), in order of sending, and keeps its permit until then. Here it is destroyed by the
/// send, and its permit comes back (late-send.destroyed). A recording comes from one channel, so
/// it shows all such values either late, as tokio does, or promptly:
///
///     late                              prompt, the normal form
///     p0 send v9 -> ok                  p0 send v9 -> ok ~ v9
///     s0 capacity -> 2                  s0 capacity -> 3           lower by the late values so far
///     drop s0 -> ok ~ v9                drop s0 -> ok              the last handle goes
///
/// Lines of these three kinds tell the forms apart. A trace is read in the form that more of them
/// speak for, so that one wrong line never turns the reading of the others; if as many speak for
/// each, it is read as tokio's. Nothing else is ever changed, and a line of a late trace that is not
/// as the form wants it stays as recorded, to differ where it stands.
struct normal_form {
    /// Line for line the recorded one. The wakes of `advance`, a set, are in order of number.
    model::trace trace;
    /// The lines that send a value which the recording destroys late: allowed, and counted.
    std::vector<std::size_t> late;
    /// In order of lines. Where one stands, no outcome would be right.
    std::vector<contradiction> contradictions;

    friend bool operator==(const normal_form&, const normal_form&) = default;
};

[[nodiscard]] normal_form normalise(const model::trace& recorded);

/// A trace that the specification has judged.
struct judged_trace {
    model::trace recorded;
    normal_form normal;
    /// The lines that can be replayed: to the first that the specification answers differently.
    std::size_t length = 0;
    bool agrees = true;  // there is no such line
};

/// Judges traces by the specification alone. Throws model::parse_error at an illegal step.
[[nodiscard]] std::vector<judged_trace> judge(std::vector<model::trace> traces);

/// What can differ at a step.
enum class aspect : unsigned char {
    answer,
    woken,
    destroyed,
    conservation,   // a permit is lost or made
    storage,        // an idle channel keeps too much
    thrown,         // the target threw instead of answering
    late,           // it has not answered in time
    ended,          // its process has
    protocol,       // it has written what is no answer
    specification,  // the target is as recorded, but the specification is not
    form            // the recording contradicts itself: see normal_form
};

[[nodiscard]] std::string_view to_string(aspect a) noexcept;

/// In a handler of what a target threw: what it means, and the notes that say so.
struct thrown_in_place {
    aspect differs;
    std::vector<std::string> notes;
};
[[nodiscard]] thrown_in_place what_was_thrown();

/// The outcome as it is compared: the order of the wakes of `advance` is no part of the contract.
[[nodiscard]] model::outcome comparable(const model::step& s, model::outcome o);

/// The first difference of a trace on a target.
struct difference {
    std::string target;
    model::trace recorded;              // cut after the line that differs
    model::outcome expected;            // in normal form
    std::optional<model::outcome> got;  // nothing if the target threw
    std::vector<aspect> differs;
    std::vector<std::string> notes;  // what the members above cannot say
    std::string state;               // the target's own description, after the step

    [[nodiscard]] const model::line& line() const { return recorded.lines.back(); }
};

/// What became of a trace on a target.
enum class fate : unsigned char { agreed, differed, skipped, left };

/// What replaying traces on one target came to.
struct replay_result {
    std::string target;
    std::size_t traces = 0;  // replayed, whole or to their first difference
    std::size_t steps = 0;
    std::size_t conservation_checks = 0;  // steps after which the target could tell its capacity
    std::size_t late = 0;                 // allowed late destructions that were met
    std::vector<difference> differences;  // at most one for each trace
    std::vector<fate> fates;              // of each trace
    /// Traces, by the first capability that the target lacks.
    std::array<std::size_t, capability_count> skipped{};

    [[nodiscard]] std::size_t skipped_traces() const;
};

/// Called with how many are done, of how many.
using progress = std::function<void(std::size_t, std::size_t)>;

/// Replays every trace within the target's capabilities on a session of its own; the others are
/// counted as skipped. Once it is `over` the rest is left.
[[nodiscard]] replay_result replay(const target& t, std::span<const judged_trace> traces, const progress& tell = {},
                                   const std::function<bool()>& over = {});

}  // namespace tailrace::verify
