// The verdicts of one campaign agree, wherever they stand: the table, its last lines, the lines of the engines, JUnit,
// report.json and report.html count the same failures in the same clauses.
// After a change here run: ci/test -L proptests -R agreement
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "campaign/engines.hpp"
#include "campaign/report.hpp"
#include "evidence/attribution.hpp"
#include "foreign_queue.hpp"
#include "oracle_support.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using foreign::mistake;
using json = nlohmann::json;
namespace fs = std::filesystem;
using names = std::set<std::string>;

campaign run_on(const target& t, std::string_view engine, std::uint64_t programs) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = programs;
    j.seed = 1;
    how_to_run how;
    how.jobs = 1;
    how.patience = std::chrono::seconds(15);
    return run_campaign(j, {&*std::ranges::find(engines(), engine, &engine_entry::name)}, {&t}, {}, how);
}

std::size_t count_of(std::string_view what, std::string_view in) {
    std::size_t n = 0;
    for (std::size_t at = in.find(what); at != in.npos; at = in.find(what, at + 1)) ++n;
    return n;
}

/// What failed, from the failures themselves: everything else has to say the same.
struct truth {
    explicit truth(const campaign& c) {
        for (const engine_report& r : c.reports) {
            failures += r.failures.size();
            for (const failure& f : r.failures) {
                for (const std::string_view name : f.clauses) clauses.emplace(name);
                beside += f.clauses.empty() ? 1 : 0;
            }
        }
    }
    names clauses;
    std::size_t failures = 0;
    std::size_t beside = 0;
};

void expect_text(const campaign& c, const truth& is) {
    const std::string table = to_table(c);
    names rows;
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) {
        if (line.find("  FAIL  ") != line.npos) rows.insert(line.substr(0, line.find(' ')));
    }
    EXPECT_EQ(rows, is.clauses) << table;
    const std::string beside = is.beside == 0
                                   ? ""
                                   : fmt::format(" and {} that {} no clause by name", counted(is.beside, "failure"),
                                                 is.beside == 1 ? "breaks" : "break");
    EXPECT_NE(table.find(fmt::format(" {} FAIL{},", is.clauses.size(), beside)), table.npos) << table;
    // The line of the engine counts every failure once.
    std::size_t counted_there = 0;
    const std::string summary = c.reports[0].summary;
    const std::regex number("([0-9]+) (difference|failure|hang|crash|coverage goal)s?(es)?( reached too seldom)?[,;]?");
    for (std::sregex_iterator at(summary.begin(), summary.end(), number), end; at != end; ++at) {
        if ((*at)[2] == "coverage goal" && !(*at)[4].matched) continue;
        counted_there += std::stoul((*at)[1]);
    }
    EXPECT_EQ(counted_there, is.failures) << summary;
}

void expect_junit(const campaign& c, const truth& is) {
    const std::string xml = to_junit(c);
    names failed;
    const std::regex one("<testcase classname=\"[^\"]*\" name=\"([^\"]*)\">\n      <failure");
    for (std::sregex_iterator at(xml.begin(), xml.end(), one), end; at != end; ++at) failed.insert((*at)[1]);
    std::size_t beside = 0;
    for (const std::string& name : failed) beside += model::find_clause(name) == nullptr ? 1 : 0;
    EXPECT_EQ(beside, is.beside) << xml;
    std::erase_if(failed, [](const std::string& name) { return model::find_clause(name) == nullptr; });
    EXPECT_EQ(failed, is.clauses);
    EXPECT_EQ(count_of("<failure ", xml), is.clauses.size() + is.beside);
    EXPECT_NE(xml.find(fmt::format("failures=\"{}\">\n  <testsuite", is.clauses.size() + is.beside)), xml.npos) << xml;
}

void expect_files(const campaign& c, const truth& is) {
    const fs::path folder = fs::temp_directory_path() / ("tailrace-agreement-" + std::to_string(getpid()));
    prepare_folder(folder.string());
    write_files(c, folder.string());
    std::ifstream in(folder / "report.json");
    const json report = json::parse(in);
    EXPECT_EQ(report["failed"], is.failures > 0);
    names failed;
    for (const json& row : report["clauses"]) {
        for (const json& cell : row["targets"]) {
            if (cell["verdict"] == "FAIL") failed.insert(row["clause"].get<std::string>());
        }
    }
    EXPECT_EQ(failed, is.clauses);
    EXPECT_EQ(report["runs"][0]["failures"].size(), is.failures);
    std::ifstream page(folder / "report.html", std::ios::binary);
    const std::string html{std::istreambuf_iterator<char>(page), {}};
    EXPECT_NE(html.find(fmt::format("\"failures_in_all\":{}", is.failures)), html.npos);
    EXPECT_NE(html.find(fmt::format("\"FAIL\":{}", is.clauses.size())), html.npos);
    fs::remove_all(folder);
}

/// True if it failed, and everything says so.
bool expect_agreement(const campaign& c) {
    const truth is(c);
    EXPECT_EQ(c.failed(), is.failures > 0);
    expect_text(c, is);
    expect_junit(c, is);
    expect_files(c, is);
    return is.failures > 0;
}

/// The sentence of the first failure, which its text begins with.
std::string what_of(const campaign& c) {
    const failure& f = c.reports[0].failures.at(0);
    const std::string title = fmt::format("{} fails on {}", c.reports[0].engine, c.reports[0].target);
    EXPECT_TRUE(f.text.starts_with(title)) << f.text;
    return f.what;
}

TEST(agreement, of_a_wrong_answer) {
    const target t = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::try_send && o.answer.status == model::status::full) o.answer = {};
    });
    const campaign c = run_on(t, "sequential", 2'000);
    ASSERT_TRUE(expect_agreement(c));
    EXPECT_NE(what_of(c).find("although no capacity was free"), std::string::npos) << what_of(c);
    EXPECT_FALSE(c.reports[0].failures[0].clauses.empty());
}

TEST(agreement, of_an_answer_that_no_clause_explains) {
    const target t = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::max_capacity) o.answer.number += 17;
    });
    const campaign c = run_on(t, "sequential", 2'000);
    ASSERT_TRUE(expect_agreement(c));
    EXPECT_TRUE(c.reports[0].failures[0].clauses.empty()) << c.reports[0].failures[0].clauses[0];
}

TEST(agreement, a_clause_about_what_the_target_lacks_is_not_blamed) {
    EXPECT_FALSE(can_break({capability::try_send}, "reserve.excludes"));
    EXPECT_FALSE(can_break({capability::try_send}, "clone.count"));
    EXPECT_FALSE(can_break({capability::try_send}, "iterator.next"));
    EXPECT_TRUE(can_break({capability::reserve}, "reserve.excludes"));
    EXPECT_FALSE(can_break({capability::try_send}, "recv.order")) << "it has no receive of any form";
    EXPECT_TRUE(can_break({capability::try_recv}, "recv.order"));
    EXPECT_TRUE(can_break({}, "release.oldest-first"));
}

TEST(agreement, of_a_late_destruction) {
    const target t = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::drop && s.subject.kind == model::handle_kind::receiver) o.destroyed.clear();
    });
    const campaign c = run_on(t, "sequential", 2'000);
    ASSERT_TRUE(expect_agreement(c));
    EXPECT_NE(what_of(c).find("drop r did not destroy v"), std::string::npos) << what_of(c);
    EXPECT_EQ(c.reports[0].failures[0].clauses, std::vector<std::string_view>{"receiver-drop.destroys"});
}

TEST(agreement, of_values_in_the_wrong_order_on_threads) {
    const target t = make_target<foreign::api<mistake::newest_first>>("queue", "newest first");
    const campaign c = run_on(t, "threads", 300);
    ASSERT_TRUE(expect_agreement(c));
    EXPECT_NE(what_of(c).find(" was received before v"), std::string::npos) << what_of(c);
    const std::vector<std::string_view>& clauses = c.reports[0].failures[0].clauses;
    EXPECT_EQ(std::ranges::count(clauses, "recv.order"), 1) << fmt::format("{}", fmt::join(clauses, " "));
}

TEST(agreement, of_a_lost_wake_up) {
    const target t = make_target<foreign::blocking_api<mistake::forgets_to_wake>>("queue", "forgets");
    const campaign c = run_on(t, "threads", 2'000);
    ASSERT_TRUE(expect_agreement(c));
    EXPECT_NE(what_of(c).find("left asleep, although the specification would wake it: s0 send v"), std::string::npos)
        << what_of(c);
}

TEST(agreement, of_a_crash) {
    for (const std::string_view engine : {"sequential", "threads"}) {
        const target t = make_target<foreign::api<mistake::crashes>>("queue", "crashes");
        const campaign c = run_on(t, engine, 500);
        ASSERT_TRUE(expect_agreement(c));
        EXPECT_EQ(c.reports[0].failures[0].is, failure::kind::crash);
        EXPECT_NE(what_of(c).find("it crashes"), std::string::npos) << what_of(c);
        EXPECT_EQ(parse_token(c.reports[0].failures[0].token).target, "queue");
    }
}

TEST(agreement, of_a_hang) {
    const target t = make_target<foreign::api<mistake::hangs>>("queue", "hangs");
    const campaign c = run_on(t, "sequential", 500);
    ASSERT_TRUE(expect_agreement(c));
    EXPECT_EQ(c.reports[0].failures[0].is, failure::kind::hang);
    EXPECT_NE(what_of(c).find("it hangs"), std::string::npos) << what_of(c);
}

TEST(agreement, of_states_that_were_reached_too_seldom) {
    const target t = machine_target();
    campaign c = run_on(t, "sequential", 3'000);
    EXPECT_FALSE(expect_agreement(c)) << to_text(c);
    engine_report& r = c.reports[0];
    for (std::size_t i = 0; i < 2; ++i) {
        r.reached[i].programs = 0;
        r.reached[i].verdict = reach_verdict::missed;
    }
    finish(r);
    judge_clauses(c);
    ASSERT_TRUE(expect_agreement(c));
    EXPECT_NE(r.summary.find("0 differences, 2 coverage goals reached too seldom"), std::string::npos) << r.summary;
}

TEST(agreement, the_same_smallest_program_is_one_failure_with_a_count) {
    const target t = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::close) o.answer.status = model::status::none;
    });
    campaign c = run_on(t, "sequential", 2'000);
    ASSERT_TRUE(c.failed());
    engine_report again = c.reports[0];
    again.failures[0].place = "seed-1-program-999";
    add_to(c.reports[0], std::move(again));
    finish(c.reports[0]);
    judge_clauses(c);
    ASSERT_EQ(c.reports[0].failures.size(), 1U);
    EXPECT_EQ(c.reports[0].failures[0].times, 2U);
    EXPECT_NE(to_text(c).find("\n  found     2 times: "), std::string::npos) << to_text(c);
    ASSERT_TRUE(expect_agreement(c));
}

TEST(agreement, another_program_that_breaks_the_same_is_no_failure_of_its_own) {
    const target t = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::close) o.answer.status = model::status::none;
    });
    campaign c = run_on(t, "sequential", 2'000);
    ASSERT_TRUE(c.failed());
    ASSERT_TRUE(c.reports[0].failures[0].clauses.empty());
    engine_report again = c.reports[0];
    ++again.failures[0].example->capacity;
    add_to(c.reports[0], engine_report(again));
    ASSERT_EQ(c.reports[0].failures.size(), 1U);
    EXPECT_EQ(c.reports[0].failures[0].times, 1U);
    again.failures[0].is = failure::kind::crash;
    add_to(c.reports[0], engine_report(again));
    EXPECT_EQ(c.reports[0].failures.size(), 2U);
    again.failures[0].is = failure::kind::difference;
    again.failures[0].example->clauses = {"recv.order"};
    add_to(c.reports[0], std::move(again));
    EXPECT_EQ(c.reports[0].failures.size(), 3U);
}

TEST(agreement, skipped_clauses_are_one_line_for_each_capability_unless_they_are_asked_for) {
    const target t = make_target<foreign::api<mistake::none>>("queue", "sound");
    campaign c = run_on(t, "sequential", 500);
    const std::string table = to_table(c);
    EXPECT_NE(table.find("\nskipped (no capability weak): "), std::string::npos) << table;
    EXPECT_EQ(table.find("  skipped  "), std::string::npos) << table;
    std::erase_if(c.clauses, [](const model::clause* one) { return !one->name.starts_with("weak."); });
    judge_clauses(c);
    EXPECT_NE(to_table(c).find("  skipped  no capability weak"), std::string::npos) << to_table(c);
}

}  // namespace
}  // namespace tailrace::verify
