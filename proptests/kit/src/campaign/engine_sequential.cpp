// The engine `sequential` as an entry of the table: generated programs, their evidence and their
// counterexamples. After a change here run: ci/test -L proptests
#include "engine/sequential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaign/engines.hpp"
#include "campaign/stepwise.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Evidence is counted in this many programs; the rest are of the same kind.
constexpr std::uint64_t most_programs_for_evidence = 2'000;
/// And what a single capability lacks shows in this many.
constexpr std::uint64_t most_for_lack = 100;

/// What ran the program: the target, or one of its geometries.
const target& taker_of(const sequential_failure& f, const target& t) {
    return target_for(t, f.program, model::engine::sequential);
}

/// Generated programs, those that ran; of those that failed, what agreed.
std::vector<model::trace> sample(const target& t, capabilities within, const job& j, std::uint64_t programs,
                                 const std::map<std::uint64_t, std::size_t>& agreed = {}) {
    generator_options options{.seed = j.seed};
    if (!within.has(capability::any_capacity)) options.capacity_for = t.capacity_for;
    const generator generate(within, options);
    std::vector<model::trace> traces;
    const std::uint64_t end = j.first + std::min(programs, most_programs_for_evidence);
    for (std::uint64_t i = j.first; i < end && !j.is_over(); ++i) {
        model::trace& one = traces.emplace_back(interpret(generate(i)));
        if (const auto at = agreed.find(i); at != agreed.end()) one.lines.resize(at->second);
    }
    return traces;
}

/// What one capability more would have been evidence for: of several, the one that gives the most.
void add_lacking_alone(engine_report& report, job j, const target& t) {
    std::vector<mutant> wanted;
    for (const mutant& d : j.mutants) {
        if (!report.evidence.contains(d.clause)) wanted.push_back(d);
    }
    j.mutants = wanted;
    std::map<std::string_view, std::size_t> most;
    for (std::size_t i = 0; i < capability_count; ++i) {
        const auto c = static_cast<capability>(i);
        if (t.capabilities.has(c) || j.is_over()) continue;
        const capabilities more = t.capabilities.with({c});
        const evidence_table table = evidence_in(sample(t, more, j, most_for_lack), j, more, model::engine::sequential);
        for (const clause_evidence& e : table.clauses) {
            if (e.traces <= most[e.clause->name]) continue;
            most[e.clause->name] = e.traces;
            report.lacking[e.clause->name] = {fmt::format("no capability {}", to_string(c)), true};
        }
    }
}

/// What programs beyond the target's capabilities would have been evidence for.
void add_lacking(engine_report& report, const job& j, const target& t, std::uint64_t programs) {
    if (t.capabilities == capabilities::all()) return;
    add_lacking_alone(report, j, t);
    const std::vector<model::trace> traces = sample(t, capabilities::all(), j, programs);
    const evidence_table table = evidence_in(traces, j, capabilities::all(), model::engine::sequential);
    for (const clause_evidence& e : table.clauses) {
        if (e.traces == 0 || report.evidence.contains(e.clause->name)) continue;
        const sighting& s = *e.by->first;
        const auto seen = std::ranges::find(traces, s.trace, &model::trace::id);
        report.lacking.emplace(e.clause->name, why_not(t, *seen, s.line - 1, "program"));
    }
}

/// The numbers of forms, and how the summary names them.
struct form_number {
    std::string_view name;
    std::string_view text;
    std::vector<form_event> events;
};
const std::vector<form_number>& form_numbers() {
    static const std::vector<form_number> all{
        {"awaited", "{} coroutines", {form_event::resumed, form_event::destroyed_asleep, form_event::destroyed_woken}},
        {"stopped", "{} stop tokens", {form_event::stopped}},
        {"timed_out", "{} deadlines", {form_event::timed_out}},
        {"failed_allocations", "{} failed allocations", {form_event::failed_allocation}}};
    return all;
}

}  // namespace

std::string summarise_sequential(const engine_report& r) {
    std::string text = fmt::format("{}, {}, {}", counted(number_of(r, "programs"), "program"),
                                   counted(number_of(r, "steps"), "step"), counted_failures(r, "difference"));
    const auto failed = r.numbers.find("failed");
    if (failed != r.numbers.end()) text += fmt::format("; {} failed", counted(failed->second, "program"));
    if (const std::uint64_t reacting = number_of(r, "reacting"); reacting > 0) {
        text += fmt::format("; {} with reactions", grouped(reacting));
    }
    for (const form_number& n : form_numbers()) {
        const std::uint64_t number = number_of(r, n.name);
        if (number > 0) text += fmt::format(", {}", fmt::format(fmt::runtime(n.text), grouped(number)));
    }
    return text;
}

engine_report run_sequential_engine(const job& j, const target& t, const campaign_progress& tell) {
    sequential_options options;
    options.programs = j.programs;
    options.seed = j.seed;
    options.first = j.first;
    options.most_failures = j.most_failures;
    options.enough = j.enough;
    options.over = [&j] { return j.breathe(), j.is_over(); };
    options.classify = [&](const sequential_failure& f) {
        return class_of(f, j, taker_of(f, t), model::engine::sequential);
    };
    const sequential_result r = run_sequential(t, options, [&tell](std::size_t done, std::size_t of) {
        if (tell) tell("program", done, of);
    });

    engine_report report;
    report.unit = "program";
    report.numbers = {{"programs", r.programs},
                      {"steps", r.steps},
                      {"conservation_checks", r.conservation_checks},
                      {"reacting", r.reacting}};
    for (const form_number& n : form_numbers()) {
        std::uint64_t sum = 0;
        for (const form_event e : n.events) sum += r.forms[static_cast<std::size_t>(e)];
        if (sum > 0) report.numbers.emplace(n.name, sum);
    }
    if (r.failure)
        report.failures.push_back(
            failure_of(example_of(*r.failure, j, taker_of(*r.failure, t), model::engine::sequential)));
    for (const sequential_failure& f : r.more)
        report.failures.push_back(failure_of(example_of(f, j, taker_of(f, t), model::engine::sequential)));
    report.reached = r.reached;
    if (r.failure && j.most_failures > 1) report.numbers.emplace("failed", r.agreed.size());
    // What is lacking does not depend on how far the run came; evidence does, and one that a failure ended has none.
    const bool ended = r.failure && j.most_failures == 1;
    if (!j.leads || (ended && t.capabilities == capabilities::all())) return report;
    const std::uint64_t programs = ended ? j.programs : r.programs;
    add_evidence(report, sample(t, t.capabilities, j, programs, r.agreed), j, t, model::engine::sequential);
    add_lacking(report, j, t, programs);
    if (ended) report.evidence.clear();
    return report;
}

}  // namespace tailrace::verify
