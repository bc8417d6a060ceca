// What the kit decides about each verb on each kind of handle: the capability that it needs, how often generated
// programs have it, and the verbs that shrinking tries in its place. What the contract says of a verb:
// tailrace/model/verbs.hpp.
//
// A seed gives the same programs as long as the rows with a weight stay as they are, and in this order.
// After a change here run: ci/test -L proptests -R 'generator|concurrent|sequential|shrink'
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "tailrace/model/verbs.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// Which operations an act is for.
enum class which : unsigned char {
    any,
    fresh,  // never polled
    ready   // would finish if polled
};

/// A verb in programs of one thread.
struct weighted_step {
    model::verb what;
    model::handle_kind subject;
    std::optional<capability> needs;  // nothing, if a handle of this kind comes from a step that needs one
    unsigned mixture;                 // weights
    unsigned crowd;
    unsigned stream;
    which among = which::any;
};

/// When a task of a concurrent program may take a step.
enum class allowed : unsigned char {
    always,
    late  // among the last steps of the task
};

/// A verb in programs of several tasks.
struct task_act {
    model::verb what;
    model::handle_kind subject;
    unsigned weight;
    allowed when = allowed::always;
};

/// A verb that does less and could do as well.
struct simpler_verb {
    model::verb what;
    model::handle_kind subject;
    model::verb instead;
    bool attempts = false;  // it does at once, or not at all, what the verb waits for
};

/// Every verb on every kind of handle that has it, with the capability.
[[nodiscard]] std::span<const weighted_step> acts() noexcept;
/// Of tasks with a sender; and of the task that has the receiver, in most of its steps.
[[nodiscard]] std::span<const task_act> sender_acts() noexcept;
[[nodiscard]] std::span<const task_act> receiver_acts() noexcept;
/// Those of a verb in the order in which they are tried, the simplest first.
[[nodiscard]] std::span<const simpler_verb> simpler_verbs() noexcept;

/// The capability that the step needs is there.
[[nodiscard]] bool is_within(capabilities c, const model::step& s) noexcept;

}  // namespace tailrace::verify
