// history.json: what is written is read back, and what was not written so is refused in one line.
#include "report/counterexample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "counterexample_support.hpp"
#include "report/failure_report.hpp"

namespace tailrace::verify {
namespace {

std::string problem_of(const std::string& text) {
    try {
        (void)from_json(text);
    } catch (const json_error& e) {
        return e.what();
    }
    return "accepted";
}

/// Sorted, as the search does not keep the order of handles.
std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    std::ranges::sort(words);
    return words;
}

/// The written example with one place changed.
std::string spoilt(const counterexample& c, std::string_view what, std::string_view instead) {
    std::string text = to_json(c);
    const std::size_t at = text.find(what);
    EXPECT_NE(at, text.npos) << what;
    if (at != text.npos) text.replace(at, what.size(), instead);
    return text;
}

TEST(counterexample, what_is_written_is_read_back_whole) {
    counterexample with_all = swapped_example();
    auto& run = std::get<concurrent_run>(with_all.run);
    run.history.tasks[2][0].step = model::parse_step("s0 try_reserve");
    run.history.tasks[2][0].step.operation = 300;
    run.history.tasks[2][0].answer = model::answer_of(model::status::full);
    run.accesses = {{0, 1, "word.fetch_add (3)", "acq_rel", "0x13", false},
                    {1, 0, "slot.turn.load (7)", "acquire", "2", true}};
    with_all.in_order = 4;
    counterexample threw = barging_example();
    std::get<sequential_run>(threw.run).got.reset();
    threw.recorded_at = "core-0.trace:612";
    threw.shrunk.reset();
    for (const counterexample& c : {barging_example(), threw, swapped_example(), asleep_example(), with_all}) {
        EXPECT_EQ(from_json(to_json(c)), c) << to_json(c);
    }
}

TEST(counterexample, its_form_is_golden) {
    expect_golden("barging.json", to_json(barging_example()));
    expect_golden("swapped.json", to_json(swapped_example()));
}

TEST(counterexample, is_plain_ascii_whatever_the_target_says_of_itself) {
    counterexample c = barging_example();
    std::get<sequential_run>(c.run).steps.back().target = "\xff \x01 \xe2\x82\xac <b>";
    const std::string text = to_json(c);
    EXPECT_TRUE(std::ranges::all_of(text, [](char b) { return b == '\n' || (b >= 32 && b < 127); }));
    EXPECT_EQ(to_json(from_json(text)), text);
}

TEST(counterexample, the_states_of_the_specification_stand_beside_the_points) {
    const counterexample c = swapped_example();
    const auto& run = std::get<concurrent_run>(c.run);
    ASSERT_EQ(run.order.size(), 4U);
    EXPECT_EQ(run.order[0].specification, "max 2 available 2 | parked f200 | senders s0");
    EXPECT_EQ(run.order[3].specification, "max 2 available 0 | buffer v100 v101 | parked f200 (woken) | senders s0");
    ASSERT_EQ(run.refused.size(), 1U);
    EXPECT_EQ(run.refused[0].specification, "max 2 available 1 | buffer v101 | senders s0");
}

TEST(counterexample, the_states_are_those_of_the_search) {
    for (const counterexample& c : {swapped_example(), asleep_example(), busy_example()}) {
        const model::history& h = std::get<concurrent_run>(c.run).history;
        const model::verdict v = model::check(h);
        ASSERT_FALSE(v.order.empty());
        EXPECT_EQ(words_of(run_of(h, v).order.back().specification), words_of(model::to_string(v.state)));
    }
    const counterexample one = swapped_example();
    EXPECT_EQ(model::check(std::get<concurrent_run>(one.run).history).is, model::finding::answer);
    const counterexample other = asleep_example();
    EXPECT_EQ(model::check(std::get<concurrent_run>(other.run).history).is, model::finding::asleep);
}

TEST(counterexample, names_are_those_of_the_program) {
    model::history h;
    h.capacity = 2;
    h.tasks = {events_of("1 2 s0 try_reserve -> p100\n3 4 p100 send v100 -> ok\n"),
               events_of("1 2 s0 try_reserve -> p200\n3 4 drop p200 -> ok\n")};
    model::verdict v;
    v.is = model::finding::answer;
    v.order = {point_of(1, 0, "p200"), point_of(0, 0, "p100"), point_of(0, 1, "ok")};
    v.refused = {point_of(1, 1, "ok")};
    const concurrent_run run = run_of(h, v);
    EXPECT_EQ(run.order[1].specification, "max 2 available 0 | out p200 p100 | senders s0");
    EXPECT_EQ(run.order[2].specification, "max 2 available 0 | buffer v100 | out p200 | senders s0");
}

TEST(counterexample, text_that_is_no_json_is_refused_with_its_place) {
    EXPECT_EQ(problem_of("{\n  \"format\": tailrace\n}"),
              "history.json: line 2, column 14: expected a counterexample in JSON, found something "
              "else");
    EXPECT_EQ(problem_of(""),
              "history.json: line 1, column 1: expected a counterexample in JSON, found the end of "
              "the file");
    EXPECT_EQ(problem_of("[]"), "history.json: the whole: expected an object, found []");
    EXPECT_EQ(problem_of(std::string(100'000, '[')).find('\n'), std::string::npos);
    EXPECT_EQ(
        problem_of("{\"seed\": 1e400}"),
        "history.json: line 1, column 14: expected a counterexample in JSON, found 1e400, which is too large a number");
    EXPECT_EQ(problem_of("{\"a\": [{\"seed\": 1, \"seed\": 1}]}"),
              "history.json: \"a[0]\": expected each member once, found \"seed\" twice");
}

TEST(counterexample, a_member_that_is_wrong_is_named) {
    const counterexample one = barging_example();
    EXPECT_EQ(problem_of(spoilt(one, "\"target\"", "\"tarket\"")),
              "history.json: the whole: expected a member 'target', found none");
    EXPECT_EQ(problem_of(spoilt(one, "\"version\": 1", "\"version\": 2")),
              "history.json: \"version\": expected a number from 1 to 1, found 2");
    EXPECT_EQ(problem_of(spoilt(one, "\"capacity\": 1", "\"capacity\": -1")),
              "history.json: \"capacity\": expected a number, found -1");
    EXPECT_EQ(problem_of(spoilt(one, "\"engine\": \"sequential\"", "\"engine\": \"luck\"")),
              "history.json: \"engine\": expected one of oracle, sequential, exhaustive, threads, "
              "interleavings, tests, found \"luck\"");
    EXPECT_EQ(problem_of(spoilt(one, "poll f0", "poll s0")),
              "history.json: \"sequential.steps[2].step\": expected an operation like f1, found "
              "'s0'");
    EXPECT_EQ(problem_of(spoilt(one, "\"seed\"", "\"more\": 1, \"seed\"")),
              "history.json: the whole: expected no member '\"more\"'");
    EXPECT_EQ(problem_of(spoilt(one, "\"sequential\": {", "\"concurrent\": {")),
              "history.json: \"concurrent\": expected a member 'before', found none");
}

TEST(counterexample, a_list_that_does_not_differ_is_refused) {
    counterexample c = barging_example();
    auto& run = std::get<sequential_run>(c.run);
    run.differs = {aspect::destroyed, aspect::woken};
    run.got = run.failing().expected;
    run.got->destroyed.push_back(9);
    const std::string problem =
        "history.json: \"sequential.differs\": expected only what differs between the step that "
        "failed and 'got', found [\"destroyed\",\"woken\"]";
    EXPECT_EQ(problem_of(to_json(c)), problem);
    run.differs = {aspect::destroyed};
    EXPECT_EQ(from_json(to_json(c)), c);
    EXPECT_NE(to_log(c).find("destroyed v9"), std::string::npos) << to_log(c);
    run.got.reset();
    EXPECT_NE(problem_of(to_json(c)), "");
}

TEST(counterexample, a_place_outside_its_history_is_refused) {
    const counterexample c = swapped_example();
    EXPECT_EQ(problem_of(spoilt(c, "\"lane\": 1,\n    \"index\": 0", "\"lane\": 3, \"index\": 0")),
              "history.json: \"concurrent.order[0].lane\": expected an index of 3 lanes, found 3");
    EXPECT_EQ(problem_of(spoilt(c, "\"lane\": 1,\n    \"index\": 0", "\"lane\": 1, \"index\": 2")),
              "history.json: \"concurrent.order[0].index\": expected an index of 2 events, found "
              "2");
    EXPECT_EQ(problem_of(spoilt(c, "\"answer\": \"ok\"", "\"answer\": null")),
              "history.json: \"concurrent.lanes[0][0].answer\": expected an answer, as the event "
              "has returned, found null");
}

TEST(counterexample, an_execution_that_failed_in_the_middle_has_an_event_that_never_returned) {
    counterexample c = swapped_example();
    auto& run = std::get<concurrent_run>(c.run);
    run.finding = model::finding::allowed;
    run.order.clear();
    run.refused.clear();
    model::event& last = run.history.tasks.back().back();
    last.answer.reset();
    last.returned = model::never;
    run.history.rest = model::never;
    EXPECT_EQ(from_json(to_json(c)), c);
    EXPECT_NE(to_log(c).find("the failure is elsewhere"), std::string::npos) << to_log(c);
}

}  // namespace
}  // namespace tailrace::verify
