// The engine `oracle` as an entry of the table: traces, evidence and the clauses that a difference
// concerns. After a change here run: ci/test -L proptests
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "campaign/engines.hpp"
#include "evidence/attribution.hpp"
#include "evidence/evidence.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

std::string place_of(const sighting& s) {
    return fmt::format("{}:{}", std::filesystem::path(s.file).filename().string(), s.line);
}

/// The traces with this fate that agree with the specification.
std::vector<const model::trace*> traces_that(const job& j, const replay_result& r, fate f) {
    std::vector<const model::trace*> traces;
    for (std::size_t i = 0; i < j.traces.size(); ++i) {
        if (r.fates[i] == f && j.traces[i].agrees) traces.push_back(&j.traces[i].recorded);
    }
    return traces;
}

void add_lacking(engine_report& report, const job& j, const target& t, const replay_result& r) {
    const std::vector<const model::trace*> traces = traces_that(j, r, fate::skipped);
    if (traces.empty()) return;
    const evidence_table table =
        collect_evidence(traces, model::engine::oracle, j.mutants, capabilities::all(), j.alive, j.over);
    for (const clause_evidence& e : table.clauses) {
        if (e.traces == 0) continue;
        const sighting& s = *e.by->first;
        for (const model::trace* x : traces) {
            const auto line = std::ranges::find(x->lines, s.line, &model::line::number);
            if (x->file != s.file || x->id != s.trace || line == x->lines.end()) continue;
            const auto at = static_cast<std::size_t>(line - x->lines.begin());
            report.lacking.emplace(e.clause->name, why_not(t, *x, at, "trace"));
        }
    }
}

failure make_failure(const difference& d, const job& j, const target& t) {
    counterexample c;
    c.engine = model::engine::oracle;
    c.target = t.name;
    c.adapter = t.adapter;
    c.option = t.option;
    c.command = j.program;
    c.property = every_step;
    c.recorded_at = fmt::format("{}:{}", d.recorded.file, d.line().number);
    c.capacity = d.recorded.capacity;
    model::trace recorded = d.recorded;
    recorded.lines.back().expected = d.expected;
    sequential_run run =
        run_of(recorded, {d.recorded.lines.size() - 1, d.expected, d.got, d.differs, d.notes, {}, {}, d.state});
    // A target can break what no recording is evidence for.
    c.clauses = clauses_of(run, c.capacity, model::engine::sequential, j.mutants, t.capabilities);
    c.run = std::move(run);
    return failure_of(std::move(c));
}

}  // namespace

std::string summarise_oracle(const engine_report& r) {
    const auto number = [&](const char* name) { return number_of(r, name); };
    std::string text = fmt::format("{}, {}, {}", counted(number("traces"), "trace"), counted(number("steps"), "step"),
                                   counted_failures(r, "difference"));
    const std::uint64_t late = number("late_destructions_allowed");
    if (late > 0) text += fmt::format(" ({} allowed)", counted(late, "late destruction"));
    return text;
}

engine_report run_oracle(const job& j, const target& t, const campaign_progress& tell) {
    const replay_result r = replay(
        t, j.traces,
        [&tell](std::size_t done, std::size_t of) {
            if (tell) tell("trace", done, of);
        },
        j.over);
    engine_report report;
    report.numbers = {{"traces", r.traces},
                      {"steps", r.steps},
                      {"conservation_checks", r.conservation_checks},
                      {"late_destructions_allowed", r.late}};
    for (std::size_t i = 0; i < capability_count; ++i) {
        if (r.skipped[i] > 0) report.skipped.emplace(to_string(static_cast<capability>(i)), r.skipped[i]);
    }
    report.unit = "trace";
    for (const difference& d : r.differences) report.failures.push_back(make_failure(d, j, t));

    const std::vector<const model::trace*> agreed = traces_that(j, r, fate::agreed);
    const evidence_table table =
        collect_evidence(agreed, model::engine::oracle, j.mutants, capabilities::all(), j.alive, j.over);
    for (const clause_evidence& e : table.clauses) {
        if (e.traces > 0)
            report.evidence.emplace(e.clause->name, evidence_item{e.traces, "trace", place_of(*e.by->first)});
    }
    add_lacking(report, j, t, r);
    return report;
}

}  // namespace tailrace::verify
