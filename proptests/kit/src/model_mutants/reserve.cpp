// Mutants of permits, owned permits and the senders inside them, and of clones.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

// ---- Permits

template <handle_kind Kind>
outcome dropped_permit_is_lost(machine& m, const step& s) {
    if (is_drop_of(s, Kind)) {
        const grant& g = *m.find_grant(s.subject);
        write_off(m, g.size);
        std::ranges::find(m.grants, s.subject, &grant::name)->size = 0;
    }
    return m.apply(s);
}

outcome dropped_permit_serves_newest(machine& m, const step& s) {
    if (!is_drop_of(s, handle_kind::permit)) return m.apply(s);
    std::ranges::reverse(m.queue);
    outcome out = m.apply(s);
    std::ranges::reverse(m.queue);
    return out;
}

// ---- Owned permits

bool is_owned(const machine& m) {
    return std::ranges::any_of(m.operations, [](const operation& op) { return op.what == verb::reserve_owned; }) ||
           std::ranges::any_of(m.grants, [](const grant& g) { return g.name.kind == handle_kind::owned_permit; });
}

outcome reserve_owned_copies_sender(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == verb::reserve_owned) leak_sender(m);
    return out;
}

template <verb V>
outcome owned_permit_keeps_sender(machine& m, const step& s) {
    const bool concerned = s.what == V && s.subject.kind == handle_kind::owned_permit;
    outcome out = m.apply(s);
    if (concerned) {
        const std::uint32_t sender = out.answer.made.number;
        out.answer = answers(status::ok).answer;
        m.drop_sender(sender, out);
    }
    return out;
}

outcome cancelled_reserve_owned_leaks_sender(machine& m, const step& s) {
    if (cancelled<verb::reserve_owned>(m, s) != nullptr) leak_sender(m);
    return m.apply(s);
}

outcome failed_reserve_owned_leaks_sender(machine& m, const step& s) {
    if (polled<verb::reserve_owned>(m, s) != nullptr && m.closed) leak_sender(m);
    return m.apply(s);
}

outcome reserve_owned_disables_clones(machine& m, const step& s) {
    const bool disabled = s.what == verb::try_send && !m.closed && is_owned(m);
    return disabled ? answers(status::closed, s.value) : m.apply(s);
}

outcome owned_permit_is_no_sender(machine& m, const step& s) {
    const bool only_owned = m.buffer.empty() && m.senders.empty() && m.strong_count() > 0;
    if (only_owned && s.what == verb::try_recv) return answers(status::disconnected);
    if (const operation* op = polled<verb::recv, verb::recv_timeout>(m, s); only_owned && op != nullptr) {
        finish(m, op->number);
        return answers(status::none);
    }
    return m.apply(s);
}

outcome dropped_owned_permit_leaks_sender(machine& m, const step& s) {
    if (is_drop_of(s, handle_kind::owned_permit)) leak_sender(m);
    return m.apply(s);
}

// ---- Clones

outcome clone_adds_capacity(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == verb::clone && s.subject.kind == handle_kind::sender) {
        write_off(m, std::uint64_t{0} - 1);
        m.release(1, out);
    }
    return out;
}

outcome dropped_sender_still_counts(machine& m, const step& s) {
    if (is_drop_of(s, handle_kind::sender)) leak_sender(m);
    return m.apply(s);
}

constexpr std::array reserve_mutants{
    mutant{"reserve-ignores-capacity", "reserve.waits", "A reservation on a full channel gets its permit at once.",
           ignores_capacity<verb::reserve>},
    mutant{"reserve-after-close", "reserve.closed", "A closed channel gives permits while it has capacity.",
           is_served_after_close<verb::reserve>},
    mutant{"close-forgets-reservations", "reserve.closed", "Waiting reservations sleep through the close.",
           is_forgotten_by_close<verb::reserve>},
    mutant{"dropped-permit-is-lost", "permit.release", "Dropping a permit does not return its capacity.",
           dropped_permit_is_lost<handle_kind::permit>},
    mutant{"dropped-permit-serves-newest", "permit.release", "A dropped permit goes to the newest waiter.",
           dropped_permit_serves_newest},
    mutant{"reserve-owned-ignores-capacity", "reserve_owned.waits",
           "An owned reservation on a full channel gets its permit at once.", ignores_capacity<verb::reserve_owned>},
    mutant{"reserve-owned-after-close", "reserve_owned.closed",
           "A closed channel gives owned permits while it has capacity.", is_served_after_close<verb::reserve_owned>},
    mutant{"close-forgets-owned-reservations", "reserve_owned.closed",
           "Waiting owned reservations sleep through the close.", is_forgotten_by_close<verb::reserve_owned>},
    mutant{"reserve-owned-copies-sender", "reserve_owned.moves",
           "The reservation counts as a sender beside the one it took.", reserve_owned_copies_sender},
    mutant{"owned-send-keeps-sender", "reserve_owned.returns-sender",
           "send of an owned permit drops the sender instead of giving it back.",
           owned_permit_keeps_sender<verb::send>},
    mutant{"owned-release-keeps-sender", "reserve_owned.returns-sender",
           "release of an owned permit drops the sender instead of giving it back.",
           owned_permit_keeps_sender<verb::release>},
    mutant{"cancelled-reserve-owned-leaks-sender", "reserve_owned.cancel-drops-sender",
           "Cancelling an owned reservation leaves its sender counted for ever.", cancelled_reserve_owned_leaks_sender},
    mutant{"failed-reserve-owned-leaks-sender", "reserve_owned.failure-drops-sender",
           "A failed owned reservation leaves its sender counted for ever.", failed_reserve_owned_leaks_sender},
    mutant{"reserve-owned-disables-clones", "reserve_owned.clone",
           "Other senders report closed while one is inside an owned permit.", reserve_owned_disables_clones},
    mutant{"owned-permit-is-no-sender", "owned_permit.keeps-open", "The channel ends when only owned permits are left.",
           owned_permit_is_no_sender},
    mutant{"dropped-owned-permit-is-lost", "owned_permit.release-on-drop",
           "Dropping an owned permit does not return its capacity.", dropped_permit_is_lost<handle_kind::owned_permit>},
    mutant{"dropped-owned-permit-leaks-sender", "owned_permit.drops-sender",
           "Dropping an owned permit leaves its sender counted for ever.", dropped_owned_permit_leaks_sender},
    mutant{"clone-adds-capacity", "clone.same-channel", "Each clone adds a slot, as in futures 0.1 (futures-rs #403).",
           clone_adds_capacity},
    mutant{"dropped-sender-still-counts", "clone.count", "A dropped sender is counted for ever.",
           dropped_sender_still_counts},
};

}  // namespace

std::span<const mutant> reserve_family() noexcept { return reserve_mutants; }

}  // namespace tailrace::verify::zoo
