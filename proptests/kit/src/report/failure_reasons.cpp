// Why the outcome is impossible: the legal answers, and the steps they follow from.
//
// A step is a reason if the specification, given everything but that step, would answer otherwise. Reasons are computed
// for programs of a usual length only: for longer ones they would take too long, and be too many to read.
// After a change here run: ci/test -L proptests -R failure
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "program/named_machine.hpp"
#include "report/failure_report.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

constexpr std::size_t most_steps = 300;  // for which reasons are looked for
constexpr std::size_t most_legal = 4;

// ---- On one thread

/// The outcome of the last step when step `without` is left out.
std::optional<model::outcome> last_without(std::uint64_t capacity, std::span<const taken_step> steps,
                                           std::size_t without) {
    named_machine m(capacity);
    std::optional<model::outcome> last;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        last = std::nullopt;
        if (i != without) last = m.take(steps[i].step, &steps[i].expected.answer);
    }
    if (last) last = comparable(steps.back().step, std::move(*last));
    return last;
}

reason reason_of(const sequential_run& run, std::uint64_t capacity) {
    const taken_step& last = run.failing();
    reason r;
    r.where = fmt::format("step {}", run.at + 1);
    r.invoked = model::to_string(last.step);
    r.got = run.got                                               ? model::to_string(*run.got)
            : std::ranges::count(run.differs, aspect::thrown) > 0 ? "nothing: it threw"
                                                                  : "nothing";
    r.legal.push_back(model::to_string(last.expected));
    const bool reacts = std::ranges::any_of(run.steps, [](const taken_step& s) { return s.step.at.depth > 0; });
    if (reacts || run.steps.size() > most_steps) return r;
    const model::outcome expected = comparable(last.step, last.expected);
    for (std::size_t i = 0; i + 1 < run.steps.size(); ++i) {
        if (last_without(capacity, run.steps, i) == expected) continue;
        r.because.push_back(fmt::format("step {}: {}", i + 1, model::to_string(run.steps[i].step)));
    }
    return r;
}

// ---- Concurrent tasks

struct refusal {
    const model::history& history;
    std::span<const explained_point> order;
    const model::point& refused;

    [[nodiscard]] const model::event& event() const { return event_at(history, refused.at); }
    [[nodiscard]] std::optional<model::answer> answer_after(std::span<const explained_point> first,
                                                            const explained_point* without) const;
    /// It returned before the refused event was invoked, or stands before it in its task.
    [[nodiscard]] bool precedes(const model::place& at) const;
};

std::optional<model::answer> refusal::answer_after(std::span<const explained_point> first,
                                                   const explained_point* without) const {
    named_machine m(history.capacity);
    for (const explained_point& p : first) {
        if (&p == without) continue;
        (void)m.take(event_at(history, p.point.at), p.point.follow_up);
    }
    const std::optional<model::outcome> o = m.take(event(), refused.follow_up);
    return o ? std::optional(o->answer) : std::nullopt;
}

bool refusal::precedes(const model::place& at) const {
    if (at.of != refused.at.of) return at.of < refused.at.of;
    if (at.of != model::place::part::tasks || at.task == refused.at.task) return at.index < refused.at.index;
    return event_at(history, at).returned < event().invoked;
}

/// The answers of the specification at each place of the order that the event's times allow; for a task left asleep, at
/// quiescence.
std::vector<std::string> legal_answers(const refusal& r, bool quiescent) {
    std::size_t earliest = r.order.size();
    const auto own = [&r](const model::place& at) { return at == r.refused.at; };
    while (earliest > 0 && !quiescent) {
        const model::place& at = r.order[earliest - 1].point.at;
        if (own(at) || r.precedes(at)) break;
        --earliest;
    }
    std::vector<std::string> legal;
    for (std::size_t i = earliest; i <= r.order.size(); ++i) {
        const std::optional<model::answer> a = r.answer_after(r.order.first(i), nullptr);
        if (!a || (r.event().waits && a->status == model::status::pending)) continue;
        std::string text = model::to_string(*a);
        if (std::ranges::find(legal, text) == legal.end()) legal.push_back(std::move(text));
    }
    if (legal.size() > most_legal) legal.resize(most_legal);
    return legal;
}

reason reason_of(const concurrent_run& run, const model::point& refused) {
    const refusal r{run.history, run.order, refused};
    const model::event& e = r.event();
    reason out;
    out.where = to_string(refused.at);
    out.invoked = model::to_string(e.step);
    out.got = answer_of(e);
    if (run.order.size() > most_steps) {
        out.legal.push_back(model::to_string(refused.by_specification.answer));
        return out;
    }
    out.legal = legal_answers(r, run.finding == model::finding::asleep);
    const std::optional<model::answer> with_all = r.answer_after(r.order, nullptr);
    for (const explained_point& p : run.order) {
        if (p.point.at == refused.at || r.answer_after(r.order, &p) == with_all) continue;
        out.because.push_back(fmt::format("{}: {}{}", to_string(p.point.at), to_string(run.history, p.point),
                                          r.precedes(p.point.at) ? "" : " (concurrent)"));
    }
    return out;
}

}  // namespace

std::vector<reason> reasons(const counterexample& c) {
    if (const auto* one = std::get_if<sequential_run>(&c.run)) {
        if (one->steps.empty()) return {};
        return {reason_of(*one, c.capacity)};
    }
    const auto& several = std::get<concurrent_run>(c.run);
    std::vector<reason> all;
    for (const explained_point& p : several.refused) all.push_back(reason_of(several, p.point));
    return all;
}

std::string answer_of(const model::event& e) {
    if (e.answer) return model::to_string(*e.answer);
    return e.waits ? "asleep" : "never returned";
}

std::string plain(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(out, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return out;
}

std::string origin_of(const counterexample& c) {
    std::string text = !c.recorded_at.empty()    ? (has_token(c.engine) ? "corpus " : "") + plain(c.recorded_at)
                       : c.program == of_a_token ? "a token"
                       : c.in_order
                           ? fmt::format("program {} of all in order, of {}", c.program, counted(*c.in_order, "step"))
                           : fmt::format("seed {}, program {}", c.seed, c.program);
    if (c.shrunk) {
        text += fmt::format("; shrunk from {} to {}, in {}", counted(c.shrunk->from, "step"), grouped(c.shrunk->to),
                            counted(c.shrunk->attempts, "attempt"));
    }
    if (c.repeated) {
        text += fmt::format("; failed in {} of {}", grouped(c.repeated->failed), counted(c.repeated->runs, "run"));
    }
    return text;
}

std::string to_string(const model::place& at) {
    switch (at.of) {
        case model::place::part::before: return fmt::format("before, step {}", at.index + 1);
        case model::place::part::after: return fmt::format("after, step {}", at.index + 1);
        case model::place::part::tasks: break;
    }
    return fmt::format("task {}, step {}", at.task + 1, at.index + 1);
}

std::string subject_of(const model::history& h, const model::point& p) {
    const model::event& e = event_at(h, p.at);
    if (!p.follow_up) return model::to_string(e.step);
    if (e.waits) return fmt::format("f{}", e.step.operation);
    return fmt::format("{} (done)", model::to_string(e.step));
}

std::string to_string(const model::history& h, const model::point& p) {
    return fmt::format("{} -> {}", subject_of(h, p), model::to_string(p.by_specification.answer));
}

}  // namespace tailrace::verify
