// Attribution: which clauses explain a difference.
// After a change here run: ci/test -L proptests
#include "evidence/attribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "evidence/evidence.hpp"

namespace tailrace::verify {
namespace {

using model::outcome;

/// The mutants take whole steps: they say nothing of a program with reactions.
constexpr std::string_view reactions_clause = "foreign.effect";

/// How far a clause explains what was seen where the specification says something else: all of it, or a part and
/// nothing that was not seen.
enum class explains : unsigned char { nothing, a_part, all };

explains explain(const outcome& altered, const outcome& specified, const outcome& seen) {
    if (altered == specified) return explains::nothing;
    if (altered == seen) return explains::all;
    const auto fits = [](const auto& by_mutant, const auto& by_specification, const auto& was) {
        return by_mutant == by_specification || by_mutant == was;
    };
    const bool part = fits(altered.answer, specified.answer, seen.answer) &&
                      fits(altered.woken, specified.woken, seen.woken) &&
                      fits(altered.destroyed, specified.destroyed, seen.destroyed);
    return part ? explains::a_part : explains::nothing;
}

}  // namespace

bool can_break(capabilities within, std::string_view clause) {
    const std::string_view about = clause.substr(0, clause.find('.'));
    const auto has_any = [&](std::initializer_list<capability> some) {
        return std::ranges::any_of(some, [&](capability c) { return within.has(c); });
    };
    // What holds for every form of a verb is reported under the name of one.
    if (about == "send")
        return has_any({capability::send, capability::try_send, capability::send_timeout, capability::blocking});
    if (about == "recv")
        return has_any({capability::recv, capability::try_recv, capability::recv_timeout, capability::recv_many,
                        capability::blocking});
    if (about == "reserve") return has_any({capability::reserve, capability::try_reserve, capability::reserve_many});
    if (about == "iterator") return within.has(capability::reserve_many);
    for (std::size_t i = 0; i < capability_count; ++i) {
        const auto c = static_cast<capability>(i);
        if (about == to_string(c)) return within.has(c);
    }
    return true;
}

std::vector<std::string> clauses_of(const sequential_run& run, std::uint64_t capacity, model::engine seen_by,
                                    std::span<const mutant> mutants, capabilities within) {
    const auto shown = [within](const model::step& s, outcome o) {
        return comparable(s, as_shown(within, s, std::move(o)));
    };
    model::trace t;
    t.capacity = capacity;
    model::machine before(capacity);
    model::machine specification(capacity);
    for (const taken_step& s : run.steps) {
        if (s.step.at.depth > 0) return {std::string(reactions_clause)};
        before = specification;
        if (specification.refusal(s.step)) return {};
        t.lines.push_back({s.step, shown(s.step, specification.apply(s.step)), t.lines.size() + 1});
    }
    const model::line& last = t.lines.back();
    if (!run.got) return {};  // it threw
    // If the target is right, it is the recording that is not.
    const outcome got = comparable(last.step, *run.got);
    const outcome seen = got == last.expected ? comparable(last.step, run.steps.back().expected) : got;

    std::array<std::vector<std::string>, 2> found;  // what explains all, what explains a part
    const auto add = [&](std::string_view clause, explains how) {
        if (how == explains::nothing || !can_break(within, clause)) return;
        std::vector<std::string>& some = found[how == explains::all ? 0 : 1];
        if (std::ranges::find(some, clause) == some.end()) some.emplace_back(clause);
    };
    const bool leaks = std::ranges::find(run.differs, aspect::conservation) != run.differs.end();
    if (leaks && std::ranges::find(mutants, "conservation", &mutant::clause) != mutants.end())
        add("conservation", explains::all);
    // What shows here may have come about in this step or in an earlier one.
    for (const mutant& d : mutants) {
        const model::clause* clause = model::find_clause(d.clause);
        if (clause == nullptr || !clause->is_observed_by(seen_by)) continue;
        model::machine m = before;
        add(d.clause, explain(shown(last.step, d.apply(m, last.step)), last.expected, seen));
    }
    const model::trace* const traces[] = {&t};
    const evidence_table table = collect_evidence(traces, seen_by, mutants, within);
    for (const mutant_evidence& e : table.mutants) {
        if (e.first && e.first->line == last.number && e.first->altered)
            add(e.mutant->clause, explain(*e.first->altered, last.expected, seen));
    }
    std::vector<std::string>& clauses = found[0].empty() ? found[1] : found[0];
    std::ranges::sort(clauses);
    return std::move(clauses);
}

}  // namespace tailrace::verify
