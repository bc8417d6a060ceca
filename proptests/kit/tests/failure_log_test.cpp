// The log of a counterexample: golden, true, and never longer than a screen.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "counterexample_support.hpp"
#include "report/failure_report.hpp"
#include "report/token.hpp"

namespace tailrace::verify {
namespace {

void expect_to_fit(const std::string& text) {
    const std::vector<std::string> lines = lines_in(text);
    EXPECT_LE(lines.size(), 40U) << text;
    for (const std::string& line : lines) {
        EXPECT_LE(line.size(), 100U) << line;
        EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7f; })) << line;
    }
}

TEST(failure_log, of_a_program_on_one_thread_is_golden) {
    expect_golden("barging.log", to_log(barging_example()));
    expect_to_fit(to_log(barging_example()));
}

TEST(failure_log, of_tasks_at_once_is_golden) {
    expect_golden("swapped.log", to_log(swapped_example()));
    expect_golden("asleep.log", to_log(asleep_example()));
    expect_to_fit(to_log(swapped_example()));
    expect_to_fit(to_log(asleep_example()));
}

TEST(failure_log, is_the_same_when_it_is_made_again_from_the_file) {
    for (const counterexample& c : {barging_example(), swapped_example(), asleep_example()})
        EXPECT_EQ(to_log(from_json(to_json(c))), to_log(c));
}

TEST(failure_log, the_reasons_are_the_steps_without_which_the_answer_would_be_another) {
    const counterexample c = sequential_example(2,
                                                "s0 try_send v1 -> ok\n"
                                                "s0 capacity -> 1\n"
                                                "s0 try_reserve -> p0\n"
                                                "r is_empty -> false\n"
                                                "s0 try_send v2 -> full v2\n",
                                                "ok", {aspect::answer});
    const std::vector<reason> all = reasons(c);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(
        all[0],
        (reason{"step 5", "s0 try_send v2", "ok", {"full v2"}, {"step 1: s0 try_send v1", "step 3: s0 try_reserve"}}));
}

TEST(failure_log, the_legal_answers_of_a_task_are_those_of_every_place_its_time_allows) {
    const counterexample c = swapped_example();
    model::history h = std::get<concurrent_run>(c.run).history;
    model::verdict v;
    v.is = model::finding::answer;
    v.order = {point_of(1, 0, "pending"), point_of(0, 0, "ok ! f200"), point_of(0, 1, "ok")};
    h.tasks[2][0].answer = model::number_answer(3);
    v.refused = {point_of(2, 0, "0")};
    const std::vector<reason> all = reasons(concurrent_example(h, v));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].legal, (std::vector<std::string>{"2", "1", "0"})) << "it overlaps all of them";
    h.tasks[2][0].invoked = 25;
    const std::vector<reason> later = reasons(concurrent_example(h, v));
    EXPECT_EQ(later[0].legal, (std::vector<std::string>{"1", "0"})) << "the first send is over";
}

TEST(failure_log, the_command_in_it_repeats_the_program) {
    const std::string text = to_log(barging_example());
    std::smatch word;
    ASSERT_TRUE(std::regex_search(text, word, std::regex("tailrace-verify replay (\\S+)\n")));
    EXPECT_EQ(parse_token(word.str(1)), parse_token(token_of(barging_example())));
}

TEST(failure_log, a_long_token_goes_over_lines_that_a_shell_joins) {
    std::string lines;
    for (int i = 1; i <= 40; ++i) lines += fmt::format("s0 try_send v{} -> ok\n", i);
    const counterexample c = sequential_example(64, lines, "full v40", {aspect::answer});
    std::string text = to_log(c);
    expect_to_fit(text);
    for (std::size_t at = 0; (at = text.find("\\\n")) != text.npos;) text.erase(at, 2);
    EXPECT_NE(text.find("tailrace-verify replay " + token_of(c) + '\n'), text.npos) << text;
}

TEST(failure_log, the_largest_fits_forty_lines_of_a_hundred_columns) {
    std::string lines;
    for (int i = 1; i <= 400; ++i) lines += fmt::format("s0 try_send v{} -> ok\n", 1'000'000'000'000 + i);
    counterexample c = sequential_example(1'000, lines, "ok ! f1 f2 f3", {aspect::answer});
    c.property.assign(500, 'x');
    c.clauses.assign(30, "send_timeout.success-beats-timeout");
    c.target.assign(200, '\n');
    auto& run = std::get<sequential_run>(c.run);
    run.notes.assign(20, std::string(150, '\x01'));
    run.steps.back().target.assign(5'000, '\xff');
    expect_to_fit(to_log(c));
}

TEST(failure_log, the_largest_of_tasks_at_once_fits_too) {
    model::history h;
    h.capacity = 9;
    model::verdict v;
    v.is = model::finding::asleep;
    for (std::uint32_t task = 0; task < 9; ++task) {
        std::string events;
        for (std::uint32_t i = 0; i < 60; ++i)
            events += fmt::format("1 - ~ s0 send_timeout v{0} 100000ms as f{0}\n", 1000 * task + i);
        h.tasks.push_back(events_of(events));
        for (std::uint32_t i = 0; i < 60; ++i) v.order.push_back(point_of(task, i, "pending"));
        v.refused.push_back(point_of(task, 0, "ok", true));
    }
    for (const std::size_t tasks : {9U, 4U, 3U, 2U, 1U}) {
        h.tasks.resize(tasks);
        std::erase_if(v.order, [&](const model::point& p) { return p.at.task >= tasks; });
        std::erase_if(v.refused, [&](const model::point& p) { return p.at.task >= tasks; });
        expect_to_fit(to_log(concurrent_example(h, v)));
    }
}

}  // namespace
}  // namespace tailrace::verify
