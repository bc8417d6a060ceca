// Recordings and what is said of them: medians, ratios, verdicts, what is missing, and input that is not a recording.
// After a change here run: ci/test -L bench
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "compare/judgement.hpp"
#include "compare/page.hpp"
#include "compare/plan.hpp"
#include "compare/recording.hpp"
#include "compare/table.hpp"

namespace bench {

namespace {

// Medians: tailrace 30, tokio 120, crossbeam 20, reference 10. The ratios of tailrace to tokio are 0.5, 0.5 and 0.1,
// those to crossbeam 1.5, 3 and 1: their medians are not the ratios of the medians.
const std::string three_rounds = R"json({"run":{"commit":"abc","date":"today"}}
{"contestant":{"name":"tailrace","role":"ours"}}
{"contestant":{"name":"tokio","role":"peer","version":"1.24"}}
{"contestant":{"name":"crossbeam","role":"peer"}}
{"contestant":{"name":"reference","role":"reference"}}
{"contestant":{"name":"go","role":"peer","absent":"bench-go is not built"}}
{"contestant":{"name":"std","role":"peer"}}
{"contestant":{"name":"flume","role":"peer"}}
{"contestant":{"name":"cache-line","role":"floor"}}
{"row":{"id":"W3","title":"two <threads>","unit":"ns","without":["std"],)json"
                                 R"json("contestants":["tailrace","tokio","crossbeam","reference","go","std","flume"]}}
{"round":{"row":"W3","number":0,"samples":[["cache-line",10,1000],["tailrace",10,300],["tokio",10,600],)json"
                                 R"json(["crossbeam",10,200],["reference",10,100]]}}
{"round":{"row":"W3","number":1,"samples":[["tokio",10,1200],["crossbeam",10,200],["reference",10,100],)json"
                                 R"json(["tailrace",10,600]]}}
{"failure":{"row":"W3","contestant":"flume","what":"exit status 1: wrong result: the sum of all messages"}}
{"round":{"row":"W3","number":2,"samples":[["cache-line",10,1600],["crossbeam",10,200],["reference",10,100],)json"
                                 R"json(["tailrace",10,200],["tokio",10,2000]]}}
{"end":{"seconds":"1"}}
)json";

const std::string targets_of_it = R"json({"targets":[
  {"rows":"W3.*","contestants":["tailrace"],"to":"tokio","at_most":0.5},
  {"rows":"W3.*","contestants":["tailrace"],"to":"best","at_most":1.4},
  {"rows":"W3.*","contestants":["tailrace"],"to":"go","at_most":1},
  {"rows":"W3.*","contestants":["tailrace"],"to":"moodycamel","at_most":0},
  {"rows":"W3.*","contestants":["tailrace"],"at_most":31},
  {"rows":"W","contestants":["tailrace"],"at_most":0}
]})json";

recording recording_of(const std::string& text) {
    std::istringstream in(text);
    return read_recording(in, "raw");
}
judgement judged(const recording& r, const std::string& targets) {
    std::istringstream in(targets);
    return judge(r, read_targets(in, "targets"));
}
const figure& figure_in(const judged_row& row, const std::string& contestant) {
    return *std::ranges::find(row.figures, contestant, &figure::contestant);
}

TEST(report, a_figure_is_the_median_and_its_ratios_are_those_of_each_round) {
    const recording r = recording_of(three_rounds);
    const judgement j = judged(r, targets_of_it);
    ASSERT_EQ(j.rows.size(), 1U);
    const figure& ours = figure_in(j.rows[0], "tailrace");
    EXPECT_DOUBLE_EQ(ours.each.least, 20);
    EXPECT_DOUBLE_EQ(ours.each.median, 30);
    EXPECT_DOUBLE_EQ(ours.each.most, 60);
    EXPECT_DOUBLE_EQ(*ours.to_tokio, 0.5);
    EXPECT_DOUBLE_EQ(*ours.to_best, 1.5);
    EXPECT_DOUBLE_EQ(j.rows[0].line->each.median, 130);
}

TEST(report, the_best_is_the_fastest_peer_and_not_the_reference_channel) {
    EXPECT_EQ(judged(recording_of(three_rounds), targets_of_it).rows[0].best, "crossbeam");
}

TEST(report, an_even_number_of_rounds_has_the_median_between_two) {
    EXPECT_DOUBLE_EQ(spread_of({4, 1, 2, 8}).median, 3);
}

TEST(report, targets_are_met_or_missed_or_not_judged) {
    const recording r = recording_of(three_rounds);
    const judgement j = judged(r, targets_of_it);
    const auto& v = j.rows[0].verdicts;
    ASSERT_EQ(v.size(), 4U) << "a pattern is for the whole name, and moodycamel was not asked for";
    EXPECT_EQ(v[0].outcome, outcome::met);
    EXPECT_EQ(v[1].outcome, outcome::missed);
    EXPECT_EQ(v[1].against, "crossbeam");
    EXPECT_DOUBLE_EQ(v[1].measured, 1.5);
    EXPECT_EQ(v[2].outcome, outcome::open);
    EXPECT_EQ(v[2].why, "go has no result");
    EXPECT_EQ(v[3].outcome, outcome::met);
}

TEST(report, the_table_has_the_figures_and_says_what_is_missing_and_why) {
    const recording r = recording_of(three_rounds);
    const std::string table = table_of(r, judged(r, targets_of_it));
    const std::string ours = "  tailrace                  30.0  20.0 to 60.0              0.50     1.50  ";
    const std::string judged_so = "0.5 of tokio: met; 1.4 of the best: missed; 1 of go: not judged; at most 31: met";
    for (const std::string& line :
         {ours + judged_so, std::string("  go                           -  not here: bench-go is not built"),
          std::string("  flume                        -  FAILED: exit status 1: wrong result: the sum of all messages"),
          std::string("  std                          -  \n"), std::string("2 targets met, 1 missed, 1 not judged"),
          std::string("The time of a cache line moved by more than half while these rows were measured: W3"),
          std::string("  W3                           tailrace             1.4 of the best        1.50 (crossbeam)")}) {
        EXPECT_NE(table.find(line), std::string::npos) << line << "\nis not in\n" << table;
    }
}

TEST(report, a_run_that_was_ended_before_says_so) {
    const recording r = recording_of(three_rounds.substr(0, three_rounds.find("{\"end\"")));
    EXPECT_NE(table_of(r, judge(r, {})).find("ended before"), std::string::npos);
}

TEST(report, the_page_has_each_row_and_none_of_its_text_is_markup) {
    const recording r = recording_of(three_rounds);
    const std::string page = page_of(r, judged(r, targets_of_it));
    EXPECT_NE(page.find("two &lt;threads&gt;"), std::string::npos);
    EXPECT_EQ(page.find("two <threads>"), std::string::npos);
    EXPECT_NE(page.find("bench-go is not built"), std::string::npos);
    EXPECT_NE(page.find("FAILED"), std::string::npos);
    EXPECT_NE(page.find("<b>1</b> failures"), std::string::npos);
    EXPECT_NE(page.find("Without such a form: std<"), std::string::npos);
    EXPECT_EQ(page.find("http"), std::string::npos) << "it stands alone";
}

TEST(report, what_is_written_is_read_again) {
    const recording r = recording_of(three_rounds);
    std::string text = run_line(r.run) + "\n";
    for (const auto& c : r.contestants) text += line_of(c) + "\n";
    for (const auto& row : r.rows) text += line_of(row) + "\n";
    for (const auto& round : r.rounds) text += line_of(round) + "\n";
    for (const auto& f : r.failures) text += line_of(f) + "\n";
    text += end_line(r.end) + "\n";
    const recording again = recording_of(text);
    const judgement a = judged(r, targets_of_it), b = judged(again, targets_of_it);
    EXPECT_EQ(table_of(r, a), table_of(again, b));
}

TEST(report, a_series_is_flat_if_its_largest_median_is_near_its_smallest) {
    std::string text =
        "{\"run\":{}}\n{\"contestant\":{\"name\":\"tailrace\",\"role\":\"ours\"}}\n{\"contestant\":{\"name\":\"tokio\","
        "\"role\":\"peer\"}}\n";
    for (const auto& [id, x, time] : {std::tuple("a", 1, 100), std::tuple("b", 10, 80), std::tuple("c", 100, 120)}) {
        std::ostringstream line;
        line << R"({"row":{"id":")" << id << R"(","unit":"ns","series":"capacity","x":)" << x
             << R"(,"contestants":["tailrace","tokio"]}})" << '\n'
             << R"({"round":{"row":")" << id << R"(","number":0,"samples":[["tailrace",1,)" << time << "]]}}\n";
        text += line.str();
    }
    const recording r = recording_of(text);
    const judgement j = judged(r, R"json({"targets":[
        {"series":"capacity","contestants":["tailrace"],"at_most":1.5},
        {"series":"capacity","contestants":["tailrace"],"at_most":1.4},
        {"series":"capacity","contestants":["tokio"],"at_most":1.5},
        {"series":"waiting","contestants":["tailrace"],"at_most":1.5}]})json");
    ASSERT_EQ(j.of_series.size(), 3U) << "a series that was not asked for is not judged";
    EXPECT_EQ(j.of_series[0].outcome, outcome::met);
    EXPECT_DOUBLE_EQ(j.of_series[0].measured, 1.5);
    EXPECT_EQ(j.of_series[1].outcome, outcome::missed);
    EXPECT_EQ(j.of_series[2].outcome, outcome::open);
    EXPECT_NE(page_of(r, j).find("<path class='line ours'"), std::string::npos);
}

std::string refusal_of(const std::string& text) {
    try {
        (void)recording_of(text);
    } catch (const bad_input& e) {
        return e.what();
    }
    return "accepted";
}

TEST(report, what_is_no_recording_is_refused_with_its_line) {
    const auto with = [](const std::string& line) { return three_rounds + line; };
    EXPECT_EQ(refusal_of(""), "raw: nothing is recorded there");
    EXPECT_EQ(refusal_of("{\"end\":{}}"), "raw:1: expected \"run\" first");
    EXPECT_TRUE(refusal_of(with("{\"round\":")).starts_with("raw:16: not a line of a recording: "));
    EXPECT_EQ(refusal_of(with("[]")), "raw:16: expected an object with one key");
    EXPECT_EQ(refusal_of(with("{\"nonsense\":1}")), "raw:16: unknown key \"nonsense\"");
    EXPECT_EQ(refusal_of(with(R"({"round":{"row":"W9","number":0,"samples":[]}})")),
              "raw:16: no row 'W9' stands before");
    EXPECT_EQ(refusal_of(with(R"({"round":{"row":"W3","number":0,"samples":[["kanal",1,1]]}})")),
              "raw:16: no contestant 'kanal' stands before");
    EXPECT_EQ(refusal_of(with(R"({"round":{"row":"W3","number":0,"samples":[["tokio",0,1]]}})")),
              "raw:16: a sample of tokio is of nothing");
    EXPECT_EQ(refusal_of(with(R"({"contestant":{"name":"x","role":"friend"}})")), "raw:16: no role 'friend'");
}

TEST(report, targets_that_mean_nothing_are_refused) {
    for (const char* text :
         {"", "{}", R"({"targets":[]})", R"({"targets":[{"rows":"W1 .*","contestants":["tailrace"]}]})",
          R"({"targets":[{"contestants":["tailrace"],"at_most":1}]})",
          R"({"targets":[{"rows":"(","contestants":["tailrace"],"at_most":1}]})",
          R"({"targets":[{"series":"x","to":"tokio","contestants":["tailrace"],"at_most":1}]})"}) {
        std::istringstream in(text);
        EXPECT_THROW((void)read_targets(in, "targets"), bad_input) << text;
    }
}

TEST(report, each_target_of_the_project_is_of_rows_and_contestants_that_there_are) {
    std::ifstream in(TAILRACE_BENCH_TARGETS);
    const auto targets = read_targets(in, "targets.json");
    std::set<std::string> names = {"best", ""};
    for (const known_contestant& c : known_contestants()) names.insert(c.name);
    for (const form f : {form::quick, form::full}) {
        const auto rows = planned_rows(f);
        for (const target& t : targets) {
            EXPECT_TRUE(names.contains(t.contestant)) << t.contestant;
            EXPECT_TRUE(names.contains(t.to)) << t.to;
            EXPECT_TRUE(std::ranges::any_of(rows,
                                            [&](const planned_row& r) {
                                                if (!t.series.empty()) return r.row.series == t.series;
                                                const bool asked = r.only.empty() ||
                                                                   std::regex_match(t.contestant, std::regex(r.only));
                                                return asked && std::regex_match(r.row.id, std::regex(t.rows));
                                            }))
                << t.rows << t.series << " is no row of " << t.contestant;
        }
    }
}

TEST(report, the_full_form_has_every_row_of_the_quick_one_and_each_once) {
    std::set<std::string> full;
    for (const planned_row& r : planned_rows(form::full)) EXPECT_TRUE(full.insert(r.row.id).second) << r.row.id;
    for (const planned_row& r : planned_rows(form::quick)) EXPECT_TRUE(full.contains(r.row.id)) << r.row.id;
}

}  // namespace

}  // namespace bench
