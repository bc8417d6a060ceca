// What the kit offers to channels that are not of this project: several findings in one run, and
// programs for a channel that cannot do everything.
// After a change here run: ci/test -L proptests -R foreign_target
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "campaign/engines.hpp"
#include "engine/sequential.hpp"
#include "oracle_support.hpp"
#include "program/generator.hpp"

namespace tailrace::verify {
namespace {

using model::status;
using model::step;
using model::verb;

/// Nearly every program meets the first fault, and few the other two.
target target_with_three_mistakes() {
    return machine_target([](const step& s, model::outcome& o) {
        if (s.what == verb::try_send && o.answer.status == status::full) o.answer.status = status::closed;
        if (s.what == verb::close && o.woken.size() == 2) o.woken.pop_back();
        if (s.what == verb::upgrade && o.answer.status == status::none) o.answer.status = status::empty;
    });
}

std::vector<const sequential_failure*> failures_of(const sequential_result& r) {
    std::vector<const sequential_failure*> all;
    if (r.failure) all.push_back(&*r.failure);
    for (const sequential_failure& f : r.more) all.push_back(&f);
    return all;
}

std::vector<verb> last_verbs(const sequential_result& r) {
    std::vector<verb> verbs;
    for (const sequential_failure* f : failures_of(r)) verbs.push_back(f->trace.lines.back().step.what);
    std::ranges::sort(verbs);
    return verbs;
}

// ---- Several findings

TEST(foreign_target, a_shallow_fault_does_not_hide_the_others) {
    const sequential_result r = run_sequential(target_with_three_mistakes(), {.programs = 5'000, .most_failures = 10});
    EXPECT_EQ(last_verbs(r), (std::vector{verb::try_send, verb::upgrade, verb::close}));
    EXPECT_EQ(r.programs, 5'000U);
    EXPECT_GT(r.agreed.size(), 1'000U);
    for (const sequential_failure* f : failures_of(r)) EXPECT_LE(f->trace.lines.size(), 7U);
}

TEST(foreign_target, the_run_ends_with_the_last_failure_that_was_asked_for) {
    for (const std::size_t most : {1U, 2U}) {
        const sequential_result r =
            run_sequential(target_with_three_mistakes(), {.programs = 5'000, .most_failures = most});
        EXPECT_EQ(failures_of(r).size(), most);
        EXPECT_LT(r.programs, 5'000U);
    }
}

TEST(foreign_target, the_smallest_of_a_class_is_kept) {
    const failure_class one_class = [](const sequential_failure&) { return std::vector<std::string>{"all"}; };
    const sequential_result r =
        run_sequential(target_with_three_mistakes(),
                       {.programs = 5'000, .most_failures = 2, .classify = one_class, .shrinks_of_a_kind = 8});
    ASSERT_EQ(failures_of(r).size(), 1U);
    EXPECT_EQ(r.failure->trace.lines.size(), 2U) << "fill it, and try to send";
}

TEST(foreign_target, a_failure_that_another_explains_is_none_of_its_own) {
    const failure_class by_verb = [](const sequential_failure& f) -> std::vector<std::string> {
        switch (f.trace.lines.back().step.what) {
            case verb::close: return {"a"};
            case verb::upgrade: return {"a", "b"};
            default: return {"a", "b", "c"};
        }
    };
    const sequential_result r =
        run_sequential(target_with_three_mistakes(), {.programs = 5'000, .most_failures = 10, .classify = by_verb});
    EXPECT_EQ(last_verbs(r), std::vector{verb::close});
}

TEST(foreign_target, steps_before_a_failure_are_counted_by_program) {
    const sequential_result r = run_sequential(machine_target([](const step& s, model::outcome& o) {
                                                   if (s.what == verb::close) o.answer.status = status::none;
                                               }),
                                               {.programs = 500, .most_failures = 10});
    ASSERT_GT(r.agreed.size(), 100U);
    const generator generate(machine_target().capabilities, {.seed = 1});
    for (const auto& [index, steps] : r.agreed) {
        const model::trace t = interpret(generate(index));
        ASSERT_LT(steps, t.lines.size());
        EXPECT_EQ(t.lines[steps].step.what, verb::close) << t.id;
    }
}

TEST(foreign_target, what_comes_after_a_failure_is_no_evidence) {
    const target t = machine_target([](const step&, model::outcome& o) { o.destroyed = {99}; });
    job j;
    j.mutants = mutants();
    j.programs = 200;
    j.most_failures = 1'000;
    const engine_report r = run_sequential_engine(j, t, {});
    EXPECT_FALSE(r.failures.empty());
    EXPECT_TRUE(r.evidence.empty()) << r.evidence.begin()->first;
}

// ---- A channel that cannot do everything

/// Wakes no operation when another one is dropped, and needs every woken operation to be polled at once.
class impatient_session final : public session {
  public:
    impatient_session(std::uint64_t capacity, capabilities within) : machine_(capacity), within_(within) {}
    model::outcome apply(const step& s) override {
        if (!is_prompt(within_, machine_, s)) throw std::logic_error("poll what I woke");
        model::outcome out = machine_.apply(s);
        if (s.what == verb::drop) out.woken.clear();
        return out;
    }
    std::optional<std::uint64_t> observe_capacity() override { return std::nullopt; }

  private:
    model::machine machine_;
    capabilities within_;
};

TEST(foreign_target, a_failing_program_stays_prompt_while_it_is_shrunk) {
    const capabilities within = capabilities::all().without(capability::late_poll);
    const target t{"impatient", "does not wait", within,
                   [within](std::uint64_t capacity) { return std::make_unique<impatient_session>(capacity, within); }};
    for (std::uint64_t seed = 1; seed < 20; ++seed) {
        const sequential_result r = run_sequential(t, {.programs = 1'000, .seed = seed});
        ASSERT_TRUE(r.failure);
        EXPECT_EQ(r.failure->last.differs, std::vector{aspect::woken}) << model::to_string(r.failure->trace);
    }
}

TEST(foreign_target, without_late_poll_a_woken_operation_comes_first) {
    const capabilities within = capabilities::all().without(capability::late_poll);
    const generator generate(within);
    std::uint64_t polled = 0;
    std::uint64_t dropped = 0;
    std::uint64_t late = 0;
    for (std::uint64_t i = 0; i < 1'000; ++i) {
        for (const generator& g : {generate, generator(capabilities::all())}) {
            const program p = g(i);
            model::machine m(p.capacity);
            interpreter steps(p);
            while (const std::optional<step> s = steps.next(m)) {
                const bool prompt = is_prompt(within, m, *s);
                if (p.within == within) {
                    ASSERT_TRUE(prompt) << model::to_string(*s) << " in program " << i;
                    if (std::ranges::any_of(m.operations, is_ready)) ++(s->what == verb::poll ? polled : dropped);
                }
                late += prompt ? 0U : 1U;
                m.apply(*s);
            }
        }
    }
    EXPECT_GT(polled, 1'000U);
    EXPECT_GT(dropped, 200U);
    EXPECT_GT(late, 1'000U) << "those who can do it do it";
}

TEST(foreign_target, a_recording_that_polls_late_is_not_for_one_that_cannot) {
    target t = machine_target();
    t.capabilities = t.capabilities.without(capability::late_poll);
    const auto missing = [&t](const std::string& end) {
        return first_missing(t, model::parse_traces("trace t capacity 1\n"
                                                    "s0 try_send v1 -> ok\n"
                                                    "s0 send v2 as f0 -> created\n"
                                                    "poll f0 -> pending\n"
                                                    "r try_recv -> some v1 ! f0\n" +
                                                        end + "end\n",
                                                    "t.trace")
                                    .front());
    };
    EXPECT_EQ(missing("poll f0 -> ok\ns0 try_send v3 -> full v3\n"), std::nullopt);
    EXPECT_EQ(missing("s0 try_send v3 -> full v3\npoll f0 -> ok\n"), capability::late_poll);
}

TEST(foreign_target, what_a_failed_send_returns_is_destroyed_by_one_that_cannot_return_it) {
    const step poll{.what = verb::poll, .subject = {model::handle_kind::operation, 0}};
    const capabilities less = capabilities::all().without(capability::send_returns_value);
    model::outcome closed;
    closed.answer = model::answer_with(status::closed, 7);
    EXPECT_EQ(as_shown(capabilities::all(), poll, closed), closed);
    const step attempt{.what = verb::try_send, .subject = {model::handle_kind::sender, 0}};
    EXPECT_EQ(as_shown(less, attempt, closed), closed) << "only one that waited";
    const model::outcome shown = as_shown(less, poll, closed);
    EXPECT_EQ(shown.answer, model::answer_of(status::closed));
    EXPECT_EQ(shown.destroyed, std::vector<model::value_id>{7});
    EXPECT_EQ(as_shown(less, poll, shown), shown);
}

}  // namespace
}  // namespace tailrace::verify
