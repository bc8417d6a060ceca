// Mutants of the waiting sends, of send through a permit, and of closed().
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

// ---- send

outcome granted_send_ignores_close(machine& m, const step& s) {
    const operation* op = polled<verb::send, verb::send_timeout>(m, s);
    return op != nullptr && m.closed && is_granted(*op) ? apply_as_if_open(m, s) : m.apply(s);
}

outcome destroys_a_value_twice(machine& m, const step& s) {
    const bool drains = is_drop_of(s, handle_kind::receiver) && !m.buffer.empty();
    outcome out = m.apply(s);
    if (drains) out.destroyed.push_back(out.destroyed.back());
    return out;
}

outcome failed_send_is_delivered(machine& m, const step& s) {
    const operation* op = polled<verb::send, verb::send_timeout>(m, s);
    if (op == nullptr || !m.closed || m.receiver_gone || op->held == 0) return m.apply(s);
    outcome out = answers(status::closed, op->value);
    finish(m, op->number);
    m.deliver(*out.answer.value, out);
    return out;
}

template <verb V>
outcome closed_send_swallows_value(machine& m, const step& s) {
    const bool concerned = polled<V>(m, s) != nullptr;
    outcome out = m.apply(s);
    if (concerned && out.answer.status == status::closed) swallow(out);
    return out;
}

// ---- closed()

outcome wakes_one_listener(machine& m, const step& s) {
    const bool now = closes(m, s);
    const std::vector<std::uint32_t> listeners = m.listeners;
    outcome out = m.apply(s);
    if (now && listeners.size() > 1) {
        silence(m, out, [&](const operation& op) { return op.what == verb::closed && op.number != listeners.front(); });
    }
    return out;
}

outcome late_listener_waits(machine& m, const step& s) {
    const operation* op = polled<verb::closed>(m, s);
    return op != nullptr && m.closed && is_first_poll(*op) ? answers(status::pending) : m.apply(s);
}

// ---- send_timeout

outcome times_out_without_waiting(machine& m, const step& s) {
    const operation* op = polled<verb::send_timeout>(m, s);
    if (op == nullptr || !is_first_poll(*op) || m.closed || m.available > 0) return m.apply(s);
    const value_id v = op->value;
    finish(m, op->number);
    return answers(status::timeout, v);
}

outcome sleeps_through_deadline(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == verb::advance) {
        silence(m, out, [](const operation& op) { return op.what == verb::send_timeout; });
    }
    return out;
}

outcome waits_past_deadline(machine& m, const step& s) {
    const operation* op = polled<verb::send_timeout>(m, s);
    const bool overdue = op != nullptr && !m.closed && is_queued(m, *op) && is_overdue(m, *op);
    return overdue ? answers(status::pending) : m.apply(s);
}

outcome timeout_swallows_value(machine& m, const step& s) {
    const bool concerned = polled<verb::send_timeout>(m, s) != nullptr;
    outcome out = m.apply(s);
    if (concerned && out.answer.status == status::timeout) swallow(out);
    return out;
}

outcome timed_send_ignores_close(machine& m, const step& s) {
    const operation* op = polled<verb::send_timeout>(m, s);
    const bool in_time = op != nullptr && m.closed && op->timeout.count() > 0 && !is_overdue(m, *op);
    return in_time ? answers(status::pending) : m.apply(s);
}

/// An overdue send that could have answered otherwise says timeout.
outcome times_out(machine& m, const operation& op) {
    outcome out = answers(status::timeout, op.value);
    m.withdraw(op.number, out);
    return out;
}

outcome timeout_beats_success(machine& m, const step& s) {
    const operation* op = polled<verb::send_timeout>(m, s);
    const bool both = op != nullptr && !m.closed && is_granted(*op) && is_overdue(m, *op);
    return both ? times_out(m, *op) : m.apply(s);
}

outcome timeout_beats_closed(machine& m, const step& s) {
    const operation* op = polled<verb::send_timeout>(m, s);
    return op != nullptr && m.closed && is_overdue(m, *op) ? times_out(m, *op) : m.apply(s);
}

outcome zero_timeout_never_sends(machine& m, const step& s) {
    const operation* op = polled<verb::send_timeout>(m, s);
    const bool zero = op != nullptr && is_first_poll(*op) && !m.closed && op->timeout.count() == 0;
    return zero ? times_out(m, *op) : m.apply(s);
}

outcome deadline_counts_from_creation(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == verb::send_timeout) m.find_operation(s.operation)->deadline = m.now + s.time;
    silence(m, out, [](const operation& op) { return is_first_poll(op); });  // no waker to call yet
    return out;
}

// ---- Through a permit

bool sends_through_permit(const step& s) { return s.what == verb::send && s.subject.kind != handle_kind::sender; }

outcome permit_loses_value(machine& m, const step& s) {
    const bool loses = s.what == verb::send && s.subject.kind == handle_kind::permit && !m.receiver_gone;
    outcome out = m.apply(s);
    if (loses) {
        m.buffer.pop_back();
        silence_receive(m, out);
        out.destroyed.push_back(s.value);
        m.release(1, out);
    }
    return out;
}

outcome permit_fails_after_close(machine& m, const step& s) {
    const bool fails = s.what == verb::send && s.subject.kind == handle_kind::permit && m.closed;
    return fails ? answers(status::closed, s.value) : m.apply(s);
}

outcome closed_channel_eats_permitted_value(machine& m, const step& s) {
    const bool eaten = sends_through_permit(s) && m.closed && !m.receiver_gone;
    outcome out = m.apply(s);
    if (eaten) {
        m.buffer.pop_back();
        out.destroyed.push_back(s.value);
        m.release(1, out);
    }
    return out;
}

outcome late_value_lives_on(machine& m, const step& s) {
    const bool late = sends_through_permit(s) && m.receiver_gone;
    outcome out = m.apply(s);
    if (late) out.destroyed.clear();
    return out;
}

outcome late_value_keeps_capacity(machine& m, const step& s) {
    const bool late = sends_through_permit(s) && m.receiver_gone;
    outcome out = m.apply(s);
    if (late) {
        --m.available;
        write_off(m, 1);
    }
    return out;
}

outcome unpolled_value_leaks(machine& m, const step& s) {
    const operation* op = cancelled(m, s);
    const bool never_polled = op != nullptr && is_first_poll(*op);
    outcome out = m.apply(s);
    if (never_polled) out.destroyed.clear();
    return out;
}

constexpr std::array send_mutants{
    mutant{"send-ignores-capacity", "send.waits", "A send on a full channel succeeds at once.",
           ignores_capacity<verb::send>},
    mutant{"granted-send-ignores-close", "send.ok-means-open", "A send granted before the close is sent after it.",
           granted_send_ignores_close},
    mutant{"destroys-a-value-twice", "send.ok-not-received", "Dropping the receiver destroys the last value twice.",
           destroys_a_value_twice},
    mutant{"failed-send-is-delivered", "send.err-never-received",
           "A send that was granted and then closed fails, and its value arrives all the same.",
           failed_send_is_delivered},
    mutant{"send-after-close", "send.err-after-close", "A closed channel accepts sends while it has capacity.",
           is_served_after_close<verb::send, closing::by_close>},
    mutant{"close-forgets-sends", "send.err-after-close", "Waiting sends sleep through the close.",
           is_forgotten_by_close<verb::send, closing::by_close>},
    mutant{"send-after-drop", "send.err-after-drop",
           "A channel without its receiver accepts sends while it has capacity.",
           is_served_after_close<verb::send, closing::by_drop>},
    mutant{"drop-forgets-sends", "send.err-after-drop", "Waiting sends sleep through the receiver's drop.",
           is_forgotten_by_close<verb::send, closing::by_drop>},
    mutant{"closed-send-swallows-value", "send.err-returns-value",
           "A send that finds the channel closed destroys its value.", closed_send_swallows_value<verb::send>},
    mutant{"drop-forgets-listeners", "closed.on-drop", "Listeners sleep through the receiver's drop.",
           is_forgotten_by_close<verb::closed, closing::by_drop>},
    mutant{"close-forgets-listeners", "closed.on-close", "Listeners sleep through the close.",
           is_forgotten_by_close<verb::closed, closing::by_close>},
    mutant{"wakes-one-listener", "closed.all", "Closing wakes the first listener only.", wakes_one_listener},
    mutant{"late-listener-waits", "closed.at-once", "A listener that comes after the close waits for another.",
           late_listener_waits},
    mutant{"times-out-without-waiting", "send_timeout.waits",
           "Without capacity a send with a deadline times out at its first poll.", times_out_without_waiting},
    mutant{"sleeps-through-deadline", "send_timeout.timeout", "The deadline does not wake the send.",
           sleeps_through_deadline},
    mutant{"waits-past-deadline", "send_timeout.timeout", "A poll after the deadline goes on waiting.",
           waits_past_deadline},
    mutant{"timeout-swallows-value", "send_timeout.returns-value", "A send that times out destroys its value.",
           timeout_swallows_value},
    mutant{"closed-timed-send-swallows-value", "send_timeout.returns-value",
           "A send with a deadline that finds the channel closed destroys its value.",
           closed_send_swallows_value<verb::send_timeout>},
    mutant{"timed-send-ignores-close", "send_timeout.closed",
           "A send with a deadline waits for it even on a closed channel.", timed_send_ignores_close},
    mutant{"close-forgets-timed-sends", "send_timeout.closed", "Waiting sends with a deadline sleep through the close.",
           is_forgotten_by_close<verb::send_timeout>},
    mutant{"timeout-beats-success", "send_timeout.success-beats-timeout", "Granted and overdue, a send says timeout.",
           timeout_beats_success},
    mutant{"timeout-beats-closed", "send_timeout.closed-beats-timeout", "Closed and overdue, a send says timeout.",
           timeout_beats_closed},
    mutant{"zero-timeout-never-sends", "send_timeout.zero", "A zero timeout times out even when there is capacity.",
           zero_timeout_never_sends},
    mutant{"deadline-counts-from-creation", "send_timeout.first-poll",
           "The deadline counts from the creation of the operation.", deadline_counts_from_creation},
    mutant{"permit-loses-value", "permit.send", "A value sent through a permit is destroyed instead of queued.",
           permit_loses_value},
    mutant{"permit-fails-after-close", "permit.never-fails", "After a close, sending through a permit fails.",
           permit_fails_after_close},
    mutant{"closed-channel-eats-permitted-value", "close.permits-survive",
           "A value sent through a permit after the close is destroyed.", closed_channel_eats_permitted_value},
    mutant{"late-value-lives-on", "late-send.destroyed",
           "A value sent after the receiver is gone lives on, as in tokio.", late_value_lives_on},
    mutant{"late-value-keeps-capacity", "late-send.capacity",
           "A value sent after the receiver is gone keeps its capacity, as in tokio.", late_value_keeps_capacity},
    mutant{"unpolled-value-leaks", "operation.never-awaited",
           "A send that was never polled does not destroy its value.", unpolled_value_leaks},
};

}  // namespace

std::span<const mutant> send_family() noexcept { return send_mutants; }

}  // namespace tailrace::verify::zoo
