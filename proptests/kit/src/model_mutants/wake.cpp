// Mutants of waking the parked receive: one for every path that has to wake it.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

/// The step does everything but wake the receive.
outcome sleeps_through(machine& m, const step& s, bool concerned) {
    const bool parked = m.parked.has_value();
    outcome out = m.apply(s);
    if (concerned && parked) silence_receive(m, out);
    return out;
}

// ---- Values

outcome try_send_does_not_wake(machine& m, const step& s) { return sleeps_through(m, s, s.what == verb::try_send); }

outcome send_does_not_wake(machine& m, const step& s) {
    return sleeps_through(m, s, polled<verb::send, verb::send_timeout>(m, s) && !m.closed);
}

template <handle_kind Kind>
outcome permit_send_does_not_wake(machine& m, const step& s) {
    return sleeps_through(m, s, s.what == verb::send && s.subject.kind == Kind);
}

outcome every_value_wakes(machine& m, const step& s) {
    const bool woken = m.parked && m.find_operation(*m.parked)->notified;
    const std::size_t values = m.buffer.size();
    outcome out = m.apply(s);
    if (woken && m.buffer.size() > values) {
        out.woken.push_back({handle_kind::operation, *m.parked});
    }
    return out;
}

// ---- The end

outcome last_sender_does_not_wake(machine& m, const step& s) {
    const bool had_senders = m.strong_count() > 0;
    outcome out = m.apply(s);
    if (had_senders && m.strong_count() == 0 && !m.closed) silence_receive(m, out);
    return out;
}

outcome close_does_not_wake(machine& m, const step& s) { return sleeps_through(m, s, s.what == verb::close); }

template <handle_kind Kind>
outcome drop_does_not_wake(machine& m, const step& s) {
    const bool concerned = is_drop_of(s, Kind) && m.closed;
    outcome out = m.apply(s);
    if (concerned && m.strong_count() > 0) silence_receive(m, out);
    return out;
}

outcome release_does_not_wake(machine& m, const step& s) {
    return sleeps_through(m, s, s.what == verb::release && m.closed);
}

outcome failure_does_not_wake(machine& m, const step& s) {
    const operation* op = polled(m, s);
    return sleeps_through(m, s, op != nullptr && m.closed && !is_receive(op->what));
}

outcome cancel_does_not_wake(machine& m, const step& s) { return drop_does_not_wake<handle_kind::operation>(m, s); }

outcome close_unparks_receive(machine& m, const step& s) {
    const bool now = closes(m, s, closing::by_close);
    outcome out = m.apply(s);
    if (now && m.parked && !m.find_operation(*m.parked)->notified) m.parked.reset();
    return out;
}

constexpr std::array wake_mutants{
    mutant{"try-send-does-not-wake", "recv.woken", "try_send does not wake the receive (boost.fiber #114).",
           try_send_does_not_wake},
    mutant{"send-does-not-wake", "recv.woken", "send does not wake the receive.", send_does_not_wake},
    mutant{"permit-send-does-not-wake", "recv.woken", "Sending through a permit does not wake the receive.",
           permit_send_does_not_wake<handle_kind::permit>},
    mutant{"owned-send-does-not-wake", "recv.woken", "Sending through an owned permit does not wake the receive.",
           permit_send_does_not_wake<handle_kind::owned_permit>},
    mutant{"every-value-wakes", "recv.woken-once", "Every value wakes the receive, woken before or not.",
           every_value_wakes},
    mutant{"last-sender-does-not-wake", "recv.woken-by-last-sender", "The last sender goes without waking the receive.",
           last_sender_does_not_wake},
    mutant{"close-does-not-wake", "recv.woken-by-close", "Closing an idle channel does not wake the receive.",
           close_does_not_wake},
    mutant{"permit-drop-does-not-wake", "recv.woken-by-permit-drop",
           "Dropping the last permit after a close does not wake the receive (tokio #2854).",
           drop_does_not_wake<handle_kind::permit>},
    mutant{"owned-drop-does-not-wake", "recv.woken-by-owned-drop",
           "Dropping the last owned permit after a close does not wake the receive.",
           drop_does_not_wake<handle_kind::owned_permit>},
    mutant{"owned-release-does-not-wake", "recv.woken-by-owned-release",
           "Releasing the last owned permit after a close does not wake the receive "
           "(tokio #8075).",
           release_does_not_wake},
    mutant{"iterator-drop-does-not-wake", "recv.woken-by-iterator-drop",
           "Dropping the last iterator after a close does not wake the receive.",
           drop_does_not_wake<handle_kind::iterator>},
    mutant{"failure-does-not-wake", "recv.woken-by-failure",
           "An operation that fails returns its permits without waking the receive "
           "(tokio #8260).",
           failure_does_not_wake},
    mutant{"cancel-does-not-wake", "recv.woken-by-cancel",
           "A cancelled operation returns its permits without waking the receive "
           "(tokio #8260).",
           cancel_does_not_wake},
    mutant{"close-unparks-receive", "recv.exclusive", "close() with a receive pending forgets that it waits.",
           close_unparks_receive},
};

}  // namespace

std::span<const mutant> wake_family() noexcept { return wake_mutants; }

}  // namespace tailrace::verify::zoo
