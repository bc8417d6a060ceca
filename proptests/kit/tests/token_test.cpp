// A token repeats a program exactly, and a damaged token is refused.
#include "report/token.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "counterexample_support.hpp"
#include "program/generator.hpp"

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

constexpr std::string_view cut_or_mistyped = "token: expected a whole token, found one that is cut or mistyped";

/// A token of these bytes, with the checksum that they have, as no typing error makes it.
std::string token_with(std::string_view bytes) {
    std::uint32_t sum = ~std::uint32_t{0};
    for (const char c : bytes) {
        sum ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xedb88320u : 0u);
    }
    std::string all(bytes);
    for (unsigned shift = 0; shift < 32; shift += 8) all += static_cast<char>(~sum >> shift & 0xffu);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string word = "tr1.";
    unsigned bits = 0;
    unsigned have = 0;
    for (const char c : all) {
        bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xffffu;
        for (have += 8; have >= 6; have -= 6) word += alphabet[bits >> (have - 6) & 63u];
    }
    if (have > 0) word += alphabet[bits << (6 - have) & 63u];
    return word;
}

/// The bytes of a token, without their checksum.
std::string bytes_of(std::string_view word) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string bytes;
    unsigned bits = 0;
    unsigned have = 0;
    for (const char c : word.substr(4)) {
        bits = (bits << 6 | static_cast<unsigned>(alphabet.find(c))) & 0xffffu;
        have += 6;
        if (have < 8) continue;
        have -= 8;
        bytes += static_cast<char>(bits >> have & 0xffu);
    }
    bytes.resize(bytes.size() - 4);
    return bytes;
}

TEST(token, holds_the_steps_of_a_program_on_one_thread) {
    const counterexample c = barging_example();
    const token t = parse_token(token_of(c));
    EXPECT_EQ(t.tool, c.tool);
    EXPECT_EQ(t.engine, model::engine::sequential);
    EXPECT_EQ(t.target, "barging");
    EXPECT_EQ(t.program.capacity, 1U);
    ASSERT_EQ(t.program.tasks.size(), 1U);
    const auto& steps = std::get<sequential_run>(c.run).steps;
    ASSERT_EQ(t.program.tasks[0].size(), steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i)
        EXPECT_EQ(t.program.tasks[0][i], (task_step{steps[i].step, false, false}));
}

TEST(token, holds_the_steps_of_concurrent_tasks_and_those_before_them) {
    const counterexample c = asleep_example();
    const token t = parse_token(token_of(c));
    EXPECT_EQ(t.program.before, std::vector{model::parse_step("s0 try_send v1")});
    ASSERT_EQ(t.program.tasks.size(), 2U);
    EXPECT_EQ(t.program.tasks[0], (std::vector<task_step>{{model::parse_step("s0 send v100 as f100"), true, false}}));
    EXPECT_EQ(t.program.tasks[1].size(), 2U);
}

TEST(token, is_the_inverse_of_itself_for_every_generated_program) {
    const generator generate(capabilities::all());
    for (std::uint64_t i = 0; i < 500; ++i) {
        const model::trace program = interpret(generate(i));
        token t{"0.1.0", model::engine::sequential, "optimized", {program.capacity, {}, {{}}}};
        for (const model::line& l : program.lines) t.program.tasks[0].push_back({l.step, false, false});
        EXPECT_EQ(parse_token(to_string(t)), t);
    }
}

TEST(token, keeps_the_largest_numbers_and_every_flag) {
    token t{"0.1.0", model::engine::interleavings, "", {model::largest_capacity, {}, {}}};
    model::step send = model::parse_step("s4294967295 send v18446744073709551615 as f4294967295");
    model::step reserve = model::parse_step("s0 try_reserve");
    reserve.operation = 300;
    t.program.tasks = {{{send, true, true}, {send, false, true}, {reserve, false, false}}, {}};
    t.program.before = {model::parse_step("advance 1000000000000ms"),
                        model::parse_step("s0 reserve_many 18446744073709551615 as f0")};
    EXPECT_EQ(parse_token(to_string(t)), t);
}

TEST(token, is_a_short_golden_word_that_needs_no_quoting) {
    const std::string word = token_of(barging_example());
    expect_golden("barging.token", word + '\n');
    EXPECT_LT(word.size(), 66U) << "a command with it fits a line";
    EXPECT_TRUE(std::ranges::all_of(word, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
               c == '_';
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

TEST(token, a_length_counts_the_bytes_behind_it_and_not_its_own) {
    EXPECT_EQ(problem_of(token_with("\x01")), cut_or_mistyped);
    EXPECT_EQ(problem_of(token_with("")), cut_or_mistyped);
    const std::string whole = bytes_of(token_of(barging_example()));
    EXPECT_EQ(problem_of(token_with(whole)), "accepted");
    // Each byte as a length or a number of things, one more than there can be and far more.
    for (std::size_t i = 0; i < whole.size(); ++i) {
        const std::size_t behind = whole.size() - i - 1;
        for (const std::size_t more : {behind + 1, behind + 4, behind + 5, std::size_t{127}}) {
            std::string bytes = whole;
            bytes[i] = static_cast<char>(more & 127u);
            const std::string said = problem_of(token_with(bytes));
            EXPECT_TRUE(said == cut_or_mistyped || said == "accepted") << i << ": " << said;
        }
    }
}

/// Any bytes are either accepted as the token of their program, or refused.
TEST(token, no_bytes_with_a_right_checksum_do_any_harm) {
    std::mt19937 dice(1);
    std::vector<std::string> whole;
    for (const counterexample& c : {barging_example(), swapped_example(), asleep_example()})
        whole.push_back(bytes_of(token_of(c)));
    std::size_t accepted = 0;
    std::size_t refused = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string bytes;
        switch (dice() % 5) {
            case 0:  // at random
                bytes.resize(dice() % 60);
                for (char& c : bytes) c = static_cast<char>(dice());
                break;
            case 1:  // cut
                bytes = whole[dice() % whole.size()];
                bytes.resize(dice() % bytes.size());
                break;
            default: {  // some bytes changed, put in, or taken out
                bytes = whole[dice() % whole.size()];
                for (auto n = 1 + dice() % 3; n > 0; --n) {
                    const std::size_t at = dice() % bytes.size();
                    const auto how = dice() % 4;
                    if (how == 0) bytes.insert(at, 1, static_cast<char>(dice()));
                    if (how == 1 && bytes.size() > 1) bytes.erase(at, 1);
                    if (how > 1)
                        bytes[at] = how == 2 ? static_cast<char>(dice())
                                             : static_cast<char>(static_cast<unsigned char>(bytes[at]) + 1);
                }
            }
        }
        const std::string word = token_with(bytes);
        try {
            EXPECT_EQ(to_string(parse_token(word)), word);
            ++accepted;
        } catch (const token_error& e) {
            EXPECT_EQ(std::string_view(e.what()), cut_or_mistyped);
            ++refused;
        }
    }
    EXPECT_GT(accepted, 1'000U);
    EXPECT_GT(refused, 50'000U);
}

TEST(token, another_format_and_no_token_at_all_are_distinguished) {
    EXPECT_EQ(problem_of("tr2.AAAA"),
              "token: expected one of format tr1, found format tr2: replay it with the version that "
              "made it");
    for (const std::string_view word : {"", "seed-1-program-41", "tr1", "tr", "trx.AAAA", ".AAAA"}) {
        EXPECT_EQ(problem_of(word), "token: expected a word that begins with 'tr1.', as a report has it under 'again'")
            << word;
    }
}

}  // namespace
}  // namespace tailrace::verify
