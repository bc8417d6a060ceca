// The search for a linearization of a history.
//
// Its state is how far each task is, and the state of the specification. It goes depth first, takes the most urgent
// transition first, and visits no state twice: states are compared, not only their hashes, because a collision would
// cut off a branch unseen. A history that is refused is searched again for an order that leaves a task asleep, to learn
// whether that is all that is wrong. What a transition is, channel_rules.hpp knows, and what may come next,
// timeline.hpp.
// After a change here run: ci/test -L model
#include "tailrace/model/linearizability.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>

#include "channel_rules.hpp"
#include "timeline.hpp"

namespace tailrace::model {
namespace {

/// A node of the search.
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

class search {
  public:
    search(const history& h, const check_options& options, bool rest_matters)
        : capacity_(h.capacity),
          most_nodes_(options.most_nodes),
          rest_matters_(rest_matters),
          times_(h, options),
          rules_(times_, options) {}

    /// True if there is a linearization. False is certain only if not `gave_up()`.
    bool run() { return visit(*seen_.insert(start()).first); }

    [[nodiscard]] bool gave_up() const { return gave_up_; }
    [[nodiscard]] std::uint64_t nodes() const { return nodes_; }
    [[nodiscard]] std::size_t reached() const { return longest_.size(); }
    [[nodiscard]] bool has_sleepers() const { return !times_.sleepers().empty(); }
    /// The longest order that was found, and the transitions that were refused after it.
    void report(verdict& v, finding is) const;

  private:
    [[nodiscard]] node start() const;
    bool visit(const node& here);
    [[nodiscard]] std::vector<std::uint32_t> candidates(const std::vector<progress>& made) const;
    /// Takes the next transition of a task from `from` to `to`. False, and `to` is invalid, if the specification gives
    /// another response than the history.
    bool take(const node& from, std::uint32_t which, node& to, outcome& said) const;
    [[nodiscard]] bool a_sleeper_is_ready(const node& n) const;
    /// Where the longest path leads, or the part of it before quiescence.
    [[nodiscard]] node replay(bool up_to_rest, std::vector<point>& order) const;
    [[nodiscard]] point point_of(std::uint32_t which, progress p, outcome said) const;

    const std::uint64_t capacity_;
    const std::uint64_t most_nodes_;
    const bool rest_matters_;
    timeline times_;
    channel_rules rules_;

    std::unordered_set<node, hash_of_node> seen_;
    node scratch_{machine{1}, {}};
    std::vector<std::uint32_t> path_;     // the task of each transition
    std::vector<std::uint32_t> longest_;  // the longest path so far
    std::uint64_t nodes_ = 0;
    bool gave_up_ = false;
};

node search::start() const {
    node n{machine{capacity_}, std::vector<progress>(times_.tasks().size(), 0)};
    channel_rules::normalise(n.state);
    return n;
}

bool search::visit(const node& here) {
    if (nodes_ == most_nodes_) {
        gave_up_ = true;
        return false;
    }
    ++nodes_;
    if (path_.size() > longest_.size()) longest_ = path_;
    if (std::ranges::equal(here.made, times_.tasks(), std::greater_equal{}, {}, &task::at_end)) {
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

/// The tasks whose next transition may come, the most urgent first.
std::vector<std::uint32_t> search::candidates(const std::vector<progress>& made) const {
    std::vector<std::uint32_t> all;
    for (std::uint32_t which = 0; which < times_.tasks().size(); ++which) {
        if (times_.may_come(made, which)) all.push_back(which);
    }
    const auto urgency = [&](std::uint32_t which) {
        const event& e = times_.tasks()[which].events[events_done(made[which])];
        return std::pair(e.waits && !has_begun(made[which]) ? e.invoked : e.returned, which);
    };
    std::ranges::sort(all, {}, urgency);
    return all;
}

bool search::take(const node& from, std::uint32_t which, node& to, outcome& said) const {
    const task& t = times_.tasks()[which];
    const progress p = from.made[which];
    const event& e = t.events[events_done(p)];
    to = from;
    std::optional<reply> replied = rules_.ask(to.state, t, p, from.made);
    if (!replied) return false;
    said = std::move(replied->said);

    if (replied->silent) {
        channel_rules::normalise(to.state);
        return true;
    }
    const bool waits_now = e.waits && said.answer.status == status::pending;
    const bool sleeps_now = has_begun(t.at_rest) && p + 1 == t.at_rest;
    if (waits_now) {
        if (has_begun(p)) return false;  // not yet
        to.made[which] = p + 1;
    } else if (sleeps_now) {
        if (rest_matters_) return false;  // it would have completed at once, but it slept
        to.state = from.state;            // undo the request
        to.made[which] = p + 1;
    } else if (e.answer == said.answer) {
        to.made[which] = 2 * events_done(p) + (replied->more ? 1 : 2);
    } else {
        return false;
    }
    channel_rules::normalise(to.state);
    const bool comes_to_rest =
        t.of == place::part::tasks && p < t.at_rest && to.made[which] == t.at_rest && times_.rested(to.made);
    return !comes_to_rest || a_sleeper_is_ready(to) != rest_matters_;
}

bool search::a_sleeper_is_ready(const node& n) const {
    return std::ranges::any_of(times_.sleepers(), [&](std::uint32_t which) {
        machine copy = n.state;
        const std::optional<reply> r = rules_.ask(copy, times_.tasks()[which], times_.tasks()[which].at_rest, n.made);
        return r && r->said.answer.status != status::pending;
    });
}

node search::replay(bool up_to_rest, std::vector<point>& order) const {
    node here = start();
    node next = here;
    outcome said;
    for (const std::uint32_t which : longest_) {
        if (up_to_rest && times_.rested(here.made)) break;
        take(here, which, next, said);
        const bool silent = next.made[which] == here.made[which];
        if (!silent) order.push_back(point_of(which, here.made[which], said));
        std::swap(here, next);
    }
    return here;
}

void search::report(verdict& v, finding is) const {
    const bool asleep = is == finding::asleep;
    const node here = replay(asleep, v.order);
    v.is = is;
    v.state = here.state;
    if (is == finding::allowed) return;
    for (const std::uint32_t which : asleep ? times_.sleepers() : candidates(here.made)) {
        machine copy = here.state;
        std::optional<reply> r = rules_.ask(copy, times_.tasks()[which], here.made[which], here.made);
        if (!r || (asleep && r->said.answer.status == status::pending)) continue;
        v.refused.push_back(point_of(which, here.made[which], std::move(r->said)));
    }
}

point search::point_of(std::uint32_t which, progress p, outcome said) const {
    const task& t = times_.tasks()[which];
    return {{t.of, t.task, events_done(p)}, has_begun(p), std::move(said)};
}

}  // namespace

verdict check(const history& h, const check_options& options) {
    verdict v;
    search strict(h, options, true);
    const bool allowed = strict.run();
    v.nodes = strict.nodes();
    if (allowed || strict.gave_up() || !strict.has_sleepers()) {
        strict.report(v, allowed ? finding::allowed : strict.gave_up() ? finding::unknown : finding::answer);
        return v;
    }
    search lenient(h, options, false);
    const bool asleep = lenient.run();
    v.nodes += lenient.nodes();
    const search& further = asleep || lenient.reached() > strict.reached() ? lenient : strict;
    further.report(v, asleep ? finding::asleep : finding::answer);
    return v;
}

}  // namespace tailrace::model
