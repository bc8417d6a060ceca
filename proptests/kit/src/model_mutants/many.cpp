// Mutants of batches: reserve_many and its iterator, recv_many.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#include <array>
#include <utility>

#include "model_mutants/tools.hpp"

namespace tailrace::verify::zoo {

namespace {

// ---- reserve_many

outcome reserve_many_takes_what_is_there(machine& m, const step& s) {
    operation* op = polled<verb::reserve_many>(m, s);
    const bool less = op != nullptr && is_first_poll(*op) && !m.closed && op->need <= m.max && m.available > 0 &&
                      m.available < op->need;
    if (less) op->need = m.available;
    return m.apply(s);
}

outcome waits_for_more_than_max(machine& m, const step& s) {
    const operation* op = polled<verb::reserve_many>(m, s);
    return op != nullptr && op->need > m.max ? answers(status::pending) : m.apply(s);
}

outcome reserve_zero_queues(machine& m, const step& s) {
    operation* op = polled<verb::reserve_many>(m, s);
    const bool behind = op != nullptr && is_first_poll(*op) && op->need == 0 && !m.closed;
    if (!behind || m.queue.empty()) return m.apply(s);
    op->now = operation::phase::waiting;
    m.queue.push_back(op->number);
    return answers(status::pending);
}

outcome try_reserve_many_gives_a_part(machine& m, const step& s) {
    step part = s;
    const bool less =
        s.what == verb::try_reserve_many && !m.closed && s.count <= m.max && m.available > 0 && m.available < s.count;
    if (less) part.count = m.available;
    return m.apply(part);
}

outcome try_reserve_many_looks_at_closed_first(machine& m, const step& s) {
    const bool both = s.what == verb::try_reserve_many && m.closed && s.count > m.max;
    return both ? answers(status::closed) : m.apply(s);
}

outcome try_reserve_zero_can_be_full(machine& m, const step& s) {
    const bool zero = s.what == verb::try_reserve_many && s.count == 0 && !m.closed;
    return zero && m.available == 0 ? answers(status::full) : m.apply(s);
}

// ---- The iterator

outcome iterator_stops_one_short(machine& m, const step& s) {
    const bool last = s.what == verb::next && m.find_grant(s.subject)->size == 1;
    return last ? answers(status::none) : m.apply(s);
}

outcome dropped_iterator_returns_one(machine& m, const step& s) {
    if (is_drop_of(s, handle_kind::iterator)) {
        const std::uint64_t size = m.find_grant(s.subject)->size;
        std::ranges::find(m.grants, s.subject, &grant::name)->size = std::min<std::uint64_t>(size, 1);
        if (size > 1) write_off(m, size - 1);
    }
    return m.apply(s);
}

// ---- recv_many

/// The receive goes (back) to sleep.
outcome parks(machine& m, operation& op) {
    op.now = operation::phase::waiting;
    op.notified = false;
    m.parked = op.number;
    return answers(status::pending);
}

outcome recv_many_takes_all(machine& m, const step& s) {
    operation* op = polled<verb::recv_many>(m, s);
    if (op != nullptr && op->need > 0) op->need = std::max<std::uint64_t>(op->need, m.buffer.size());
    return m.apply(s);
}

outcome recv_many_waits_for_limit(machine& m, const step& s) {
    operation* op = polled<verb::recv_many>(m, s);
    const bool more = op != nullptr && !m.buffer.empty() && m.buffer.size() < op->need;
    return more && !m.closed && m.strong_count() > 0 ? parks(m, *op) : m.apply(s);
}

outcome recv_zero_waits(machine& m, const step& s) {
    operation* op = polled<verb::recv_many>(m, s);
    return op != nullptr && op->need == 0 && !m.ended() ? parks(m, *op) : m.apply(s);
}

outcome recv_many_never_ends(machine& m, const step& s) {
    operation* op = polled<verb::recv_many>(m, s);
    return op != nullptr && op->need > 0 && m.ended() ? parks(m, *op) : m.apply(s);
}

outcome recv_many_returns_one_permit(machine& m, const step& s) {
    const operation* op = polled<verb::recv_many>(m, s);
    const std::uint64_t taken = op != nullptr ? std::min<std::uint64_t>(op->need, m.buffer.size()) : 0;
    if (taken < 2) return m.apply(s);
    const auto end = m.buffer.begin() + static_cast<std::ptrdiff_t>(taken);
    outcome out = answers(status::many);
    out.answer.values.assign(m.buffer.begin(), end);
    m.buffer.erase(m.buffer.begin(), end);
    finish(m, op->number);
    write_off(m, taken - 1);
    m.release(1, out);
    return out;
}

constexpr std::array many_mutants{
    mutant{"reserve-many-takes-what-is-there", "reserve_many.waits",
           "Gives fewer permits at once instead of waiting for all.", reserve_many_takes_what_is_there},
    mutant{"waits-for-more-than-max", "reserve_many.above-max", "Waits for more permits than there can be.",
           waits_for_more_than_max},
    mutant{"reserve-zero-queues", "reserve_many.zero", "Zero permits wait behind the others.", reserve_zero_queues},
    mutant{"reserve-many-after-close", "reserve_many.closed", "A closed channel gives iterators while it has capacity.",
           is_served_after_close<verb::reserve_many>},
    mutant{"close-forgets-many-reservations", "reserve_many.closed",
           "Waiting reservations of many sleep through the close.", is_forgotten_by_close<verb::reserve_many>},
    mutant{"try-reserve-many-gives-a-part", "try_reserve_many.full", "Gives fewer permits instead of reporting full.",
           try_reserve_many_gives_a_part},
    mutant{"try-reserve-many-after-close", "try_reserve_many.closed",
           "A closed channel gives an iterator while it has capacity.", attempts_after_close<verb::try_reserve_many>},
    mutant{"try-reserve-many-looks-at-closed-first", "try_reserve_many.above-max",
           "More than max on a closed channel is reported as closed.", try_reserve_many_looks_at_closed_first},
    mutant{"try-reserve-zero-can-be-full", "try_reserve_many.zero", "Zero permits are refused by a full channel.",
           try_reserve_zero_can_be_full},
    mutant{"iterator-stops-one-short", "iterator.next", "The last permit of an iterator never comes.",
           iterator_stops_one_short},
    mutant{"dropped-iterator-returns-one", "iterator.remainder", "Dropping an iterator returns one permit of the rest.",
           dropped_iterator_returns_one},
    mutant{"recv-many-takes-all", "recv_many.limit", "Takes everything, limit or not.", recv_many_takes_all},
    mutant{"recv-many-waits-for-limit", "recv_many.takes-what-is-there",
           "Waits until there are as many values as the limit.", recv_many_waits_for_limit},
    mutant{"recv-zero-waits", "recv_many.zero", "Limit 0 waits for a value.", recv_zero_waits},
    mutant{"recv-many-never-ends", "recv_many.end", "Waits where recv would say none (tokio #7990).",
           recv_many_never_ends},
    mutant{"recv-many-returns-one-permit", "recv_many.returns-permits", "Returns one permit for a whole batch.",
           recv_many_returns_one_permit},
};

}  // namespace

std::span<const mutant> many_family() noexcept { return many_mutants; }

}  // namespace tailrace::verify::zoo
