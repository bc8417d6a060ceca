// What a step of a history may mean to a channel: the specification's transitions, and beside other tasks the parts in
// which some of them take effect. After a change here run: ci/test -L model
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "observer_bounds.hpp"
#include "tailrace/model/linearizability.hpp"
#include "tailrace/model/machine.hpp"
#include "timeline.hpp"

namespace tailrace::model {

/// A transition: its response, and whether the event continues after it.
struct reply {
    outcome said;
    bool more = false;
    bool silent = false;  // no response yet
};

/// The timeline must outlive it.
class channel_rules {
  public:
    channel_rules(const timeline& times, const check_options& options);
    channel_rules(const channel_rules&) = delete;
    channel_rules& operator=(const channel_rules&) = delete;

    /// Makes states equal that behave alike.
    static void normalise(machine& m);
    /// The specification's response to the next transition of a task, which is at `p`; `made` is how far all tasks are.
    /// Nothing if it is not legal: that takes an event that was forgotten (the search, where a sleeping task was never
    /// invoked).
    [[nodiscard]] std::optional<reply> ask(machine& m, const task& t, progress p,
                                           const std::vector<progress>& made) const;

  private:
    void note_value(const event& e, std::uint32_t which, std::uint32_t index);
    void note_receipts();
    [[nodiscard]] static reply drop_receiver(machine& m, bool first);
    [[nodiscard]] static bool begins(machine& m, const event& e);
    [[nodiscard]] bool goes_on_waiting(const machine& m, const task& t, std::uint32_t index) const;
    [[nodiscard]] value_id value_of(const event& e) const;
    void claim(machine& m, const task& t, const event& e) const;
    [[nodiscard]] reply deliver(machine& m, const task& t, const event& e) const;
    [[nodiscard]] reply drop_taken_sender(machine& m, const task& t, const event& e) const;
    [[nodiscard]] bool overlook(machine& m, const task& t, std::uint32_t index, outcome& said) const;
    [[nodiscard]] bool came_first(value_id v, const task& t, std::uint32_t index) const;
    [[nodiscard]] outcome transition(machine& m, const event& e) const;

    const timeline& times_;
    std::vector<sent> sent_;
    observer_bounds bounds_;  // of what is in sent_
    outcome (*apply_)(machine&, const step&);
};

}  // namespace tailrace::model
