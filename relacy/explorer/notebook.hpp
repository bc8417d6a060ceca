// What the simulated threads write down, and which histories of a program there have been.
//
// An execution leaves a history: each step with its answer, and how many events of every other task happened before it.
// Most executions leave one that is known already, so histories are kept, compared as bytes, and judged once, when no
// simulation runs. The order is happens-before, as Relacy keeps it, not that of the scheduler: nothing that is written
// here orders anything.
// After a change here run: ctest -R interleavings && ci/mutants -R explorer
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

/// While one lives, memory is the program's own, not the simulation's.
class outside_the_simulation {
  public:
    outside_the_simulation() noexcept : context_(std::exchange(rl::context_holder<>::instance_, nullptr)) {}
    ~outside_the_simulation() { rl::context_holder<>::instance_ = context_; }
    outside_the_simulation(const outside_the_simulation&) = delete;
    outside_the_simulation& operator=(const outside_the_simulation&) = delete;

  private:
    rl::context* context_;
};

/// An event, without anything that is not part of the history. Trivial: there is room for many, and an execution has
/// few.
struct noted {
    static constexpr std::uint8_t unanswered = 255;

    slot_number subject;
    std::uint8_t what;   // the verb
    std::uint8_t index;  // of the step
    std::uint8_t status;
    std::uint8_t number;  // a number, an index of a value, how many values there are, or the size of an iterator
    slot_number made;
    std::array<std::uint8_t, most_tasks> first;  // events of each task that happened before it
    std::array<std::uint8_t, 3> values;
};
static_assert(sizeof(noted) == 12);
inline constexpr unsigned most_noted_values = 3;

/// What one task has done.
struct log {
    static constexpr unsigned most_events =
        most_slots + most_values + 4;  // what is taken apart at the end: each handle, each value
    static_assert(most_events >= most_steps);

    std::array<noted, most_events> events;
    std::array<rl::timestamp_t, most_events> returned;  // by the task's own clock
    std::array<std::uint32_t, most_events> began;       // in the order of the scheduler
    std::array<std::uint32_t, most_events> ended;
    unsigned count = 0;
    bool under_way = false;  // the one behind them
};

struct execution {
    log before;
    std::array<log, most_tasks> tasks;
    bool rested = false;  // every task has ended or sleeps
    log after;
    std::uint32_t steps = 0;
};

/// Begins an event in the account of an execution, and what comes after the rest.
inline constexpr const char* event_mark = "[EVENT]";
inline constexpr const char* rest_mark = "[REST]";

/// The histories of one program.
class notebook {
  public:
    void begin(const plan& p);
    /// Notes what has been seen. False if the history is known to be refused.
    [[nodiscard]] bool add(const execution& e);
    /// Judges what is new. Not during a simulation.
    void judge(std::uint64_t most_nodes);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] bool anything_refused() const { return refused_; }
    [[nodiscard]] std::uint64_t unknown() const { return unknown_; }
    /// Each of them, as the function to_text has one.
    [[nodiscard]] std::vector<std::string> texts() const;

  private:
    enum class status : unsigned char { fresh, allowed, refused, unknown };
    struct entry {
        std::uint64_t hash = 0;
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
        status is = status::fresh;
    };

    [[nodiscard]] model::history history_of(std::string_view bytes,
                                            std::vector<std::vector<std::vector<std::uint32_t>>>& first) const;

    const plan* plan_ = nullptr;
    std::string bytes_;
    std::vector<entry> entries_;
    std::vector<std::uint32_t> table_;  // of entries, from 1
    std::size_t judged_ = 0;
    bool refused_ = false;
    std::uint64_t unknown_ = 0;
};

/// What was seen, as lines of text: see explore_lines.cpp.
[[nodiscard]] std::string to_text(const execution& e, const plan& p);

/// The program that is performed, and where it is written down. One search runs at a time.
struct performed {
    static inline const plan* program = nullptr;
    static inline notebook* histories = nullptr;
    static inline const execution* running = nullptr;
};

}  // namespace tailrace::relacy
