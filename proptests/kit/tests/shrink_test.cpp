// Shrinking keeps a program legal and failing, and finds the smallest one by hand-made measures.
#include "program/shrink.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "program/generator.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::status;
using model::verb;

script script_of(std::uint64_t capacity, const std::vector<std::string>& steps) {
    script s{capacity, {}};
    for (const std::string& text : steps) s.steps.push_back(model::parse_step(text));
    return s;
}

std::vector<std::string> text_of(const script& s) {
    std::vector<std::string> lines;
    for (const model::step& step : s.steps) lines.push_back(model::to_string(step));
    return lines;
}

/// Fails at the first step that `bad(outcome, machine after)` says. Every script has to be legal.
template <class Bad>
failing_step fails_when(Bad bad) {
    return [bad](const script& s) -> std::optional<std::size_t> {
        model::machine m(s.capacity);
        for (std::size_t i = 0; i < s.steps.size(); ++i) {
            const std::optional<std::string> refusal = m.refusal(s.steps[i]);
            EXPECT_FALSE(refusal) << model::to_string(s.steps[i]) << ": " << *refusal;
            if (refusal) return std::nullopt;
            if (bad(s.steps[i], m.apply(s.steps[i]), m)) return i;
        }
        return std::nullopt;
    };
}

TEST(shrink, ends_with_the_smallest_so_far_when_the_time_is_over) {
    const script failing = script_of(
        4, {"s0 clone", "s1 try_send v1", "s1 try_send v2", "r try_recv", "drop s0", "r close", "s1 try_send v3"});
    const auto fails = fails_when([](const model::step& s, const model::outcome& o, auto&) {
        return s.what == verb::try_send && o.answer.status == status::closed;
    });
    int asked = 0;
    const shrunk_script small = shrink(failing, capabilities::all(), fails, 20'000, [&] { return ++asked > 3; });
    EXPECT_LE(small.attempts, 3U);
    EXPECT_EQ(fails(small.smallest), small.smallest.steps.size() - 1);
    EXPECT_GT(small.smallest.steps.size(), 2U) << "not the smallest of all";
}

TEST(shrink, takes_out_what_does_not_matter_and_renames_what_is_left) {
    const script failing =
        script_of(4, {"s0 clone", "s1 try_send v1", "s1 send v2 as f0", "poll f0", "r try_recv", "s1 reserve as f1",
                      "poll f1", "drop s0", "p0 send v3", "r close", "s1 try_send v4"});
    const auto fails = fails_when([](const model::step& s, const model::outcome& o, auto&) {
        return s.what == verb::try_send && o.answer.status == status::closed;
    });
    const shrunk_script small = shrink(failing, capabilities::all(), fails);
    EXPECT_EQ(text_of(small.smallest), (std::vector<std::string>{"r close", "s0 try_send v1"}));
    EXPECT_EQ(small.smallest.capacity, 1U);
    EXPECT_GT(small.attempts, 0U);
}

TEST(shrink, lowers_capacity_and_counts_together) {
    const script failing = script_of(33, {"s0 try_reserve_many 33", "s0 send v1 as f0", "poll f0", "drop i0"});
    const auto fails = fails_when(
        [](const model::step& s, const model::outcome& o, auto&) { return s.what == verb::drop && !o.woken.empty(); });
    const shrunk_script small = shrink(failing, capabilities::all(), fails);
    EXPECT_EQ(small.smallest.capacity, 1U);
    EXPECT_EQ(small.smallest.steps.size(), 4U);
}

TEST(shrink, an_attempt_takes_the_place_of_an_operation_that_finishes_when_polled) {
    const script failing = script_of(2, {"r recv as f0", "s0 send v1 as f1", "poll f1", "poll f0", "r is_empty"});
    const auto fails =
        fails_when([](const model::step&, const model::outcome& o, auto&) { return o.answer.status == status::some; });
    const shrunk_script small = shrink(failing, capabilities::all(), fails);
    EXPECT_EQ(text_of(small.smallest), (std::vector<std::string>{"s0 try_send v1", "r try_recv"}));
}

TEST(shrink, stays_within_the_capabilities) {
    const script failing = script_of(1, {"s0 send v1 as f0", "poll f0", "r recv as f1", "poll f1"});
    const auto fails =
        fails_when([](const model::step&, const model::outcome& o, auto&) { return o.answer.status == status::some; });
    const shrunk_script small = shrink(failing, {capability::send, capability::recv}, fails);
    EXPECT_EQ(small.smallest, failing);
}

TEST(shrink, a_sender_that_came_back_under_a_new_name_gives_way_to_the_first) {
    const script failing = script_of(1, {"s0 try_reserve_owned", "o0 release", "s1 try_reserve", "s1 try_send v1"});
    const auto fails =
        fails_when([](const model::step&, const model::outcome& o, auto&) { return o.answer.status == status::full; });
    const shrunk_script small = shrink(failing, capabilities::all(), fails);
    EXPECT_EQ(text_of(small.smallest), (std::vector<std::string>{"s0 try_reserve", "s0 try_send v1"}));
}

TEST(shrink, what_fills_and_what_drains_go_together) {
    const script failing = script_of(1, {"s0 try_send v1", "r try_recv", "s0 try_reserve", "r close"});
    const auto fails = fails_when([](const model::step& s, const model::outcome&, const model::machine& m) {
        return s.what == verb::close && m.outstanding() == 1 && m.buffer.empty();
    });
    const shrunk_script small = shrink(failing, capabilities::all(), fails);
    EXPECT_EQ(text_of(small.smallest), (std::vector<std::string>{"s0 try_reserve", "r close"}));
}

TEST(shrink, every_attempt_on_a_generated_program_is_legal) {
    const generator generate(capabilities::all().without(capability::reentrancy), {.seed = 5});
    std::size_t shrunk = 0;
    std::size_t four = 0;
    for (std::uint64_t i = 0; i < 400; ++i) {
        const model::trace t = interpret(generate(i));
        script s{t.capacity, {}};
        for (const model::line& l : t.lines) s.steps.push_back(l.step);
        const auto fails = fails_when([](const model::step&, const model::outcome& o, auto&) {
            return o.woken.size() == 1 && o.answer.status == status::some;
        });
        const std::optional<std::size_t> at = fails(s);
        if (!at) continue;
        s.steps.resize(*at + 1);
        const shrunk_script small = shrink(s, capabilities::all(), fails);
        EXPECT_EQ(fails(small.smallest), small.smallest.steps.size() - 1);
        EXPECT_LE(small.smallest.steps.size(), 6U) << ::testing::PrintToString(text_of(small.smallest));
        ++shrunk;
        four += small.smallest.steps.size() == 4 ? 1U : 0U;
    }
    EXPECT_GT(shrunk, 40U);
    EXPECT_GE(four, shrunk * 19 / 20) << "fill, wait, poll, receive";
}

TEST(shrink, stops_after_as_many_attempts_as_it_may_take) {
    const model::trace t = interpret(generator(capabilities::all().without(capability::reentrancy))(1));
    script s{t.capacity, {}};
    for (const model::line& l : t.lines) s.steps.push_back(l.step);
    std::size_t runs = 0;
    const auto fails = [&](const script& one) -> std::optional<std::size_t> {
        ++runs;
        return one == s ? std::optional(s.steps.size() - 1) : std::nullopt;
    };
    const shrunk_script small = shrink(s, capabilities::all(), fails, 17);
    EXPECT_EQ(runs, 17U);
    EXPECT_EQ(small.attempts, 17U);
    EXPECT_EQ(small.smallest, s);
}

}  // namespace
}  // namespace tailrace::verify
