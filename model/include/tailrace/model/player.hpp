// Programs with reactions on the specification: steps that foreign code takes inside the calls of other steps.
//
// A call delivers its occasions one at a time: the wakes of a stage in order, then its destructions. An operation that
// was finished or dropped meanwhile is not woken. After a change here run: ci/test -L 'model|proptests'
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {

/// Takes the steps of a program in their order. The lines are complete when the call around them has returned.
class player {
  public:
    explicit player(std::uint64_t capacity) : machine_(capacity) {}

    [[nodiscard]] const machine& state() const { return machine_; }
    /// With the outcomes, as far as their calls have returned.
    [[nodiscard]] const std::vector<line>& lines() const { return lines_; }
    /// The calls that are under way.
    [[nodiscard]] std::size_t depth() const { return calls_.size(); }
    /// The step of the innermost call. Precondition: depth() > 0.
    [[nodiscard]] const step& innermost() const { return lines_[calls_.back().index].step; }

    /// Goes on with the innermost call to its next occasion. Nothing: it had none left, and has returned.
    std::optional<occasion> go_on();
    /// Goes on until a step can be taken at this occasion. False, and nothing has changed, if it does not come.
    bool go_to(const occasion& at);
    /// The occasion that the innermost call has come to.
    [[nodiscard]] occasion here() const { return calls_.empty() ? occasion{} : calls_.back().at; }
    /// Goes on until no call is under way.
    void finish() { (void)go_to({}); }

    /// Why the step is not legal at this occasion, which is the one that go_on or go_to has come to.
    [[nodiscard]] std::optional<std::string> refusal(const step& s) const;
    /// Begins its call. Precondition: no refusal.
    void take(const step& s);

  private:
    struct call {
        std::size_t index;  // of its line
        machine::remainders rest;
        std::deque<handle> to_wake;
        std::deque<value_id> to_destroy;
        occasion at;
    };

    void queue(call& c, outcome&& stage);
    bool search(const occasion& at);

    machine machine_;
    std::vector<line> lines_;
    std::vector<call> calls_;
};

/// Takes those steps of a program whose occasion comes and that are legal then.
[[nodiscard]] std::vector<line> play(std::uint64_t capacity, const std::vector<step>& program);

[[nodiscard]] bool has_reactions(const std::vector<line>& lines) noexcept;

}  // namespace tailrace::model
