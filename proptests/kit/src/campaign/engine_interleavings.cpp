// The engine `interleavings` as an entry of the table: explorations, their evidence, and their counterexamples.
// After a change here run: ci/test -L proptests -R 'interleavings|campaign'
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "campaign/concurrent_evidence.hpp"
#include "campaign/engines.hpp"
#include "engine/interleavings.hpp"
#include "report/failure_report.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Histories that evidence is measured with.
constexpr std::size_t most_for_evidence = 3'000;

failure make_failure(const interleavings_failure& t, const job& j, const target& in) {
    const target& on = j.pairs ? in : target_for(in, t.program, model::engine::interleavings);
    counterexample c = example_of(t, j, on);
    if (j.pairs) c.in_order = length_of(t.found);
    failure f = failure_of(std::move(c));
    f.token = to_string(token{std::string(tool_version()), model::engine::interleavings, on.name, t.smallest});
    return f;
}

/// Found once for all parts: these are forked from the process that asks for the number.
const all_concurrent_programs& all_pairs_of(const job& j, const target& t) {
    static std::map<std::string, all_concurrent_programs> known;
    return known.try_emplace(t.name, t.capabilities, *j.pairs).first->second;
}

}  // namespace

std::uint64_t count_interleavings(const job& j, const target& t) { return all_pairs_of(j, t).size(); }

concurrent_program program_of_pairs(const job& j, const target& t, std::uint64_t at) {
    return all_pairs_of(j, t).at(at);
}

counterexample example_of(const interleavings_failure& t, const job& j, const target& on) {
    counterexample c;
    c.engine = model::engine::interleavings;
    c.target = on.name;
    c.adapter = on.adapter;
    c.command = j.program;
    c.property = !t.clause.empty()    ? "What the contract orders before a response happens before it."
                 : !t.problem.empty() ? "No data race, deadlock, memory error, leak or failed assertion."
                 : t.verdict.is == model::finding::asleep
                     ? "No waiting task is left asleep that the specification would wake."
                     : "The history is linearizable, in an order that contains happens-before.";
    c.capacity = t.smallest.capacity;
    if (!t.clause.empty())
        c.clauses = {std::string(t.clause)};
    else if (t.problem.empty())
        c.clauses = clauses_of(t.history.events, t.verdict, {.first = &t.history.first}, c.engine, j, on.capabilities);
    c.seed = j.seed;
    c.program = t.program;
    if (t.attempts > 0) c.shrunk = shrinking{length_of(t.found), length_of(t.smallest), t.attempts};
    concurrent_run run = run_of(t.history.events, t.verdict);
    run.problem = t.problem;
    run.accesses = t.accesses;
    c.run = std::move(run);
    return c;
}

std::string summarise_interleavings(const engine_report& r) {
    const auto number = [&](std::string_view name) { return number_of(r, name); };
    if (number("programs") == 0 && r.failures.empty()) {
        return find_simulator().empty() ? "not run: there is no tailrace-interleavings beside this program"
                                        : "not run: this target is not simulated";
    }
    std::string text = counted(number("programs"), "program");
    if (number("all") > 0)
        text = fmt::format("{} of the {} of all pairs of tasks from {}", grouped(number("programs")),
                           counted(number("all"), "program"), counted(number("states"), "state"));
    if (number(goes_on_at) > 0) text += fmt::format(", --from {} goes on", number(goes_on_at));
    text += fmt::format(", {} ({} with a stalled task), {} judged, {}", counted(number("executions"), "execution"),
                        grouped(number("stalled")), counted(number("histories"), "history"),
                        counted_failures(r, "failure"));
    text += why_smallest(r);
    if (number("unknown") > 0) text += fmt::format(", {} UNKNOWN", grouped(number("unknown")));
    if (number("programs") > 0) text += fmt::format("; {} exhaustive up to 2 preemptions", grouped(number("complete")));
    if (const std::uint64_t us = number("waiting_microseconds"); us > 0) {
        text += fmt::format("; {} a second on one core", grouped(number("waiting_executions") * 1'000'000 / us));
    }
    return text;
}

engine_report run_interleavings_engine(const job& j, const target& t, const campaign_progress& tell) {
    engine_report report;
    report.engine = model::to_string(model::engine::interleavings);
    report.target = t.name;
    report.unit = "program";
    if (!t.is_simulated || find_simulator().empty()) return report;
    interleavings_options options;
    options.programs = j.programs;
    options.seed = j.seed;
    options.first = j.first;
    options.keep = j.leads ? most_for_evidence : 0;
    if (j.pairs) options.all = &all_pairs_of(j, t);
    std::uint64_t at = 0;
    if (tell) options.alive = [&](std::uint64_t) { tell("program", at, j.programs); };
    options.enough = j.enough;
    options.over = j.over;
    interleavings_result r = run_interleavings(t, options, [&](std::size_t done, std::size_t) { at = done; });
    report.numbers = {{"programs", r.programs},
                      {"executions", r.executions},
                      {"stalled", r.stalled},
                      {"histories", r.histories},
                      {"complete", r.complete},
                      {"unknown", r.unknown},
                      {"waiting_executions", r.waiting.executions},
                      {"waiting_microseconds", r.waiting.microseconds}};
    report.reached = r.reached;
    for (const auto& [m, programs] : r.met) report.numbers.emplace(name_of(m), programs);
    if (j.pairs && j.leads) report.numbers.insert({{"all", options.all->size()}, {"states", options.all->states()}});
    if (r.failure) {
        report.failures.push_back(make_failure(*r.failure, j, t));
        return report;
    }
    if (j.pairs && r.complete < r.programs) {
        report.failures.push_back(
            failure_of(failure::kind::unknown, report,
                       fmt::format("{} UNKNOWN: not explored to the end", counted(r.programs - r.complete, "program")),
                       "the bounded search"));
    }
    if (r.unknown * 1'000 > r.histories) {
        report.failures.push_back(too_many_unknown(report, r.unknown, r.histories));
    }
    if (!j.leads) return report;
    std::vector<explained_history> all;
    for (partial_history& h : r.kept) {
        if (j.is_over()) break;
        j.breathe();
        model::verdict v = h.judge();
        all.push_back({std::move(h.events), std::move(v), h.program, std::move(h.first)});
    }
    add_evidence(report, model::engine::interleavings, all, j);
    return report;
}

}  // namespace tailrace::verify
