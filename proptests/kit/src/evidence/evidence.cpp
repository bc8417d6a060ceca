// Collects evidence: runs mutants beside the specification and notes the step that kills each.
// After a change here run: ci/test -L proptests -R evidence
#include "evidence/evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/oracle.hpp"
#include "tailrace/model/player.hpp"

namespace tailrace::verify {

namespace {

model::outcome shown(model::outcome o, const model::step& s, capabilities within) {
    return comparable(s, as_shown(within, s, std::move(o)));
}

/// What a trace shows and what the specification says, up to the first step that is not legal.
struct expectation {
    model::outcome specified;
    model::outcome recorded;
};

std::vector<expectation> expectations(const model::trace& t, capabilities within) {
    std::vector<expectation> all;
    if (has_reactions(t.lines)) return all;  // a mutant takes whole steps
    all.reserve(t.lines.size());
    model::machine m(t.capacity);
    for (const model::line& l : t.lines) {
        if (m.refusal(l.step)) break;
        all.push_back({shown(m.apply(l.step), l.step, within), shown(l.expected, l.step, within)});
    }
    return all;
}

std::optional<sighting> watch(const mutant& d, const model::trace& t, std::span<const expectation> expected,
                              capabilities within) {
    model::machine m(t.capacity);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const model::line& l = t.lines[i];
        std::optional<model::outcome> altered;
        if (!m.refusal(l.step)) altered = shown(d.apply(m, l.step), l.step, within);
        if (altered == expected[i].specified) continue;
        if (altered == expected[i].recorded) return std::nullopt;
        return sighting{t.file, l.number, t.id, l.step, expected[i].specified, std::move(altered)};
    }
    return std::nullopt;
}

bool concerns(const mutant& d, model::engine collector) {
    const model::clause* c = model::find_clause(d.clause);
    return c != nullptr && c->is_observed_by(collector);
}

}  // namespace

std::string to_string(const sighting& s, const mutant& d) {
    return fmt::format("{}:{}: {} -> {}, with {}: {}", s.file, s.line, model::to_string(s.step),
                       model::to_string(s.expected), d.name,
                       s.altered ? model::to_string(*s.altered) : "not possible any more");
}

const clause_evidence* evidence_table::find(std::string_view clause) const noexcept {
    const auto named = [&](const clause_evidence& e) { return e.clause->name == clause; };
    const auto at = std::ranges::find_if(clauses, named);
    return at == clauses.end() ? nullptr : &*at;
}

evidence_table collect_evidence(std::span<const model::trace* const> traces, model::engine collector,
                                std::span<const mutant> zoo, capabilities within, const std::function<void()>& alive,
                                const std::function<bool()>& over) {
    evidence_table table;
    table.collector = collector;
    for (const model::clause& c : model::clauses()) table.clauses.push_back({&c});
    std::vector<std::size_t> clause_of;  // by mutant: its place in the table
    for (const mutant& d : zoo) {
        if (!concerns(d, collector)) continue;
        table.mutants.push_back({&d, 0, std::nullopt});
        clause_of.push_back(static_cast<std::size_t>(table.find(d.clause) - table.clauses.data()));
    }

    std::vector<const model::trace*> last_seen_in(table.clauses.size());
    for (const model::trace* t : traces) {
        if (over && over()) break;
        if (alive) alive();
        const std::vector<expectation> expected = expectations(*t, within);
        for (std::size_t i = 0; i < table.mutants.size(); ++i) {
            mutant_evidence& e = table.mutants[i];
            std::optional<sighting> seen = watch(*e.mutant, *t, expected, within);
            if (!seen) continue;
            ++e.traces;
            if (!e.first) e.first = std::move(seen);
            if (std::exchange(last_seen_in[clause_of[i]], t) != t) ++table.clauses[clause_of[i]].traces;
        }
    }

    for (std::size_t i = 0; i < table.mutants.size(); ++i) {
        const mutant_evidence& e = table.mutants[i];
        const mutant_evidence*& by = table.clauses[clause_of[i]].by;
        if (e.traces > 0 && (by == nullptr || by->traces < e.traces)) by = &e;
    }
    return table;
}

std::vector<clause_in_want> without_evidence(const evidence_table& table) {
    std::vector<clause_in_want> wanting;
    for (const clause_evidence& e : table.clauses) {
        if (e.traces > 0) continue;
        const auto able = e.clause->observed_by;
        const auto other = std::ranges::find_if(able, [&](model::engine who) { return who != table.collector; });
        wanting.push_back({e.clause, other == able.end() ? table.collector : *other});
    }
    return wanting;
}

}  // namespace tailrace::verify
