// The search for a linearization of a history.
//
// A node of the search is the progress of each task (`before`, each concurrent task, `after`) and the state of the
// specification. The search is depth first, takes the most urgent transition first, and visits no node twice. Visited
// nodes are compared, not only their hashes, because a collision would cut off an unvisited branch. A refused history
// is searched again without the condition that no task is left asleep, to learn whether only that condition fails.
// After a change here run: ctest -L model
#include "tailrace/model/linearizability.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>

namespace tailrace::model {
namespace {

/// The progress of a task: twice the number of finished events, plus one if the next has begun.
using progress = std::uint32_t;

constexpr std::uint32_t events_done(progress p) { return p / 2; }
constexpr bool has_asked(progress p) { return p % 2 != 0; }

struct task {
    place::part of = place::part::lanes;
    std::uint32_t lane = 0;
    std::span<const event> events;
    /// The number of events of each task that come first: for each event a row with a number for each task.
    std::vector<std::uint32_t> first;
    progress at_rest = 0;  // where the rest finds it; odd if it sleeps
    progress at_end = 0;   // where it must have come in the end
};

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

/// Makes equivalent states equal: new names come from the history, and the order of these lists has no meaning.
void normalise(machine& m) {
    m.next_sender = m.next_weak_sender = m.next_operation = 0;
    m.next_permit = m.next_iterator = m.next_owned_permit = 0;
    m.next_value = 0;
    std::ranges::sort(m.operations, {}, &operation::number);
    std::ranges::sort(m.grants, {}, [](const grant& g) { return std::pair(g.name, g.size); });
    std::ranges::sort(m.senders);
    std::ranges::sort(m.weak_senders);
}

/// The handle that is made next gets the name that it has in the history.
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

bool is_receiver_drop(const step& s) { return s.what == verb::drop && s.subject.kind == handle_kind::receiver; }

bool is_timed(verb v) { return v == verb::send_timeout || v == verb::recv_timeout; }

constexpr std::uint32_t no_number = ~std::uint32_t{0};

/// The permit of a value that is being sent.
handle claim_of(std::uint32_t lane) { return {handle_kind::permit, no_number - 1 - lane}; }

/// The sender that an event of a task owns until it drops it.
std::uint32_t taken_sender(std::uint32_t lane) { return claim_of(lane).number; }

/// Dropping an owned permit, or a reservation of one, returns the capacity first and then drops the sender that it
/// took.
bool may_drop_a_taken_sender(const machine& m, const event& e) {
    const handle& self = e.step.subject;
    if (self.kind == handle_kind::owned_permit) return e.step.what == verb::drop;
    if (!e.waits && self.kind != handle_kind::operation) return false;
    const operation* op = m.find_operation(e.waits ? e.step.operation : self.number);
    return op != nullptr && op->what == verb::reserve_owned;
}

bool is_receive(const machine& m, const event& e) {
    if (e.step.what != verb::poll) return e.step.subject.kind == handle_kind::receiver;
    const operation* op = m.find_operation(e.step.subject.number);
    return op != nullptr && (op->what == verb::recv || op->what == verb::recv_timeout || op->what == verb::recv_many);
}

step poll_of(std::uint32_t operation) {
    step s;
    s.what = verb::poll;
    s.subject = {handle_kind::operation, operation};
    return s;
}

/// A transition: its response, and whether the event continues after it.
struct reply {
    outcome said;
    bool more = false;
    bool silent = false;  // no response yet
};

class search {
  public:
    search(const history& h, const check_options& options, bool rest_matters);

    /// True if there is a linearization. False is certain only if not `gave_up()`.
    bool run() { return visit(*seen_.insert(start()).first); }

    [[nodiscard]] bool gave_up() const { return gave_up_; }
    [[nodiscard]] std::uint64_t nodes() const { return nodes_; }
    [[nodiscard]] std::size_t reached() const { return longest_.size(); }
    [[nodiscard]] bool has_sleepers() const { return !sleepers_.empty(); }
    /// The longest order that was found, and the transitions that were refused after it.
    void tell(verdict& v, finding is) const;

  private:
    void add_task(place::part of, std::uint32_t lane, std::span<const event> events);
    void note_value(const event& e, std::uint32_t index);
    void note_receipts();
    void order_by_time(const check_options& options);

    [[nodiscard]] node start() const;
    bool visit(const node& here);
    [[nodiscard]] std::vector<std::uint32_t> candidates(const std::vector<progress>& made) const;
    [[nodiscard]] bool may_come(const std::vector<progress>& made, std::uint32_t which) const;
    /// The response of the specification to the next transition of a task. Nothing if it is not legal, which happens
    /// only after an undone request (see `take`).
    [[nodiscard]] std::optional<reply> ask(machine& m, const task& t, progress p) const;
    [[nodiscard]] static reply drop_receiver(machine& m, bool first);
    [[nodiscard]] static bool begins(machine& m, const event& e);
    [[nodiscard]] bool goes_on_waiting(const machine& m, const task& t, std::uint32_t index) const;
    [[nodiscard]] value_id value_of(const event& e) const;
    void claim(machine& m, const task& t, const event& e) const;
    [[nodiscard]] reply deliver(machine& m, const task& t, const event& e) const;
    [[nodiscard]] reply drop_taken_sender(machine& m, const task& t, const event& e) const;
    /// The same for a receive that does not see overlapping sends, if that explains its response.
    [[nodiscard]] bool overlook(machine& m, const task& t, std::uint32_t index, outcome& said) const;
    [[nodiscard]] bool came_first(value_id v, const task& t, std::uint32_t index) const;
    /// len() and is_empty(), while values are sent or received.
    void widen(const machine& m, std::uint32_t which, std::uint32_t index, answer& said) const;
    [[nodiscard]] bool receiver_drop_overlaps(std::uint32_t which, std::uint32_t index) const;
    [[nodiscard]] bool overlap(std::uint32_t a, std::uint32_t i, std::uint32_t b, std::uint32_t j) const;
    [[nodiscard]] outcome transition(machine& m, const event& e) const;
    /// Takes the next transition of a task from `from` to `to`. False, and `to` is invalid, if the specification gives
    /// another response than the history.
    bool take(const node& from, std::uint32_t which, node& to, outcome& said) const;
    [[nodiscard]] bool rested(const std::vector<progress>& made) const;
    [[nodiscard]] bool a_sleeper_is_ready(const machine& m) const;
    /// The node at the end of the longest path, or of its part before quiescence.
    [[nodiscard]] node replay(bool up_to_rest, std::vector<point>& order) const;
    [[nodiscard]] point point_of(std::uint32_t which, progress p, outcome said) const;

    const history& history_;
    outcome (*apply_)(machine&, const step&);
    const std::uint64_t most_nodes_;
    const bool rest_matters_;

    struct sent {
        value_id value;
        std::uint32_t operation;  // no_number, if the operation that sent it is not polled
        std::uint32_t task;
        std::uint32_t index;                    // the event in which it was sent
        std::uint32_t received_by = no_number;  // the task
        std::uint32_t received_at = 0;
    };
    std::vector<sent> sent_;
    std::vector<task> tasks_;  // before, the lanes, after
    std::vector<std::uint32_t> sleepers_;
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
      apply_(options.apply != nullptr ? options.apply : [](machine& m, const step& s) { return m.apply(s); }),
      most_nodes_(options.most_nodes),
      rest_matters_(rest_matters) {
    add_task(place::part::before, 0, h.before);
    for (std::uint32_t lane = 0; lane < h.lanes.size(); ++lane) {
        add_task(place::part::lanes, lane, h.lanes[lane]);
    }
    add_task(place::part::after, 0, h.after);
    order_by_time(options);
    note_receipts();
}

void search::add_task(place::part of, std::uint32_t lane, std::span<const event> events) {
    task t{of, lane, events, {}, 0, 0};
    for (const event& e : events) {
        note_value(e, static_cast<std::uint32_t>(&e - events.data()));
        if (!e.answer) {  // only as the last
            t.at_end += history_.rest != never && of == place::part::lanes ? 1 : 0;
        } else {
            t.at_end += 2;
        }
        const bool later = of == place::part::after || e.invoked > history_.rest;
        if (of == place::part::before || (!later && e.answer && e.returned <= history_.rest)) {
            t.at_rest += 2;
        } else if (!later && !e.answer && history_.rest != never) {
            t.at_rest += 1;  // at most once: what follows it in its lane is later
        }
    }
    if (has_asked(t.at_rest)) sleepers_.push_back(static_cast<std::uint32_t>(tasks_.size()));
    tasks_.push_back(std::move(t));
}

void search::note_value(const event& e, std::uint32_t index) {
    const auto which = static_cast<std::uint32_t>(tasks_.size());
    if (e.step.what == verb::poll) {  // the last one sends it
        const auto at = std::ranges::find(sent_, e.step.subject.number, &sent::operation);
        if (at != sent_.end()) {
            at->task = which;
            at->index = index;
        }
    } else if (shape_of(e.step.what).value && e.step.value != 0) {
        const bool polled = e.answer && e.answer->status == status::created;
        sent_.push_back({e.step.value, polled ? e.step.operation : no_number, which, index, no_number, 0});
    }
}

void search::note_receipts() {
    for (std::uint32_t which = 0; which < tasks_.size(); ++which) {
        const std::span<const event> events = tasks_[which].events;
        for (std::uint32_t i = 0; i < events.size(); ++i) {
            if (!events[i].answer) continue;
            const answer& a = *events[i].answer;
            for (sent& v : sent_) {
                const bool here = (a.status == status::some && a.value == v.value) ||
                                  std::ranges::find(a.values, v.value) != a.values.end();
                if (here) v.received_by = which, v.received_at = i;
            }
        }
    }
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

/// The tasks whose next transition may come, the most urgent first.
std::vector<std::uint32_t> search::candidates(const std::vector<progress>& made) const {
    std::vector<std::uint32_t> all;
    for (std::uint32_t which = 0; which < tasks_.size(); ++which) {
        if (may_come(made, which)) all.push_back(which);
    }
    const auto urgency = [&](std::uint32_t which) {
        const event& e = tasks_[which].events[events_done(made[which])];
        return std::pair(e.waits && !has_asked(made[which]) ? e.invoked : e.returned, which);
    };
    std::ranges::sort(all, {}, urgency);
    return all;
}

bool search::may_come(const std::vector<progress>& made, std::uint32_t which) const {
    const task& t = tasks_[which];
    const progress p = made[which];
    const std::size_t e = events_done(p);
    if (e == t.events.size() || (has_asked(p) && !t.events[e].answer)) return false;
    if (t.of == place::part::after && !rested(made)) return false;
    if (has_asked(p) || which == 0) return true;
    for (std::size_t other = 0; other < made.size(); ++other) {
        if (events_done(made[other]) < t.first[e * made.size() + other]) return false;
    }
    return true;
}

std::optional<reply> search::ask(machine& m, const task& t, progress p) const {
    const event& e = t.events[events_done(p)];
    const bool alone = t.of != place::part::lanes;
    const bool drops = !alone && is_receiver_drop(e.step);
    if (drops && has_asked(p)) return drop_receiver(m, false);
    if (!alone && m.find_grant(claim_of(t.lane)) != nullptr) return deliver(m, t, e);
    const bool sender_is_left = std::ranges::find(m.senders, taken_sender(t.lane)) != m.senders.end();
    if (!alone && sender_is_left) return drop_taken_sender(m, t, e);
    if (!alone && begins(m, e)) return reply{{}, true, true};

    if (!alone && goes_on_waiting(m, t, events_done(p))) {
        return reply{{answer_of(status::pending), {}, {}}};
    }
    const bool exists = e.waits && m.find_operation(e.step.operation) != nullptr;
    if (!exists && m.refusal(e.step)) return std::nullopt;
    if (drops && !m.buffer.empty()) return drop_receiver(m, true);
    const bool may_overlook = !alone && e.answer && is_receive(m, e) && !m.buffer.empty();
    const bool may_send = !alone && e.answer && e.answer->status == status::ok && value_of(e) != 0;
    const bool may_drop = !alone && may_drop_a_taken_sender(m, e);
    std::optional<machine> before;
    if (may_overlook || may_send || may_drop) before = m;
    outcome said = transition(m, e);
    if (may_drop && m.strong_count() < before->strong_count()) {
        m = *std::move(before);
        m.senders.push_back(taken_sender(t.lane));
        return reply{transition(m, e), true};
    }
    if (may_send && said.answer.status == status::ok) {
        m = *std::move(before);
        claim(m, t, e);
        return reply{std::move(said), true};
    }
    if (may_overlook && said.answer != *e.answer) {
        if (overlook(*before, t, events_done(p), said)) m = *std::move(before);
    }
    if (!alone) widen(m, t.lane + 1, events_done(p), said.answer);
    return reply{std::move(said)};
}

outcome search::transition(machine& m, const event& e) const {
    name_next(m, e.answer);
    if (!e.waits) return apply_(m, e.step);
    if (m.find_operation(e.step.operation) == nullptr) (void)apply_(m, e.step);
    return apply_(m, poll_of(e.step.operation));
}

/// The value that a send of a sender sends, if it succeeds; 0 for everything else.
value_id search::value_of(const event& e) const {
    if (e.step.what == verb::poll) {
        const auto at = std::ranges::find(sent_, e.step.subject.number, &sent::operation);
        return at == sent_.end() ? 0 : at->value;
    }
    const bool sends = e.step.what == verb::try_send || (e.waits && e.step.value != 0);
    return sends && e.step.subject.kind == handle_kind::sender ? e.step.value : 0;
}

/// A send gets its capacity first; from then on a permit represents it instead of the operation.
void search::claim(machine& m, const task& t, const event& e) const {
    const std::uint32_t number = e.waits ? e.step.operation : e.step.subject.number;
    const operation* op = e.step.what == verb::try_send ? nullptr : m.find_operation(number);
    if (op == nullptr || op->held == 0) m.available -= 1;
    m.grants.push_back({claim_of(t.lane), op != nullptr ? op->sender : e.step.subject.number, 1});
    if (op != nullptr) std::erase_if(m.operations, [&](const operation& o) { return &o == op; });
}

/// Then its value enters the buffer, or is destroyed if the receiver is gone meanwhile (late-send.destroyed).
reply search::deliver(machine& m, const task& t, const event& e) const {
    std::erase_if(m.grants, [&](const grant& g) { return g.name == claim_of(t.lane); });
    outcome out;
    m.deliver(value_of(e), out);
    out.answer = *e.answer;
    return {std::move(out)};
}

/// The capacity is returned first, then the sender is dropped (owned_permit.drops-sender). Other tasks can observe
/// this.
reply search::drop_taken_sender(machine& m, const task& t, const event& e) const {
    step last;
    last.what = verb::drop;
    last.subject = {handle_kind::sender, taken_sender(t.lane)};
    outcome out = apply_(m, last);
    out.answer = *e.answer;
    return {std::move(out)};
}

/// A value gets its place in the buffer when its send gets capacity, and may be written a little later. Until the send
/// has returned, a receive may act as if that value and those behind it were not there yet; it will be woken for them.
/// try_recv never does so if it would miss a value whose send came first (try_recv.never-misses), and it must not
/// report the end because of it.
bool search::overlook(machine& m, const task& t, std::uint32_t index, outcome& said) const {
    const event& e = t.events[index];
    const auto seen = [&](value_id v) { return came_first(v, t, index); };
    const auto first = std::ranges::find_if_not(m.buffer, seen) - m.buffer.begin();
    for (auto cut = first; cut < std::ssize(m.buffer); ++cut) {
        const auto from = m.buffer.begin() + cut;
        if (seen(*from)) continue;
        if (e.step.what == verb::try_recv && std::any_of(from, m.buffer.end(), seen)) continue;
        machine other = m;
        const std::vector<value_id> rest(from, m.buffer.end());
        other.buffer.resize(static_cast<std::size_t>(cut));
        constexpr handle on_the_way{handle_kind::permit, ~std::uint32_t{0}};
        other.grants.push_back({on_the_way, 0, rest.size()});
        outcome out = transition(other, e);
        const status s = out.answer.status;
        if (out.answer != *e.answer || s == status::none || s == status::disconnected) continue;
        std::erase_if(other.grants, [&](const grant& g) { return g.name == on_the_way; });
        other.buffer.insert(other.buffer.end(), rest.begin(), rest.end());
        m = std::move(other);
        said = std::move(out);
        return true;
    }
    return false;
}

bool search::came_first(value_id v, const task& t, std::uint32_t index) const {
    const auto at = std::ranges::find(sent_, v, &sent::value);
    if (at == sent_.end()) return true;
    const std::size_t row = std::size_t{index} * tasks_.size();
    const bool own = &tasks_[at->task] == &t;
    return own || at->task == 0 || at->index < t.first[row + at->task];
}

/// A snapshot is exact if no task sends or receives meanwhile. Otherwise it may or may not count a value that is being
/// sent or received.
void search::widen(const machine& m, std::uint32_t which, std::uint32_t index, answer& said) const {
    const event& e = tasks_[which].events[index];
    const bool len = e.step.what == verb::len;
    if ((!len && e.step.what != verb::is_empty) || !e.answer || said == *e.answer) return;
    std::uint64_t moving_in = 0;
    std::uint64_t moving_out = 0;
    const bool being_destroyed = receiver_drop_overlaps(which, index);
    for (const sent& v : sent_) {
        const bool inside = std::ranges::find(m.buffer, v.value) != m.buffer.end();
        const bool received = m.receiver_gone || (inside && being_destroyed) ||
                              (v.received_by != no_number && overlap(v.received_by, v.received_at, which, index));
        const bool moves = received || overlap(v.task, v.index, which, index);
        moving_in += inside && moves ? 1 : 0;
        moving_out += !inside && moves ? 1 : 0;
    }
    const std::uint64_t least = m.buffer.size() - moving_in;
    const std::uint64_t most = m.buffer.size() + moving_out;
    const std::uint64_t recorded = e.answer->number;
    const bool allowed = len ? least <= recorded && recorded <= most : recorded == 1 ? least == 0 : most > 0;
    if (allowed) said = *e.answer;
}

bool search::receiver_drop_overlaps(std::uint32_t which, std::uint32_t index) const {
    for (std::uint32_t other = 1; other < tasks_.size(); ++other) {
        for (std::uint32_t i = 0; i < tasks_[other].events.size(); ++i) {
            if (is_receiver_drop(tasks_[other].events[i].step) && overlap(other, i, which, index)) return true;
        }
    }
    return false;
}

bool search::overlap(std::uint32_t a, std::uint32_t i, std::uint32_t b, std::uint32_t j) const {
    const auto first = [&](std::uint32_t x, std::uint32_t k, std::uint32_t y, std::uint32_t l) {
        return x == 0 || (y != 0 && k < tasks_[y].first[std::size_t{l} * tasks_.size() + x]);
    };
    return a != b && !first(a, i, b, j) && !first(b, j, a, i);
}

/// The first poll of an operation that may have to wait has several steps: it reads the clock, if it has a deadline;
/// its request takes capacity or a place in the queue; then it checks its state: other tasks may have moved the time,
/// served it, or closed in between. There is no response before that check.
bool search::begins(machine& m, const event& e) {
    const bool creates = e.waits && creates_operation(e.step.what, e.step.subject.kind);
    if (!creates && e.step.what != verb::poll) return false;
    const std::uint32_t number = creates ? e.step.operation : e.step.subject.number;
    if (creates && m.find_operation(number) == nullptr) {
        if (m.refusal(e.step)) return false;
        m.apply(e.step);
    }
    operation* op = m.find_operation(number);
    if (op == nullptr || op->now != operation::phase::created) return false;
    if (is_timed(op->what) && !op->deadline) {
        op->deadline = m.now + op->timeout;
        return true;
    }
    const bool acquires = op->what == verb::send || op->what == verb::send_timeout || op->what == verb::reserve ||
                          op->what == verb::reserve_many || op->what == verb::reserve_owned;
    if (acquires && op->need <= m.max) {
        m.acquire(*op);
        return true;
    }
    if (op->what != verb::recv_timeout || m.now < *op->deadline) return false;
    machine asked = m;  // a receive whose deadline has passed already parks first
    asked.find_operation(number)->deadline = duration::max();
    if (asked.apply(poll_of(number)).answer.status != status::pending) return false;
    asked.find_operation(number)->deadline = op->deadline;
    m = std::move(asked);
    return true;
}

/// A poll that read the clock before its request, and did not read it again after the time had moved: the deadline will
/// wake it.
bool search::goes_on_waiting(const machine& m, const task& t, std::uint32_t index) const {
    const event& e = t.events[index];
    if (e.step.what != verb::poll || !e.answer || e.answer->status != status::pending) return false;
    const operation* op = m.find_operation(e.step.subject.number);
    if (op == nullptr || !op->deadline || m.now < *op->deadline || op->now != operation::phase::waiting || m.closed) {
        return false;
    }
    for (std::uint32_t other = 1; other < tasks_.size(); ++other) {
        for (std::uint32_t i = 0; i < tasks_[other].events.size(); ++i) {
            if (tasks_[other].events[i].step.what == verb::advance && overlap(other, i, t.lane + 1, index)) return true;
        }
    }
    return false;
}

/// It closes, and then destroys one value after another, each after its permit was returned
/// (receiver-drop.permit-first). Other tasks can observe these steps.
reply search::drop_receiver(machine& m, bool first) {
    outcome out;
    if (first) {
        m.close(out);
        m.receiver_gone = true;
    } else {
        out.destroyed.push_back(m.buffer.front());
        m.buffer.erase(m.buffer.begin());
        m.release(1, out);
    }
    return {std::move(out), !m.buffer.empty()};
}

bool search::take(const node& from, std::uint32_t which, node& to, outcome& said) const {
    const task& t = tasks_[which];
    const progress p = from.made[which];
    const event& e = t.events[events_done(p)];
    to = from;
    std::optional<reply> replied = ask(to.state, t, p);
    if (!replied) return false;
    said = std::move(replied->said);

    if (replied->silent) {
        normalise(to.state);
        return true;
    }
    const bool waits_now = e.waits && said.answer.status == status::pending;
    const bool sleeps_now = has_asked(t.at_rest) && p + 1 == t.at_rest;
    if (waits_now) {
        if (has_asked(p)) return false;  // not yet
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
    normalise(to.state);
    const bool comes_to_rest =
        t.of == place::part::lanes && p < t.at_rest && to.made[which] == t.at_rest && rested(to.made);
    return !comes_to_rest || a_sleeper_is_ready(to.state) != rest_matters_;
}

// ---- Quiescence

bool search::rested(const std::vector<progress>& made) const {
    for (std::size_t i = 0; i < made.size(); ++i) {
        if (made[i] < tasks_[i].at_rest) return false;
    }
    return true;
}

bool search::a_sleeper_is_ready(const machine& m) const {
    return std::ranges::any_of(sleepers_, [&](std::uint32_t which) {
        machine copy = m;
        const std::optional<reply> r = ask(copy, tasks_[which], tasks_[which].at_rest);
        return r && r->said.answer.status != status::pending;
    });
}

// ---- The result

node search::replay(bool up_to_rest, std::vector<point>& order) const {
    node here = start();
    node next = here;
    outcome said;
    for (const std::uint32_t which : longest_) {
        if (up_to_rest && rested(here.made)) break;
        take(here, which, next, said);
        const bool silent = next.made[which] == here.made[which];
        if (!silent) order.push_back(point_of(which, here.made[which], said));
        std::swap(here, next);
    }
    return here;
}

void search::tell(verdict& v, finding is) const {
    const bool asleep = is == finding::asleep;
    const node here = replay(asleep, v.order);
    v.is = is;
    v.state = here.state;
    if (is == finding::allowed) return;
    for (const std::uint32_t which : asleep ? sleepers_ : candidates(here.made)) {
        machine copy = here.state;
        std::optional<reply> r = ask(copy, tasks_[which], here.made[which]);
        if (!r || (asleep && r->said.answer.status == status::pending)) continue;
        v.refused.push_back(point_of(which, here.made[which], std::move(r->said)));
    }
}

point search::point_of(std::uint32_t which, progress p, outcome said) const {
    const task& t = tasks_[which];
    return {{t.of, t.lane, events_done(p)}, has_asked(p), std::move(said)};
}

}  // namespace

verdict check(const history& h, const check_options& options) {
    verdict v;
    search strict(h, options, true);
    const bool allowed = strict.run();
    v.nodes = strict.nodes();
    if (allowed || strict.gave_up() || !strict.has_sleepers()) {
        strict.tell(v, allowed ? finding::allowed : strict.gave_up() ? finding::unknown : finding::answer);
        return v;
    }
    search lenient(h, options, false);
    const bool asleep = lenient.run();
    v.nodes += lenient.nodes();
    const search& further = asleep || lenient.reached() > strict.reached() ? lenient : strict;
    further.tell(v, asleep ? finding::asleep : finding::answer);
    return v;
}

}  // namespace tailrace::model
