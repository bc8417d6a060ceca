// Mutants of the observers (capacity, counts, lengths, is_closed) and of weak senders.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

/// Observes right, then says something else.
template <class Number>
outcome reports(machine& m, const step& s, bool concerned, Number wrong) {
    outcome out = m.apply(s);
    if (concerned) out.answer.number = static_cast<std::uint64_t>(wrong);
    return out;
}

bool observes(const step& s, verb v, handle_kind by) { return s.what == v && s.subject.kind == by; }

std::uint64_t out_in(const machine& m, bool plain_permits) {
    std::uint64_t n = 0;
    for (const grant& g : m.grants) {
        if ((g.name.kind == handle_kind::permit) == plain_permits) n += g.size;
    }
    return n;
}

// ---- capacity

outcome starts_one_short(machine& m, const step& s) {
    const bool fresh = m.idle() && m.next_value == 1 && m.next_operation == 0;
    return reports(m, s, s.what == verb::capacity && fresh, m.max - 1);
}

outcome values_are_free(machine& m, const step& s) {
    return reports(m, s, s.what == verb::capacity, m.available + m.buffer.size());
}

outcome permits_are_free(machine& m, const step& s) {
    return reports(m, s, s.what == verb::capacity, m.available + out_in(m, true));
}

outcome owned_and_many_are_free(machine& m, const step& s) {
    return reports(m, s, s.what == verb::capacity, m.available + out_in(m, false));
}

outcome permit_send_takes_another(machine& m, const step& s) {
    const bool sends = s.what == verb::send && s.subject.kind != handle_kind::sender && !m.receiver_gone;
    outcome out = m.apply(s);
    if (sends && m.available > 0) {
        --m.available;
        write_off(m, 1);
    }
    return out;
}

outcome granted_is_free(machine& m, const step& s) {
    std::uint64_t granted = 0;
    for (const operation& op : m.operations) granted += is_granted(op) ? op.held : 0;
    return reports(m, s, s.what == verb::capacity, m.available + granted);
}

outcome closed_has_no_capacity(machine& m, const step& s) {
    return reports(m, s, s.what == verb::capacity && m.closed, 0U);
}

outcome receiver_counts_values_only(machine& m, const step& s) {
    return reports(m, s, observes(s, verb::capacity, handle_kind::receiver), m.max - m.buffer.size());
}

outcome max_is_what_is_free(machine& m, const step& s) {
    return reports(m, s, s.what == verb::max_capacity, m.available);
}

// ---- is_closed, len, counts

outcome drop_is_not_closed(machine& m, const step& s) {
    return reports(m, s, observes(s, verb::is_closed, handle_kind::sender) && m.receiver_gone, false);
}

outcome close_is_not_closed(machine& m, const step& s) {
    return reports(m, s, observes(s, verb::is_closed, handle_kind::sender) && !m.receiver_gone, false);
}

outcome last_sender_is_closed(machine& m, const step& s) {
    const bool last = m.strong_count() == 1 && m.next_sender > 1;
    return reports(m, s, observes(s, verb::is_closed, handle_kind::sender) && last, true);
}

outcome receiver_ignores_close(machine& m, const step& s) {
    return reports(m, s, observes(s, verb::is_closed, handle_kind::receiver), m.strong_count() == 0);
}

outcome receiver_ignores_senders(machine& m, const step& s) {
    return reports(m, s, observes(s, verb::is_closed, handle_kind::receiver), m.closed);
}

template <handle_kind By>
outcome len_counts_permits(machine& m, const step& s) {
    return reports(m, s, observes(s, verb::len, By), m.buffer.size() + m.outstanding());
}

outcome one_value_is_not_counted(machine& m, const step& s) {
    return reports(m, s, observes(s, verb::len, handle_kind::sender) && m.buffer.size() == 1, 0U);
}

outcome end_is_not_empty(machine& m, const step& s) {
    return reports(m, s, s.what == verb::is_empty && m.strong_count() == 0, false);
}

outcome one_value_is_empty(machine& m, const step& s) {
    return reports(m, s, s.what == verb::is_empty && m.buffer.size() == 1, true);
}

outcome strong_count_only_grows(machine& m, const step& s) {
    return reports(m, s, s.what == verb::strong_count, m.next_sender);
}

outcome strong_count_without_owned(machine& m, const step& s) {
    return reports(m, s, s.what == verb::strong_count, m.senders.size());
}

outcome weak_count_only_grows(machine& m, const step& s) {
    return reports(m, s, s.what == verb::weak_count, m.next_weak_sender);
}

outcome receiver_counts_all_senders(machine& m, const step& s) {
    return reports(m, s, s.what == verb::sender_strong_count, m.strong_count() + m.weak_senders.size());
}

outcome receiver_sees_no_weak_senders(machine& m, const step& s) {
    return reports(m, s, s.what == verb::sender_weak_count, 0U);
}

// ---- Weak senders

outcome weak_sender_keeps_open(machine& m, const step& s) {
    const operation* op = polled<verb::recv, verb::recv_timeout>(m, s);
    const bool kept = !m.weak_senders.empty() && !m.closed && m.buffer.empty();
    if (kept && op != nullptr && m.strong_count() == 0) return answers(status::pending);
    outcome out = m.apply(s);
    if (kept && m.strong_count() == 0) silence_receive(m, out);
    return out;
}

outcome never_upgrades(machine& m, const step& s) {
    return s.what == verb::upgrade ? answers(status::none) : m.apply(s);
}

outcome upgrade_revives(machine& m, const step& s) {
    if (s.what != verb::upgrade || m.strong_count() > 0) return m.apply(s);
    outcome out = answers(status::made);
    out.answer.made = {handle_kind::sender, m.next_sender};
    m.senders.push_back(m.next_sender++);
    return out;
}

outcome owned_does_not_upgrade(machine& m, const step& s) {
    return s.what == verb::upgrade && m.senders.empty() ? answers(status::none) : m.apply(s);
}

outcome weak_clone_is_not_counted(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (observes(s, verb::clone, handle_kind::weak_sender)) m.weak_senders.pop_back();
    return out;
}

// ---- Creating an operation

outcome creation_acquires(machine& m, const step& s) {
    outcome out = m.apply(s);
    const bool acquires = creates_operation(s.what, s.subject.kind) && model::acquires(s.what);
    if (acquires && !m.closed) {
        operation& op = *m.find_operation(s.operation);
        if (op.need <= m.max) m.acquire(op);
    }
    return out;
}

constexpr std::array observers_mutants{
    mutant{"starts-one-short", "capacity.starts-at-max", "capacity() starts at max - 1.", starts_one_short},
    mutant{"values-are-free", "capacity.send", "capacity() does not count buffered values.", values_are_free},
    mutant{"permits-are-free", "reserve.capacity", "capacity() does not count permits.", permits_are_free},
    mutant{"owned-and-many-are-free", "capacity.reserve", "capacity() does not count owned permits and iterators.",
           owned_and_many_are_free},
    mutant{"permit-send-takes-another", "capacity.permit-send", "Sending through a permit takes capacity once more.",
           permit_send_takes_another},
    mutant{"granted-is-free", "capacity.hand-over", "capacity() counts what was handed over and not yet taken up.",
           granted_is_free},
    mutant{"closed-has-no-capacity", "capacity.after-close", "capacity() is 0 after close.", closed_has_no_capacity},
    mutant{"receiver-counts-values-only", "receiver.capacity", "The receiver's capacity() counts values only.",
           receiver_counts_values_only},
    mutant{"max-is-what-is-free", "max_capacity", "max_capacity() is what is free now.", max_is_what_is_free},
    mutant{"drop-is-not-closed", "is_closed.on-drop", "is_closed() is false once the receiver is gone.",
           drop_is_not_closed},
    mutant{"close-is-not-closed", "is_closed.on-close", "is_closed() is false after a close.", close_is_not_closed},
    mutant{"last-sender-is-closed", "is_closed.never-by-senders",
           "is_closed() is true for the last of several senders.", last_sender_is_closed},
    mutant{"receiver-ignores-close", "receiver.is_closed", "The receiver's is_closed() is false after its own close.",
           receiver_ignores_close},
    mutant{"receiver-ignores-senders", "receiver.is_closed",
           "The receiver's is_closed() is false although no sender is left.", receiver_ignores_senders},
    mutant{"sender-len-counts-permits", "sender.len", "A sender's len() counts permits too.",
           len_counts_permits<handle_kind::sender>},
    mutant{"sender-len-misses-one", "sender.len",
           "A sender's len() misses a single value (Boost.Thread's sync_bounded_queue).", one_value_is_not_counted},
    mutant{"len-counts-permits", "receiver.len", "len() counts permits too.",
           len_counts_permits<handle_kind::receiver>},
    mutant{"end-is-not-empty", "receiver.is_empty", "is_empty() is false once all senders are gone: it counts the end.",
           end_is_not_empty},
    mutant{"one-value-is-empty", "receiver.is_empty", "is_empty() misses a single value.", one_value_is_empty},
    mutant{"strong-count-only-grows", "counts.strong", "strong_count() counts the senders that are gone.",
           strong_count_only_grows},
    mutant{"strong-count-without-owned", "counts.owned",
           "strong_count() leaves out owned permits and their reservations.", strong_count_without_owned},
    mutant{"weak-count-only-grows", "counts.weak", "weak_count() counts the weak senders that are gone.",
           weak_count_only_grows},
    mutant{"receiver-counts-all-senders", "receiver.counts", "sender_strong_count() includes the weak.",
           receiver_counts_all_senders},
    mutant{"receiver-sees-no-weak-senders", "receiver.counts", "sender_weak_count() is 0.",
           receiver_sees_no_weak_senders},
    mutant{"weak-sender-keeps-open", "weak.does-not-keep-open", "The channel does not end while a weak sender lives.",
           weak_sender_keeps_open},
    mutant{"never-upgrades", "weak.upgrade", "upgrade() gives none.", never_upgrades},
    mutant{"upgrade-revives", "weak.upgrade-never-revives", "upgrade() gives a sender although none is left.",
           upgrade_revives},
    mutant{"owned-does-not-upgrade", "weak.owned-counts", "upgrade() gives none when only owned permits are left.",
           owned_does_not_upgrade},
    mutant{"weak-clone-is-not-counted", "weak.clone", "A clone of a weak sender is not counted.",
           weak_clone_is_not_counted},
    mutant{"creation-acquires", "driven.created-inert",
           "Creating an operation takes capacity, or a place in the queue.", creation_acquires},
};

}  // namespace

std::span<const mutant> observer_family() noexcept { return observers_mutants; }

}  // namespace tailrace::verify::zoo
