// The engine `sequential`: generated programs on one thread, against the specification.
//
// Part of them have reactions: steps that a waker or the destructor of a value takes inside the call of another step.
// Operations are created, polled and cancelled explicitly, and the clock is advanced explicitly. After every step the
// answer, the operations that became ready and their order (a set for `advance`), the values that
// were destroyed and their order, the free capacity and with it the conservation of permits have
// to be what the specification says. The first program that fails is shrunk, and ends the run; or, if more failures
// are wanted, the run goes on, and keeps the smallest of each class. A run without a failure whose state coverage
// (reach.hpp) is too low does not pass either.
// After a change here run: ci/test -L proptests -R 'sequential|shrink'
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coverage/reach.hpp"
#include "engine/oracle.hpp"
#include "program/generator.hpp"
#include "program/shrink.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct sequential_failure;

/// What may be at fault: any one of these, in ascending order. A failure is no finding of its own
/// if another one may be due to nothing but some of the same.
using failure_class = std::function<std::vector<std::string>(const sequential_failure& f)>;

struct sequential_options {
    std::uint64_t programs = 20'000;
    std::uint64_t seed = 1;
    std::size_t max_length = usual_length;
    std::uint64_t first = 0;                   // the index of the first program: shards, and one program again
    std::optional<model::verb> left_out = {};  // see generator_options
    std::size_t most_failures = 1;             // of different classes: the run ends with the last
    failure_class classify = {};               // otherwise by the verb and what differs
    /// Of the programs whose failures look alike before they are shrunk, so many are shrunk.
    std::size_t shrinks_of_a_kind = 8;
    /// True once no more programs are to be begun; called before each.
    std::function<bool()> enough = {};
    /// True once there is no more time for making failures smaller; called before every attempt.
    std::function<bool()> over = {};
};

/// Where a target and the specification differ.
struct parting {
    std::size_t at = 0;                 // index of the step; reactions inside its call follow it
    model::outcome expected;            // what the specification says
    std::optional<model::outcome> got;  // nothing if the target threw
    std::vector<aspect> differs;
    std::vector<std::string> notes;  // what the members above cannot say
    std::string before;              // the specification's state
    std::string after;
    std::string state;  // the target's own description, after the step
};

struct sequential_failure {
    std::uint64_t program = 0;  // its index
    std::size_t length = 0;     // in steps, up to the failing one, before shrinking
    std::size_t attempts = 0;   // of shrinking
    model::trace trace;         // shrunk; as the specification wants it; fails in its last call
    parting last;               // what happens there
};

struct sequential_result {
    std::string target;
    std::uint64_t programs = 0;
    std::uint64_t reacting = 0;  // programs with reactions
    std::uint64_t steps = 0;
    std::uint64_t conservation_checks = 0;  // steps after which the target could tell its capacity
    form_counts forms{};
    std::vector<reach> reached;  // empty if there was a failure
    std::optional<sequential_failure> failure;
    std::vector<sequential_failure> more;           // of other classes, if they were asked for
    std::map<std::uint64_t, std::size_t> agreed{};  // steps before the failure, by failing program

    [[nodiscard]] std::vector<reach> with(reach_verdict v) const;
    /// No failure, and nothing missed or unknown.
    [[nodiscard]] bool passed() const;
};

/// A channel that has failed may do worse when it is destroyed, and take its counterexample with it: it is kept for
/// good.
void abandon(std::unique_ptr<session> failed);

/// The steps once more: what happens in their last call, where they have failed.
[[nodiscard]] sequential_failure explained(const target& t, const script& failing);

/// Takes the steps up to the first that fails; nothing if none does. Throws std::runtime_error at a step that is
/// illegal.
[[nodiscard]] std::optional<sequential_failure> take_again(const target& t, const script& s);

[[nodiscard]] sequential_result run_sequential(const target& t, const sequential_options& options = {},
                                               const progress& tell = {});

}  // namespace tailrace::verify
