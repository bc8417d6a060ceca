// The forms of a counterexample: a log, a page, and a test to paste.
//
// Everything here is a pure function of the counterexample, and tested against golden files: a report can be made again
// from history.json alone.
// After a change here run: ci/test -L proptests -R 'failure|regression'
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/counterexample.hpp"

namespace tailrace::verify {

/// What went wrong, in a sentence: "v2 was received before v1".
[[nodiscard]] std::string what_went_wrong(const counterexample& c);
/// What differs at the last step: "answer, woken (missing f0)".
[[nodiscard]] std::string differing(const sequential_run& run);

/// Plain ASCII, at most 40 lines of 100 columns: what went wrong, the property, the program with the state beside each
/// step, the first impossible step marked `>`, why it is impossible, and a line that repeats it.
[[nodiscard]] std::string to_log(const counterexample& c);

/// One self-contained page, below 2 MB: what is larger is cut, and the page says so.
[[nodiscard]] std::string to_html(const counterexample& c);

/// A file with one GoogleTest TEST, to be pasted: the program, and what the contract says of every step; of concurrent
/// tasks, what holds in every interleaving. For the channels of this project it needs nothing but their public API, for
/// others their adapter and the kit. Where no adapter is known the file says so, and has no test.
[[nodiscard]] std::string to_regression_test(const counterexample& c);

/// A name for the test, of letters, digits and underscores.
[[nodiscard]] std::string test_name_of(const counterexample& c);

/// The earlier steps without which the specification would have answered otherwise at a point.
struct reason {
    std::string where;                 // "step 5", "task 2, step 3"
    std::string invoked;               // the step
    std::string got;                   // what the target answered, or "asleep"
    std::vector<std::string> legal;    // the legal answers
    std::vector<std::string> because;  // the steps that say so: "step 3  poll f0"
    friend bool operator==(const reason&, const reason&) = default;
};

/// Why the outcome is impossible: one reason for the last step of a program on one thread, one for each refused point
/// of concurrent tasks.
[[nodiscard]] std::vector<reason> reasons(const counterexample& c);

/// A text of the target as plain ASCII, in one line.
[[nodiscard]] std::string plain(std::string_view text);
/// Where the program comes from and how it became small: "seed 1, program 41; shrunk from ...".
[[nodiscard]] std::string origin_of(const counterexample& c);
/// "task 2, step 3", "before, step 1".
[[nodiscard]] std::string to_string(const model::place& at);
/// What a point is of: `s0 send v1 as f0`, `f0`, or the second half of an event that does not wait.
[[nodiscard]] std::string subject_of(const model::history& h, const model::point& p);
/// The response of an event: "ok", "asleep", "never returned".
[[nodiscard]] std::string answer_of(const model::event& e);
/// A point of a run in one line: `s0 send v1 as f0 -> pending`, `f0 -> ok`.
[[nodiscard]] std::string to_string(const model::history& h, const model::point& p);

}  // namespace tailrace::verify
