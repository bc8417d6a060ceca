// A campaign as one HTML page. The data it shows is made here; how it is shown is in page/.
//
// The page stays below 2 MB: one that would be larger is made again with less, and says what is
// left out. summary.txt and report.json, which stand beside it, hold everything.
// After a change here run: ci/test -L proptests -R campaign_html && ci/test -L browser
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaign/corpus_replay.hpp"
#include "campaign/engines.hpp"
#include "campaign/report.hpp"
#include "report/failure_report.hpp"
#include "report/page/page.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t largest_page = 1'900'000;
constexpr std::size_t longest_command = 1'500;
constexpr std::size_t longest_name = 100;
constexpr std::size_t most_clauses_broken = 32;

// The sections of model/README.md that have clauses, from 1.
constexpr std::array<std::string_view, 6> sections{
    "The abstract machine",   "The sender",   "The receiver, closing, cancelling, waking", "Beyond the documented type",
    "Deliberate differences", "What C++ adds"};

/// What a page shows at most.
struct limits {
    std::size_t targets;
    std::size_t failures;  // of all engines and targets
    std::size_t log;       // characters
    std::size_t states;    // of each engine and target
    std::size_t place;     // characters of where evidence is
    std::size_t summary;   // characters of all as text
};

// In the last everything has a bound that keeps the page small, whatever the targets say.
constexpr std::array<limits, 4> tries{{{64, 100, 5'000, 1'000, 80, 300'000},
                                       {24, 50, 5'000, 200, 60, 100'000},
                                       {9, 18, 5'000, 80, 32, 50'000},
                                       {5, 8, 4'000, 60, 16, 20'000}}};

bool fails(const campaign& c, const target& t) {
    return std::ranges::any_of(c.reports,
                               [&t](const engine_report& r) { return r.target == t.name && !r.failures.empty(); });
}

/// Those of the targets that are shown, in their order: if not all can be, those that fail first.
std::vector<std::size_t> shown_targets(const campaign& c, const limits& most) {
    std::vector<std::size_t> all(c.targets.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::ranges::stable_partition(all, [&c](std::size_t t) { return fails(c, *c.targets[t]); });
    all.resize(std::min(all.size(), most.targets));
    std::ranges::sort(all);
    return all;
}

/// The reports of the targets that are shown.
std::vector<const engine_report*> shown_reports(const campaign& c, const limits& most) {
    std::vector<const engine_report*> all;
    const std::vector<std::size_t> shown = shown_targets(c, most);
    for (const engine_report& r : c.reports) {
        const auto is = [&](std::size_t t) { return c.targets[t]->name == r.target; };
        if (std::ranges::any_of(shown, is)) all.push_back(&r);
    }
    return all;
}

// ---- The targets

/// What was not decided, in words: "threads: 3 of 80,000 histories".
void add_unknown(json& to, const engine_report& r) {
    if (const std::uint64_t n = number_of(r, "unknown"); n > 0) {
        to.push_back(fmt::format("{}: {} of {} {}", r.engine, grouped(n), grouped(number_of(r, plural(r.unit))),
                                 plural(r.unit)));
    }
    const auto n = std::ranges::count(r.reached, reach_verdict::unknown, &reach::verdict);
    if (n > 0) {
        to.push_back(fmt::format("{}: {} of {} coverage goals", r.engine, grouped(static_cast<std::uint64_t>(n)),
                                 grouped(r.reached.size())));
    }
}

json target_row(const campaign& c, std::size_t t) {
    std::array<std::size_t, 4> count{};
    for (const std::vector<judgement>& row : c.judgements) ++count[static_cast<std::size_t>(row[t].is)];
    json counts = json::object();
    for (const verdict v : {verdict::pass, verdict::fail, verdict::skipped, verdict::waits})
        counts[std::string(to_string(v))] = count[static_cast<std::size_t>(v)];
    std::size_t failures = 0;
    json unknown = json::array();
    for (const engine_report& r : c.reports) {
        if (r.target != c.targets[t]->name) continue;
        failures += r.failures.size();
        add_unknown(unknown, r);
    }
    return {{"name", cut(c.targets[t]->name, longest_name)},
            {"summary", cut(c.targets[t]->summary, 2 * longest_name)},
            // Without evidence nothing passes.
            {"verdict", failures > 0   ? "FAIL"
                        : count[0] > 0 ? "pass"
                                       : "no evidence"},
            {"failures", failures},
            {"unknown", std::move(unknown)},
            {"counts", std::move(counts)}};
}

// ---- The clauses

json evidence_of(const campaign& c, std::string_view clause, std::size_t target, const limits& most) {
    json all = json::array();
    for (const engine_report& r : c.reports) {
        if (r.target != c.targets[target]->name) continue;
        const auto e = r.evidence.find(clause);
        if (e == r.evidence.end()) continue;
        all.push_back({{"engine", r.engine},
                       {"count", e->second.count},
                       {"unit", plural(e->second.unit)},
                       {"one", e->second.unit},
                       {"first", cut_front(printable(e->second.first), most.place)}});
    }
    return all;
}

json clause_rows(const campaign& c, const limits& most) {
    json rows = json::array();
    const std::vector<std::size_t> shown = shown_targets(c, most);
    for (std::size_t i = 0; i < c.clauses.size(); ++i) {
        const model::clause& clause = *c.clauses[i];
        json seen_by = json::array();
        for (const model::engine e : clause.observed_by) seen_by.push_back(to_string(e));
        json on = json::array();
        for (const std::size_t t : shown) {
            const judgement& j = c.judgements[i][t];
            on.push_back({{"verdict", to_string(j.is)},
                          {"why", cut_front(printable(j.why), 2 * most.place)},
                          {"evidence", evidence_of(c, clause.name, t, most)}});
        }
        rows.push_back({{"name", clause.name},
                        {"section", clause.section},
                        {"promise", clause.promise},
                        {"seen_by", std::move(seen_by)},
                        {"targets", std::move(on)}});
    }
    return rows;
}

// ---- The failures

/// What repeats a failure, from within the folder of the report.
std::string command_of(const campaign& c, const engine_report& r, const failure& f, const std::string& files) {
    const std::string program = shell_word(c.program);
    const auto on = std::ranges::find(c.targets, r.target, &target::name);
    const std::string option = on == c.targets.end() ? "" : (*on)->option;
    if (!f.token.empty() && f.token.size() <= longest_command) return replay_command(program, option, f.token);
    if (!f.token.empty() && f.example)
        return replay_command(program, option, fmt::format("\"$(cat {}.token)\"", files));
    const std::string target = option.empty() ? "--target " + shell_word(cut(r.target, longest_command)) : option;
    if (f.example && trace_of(*f.example))
        return fmt::format("{} run --engine oracle {} --traces {}.trace", program, target, files);
    return fmt::format("{} run --engine {} {} --seed {}{}", program, r.engine, target, c.seed,
                       c.programs > 0 ? fmt::format(" --programs {}", c.programs) : "");
}

json links_of(const failure& f, const std::string& files) {
    json all = json::array();
    const auto add = [&](std::string_view what, std::string_view ending) {
        all.push_back({{"what", what}, {"file", files + std::string(ending)}});
    };
    if (f.example) add("page", ".html");
    if (f.example && trace_of(*f.example)) add("trace", ".trace");
    if (f.example) {
        add("log", ".log");
        add("history", ".history.json");
        add("test to paste", ".cpp");
    }
    return all;
}

json failure_row(const campaign& c, const engine_report& r, const failure& f, const std::string& files,
                 const limits& most) {
    json clauses = json::array();
    for (const std::string_view name : f.clauses) {
        if (clauses.size() == most_clauses_broken) break;
        const model::clause* known = model::find_clause(name);
        clauses.push_back(
            {{"name", cut(name, longest_name)}, {"promise", known == nullptr ? std::string_view() : known->promise}});
    }
    return {{"engine", r.engine},
            {"target", cut(r.target, longest_name)},
            {"what", cut(plain(f.what), 300)},
            {"times", f.times},
            {"place", cut_front(printable(f.place), 2 * longest_name)},
            {"clauses", std::move(clauses)},
            {"log", cut(f.text, most.log)},
            {"command", command_of(c, r, f, files)},
            {"links", links_of(f, files)}};
}

json failure_rows(const campaign& c, const limits& most) {
    json rows = json::array();
    std::size_t number = 0;
    for (const engine_report& r : c.reports) {
        for (const failure& f : r.failures) {
            const std::string files = has_files(f) ? files_of(++number) : std::string();
            if (rows.size() < most.failures) rows.push_back(failure_row(c, r, f, files, most));
        }
    }
    return rows;
}

// ---- What ran

/// Goals that were missed first, then those nearest to being missed.
std::vector<const reach*> by_need(const std::vector<reach>& reached) {
    std::vector<const reach*> all;
    for (const reach& r : reached) all.push_back(&r);
    const auto rank = [](const reach& r) {
        return r.verdict == reach_verdict::missed ? 0 : r.verdict == reach_verdict::unknown ? 1 : 2;
    };
    std::ranges::stable_sort(all, [&](const reach* a, const reach* b) {
        if (rank(*a) != rank(*b)) return rank(*a) < rank(*b);
        return static_cast<double>(a->programs) * static_cast<double>(b->required) <
               static_cast<double>(b->programs) * static_cast<double>(a->required);
    });
    return all;
}

json state_rows(const engine_report& r, const limits& most) {
    json rows = json::array();
    for (const reach* s : by_need(r.reached)) {
        if (rows.size() == most.states) break;
        rows.push_back({{"what", cut(printable(s->what), longest_name)},
                        {"reached", s->programs},
                        {"required", s->required},
                        {"of", s->run},
                        {"verdict", to_string(s->verdict)}});
    }
    return rows;
}

/// Rates: "12,345 programs per second".
json rates_of(const engine_report& r) {
    json rates = json::array();
    const std::uint64_t ms = number_of(r, "milliseconds");
    if (ms == 0) return rates;
    for (const std::string_view what : {"traces", "programs", "histories", "executions"}) {
        const std::uint64_t n = number_of(r, what);
        if (n > 0) rates.push_back(fmt::format("{} {} per second", grouped(n * 1'000 / ms), what));
    }
    return rates;
}

json run_rows(const campaign& c, const limits& most) {
    json rows = json::array();
    for (const engine_report* r : shown_reports(c, most)) {
        json counts = json::object();
        for (const reach_verdict v : {reach_verdict::reached, reach_verdict::missed, reach_verdict::unknown})
            counts[std::string(to_string(v))] = std::ranges::count(r->reached, v, &reach::verdict);
        rows.push_back({{"engine", r->engine},
                        {"target", cut(r->target, longest_name)},
                        {"summary", cut(r->summary, 4 * longest_name)},
                        {"failures", r->failures.size()},
                        {"numbers", r->numbers},
                        {"rates", rates_of(*r)},
                        {"unit", plural(r->unit)},
                        {"skipped", r->skipped},
                        {"state_counts", std::move(counts)},
                        {"states", state_rows(*r, most)}});
    }
    return rows;
}

// ---- The whole

json left_out(const campaign& c, const limits& most, std::size_t summary) {
    json all = json::array();
    const auto add = [&all](std::size_t there, std::size_t shown, std::string_view what) {
        if (there > shown) all.push_back(counted(there - shown, what));
    };
    add(c.targets.size(), most.targets, "target");
    std::size_t failures = 0;
    std::size_t logs = 0;
    std::size_t clauses = 0;
    for (const engine_report& r : c.reports) {
        for (const failure& f : r.failures) {
            if (failures++ >= most.failures) continue;
            logs += f.text.size() > most.log ? 1 : 0;
            clauses += f.clauses.size() - std::min(f.clauses.size(), most_clauses_broken);
        }
    }
    add(failures, most.failures, "failure");
    if (logs > 0) all.push_back("the end of " + counted(logs, "log"));
    if (clauses > 0) all.push_back(counted(clauses, "clause") + " that failures break");
    std::size_t states = 0;
    for (const engine_report* r : shown_reports(c, most))
        states += r->reached.size() - std::min(r->reached.size(), most.states);
    add(states, 0, "coverage goal");
    if (summary > most.summary) all.push_back("the end of the summary");
    return all;
}

json page_of(const campaign& c, const limits& most, std::size_t summary) {
    json engines = json::array();
    if (std::ranges::find(c.reports, corpus_engine, &engine_report::engine) != c.reports.end())
        engines.push_back({{"name", corpus_engine}, {"summary", "failures that earlier runs found, replayed first"}});
    for (const engine_entry* e : c.engines) engines.push_back({{"name", e->name()}, {"summary", e->summary}});
    json targets = json::array();
    for (const std::size_t t : shown_targets(c, most)) targets.push_back(target_row(c, t));
    std::size_t failures = 0;
    for (const engine_report& r : c.reports) failures += r.failures.size();
    const auto failing = std::ranges::count_if(c.targets, [&c](const target* t) { return fails(c, *t); });
    json shards = json::array();
    for (const shard& s : c.shards) {
        if (s.of > 1) shards.push_back(fmt::format("{}/{}", s.part, s.of));
    }
    json record = nullptr;
    if (const auto& r = c.record) {
        record = {{"date", r->date},
                  {"seconds", fmt::format("{:.1f}", static_cast<double>(r->milliseconds) / 1'000)},
                  {"machine", cut(printable(r->machine), 300)},
                  {"compiler", cut(printable(r->compiler), 100)},
                  {"command", cut(printable(r->command), 1'000)}};
    }
    return {{"tool", tool_version()},
            {"record", std::move(record)},
            {"failed", c.failed()},
            {"seed", c.seed},
            {"targets_in_all", c.targets.size()},
            {"failing_in_all", failing},
            {"failures_in_all", failures},
            {"sections", sections},
            {"shards", std::move(shards)},
            {"engines", std::move(engines)},
            {"targets", std::move(targets)},
            {"failures", failure_rows(c, most)},
            {"clauses", clause_rows(c, most)},
            {"runs", run_rows(c, most)},
            {"left_out", left_out(c, most, summary)}};
}

}  // namespace

std::string to_html(const campaign& c) {
    const std::string style = std::string(failure_css) + std::string(campaign_css);
    const std::string script = std::string(shared_js) + std::string(campaign_js);
    const std::string summary = to_text(c);
    std::string page;
    for (const limits& most : tries) {
        page = fill(campaign_html, {.style = style,
                                    .script = script,
                                    .log = cut(summary, most.summary),
                                    .data = page_of(c, most, summary.size())});
        if (page.size() <= largest_page) break;
    }
    return page;
}

}  // namespace tailrace::verify
