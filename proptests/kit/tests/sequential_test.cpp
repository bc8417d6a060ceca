// The engine `sequential`: the targets pass, every kind of mutant is killed by a program of a few steps, and a run with
// too low state coverage says so.
#include "engine/sequential.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model_mutants/mutant_target.hpp"
#include "oracle_support.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {
namespace {

using model::status;
using model::step;
using model::verb;

std::string said_about(const sequential_result& r) {
    std::string text = r.failure ? model::to_string(r.failure->trace) : std::string();
    for (const reach& one : r.reached) {
        if (one.verdict == reach_verdict::reached) continue;
        text += std::string(to_string(one.verdict)) + ' ' + std::string(one.what) + ": " +
                std::to_string(one.programs) + " of " + std::to_string(one.required) + '\n';
    }
    return text;
}

const mutant& mutant_named(std::string_view name) {
    const auto at = std::ranges::find(mutants(), name, &mutant::name);
    if (at == mutants().end()) throw std::logic_error("no mutant " + std::string(name));
    return *at;
}

/// The failure of a machine whose outcomes are spoilt.
std::optional<sequential_failure> failure_of(machine_session::spoiler spoil, const sequential_options& options = {}) {
    return run_sequential(machine_target(std::move(spoil)), options).failure;
}

// ---- Targets that pass

TEST(sequential, reference_passes_and_reaches_everything) {
    const sequential_result r = run_sequential(*find_target("reference"));
    EXPECT_TRUE(r.passed()) << said_about(r);
    EXPECT_EQ(r.programs, 20'000U);
    EXPECT_GT(r.steps, 20 * r.programs);
    EXPECT_GT(r.conservation_checks, r.steps * 9 / 10);
}

TEST(sequential, optimized_passes_and_reaches_everything) {
    const sequential_result r = run_sequential(*find_target("optimized"));
    EXPECT_TRUE(r.passed()) << said_about(r);
    EXPECT_EQ(r.programs, 20'000U);
    EXPECT_GT(r.steps, 20 * r.programs);
    EXPECT_GT(r.conservation_checks, r.steps * 3 / 4);
}

TEST(sequential, other_seeds_pass_too) {
    for (std::uint64_t seed = 100; seed < 105; ++seed) {
        for (const target& t : builtin_targets()) {
            const sequential_result r = run_sequential(t, {.programs = 4'000, .seed = seed});
            EXPECT_FALSE(r.failure) << said_about(r);
            EXPECT_TRUE(r.with(reach_verdict::missed).empty()) << said_about(r);
        }
    }
}

// ---- Mutants that are killed

TEST(sequential, every_mutant_that_it_can_observe_is_killed_by_a_program_of_a_few_steps) {
    std::size_t caught = 0;
    std::size_t steps = 0;
    std::size_t longest = 0;
    std::uint64_t latest = 0;
    for (const mutant& d : mutants()) {
        const model::clause* c = model::find_clause(d.clause);
        ASSERT_NE(c, nullptr) << d.name;
        if (!c->is_observed_by(model::engine::sequential)) continue;
        const sequential_result r = run_sequential(mutant_target(d));
        ASSERT_TRUE(r.failure) << d.name << ": " << d.summary;
        EXPECT_FALSE(r.passed());
        const sequential_failure& f = *r.failure;
        EXPECT_LE(f.trace.lines.size(), 10U) << d.name << '\n' << model::to_string(f.trace);
        EXPECT_LE(f.trace.capacity, 3U) << d.name << '\n' << model::to_string(f.trace);
        EXPECT_EQ(f.last.at + 1, f.trace.lines.size()) << d.name;
        EXPECT_FALSE(f.last.differs.empty()) << d.name;
        ++caught;
        steps += f.trace.lines.size();
        longest = std::max(longest, f.trace.lines.size());
        latest = std::max(latest, r.programs);
    }
    EXPECT_GE(caught, 100U);
    EXPECT_LE(steps, 4 * caught) << "four steps on average";
    RecordProperty("caught", static_cast<int>(caught));
    RecordProperty("longest", static_cast<int>(longest));
    RecordProperty("programs_at_most", static_cast<int>(latest));
}

TEST(sequential, an_extra_wake_a_missing_wake_and_a_swapped_pair_are_reported) {
    EXPECT_TRUE(failure_of([](const step&, model::outcome& o) {
        if (o.answer.status == status::pending) o.woken.push_back({});
    }));
    EXPECT_TRUE(failure_of([](const step&, model::outcome& o) {
        if (o.woken.size() == 3) o.woken.pop_back();
    }));
    EXPECT_TRUE(failure_of([](const step& s, model::outcome& o) {
        if (o.woken.size() == 3 && s.what != verb::advance) std::swap(o.woken[1], o.woken[2]);
    }));
}

TEST(sequential, a_destruction_too_much_too_few_or_swapped_is_caught) {
    EXPECT_TRUE(failure_of([](const step&, model::outcome& o) {
        if (o.destroyed.size() == 2) o.destroyed.push_back(o.destroyed[0]);
    }));
    EXPECT_TRUE(failure_of([](const step&, model::outcome& o) {
        if (o.destroyed.size() == 2) o.destroyed.pop_back();
    }));
    EXPECT_TRUE(failure_of([](const step&, model::outcome& o) {
        if (o.destroyed.size() == 2) std::swap(o.destroyed[0], o.destroyed[1]);
    }));
}

TEST(sequential, the_wakes_of_an_advance_have_no_order) {
    EXPECT_FALSE(failure_of([](const step& s, model::outcome& o) {
        if (s.what == verb::advance) std::ranges::reverse(o.woken);
    }));
}

/// The specification, with a permit less than there should be after a close.
class leaking_session final : public session {
  public:
    explicit leaking_session(std::uint64_t capacity) : machine_(capacity) {}
    model::outcome apply(const step& s) override { return machine_.apply(s); }
    std::optional<std::uint64_t> observe_capacity() override {
        return machine_.available - (machine_.closed && machine_.available > 0 ? 1U : 0U);
    }
    std::string describe() override { throw std::runtime_error("no words"); }

  private:
    model::machine machine_;
};

TEST(sequential, a_lost_permit_is_caught_though_every_answer_is_right) {
    const target t{"leaking", "loses a permit", {capability::try_send, capability::close}, [](std::uint64_t n) {
                       return std::make_unique<leaking_session>(n);
                   }};
    const sequential_result r = run_sequential(t);
    ASSERT_TRUE(r.failure);
    EXPECT_EQ(r.failure->last.differs, std::vector{aspect::conservation});
    EXPECT_EQ(r.failure->last.notes, std::vector<std::string>{"0 free + 0 buffered + 0 out + 0 held = 0, not 1"});
    EXPECT_EQ(r.failure->last.state, "cannot describe itself: no words");
    EXPECT_EQ(model::to_string(r.failure->trace),
              "trace seed-1-program-" + std::to_string(r.failure->program) + " capacity 1\nr close -> ok\nend\n");
}

TEST(sequential, a_target_that_throws_is_caught) {
    const std::optional<sequential_failure> f = failure_of([](const step& s, model::outcome&) {
        if (s.what == verb::close) throw std::runtime_error("close is not for me");
    });
    ASSERT_TRUE(f);
    EXPECT_EQ(f->last.differs, std::vector{aspect::thrown});
    EXPECT_FALSE(f->last.got);
    EXPECT_EQ(f->trace.lines.size(), 1U);
    EXPECT_EQ(f->last.notes, std::vector<std::string>{"the target threw: close is not for me"});
    EXPECT_TRUE(failure_of([](const step&, model::outcome&) { throw 7; }));
}

TEST(sequential, a_target_that_cannot_be_opened_is_caught) {
    const target t{"shut", "does not open", capabilities::all(),
                   [](std::uint64_t) -> std::unique_ptr<session> { throw std::invalid_argument("not today"); }};
    const sequential_result r = run_sequential(t);
    ASSERT_TRUE(r.failure);
    EXPECT_EQ(r.programs, 1U);
    EXPECT_EQ(r.failure->trace.lines.size(), 1U);
}

TEST(sequential, a_target_that_fails_only_once_is_reported_as_such) {
    bool spoilt = false;
    const std::optional<sequential_failure> f = failure_of([&spoilt](const step& s, model::outcome& o) {
        if (s.what == verb::close && !std::exchange(spoilt, true)) o.answer.status = status::none;
    });
    ASSERT_TRUE(f);
    EXPECT_EQ(f->last.notes,
              (std::vector<std::string>{"the target agreed when the same steps were taken again", "at first: answer"}));
}

// ---- The counterexample

TEST(sequential, a_counterexample_has_each_outcome_as_its_target_can_show_it) {
    const capabilities less = machine_target().capabilities.without(capability::send_returns_value);
    const target t{"keeps", "keeps the value of a failed send", less, [less](std::uint64_t capacity) {
                       const auto spoil = [less, failed = false](const step& s, model::outcome& o) mutable {
                           o = as_shown(less, s, std::move(o));
                           failed |= s.what == verb::poll && o.answer.status == status::closed && !o.destroyed.empty();
                           if (s.what == verb::is_closed && failed) o.answer.number = 1 - o.answer.number;
                       };
                       return std::make_unique<machine_session>(capacity, spoil);
                   }};
    const sequential_result r = run_sequential(t);
    ASSERT_TRUE(r.failure);
    for (const model::line& l : r.failure->trace.lines) {
        EXPECT_EQ(l.expected, as_shown(less, l.step, l.expected)) << model::to_string(l);
    }
}

TEST(sequential, a_counterexample_is_a_trace_and_the_states_around_its_last_step) {
    const sequential_result r = run_sequential(mutant_target(mutant_named("cancel-does-not-wake")));
    ASSERT_TRUE(r.failure);
    EXPECT_EQ(model::to_string(r.failure->trace), "trace seed-1-program-" + std::to_string(r.failure->program) +
                                                      " capacity 1\n"
                                                      "s0 try_send v1 -> ok\n"
                                                      "s0 send v2 as f0 -> created\n"
                                                      "poll f0 -> pending\n"
                                                      "r try_recv -> some v1 ! f0\n"
                                                      "r recv as f1 -> created\n"
                                                      "poll f1 -> pending\n"
                                                      "r close -> ok\n"
                                                      "drop f0 -> ok ! f1 ~ v2\n"
                                                      "end\n");
    EXPECT_EQ(r.failure->last.differs, std::vector{aspect::woken});
    EXPECT_EQ(model::to_string(*r.failure->last.got), "ok ~ v2");
    EXPECT_EQ(r.failure->last.before, "max 1 available 0 closed | detached f0 granted 1 | parked f1 | senders s0");
    EXPECT_EQ(r.failure->last.after, "max 1 available 1 closed | parked f1 (woken) | senders s0");
}

TEST(sequential, the_trace_is_a_file_that_fails_again_where_it_says) {
    for (const std::string_view name :
         {"newest-first", "timeout-beats-success", "barging-try-send", "cancelled-value-leaks"}) {
        const mutant& d = mutant_named(name);
        const sequential_result r = run_sequential(mutant_target(d));
        ASSERT_TRUE(r.failure) << name;
        std::vector<model::trace> traces = model::parse_traces(model::to_string(r.failure->trace), "found.trace");
        ASSERT_EQ(traces.size(), 1U);
        EXPECT_EQ(traces.front(), r.failure->trace);
        const std::vector<judged_trace> judged = judge(std::move(traces));
        EXPECT_TRUE(replay(*find_target("reference"), judged).differences.empty());
        const replay_result again = replay(mutant_target(d), judged);
        ASSERT_EQ(again.differences.size(), 1U) << name;
        EXPECT_EQ(again.differences.front().line().number, r.failure->trace.lines.size() + 1);
        EXPECT_EQ(again.differences.front().differs, r.failure->last.differs);
    }
}

TEST(sequential, a_failure_is_repeated_by_its_seed_and_index_alone) {
    const target t = mutant_target(mutant_named("timeout-beats-success"));
    const sequential_result r = run_sequential(t, {.seed = 9});
    ASSERT_TRUE(r.failure);
    const sequential_result again = run_sequential(t, {.programs = 1, .seed = 9, .first = r.failure->program});
    ASSERT_TRUE(again.failure);
    EXPECT_EQ(again.programs, 1U);
    EXPECT_EQ(again.failure->trace, r.failure->trace);
    EXPECT_EQ(again.failure->last.got, r.failure->last.got);
}

// ---- The same again

TEST(sequential, the_same_seed_and_count_take_the_same_steps) {
    using step_log = std::vector<std::string>;
    const auto steps_of = [](std::uint64_t seed) {
        step_log log;
        const target t = machine_target(
            [&log](const step& s, model::outcome& o) { log.push_back(model::to_string(model::line{s, o})); });
        EXPECT_FALSE(run_sequential(t, {.programs = 300, .seed = seed}).failure);
        return log;
    };
    const step_log first = steps_of(4);
    EXPECT_GT(first.size(), 5'000U);
    EXPECT_EQ(first, steps_of(4));
    EXPECT_NE(first, steps_of(5));
}

// ---- State coverage

TEST(sequential, a_generator_without_a_verb_fails_by_name) {
    for (std::size_t v = 0; v < model::verb_count; ++v) {
        const auto out = static_cast<verb>(v);
        const sequential_result r = run_sequential(machine_target(), {.programs = 2'000, .left_out = out});
        EXPECT_FALSE(r.failure) << said_about(r);
        EXPECT_FALSE(r.passed());
        const std::vector<reach> missed = r.with(reach_verdict::missed);
        EXPECT_TRUE(std::ranges::any_of(
            missed,
            [&](const reach& one) { return one.what.find(model::shape_of(out).spelling) != std::string_view::npos; }))
            << "without " << model::shape_of(out).spelling;
    }
}

TEST(sequential, too_few_programs_are_unknown_and_not_a_pass) {
    const sequential_result r = run_sequential(*find_target("reference"), {.programs = 50});
    EXPECT_FALSE(r.failure);
    EXPECT_FALSE(r.passed());
    EXPECT_TRUE(r.with(reach_verdict::missed).empty()) << said_about(r);
    EXPECT_FALSE(r.with(reach_verdict::unknown).empty());
    EXPECT_FALSE(r.with(reach_verdict::reached).empty()) << "what comes all the time is known";
}

TEST(sequential, programs_too_short_to_get_there_are_unknown_and_not_a_miss) {
    const sequential_result r = run_sequential(*find_target("reference"), {.programs = 3'000, .max_length = 3});
    EXPECT_FALSE(r.failure);
    EXPECT_TRUE(r.with(reach_verdict::missed).empty()) << said_about(r);
    EXPECT_FALSE(r.with(reach_verdict::unknown).empty());
}

TEST(sequential, no_program_at_all_is_no_pass) {
    EXPECT_FALSE(run_sequential(*find_target("reference"), {.programs = 0}).passed());
}

TEST(sequential, progress_is_reported_in_order) {
    std::vector<std::size_t> reported;
    static_cast<void>(run_sequential(machine_target(), {.programs = 1'000}, [&](std::size_t done, std::size_t of) {
        EXPECT_EQ(of, 1'000U);
        reported.push_back(done);
    }));
    EXPECT_FALSE(reported.empty());
    EXPECT_TRUE(std::ranges::is_sorted(reported));
}

}  // namespace
}  // namespace tailrace::verify
