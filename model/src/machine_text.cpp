// The text of the specification: the reason why a step is refused, and the state in one line; and the hash.
// After a change here run: ci/test -L model
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {

namespace {

/// The live receive, if there is one: created or pending, it uses the receiver exclusively.
const operation* live_receive(const machine& m) {
    const auto at = std::ranges::find_if(m.operations, [](const operation& o) { return is_receive(o.what); });
    return at == m.operations.end() ? nullptr : &*at;
}

/// The name of a handle that borrows this sender, or nothing.
std::string borrower(const machine& m, std::uint32_t sender) {
    for (const operation& op : m.operations) {
        if (!is_receive(op.what) && !owns_sender(op.what) && op.sender == sender) {
            return to_string(handle{handle_kind::operation, op.number});
        }
    }
    for (const grant& g : m.grants) {
        if (g.name.kind != handle_kind::owned_permit && g.sender == sender) return to_string(g.name);
    }
    return {};
}

bool exists(const machine& m, handle h) {
    switch (h.kind) {
        case handle_kind::sender: return std::ranges::count(m.senders, h.number) > 0;
        case handle_kind::weak_sender: return std::ranges::count(m.weak_senders, h.number) > 0;
        case handle_kind::receiver: return !m.receiver_gone;
        case handle_kind::operation: return m.find_operation(h.number) != nullptr;
        default: return m.find_grant(h) != nullptr;
    }
}

bool was_used(const machine& m, handle h) {
    switch (h.kind) {
        case handle_kind::sender: return h.number < m.next_sender;
        case handle_kind::weak_sender: return h.number < m.next_weak_sender;
        case handle_kind::receiver: return true;
        case handle_kind::operation: return h.number < m.next_operation;
        case handle_kind::permit: return h.number < m.next_permit;
        case handle_kind::iterator: return h.number < m.next_iterator;
        case handle_kind::owned_permit: return h.number < m.next_owned_permit;
    }
    return false;
}

std::size_t combine(std::size_t seed, std::uint64_t v) {
    // splitmix64's finaliser over the running value
    std::uint64_t x = seed + 0x9e3779b97f4a7c15u + v;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return static_cast<std::size_t>(x ^ (x >> 31));
}

}  // namespace

std::optional<std::string> machine::refusal(const step& s) const {
    if (s.what == verb::advance) return std::nullopt;

    const auto name = [&s] { return to_string(s.subject); };
    if (!applies_to(s.what, s.subject.kind)) {
        return fmt::format("'{}' is not an operation of {}", shape_of(s.what).spelling, name());
    }
    const bool is_returning = s.what == verb::drop && s.subject.kind == handle_kind::operation &&
                              std::ranges::count(returning, s.subject.number) > 0;
    if (!is_returning && !exists(*this, s.subject)) {
        return was_used(*this, s.subject) ? fmt::format("{} is gone: it was dropped, consumed or has finished", name())
                                          : fmt::format("{} does not exist", name());
    }

    if (s.subject.kind == handle_kind::sender && ends_subject(s.what, s.subject.kind)) {
        if (const std::string who = borrower(*this, s.subject.number); !who.empty()) {
            return fmt::format("{} is borrowed by {}, which has to end before it", name(), who);
        }
    }
    if (takes_values(s.what)) {
        if (const operation* op = live_receive(*this)) {
            return fmt::format("r is in use by f{}: one receive at a time", op->number);
        }
    }
    if (creates_operation(s.what, s.subject.kind) && s.operation < next_operation) {
        return fmt::format("f{} was used before: the next new operation is f{}", s.operation, next_operation);
    }
    if (s.operation == std::numeric_limits<std::uint32_t>::max() || s.value == std::numeric_limits<value_id>::max()) {
        return "the last number of its kind cannot be used: there would be no next one";
    }
    if (shape_of(s.what).value && s.value < next_value) {
        return fmt::format("v{} was used before: the next new value is v{}", s.value, next_value);
    }
    return std::nullopt;
}

std::size_t hash_value(const machine& m) noexcept {
    std::size_t h = 0;
    const auto add = [&h](std::uint64_t v) { h = combine(h, v); };
    add(m.max);
    add(m.available);
    add(static_cast<std::uint64_t>(m.closed) | static_cast<std::uint64_t>(m.receiver_gone) << 1);
    add(static_cast<std::uint64_t>(m.now.count()));
    add(m.parked ? *m.parked + std::uint64_t{1} : 0);
    for (const std::uint32_t q : m.queue) add(q);
    add(m.queue.size());
    for (const std::uint32_t l : m.listeners) add(l);
    add(m.listeners.size());
    for (const value_id v : m.buffer) add(v);
    add(m.buffer.size());
    for (const operation& op : m.operations) {
        add(static_cast<std::uint64_t>(op.what) << 32 | op.number);
        add(op.held << 8 | static_cast<std::uint64_t>(op.now) << 4 | static_cast<std::uint64_t>(op.notified) << 1 |
            static_cast<std::uint64_t>(op.deadline_fired));
    }
    for (const grant& g : m.grants) {
        add(static_cast<std::uint64_t>(g.name.kind) << 32 | g.name.number);
        add(g.size);
    }
    for (const std::uint32_t s : m.senders) add(s);
    for (const std::uint32_t w : m.weak_senders) add(w);
    return h;
}

std::string to_string(const machine& m) {
    std::string text = fmt::format("max {} available {}", m.max, m.available);
    if (m.receiver_gone) {
        text += " receiver gone";
    } else if (m.closed) {
        text += " closed";
    }
    if (m.now.count() != 0) text += fmt::format(" clock {}ms", m.now.count());

    const auto section = [&text](std::string_view title) { text += fmt::format(" | {}", title); };
    const auto in_queue = [&m](std::uint32_t number) {
        const operation& op = *m.find_operation(number);
        return fmt::format(" f{}({}/{})", number, op.held, op.need);
    };
    if (!m.buffer.empty()) section("buffer");
    for (const value_id v : m.buffer) text += fmt::format(" v{}", v);
    if (!m.queue.empty()) section("queue");
    for (const std::uint32_t q : m.queue) text += in_queue(q);

    std::string detached;
    for (const operation& op : m.operations) {
        if (op.now == operation::phase::granted) detached += fmt::format(" f{} granted {}", op.number, op.held);
        if (op.now == operation::phase::failed) detached += fmt::format(" f{} failed, holds {}", op.number, op.held);
    }
    if (!detached.empty()) section("detached"), text += detached;
    if (m.parked) {
        section(fmt::format("parked f{}{}", *m.parked, m.find_operation(*m.parked)->notified ? " (woken)" : ""));
    }
    if (!m.listeners.empty()) section("listeners");
    for (const std::uint32_t l : m.listeners) text += fmt::format(" f{}", l);
    if (!m.grants.empty()) section("out");
    for (const grant& g : m.grants) {
        text += ' ' + to_string(g.name);
        if (g.name.kind == handle_kind::iterator) text += fmt::format("({})", g.size);
    }
    section("senders");
    for (const std::uint32_t s : m.senders) text += fmt::format(" s{}", s);
    if (m.senders.empty()) text += " none";
    if (!m.weak_senders.empty()) section("weak");
    for (const std::uint32_t w : m.weak_senders) text += fmt::format(" w{}", w);
    return text;
}

}  // namespace tailrace::model
