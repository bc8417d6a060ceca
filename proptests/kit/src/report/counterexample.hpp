// A counterexample: everything that is known of a failed check, as one value and as one file.
//
// The file is history.json. The log, the page, the test to paste and the token (failure_report.hpp,
// token.hpp) are pure functions of it, so they can be made again later, without the target and
// without the program that found it. After a change here run:
// ci/test -L proptests -R 'counterexample|token|failure|regression'
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/atomic_access.hpp"
#include "engine/oracle.hpp"
#include "engine/sequential.hpp"
#include "tailrace/model/clauses.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::verify {

/// A step that was taken on one thread.
struct taken_step {
    model::step step;
    model::outcome expected;
    std::string specification;  // its state after the step
    std::string target;         // the target's own words after it; nothing if they are not known

    friend bool operator==(const taken_step&, const taken_step&) = default;
};

/// A program on one thread, which fails in its last call: at its last step, or at one inside whose call that is taken.
struct sequential_run {
    std::vector<taken_step> steps;
    std::size_t at = 0;                 // the step that fails
    std::optional<model::outcome> got;  // there; nothing if the target threw
    std::vector<aspect> differs;
    std::vector<std::string> notes;  // what the members above cannot say

    [[nodiscard]] const taken_step& failing() const { return steps[at]; }
    friend bool operator==(const sequential_run&, const sequential_run&) = default;
};

/// A point of a linearization, and the state of the specification after it.
struct explained_point {
    model::point point;
    std::string specification;

    friend bool operator==(const explained_point&, const explained_point&) = default;
};

/// Concurrent tasks, and the longest prefix of a linearization of their history.
struct concurrent_run {
    model::history history;
    /// Or asleep; or allowed: then the failure is not in the history.
    model::finding finding = model::finding::answer;
    std::string problem;  // a failure beside the history, or instead of it: a lost value, an exception, a data race
    std::uint64_t nodes = 0;
    std::vector<explained_point> order;
    std::vector<explained_point> refused;  // with the state after the specification's answer
    std::vector<atomic_access> accesses;   // empty if the engine cannot see them

    friend bool operator==(const concurrent_run&, const concurrent_run&) = default;
};

/// How a program became small, in steps.
struct shrinking {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t attempts = 0;

    friend bool operator==(const shrinking&, const shrinking&) = default;
};

/// How often the same program failed when it was run again.
struct repetition {
    std::uint64_t failed = 0;
    std::uint64_t runs = 0;

    friend bool operator==(const repetition&, const repetition&) = default;
};

/// The version of this program.
[[nodiscard]] std::string_view tool_version() noexcept;

/// In the place of the index of a program: it came from a token, where seed and index are not known.
inline constexpr std::uint64_t of_a_token = ~std::uint64_t{0};

struct counterexample {
    std::string tool{tool_version()};         // that found it
    std::string command = "tailrace-verify";  // by which it can be repeated
    model::engine engine = model::engine::sequential;
    std::string target;
    std::string adapter{own_adapter};  // how C++ names what drives the target: see target
    std::string option;                // that the command needs to have the target
    std::string property;              // the property that was checked, as a sentence
    std::vector<std::string> clauses;  // that are broken, as far as is known
    std::uint64_t seed = 0;
    std::uint64_t program = 0;  // its index, or of_a_token
    std::string
        recorded_at;  // file:line of a recorded trace, or a file of a corpus: then seed and program mean nothing
    std::uint64_t capacity = 1;
    std::optional<shrinking> shrunk;
    std::optional<std::uint64_t> in_order;  // steps of the program, if it is one of all, in order: seed means nothing
    std::optional<repetition> repeated;
    std::variant<sequential_run, concurrent_run> run;

    friend bool operator==(const counterexample&, const counterexample&) = default;
};

/// A recorded trace is run again from its file; everything else has a token.
[[nodiscard]] constexpr bool has_token(model::engine e) noexcept { return e != model::engine::oracle; }
/// "seed-1-program-51"; in order "program-51"
[[nodiscard]] std::string program_place(bool in_order, std::uint64_t seed, std::uint64_t program);

/// With the states of the specification; the target's words are known for the last step.
[[nodiscard]] sequential_run run_of(const model::trace& shrunk, const parting& last);
/// With the states of the specification. Precondition: `v` is a verdict on `h`, and not unknown.
[[nodiscard]] concurrent_run run_of(const model::history& h, const model::verdict& v);

/// A program on one thread as a trace that fails at its last line; nothing for concurrent tasks.
[[nodiscard]] std::optional<model::trace> trace_of(const counterexample& c);

/// Calls that one would write: creating an operation and polling it for the first time are one. Before
/// the tasks and in them; not what takes everything apart.
[[nodiscard]] std::size_t operations_of(const counterexample& c);

/// Plain ASCII, with a line end. Bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string to_json(const counterexample& c);
/// What a file of JSON cannot be read for, in one line: `<file>: <where>: expected <what>, found <text>`.
class json_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};
/// Throws json_error.
[[nodiscard]] counterexample from_json(std::string_view text, std::string_view file = "history.json");

}  // namespace tailrace::verify
