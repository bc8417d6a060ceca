// Programs with reactions: their performance on a target, and what the engine `sequential` finds with them.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/performance.hpp"
#include "engine/sequential.hpp"
#include "program/generator.hpp"
#include "program/shrink.hpp"
#include "report/counterexample.hpp"
#include "tailrace/model/player.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {
namespace {

using model::step;
using model::verb;

/// The specification, which reacts; and what it does wrong.
class reacting_session final : public session {
  public:
    struct mistakes {
        bool wakes_the_finished = false;     // although the operation has finished meanwhile
        bool wakes_late = false;             // after all reactions
        std::optional<verb> throws_at = {};  // inside of calls
    };

    reacting_session(std::uint64_t capacity, const mistakes& m) : machine_(capacity), does_(m) {}

    model::outcome apply(const step& s) override {
        if (machine_.refusal(s)) throw std::logic_error("illegal: " + model::to_string(s));
        if (calls_ > 0 && does_.throws_at == s.what) throw std::runtime_error("not here");
        ++calls_;
        model::outcome out;
        model::outcome stage;
        auto rest = machine_.begin(s, stage);
        out.answer = stage.answer;
        do {
            for (const model::handle f : std::exchange(stage.woken, {})) {
                if (!does_.wakes_the_finished && !machine_.is_to_be_woken(f.number, s.what)) continue;
                out.woken.push_back(f);
                if (does_.wakes_late && calls_ > 1) continue;
                if (reactions_ != nullptr) reactions_->woken(f.number);
            }
            for (const model::value_id v : std::exchange(stage.destroyed, {})) {
                out.destroyed.push_back(v);
                if (reactions_ != nullptr) reactions_->destroyed(v);
            }
        } while (machine_.proceed(rest, stage));
        machine_.end(s);
        --calls_;
        return out;
    }
    void react_with(session_events* r) override { reactions_ = r; }
    std::optional<std::uint64_t> observe_capacity() override { return machine_.available; }

  private:
    model::machine machine_;
    mistakes does_;
    session_events* reactions_ = nullptr;
    unsigned calls_ = 0;
};

target reacting_target(reacting_session::mistakes m = {}) {
    return {"reacting", "the specification itself", capabilities::all(),
            [m](std::uint64_t capacity) { return std::make_unique<reacting_session>(capacity, m); }};
}

bool reacts(const model::trace& t) { return has_reactions(t.lines); }

TEST(reactions, the_specification_agrees_with_itself) {
    const sequential_result r = run_sequential(reacting_target(), {.programs = 3'000});
    EXPECT_FALSE(r.failure) << model::to_string(r.failure->trace);
    EXPECT_GT(r.reacting, 500U);
}

TEST(reactions, a_wake_of_a_finished_operation_is_found_and_small) {
    const sequential_result r = run_sequential(reacting_target({.wakes_the_finished = true}), {.programs = 3'000});
    ASSERT_TRUE(r.failure);
    EXPECT_TRUE(reacts(r.failure->trace));
    EXPECT_LE(r.failure->trace.lines.size(), 7U) << model::to_string(r.failure->trace);
    EXPECT_EQ(r.failure->last.differs, std::vector{aspect::woken});
}

TEST(reactions, a_missed_occasion_is_found) {
    const sequential_result r = run_sequential(reacting_target({.wakes_late = true}), {.programs = 3'000});
    ASSERT_TRUE(r.failure);
    EXPECT_EQ(r.failure->last.differs, std::vector{aspect::woken});
    EXPECT_EQ(r.failure->last.notes, std::vector<std::string>{"wakes and destructions came in another order"});
}

TEST(reactions, a_target_that_throws_inside_of_a_call_is_caught) {
    const sequential_result r = run_sequential(reacting_target({.throws_at = verb::close}), {.programs = 3'000});
    ASSERT_TRUE(r.failure);
    EXPECT_EQ(r.failure->last.notes, std::vector<std::string>{"the target threw: not here"});
    EXPECT_EQ(r.failure->trace.lines[r.failure->last.at].step.what, verb::close);
}

TEST(reactions, a_generated_program_is_legal_and_plays_again_as_it_is) {
    const generator generate(capabilities::all(), {.seed = 5});
    std::size_t reacting = 0;
    unsigned deepest = 0;
    for (std::uint64_t i = 0; i < 2'000; ++i) {
        const model::trace t = interpret(generate(i));
        if (!reacts(t)) continue;
        ++reacting;
        std::vector<step> steps;
        for (const model::line& l : t.lines) {
            steps.push_back(l.step);
            deepest = std::max(deepest, l.step.at.depth);
        }
        ASSERT_EQ(model::play(t.capacity, steps), t.lines) << model::to_string(t);
    }
    EXPECT_GT(reacting, 200U);
    EXPECT_GE(deepest, 3U);
}

TEST(reactions, without_the_capability_there_are_none) {
    const generator generate(capabilities::all().without(capability::reentrancy));
    for (std::uint64_t i = 0; i < 500; ++i) EXPECT_FALSE(reacts(interpret(generate(i))));
}

TEST(reactions, shrinking_takes_steps_out_of_calls) {
    script s{1, {}};
    for (const char* text : {"r recv as f0", "poll f0", "s0 try_send v1", "| when f0 woken: poll f0",
                             "| when f0 woken: s0 try_send v2", "| when f0 woken: r close"}) {
        s.steps.push_back(model::parse_step(text));
    }
    const auto closes = [](const script& one) -> std::optional<std::size_t> {
        for (std::size_t i = 0; i < one.steps.size(); ++i) {
            if (one.steps[i].what == verb::close) return i;
        }
        return std::nullopt;
    };
    const shrunk_script small = shrink(s, capabilities::all(), closes);
    ASSERT_EQ(small.smallest.steps.size(), 1U);
    EXPECT_EQ(model::to_string(small.smallest.steps.front()), "r close");
}

TEST(reactions, a_failing_call_is_named_with_what_ran_inside_it) {
    const sequential_result r = run_sequential(reacting_target({.wakes_the_finished = true}), {.programs = 3'000});
    ASSERT_TRUE(r.failure);
    const sequential_run run = run_of(r.failure->trace, r.failure->last);
    EXPECT_LT(run.at + 1, run.steps.size()) << "the reactions follow the call that fails";
    counterexample c;
    c.run = run;
    EXPECT_EQ(std::get<sequential_run>(from_json(to_json(c)).run), run);
}

}  // namespace
}  // namespace tailrace::verify
