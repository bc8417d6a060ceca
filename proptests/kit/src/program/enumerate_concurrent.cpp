// The enumeration of concurrent programs: states up to names, the operations in each, and all pairs of them.
// After a change here run: ci/test -L proptests -R 'enumeration|interleavings'
#include "program/enumerate_concurrent.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "program/enumerate.hpp"
#include "program/verb_table.hpp"
#include "tailrace/model/verbs.hpp"

namespace tailrace::verify {
namespace {

using model::handle;
using model::handle_kind;
using model::machine;
using model::step;
using model::verb;

bool is_timed(const step& s) { return model::shape_of(s.what).time; }

/// What an operation makes has its number: these are beyond those of what is made at once.
constexpr std::uint32_t first_operation = 50;

struct alone {
    machine state;
    std::optional<handle> made;
};
/// What the step does if no other task takes any.
alone after(machine m, const task_step& t) {
    model::outcome out = m.apply(t.step);
    const step poll{.what = verb::poll, .subject = {handle_kind::operation, t.step.operation}};
    if (t.waits) out = m.apply(poll);
    const bool made = out.answer.status == model::status::made;
    return {std::move(m), made ? std::optional(out.answer.made) : std::nullopt};
}

/// The kind of handle that the step may make, by itself or by its operation.
std::optional<handle_kind> may_make(const machine& m, const step& s) {
    if (s.what != verb::poll) return model::makes(s.what, s.subject.kind);
    const model::operation* op = m.find_operation(s.subject.number);
    return op != nullptr && !is_receive(op->what) ? model::makes(op->what, handle_kind::sender) : std::nullopt;
}

bool uses_up(const step& s) { return ends_subject(s.what, s.subject.kind); }

/// The steps that may follow one of the same task: those that the state allows before or after it, and those with what
/// it may have made, under the name that the program gives that.
std::vector<step> seconds(const machine& m, const task_step& first, capabilities within) {
    const alone then = after(m, first);
    const std::optional<handle_kind> makes = may_make(m, first.step);
    const bool polls = first.step.what == verb::poll;
    const handle made{makes.value_or(handle_kind::receiver), polls ? first.step.subject.number : first.step.operation};
    std::vector<step> all;
    const auto add = [&](step s) {
        s.value = s.value != 0 ? 1 : 0;
        s.operation = 0;
        if (std::ranges::find(all, s) == all.end()) all.push_back(s);
    };
    const bool gone = uses_up(first.step) && first.step.what != verb::try_reserve_owned;
    for (const step& s : next_steps(m, within)) {
        if (!gone || s.subject != first.step.subject) add(s);
    }
    for (step s : next_steps(then.state, within)) {
        if (then.made && s.subject == *then.made) s.subject = made;
        const bool own = s.subject == handle{handle_kind::operation, first.step.operation} && first.waits;
        if (!own) add(s);
    }
    if (!makes || then.made) return all;
    for (const weighted_step& a : acts()) {  // it could not be made at once
        if (a.subject == made.kind && !model::is_observer(a.what, a.subject))
            add({.what = a.what, .subject = made, .value = model::shape_of(a.what).value ? 1U : 0U});
    }
    return all;
}

/// The step as operation `i` of a task.
task_step operation_of(step s, std::size_t task, std::size_t i) {
    task_step t;
    t.waits = s.what != verb::advance && model::creates_operation(s.what, s.subject.kind);
    if (s.what != verb::poll) s.operation = static_cast<std::uint32_t>((task + 1) * names_per_task + i);
    if (model::shape_of(s.what).value) s.value = (task + 1) * names_per_task + i;
    t.step = s;
    return t;
}

/// A receive is used by the task that has the receiver.
handle owner_of(const machine& m, const step& s) {
    if (s.subject.kind != handle_kind::operation) return s.subject;
    const model::operation* op = m.find_operation(s.subject.number);
    return op != nullptr && is_receive(op->what) ? handle{} : s.subject;
}

/// The two can go on at once: they share senders alone, and none that one of them uses up.
bool fit(const machine& m, const std::vector<task_step>& a, const std::vector<task_step>& b) {
    return std::ranges::none_of(a, [&](const task_step& one) {
        return std::ranges::any_of(b, [&](const task_step& two) {
            if (owner_of(m, one.step) != owner_of(m, two.step)) return false;
            return one.step.subject.kind != handle_kind::sender || uses_up(one.step) || uses_up(two.step);
        });
    });
}

constexpr std::array<std::string_view, 8> state_kinds{"idle",   "in part used", "full",          "waiters",
                                                      "parked", "closed",       "receiver gone", "no sender"};

}  // namespace

std::string_view kind_of_state(const machine& m) {
    return state_kinds[m.receiver_gone         ? 6
                       : m.closed              ? 5
                       : m.strong_count() == 0 ? 7
                       : !m.queue.empty()      ? 3
                       : m.available == 0      ? 2
                       : m.parked              ? 4
                       : m.available < m.max   ? 1
                                               : 0];
}

std::span<const std::string_view> kinds_of_states() { return state_kinds; }

all_concurrent_programs::all_concurrent_programs(capabilities within, const concurrent_size& size)
    : within_(within.without(capability::reentrancy)) {
    for (const std::uint64_t capacity : {1U, 2U}) find_states(capacity, size.before);
    std::ranges::stable_sort(states_, {}, [](const state& s) { return s.before.size(); });
    for (std::size_t steps = 2; steps <= size.before + size.first + size.second; ++steps) {
        for (std::size_t s = 0; s < states_.size(); ++s) {
            for (std::size_t one = 1; one <= size.first; ++one) {
                for (std::size_t two = one; two <= size.second; ++two) {
                    if (states_[s].before.size() + one + two != steps) continue;
                    groups_.push_back({size_, s, {one, two}});
                    size_ += pairs_of(groups_.back()).size();
                }
            }
        }
    }
}

void all_concurrent_programs::find_states(std::uint64_t capacity, std::size_t most) {
    machine begin(capacity);
    begin.next_operation = first_operation;
    std::unordered_set<machine> known{without_names(begin)};
    std::size_t at = states_.size();
    states_.push_back({{}, begin});
    for (; at < states_.size(); ++at) {
        if (states_[at].before.size() == most) continue;
        for (const step& s : next_steps(states_[at].now, within_)) {
            if (is_timed(s)) continue;
            state next = states_[at];
            next.before.push_back(s);
            next.now.apply(s);
            if (known.insert(without_names(next.now)).second) states_.push_back(std::move(next));
        }
    }
}

std::vector<std::vector<task_step>> all_concurrent_programs::tasks_in(const machine& m, std::size_t length,
                                                                      std::size_t task) const {
    std::vector<std::vector<task_step>> all;
    for (const step& s : next_steps(m, within_)) {
        if (is_timed(s)) continue;
        const task_step first = operation_of(s, task, 0);
        if (length == 1) {
            all.push_back({first});
            continue;
        }
        for (const step& then : seconds(m, first, within_)) {
            if (!is_timed(then)) all.push_back({first, operation_of(then, task, 1)});
        }
    }
    return all;
}

std::vector<std::pair<std::vector<task_step>, std::vector<task_step>>> all_concurrent_programs::pairs_of(
    const group& g) const {
    const machine& m = states_[g.state].now;
    std::vector<std::vector<task_step>> ones = tasks_in(m, g.lengths[0], 0);
    const std::vector<std::vector<task_step>> twos = tasks_in(m, g.lengths[1], 1);
    const std::size_t acting = ones.size();
    if (g.lengths[0] == 1) {
        for (const step& s : observers(m, within_)) ones.push_back({operation_of(s, 0, 0)});
    }
    std::vector<std::pair<std::vector<task_step>, std::vector<task_step>>> all;
    for (std::size_t i = 0; i < ones.size(); ++i) {
        // Of as many operations each, the tasks may change places.
        for (std::size_t k = g.lengths[0] == g.lengths[1] && i < acting ? i : 0; k < twos.size(); ++k) {
            if (fit(m, ones[i], twos[k])) all.emplace_back(ones[i], twos[k]);
        }
    }
    return all;
}

concurrent_program all_concurrent_programs::at(std::uint64_t index) const {
    const auto after = std::ranges::upper_bound(groups_, index, {}, &group::first);
    const auto number = static_cast<std::size_t>(after - groups_.begin()) - 1;
    const group& g = groups_[number];
    if (known_ != number) pairs_ = pairs_of(g);
    known_ = number;
    const auto& [one, two] = pairs_[index - g.first];
    return {states_[g.state].now.max, states_[g.state].before, {one, two}};
}

}  // namespace tailrace::verify
