// Makes a counterexample of what an engine found: adds the states of the specification.
// After a change here run: ci/test -L proptests -R 'counterexample|failure'
#include "report/counterexample.hpp"

#include <fmt/format.h>

#include <set>

#include "program/named_machine.hpp"
#include "tailrace/model/player.hpp"

namespace tailrace::verify {

using model::handle_kind;

// ---- The specification with names given by the program

void named_machine::name(const model::step& s, const model::answer* recorded) {
    model::machine& m = state_;
    // Values and operations are named by the step: any number is a new one here.
    m.next_value = 0;
    m.next_operation = 0;
    std::uint32_t number = s.operation;
    if (recorded != nullptr && recorded->status == model::status::made) number = recorded->made.number;
    m.next_sender = number;
    m.next_weak_sender = number;
    m.next_permit = number;
    m.next_iterator = number;
    m.next_owned_permit = number;
}

std::optional<model::outcome> named_machine::take(const model::step& s, const model::answer* recorded) {
    name(s, recorded);
    const bool taken =
        model::creates_operation(s.what, s.subject.kind) && state_.find_operation(s.operation) != nullptr;
    if (taken || state_.refusal(s)) return std::nullopt;
    return state_.apply(s);
}

std::optional<model::outcome> named_machine::take(const model::event& e, bool follow_up) {
    const model::answer* recorded = e.answer ? &*e.answer : nullptr;
    // The first half has done everything.
    if (!e.waits && follow_up) return std::nullopt;
    if (!e.waits) return take(e.step, recorded);
    model::step poll;
    poll.what = model::verb::poll;
    poll.subject = {handle_kind::operation, e.step.operation};
    poll.operation = e.step.operation;
    if (!follow_up && !take(e.step, recorded)) return std::nullopt;
    return take(poll, recorded);
}

const model::event& event_at(const model::history& h, const model::place& at) {
    switch (at.of) {
        case model::place::part::before: return h.before[at.index];
        case model::place::part::after: return h.after[at.index];
        case model::place::part::tasks: break;
    }
    return h.tasks[at.task][at.index];
}

// ---- Counterexamples

std::string program_place(bool in_order, std::uint64_t seed, std::uint64_t program) {
    return fmt::format("{}program-{}", in_order ? "" : fmt::format("seed-{}-", seed), program);
}

std::string_view tool_version() noexcept { return TAILRACE_VERSION; }

sequential_run run_of(const model::trace& shrunk, const parting& last) {
    sequential_run run;
    model::player specification(shrunk.capacity);
    for (std::size_t i = 0; i < shrunk.lines.size(); ++i) {
        const model::line& l = shrunk.lines[i];
        if (specification.go_to(l.step.at) && !specification.refusal(l.step)) specification.take(l.step);
        // Before its reactions, if it has any.
        const bool reacts = i + 1 < shrunk.lines.size() && shrunk.lines[i + 1].step.at.depth > l.step.at.depth;
        if (!reacts) (void)specification.go_to(l.step.at);
        run.steps.push_back({l.step, l.expected, model::to_string(specification.state()), {}});
    }
    run.at = last.at;
    if (!run.steps.empty()) run.steps[run.at].target = last.state;
    run.got = last.got;
    run.differs = last.differs;
    run.notes = last.notes;
    return run;
}

concurrent_run run_of(const model::history& h, const model::verdict& v) {
    concurrent_run run;
    run.history = h;
    run.finding = v.is;
    run.nodes = v.nodes;
    named_machine specification(h.capacity);
    const auto explain = [&h](named_machine& m, const model::point& p) {
        (void)m.take(event_at(h, p.at), p.follow_up);
        return explained_point{p, model::to_string(m.state())};
    };
    for (const model::point& p : v.order) run.order.push_back(explain(specification, p));
    for (const model::point& p : v.refused) {
        named_machine next = specification;
        run.refused.push_back(explain(next, p));
    }
    return run;
}

std::optional<model::trace> trace_of(const counterexample& c) {
    const auto* run = std::get_if<sequential_run>(&c.run);
    if (run == nullptr) return std::nullopt;
    model::trace t;
    t.id = c.recorded_at.empty() ? program_place(c.in_order.has_value(), c.seed, c.program) : "recorded";
    t.capacity = c.capacity;
    for (const taken_step& s : run->steps) t.lines.push_back({s.step, s.expected, t.lines.size() + 1});
    return t;
}

namespace {

std::size_t operations_of(const std::vector<model::step>& steps) {
    std::set<std::uint32_t> unpolled;
    std::size_t n = 0;
    for (const model::step& s : steps) {
        if (model::creates_operation(s.what, s.subject.kind)) unpolled.insert(s.operation);
        const bool first_poll = s.what == model::verb::poll && unpolled.erase(s.subject.number) > 0;
        n += first_poll ? 0 : 1;
    }
    return n;
}

}  // namespace

std::size_t operations_of(const counterexample& c) {
    std::vector<model::step> steps;
    if (const auto* one = std::get_if<sequential_run>(&c.run)) {
        for (const taken_step& s : one->steps) steps.push_back(s.step);
        return operations_of(steps);
    }
    const model::history& h = std::get<concurrent_run>(c.run).history;
    for (const model::event& e : h.before) steps.push_back(e.step);
    for (const auto& task : h.tasks) {
        for (const model::event& e : task) steps.push_back(e.step);
    }
    return operations_of(steps);
}

}  // namespace tailrace::verify
