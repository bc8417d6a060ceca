// Records the history of each execution, and the distinct histories of a program.
//
// A history contains each step with its response, and the number of events of every other task that happened before it.
// Most executions produce a known history, so histories are stored, compared as bytes, and judged once, when no
// simulation runs. Their order is happens-before, by Relacy's vector clocks, and not the order of the scheduler.
// Recording adds no ordering to the execution.
// After a change here run: ci/test -R interleavings && ci/mutants -R explorer
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "explorer/plan.hpp"
#include "kernel/relacy.hpp"
#include "tailrace/model/history.hpp"
#include "tailrace/model/linearizability.hpp"
#include "tailrace/model/vocabulary.hpp"

namespace tailrace::relacy {

/// While this object lives, memory comes from the real allocator and not from the simulated one.
class outside_the_simulation {
  public:
    outside_the_simulation() noexcept : context_(std::exchange(rl::context_holder<>::instance_, nullptr)) {}
    ~outside_the_simulation() { rl::context_holder<>::instance_ = context_; }
    outside_the_simulation(const outside_the_simulation&) = delete;
    outside_the_simulation& operator=(const outside_the_simulation&) = delete;

  private:
    rl::context* context_;
};

/// An event, with only what is part of the history. It is trivial, because the arrays have space for many more events
/// than an execution has.
struct noted {
    static constexpr std::uint8_t unanswered = 255;

    slot_number subject;
    std::uint8_t what;   // the verb
    std::uint8_t index;  // of the step
    std::uint8_t status;
    std::uint8_t number;  // a number, the index of a value, a number of values, or the size of an iterator
    slot_number made;
    std::array<std::uint8_t, most_tasks> first;  // number of events of each task that happened before it
    std::array<std::uint8_t, 3> values;
};
static_assert(sizeof(noted) == 12);
inline constexpr unsigned most_noted_values = 3;

/// The events of one task.
struct log {
    static constexpr unsigned most_events =
        most_slots + most_values + 4;  // the end drops each handle and receives each value
    static_assert(most_events >= most_steps);

    std::array<noted, most_events> events;
    std::array<std::uint8_t, most_tasks> at_end{};      // events of each task that happened before the end of this one
    std::array<rl::timestamp_t, most_events> returned;  // by the task's own component of the vector clock
    std::array<std::uint32_t, most_events> began;       // in the order of the scheduler
    std::array<std::uint32_t, most_events> ended;
    unsigned count = 0;
    bool under_way = false;  // the event after the last one has been invoked
};

struct execution {
    log before;
    std::array<log, most_tasks> tasks;
    bool quiescent = false;  // every task has ended or sleeps
    log after;
    std::uint32_t steps = 0;
};

/// Marks in the log of an execution: the begin of an event, and quiescence.
inline constexpr const char* event_mark = "[EVENT]";
inline constexpr const char* quiescence_mark = "[QUIESCENCE]";

/// The histories of one program.
class notebook {
  public:
    void begin(const plan& p);
    /// Stores the history of an execution. False if the history is known to be rejected.
    [[nodiscard]] bool add(const execution& e);
    /// Judges the new histories. Must not be called during a simulation.
    void judge(std::uint64_t most_nodes);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] bool anything_refused() const { return refused_; }
    [[nodiscard]] std::uint64_t unknown() const { return unknown_; }
    /// Each history, in the format of the function to_text.
    [[nodiscard]] std::vector<std::string> texts() const;

  private:
    enum class status : unsigned char { fresh, allowed, refused, unknown };
    struct entry {
        std::uint64_t hash = 0;
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
        status is = status::fresh;
    };

    [[nodiscard]] model::history history_of(std::string_view bytes, model::event_order& first) const;

    const plan* plan_ = nullptr;
    std::string bytes_;
    std::vector<entry> entries_;
    std::vector<std::uint32_t> table_;  // numbers of entries, from 1
    std::size_t judged_ = 0;
    bool refused_ = false;
    std::uint64_t unknown_ = 0;
};

/// The execution as lines of text: see explore_lines.cpp.
[[nodiscard]] std::string to_text(const execution& e, const plan& p);

/// The program that runs, and where its histories are stored. One search runs at a time.
struct performed {
    static inline const plan* program = nullptr;
    static inline notebook* histories = nullptr;
    static inline const execution* running = nullptr;
};

}  // namespace tailrace::relacy
