// A token repeats a program exactly, and a damaged one is told from a whole one.
#include "tailrace/verify/token.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "counterexample_support.hpp"
#include "tailrace/verify/generator.hpp"

namespace tailrace::verify {
namespace {

std::string problem_of(std::string_view word) {
    try {
        (void)parse_token(word);
    } catch (const token_error& e) {
        return e.what();
    }
    return "accepted";
}

constexpr std::string_view cut_or_mistyped =
    "token: expected a whole token, found one that is cut or mistyped";

TEST(token, holds_the_steps_of_a_program_on_one_thread) {
    const counterexample c = barging_example();
    const token t = parse_token(token_of(c));
    EXPECT_EQ(t.tool, c.tool);
    EXPECT_EQ(t.engine, model::engine::sequential);
    EXPECT_EQ(t.target, "barging");
    EXPECT_EQ(t.program.capacity, 1U);
    ASSERT_EQ(t.program.lanes.size(), 1U);
    const auto& steps = std::get<sequential_run>(c.run).steps;
    ASSERT_EQ(t.program.lanes[0].size(), steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i)
        EXPECT_EQ(t.program.lanes[0][i], (task_step{steps[i].step, false, false}));
}

TEST(token, holds_the_lanes_of_tasks_at_once_and_what_was_before_them) {
    const counterexample c = asleep_example();
    const token t = parse_token(token_of(c));
    EXPECT_EQ(t.program.before, std::vector{model::parse_step("s0 try_send v1")});
    ASSERT_EQ(t.program.lanes.size(), 2U);
    EXPECT_EQ(t.program.lanes[0],
              (std::vector<task_step>{{model::parse_step("s0 send v100 as f100"), true, false}}));
    EXPECT_EQ(t.program.lanes[1].size(), 2U);
}

TEST(token, is_the_inverse_of_itself_for_every_generated_program) {
    const generator generate(capabilities::all());
    for (std::uint64_t i = 0; i < 500; ++i) {
        const model::trace program = interpret(generate(i));
        token t{"0.1.0", model::engine::sequential, "optimized", {program.capacity, {}, {{}}}};
        for (const model::line& l : program.lines)
            t.program.lanes[0].push_back({l.step, false, false});
        EXPECT_EQ(parse_token(to_string(t)), t);
    }
}

TEST(token, keeps_the_largest_numbers_and_every_flag) {
    token t{"0.1.0", model::engine::interleavings, "", {model::largest_capacity, {}, {}}};
    model::step send = model::parse_step("s4294967295 send v18446744073709551615 as f4294967295");
    model::step reserve = model::parse_step("s0 try_reserve");
    reserve.operation = 300;
    t.program.lanes = {{{send, true, true}, {send, false, true}, {reserve, false, false}}, {}};
    t.program.before = {model::parse_step("advance 1000000000000ms"),
                        model::parse_step("s0 reserve_many 18446744073709551615 as f0")};
    EXPECT_EQ(parse_token(to_string(t)), t);
}

TEST(token, is_a_short_golden_word_that_needs_no_quoting) {
    const std::string word = token_of(barging_example());
    expect_golden("barging.token", word + '\n');
    EXPECT_LT(word.size(), 66U) << "a command with it fits a line";
    EXPECT_TRUE(std::ranges::all_of(word, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == '_';
    })) << word;
}

TEST(token, every_mistyped_letter_and_every_cut_is_noticed) {
    const std::string word = token_of(asleep_example());
    for (std::size_t i = 4; i < word.size(); ++i) {
        std::string mistyped = word;
        mistyped[i] = mistyped[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(problem_of(mistyped), cut_or_mistyped) << i;
        EXPECT_EQ(problem_of(word.substr(0, i)), cut_or_mistyped) << i;
    }
    EXPECT_EQ(problem_of(word + "A"), cut_or_mistyped);
    EXPECT_EQ(problem_of(word + "="), cut_or_mistyped);
}

TEST(token, another_format_and_no_token_at_all_are_told_apart) {
    EXPECT_EQ(
        problem_of("tr2.AAAA"),
        "token: expected one of format tr1, found format tr2: replay it with the version that "
        "made it");
    for (const std::string_view word :
         {"", "seed-1-program-41", "tr1", "tr", "trx.AAAA", ".AAAA"}) {
        EXPECT_EQ(
            problem_of(word),
            "token: expected a word that begins with 'tr1.', as a report has it under 'again'")
            << word;
    }
}

}  // namespace
}  // namespace tailrace::verify
