// Mutants of the receiving side: order, the end of the channel, deadlines.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

/// A receive of one value, polled with an empty buffer.
operation* starved(machine& m, const step& s) {
    return m.buffer.empty() ? polled<verb::recv, verb::recv_timeout>(m, s) : nullptr;
}

outcome newest_first(machine& m, const step& s) {
    const bool takes = s.what == verb::try_recv || polled<verb::recv, verb::recv_timeout, verb::recv_many>(m, s);
    if (takes && m.buffer.size() > 1) std::ranges::rotate(m.buffer, m.buffer.end() - 1);
    return m.apply(s);
}

// ---- None

outcome waits_without_senders(machine& m, const step& s) {
    const bool over = starved(m, s) != nullptr && m.strong_count() == 0;
    return over ? answers(status::pending) : m.apply(s);
}

outcome waits_when_closed_and_idle(machine& m, const step& s) {
    const bool over = starved(m, s) != nullptr && m.strong_count() > 0 && m.ended();
    return over ? answers(status::pending) : m.apply(s);
}

/// A closed channel that counts `ignored` permits as if they had come back.
outcome ends_without(machine& m, const step& s, std::uint64_t ignored) {
    operation* op = starved(m, s);
    if (op == nullptr || !m.closed || ignored == 0 || m.available + ignored != m.max) return m.apply(s);
    finish(m, op->number);
    return answers(status::none);
}

outcome ends_with_permits_out(machine& m, const step& s) { return ends_without(m, s, m.outstanding()); }

outcome ends_with_permits_held(machine& m, const step& s) { return ends_without(m, s, m.held()); }

/// A close that wakes the receive, again without `ignored` permits.
outcome close_wakes_without(machine& m, const step& s, std::uint64_t ignored) {
    const bool early = closes(m, s, closing::by_close) && ignored > 0 && m.available + ignored == m.max;
    outcome out = m.apply(s);
    if (early) m.wake_receive(out);
    return out;
}

outcome close_wakes_with_permits_out(machine& m, const step& s) { return close_wakes_without(m, s, m.outstanding()); }

outcome close_wakes_with_permits_held(machine& m, const step& s) { return close_wakes_without(m, s, m.held()); }

outcome says_none_only_once(machine& m, const step& s) {
    const bool over = starved(m, s) != nullptr && m.ended();
    const bool said = m.find_operation(no_number) != nullptr;
    if (over && said) return answers(status::pending);
    outcome out = m.apply(s);
    if (over) {
        operation mark;  // an operation that no step can poll holds the flag
        mark.number = no_number;
        mark.sender = no_number;
        mark.what = verb::closed;
        m.operations.push_back(mark);
    }
    return out;
}

// ---- Cancelling, deadlines

outcome cancelled_receive_takes_a_value(machine& m, const step& s) {
    const operation* op = cancelled<verb::recv, verb::recv_timeout>(m, s);
    const bool takes = op != nullptr && op->notified && !m.buffer.empty();
    outcome out = m.apply(s);
    if (takes) {
        out.destroyed.push_back(m.buffer.front());
        m.buffer.erase(m.buffer.begin());
        m.release(1, out);
    }
    return out;
}

outcome receive_sleeps_through_deadline(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == verb::advance) silence_receive(m, out);
    return out;
}

outcome receive_waits_past_deadline(machine& m, const step& s) {
    const operation* op = starved(m, s);
    const bool over = op != nullptr && !m.ended() && is_overdue(m, *op);
    return over ? answers(status::pending) : m.apply(s);
}

outcome deadline_beats_value(machine& m, const step& s) {
    const operation* op = polled<verb::recv_timeout>(m, s);
    if (op == nullptr || m.buffer.empty() || !is_overdue(m, *op)) return m.apply(s);
    finish(m, op->number);
    return answers(status::timeout);
}

// ---- try_recv

outcome disconnected_with_permits_out(machine& m, const step& s) {
    const bool early = s.what == verb::try_recv && m.buffer.empty() && m.closed;
    return early ? answers(status::disconnected) : m.apply(s);
}

outcome empty_after_close(machine& m, const step& s) {
    const bool missed = s.what == verb::try_recv && m.ended() && m.strong_count() > 0;
    return missed ? answers(status::empty) : m.apply(s);
}

outcome empty_without_senders(machine& m, const step& s) {
    const bool missed = s.what == verb::try_recv && m.ended() && m.strong_count() == 0;
    return missed ? answers(status::empty) : m.apply(s);
}

outcome disconnected_before_the_values(machine& m, const step& s) {
    const bool early = s.what == verb::try_recv && m.strong_count() == 0;
    return early ? answers(status::disconnected) : m.apply(s);
}

outcome empty_while_a_send_is_granted(machine& m, const step& s) {
    const bool granted =
        std::ranges::any_of(m.operations, [](const operation& op) { return sends(op.what) && is_granted(op); });
    return s.what == verb::try_recv && granted && !m.buffer.empty() ? answers(status::empty) : m.apply(s);
}

// ---- Capacity

/// Without waiters, the permit of a received value is not returned.
outcome keeps_permit(machine& m, const step& s, bool concerned) {
    if (!concerned || m.buffer.empty() || !m.queue.empty()) return m.apply(s);
    outcome out = answers(status::some, m.buffer.front());
    m.buffer.erase(m.buffer.begin());
    write_off(m, 1);
    if (s.what == verb::poll) finish(m, s.subject.number);
    return out;
}

outcome recv_keeps_permit(machine& m, const step& s) {
    return keeps_permit(m, s, polled<verb::recv, verb::recv_timeout>(m, s) != nullptr);
}

outcome try_recv_keeps_permit(machine& m, const step& s) { return keeps_permit(m, s, s.what == verb::try_recv); }

constexpr std::array receive_mutants{
    mutant{"newest-first", "recv.order", "Receives the newest value first.", newest_first},
    mutant{"waits-without-senders", "recv.none", "A receive waits although every sender is gone.",
           waits_without_senders},
    mutant{"waits-when-closed-and-idle", "recv.none", "A receive waits although the channel is closed and idle.",
           waits_when_closed_and_idle},
    mutant{"ends-with-permits-out", "recv.waits-for-permits", "A closed channel ends although permits are out.",
           ends_with_permits_out},
    mutant{"ends-with-permits-held", "recv.waits-for-holds",
           "A closed channel ends although unfinished operations hold permits.", ends_with_permits_held},
    mutant{"close-wakes-with-permits-out", "recv.waits-for-permits",
           "Closing wakes the receive although permits are out.", close_wakes_with_permits_out},
    mutant{"close-wakes-with-permits-held", "recv.waits-for-holds",
           "Closing wakes the receive although unfinished operations hold permits.", close_wakes_with_permits_held},
    mutant{"says-none-only-once", "recv.none-for-ever", "After one none, the next receive waits.", says_none_only_once},
    mutant{"cancelled-receive-takes-a-value", "recv.cancel",
           "A receive that was woken and is then cancelled destroys a value (kanal).", cancelled_receive_takes_a_value},
    mutant{"receive-sleeps-through-deadline", "recv.timeout", "The deadline does not wake the receive.",
           receive_sleeps_through_deadline},
    mutant{"receive-waits-past-deadline", "recv.timeout", "A poll after the deadline goes on waiting.",
           receive_waits_past_deadline},
    mutant{"deadline-beats-value", "recv.value-beats-deadline",
           "Overdue, a receive says timeout although there is a value.", deadline_beats_value},
    mutant{"disconnected-with-permits-out", "try_recv.empty",
           "Closed and empty is disconnected, permits or not (tokio #8074).", disconnected_with_permits_out},
    mutant{"empty-after-close", "try_recv.disconnected", "A closed and idle channel is empty for ever (tokio #7686).",
           empty_after_close},
    mutant{"empty-without-senders", "try_recv.disconnected", "A channel without senders is empty for ever.",
           empty_without_senders},
    mutant{"disconnected-before-the-values", "try_recv.disconnected",
           "Without senders, disconnected before the values are drained (rust #34711).",
           disconnected_before_the_values},
    mutant{"empty-while-a-send-is-granted", "try_recv.never-misses",
           "Empty, values or not, while a send with an earlier claim is unfinished.", empty_while_a_send_is_granted},
    mutant{"recv-keeps-permit", "capacity.receive", "recv does not return the permit of its value.", recv_keeps_permit},
    mutant{"try-recv-keeps-permit", "capacity.receive",
           "try_recv does not return the permit of its value (futures-rs #861).", try_recv_keeps_permit},
};

}  // namespace

std::span<const mutant> receive_family() noexcept { return receive_mutants; }

}  // namespace tailrace::verify::zoo
