// Which clauses a difference concerns, and which capability a clause lacks on a target.
// After a change here run: ctest -L proptests
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engines.hpp"
#include "tailrace/verify/evidence.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;

/// The order of the wakes of `advance` is no part of the contract.
model::outcome comparable(const model::step& s, model::outcome o) {
    if (s.what == model::verb::advance) std::ranges::sort(o.woken);
    return o;
}

/// The line that made the handle which line `at` acts on, if any did.
std::optional<std::size_t> origin(const model::trace& t, std::size_t at) {
    const model::handle h = t.lines[at].step.subject;
    for (std::size_t i = at; i-- > 0;) {
        const model::line& l = t.lines[i];
        const bool created = h.kind == handle_kind::operation &&
                             model::creates_operation(l.step.what, l.step.subject.kind) &&
                             l.step.operation == h.number;
        const bool made =
            l.expected.answer.status == model::status::made && l.expected.answer.made == h;
        if (created || made) return i;
    }
    return std::nullopt;
}

}  // namespace

lack why_not(const target& t, const model::trace& program, std::size_t at, std::string_view unit) {
    for (std::optional<std::size_t> i = at; i; i = origin(program, *i)) {
        const std::optional<capability> needed = needed_for(program.lines[*i].step);
        if (needed && !t.capabilities.has(*needed))
            return {fmt::format("no capability {}", to_string(*needed)), true};
    }
    const model::line& seen = program.lines[at];
    if (as_shown(t.capabilities, seen.step, seen.expected) != seen.expected)
        return {fmt::format("no capability {}", to_string(capability::send_returns_value)), true};
    const std::optional<capability> missing = first_missing(t, program);
    return {fmt::format("no {} without {}", unit, missing ? to_string(*missing) : "more"), false};
}

std::vector<std::string_view> clauses_of(const difference& d, model::engine seen_by,
                                         std::span<const deviation> faults, capabilities within) {
    const auto shown = [within](const model::step& s, model::outcome o) {
        return comparable(s, as_shown(within, s, std::move(o)));
    };
    model::trace t = normalise(d.recorded).trace;
    model::machine before(t.capacity);
    model::machine specification(t.capacity);
    for (model::line& l : t.lines) {
        before = specification;
        l.expected = shown(l.step, specification.apply(l.step));
    }
    const model::line& last = t.lines.back();

    std::vector<std::string_view> alike;
    std::vector<std::string_view> all;
    const auto add = [&](const deviation& fault, const std::optional<model::outcome>& deviant) {
        if (deviant && (deviant == d.got || deviant == d.expected)) alike.push_back(fault.clause);
        all.push_back(fault.clause);
    };
    // A fault that shows here may have come about in this step or in an earlier one.
    for (const deviation& fault : faults) {
        const model::clause* clause = model::find_clause(fault.clause);
        if (clause == nullptr || !clause->is_observed_by(seen_by)) continue;
        model::machine m = before;
        const model::outcome deviant = shown(last.step, fault.apply(m, last.step));
        if (deviant != last.expected) add(fault, deviant);
    }
    const model::trace* const traces[] = {&t};
    const evidence_table table = collect_evidence(traces, seen_by, faults, within);
    for (const deviation_evidence& e : table.deviations) {
        if (e.first && e.first->line == last.number) add(*e.deviation, e.first->deviant);
    }

    std::vector<std::string_view>& clauses = alike.empty() ? all : alike;
    std::ranges::sort(clauses);
    const auto repeated = std::ranges::unique(clauses);
    clauses.erase(repeated.begin(), repeated.end());
    return clauses;
}

}  // namespace tailrace::verify
