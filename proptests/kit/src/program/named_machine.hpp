// The specification with names given by the program.
//
// The machine hands out names in the order of its steps. In a history, and in a program that a step
// was taken out of, the names are those the program has: each step says how what it makes is called.
// After a change here run: ci/test -L proptests -R 'counterexample|failure'
#pragma once

#include <optional>
#include <vector>

#include "tailrace/model/history.hpp"
#include "tailrace/model/linearizability.hpp"
#include "tailrace/model/machine.hpp"

namespace tailrace::verify {

class named_machine {
  public:
    explicit named_machine(std::uint64_t capacity) : state_(capacity) {}

    /// Takes the step; what it makes is called as in `recorded`, or by the step's own number.
    /// Nothing if the step is not legal now.
    std::optional<model::outcome> take(const model::step& s, const model::answer* recorded);

    /// Takes a point of an order: of an event that waits, its request or its follow-up. Other events
    /// are taken whole at their first point, also those that the search sees take effect in halves.
    std::optional<model::outcome> take(const model::event& e, bool follow_up);

    [[nodiscard]] const model::machine& state() const { return state_; }

  private:
    void name(const model::step& s, const model::answer* recorded);

    model::machine state_;
};

/// Precondition: the place is one of this history.
[[nodiscard]] const model::event& event_at(const model::history& h, const model::place& at);

}  // namespace tailrace::verify
