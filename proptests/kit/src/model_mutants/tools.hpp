// What the mutants share: ways to look at a step, and to tamper with a machine without upsetting
// its own assertions.
//
// A mutant is compared with the specification up to their first difference only, so it need not
// behave sensibly after that.
// After a change here run: ci/test -L proptests -R 'zoo|evidence'
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "model_mutants/mutant.hpp"

namespace tailrace::verify::zoo {

using namespace model;

/// The families. One table each, in the file of that name.
[[nodiscard]] std::span<const mutant> queue_family() noexcept;
[[nodiscard]] std::span<const mutant> send_family() noexcept;
[[nodiscard]] std::span<const mutant> try_send_family() noexcept;
[[nodiscard]] std::span<const mutant> reserve_family() noexcept;
[[nodiscard]] std::span<const mutant> receive_family() noexcept;
[[nodiscard]] std::span<const mutant> wake_family() noexcept;
[[nodiscard]] std::span<const mutant> close_family() noexcept;
[[nodiscard]] std::span<const mutant> many_family() noexcept;
[[nodiscard]] std::span<const mutant> observer_family() noexcept;

// ---- Looking

template <verb... Vs>
[[nodiscard]] constexpr bool one_of(verb v) {
    return ((v == Vs) || ...);
}

/// The operation that this step polls, if it is a poll, and of these verbs.
template <verb... Vs>
[[nodiscard]] operation* polled(machine& m, const step& s) {
    if (s.what != verb::poll) return nullptr;
    operation* op = m.find_operation(s.subject.number);
    return sizeof...(Vs) == 0 || one_of<Vs...>(op->what) ? op : nullptr;
}

/// The operation that this step cancels, if it does, and of these verbs.
template <verb... Vs>
[[nodiscard]] operation* cancelled(machine& m, const step& s) {
    if (s.what != verb::drop || s.subject.kind != handle_kind::operation) return nullptr;
    operation* op = m.find_operation(s.subject.number);
    return sizeof...(Vs) == 0 || one_of<Vs...>(op->what) ? op : nullptr;
}

[[nodiscard]] inline bool is_drop_of(const step& s, handle_kind kind) {
    return s.what == verb::drop && s.subject.kind == kind;
}

/// The step closes the channel, in one of these ways.
enum class closing { by_close, by_drop, either };

[[nodiscard]] inline bool closes(const machine& m, const step& s, closing how = closing::either) {
    if (m.closed) return false;
    return (s.what == verb::close && how != closing::by_drop) ||
           (is_drop_of(s, handle_kind::receiver) && how != closing::by_close);
}

[[nodiscard]] inline bool is_closed_by(const machine& m, closing how) {
    return m.closed && (how == closing::either || m.receiver_gone == (how == closing::by_drop));
}

[[nodiscard]] inline bool is_queued(const machine& m, const operation& op) {
    return std::ranges::find(m.queue, op.number) != m.queue.end();
}

[[nodiscard]] inline bool is_first_poll(const operation& op) { return op.now == operation::phase::created; }

[[nodiscard]] inline bool is_granted(const operation& op) { return op.now == operation::phase::granted; }

[[nodiscard]] inline bool is_overdue(const machine& m, const operation& op) {
    return op.deadline && m.now >= *op.deadline;
}

/// Of an operation.
[[nodiscard]] inline bool sends(verb v) { return model::shape_of(v).value; }

// ---- Answering

[[nodiscard]] inline outcome answers(status st, std::optional<value_id> value = std::nullopt) {
    outcome out;
    out.answer.status = st;
    out.answer.value = value;
    return out;
}

/// The value that the answer hands back is destroyed instead.
inline void swallow(outcome& out) {
    out.destroyed.push_back(*out.answer.value);
    out.answer.value.reset();
}

/// Takes wakes back: those of the operations that `is_silent(op)` says.
template <class Predicate>
void silence(const machine& m, outcome& out, Predicate is_silent) {
    std::erase_if(out.woken, [&](handle h) {
        const operation* op = m.find_operation(h.number);
        return op != nullptr && is_silent(*op);
    });
}

inline void silence_receive(const machine& m, outcome& out) {
    silence(m, out, [](const operation& op) { return is_receive(op.what); });
}

// ---- Tampering

/// A name that no program can have made.
inline constexpr std::uint32_t no_number = std::numeric_limits<std::uint32_t>::max();

/// Keeps the permits balanced: k permits are out for good, without an owner. A negative k wraps and adds up all the
/// same: it balances permits that a handle has without having been given them.
inline void write_off(machine& m, std::uint64_t k) {
    m.grants.push_back({{handle_kind::permit, no_number}, no_number, k});
}

/// k permits from nowhere become available.
inline void conjure(machine& m, std::uint64_t k) {
    write_off(m, std::uint64_t{0} - k);
    m.available += k;
}

/// A sender without an owner, which is therefore never dropped.
inline void leak_sender(machine& m) { m.senders.push_back(no_number); }

/// Removes an operation that has finished; what it held must be accounted for.
inline void finish(machine& m, std::uint32_t number) {
    const operation* op = m.find_operation(number);
    m.unlink(*op);
    std::erase_if(m.operations, [&](const operation& o) { return o.number == number; });
}

/// Takes the step without looking at closed.
inline outcome apply_as_if_open(machine& m, const step& s) {
    m.closed = false;
    outcome out = m.apply(s);
    m.closed = true;
    return out;
}

// ---- Faults that several clauses have in common

/// A first poll that finds too little capacity succeeds.
template <verb V>
outcome ignores_capacity(machine& m, const step& s) {
    const operation* op = polled<V>(m, s);
    if (op != nullptr && is_first_poll(*op) && !m.closed && m.available < op->need && op->need <= m.max) {
        conjure(m, op->need - m.available);
    }
    return m.apply(s);
}

/// A first poll after the close is served while there is capacity.
template <verb V, closing How = closing::either>
outcome is_served_after_close(machine& m, const step& s) {
    const operation* op = polled<V>(m, s);
    const bool served = op != nullptr && is_first_poll(*op) && is_closed_by(m, How) && m.available >= op->need;
    return served ? apply_as_if_open(m, s) : m.apply(s);
}

/// Closing does not wake the waiters.
template <verb V, closing How = closing::either>
outcome is_forgotten_by_close(machine& m, const step& s) {
    const bool now = closes(m, s, How);
    outcome out = m.apply(s);
    if (now) silence(m, out, [](const operation& op) { return op.what == V; });
    return out;
}

/// An attempt takes a permit from a waiter: from the partial hold of the head, or from an
/// operation that was granted it and has not been polled since.
template <verb V>
outcome barges(machine& m, const step& s) {
    if (s.what == V && !m.closed && m.available == 0) {
        const auto granted =
            std::ranges::find_if(m.operations, [](const operation& op) { return is_granted(op) && op.held > 0; });
        operation* victim = !m.queue.empty() ? m.find_operation(m.queue.front()) : nullptr;
        if (victim == nullptr || victim->held == 0) {
            victim = granted != m.operations.end() ? &*granted : nullptr;
        }
        if (victim != nullptr) {
            if (is_granted(*victim)) {
                victim->now = operation::phase::waiting;
                m.queue.insert(m.queue.begin(), victim->number);
            }
            --victim->held;
            ++m.available;
        }
    }
    return m.apply(s);
}

/// An attempt that fails as `Before` says `After` instead.
template <verb V, status Before, status After>
outcome misreports(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == V && out.answer.status == Before) out.answer.status = After;
    return out;
}

/// An attempt on a closed channel succeeds while there is capacity.
template <verb V>
outcome attempts_after_close(machine& m, const step& s) {
    const std::uint64_t n = s.what == verb::try_reserve_many ? s.count : 1;
    return s.what == V && m.closed && m.available >= n ? apply_as_if_open(m, s) : m.apply(s);
}

/// An attempt that finds the channel both closed and full says full.
template <verb V>
outcome says_full_before_closed(machine& m, const step& s) {
    const bool both = s.what == V && m.closed && m.available == 0;
    outcome out = m.apply(s);
    if (both && out.answer.status == status::closed) out.answer.status = status::full;
    return out;
}

/// An attempt that finds no capacity waits for it. To have no answer is shown as pending.
template <verb V>
outcome waits_instead(machine& m, const step& s) {
    outcome out = m.apply(s);
    return s.what == V && out.answer.status == status::full ? answers(status::pending) : out;
}

}  // namespace tailrace::verify::zoo
