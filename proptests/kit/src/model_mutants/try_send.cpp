// Mutants of the operations that never wait: try_send, try_reserve, try_reserve_owned.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

template <status Failure>
outcome failed_try_send_swallows_value(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == verb::try_send && out.answer.status == Failure) swallow(out);
    return out;
}

outcome takes_reserved_capacity(machine& m, const step& s) {
    const bool takes =
        s.what == verb::try_send && !m.closed && m.available == 0 && m.queue.empty() && m.outstanding() > 0;
    if (takes) conjure(m, 1);
    return m.apply(s);
}

outcome failed_try_reserve_owned_drops_sender(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == verb::try_reserve_owned && out.answer.status != status::made) {
        m.drop_sender(s.subject.number, out);
    }
    return out;
}

constexpr std::array try_send_mutants{
    mutant{"waiting-try-send", "try_send.immediate", "Waits while the channel is full; no answer is shown as pending.",
           waits_instead<verb::try_send>},
    mutant{"full-try-send-says-closed", "try_send.full", "Reports a full channel as closed.",
           misreports<verb::try_send, status::full, status::closed>},
    mutant{"try-send-after-close", "try_send.closed", "A closed channel accepts a value while it has capacity.",
           attempts_after_close<verb::try_send>},
    mutant{"try-send-says-full-before-closed", "try_send.closed-beats-full",
           "Reports full on a channel that is closed and full.", says_full_before_closed<verb::try_send>},
    mutant{"full-try-send-swallows-value", "try_send.returns-value", "Reporting full destroys the value.",
           failed_try_send_swallows_value<status::full>},
    mutant{"closed-try-send-swallows-value", "try_send.returns-value", "Reporting closed destroys the value.",
           failed_try_send_swallows_value<status::closed>},
    mutant{"barging-try-send", "try_send.no-barging", "Takes a permit that a waiter holds or has been granted.",
           barges<verb::try_send>},
    mutant{"takes-reserved-capacity", "reserve.excludes", "try_send uses capacity that permits have taken.",
           takes_reserved_capacity},
    mutant{"waiting-try-reserve", "try_reserve.immediate",
           "Waits while the channel is full; no answer is shown as pending.", waits_instead<verb::try_reserve>},
    mutant{"waiting-try-reserve-owned", "try_reserve.immediate",
           "The owned form waits while the channel is full; no answer is shown as pending.",
           waits_instead<verb::try_reserve_owned>},
    mutant{"full-try-reserve-says-closed", "try_reserve.full", "Reports a full channel as closed.",
           misreports<verb::try_reserve, status::full, status::closed>},
    mutant{"full-try-reserve-owned-says-closed", "try_reserve.full", "The owned form reports a full channel as closed.",
           misreports<verb::try_reserve_owned, status::full, status::closed>},
    mutant{"try-reserve-after-close", "try_reserve.closed", "A closed channel gives a permit while it has capacity.",
           attempts_after_close<verb::try_reserve>},
    mutant{"try-reserve-owned-after-close", "try_reserve.closed",
           "A closed channel gives an owned permit while it has capacity.",
           attempts_after_close<verb::try_reserve_owned>},
    mutant{"try-reserve-says-full-before-closed", "try_reserve.closed-beats-full",
           "Reports full on a channel that is closed and full, as tokio once did (#4118).",
           says_full_before_closed<verb::try_reserve>},
    mutant{"try-reserve-owned-says-full-before-closed", "try_reserve.closed-beats-full",
           "The owned form reports full on a channel that is closed and full.",
           says_full_before_closed<verb::try_reserve_owned>},
    mutant{"barging-try-reserve", "try_reserve.no-barging", "Takes a permit that a waiter holds or has been granted.",
           barges<verb::try_reserve>},
    mutant{"barging-try-reserve-owned", "try_reserve.no-barging",
           "The owned form takes a permit that a waiter holds or has been granted.", barges<verb::try_reserve_owned>},
    mutant{"failed-try-reserve-owned-drops-sender", "try_reserve_owned.returns-sender", "A failure drops the sender.",
           failed_try_reserve_owned_drops_sender},
};

}  // namespace

std::span<const mutant> try_send_family() noexcept { return try_send_mutants; }

}  // namespace tailrace::verify::zoo
