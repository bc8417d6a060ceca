// A generated program in the form that the simulated threads run: every name is a slot, and every step has the slot
// that it uses and the slot for the handle that it makes.
//
// It is computed once for each program, so that an execution needs no look-up and no allocation of its own.
// After a change here run: ci/test -R interleavings && ci/mutants -R explorer
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tailrace/model/vocabulary.hpp"

namespace tailrace::relacy {

inline constexpr unsigned most_tasks = 3;
inline constexpr unsigned most_slots = 48;
inline constexpr unsigned most_values = 24;
inline constexpr unsigned most_steps = 64;  // of a task, or before the tasks

using slot_number = std::uint8_t;
inline constexpr slot_number no_slot = 255;

struct action {
    model::verb what = model::verb::poll;
    model::handle_kind on = model::handle_kind::receiver;
    slot_number subject = no_slot;
    slot_number operation = no_slot;  // that the action creates or polls
    slot_number makes = no_slot;      // for the handle that the action or its operation makes
    std::uint8_t value = 0;           // an index into the values of the program
    std::uint8_t count = 0;
    bool waits = false;  // it creates an operation, polls it, and sleeps until it is woken
    bool consumes = false;
    std::uint8_t index = 0;  // of the step, in its task
};

/// A step of a task in the program.
struct planned_step {
    model::step step;
    bool waits = false;
};

struct planned_program {
    std::uint64_t capacity = 1;
    std::vector<model::step> before;
    std::vector<std::vector<planned_step>> tasks;
};

struct plan {
    std::uint64_t capacity = 1;
    std::vector<action> before;
    std::vector<std::vector<action>> tasks;  // at most most_tasks
    std::vector<model::handle> names;        // of each slot
    std::vector<model::value_id> values;
    planned_program program;
};

/// The number of simulated threads: one for each task, and at least two.
[[nodiscard]] inline unsigned threads_for(const plan& p) {
    return p.tasks.size() < 2 ? 2 : static_cast<unsigned>(p.tasks.size());
}

/// Throws std::runtime_error, one line, for a program that has too many tasks, steps, names or values, or steps that
/// are not simulated.
[[nodiscard]] plan make_plan(const planned_program& p);

}  // namespace tailrace::relacy
