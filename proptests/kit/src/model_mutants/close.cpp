// Mutants of closing, dropping the receiver and cancelling: what happens to values and permits.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>
#include <utility>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

outcome close_destroys_values(machine& m, const step& s) {
    const bool now = closes(m, s, closing::by_close);
    outcome out = m.apply(s);
    if (now) {
        for (const value_id v : std::exchange(m.buffer, {})) {
            out.destroyed.push_back(v);
            m.release(1, out);
        }
    }
    return out;
}

outcome closed_receive_ignores_values(machine& m, const step& s) {
    const operation* op = polled<verb::recv, verb::recv_timeout>(m, s);
    const bool ignores = m.closed && !m.buffer.empty() && (op != nullptr || s.what == verb::try_recv);
    if (!ignores) return m.apply(s);
    if (op == nullptr) return answers(status::disconnected);
    finish(m, op->number);
    return answers(status::none);
}

outcome receiver_drop_keeps_values(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (is_drop_of(s, handle_kind::receiver)) out.destroyed.clear();
    return out;
}

outcome receiver_drop_destroys_newest_first(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (is_drop_of(s, handle_kind::receiver)) std::ranges::reverse(out.destroyed);
    return out;
}

// ---- Cancelling

outcome cancel_loses_grant(machine& m, const step& s) {
    if (operation* op = cancelled(m, s); op != nullptr && is_granted(*op)) {
        write_off(m, std::exchange(op->held, 0));
    }
    return m.apply(s);
}

outcome cancel_loses_partial_hold(machine& m, const step& s) {
    if (operation* op = cancelled(m, s); op != nullptr && is_queued(m, *op)) {
        write_off(m, std::exchange(op->held, 0));
    }
    return m.apply(s);
}

outcome cancelled_receive_takes_a_permit(machine& m, const step& s) {
    if (operation* op = cancelled<verb::recv, verb::recv_timeout>(m, s);
        op != nullptr && m.parked == op->number && m.available > 0) {
        --m.available;
        write_off(m, 1);
    }
    return m.apply(s);
}

outcome cancel_does_not_forward(machine& m, const step& s) {
    if (operation* op = cancelled(m, s); op != nullptr && is_granted(*op)) {
        m.available += std::exchange(op->held, 0);
    }
    return m.apply(s);
}

outcome cancelled_head_still_blocks(machine& m, const step& s) {
    if (operation* op = cancelled(m, s); op != nullptr && is_queued(m, *op)) {
        m.available += std::exchange(op->held, 0);
    }
    return m.apply(s);
}

outcome cancelled_waiter_stays_queued(machine& m, const step& s) {
    operation* op = cancelled(m, s);
    if (op == nullptr || !is_queued(m, *op)) return m.apply(s);
    outcome out;
    const verb was = std::exchange(op->what, verb::reserve);  // what is left is a request for permits
    const std::uint32_t sender = std::exchange(op->sender, no_number);
    if (sends(was)) out.destroyed.push_back(op->value);
    if (was == verb::reserve_owned) m.drop_sender(sender, out);
    return out;
}

outcome cancelled_value_leaks(machine& m, const step& s) {
    const operation* op = cancelled(m, s);
    const bool was_polled = op != nullptr && !is_first_poll(*op);
    outcome out = m.apply(s);
    if (was_polled) out.destroyed.clear();
    return out;
}

outcome cancelled_value_dies_twice(machine& m, const step& s) {
    const operation* op = cancelled(m, s);
    const bool granted = op != nullptr && sends(op->what) && is_granted(*op);
    outcome out = m.apply(s);
    if (granted) out.destroyed.push_back(out.destroyed.back());
    return out;
}

constexpr std::array close_mutants{
    mutant{"close-destroys-values", "close.drains", "Closing destroys what is buffered (asio #1236).",
           close_destroys_values},
    mutant{"closed-receive-ignores-values", "close.drains", "After a close a receive ends at once (asio #1236).",
           closed_receive_ignores_values},
    mutant{"receiver-drop-keeps-values", "receiver-drop.destroys",
           "Buffered values outlive the receiver (crossbeam #669).", receiver_drop_keeps_values},
    mutant{"receiver-drop-destroys-newest-first", "receiver-drop.fifo", "Dropping the receiver destroys in reverse.",
           receiver_drop_destroys_newest_first},
    mutant{"cancel-loses-grant", "cancel.driven",
           "Cancelled after the grant, an operation keeps its permits (keypool #706).", cancel_loses_grant},
    mutant{"cancel-loses-partial-hold", "cancel.driven", "Cancelled while waiting, an operation keeps what it holds.",
           cancel_loses_partial_hold},
    mutant{"cancelled-receive-takes-a-permit", "cancel.driven",
           "Cancelled while parked, a receive takes a permit with it (asio).", cancelled_receive_takes_a_permit},
    mutant{"cancel-does-not-forward", "cancel.forwards",
           "Permits of a cancelled grant become free although others wait (asyncio #256).", cancel_does_not_forward},
    mutant{"cancelled-head-still-blocks", "cancel.partial-head",
           "A cancelled head's partial hold becomes free although others wait (shuttle #167).",
           cancelled_head_still_blocks},
    mutant{"cancelled-waiter-stays-queued", "cancel.unlinks",
           "A cancelled waiter is still served and woken (tokio #900).", cancelled_waiter_stays_queued},
    mutant{"cancelled-value-leaks", "cancel.destroys-value",
           "Cancelling a send that has been polled does not destroy its value.", cancelled_value_leaks},
    mutant{"cancelled-value-dies-twice", "cancel.destroys-value", "Cancelling a granted send destroys its value twice.",
           cancelled_value_dies_twice},
};

}  // namespace

std::span<const mutant> close_family() noexcept { return close_mutants; }

}  // namespace tailrace::verify::zoo
