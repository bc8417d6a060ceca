// Four observers need not fit into the common order. Each gets the smallest and the largest number that the steps
// beside it can account for; every other observer is exact. After a change here run: ci/test -L model
#include "observer_bounds.hpp"

#include <algorithm>
#include <utility>

namespace tailrace::model {

observer_bounds::observer_bounds(const timeline& times, const std::vector<sent>& values, bool by_happens_before)
    : times_(times), values_(values), by_happens_before_(by_happens_before) {
    for (const task& t : times_.tasks()) {
        for (const event& e : t.events) {
            if (owns_sender(e.step.what)) owning_.push_back(e.step.operation);
        }
    }
}

bool observer_bounds::allow(const machine& m, const std::vector<progress>& made, std::uint32_t which,
                            std::uint32_t index, const answer& said) const {
    const event& e = times_.tasks()[which].events[index];
    if (!e.answer || e.answer->status != said.status) return false;
    const bool weak = e.step.what == verb::weak_count || e.step.what == verb::sender_weak_count;
    const bool counts = weak || e.step.what == verb::strong_count || e.step.what == verb::sender_strong_count;
    const bool len = e.step.what == verb::len && e.step.subject.kind == handle_kind::sender;
    const bool capacity = e.step.what == verb::capacity;
    if (!len && !capacity && !(counts && by_happens_before_)) return false;
    const auto [least, most] = len        ? values_beside(m, which, index)
                               : capacity ? permits_behind(m, made)
                                          : handles_beside(made, which, index, weak);
    const auto difference = static_cast<std::int64_t>(e.answer->number) - static_cast<std::int64_t>(said.number);
    return least <= difference && difference <= most;
}

/// By how much a sender's len may differ: it is the number of values sent less the number of values taken, which are
/// not read together. A value that is sent, received or destroyed meanwhile may count or not. It is never above the
/// capacity.
observer_bounds::range observer_bounds::values_beside(const machine& m, std::uint32_t which,
                                                      std::uint32_t index) const {
    const bool some_are_destroyed = destroyed_beside(m, which, index);
    std::int64_t may_go = 0;
    std::int64_t may_come = 0;
    for (const sent& v : values_) {
        if (!v.accepted) continue;
        const bool received = v.received_by != no_number;
        if (std::ranges::find(m.buffer, v.value) != m.buffer.end()) {
            const bool was_sent = times_.comes_first(v.task, v.index, which, index);
            const bool stays =
                received ? times_.comes_first(which, index, v.received_by, v.received_at) : !some_are_destroyed;
            may_go += was_sent && stays ? 0 : 1;
        } else {
            const bool had_left = received ? times_.comes_first(v.received_by, v.received_at, which, index)
                                           : m.receiver_gone && !some_are_destroyed;
            may_come += had_left || times_.comes_first(which, index, v.task, v.index) ? 0 : 1;
        }
    }
    const auto room = static_cast<std::int64_t>(m.max - m.buffer.size());
    return {-may_go, std::min(may_come, room)};
}

/// By how much a sender's capacity may differ once the receiver is gone: a value behind one that is being sent is
/// destroyed, and its permit comes back, when that one is (receiver-drop.destroys).
observer_bounds::range observer_bounds::permits_behind(const machine& m, const std::vector<progress>& made) const {
    if (!m.receiver_gone) return {0, 0};
    const auto may_be_behind = [&](const sent& v) {
        for (std::uint32_t task = 1; task < times_.tasks().size(); ++task) {
            const bool sends = m.find_grant(claim_of(task - 1)) != nullptr;
            if (sends && !times_.comes_first(v.task, v.index, task, events_done(made[task]))) return true;
        }
        return false;
    };
    const auto behind = std::ranges::count_if(values_, [&](const sent& v) {
        return v.accepted && v.received_by == no_number && v.index < events_done(made[v.task]) &&
               std::ranges::find(m.buffer, v.value) == m.buffer.end() && may_be_behind(v);
    });
    return {-behind, 0};
}

/// By how much a number of handles may differ when it is read out of the common order: of the steps of each other task
/// that are not ordered with the event, any first ones count.
observer_bounds::range observer_bounds::handles_beside(const std::vector<progress>& made, std::uint32_t which,
                                                       std::uint32_t index, bool weak) const {
    std::int64_t least = 0;
    std::int64_t most = 0;
    for (std::uint32_t other = 1; other < times_.tasks().size(); ++other) {
        if (other == which) continue;
        const std::span<const event> events = times_.tasks()[other].events;
        std::int64_t sum = 0, lowest = 0, highest = 0, now = 0;
        for (std::uint32_t i = 0; i < events.size() && !times_.comes_first(which, index, other, i); ++i) {
            if (times_.comes_first(other, i, which, index)) continue;
            sum += change_of_count(events[i], weak);
            lowest = std::min(lowest, sum);
            highest = std::max(highest, sum);
            if (i < events_done(made[other])) now = sum;
        }
        least += lowest - now;
        most += highest - now;
    }
    return {least, most};
}

/// By how much an event changes the number of strong senders, or of weak ones.
int observer_bounds::change_of_count(const event& e, bool weak) const {
    if (!e.answer) return 0;
    const handle& self = e.step.subject;
    const bool drops = e.step.what == verb::drop;
    const bool made = e.answer->status == status::made;
    if (weak) {
        if (made && e.answer->made.kind == handle_kind::weak_sender) return 1;
        return drops && self.kind == handle_kind::weak_sender ? -1 : 0;
    }
    if (made) {  // the sender of an owned permit was counted before
        const bool owned = self.kind == handle_kind::owned_permit;
        return e.answer->made.kind == handle_kind::sender && !owned ? 1 : 0;
    }
    const bool polls = e.step.what == verb::poll;
    const bool owning = std::ranges::find(owning_, e.waits ? e.step.operation : self.number) != owning_.end();
    if ((e.waits || polls) && owning) return e.answer->status == status::closed ? -1 : 0;
    if (!drops) return 0;
    const bool strong = self.kind == handle_kind::sender || self.kind == handle_kind::owned_permit;
    return strong || (self.kind == handle_kind::operation && owning) ? -1 : 0;
}

/// Whether values are destroyed meanwhile: by the drop of the receiver, or after it by a task that sends.
bool observer_bounds::destroyed_beside(const machine& m, std::uint32_t which, std::uint32_t index) const {
    for (std::uint32_t other = 1; other < times_.tasks().size(); ++other) {
        const std::span<const event> events = times_.tasks()[other].events;
        for (std::uint32_t i = 0; i < events.size(); ++i) {
            const step& s = events[i].step;
            if (s.what == verb::drop && s.subject.kind == handle_kind::receiver &&
                times_.overlap(other, i, which, index))
                return true;
        }
    }
    return m.receiver_gone && std::ranges::any_of(values_, [&](const sent& v) {
               return v.accepted && times_.overlap(v.task, v.index, which, index);
           });
}

}  // namespace tailrace::model
