// Mutants for one bug of the regression table each (bugs.hpp). Other mutants break the same clauses more plainly, so
// these are not used as evidence, and `mutants()` has none of them.
// After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#include <array>
#include <ranges>
#include <utility>

#include "bugs.hpp"
#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

/// The memory of a mutant: an operation that no step can name. Its need is a number.
operation& memory(machine& m) {
    if (operation* known = m.find_operation(no_number)) return *known;
    operation mark;
    mark.number = no_number;
    mark.sender = no_number;
    mark.what = verb::closed;
    return m.operations.emplace_back(mark);
}

bool remembers(const machine& m) {
    const operation* mark = m.find_operation(no_number);
    return mark != nullptr && mark->need > 0;
}

void remember(machine& m, bool what) { memory(m).need = what ? 1 : 0; }

/// Takes the step, and counts the values that were ever received.
outcome apply_and_count(machine& m, const step& s) {
    outcome out = m.apply(s);
    const std::uint64_t more = out.answer.status == status::some ? 1 : out.answer.values.size();
    if (more > 0) memory(m).need += more;
    return out;
}

std::uint64_t received(const machine& m) {
    const operation* mark = m.find_operation(no_number);
    return mark == nullptr ? 0 : mark->need;
}

/// Puts every operation that this step has granted permits back into the queue, without permits. Returns the number of
/// permits taken back.
std::uint64_t take_grants_back(machine& m, outcome& out) {
    std::uint64_t had = 0;
    const std::vector<handle> woken = out.woken;
    for (const handle h : woken | std::views::reverse) {
        operation* op = m.find_operation(h.number);
        if (op == nullptr || !is_granted(*op)) continue;
        had += std::exchange(op->held, 0);
        op->now = operation::phase::waiting;
        m.queue.insert(m.queue.begin(), op->number);
        std::erase(out.woken, h);
    }
    return had;
}

// ---- Waiters

outcome unpolled_waiter_is_served(machine& m, const step& s) {
    outcome out = m.apply(s);
    for (const handle h : std::vector(out.woken)) {
        operation* op = m.find_operation(h.number);
        if (op == nullptr || !is_granted(*op)) continue;
        const auto thief = std::ranges::find_if(m.operations, [&](const operation& o) {
            return is_first_poll(o) && o.number < op->number && o.need == op->need && acquires(o.what);
        });
        if (thief == m.operations.end()) continue;
        thief->held = std::exchange(op->held, 0);
        thief->now = std::exchange(op->now, operation::phase::waiting);
        m.queue.insert(m.queue.begin(), op->number);
        std::erase(out.woken, h);
    }
    return out;
}

outcome next_grant_awaits_a_poll(machine& m, const step& s) {
    const bool one_is_due = std::ranges::any_of(m.operations, is_granted);
    outcome out = m.apply(s);
    if (one_is_due) m.available += take_grants_back(m, out);
    return out;
}

outcome crowd_is_not_served(machine& m, const step& s) {
    const bool crowd = m.buffer.size() + m.queue.size() > 2 * m.max;
    outcome out = m.apply(s);
    const bool received = out.answer.status == status::some || out.answer.status == status::many;
    if (crowd && received) write_off(m, take_grants_back(m, out));
    return out;
}

outcome repoll_queues_twice(machine& m, const step& s) {
    if (operation* op = s.subject.kind == handle_kind::operation ? m.find_operation(s.subject.number) : nullptr) {
        const bool waits = is_queued(m, *op) && op->now == operation::phase::waiting;
        const auto first = std::ranges::find(m.queue, op->number);
        const auto place = first - m.queue.begin();
        std::erase(m.queue, op->number);
        if (waits) m.queue.insert(m.queue.begin() + place, op->number);
        outcome out = m.apply(s);
        const operation* still = m.find_operation(s.subject.number);
        if (waits && still != nullptr && is_queued(m, *still)) m.queue.push_back(still->number);
        return out;
    }
    return m.apply(s);
}

outcome each_sender_buffers_one(machine& m, const step& s) {
    const operation* op = polled<verb::send>(m, s);
    const bool stores = op != nullptr && is_first_poll(*op) && !m.closed && m.available == 0 &&
                        m.buffer.size() < m.max + m.strong_count();
    if (stores) conjure(m, 1);
    return m.apply(s);
}

// ---- Closing

outcome failed_waiter_takes_permits(machine& m, const step& s) {
    const bool was_closed = m.closed;
    const std::uint64_t before = m.available;
    outcome out = m.apply(s);
    std::uint64_t back = was_closed && m.available > before ? m.available - before : 0;
    for (operation& op : m.operations) {
        if (op.now != operation::phase::failed || back == 0) continue;
        const std::uint64_t part = std::min(back, op.need - op.held);
        op.held += part;
        m.available -= part;
        back -= part;
        if (part > 0) silence_receive(m, out);
    }
    return out;
}

outcome returned_permit_reopens(machine& m, const step& s) {
    const bool returns =
        is_drop_of(s, handle_kind::permit) || s.what == verb::release || is_drop_of(s, handle_kind::owned_permit);
    outcome out = m.apply(s);
    if (returns && !m.receiver_gone) m.closed = false;
    return out;
}

outcome dropped_listener_forgets_the_close(machine& m, const step& s) {
    if (const operation* op = cancelled<verb::closed>(m, s); op != nullptr && op->notified) {
        outcome out = m.apply(s);
        remember(m, true);
        return out;
    }
    const operation* op = polled<verb::closed>(m, s);
    const bool waits = op != nullptr && is_first_poll(*op) && remembers(m);
    return waits ? answers(status::pending) : m.apply(s);
}

outcome close_adds_permits(machine& m, const step& s) {
    const bool now = closes(m, s);
    outcome out = m.apply(s);
    if (now) conjure(m, largest_capacity - m.max);
    return out;
}

// ---- Receiving

outcome cancelled_receive_swallows_the_wake(machine& m, const step& s) {
    if (const operation* op = cancelled(m, s); op != nullptr && is_receive(op->what)) {
        const bool swallows = op->notified && !m.buffer.empty();
        outcome out = m.apply(s);
        if (swallows) remember(m, true);
        return out;
    }
    operation* op = polled<verb::recv, verb::recv_timeout>(m, s);
    if (op == nullptr || m.buffer.empty() || !remembers(m)) return m.apply(s);
    remember(m, false);
    m.find_operation(s.subject.number)->now = operation::phase::waiting;
    m.parked = s.subject.number;
    return answers(status::pending);
}

outcome timed_out_receive_stays_parked(machine& m, const step& s) {
    const operation* op = polled<verb::recv_timeout>(m, s);
    std::optional<operation> ghost;
    if (op != nullptr) ghost = *op;
    outcome out = m.apply(s);
    if (ghost && out.answer.status == status::timeout) {
        ghost->what = verb::closed;  // no receive: another one may begin
        ghost->sender = no_number;
        ghost->deadline.reset();
        ghost->notified = false;
        m.operations.push_back(*ghost);
        m.parked = ghost->number;
    }
    return out;
}

outcome permit_send_goes_first(machine& m, const step& s) {
    const bool through_permit = s.what == verb::send && s.subject.kind != handle_kind::sender;
    outcome out = m.apply(s);
    if (through_permit && m.buffer.size() > 1) {
        std::ranges::rotate(m.buffer, m.buffer.end() - 1);
    }
    return out;
}

outcome new_lap_looks_empty(machine& m, const step& s) {
    const std::uint64_t before = received(m);
    const bool missed = s.what == verb::try_recv && before > 0 && before % m.max == 0;
    return missed && !m.buffer.empty() ? answers(status::empty) : apply_and_count(m, s);
}

outcome used_up_block_is_not_empty(machine& m, const step& s) {
    constexpr std::uint64_t block = 32;
    const bool at_its_end = received(m) > 0 && received(m) % block == 0;
    outcome out = apply_and_count(m, s);
    if (s.what == verb::is_empty && at_its_end) out.answer.number = 0;
    return out;
}

constexpr std::array table{
    mutant{"unpolled-waiter-is-served", "driven.created-inert",
           "Capacity goes to an older operation that was never polled.", unpolled_waiter_is_served},
    mutant{"next-grant-awaits-a-poll", "release.wakes-when-served",
           "While one is granted and not polled, no other waiter is served.", next_grant_awaits_a_poll},
    mutant{"crowd-is-not-served", "release.oldest-first",
           "With more than twice the capacity in all, a receive serves no waiter.", crowd_is_not_served},
    mutant{"repoll-queues-twice", "acquire.keeps-place", "Polling a waiter again queues it once more.",
           repoll_queues_twice},
    mutant{"each-sender-buffers-one", "send.waits", "A send on a full channel succeeds, once for each sender.",
           each_sender_buffers_one},
    mutant{"failed-waiter-takes-permits", "close.keeps-holds",
           "What comes back after the close goes to a waiter that the close has failed.", failed_waiter_takes_permits},
    mutant{"returned-permit-reopens", "is_closed.on-close", "A permit that comes back opens the closed channel.",
           returned_permit_reopens},
    mutant{"dropped-listener-forgets-the-close", "closed.at-once",
           "A listener that is dropped after its wake makes the next one wait.", dropped_listener_forgets_the_close},
    mutant{"close-adds-permits", "capacity.after-close", "Closing adds all the permits there can be.",
           close_adds_permits},
    mutant{"cancelled-receive-swallows-the-wake", "recv.cancel",
           "A receive that was woken and is then cancelled makes the next one wait.",
           cancelled_receive_swallows_the_wake},
    mutant{"timed-out-receive-stays-parked", "recv.timeout", "A receive that has timed out is woken by the next value.",
           timed_out_receive_stays_parked},
    mutant{"permit-send-goes-first", "recv.order", "A value sent through a permit goes before the others.",
           permit_send_goes_first},
    mutant{"new-lap-looks-empty", "try_recv.never-misses",
           "Whenever a lap is complete, try_recv says empty, values or not.", new_lap_looks_empty},
    mutant{"used-up-block-is-not-empty", "receiver.is_empty",
           "Whenever 32 more values were received, is_empty() is false.", used_up_block_is_not_empty},
};

}  // namespace

std::span<const mutant> bug_family() noexcept { return table; }

}  // namespace tailrace::verify::zoo
