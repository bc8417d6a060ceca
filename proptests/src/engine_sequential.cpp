// The engine `sequential` as an entry of the table: generated programs, their evidence, and how a
// counterexample is told. After a change here run: ctest -L proptests
#include "tailrace/verify/sequential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engines.hpp"
#include "report.hpp"
#include "tailrace/verify/evidence.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Evidence is counted in this many programs; the rest are of the same kind.
constexpr std::uint64_t most_for_evidence = 2'000;

/// As a difference, so that it reads like every other.
failure make_failure(const sequential_failure& s, const job& j, const target& t) {
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
    d.again =
        fmt::format("tailrace-verify run --engine sequential --target {} --seed {} --programs {}",
                    t.name, j.seed, s.program + 1);
    d.specification = s.last.before;
    d.state = s.last.state;

    failure f;
    f.clauses = clauses_of(d, model::engine::sequential, j.faults);
    f.text = to_text(d, f.clauses);
    f.trace = s.text;
    f.place = fmt::format("{}:{}", s.trace.id, d.line().number);
    return f;
}

failure make_failure(const reach& missed, const sequential_result& r) {
    failure f;
    f.place = fmt::format("programs: {}", missed.what);
    f.text = fmt::format("too few programs on {} reached: {}\n  {} of {}, where {} were required\n",
                         r.target, missed.what, grouped(missed.programs), grouped(r.programs),
                         grouped(missed.required));
    return f;
}

std::vector<model::trace> sample(capabilities within, const job& j, std::uint64_t programs) {
    const generator generate(
        within, {.seed = j.seed, .max_length = usual_length, .left_out = std::nullopt});
    std::vector<model::trace> traces;
    for (std::uint64_t i = 0; i < std::min(programs, most_for_evidence); ++i)
        traces.push_back(interpret(generate(i)));
    return traces;
}

evidence_table evidence_in(const std::vector<model::trace>& traces, const job& j) {
    std::vector<const model::trace*> pointers;
    for (const model::trace& t : traces) pointers.push_back(&t);
    return collect_evidence(pointers, model::engine::sequential, j.faults);
}

void add_evidence(engine_report& report, const job& j, const target& t, std::uint64_t programs) {
    const evidence_table table = evidence_in(sample(t.capabilities, j, programs), j);
    for (const clause_evidence& e : table.clauses) {
        if (e.traces == 0) continue;
        const sighting& s = *e.by->first;
        report.evidence.emplace(
            e.clause->name,
            evidence_item{e.traces, "program", fmt::format("{}:{}", s.trace, s.line)});
    }
}

/// What programs beyond the target's capabilities would have been evidence for.
void add_lacking(engine_report& report, const job& j, const target& t, std::uint64_t programs) {
    if (t.capabilities == capabilities::all()) return;
    const std::vector<model::trace> traces = sample(capabilities::all(), j, programs);
    const evidence_table table = evidence_in(traces, j);
    for (const clause_evidence& e : table.clauses) {
        if (e.traces == 0 || report.evidence.contains(e.clause->name)) continue;
        const sighting& s = *e.by->first;
        const auto seen = std::ranges::find(traces, s.trace, &model::trace::id);
        report.lacking.emplace(e.clause->name, why_not(t, *seen, s.line - 1, "program"));
    }
}

}  // namespace

engine_report run_sequential_engine(const job& j, const target& t, const campaign_progress& tell) {
    sequential_options options;
    options.programs = j.programs;
    options.seed = j.seed;
    const sequential_result r =
        run_sequential(t, options, [&tell](std::size_t done, std::size_t of) {
            if (tell) tell("program", done, of);
        });

    engine_report report;
    report.unit = "program";
    report.numbers = {{"programs", r.programs},
                      {"steps", r.steps},
                      {"conservation_checks", r.conservation_checks},
                      {"seed", j.seed}};
    report.summary =
        fmt::format("{}, {}, {}", counted(r.programs, "program"), counted(r.steps, "step"),
                    counted(r.failure ? 1 : 0, "difference"));
    if (r.failure) {
        report.failures.push_back(make_failure(*r.failure, j, t));
        return report;
    }
    for (const reach& missed : r.with(reach_verdict::missed))
        report.failures.push_back(make_failure(missed, r));
    const std::size_t unknown = r.with(reach_verdict::unknown).size();
    const std::size_t reached = r.with(reach_verdict::reached).size();
    report.summary += fmt::format("; {} of {} required states reached", reached, r.reached.size());
    if (unknown > 0)
        report.summary += fmt::format(", {} UNKNOWN (too few programs to tell)", unknown);
    report.numbers.insert({{"states_required", r.reached.size()},
                           {"states_reached", reached},
                           {"states_unknown", unknown}});
    add_evidence(report, j, t, r.programs);
    add_lacking(report, j, t, r.programs);
    return report;
}

}  // namespace tailrace::verify
