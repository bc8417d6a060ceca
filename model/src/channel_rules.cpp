#include "channel_rules.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tailrace::model {
namespace {

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

/// Whether there is a value, or a permit for one: a drop of the receiver may take several steps.
bool may_drain(const machine& m) { return m.available < m.max; }

/// The sender that an event of a task owns until it drops it.
std::uint32_t taken_sender(std::uint32_t task) { return claim_of(task).number; }

/// Dropping an owned permit, or a reservation of one, returns the capacity first and then drops the sender that it
/// took.
bool may_drop_a_taken_sender(const machine& m, const event& e) {
    const handle& self = e.step.subject;
    if (self.kind == handle_kind::owned_permit) return e.step.what == verb::drop;
    if (!e.waits && self.kind != handle_kind::operation) return false;
    const operation* op = m.find_operation(e.waits ? e.step.operation : self.number);
    return op != nullptr && owns_sender(op->what);
}

bool is_receive(const machine& m, const event& e) {
    const handle_kind of = e.step.subject.kind;
    if (e.step.what != verb::poll) return of == handle_kind::receiver && !is_observer(e.step.what, of);
    const operation* op = m.find_operation(e.step.subject.number);
    return op != nullptr && is_receive(op->what);
}

step poll_of(std::uint32_t operation) {
    step s;
    s.what = verb::poll;
    s.subject = {handle_kind::operation, operation};
    return s;
}

}  // namespace

channel_rules::channel_rules(const timeline& times, const check_options& options)
    : times_(times),
      bounds_(times, sent_, options.first != nullptr),
      apply_(options.apply != nullptr ? options.apply : [](machine& m, const step& s) { return m.apply(s); }) {
    for (std::uint32_t which = 0; which < times_.tasks().size(); ++which) {
        const std::span<const event> events = times_.tasks()[which].events;
        for (std::uint32_t i = 0; i < events.size(); ++i) note_value(events[i], which, i);
    }
    note_receipts();
}

// New names come from the history, and the order of these lists means nothing.
void channel_rules::normalise(machine& m) {
    m.next_sender = m.next_weak_sender = m.next_operation = 0;
    m.next_permit = m.next_iterator = m.next_owned_permit = 0;
    m.next_value = 0;
    std::ranges::sort(m.operations, {}, &operation::number);
    std::ranges::sort(m.grants, {}, [](const grant& g) { return std::pair(g.name, g.size); });
    std::ranges::sort(m.senders);
    std::ranges::sort(m.weak_senders);
}

void channel_rules::note_value(const event& e, std::uint32_t which, std::uint32_t index) {
    const bool accepted = e.answer && (e.answer->status == status::ok || e.answer->status == status::made);
    if (e.step.what == verb::poll) {  // the last one sends it
        const auto at = std::ranges::find(sent_, e.step.subject.number, &sent::operation);
        if (at != sent_.end()) {
            at->task = which;
            at->index = index;
            at->accepted = accepted;
        }
    } else if (shape_of(e.step.what).value && e.step.value != 0) {
        const bool polled = e.answer && e.answer->status == status::created;
        sent_.push_back({e.step.value, polled ? e.step.operation : no_number, which, index, no_number, 0, accepted});
    }
}

void channel_rules::note_receipts() {
    for (std::uint32_t which = 0; which < times_.tasks().size(); ++which) {
        const std::span<const event> events = times_.tasks()[which].events;
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

std::optional<reply> channel_rules::ask(machine& m, const task& t, progress p,
                                        const std::vector<progress>& made) const {
    const event& e = t.events[events_done(p)];
    const bool alone = t.of != place::part::tasks;
    const bool drops = !alone && is_receiver_drop(e.step);
    if (drops && has_begun(p)) return drop_receiver(m, false);
    if (!alone && m.find_grant(claim_of(t.task)) != nullptr) return deliver(m, t, e);
    const bool sender_is_left = std::ranges::find(m.senders, taken_sender(t.task)) != m.senders.end();
    if (!alone && sender_is_left) return drop_taken_sender(m, t, e);
    if (!alone && begins(m, e)) return reply{{}, true, true};

    if (!alone && goes_on_waiting(m, t, events_done(p))) {
        return reply{{answer_of(status::pending), {}, {}}};
    }
    const bool exists = e.waits && m.find_operation(e.step.operation) != nullptr;
    if (!exists && m.refusal(e.step)) return std::nullopt;
    if (drops && may_drain(m)) return drop_receiver(m, true);
    const bool may_overlook = !alone && e.answer && is_receive(m, e) && !m.buffer.empty();
    const bool may_send = !alone && e.answer && e.answer->status == status::ok && value_of(e) != 0;
    const bool may_drop = !alone && may_drop_a_taken_sender(m, e);
    std::optional<machine> before;
    if (may_overlook || may_send || may_drop) before = m;
    outcome said = transition(m, e);
    if (may_drop && m.strong_count() < before->strong_count()) {
        m = *std::move(before);
        m.senders.push_back(taken_sender(t.task));
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
    if (!alone && said.answer != e.answer && bounds_.allow(m, made, t.task + 1, events_done(p), said.answer)) {
        said.answer = *e.answer;
    }
    return reply{std::move(said)};
}

outcome channel_rules::transition(machine& m, const event& e) const {
    name_next(m, e.answer);
    if (!e.waits) return apply_(m, e.step);
    if (m.find_operation(e.step.operation) == nullptr) (void)apply_(m, e.step);
    return apply_(m, poll_of(e.step.operation));
}

/// The value that a send of a sender sends, if it succeeds; 0 for everything else.
value_id channel_rules::value_of(const event& e) const {
    if (e.step.what == verb::poll) {
        const auto at = std::ranges::find(sent_, e.step.subject.number, &sent::operation);
        return at == sent_.end() ? 0 : at->value;
    }
    const handle_kind of = e.step.subject.kind;
    return of == handle_kind::sender && (e.waits || !creates_operation(e.step.what, of)) ? e.step.value : 0;
}

/// A send gets its capacity first; from then on a permit represents it instead of the operation.
void channel_rules::claim(machine& m, const task& t, const event& e) const {
    const std::uint32_t number = e.waits ? e.step.operation : e.step.subject.number;
    const bool polls = e.waits || e.step.what == verb::poll;
    const operation* op = polls ? m.find_operation(number) : nullptr;
    if (op == nullptr || op->held == 0) m.available -= 1;
    m.grants.push_back({claim_of(t.task), op != nullptr ? op->sender : e.step.subject.number, 1});
    if (op != nullptr) std::erase_if(m.operations, [&](const operation& o) { return &o == op; });
}

/// Then its value enters the buffer, or is destroyed if the receiver is gone meanwhile (late-send.destroyed).
reply channel_rules::deliver(machine& m, const task& t, const event& e) const {
    std::erase_if(m.grants, [&](const grant& g) { return g.name == claim_of(t.task); });
    outcome out;
    m.deliver(value_of(e), out);
    out.answer = *e.answer;
    return {std::move(out)};
}

/// The capacity is returned first, then the sender is dropped (owned_permit.drops-sender). Other tasks can observe
/// this.
reply channel_rules::drop_taken_sender(machine& m, const task& t, const event& e) const {
    step last;
    last.what = verb::drop;
    last.subject = {handle_kind::sender, taken_sender(t.task)};
    outcome out = apply_(m, last);
    out.answer = *e.answer;
    return {std::move(out)};
}

/// A value gets its place in the buffer when its send gets capacity, and may be written a little later. Until the send
/// has returned, a receive may act as if that value and those behind it were not there yet; it will be woken for them.
/// try_recv never does so if it would miss a value whose send came first (try_recv.never-misses), and it must not
/// report the end because of it.
bool channel_rules::overlook(machine& m, const task& t, std::uint32_t index, outcome& said) const {
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
        // Not a permit: with that name a changed `apply` keeps the permits that it has lost.
        constexpr handle on_the_way{handle_kind::iterator, no_number};
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

/// Whether the send of a value came before event `index` of task `t`.
bool channel_rules::came_first(value_id v, const task& t, std::uint32_t index) const {
    const auto at = std::ranges::find(sent_, v, &sent::value);
    if (at == sent_.end()) return true;
    const std::uint32_t self = t.task + 1;
    return at->task == self || times_.comes_first(at->task, at->index, self, index);
}

/// The first poll of an operation that may have to wait has several steps: it reads the clock, if it has a deadline;
/// its request takes capacity or a place in the queue; then it checks its state: other tasks may have moved the time,
/// served it, or closed in between. There is no response before that check.
bool channel_rules::begins(machine& m, const event& e) {
    const bool creates = e.waits && creates_operation(e.step.what, e.step.subject.kind);
    if (!creates && e.step.what != verb::poll) return false;
    const std::uint32_t number = creates ? e.step.operation : e.step.subject.number;
    if (creates && m.find_operation(number) == nullptr) {
        if (m.refusal(e.step)) return false;
        m.apply(e.step);
    }
    operation* op = m.find_operation(number);
    if (op == nullptr || op->now != operation::phase::created) return false;
    if (shape_of(op->what).time && !op->deadline) {
        op->deadline = m.now + op->timeout;
        return true;
    }
    if (acquires(op->what) && op->need <= m.max) {
        m.acquire(*op);
        return true;
    }
    if (!is_receive(op->what) || !op->deadline || m.now < *op->deadline) return false;
    machine asked = m;  // a receive whose deadline has passed already parks first
    asked.find_operation(number)->deadline = duration::max();
    if (asked.apply(poll_of(number)).answer.status != status::pending) return false;
    asked.find_operation(number)->deadline = op->deadline;
    m = std::move(asked);
    return true;
}

/// A poll that read the clock before its request, and did not read it again after the time had moved: the deadline will
/// wake it.
bool channel_rules::goes_on_waiting(const machine& m, const task& t, std::uint32_t index) const {
    const event& e = t.events[index];
    if (e.step.what != verb::poll || !e.answer || e.answer->status != status::pending) return false;
    const operation* op = m.find_operation(e.step.subject.number);
    if (op == nullptr || !op->deadline || m.now < *op->deadline || op->now != operation::phase::waiting || m.closed) {
        return false;
    }
    for (std::uint32_t other = 1; other < times_.tasks().size(); ++other) {
        for (std::uint32_t i = 0; i < times_.tasks()[other].events.size(); ++i) {
            if (times_.tasks()[other].events[i].step.what == verb::advance &&
                times_.overlap(other, i, t.task + 1, index))
                return true;
        }
    }
    return false;
}

/// It closes, and then destroys one value after another, each after its permit was returned
/// (receiver-drop.permit-first), until it finds none. Other tasks can observe these steps, and a value that is sent by
/// then is destroyed here too.
reply channel_rules::drop_receiver(machine& m, bool first) {
    outcome out;
    m.draining = true;
    if (first) {
        m.close(out);
        m.receiver_gone = true;
        m.draining = may_drain(m);
    } else if (m.buffer.empty()) {
        m.draining = false;
    } else {
        out.destroyed.push_back(m.buffer.front());
        m.buffer.erase(m.buffer.begin());
        m.release(1, out);
        m.draining = may_drain(m);
    }
    return {std::move(out), m.draining};
}

}  // namespace tailrace::model
