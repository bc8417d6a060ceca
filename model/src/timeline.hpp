// A history as tasks whose events are ordered by time: what a search for a linearization needs to know of it, and
// nothing about channels. After a change here run: ci/test -L model
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tailrace/model/history.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::model {

/// The progress of a task: twice the number of finished events, plus one if the next has begun.
using progress = std::uint32_t;

constexpr std::uint32_t events_done(progress p) { return p / 2; }
constexpr bool has_begun(progress p) { return p % 2 != 0; }

struct task {
    place::part of = place::part::tasks;
    std::uint32_t task = 0;
    std::span<const event> events;
    /// The number of events of each task that come first: for each event a row with a number for each task.
    std::vector<std::uint32_t> first;
    progress at_rest = 0;  // where it is at quiescence; odd if it sleeps
    progress at_end = 0;   // where it must be in the end
};

/// The history must outlive it.
class timeline {
  public:
    timeline(const history& h, const check_options& options);

    /// `before`, each task that runs at the same time as others, `after`.
    [[nodiscard]] const std::vector<task>& tasks() const noexcept { return tasks_; }
    /// The tasks that are asleep at quiescence.
    [[nodiscard]] const std::vector<std::uint32_t>& sleepers() const noexcept { return sleepers_; }

    /// Whether the next event of a task may be next in a linearization.
    [[nodiscard]] bool may_come(const std::vector<progress>& made, std::uint32_t which) const;
    /// Whether every task is as far as it is at quiescence.
    [[nodiscard]] bool rested(const std::vector<progress>& made) const;
    /// Whether event i of task a and event j of task b are at the same time.
    [[nodiscard]] bool overlap(std::uint32_t a, std::uint32_t i, std::uint32_t b, std::uint32_t j) const;
    /// Whether event i of task a comes before event j of task b.
    [[nodiscard]] bool comes_first(std::uint32_t a, std::uint32_t i, std::uint32_t b, std::uint32_t j) const;

  private:
    void add_task(place::part of, std::uint32_t number, std::span<const event> events, std::uint64_t rest);
    void order_by_time(const check_options& options);

    std::vector<task> tasks_;
    std::vector<std::uint32_t> sleepers_;
};

}  // namespace tailrace::model
