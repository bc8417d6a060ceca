// Evidence from histories: which clauses they test.
// After a change here run: ci/test -L proptests -R 'threads|interleavings|campaign'
#include "campaign/concurrent_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "campaign/engines.hpp"
#include "evidence/attribution.hpp"
#include "program/named_machine.hpp"
#include "tailrace/model/happens_before.hpp"

namespace tailrace::verify {
namespace {

using model::event;
using model::handle_kind;
using model::history;
using model::machine;
using model::outcome;
using model::point;
using model::status;
using model::step;
using model::verb;

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

/// Whether the history kills the mutant.
bool shows(const mutant& d, std::uint64_t capacity, const std::vector<linear_step>& steps) {
    machine plain(capacity);
    machine altered(capacity);
    for (const linear_step& s : steps) {
        name_next(plain, s);
        name_next(altered, s);
        if (plain.refusal(s.taken)) return false;
        if (altered.refusal(s.taken)) return true;
        const outcome expected = plain.apply(s.taken);
        if (s.recorded && expected.answer != *s.recorded) return false;  // it took effect in several parts
        const outcome got = d.apply(altered, s.taken);
        if (got.answer != expected.answer) return true;
        if (got.woken == expected.woken && got.destroyed == expected.destroyed) continue;
        // A missing wake-up shows if a task slept until it.
        return std::ranges::any_of(expected.woken, [&](model::handle w) {
            const bool missing = std::ranges::find(got.woken, w) == got.woken.end();
            return missing && std::ranges::any_of(steps, [&](const linear_step& o) {
                       return o.of->waits && o.taken.operation == w.number && o.of->answer;
                   });
        });
    }
    return false;
}

/// Whether the mutant answers as the specification does, but leaves out the wake-up of the task that was left asleep.
bool forgets_to_wake(const mutant& d, const history& h, const model::verdict& v,
                     const std::vector<linear_step>& steps) {
    machine plain(h.capacity);
    machine altered(h.capacity);
    bool forgotten = false;
    for (const linear_step& s : steps) {
        name_next(plain, s);
        name_next(altered, s);
        if (plain.refusal(s.taken) || altered.refusal(s.taken)) return false;
        const outcome expected = plain.apply(s.taken);
        const outcome got = d.apply(altered, s.taken);
        if (got.answer != expected.answer) return false;
        forgotten = forgotten || std::ranges::any_of(v.refused, [&](const point& p) {
                        const model::handle sleeper{handle_kind::operation, event_at(h, p.at).step.operation};
                        return std::ranges::find(expected.woken, sleeper) != expected.woken.end() &&
                               std::ranges::find(got.woken, sleeper) == got.woken.end();
                    });
    }
    return forgotten;
}

// ---- What a model of single steps cannot show

bool looks_for_room(const event& e) {
    const verb what = e.step.what;
    const bool attempts = acquires(what) && !creates_operation(what, handle_kind::sender);
    return e.step.subject.kind == handle_kind::sender && (attempts || what == verb::capacity);
}

/// How many permits an iterator still has when it is dropped.
std::uint64_t remainder(const history& h, model::handle iterator) {
    std::uint64_t size = 0;
    std::uint64_t taken = 0;
    const auto look = [&](const event& e) {
        if (!e.answer || e.answer->status != status::made) return;
        if (e.answer->made == iterator) size = e.answer->number;
        if (e.step.what == verb::next && e.step.subject == iterator) ++taken;
    };
    std::ranges::for_each(h.before, look);
    for (const auto& task : h.tasks) std::ranges::for_each(task, look);
    return size - taken;
}

/// A step of another task overlaps it, and could have observed an intermediate state.
struct exposure {
    std::string_view clause;
    bool (*overlap)(const history& h, const event& a, const event& b);
};
constexpr std::array exposures{
    exposure{"thread-safe",
             [](const history&, const event& a, const event& b) {
                 return a.step.subject.kind == handle_kind::sender && a.step.subject == b.step.subject;
             }},
    exposure{"recv_many.batch-returns-together",
             [](const history&, const event& a, const event& b) {
                 return a.answer && a.answer->status == status::many && a.answer->values.size() > 1 &&
                        looks_for_room(b);
             }},
    exposure{"iterator.remainder-at-once",
             [](const history& h, const event& a, const event& b) {
                 return a.step.what == verb::drop && a.step.subject.kind == handle_kind::iterator &&
                        remainder(h, a.step.subject) > 1 && looks_for_room(b);
             }},
};

bool is_seen(const exposure& x, const explained_history& h) {
    const auto exposes = [&](const event& a, const event& b) { return x.overlap(h.history, a, b); };
    return any_overlap(h.history, exposes, h.first.empty() ? nullptr : &h.first);
}

void add(engine_report& report, std::string_view clause, const explained_history& h, const job& j) {
    const std::string place = fmt::format("seed-{}-program-{}", j.seed, h.program);
    ++report.evidence.try_emplace(clause, evidence_item{0, "history", place}).first->second.count;
}

}  // namespace

void add_evidence(engine_report& report, model::engine by, const std::vector<explained_history>& histories,
                  const job& j) {
    std::vector<std::vector<linear_step>> all;
    for (const explained_history& h : histories) all.push_back(linear(h.history, h.verdict));
    for (const mutant& d : j.mutants) {
        const model::clause* clause = model::find_clause(d.clause);
        if (clause == nullptr || !clause->is_observed_by(by)) continue;
        if (j.is_over()) return;
        j.breathe();
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (shows(d, histories[i].history.capacity, all[i])) add(report, d.clause, histories[i], j);
        }
    }
    for (const exposure& x : exposures) {
        if (!model::find_clause(x.clause)->is_observed_by(by)) continue;
        if (j.is_over()) return;
        j.breathe();
        for (const explained_history& h : histories) {
            if (is_seen(x, h)) add(report, x.clause, h, j);
        }
    }
    for (const explained_history& h : histories) {
        if (h.first.empty()) continue;
        for (const std::string_view clause : model::check_orders(h.history, h.first).shown) add(report, clause, h, j);
    }
}

std::vector<std::string> clauses_of(const history& h, const model::verdict& v, model::check_options how,
                                    model::engine by, const job& j, capabilities within) {
    constexpr std::uint64_t most_nodes = 20'000;  // of each mutant
    std::vector<std::string> clauses;
    const std::vector<linear_step> steps = linear(h, v);
    how.most_nodes = most_nodes;
    for (const mutant& d : j.mutants) {
        const model::clause* clause = model::find_clause(d.clause);
        if (clause == nullptr || !clause->is_observed_by(by) || std::ranges::find(clauses, d.clause) != clauses.end())
            continue;
        if (!can_break(within, d.clause)) continue;
        j.breathe();
        how.apply = d.apply;
        const bool explains = v.is == model::finding::asleep && forgets_to_wake(d, h, v, steps);
        if (explains || model::check(h, how).is == model::finding::allowed) clauses.emplace_back(d.clause);
    }
    std::ranges::sort(clauses);
    return clauses;
}

std::size_t length_of(const concurrent_program& p) {
    std::size_t n = p.before.size();
    for (const auto& task : p.tasks) n += task.size();
    return n;
}

}  // namespace tailrace::verify
