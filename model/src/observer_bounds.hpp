// The responses that the contract allows an observer beside other tasks, where they may differ from the specification's
// (model/README.md, "Observers beside other tasks"). After a change here run: ci/test -L model
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "timeline.hpp"

namespace tailrace::model {

/// A value that is sent, and the events that move it.
struct sent {
    value_id value;
    std::uint32_t operation;  // no_number, if the operation that sent it is not polled
    std::uint32_t task;
    std::uint32_t index;        // the event in which it was sent
    std::uint32_t received_by;  // the task, or no_number
    std::uint32_t received_at;
    bool accepted;
};

inline constexpr std::uint32_t no_number = ~std::uint32_t{0};

/// The permit of a value that a task is sending.
[[nodiscard]] constexpr handle claim_of(std::uint32_t task) { return {handle_kind::permit, no_number - 1 - task}; }

class observer_bounds {
  public:
    /// Both arguments must outlive it.
    observer_bounds(const timeline& times, const std::vector<sent>& values, bool by_happens_before);

    /// Whether event `index` of task `which` may have its recorded response, where the specification has `said`
    /// another in state `m`, with the tasks as far as `made`.
    [[nodiscard]] bool allow(const machine& m, const std::vector<progress>& made, std::uint32_t which,
                             std::uint32_t index, const answer& said) const;

  private:
    using range = std::pair<std::int64_t, std::int64_t>;

    [[nodiscard]] range values_beside(const machine& m, std::uint32_t which, std::uint32_t index) const;
    [[nodiscard]] range permits_behind(const machine& m, const std::vector<progress>& made) const;
    [[nodiscard]] range handles_beside(const std::vector<progress>& made, std::uint32_t which, std::uint32_t index,
                                       bool weak) const;
    [[nodiscard]] int change_of_count(const event& e, bool weak) const;
    [[nodiscard]] bool destroyed_beside(const machine& m, std::uint32_t which, std::uint32_t index) const;

    const timeline& times_;
    const std::vector<sent>& values_;
    bool by_happens_before_;
    std::vector<std::uint32_t> owning_;  // the operations that own a sender
};

}  // namespace tailrace::model
