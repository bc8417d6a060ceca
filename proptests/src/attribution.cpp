// Which clauses a difference breaks, and which capability a clause lacks on a target.
// After a change here run: ctest -L proptests
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engines.hpp"
#include "tailrace/verify/evidence.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::outcome;

/// The order of the wakes of `advance` is no part of the contract.
outcome comparable(const model::step& s, outcome o) {
    if (s.what == model::verb::advance) std::ranges::sort(o.woken);
    return o;
}

/// The line that made the handle which line `at` acts on, if any did.
std::optional<std::size_t> origin(const model::trace& t, std::size_t at) {
    const model::handle h = t.lines[at].step.subject;
    for (std::size_t i = at; i-- > 0;) {
        const model::line& l = t.lines[i];
        const bool created = h.kind == handle_kind::operation &&
                             model::creates_operation(l.step.what, l.step.subject.kind) && l.step.operation == h.number;
        const bool made = l.expected.answer.status == model::status::made && l.expected.answer.made == h;
        if (created || made) return i;
    }
    return std::nullopt;
}

/// How far a clause explains what was seen where the specification says something else: all of it, or a part and
/// nothing that was not seen.
enum class explains : unsigned char { nothing, a_part, all };

explains explain(const outcome& deviant, const outcome& specified, const outcome& seen) {
    if (deviant == specified) return explains::nothing;
    if (deviant == seen) return explains::all;
    const auto fits = [](const auto& by_deviant, const auto& by_specification, const auto& was) {
        return by_deviant == by_specification || by_deviant == was;
    };
    const bool part = fits(deviant.answer, specified.answer, seen.answer) &&
                      fits(deviant.woken, specified.woken, seen.woken) &&
                      fits(deviant.destroyed, specified.destroyed, seen.destroyed);
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

lack why_not(const target& t, const model::trace& program, std::size_t at, std::string_view unit) {
    for (std::optional<std::size_t> i = at; i; i = origin(program, *i)) {
        const std::optional<capability> needed = needed_for(program.lines[*i].step);
        if (needed && !t.capabilities.has(*needed)) return {fmt::format("no capability {}", to_string(*needed)), true};
    }
    const model::line& seen = program.lines[at];
    if (as_shown(t.capabilities, seen.step, seen.expected) != seen.expected)
        return {fmt::format("no capability {}", to_string(capability::send_returns_value)), true};
    const std::optional<capability> missing = first_missing(t, program);
    return {fmt::format("no {} without {}", unit, missing ? to_string(*missing) : "more"), false};
}

std::vector<std::string> clauses_of(const sequential_run& run, std::uint64_t capacity, model::engine seen_by,
                                    std::span<const deviation> faults, capabilities within) {
    const auto shown = [within](const model::step& s, outcome o) {
        return comparable(s, as_shown(within, s, std::move(o)));
    };
    model::trace t;
    t.capacity = capacity;
    model::machine before(capacity);
    model::machine specification(capacity);
    for (const taken_step& s : run.steps) {
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
    if (leaks && std::ranges::find(faults, "conservation", &deviation::clause) != faults.end())
        add("conservation", explains::all);
    // A fault that shows here may have come about in this step or in an earlier one.
    for (const deviation& fault : faults) {
        const model::clause* clause = model::find_clause(fault.clause);
        if (clause == nullptr || !clause->is_observed_by(seen_by)) continue;
        model::machine m = before;
        add(fault.clause, explain(shown(last.step, fault.apply(m, last.step)), last.expected, seen));
    }
    const model::trace* const traces[] = {&t};
    const evidence_table table = collect_evidence(traces, seen_by, faults, within);
    for (const deviation_evidence& e : table.deviations) {
        if (e.first && e.first->line == last.number && e.first->deviant)
            add(e.deviation->clause, explain(*e.first->deviant, last.expected, seen));
    }
    std::vector<std::string>& clauses = found[0].empty() ? found[1] : found[0];
    std::ranges::sort(clauses);
    return std::move(clauses);
}

}  // namespace tailrace::verify
