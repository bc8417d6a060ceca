// Mutants of the abstract machine: the account of permits, the queue of waiters, the order of service.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>
#include <utility>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

outcome cancel_returns_its_need(machine& m, const step& s) {
    const operation* op = cancelled(m, s);
    const std::uint64_t excess = op != nullptr && is_queued(m, *op) ? op->need - op->held : 0;
    outcome out = m.apply(s);
    if (excess > 0) {
        write_off(m, std::uint64_t{0} - excess);
        m.release(excess, out);
    }
    return out;
}

outcome queues_by_creation(machine& m, const step& s) {
    outcome out = m.apply(s);
    std::ranges::sort(m.queue);
    return out;
}

outcome holds_nothing_while_waiting(machine& m, const step& s) {
    const operation* op = polled(m, s);
    const bool first = op != nullptr && is_first_poll(*op);
    outcome out = m.apply(s);
    if (operation* waiter = m.find_operation(s.subject.number); first && waiter && is_queued(m, *waiter)) {
        m.available += std::exchange(waiter->held, 0);
    }
    return out;
}

outcome repoll_requeues(machine& m, const step& s) {
    const operation* op = polled(m, s);
    const bool waited = op != nullptr && is_queued(m, *op);
    outcome out = m.apply(s);
    if (waited && std::erase(m.queue, s.subject.number) > 0) m.queue.push_back(s.subject.number);
    return out;
}

outcome granted_reservation_ignores_close(machine& m, const step& s) {
    const operation* op = polled<verb::reserve, verb::reserve_many, verb::reserve_owned>(m, s);
    return op != nullptr && m.closed && is_granted(*op) ? apply_as_if_open(m, s) : m.apply(s);
}

outcome value_enters_when_granted(machine& m, const step& s) {
    if (const operation* op = polled(m, s); op && sends(op->what) && is_granted(*op) && op->held == 0) {
        finish(m, op->number);  // its value went ahead
        return answers(status::ok);
    }
    outcome out = m.apply(s);
    for (const handle h : std::vector(out.woken)) {
        operation* op = m.find_operation(h.number);
        if (!sends(op->what) || !is_granted(*op) || op->held == 0) continue;
        op->held = 0;
        m.buffer.push_back(op->value);
        m.wake_receive(out);
    }
    return out;
}

outcome serves_newest_first(machine& m, const step& s) {
    const operation* op = polled(m, s);
    if (closes(m, s) || (op != nullptr && is_first_poll(*op))) return m.apply(s);
    std::ranges::reverse(m.queue);
    outcome out = m.apply(s);
    std::ranges::reverse(m.queue);
    return out;
}

/// The head of the queue, if this step serves it in part.
template <class Fault>
outcome when_served_in_part(machine& m, const step& s, Fault fault) {
    const std::optional<operation> before =
        m.queue.empty() ? std::nullopt : std::optional(*m.find_operation(m.queue.front()));
    outcome out = m.apply(s);
    if (!before || m.queue.empty() || m.queue.front() != before->number) return out;
    operation& head = *m.find_operation(before->number);
    if (head.held > before->held) fault(head, out);
    return out;
}

outcome serves_any_that_fits(machine& m, const step& s) {
    return when_served_in_part(m, s, [&](operation& head, outcome& out) {
        const auto fits = [&](std::uint32_t n) { return m.find_operation(n)->need <= head.held; };
        const auto at = std::find_if(m.queue.begin() + 1, m.queue.end(), fits);
        if (at == m.queue.end()) return;
        operation& lucky = *m.find_operation(*at);
        m.queue.erase(at);
        head.held -= lucky.need;
        lucky.held = lucky.need;
        lucky.now = operation::phase::granted;
        out.woken.push_back({handle_kind::operation, lucky.number});
    });
}

outcome wakes_when_served_in_part(machine& m, const step& s) {
    return when_served_in_part(
        m, s, [](operation& head, outcome& out) { out.woken.push_back({handle_kind::operation, head.number}); });
}

/// Rearranges the wakes of a close: those of the waiters, and those of the listeners.
template <class Fault>
outcome when_closing(machine& m, const step& s, Fault fault) {
    const bool now = closes(m, s);
    const std::size_t waiters = m.queue.size();
    const std::size_t listeners = m.listeners.size();
    outcome out = m.apply(s);
    if (now) {
        const std::span all(out.woken);
        fault(all.first(waiters), all.subspan(waiters, listeners), all);
    }
    return out;
}

outcome close_wakes_newest_waiter_first(machine& m, const step& s) {
    return when_closing(m, s, [](auto waiters, auto, auto) { std::ranges::reverse(waiters); });
}

outcome close_wakes_newest_listener_first(machine& m, const step& s) {
    return when_closing(m, s, [](auto, auto listeners, auto) { std::ranges::reverse(listeners); });
}

outcome close_wakes_listeners_first(machine& m, const step& s) {
    return when_closing(m, s, [](auto waiters, auto listeners, auto all) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(waiters.size());
        std::rotate(all.begin(), from, from + static_cast<std::ptrdiff_t>(listeners.size()));
    });
}

outcome close_collects_holds(machine& m, const step& s) {
    const bool now = closes(m, s);
    outcome out = m.apply(s);
    if (!now) return out;
    for (operation& op : m.operations) {
        if (op.now == operation::phase::failed) m.available += std::exchange(op.held, 0);
    }
    if (m.idle()) m.wake_receive(out);
    return out;
}

constexpr std::array queue_mutants{
    mutant{"cancel-returns-its-need", "conservation", "A cancelled waiter returns what it asked for, not what it held.",
           cancel_returns_its_need},
    mutant{"queues-by-creation", "acquire.first-poll", "Waiters stand in order of creation.", queues_by_creation},
    mutant{"holds-nothing-while-waiting", "acquire.partial-hold",
           "A waiter leaves what is free to others until all it needs is free.", holds_nothing_while_waiting},
    mutant{"repoll-requeues", "acquire.keeps-place", "Polling a waiter again puts it at the end of the queue.",
           repoll_requeues},
    mutant{"granted-reservation-ignores-close", "acquire.closed-first",
           "A reservation granted before the close gives its permits after it.", granted_reservation_ignores_close},
    mutant{"value-enters-when-granted", "acquire.granted-not-sent",
           "The value of a waiting send enters the buffer when the capacity is granted.", value_enters_when_granted},
    mutant{"serves-newest-first", "release.oldest-first", "Capacity that comes back goes to the newest waiter.",
           serves_newest_first},
    mutant{"serves-whoever-fits", "release.head-of-line", "A small request overtakes a head that is served in part.",
           serves_any_that_fits},
    mutant{"wakes-when-served-in-part", "release.wakes-when-served", "A head that gets only a part is woken.",
           wakes_when_served_in_part},
    mutant{"close-wakes-newest-waiter-first", "close.wake-order", "Closing wakes the waiters in reverse.",
           close_wakes_newest_waiter_first},
    mutant{"close-wakes-newest-listener-first", "close.wake-order", "Closing wakes the listeners in reverse.",
           close_wakes_newest_listener_first},
    mutant{"close-wakes-listeners-first", "close.wake-order", "Closing wakes the listeners before the waiters.",
           close_wakes_listeners_first},
    mutant{"close-collects-holds", "close.keeps-holds", "Closing takes partial holds back at once.",
           close_collects_holds},
};

}  // namespace

std::span<const mutant> queue_family() noexcept { return queue_mutants; }

}  // namespace tailrace::verify::zoo
