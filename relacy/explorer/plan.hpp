// A generated program, as the simulated threads need it: every name is a slot, every step says which slot it is about
// and into which it puts what it makes.
//
// It is worked out once for each program, so that an execution looks nothing up and allocates nothing of its own.
// After a change here run: ctest -R interleavings && ci/mutants -R explorer
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
inline constexpr unsigned most_steps = 64;  // of a task, or before them

using slot_number = std::uint8_t;
inline constexpr slot_number no_slot = 255;

struct act {
    model::verb what = model::verb::poll;
    model::handle_kind on = model::handle_kind::receiver;
    slot_number subject = no_slot;
    slot_number operation = no_slot;  // that it creates or polls
    slot_number makes = no_slot;      // where the handle goes that it, or its operation, makes
    std::uint8_t value = 0;           // an index into the values of the program
    std::uint8_t count = 0;
    bool waits = false;  // it creates an operation, polls it, and sleeps until it is woken
    bool consumes = false;
    std::uint8_t index = 0;  // of the step, in its task
};

/// A step of a task, as the program has it.
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
    std::vector<act> before;
    std::vector<std::vector<act>> tasks;  // at most most_tasks
    std::vector<model::handle> names;     // of each slot
    std::vector<model::value_id> values;
    planned_program program;
};

/// Simulated threads: one more than there are tasks, if there is only one.
[[nodiscard]] inline unsigned threads_for(const plan& p) {
    return p.tasks.size() < 2 ? 2 : static_cast<unsigned>(p.tasks.size());
}

/// Throws std::runtime_error, one line, for a program that has too many tasks, steps, names or values, or steps that
/// are not simulated.
[[nodiscard]] plan make_plan(const planned_program& p);

}  // namespace tailrace::relacy
