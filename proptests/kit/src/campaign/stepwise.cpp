// Counterexamples and evidence of the engines that take programs step by step.
// After a change here run: ci/test -L proptests -R 'sequential|exhaustive|campaign'
#include "campaign/stepwise.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "evidence/attribution.hpp"

namespace tailrace::verify {

counterexample example_of(const sequential_failure& f, const job& j, const target& on, model::engine by) {
    counterexample c;
    c.engine = by;
    c.target = on.name;
    c.adapter = on.adapter;
    c.option = on.option;
    c.command = j.program;
    c.property = every_step;
    c.capacity = f.trace.capacity;
    c.run = run_of(f.trace, f.last);
    c.clauses = clauses_of(std::get<sequential_run>(c.run), c.capacity, by, j.mutants, on.capabilities);
    if (std::ranges::find(f.last.differs, aspect::storage) != f.last.differs.end())
        c.clauses = {"channel.idle-storage"};  // which no mutant of the model breaks
    c.seed = j.seed;
    c.program = f.program;
    if (by == model::engine::exhaustive) c.in_order = f.length;
    if (f.attempts > 0) c.shrunk = shrinking{f.length, f.trace.lines.size(), f.attempts};
    return c;
}

std::vector<std::string> class_of(const sequential_failure& f, const job& j, const target& on, model::engine by) {
    return class_of(example_of(f, j, on, by));
}

std::vector<std::string> class_of(const counterexample& c) {
    const auto* one = std::get_if<sequential_run>(&c.run);
    if (!c.clauses.empty() || one == nullptr) return c.clauses;
    std::string name(model::shape_of(one->failing().step.what).spelling);
    for (const aspect a : one->differs) name += fmt::format(" {}", to_string(a));
    return {std::move(name)};
}

evidence_table evidence_in(const std::vector<model::trace>& traces, const job& j, capabilities within,
                           model::engine by) {
    std::vector<const model::trace*> pointers;
    for (const model::trace& t : traces) pointers.push_back(&t);
    return collect_evidence(pointers, by, j.mutants, within, j.alive, j.over);
}

void add_evidence(engine_report& report, const std::vector<model::trace>& traces, const job& j, const target& t,
                  model::engine by) {
    const evidence_table table = evidence_in(traces, j, t.capabilities, by);
    for (const clause_evidence& e : table.clauses) {
        if (e.traces == 0) continue;
        const sighting& s = *e.by->first;
        const evidence_item none{0, "program", fmt::format("{}:{}", s.trace, s.line)};
        report.evidence.try_emplace(e.clause->name, none).first->second.count += e.traces;
    }
}

}  // namespace tailrace::verify
