// Finds the capability that a target lacks to show a clause.
// After a change here run: ci/test -L proptests
#include <fmt/format.h>

#include <optional>

#include "campaign/engines.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;

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

}  // namespace

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

}  // namespace tailrace::verify
