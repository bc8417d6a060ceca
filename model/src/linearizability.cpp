// The search for an order that explains a history.
//
// A task - `before`, each lane, `after` - has come so far; that of all tasks, and the state of the specification, is where the
// search is. Depth first, the most urgent transition first, and from no place twice: what is remembered is compared, not only
// its hash, because a collision would cut off a branch unseen. A history that is refused is searched again without the demand
// of the rest, to learn whether an answer is wrong or only somebody asleep. After a change here run: ctest -L model
#include "tailrace/model/linearizability.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>

namespace tailrace::model {
namespace {

/// How far a task is: twice the events that are done, and one if the next has asked.
using progress = std::uint32_t;

constexpr std::uint32_t events_done(progress p) { return p / 2; }
constexpr bool has_asked(progress p) { return p % 2 != 0; }

struct task {
    place::part of = place::part::lanes;
    std::uint32_t lane = 0;
    std::span<const event> events;
    /// How many events of each task come first: a row of `tasks` numbers for each event.
    std::vector<std::uint32_t> first;
    progress at_rest = 0;  // where the rest finds it; odd if it sleeps
    progress at_end = 0;   // where it must have come in the end
};

/// Where a search is.
struct node {
    machine state;
    std::vector<progress> made;

    friend bool operator==(const node&, const node&) = default;
};

struct hash_of_node {
    std::size_t operator()(const node& n) const noexcept {
        std::size_t h = hash_value(n.state);
        for (const progress p : n.made) h = h * 0x9e3779b97f4a7c15U + p;
        return h;
    }
};

/// The names of new handles are the program's; and an order of names says nothing. Without both, states that act alike are equal.
void normalise(machine& m) {
    m.next_sender = m.next_weak_sender = m.next_operation = 0;
    m.next_permit = m.next_iterator = m.next_owned_permit = 0;
    m.next_value = 0;
    std::ranges::sort(m.operations, {}, &operation::number);
    std::ranges::sort(m.grants, {}, [](const grant& g) { return std::pair(g.name, g.size); });
    std::ranges::sort(m.senders);
    std::ranges::sort(m.weak_senders);
}

/// A handle that is made next gets the name that it has in the history.
void name_next(machine& m, const std::optional<answer>& recorded) {
    if (!recorded || recorded->status != status::made) return;
    const std::uint32_t number = recorded->made.number;
    switch (recorded->made.kind) {
        case handle_kind::sender: m.next_sender = number; break;
        case handle_kind::weak_sender: m.next_weak_sender = number; break;
        case handle_kind::permit: m.next_permit = number; break;
        case handle_kind::iterator: m.next_iterator = number; break;
        case handle_kind::owned_permit: m.next_owned_permit = number; break;
        default: break;
    }
}

step poll_of(std::uint32_t operation) {
    step s;
    s.what = verb::poll;
    s.subject = {handle_kind::operation, operation};
    return s;
}

class search {
  public:
    search(const history& h, const check_options& options, bool rest_matters);

    /// True if there is an order. False is certain only if not `gave_up()`.
    bool run() { return visit(*seen_.insert(start()).first); }

    [[nodiscard]] bool gave_up() const { return gave_up_; }
    [[nodiscard]] std::uint64_t nodes() const { return nodes_; }
    [[nodiscard]] bool anybody_sleeps() const {
        return std::ranges::any_of(tasks_, [](const task& t) { return has_asked(t.at_rest); });
    }

    /// The longest order that was found.
    void describe(verdict& v);
    /// The same as far as the rest, and those who sleep then and would be answered.
    void describe_rest(verdict& v);

  private:
    void add_task(place::part of, std::uint32_t lane, std::span<const event> events);
    void order_by_time(const check_options& options);

    [[nodiscard]] node start() const;
    bool visit(const node& here);
    [[nodiscard]] std::vector<std::uint32_t> candidates(const std::vector<progress>& made) const;
    [[nodiscard]] bool may_come(const std::vector<progress>& made, std::uint32_t which) const;
    /// What the specification says to the next transition of a task. Nothing if that makes no sense, which takes an event that
    /// slept although it was answered, and was then forgotten.
    [[nodiscard]] std::optional<outcome> ask(machine& m, const task& t, progress p) const;
    /// Takes the next transition of a task, if it is answered as it was. `to` is a copy of `from` or after.
    bool take(const node& from, std::uint32_t which, node& to, outcome& said) const;
    [[nodiscard]] bool rested(const std::vector<progress>& made) const;
    [[nodiscard]] bool somebody_is_ready(const machine& m) const;
    [[nodiscard]] point point_of(const task& t, progress p, outcome said) const;

    const history& history_;
    outcome (*apply_)(machine&, const step&);
    const std::uint64_t most_nodes_;
    const bool rest_matters_;

    std::vector<task> tasks_;  // before, the lanes, after
    std::unordered_set<node, hash_of_node> seen_;
    node scratch_{machine{1}, {}};
    std::vector<std::uint32_t> path_;     // the task of each transition
    std::vector<std::uint32_t> longest_;  // the longest path so far
    std::uint64_t nodes_ = 0;
    bool gave_up_ = false;
};

// ---- The tasks

search::search(const history& h, const check_options& options, bool rest_matters)
    : history_(h),
      apply_(options.apply != nullptr ? options.apply
                                      : [](machine& m, const step& s) { return m.apply(s); }),
      most_nodes_(options.most_nodes),
      rest_matters_(rest_matters) {
    add_task(place::part::before, 0, h.before);
    for (std::uint32_t lane = 0; lane < h.lanes.size(); ++lane) {
        add_task(place::part::lanes, lane, h.lanes[lane]);
    }
    add_task(place::part::after, 0, h.after);
    order_by_time(options);
}

void search::add_task(place::part of, std::uint32_t lane, std::span<const event> events) {
    task t{of, lane, events, {}, 0, 0};
    for (const event& e : events) {
        if (!e.answer) {  // only as the last
            t.at_end += history_.rest != never && of == place::part::lanes ? 1 : 0;
        } else {
            t.at_end += 2;
        }
        const bool later = of == place::part::after || e.invoked > history_.rest;
        if (of == place::part::before || (!later && e.answer && e.returned <= history_.rest)) {
            t.at_rest += 2;
        } else if (!later && history_.rest != never) {
            t.at_rest += 1;  // at most once: what follows it in its lane is later
        }
    }
    tasks_.push_back(std::move(t));
}

void search::order_by_time(const check_options& options) {
    const std::size_t count = tasks_.size();
    for (std::size_t self = 1; self < count; ++self) {
        task& t = tasks_[self];
        t.first.assign(t.events.size() * count, 0);
        for (std::size_t other = 0; other < count; ++other) {
            if (other == self) continue;
            const std::span<const event> theirs = tasks_[other].events;
            const bool lanes = t.of == place::part::lanes && tasks_[other].of == place::part::lanes;
            std::uint32_t n = 0;
            for (std::size_t e = 0; e < t.events.size(); ++e) {
                if (other == 0) {
                    n = static_cast<std::uint32_t>(theirs.size());
                } else if (lanes && options.first != nullptr) {
                    n = (*options.first)[t.lane][e][tasks_[other].lane];
                } else {
                    while (n < theirs.size() && theirs[n].returned < t.events[e].invoked) ++n;
                }
                t.first[e * count + other] = n;
            }
        }
    }
}

// ---- The search

node search::start() const {
    node n{machine{history_.capacity}, std::vector<progress>(tasks_.size(), 0)};
    normalise(n.state);
    return n;
}

bool search::visit(const node& here) {
    if (nodes_ == most_nodes_) {
        gave_up_ = true;
        return false;
    }
    ++nodes_;
    if (path_.size() > longest_.size()) longest_ = path_;
    if (std::ranges::equal(here.made, tasks_, std::greater_equal{}, {}, &task::at_end)) {
        longest_ = path_;
        return true;
    }
    outcome said;
    for (const std::uint32_t which : candidates(here.made)) {
        if (gave_up_) break;
        if (!take(here, which, scratch_, said)) continue;
        const auto [next, is_new] = seen_.insert(scratch_);
        if (!is_new) continue;
        path_.push_back(which);
        if (visit(*next)) return true;
        path_.pop_back();
    }
    return false;
}

/// The tasks whose next transition may come, those first that had to be done first.
std::vector<std::uint32_t> search::candidates(const std::vector<progress>& made) const {
    std::vector<std::uint32_t> all;
    for (std::uint32_t which = 0; which < tasks_.size(); ++which) {
        if (may_come(made, which)) all.push_back(which);
    }
    const auto urgency = [&](std::uint32_t which) {
        const event& e = tasks_[which].events[events_done(made[which])];
        return e.waits && !has_asked(made[which]) ? e.invoked : e.returned;
    };
    std::ranges::stable_sort(all, {}, urgency);
    return all;
}

bool search::may_come(const std::vector<progress>& made, std::uint32_t which) const {
    const task& t = tasks_[which];
    const progress p = made[which];
    const std::size_t e = events_done(p);
    if (e == t.events.size() || (has_asked(p) && !t.events[e].answer)) return false;
    const bool after_rest = t.of == place::part::after || history_.rest != never;
    if (p >= t.at_rest && after_rest && !rested(made)) return false;
    if (has_asked(p) || which == 0) return true;
    for (std::size_t other = 0; other < made.size(); ++other) {
        if (events_done(made[other]) < t.first[e * made.size() + other]) return false;
    }
    return true;
}

std::optional<outcome> search::ask(machine& m, const task& t, progress p) const {
    const event& e = t.events[events_done(p)];
    name_next(m, e.answer);
    if (!e.waits || m.find_operation(e.step.operation) == nullptr) {
        if (m.refusal(e.step)) return std::nullopt;
        outcome said = apply_(m, e.step);
        if (!e.waits) return said;
    }
    return apply_(m, poll_of(e.step.operation));
}

bool search::take(const node& from, std::uint32_t which, node& to, outcome& said) const {
    const task& t = tasks_[which];
    const progress p = from.made[which];
    const event& e = t.events[events_done(p)];
    to = from;
    std::optional<outcome> answered = ask(to.state, t, p);
    if (!answered) return false;
    said = *std::move(answered);

    const bool waits_now = e.waits && said.answer.status == status::pending;
    const bool sleeps_now = has_asked(t.at_rest) && p + 1 == t.at_rest;
    if (waits_now) {
        if (has_asked(p)) return false;  // not yet
        to.made[which] = p + 1;
    } else if (sleeps_now) {
        if (rest_matters_) return false;  // answered at once, and it slept
        to.state = from.state;            // forget that it asked
        to.made[which] = p + 1;
    } else if (e.answer == said.answer) {
        to.made[which] = 2 * events_done(p) + 2;
    } else {
        return false;
    }
    normalise(to.state);
    const bool last_to_rest =
        rest_matters_ && to.made[which] == t.at_rest && t.of == place::part::lanes && rested(to.made);
    return !last_to_rest || !somebody_is_ready(to.state);
}

// ---- The rest

bool search::rested(const std::vector<progress>& made) const {
    for (std::size_t i = 0; i < made.size(); ++i) {
        if (made[i] < tasks_[i].at_rest) return false;
    }
    return true;
}

bool search::somebody_is_ready(const machine& m) const {
    return std::ranges::any_of(tasks_, [&](const task& t) {
        if (!has_asked(t.at_rest)) return false;
        machine copy = m;
        const std::optional<outcome> said = ask(copy, t, t.at_rest);
        return said && said->answer.status != status::pending;
    });
}

// ---- What is told

point search::point_of(const task& t, progress p, outcome said) const {
    return {{t.of, t.lane, events_done(p)}, has_asked(p), std::move(said)};
}

void search::describe(verdict& v) {
    node here = start();
    node next = here;
    outcome said;
    for (const std::uint32_t which : longest_) {
        take(here, which, next, said);
        v.order.push_back(point_of(tasks_[which], here.made[which], said));
        std::swap(here, next);
    }
    v.state = here.state;
    for (const std::uint32_t which : candidates(here.made)) {
        const progress p = here.made[which];
        machine copy = here.state;
        if (std::optional<outcome> o = ask(copy, tasks_[which], p)) {
            v.refused.push_back(point_of(tasks_[which], p, *std::move(o)));
        }
    }
}

void search::describe_rest(verdict& v) {
    node here = start();
    node next = here;
    outcome said;
    for (const std::uint32_t which : longest_) {
        if (rested(here.made)) break;
        take(here, which, next, said);
        v.order.push_back(point_of(tasks_[which], here.made[which], said));
        std::swap(here, next);
    }
    v.state = here.state;
    for (const task& t : tasks_) {
        if (!has_asked(t.at_rest)) continue;
        machine copy = here.state;
        std::optional<outcome> o = ask(copy, t, t.at_rest);
        if (o && o->answer.status != status::pending) {
            v.refused.push_back(point_of(t, t.at_rest, *std::move(o)));
        }
    }
}

}  // namespace

verdict check(const history& h, const check_options& options) {
    verdict v;
    search strict(h, options, true);
    const bool allowed = strict.run();
    v.nodes = strict.nodes();
    if (allowed || strict.gave_up()) {
        v.is = allowed ? finding::allowed : finding::unknown;
        strict.describe(v);
        return v;
    }
    search lenient(h, options, false);
    const bool only_asleep = strict.anybody_sleeps() && lenient.run();
    v.nodes += lenient.nodes();
    v.is = only_asleep ? finding::asleep : finding::answer;
    if (only_asleep) {
        lenient.describe_rest(v);
    } else {
        (strict.anybody_sleeps() ? lenient : strict).describe(v);
    }
    return v;
}

}  // namespace tailrace::model
