// Campaigns for the tests of their page: one that passes, one that fails, the largest.
//
// With TAILRACE_PAGES=<folder> the tests of campaign_html leave their pages there; that is where
// ci/test -L browser finds them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaign/campaign.hpp"
#include "campaign/report.hpp"
#include "counterexample_support.hpp"
#include "oracle_support.hpp"

namespace tailrace::verify {

inline const engine_entry* engine_of(std::string_view name) {
    return &*std::ranges::find(engines(), name, &engine_entry::name);
}

/// The page; and, if the browser is to see it, a file.
inline std::string page_of(const std::string& name, const campaign& c) {
    std::string page = to_html(c);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets it meanwhile
    if (const char* folder = std::getenv("TAILRACE_PAGES")) {
        std::filesystem::create_directories(folder);
        std::ofstream(std::filesystem::path(folder) / (name + ".html"), std::ios::binary) << page;
    }
    return page;
}

inline job small_job(std::vector<model::trace> traces, std::uint64_t programs) {
    job j;
    j.traces = judge(std::move(traces));
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = programs;
    j.seed = 1;
    return j;
}

/// Two engines on the specification, and on the same without weak senders.
inline const campaign& passing_campaign() {
    static const target whole = machine_target();
    static const target less = [] {
        target t = machine_target();
        t.name = "less";
        t.summary = "the specification without weak senders";
        t.capabilities = t.capabilities.without(capability::weak);
        return t;
    }();
    static const campaign c = [] {
        std::vector<model::trace> traces = recorded_traces();
        traces.resize(40);
        traces.push_back(trace_of(1, "s0 downgrade -> w0\nw0 upgrade -> s1\n"));
        return run_campaign(small_job(std::move(traces), 300), {engine_of("oracle"), engine_of("sequential")},
                            {&whole, &less});
    }();
    return c;
}

/// On one target a try_send gets a permit although others wait, and a search was given up; the target
/// beside it is fine.
inline campaign failing_campaign(std::string name = "barging") {
    static const target good = machine_target();
    static std::vector<std::unique_ptr<target>> kept;
    target& barging =
        *kept.emplace_back(std::make_unique<target>(machine_target([](const model::step& s, model::outcome& o) {
            if (s.what == model::verb::try_send && o.answer.status == model::status::full) o.answer = {};
        })));
    barging.name = std::move(name);
    const model::trace t = trace_of(1,
                                    "s0 try_send v1 -> ok\n"
                                    "s0 send v2 as f0 -> created\n"
                                    "poll f0 -> pending\n"
                                    "r try_recv -> some v1 ! f0\n"
                                    "s0 try_send v3 -> full v3\n");
    campaign c = run_campaign(small_job({t}, 500), {engine_of("oracle"), engine_of("sequential")}, {&good, &barging});
    c.engines.push_back(engine_of("threads"));
    engine_report& threads = c.reports.emplace_back();
    threads.engine = "threads";
    threads.target = barging.name;
    threads.unit = "history";
    threads.summary = "4,000 programs, 80,000 histories, 1 failure, 3 UNKNOWN";
    threads.numbers = {{"histories", 80'000},
                       {"unknown", 3},
                       {"milliseconds", 2'000},
                       {"met r.close s.send full", 12},
                       {"met r.close s.send receiver gone", 3},
                       {"met s.send s.send full", 7}};
    threads.reached = {{"try_send -> full", 900, 10, reach_verdict::reached, 4'000, 25, true},
                       {"granted, then cancelled", 3, 20, reach_verdict::missed, 4'000, 50, true},
                       {"closed while asleep", 1, 1, reach_verdict::unknown, 4'000, 2, true}};
    failure f;
    f.example = swapped_example();
    f.clauses = {"recv.order"};
    f.text = "two values of one sender come in the wrong order\n";
    f.token = "thr." + std::string(2'000, 'A');
    threads.failures.push_back(std::move(f));
    judge_clauses(c);
    return c;
}

/// As much as no campaign has: `targets` targets of which the last fail, `each` failures each.
/// Everything that a target can say is made of `letter`.
inline campaign largest_campaign(std::size_t targets, std::size_t each, char letter) {
    static std::vector<std::unique_ptr<std::vector<target>>> kept;
    std::vector<target>& all = *kept.emplace_back(std::make_unique<std::vector<target>>());
    for (std::size_t i = 0; i < targets; ++i) {
        all.push_back(machine_target());
        all.back().name = fmt::format("target-{}-{}", i, std::string(300, letter));
        all.back().summary.assign(3'000, letter);
    }
    campaign c;
    for (const engine_entry& e : engines()) c.engines.push_back(&e);
    for (const target& t : all) c.targets.push_back(&t);
    for (const model::clause& clause : model::clauses()) c.clauses.push_back(&clause);
    const std::vector<reach>& states = passing_campaign().reports[2].reached;
    for (const engine_entry* e : c.engines) {
        for (std::size_t i = 0; i < targets; ++i) {
            engine_report& r = c.reports.emplace_back();
            r.engine = e->name();
            r.target = all[i].name;
            r.unit = "history";
            r.summary.assign(5'000, letter);
            r.reached = states;
            r.skipped = {{"weak", 1'000'000}};
            r.numbers = {{"histories", 1'000'000'000}, {"unknown", 7}, {"milliseconds", 1}};
            for (const model::clause* clause : c.clauses)
                r.evidence[clause->name] = {1'000'000'000'000, "history", std::string(400, letter)};
            for (std::size_t n = 0; i + 12 >= targets && n < each; ++n) {
                failure& f = r.failures.emplace_back();
                f.example = barging_example();
                f.example->property.assign(4'000, letter);
                f.place.assign(400, letter);
                f.text.assign(100'000, letter);
                f.token.assign(1'500, 'A');
                for (const model::clause* clause : c.clauses) f.clauses.push_back(clause->name);
            }
        }
    }
    judge_clauses(c);
    return c;
}

}  // namespace tailrace::verify
