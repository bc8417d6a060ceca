// State coverage: what generated programs reach is counted, and judged only where there are enough programs.
#include "coverage/reach.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coverage/reach_table.hpp"
#include "program/generator.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::verb;

/// What is required after these steps were taken as one program. Each line a step.
std::vector<reach> after(std::uint64_t capacity, const std::vector<std::string>& steps) {
    reach_counter counter(capabilities::all());
    model::machine m(capacity);
    counter.begin_program();
    for (const std::string& text : steps) {
        const model::step s = model::parse_step(text);
        EXPECT_FALSE(m.refusal(s)) << text << ": " << *m.refusal(s);
        moment around(m, s);
        const model::outcome out = m.apply(s);
        counter.note(around, m, out);
    }
    return counter.judge(usual_length);
}

bool reached(const std::vector<reach>& all, std::string_view what) {
    const auto at = std::ranges::find(all, what, &reach::what);
    EXPECT_NE(at, all.end()) << what;
    return at != all.end() && at->programs > 0;
}

std::vector<std::string> required_of(capabilities within) {
    std::vector<std::string> names;
    for (const reach& r : reach_counter(within).judge(usual_length)) names.emplace_back(r.what);
    return names;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

TEST(reach, too_few_programs_give_no_verdict) {
    EXPECT_EQ(judge_reach(0, 100, 50), reach_verdict::unknown) << "of 100, none had to";
    EXPECT_EQ(judge_reach(9, 1'000, 50), reach_verdict::unknown);
    EXPECT_EQ(judge_reach(10, 1'000, 50), reach_verdict::reached) << "more than asked for";
    EXPECT_EQ(judge_reach(0, 2'000, 50), reach_verdict::missed);
    EXPECT_EQ(judge_reach(9, 2'000, 50), reach_verdict::missed);
    EXPECT_EQ(judge_reach(10, 2'000, 50), reach_verdict::reached);
    EXPECT_EQ(judge_reach(49, 10'000, 50), reach_verdict::missed);
    EXPECT_EQ(judge_reach(50, 10'000, 50), reach_verdict::reached);
}

TEST(reach, the_default_number_of_programs_is_enough_to_judge_every_requirement) {
    constexpr std::uint64_t programs = 20'000;
    for (const required_answer& a : required_answers()) {
        EXPECT_GE(a.per_10000 * programs / 10'000, least_for_verdict) << model::shape_of(a.what).spelling;
    }
    for (const required_state& s : required_states()) {
        EXPECT_GE(s.per_10000 * programs / 10'000, least_for_verdict) << s.what;
    }
}

TEST(reach, every_requirement_has_a_name_of_its_own) {
    const std::vector<std::string> names = required_of(capabilities::all());
    EXPECT_EQ(names.size(), required_answers().size() + required_states().size() + required_reactions().size());
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(reach, every_verb_of_every_handle_is_required) {
    for (std::size_t v = 0; v < model::verb_count; ++v) {
        for (std::size_t k = 0; k <= static_cast<std::size_t>(handle_kind::owned_permit); ++k) {
            const auto what = static_cast<verb>(v);
            const auto kind = static_cast<handle_kind>(k);
            if (what == verb::poll || !model::applies_to(what, kind)) continue;
            EXPECT_TRUE(std::ranges::any_of(required_answers(), [&](const required_answer& a) {
                return a.what == what && a.subject == kind && !a.polled;
            })) << model::shape_of(what).spelling;
            if (!model::creates_operation(what, kind)) continue;
            EXPECT_TRUE(std::ranges::any_of(
                required_answers(),
                [&](const required_answer& a) { return a.what == what && a.subject == kind && a.polled; }))
                << "poll of " << model::shape_of(what).spelling;
        }
    }
}

TEST(reach, every_answer_that_the_specification_gives_is_required) {
    const generator generate(capabilities::all(), {.seed = 11});
    std::set<std::string> not_required;
    for (std::uint64_t i = 0; i < 5'000; ++i) {
        const program p = generate(i);
        model::machine m(p.capacity);
        interpreter steps(p);
        while (const std::optional<model::step> s = steps.next(m)) {
            const moment around(m, *s);
            const model::answer a = m.apply(*s).answer;
            const verb what = around.op && s->what == verb::poll ? around.op->what : s->what;
            const bool known = std::ranges::any_of(required_answers(), [&](const required_answer& r) {
                return r.what == what && r.polled == (s->what == verb::poll) &&
                       (r.polled || s->what == verb::advance || r.subject == s->subject.kind) && r.status == a.status &&
                       (a.status != model::status::boolean || r.number == a.number);
            });
            if (!known) not_required.insert(model::to_string(*s) + " -> " + model::to_string(a));
        }
    }
    for (const std::string& one : not_required) ADD_FAILURE() << one;
}

TEST(reach, a_state_is_noticed_where_it_happens) {
    const std::vector<reach> all = after(1, {"s0 try_send v1", "s0 send v2 as f0", "poll f0", "r try_recv", "drop f0"});
    EXPECT_TRUE(reached(all, "sender try_send -> ok"));
    EXPECT_TRUE(reached(all, "poll of send -> pending"));
    EXPECT_TRUE(reached(all, "a receive hands over"));
    EXPECT_TRUE(reached(all, "granted, then cancelled"));
    EXPECT_FALSE(reached(all, "granted, then cancelled, and the next is served"));
    EXPECT_FALSE(reached(all, "granted, then polled"));
    EXPECT_FALSE(reached(all, "a send is dropped while it waits"));
}

TEST(reach, deadline_and_grant_at_the_same_poll_is_neither_alone) {
    const std::vector<std::string> both{
        "s0 try_send v1", "s0 send_timeout v2 5ms as f0", "poll f0", "advance 5ms", "r try_recv", "poll f0"};
    EXPECT_TRUE(reached(after(1, both), "deadline and grant at the same poll"));
    std::vector<std::string> one = both;
    one.erase(one.begin() + 3);
    EXPECT_FALSE(reached(after(1, one), "deadline and grant at the same poll"));
    one = both;
    one.erase(one.begin() + 4);
    EXPECT_FALSE(reached(after(1, one), "deadline and grant at the same poll"));
}

TEST(reach, a_partial_hold_at_the_head_needs_others_behind_it) {
    std::vector<std::string> steps{"s0 try_send v1", "s0 reserve_many 2 as f0", "poll f0"};
    constexpr std::string_view state = "a partial hold at the head, others behind it";
    EXPECT_FALSE(reached(after(2, steps), state));
    steps.insert(steps.end(), {"s0 send v2 as f1", "poll f1"});
    EXPECT_TRUE(reached(after(2, steps), state));
}

TEST(reach, a_program_counts_once) {
    const std::vector<reach> all = after(4, {"s0 try_send v1", "s0 try_send v2"});
    EXPECT_EQ(std::ranges::find(all, "sender try_send -> ok", &reach::what)->programs, 1U);
}

TEST(reach, what_the_capabilities_exclude_is_not_required) {
    capabilities few = capabilities::all();
    for (const capability c : {capability::reserve_many, capability::weak, capability::receiver_observers}) {
        few = few.without(c);
    }
    const std::vector<std::string> names = required_of(few);
    EXPECT_TRUE(contains(names, "granted, then cancelled"));
    EXPECT_TRUE(contains(names, "owned permit release -> a handle"));
    EXPECT_FALSE(contains(names, "iterator next -> none"));
    EXPECT_FALSE(contains(names, "weak sender upgrade -> none"));
    EXPECT_FALSE(contains(names, "a partial hold at the head, others behind it"));
    EXPECT_FALSE(contains(names, "receiver len -> a number"));
}

TEST(reach, any_one_capability_can_be_missing_and_nothing_is_missed) {
    for (std::size_t i = 0; i < capability_count; ++i) {
        const auto absent = static_cast<capability>(i);
        const capabilities within = capabilities::all().without(capability::reentrancy).without(absent);
        const generator generate(within, {.seed = 2});
        reach_counter counter(within);
        for (std::uint64_t p = 0; p < 3'000; ++p) {
            const program made = generate(p);
            model::machine m(made.capacity);
            interpreter steps(made);
            counter.begin_program();
            while (const std::optional<model::step> s = steps.next(m)) {
                moment around(m, *s);
                const model::outcome out = m.apply(*s);
                counter.note(around, m, out);
            }
        }
        for (const reach& r : counter.judge(usual_length)) {
            EXPECT_NE(r.verdict, reach_verdict::missed) << "without " << to_string(absent) << ": " << r.what << ", "
                                                        << r.programs << " where " << r.required << " are required";
        }
    }
}

}  // namespace
}  // namespace tailrace::verify
