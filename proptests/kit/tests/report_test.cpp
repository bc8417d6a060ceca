// What a campaign says: the size of a report, the verdicts and the reasons beside them.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "campaign/campaign.hpp"
#include "campaign/report.hpp"
#include "oracle_support.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

void expect_to_fit(const std::string& text, std::size_t most_lines) {
    const std::vector<std::string> lines = lines_of(text);
    EXPECT_LE(lines.size(), most_lines) << text;
    for (const std::string& line : lines) {
        EXPECT_LE(line.size(), 100U) << line;
        EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7f; })) << line;
    }
}

const engine_entry* engine_named(std::string_view name) {
    const auto at = std::ranges::find(engines(), name, &engine_entry::name);
    return at == engines().end() ? nullptr : &*at;
}

job job_of(std::vector<model::trace> traces) {
    job j;
    j.traces = judge(std::move(traces));
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = 300;
    j.seed = 1;
    return j;
}

const judgement& judgement_of(const campaign& c, std::string_view clause, std::size_t target = 0) {
    const auto at = std::ranges::find(c.clauses, clause, &model::clause::name);
    EXPECT_NE(at, c.clauses.end()) << clause;
    return c.judgements[static_cast<std::size_t>(at - c.clauses.begin())][target];
}

/// The specification, but a try_send gets a permit although others wait.
target barging_target() {
    return machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::try_send && o.answer.status == model::status::full) o.answer = {};
    });
}

constexpr std::string_view barging_trace =
    "s0 try_send v1 -> ok\n"
    "s0 send v2 as f0 -> created\n"
    "poll f0 -> pending\n"
    "r try_recv -> some v1 ! f0\n"
    "s0 try_send v3 -> full v3\n";

// ---- One difference

/// Of one recorded trace, which has to fail.
failure failure_in(const target& t, const model::trace& one) {
    const campaign c = run_campaign(job_of({one}), {engine_named("oracle")}, {&t});
    EXPECT_EQ(c.reports.front().failures.size(), 1U);
    return c.reports.front().failures.empty() ? failure{} : c.reports.front().failures.front();
}

TEST(report, a_difference_names_what_went_wrong_the_place_the_steps_the_states_and_why) {
    EXPECT_EQ(failure_in(barging_target(), trace_of(1, barging_trace)).text,
              "oracle fails on machine (capacity 1): s0 try_send v3 answered ok, although no capacity was free\n"
              "  from      t.trace:6\n"
              "  property  Every step has the outcome that the specification gives.\n"
              "  breaks    try_send.no-barging: Full while anyone waits, even right after a receive.\n"
              "      step                         the specification after it\n"
              "   1  s0 try_send v1 -> ok         available 0 | buffer v1\n"
              "   2  s0 send v2 as f0 -> created  available 0 | buffer v1\n"
              "   3  poll f0 -> pending           available 0 | buffer v1 | queue f0(0/1)\n"
              "   4  r try_recv -> some v1 ! f0   available 0 | detached f0 granted 1\n"
              "  >5  s0 try_send v3               available 0 | detached f0 granted 1\n"
              "  differs   answer\n"
              "  target    max 1 available 0 | detached f0 granted 1 | senders s0\n"
              "  why       step 5: s0 try_send v3 -> ok; legal: full v3\n"
              "  because   step 1: s0 try_send v1\n"
              "  because   step 2: s0 send v2 as f0\n"
              "  because   step 3: poll f0\n"
              "  again     tailrace-verify run --engine oracle --target machine --traces t.trace\n");
}

TEST(report, what_is_wrong_with_a_list_is_said_in_words) {
    constexpr std::string_view lines =
        "s0 try_send v1 -> ok\n"
        "s0 try_send v2 -> ok\n"
        "s0 try_send v3 -> ok\n"
        "drop r -> ok ~ v1 v2 v3\n";
    const auto said = [&](std::string_view instead) {
        std::string changed(lines);
        changed.replace(changed.find("~ v1 v2 v3"), 10, instead);
        const std::string text = failure_in(machine_target(), trace_of(3, changed)).text;
        const std::size_t at = text.find("differs   ");
        return text.substr(at + 10, text.find('\n', at) - at - 10);
    };
    EXPECT_EQ(said("~ v2 v1 v3"), "destroyed (in another order: v1 in place 1, expected v2)");
    EXPECT_EQ(said("~ v1 v3"), "destroyed (not expected v2)");
    EXPECT_EQ(said("~ v1 v2 v3 v9"), "destroyed (missing v9)");
    EXPECT_EQ(said("~ v1 v2 v9"), "destroyed (missing v9, not expected v3)");
    EXPECT_EQ(said("! f0 ~ v1 v2 v3"), "woken (missing f0)");
}

TEST(report, a_late_destruction_that_is_wrong_comes_with_the_rule) {
    constexpr std::string_view lines =
        "s0 try_reserve -> p0\n"
        "drop r -> ok\n"
        "p0 send v1 -> ok\n"
        "s0 capacity -> 1\n"
        "drop s0 -> ok\n";
    const std::string text = failure_in(machine_target(), trace_of(2, lines)).text;
    EXPECT_NE(text.find("t.trace:6"), std::string::npos) << text;
    EXPECT_NE(text.find("the last handle goes: in this trace what was sent after the receiver"), std::string::npos)
        << text;
}

TEST(report, the_largest_difference_fits_forty_lines_of_a_hundred_columns) {
    std::string lines;
    std::string values;
    for (int i = 1; i <= 300; ++i) {
        lines += fmt::format("s0 try_send v{} -> ok\n", 1'000'000'000 + i);
        values += fmt::format(" v{}", 1'000'000'000 + i);
    }
    for (int i = 0; i < 300; ++i)
        lines += fmt::format("s0 send v{0} as f{1} -> created\npoll f{1} -> pending\n", 2'000'000'000 + i, i);
    model::trace t = trace_of(300, lines + "drop r -> closed v7 ! f999 ~" + values + " v5\n");
    t.id.assign(128, 'x');
    t.file = std::string(300, 'd') + "/\n\x01.trace";
    expect_to_fit(failure_in(machine_target(), t).text, 40);
}

// ---- A campaign

TEST(report, a_broken_clause_fails_by_name_and_the_others_keep_their_verdict) {
    const target barging = barging_target();
    std::vector<model::trace> traces{trace_of(1, barging_trace),
                                     trace_of(1, "s0 try_send v1 -> ok\nr try_recv -> some v1\n")};
    const campaign c = run_campaign(job_of(std::move(traces)), {engine_named("oracle")}, {&barging});
    EXPECT_TRUE(c.failed());
    EXPECT_EQ(judgement_of(c, "try_send.no-barging").is, verdict::fail);
    EXPECT_EQ(judgement_of(c, "try_send.no-barging").why, "t.trace:6");
    EXPECT_EQ(judgement_of(c, "capacity.starts-at-max").is, verdict::waits);
    EXPECT_NE(judgement_of(c, "send.waits").is, verdict::fail) << "it is tested two steps earlier";
    EXPECT_NE(to_text(c).find("try_send.no-barging                 FAIL     at t.trace:6\n"), std::string::npos)
        << to_text(c);
    EXPECT_NE(to_text(c).find("  breaks    "), std::string::npos);
}

TEST(report, a_clause_that_fails_once_fails_although_other_traces_are_evidence_for_it) {
    const target once_barging = machine_target([](const model::step& s, model::outcome& o) {
        if (s.what == model::verb::try_send && s.value == 4) o.answer = {};
    });
    std::vector<model::trace> traces(2, trace_of(1, barging_trace));
    traces.back().lines.push_back(model::parse_line("s0 try_send v4 -> full v4", "t.trace", 7));
    const campaign c = run_campaign(job_of(std::move(traces)), {engine_named("oracle")}, {&once_barging});
    EXPECT_TRUE(c.reports.front().evidence.contains("try_send.no-barging"));
    EXPECT_EQ(judgement_of(c, "try_send.no-barging").is, verdict::fail);
}

TEST(report, a_clause_passes_by_evidence_and_waits_for_an_engine_without_it) {
    const target good = machine_target();
    const campaign c = run_campaign(job_of({trace_of(1, barging_trace)}), {engine_named("oracle")}, {&good});
    EXPECT_FALSE(c.failed());
    const judgement& passed = judgement_of(c, "try_send.no-barging");
    EXPECT_EQ(passed.is, verdict::pass);
    ASSERT_EQ(passed.evidence.size(), 1U);
    EXPECT_EQ(passed.evidence.front().count, 1U);
    EXPECT_EQ(passed.evidence.front().first, "t.trace:6");
    EXPECT_EQ(judgement_of(c, "weak.upgrade").why, "waits for sequential");
    EXPECT_EQ(judgement_of(c, "same_channel").is, verdict::skipped) << "this target has no tests";
    EXPECT_EQ(judgement_of(c, "same_channel").why, "only tests can show it, and cannot run here");
}

TEST(report, what_was_not_tested_is_one_line_for_each_reason_also_after_a_failure) {
    target barging = barging_target();
    barging.capabilities = barging.capabilities.without(capability::weak);
    const campaign c = run_campaign(job_of({}), {engine_named("sequential")}, {&barging});
    ASSERT_TRUE(c.failed());
    EXPECT_EQ(judgement_of(c, "weak.upgrade").why, "no capability weak");
    EXPECT_EQ(judgement_of(c, "send.waits").is, verdict::waits) << "a run that a failure ended is no evidence";
    const std::string table = to_table(c);
    for (const std::string_view row :
         {"\nskipped (no capability weak): ", "\nskipped (only tests can show it, and cannot run here): ",
          "\nskipped (only interleavings or threads can show it, and cannot run here): ", "\nwaits for oracle: "})
        EXPECT_NE(table.find(row), table.npos) << row << table;
    EXPECT_LE(std::ranges::count(table, '\n'), 20) << table;
}

TEST(report, what_a_target_cannot_do_is_skipped_by_name) {
    const target good = machine_target();
    target less = machine_target();
    less.name = "less";
    less.capabilities = capabilities::all().without(capability::weak);
    std::vector<model::trace> traces{trace_of(1, barging_trace), trace_of(1, "s0 downgrade -> w0\nw0 upgrade -> s1\n")};
    const campaign c = run_campaign(job_of(std::move(traces)), {engine_named("oracle")}, {&good, &less});
    EXPECT_EQ(judgement_of(c, "weak.upgrade", 0).is, verdict::pass);
    EXPECT_EQ(judgement_of(c, "weak.upgrade", 1).is, verdict::skipped);
    EXPECT_EQ(judgement_of(c, "weak.upgrade", 1).why, "no capability weak");
    EXPECT_EQ(judgement_of(c, "try_send.no-barging", 1).is, verdict::pass);
    EXPECT_NE(to_summary(c).find("oracle  less: 1 trace, 5 steps, 0 differences\n        skipped 1 "
                                 "trace, by missing capability: weak 1\n"),
              std::string::npos)
        << to_summary(c);
}

TEST(report, the_first_five_differences_are_shown_and_the_others_counted) {
    const target barging = barging_target();
    const campaign c = run_campaign(job_of(std::vector<model::trace>(8, trace_of(1, barging_trace))),
                                    {engine_named("oracle")}, {&barging});
    const std::string text = to_text(c);
    std::size_t shown = 0;
    for (std::size_t at = text.find("oracle fails on machine"); at != std::string::npos;
         at = text.find("oracle fails on machine", at + 1))
        ++shown;
    EXPECT_EQ(shown, 5U);
    EXPECT_NE(text.find("... and 3 more on machine\n"), std::string::npos);
    EXPECT_NE(text.find("oracle  machine: 8 traces, 40 steps, 8 differences\n"), std::string::npos) << text;
}

TEST(report, a_generated_counterexample_reads_like_a_recorded_one) {
    const target barging = barging_target();
    const campaign c = run_campaign(job_of({trace_of(1, barging_trace)}),
                                    {engine_named("oracle"), engine_named("sequential")}, {&barging});
    ASSERT_EQ(c.reports[1].failures.size(), 1U);
    const failure& f = c.reports[1].failures.front();
    EXPECT_NE(f.text.find("  again     tailrace-verify replay " + f.token + '\n'), std::string::npos) << f.text;
    expect_to_fit(f.text, 40);
    const auto labels = [](const std::string& text) {
        std::vector<std::string> all;
        for (const std::string& line : lines_of(text)) {
            const std::string label = line.substr(2, 8);
            if (line.starts_with("  ") && label.front() != ' ' && label.find(' ') != std::string::npos &&
                (all.empty() || all.back() != label))
                all.push_back(label);
        }
        std::erase_if(all, [](const std::string& l) { return l.front() == '>'; });
        return all;
    };
    EXPECT_EQ(labels(f.text), labels(c.reports[0].failures.front().text));
    const std::vector<model::trace> again = model::parse_traces(model::to_string(*trace_of(*f.example)), "again.trace");
    EXPECT_EQ(differing_line(barging, again.front()), again.front().lines.size() + 1);
}

TEST(report, all_of_it_is_ascii_in_a_hundred_columns) {
    std::vector<const target*> targets;
    for (const target& t : builtin_targets()) targets.push_back(&t);
    std::vector<model::trace> traces = recorded_traces();
    traces.resize(40);
    traces.push_back(recorded_traces().back());
    expect_to_fit(
        to_text(run_campaign(job_of(std::move(traces)), {engine_named("oracle"), engine_named("sequential")}, targets)),
        1'000);
}

// ---- Layout

TEST(layout, wraps_at_spaces_and_marks_what_is_cut) {
    EXPECT_EQ(wrap("aa bb cc", 5, 9), (std::vector<std::string>{"aa bb", "cc"}));
    EXPECT_EQ(wrap("aa bb cc dd ee", 5, 2), (std::vector<std::string>{"aa bb", "cc..."}));
    EXPECT_EQ(wrap("aaaaaaaaaa", 4, 9), (std::vector<std::string>{"aaaa", "aaaa", "aa"}));
    EXPECT_EQ(wrap("", 4, 9), (std::vector<std::string>{""}));
    EXPECT_EQ(cut("abcdefgh", 6), "abc...");
    EXPECT_EQ(cut_front("abcdefgh", 6), "...fgh");
    EXPECT_EQ(cut("abcdef", 6), "abcdef");
    EXPECT_EQ(printable("a\nb\x7f"), "a?b?");
}

TEST(layout, groups_digits_and_counts_nouns) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(47'899), "47,899");
    EXPECT_EQ(grouped(1'000'000), "1,000,000");
    EXPECT_EQ(counted(1, "trace"), "1 trace");
    EXPECT_EQ(counted(2, "trace"), "2 traces");
}

TEST(layout, the_nearest_name_is_near) {
    EXPECT_EQ(nearest("refrence", {"reference", "optimized"}), "reference");
    EXPECT_EQ(nearest("zzz", {"reference", "optimized"}), "");
}

}  // namespace
}  // namespace tailrace::verify
