// Which clauses a difference concerns, and which capability a clause lacks on a target.
// After a change here run: ctest -L proptests
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engines.hpp"
#include "tailrace/verify/evidence.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;

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
    const std::optional<capability> missing = first_missing(t, program);
    return {fmt::format("no {} without {}", unit, missing ? to_string(*missing) : "more"), false};
}

std::vector<std::string_view> clauses_of(const difference& d, model::engine seen_by,
                                         std::span<const deviation> faults) {
    model::trace t = normalise(d.recorded).trace;
    model::machine specification(t.capacity);
    for (model::line& l : t.lines) l.expected = specification.apply(l.step);
    const model::trace* const traces[] = {&t};
    const evidence_table table = collect_evidence(traces, seen_by, faults);

    std::vector<std::string_view> alike;
    std::vector<std::string_view> all;
    for (const deviation_evidence& e : table.deviations) {
        if (!e.first || e.first->line != d.line().number) continue;
        if (e.first->deviant && (e.first->deviant == d.got || e.first->deviant == d.expected))
            alike.push_back(e.deviation->clause);
        all.push_back(e.deviation->clause);
    }
    std::vector<std::string_view>& clauses = alike.empty() ? all : alike;
    std::ranges::sort(clauses);
    const auto repeated = std::ranges::unique(clauses);
    clauses.erase(repeated.begin(), repeated.end());
    return clauses;
}

}  // namespace tailrace::verify
