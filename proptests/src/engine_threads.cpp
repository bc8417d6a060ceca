// The engine `threads` as an entry of the table: histories, their evidence, and how a counterexample is told.
// After a change here run: ctest -L proptests -R 'threads|campaign'
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engines.hpp"
#include "failure_report.hpp"
#include "named_machine.hpp"
#include "tailrace/verify/threads.hpp"
#include "tailrace/verify/token.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

using model::event;
using model::handle_kind;
using model::history;
using model::machine;
using model::outcome;
using model::place;
using model::point;
using model::status;
using model::step;
using model::verb;

/// Histories that evidence is measured with.
constexpr std::size_t most_for_evidence = 1'000;
/// The longest run is a million messages; a small campaign makes a shorter one.
constexpr std::uint64_t most_messages = 1'000'000;
constexpr std::uint64_t messages_per_program = 200;

// ---- Evidence: an order that explains a history is a program on one thread, and a step of it is evidence for a clause if a model with
// just this clause broken answers it differently, or leaves somebody asleep who slept and was woken.

struct linear_step {
    step taken;
    const event* of;
    std::optional<model::answer> recorded;  // nothing: `created`, or pending
};

std::vector<linear_step> linear(const history& h, const model::verdict& v) {
    std::vector<linear_step> steps;
    for (std::size_t i = 0; i < v.order.size(); ++i) {
        const point& p = v.order[i];
        const event& e = event_at(h, p.at);
        const auto same = [&](const point& q) { return q.at == p.at; };
        const bool first = std::none_of(v.order.begin(), v.order.begin() + static_cast<std::ptrdiff_t>(i), same);
        const bool last = std::none_of(v.order.begin() + static_cast<std::ptrdiff_t>(i) + 1, v.order.end(), same);
        const step poll{.what = verb::poll, .subject = {handle_kind::operation, e.step.operation}};
        if (e.waits && first) {
            steps.push_back({e.step, &e, std::nullopt});
            steps.push_back({poll, &e, last ? e.answer : std::nullopt});
        } else if (e.waits && last) {
            steps.push_back({poll, &e, e.answer});
        } else if (!e.waits && last) {
            steps.push_back({e.step, &e, e.answer});
        }
    }
    return steps;
}

void name_next(machine& m, const linear_step& s) {
    m.next_operation = s.taken.operation;
    if (!s.recorded || s.recorded->status != status::made) return;
    const std::uint32_t number = s.recorded->made.number;
    m.next_sender = m.next_weak_sender = m.next_permit = number;
    m.next_iterator = m.next_owned_permit = number;
}

/// Does the deviation give itself away?
bool shows(const deviation& d, std::uint64_t capacity, const std::vector<linear_step>& steps) {
    machine plain(capacity);
    machine deviant(capacity);
    for (const linear_step& s : steps) {
        name_next(plain, s);
        name_next(deviant, s);
        if (plain.refusal(s.taken)) return false;
        if (deviant.refusal(s.taken)) return true;
        const outcome expected = plain.apply(s.taken);
        if (s.recorded && expected.answer != *s.recorded) return false;  // it took effect in parts
        const outcome got = d.apply(deviant, s.taken);
        if (got.answer != expected.answer) return true;
        if (got.woken == expected.woken && got.destroyed == expected.destroyed) continue;
        // A wake that is missing shows if it was slept for.
        return std::ranges::any_of(expected.woken, [&](model::handle w) {
            const bool missing = std::ranges::find(got.woken, w) == got.woken.end();
            return missing && std::ranges::any_of(steps, [&](const linear_step& o) {
                       return o.of->waits && o.taken.operation == w.number && o.of->answer;
                   });
        });
    }
    return false;
}

void add_evidence(engine_report& report, const job& j, const std::vector<history>& kept_histories) {
    std::vector<std::pair<const history*, std::vector<linear_step>>> all;
    for (const history& h : kept_histories) {
        j.breathe();
        all.emplace_back(&h, linear(h, model::check(h)));
    }
    for (const deviation& d : j.faults) {
        const model::clause* clause = model::find_clause(d.clause);
        if (clause == nullptr || !clause->is_observed_by(model::engine::threads)) continue;
        j.breathe();
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!shows(d, all[i].first->capacity, all[i].second)) continue;
            evidence_item& e =
                report.evidence
                    .try_emplace(d.clause, evidence_item{0, "history", fmt::format("seed-{}-program-{}", j.seed, j.first + i / 2)})
                    .first->second;
            ++e.count;
        }
    }
}

// ---- A failure

/// The clauses that are tested where the order stops: those of the deviations that go the same way, and then answer as the target did.
std::vector<std::string_view> clauses_of(const history& h, const model::verdict& v, const job& j) {
    std::vector<std::string_view> clauses;
    for (const deviation& d : j.faults) {
        const model::clause* clause = model::find_clause(d.clause);
        if (clause == nullptr || !clause->is_observed_by(model::engine::threads)) continue;
        machine m(h.capacity);
        const auto goes_along = [&](const linear_step& s) {
            name_next(m, s);
            return !m.refusal(s.taken) && (!s.recorded || d.apply(m, s.taken).answer == *s.recorded);
        };
        const std::vector<linear_step> steps = linear(h, v);
        const bool same_way = std::ranges::all_of(steps, [&](const linear_step& s) {
            if (s.recorded) return goes_along(s);
            name_next(m, s);
            return !m.refusal(s.taken) && (d.apply(m, s.taken), true);
        });
        if (!same_way) continue;
        const bool explains = std::ranges::any_of(v.refused, [&](const point& p) {
            const event& e = event_at(h, p.at);
            if (e.waits && !p.follow_up) return false;
            const step poll{.what = verb::poll, .subject = {handle_kind::operation, e.step.operation}};
            const linear_step last{e.waits ? poll : e.step, &e,
                                   e.answer ? *e.answer : model::answer_of(status::pending)};
            const machine before = m;
            const bool fits = goes_along(last);
            m = before;
            return fits;
        });
        if (explains && std::ranges::find(clauses, d.clause) == clauses.end()) clauses.push_back(d.clause);
    }
    return clauses;
}

std::string law_of(const threads_judgement& g) {
    if (!g.problem.empty()) return "Every value has one fate, and nothing throws: " + g.problem + ".";
    return g.verdict.is == model::finding::asleep
               ? "Nobody is left asleep whom the specification would answer."
               : "One order of the steps, in agreement with the times, explains every answer.";
}

std::size_t length_of(const concurrent_program& p) {
    std::size_t n = p.before.size();
    for (const auto& lane : p.lanes) n += lane.size();
    return n;
}

failure make_failure(const threads_failure& t, const job& j, const target& on) {
    counterexample c;
    c.engine = model::engine::threads;
    c.target = on.name;
    c.command = j.program;
    c.law = law_of(t.judgement);
    const std::vector<std::string_view> clauses = clauses_of(t.history, t.judgement.verdict, j);
    c.clauses.assign(clauses.begin(), clauses.end());
    c.seed = j.seed;
    c.program = t.program;
    c.capacity = t.smallest.capacity;
    c.shrunk = shrinking{length_of(t.found), length_of(t.smallest), t.attempts};
    c.repeated = repetition{t.failed, t.performed};
    c.run = run_of(t.history, t.judgement.verdict);

    failure f;
    f.clauses = clauses;
    f.token = to_string(token{std::string(tool_version()), c.engine, c.target, t.smallest});
    f.place = fmt::format("seed-{}-program-{}", j.seed, t.program);
    f.text = to_log(c);
    f.example = std::move(c);
    return f;
}

bool can_run_long(const target& t) {
    const capabilities& c = t.capabilities;
    return c.has(capability::send) && c.has(capability::recv) && c.has(capability::clone) &&
           c.has(capability::sender_drop);
}

void run_long(engine_report& report, const job& j, const target& t, const campaign_progress& tell) {
    for (const bool noisy : {false, true}) {
        long_run r;
        r.messages = std::min(most_messages, j.programs * messages_per_program) / (noisy ? 10 : 1);
        r.noisy = noisy;
        if (tell) r.alive = [&tell](std::uint64_t) { tell("message", 0, 1); };
        const std::string problem = run_in_order(t, r);
        report.numbers["messages"] += r.messages;
        if (problem.empty()) continue;
        failure f;
        f.place = fmt::format("a run of {}", counted(r.messages, "message"));
        f.text = fmt::format("{} from {} senders on {}: {}\n", counted(r.messages, "message"), r.senders, t.name, problem);
        f.clauses = {"recv.order"};
        report.failures.push_back(std::move(f));
    }
}

}  // namespace

std::string summarise_threads(const engine_report& r) {
    const auto number = [&](const char* name) { return number_of(r, name); };
    if (number("programs") == 0 && r.failures.empty()) return "not run: for one thread only";
    std::string text = fmt::format("{}, {}, {}", counted(number("programs"), "program"),
                                   counted(number("histories"), "history"),
                                   counted(r.failures.size(), "failure"));
    if (number("unknown") > 0) text += fmt::format(", {} UNKNOWN", grouped(number("unknown")));
    if (number("messages") > 0) text += fmt::format("; {} in order", counted(number("messages"), "message"));
    return text;
}

engine_report run_threads_engine(const job& j, const target& t, const campaign_progress& tell) {
    engine_report report;
    report.unit = "history";
    if (!t.open_lanes) return report;
    threads_options options;
    options.programs = j.programs;
    options.seed = j.seed;
    options.first = j.first;
    options.keep = j.leads ? std::min<std::size_t>(most_for_evidence, 2 * j.programs) : 0;
    std::uint64_t at = 0;
    if (tell) options.alive = [&](std::uint64_t) { tell("program", at, j.programs); };
    const threads_result r = run_threads(t, options, [&](std::size_t done, std::size_t) { at = done; });
    report.numbers = {{"programs", r.programs}, {"histories", r.histories}, {"events", r.events},
                      {"nodes", r.nodes},       {"unknown", r.unknown}};
    report.reached = r.reached;
    if (r.failure) {
        report.failures.push_back(make_failure(*r.failure, j, t));
        return report;
    }
    if (r.unknown * 1'000 > r.histories) {
        failure f;
        f.place = "the search for an order";
        f.text = fmt::format("{} of {} histories on {} are UNKNOWN: the search was given up\n",
                             grouped(r.unknown), grouped(r.histories), t.name);
        report.failures.push_back(std::move(f));
    }
    if (!j.leads) return report;
    if (can_run_long(t)) run_long(report, j, t, tell);
    add_evidence(report, j, r.kept);
    return report;
}

}  // namespace tailrace::verify
