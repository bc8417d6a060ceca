// The engine `sequential` as an entry of the table: generated programs, their evidence, and how a
// counterexample is told. After a change here run: ctest -L proptests
#include "tailrace/verify/sequential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "engines.hpp"
#include "report.hpp"
#include "tailrace/verify/evidence.hpp"
#include "tailrace/verify/token.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Evidence is counted in this many programs; the rest are of the same kind.
constexpr std::uint64_t most_for_evidence = 2'000;
/// And what a single capability lacks shows in this many.
constexpr std::uint64_t most_for_lack = 100;

/// As a difference, so that it reads like every other.
difference difference_of(const sequential_failure& s, const job& j, const target& t) {
    difference d;
    d.target = t.name;
    d.recorded = s.trace;
    d.recorded.file = s.trace.id;
    d.expected = s.last.expected;
    d.got = s.last.got;
    d.differs = s.last.differs;
    d.notes = s.last.notes;
    d.notes.push_back(
        fmt::format("shrunk from {} to {}", counted(s.length, "step"), s.trace.lines.size()));
    d.again = fmt::format("{} run --engine sequential --target {} --seed {} --programs {}",
                          shell_word(j.program), shell_word(t.name), j.seed, s.program + 1);
    if (j.most_failures > 1) d.again += fmt::format(" --failures {}", j.most_failures);
    d.specification = s.last.before;
    d.state = s.last.state;
    return d;
}

std::string law_of(const std::vector<std::string_view>& clauses) {
    const model::clause* first = clauses.empty() ? nullptr : model::find_clause(clauses.front());
    return first != nullptr ? std::string(first->promise)
                            : "Every step shows what the specification says.";
}

std::vector<std::string_view> clauses_of(const difference& d, const job& j, const target& t) {
    return clauses_of(d, model::engine::sequential, j.faults, t.capabilities);
}

failure make_failure(const sequential_failure& s, const job& j, const target& t) {
    const difference d = difference_of(s, j, t);
    failure f;
    f.clauses = clauses_of(d, j, t);
    f.text = to_text(d, f.clauses);
    f.trace = s.text;
    f.place = fmt::format("{}:{}", s.trace.id, d.line().number);
    counterexample c;
    c.engine = model::engine::sequential;
    c.target = t.name;
    c.command = j.program;
    c.law = law_of(f.clauses);
    c.clauses.assign(f.clauses.begin(), f.clauses.end());
    c.seed = j.seed;
    c.program = s.program;
    c.capacity = s.trace.capacity;
    c.shrunk = shrinking{s.length, s.trace.lines.size(), s.attempts};
    c.run = run_of(s.trace, s.last);
    f.token = token_of(c);
    f.example = std::move(c);
    return f;
}

/// The clauses that it may break; if none is known, the step and what differs.
std::vector<std::string> class_of(const sequential_failure& s, const job& j, const target& t) {
    const difference d = difference_of(s, j, t);
    const std::vector<std::string_view> clauses = clauses_of(d, j, t);
    if (!clauses.empty()) return {clauses.begin(), clauses.end()};
    std::string name(model::shape_of(d.line().step.what).spelling);
    for (const aspect a : d.differs) name += fmt::format(" {}", to_string(a));
    return {std::move(name)};
}

/// Generated programs; of those that failed, what agreed.
std::vector<model::trace> sample(capabilities within, const job& j, std::uint64_t programs,
                                 const std::map<std::uint64_t, std::size_t>& agreed = {}) {
    const generator generate(
        within, {.seed = j.seed, .max_length = usual_length, .left_out = std::nullopt});
    std::vector<model::trace> traces;
    for (std::uint64_t i = 0; i < std::min(programs, most_for_evidence) && !j.is_over(); ++i) {
        model::trace& t = traces.emplace_back(interpret(generate(i)));
        if (const auto at = agreed.find(i); at != agreed.end()) t.lines.resize(at->second);
    }
    return traces;
}

evidence_table evidence_in(const std::vector<model::trace>& traces, const job& j,
                           capabilities within) {
    std::vector<const model::trace*> pointers;
    for (const model::trace& t : traces) pointers.push_back(&t);
    return collect_evidence(pointers, model::engine::sequential, j.faults, within, j.alive, j.over);
}

void add_evidence(engine_report& report, const job& j, const target& t,
                  const sequential_result& r) {
    const evidence_table table =
        evidence_in(sample(t.capabilities, j, r.programs, r.agreed), j, t.capabilities);
    for (const clause_evidence& e : table.clauses) {
        if (e.traces == 0) continue;
        const sighting& s = *e.by->first;
        report.evidence.emplace(
            e.clause->name,
            evidence_item{e.traces, "program", fmt::format("{}:{}", s.trace, s.line)});
    }
}

/// What one capability more would have been evidence for: of several, the one that gives the most.
void add_lacking_alone(engine_report& report, job j, const target& t) {
    std::vector<deviation> wanted;
    for (const deviation& d : j.faults) {
        if (!report.evidence.contains(d.clause)) wanted.push_back(d);
    }
    j.faults = wanted;
    std::map<std::string_view, std::size_t> most;
    for (std::size_t i = 0; i < capability_count; ++i) {
        const auto c = static_cast<capability>(i);
        if (t.capabilities.has(c) || j.is_over()) continue;
        const capabilities more = t.capabilities.with({c});
        const evidence_table table = evidence_in(sample(more, j, most_for_lack), j, more);
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
    const std::vector<model::trace> traces = sample(capabilities::all(), j, programs);
    const evidence_table table = evidence_in(traces, j, capabilities::all());
    for (const clause_evidence& e : table.clauses) {
        if (e.traces == 0 || report.evidence.contains(e.clause->name)) continue;
        const sighting& s = *e.by->first;
        const auto seen = std::ranges::find(traces, s.trace, &model::trace::id);
        report.lacking.emplace(e.clause->name, why_not(t, *seen, s.line - 1, "program"));
    }
}

}  // namespace

std::string summarise_sequential(const engine_report& r) {
    std::string text = fmt::format("{}, {}, {}", counted(number_of(r, "programs"), "program"),
                                   counted(number_of(r, "steps"), "step"),
                                   counted(r.failures.size(), "difference"));
    const auto failed = r.numbers.find("failed");
    if (failed != r.numbers.end()) text += fmt::format("; {} failed", counted(failed->second, "program"));
    return text;
}

engine_report run_sequential_engine(const job& j, const target& t, const campaign_progress& tell) {
    sequential_options options;
    options.programs = j.programs;
    options.seed = j.seed;
    options.first = j.first;
    options.most_failures = j.most_failures;
    options.enough = j.enough;
    options.over = j.over;
    options.classify = [&](const sequential_failure& f) { return class_of(f, j, t); };
    const sequential_result r =
        run_sequential(t, options, [&tell](std::size_t done, std::size_t of) {
            if (tell) tell("program", done, of);
        });

    engine_report report;
    report.unit = "program";
    report.numbers = {{"programs", r.programs},
                      {"steps", r.steps},
                      {"conservation_checks", r.conservation_checks}};
    if (r.failure) report.failures.push_back(make_failure(*r.failure, j, t));
    for (const sequential_failure& f : r.more) report.failures.push_back(make_failure(f, j, t));
    report.reached = r.reached;
    if (r.failure && j.most_failures > 1) report.numbers.emplace("failed", r.agreed.size());
    if (j.leads && (!r.failure || j.most_failures > 1)) {
        add_evidence(report, j, t, r);
        add_lacking(report, j, t, r.programs);
    }
    return report;
}

}  // namespace tailrace::verify
