// The enumeration of programs: which steps there are in a state, and all sequences of them.
// After a change here run: ci/test -L proptests -R 'enumeration|exhaustive'
#include "program/enumerate.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "program/verb_table.hpp"

namespace tailrace::verify {
namespace {

using model::handle;
using model::handle_kind;
using model::machine;
using model::step;
using model::verb;

std::vector<handle> handles_of(const machine& m) {
    std::vector<handle> all;
    if (!m.receiver_gone) all.emplace_back();
    for (const std::uint32_t s : m.senders) all.push_back({handle_kind::sender, s});
    for (const std::uint32_t w : m.weak_senders) all.push_back({handle_kind::weak_sender, w});
    for (const model::grant& g : m.grants) all.push_back(g.name);
    for (const model::operation& op : m.operations) all.push_back({handle_kind::operation, op.number});
    return all;
}

/// As the other engines do it: a receiver with an unfinished receive is dropped only in a channel that allows more than
/// the usual.
bool is_usual(const machine& m, capabilities within, const step& s) {
    const bool alone =
        s.what != verb::advance && s.subject.kind == handle_kind::receiver && needs_receiver_alone(s.what);
    return !alone || within.has(capability::reentrancy) ||
           std::ranges::none_of(m.operations, model::is_receive, &model::operation::what);
}

std::vector<step> steps(const machine& m, capabilities within, bool observing) {
    const std::vector<handle> handles = handles_of(m);
    std::vector<step> all;
    const weighted_step* before = nullptr;
    for (const weighted_step& a : acts()) {
        const bool again = before != nullptr && before->what == a.what && before->subject == a.subject;
        before = &a;  // a verb has several weights, one below the other
        if (again || model::is_observer(a.what, a.subject) != observing || (a.needs && !within.has(*a.needs))) continue;
        step s;
        s.what = a.what;
        const model::verb_shape& shape = model::shape_of(a.what);
        if (shape.value) s.value = m.next_value;
        if (shape.count) s.count = m.max;
        if (shape.time) s.time = model::duration{1};
        const auto add = [&] {
            if (!m.refusal(s) && is_usual(m, within, s) && is_prompt(within, m, s)) all.push_back(s);
        };
        if (a.what == verb::advance) {
            add();
            continue;
        }
        if (model::creates_operation(a.what, a.subject)) s.operation = m.next_operation;
        for (const handle& h : handles) {
            if (h.kind != a.subject) continue;
            s.subject = h;
            add();
        }
    }
    return all;
}

/// The new name of each old one: its place.
template <class Number>
Number place_of(const std::vector<Number>& all, Number one) {
    return static_cast<Number>(std::ranges::find(all, one) - all.begin());
}

/// How many programs go on from here with so many steps. Many ways lead to the same state: of each it is counted once.
std::uint64_t programs_from(const machine& m, capabilities within, std::size_t length, known_counts& known) {
    if (length == 0) return 1;
    if (length == 1) return next_steps(m, within).size();
    const auto [at, is_new] = known[length].try_emplace(without_names(m), 0);
    if (!is_new) return at->second;
    std::uint64_t sum = 0;
    for (const step& s : next_steps(m, within)) {
        machine after = m;
        after.apply(s);
        sum += programs_from(after, within, length - 1, known);
    }
    return at->second = sum;
}

}  // namespace

machine without_names(machine m) {
    const std::vector<std::uint32_t> senders = m.senders;
    std::vector<std::uint32_t> numbers;
    for (const model::operation& op : m.operations) numbers.push_back(op.number);
    std::vector<model::value_id> values = m.buffer;
    for (model::operation& op : m.operations) {
        if (op.value != 0) values.push_back(op.value);
        op.value = op.value != 0 ? values.size() : 0;
        op.number = place_of(numbers, op.number);
        // One that owns its sender, or has none, says nothing of those that are there.
        op.sender = place_of(senders, op.sender);
    }
    for (std::size_t i = 0; i < m.buffer.size(); ++i) m.buffer[i] = i + 1;
    for (std::uint32_t& q : m.queue) q = place_of(numbers, q);
    for (std::uint32_t& l : m.listeners) l = place_of(numbers, l);
    if (m.parked) m.parked = place_of(numbers, *m.parked);
    std::uint32_t next = 0;
    for (model::grant& g : m.grants) {
        g.name.number = next++;
        g.sender = place_of(senders, g.sender);
    }
    next = 0;
    for (std::uint32_t& s : m.senders) s = next++;
    next = 0;
    for (std::uint32_t& w : m.weak_senders) w = next++;
    m.next_sender = m.next_weak_sender = m.next_operation = m.next_permit = m.next_iterator = m.next_owned_permit = 0;
    m.next_value = 0;
    return m;
}

std::vector<step> next_steps(const machine& now, capabilities within) { return steps(now, within, false); }
std::vector<step> observers(const machine& now, capabilities within) { return steps(now, within, true); }

// ---- One way to begin

program_walk::program_walk(capabilities within, std::uint64_t capacity, const std::vector<step>& beginning,
                           std::size_t length)
    : within_(within), length_(length), fixed_(beginning.size()), state_(capacity) {
    for (const step& s : beginning) take(s);
}

void program_walk::take(const step& s) {
    model::outcome expected = state_.apply(s);
    lines_.push_back({s, std::move(expected), lines_.size() + 1});
}

/// To the first program from here, or to the next fork that has another way; false if there is none.
bool program_walk::next() {
    if (!begun_) {
        begun_ = true;
        if (lines_.size() == length_) return true;
        forks_.push_back({state_, next_steps(state_, within_)});
    }
    while (!forks_.empty()) {
        fork& last = forks_.back();
        lines_.resize(fixed_ + forks_.size() - 1);
        if (last.next == last.ways.size()) {
            forks_.pop_back();
            continue;
        }
        state_ = last.before;
        take(last.ways[last.next++]);
        if (lines_.size() == length_) return true;
        forks_.push_back({state_, next_steps(state_, within_)});
    }
    return false;
}

void program_walk::skip(std::uint64_t programs, known_counts& known) {
    while (programs > 0) {
        if (!std::exchange(begun_, true)) forks_.push_back({state_, next_steps(state_, within_)});
        fork& last = forks_.back();
        lines_.resize(fixed_ + forks_.size() - 1);
        state_ = last.before;
        take(last.ways[last.next++]);
        const std::uint64_t here = programs_from(state_, within_, length_ - lines_.size(), known);
        if (here > programs) {
            forks_.push_back({state_, next_steps(state_, within_)});
        } else {
            programs -= here;
        }
    }
}

// ---- All of them

all_programs::all_programs(const target& t, std::size_t depth) : within_(t.capabilities) {
    std::vector<std::uint64_t> capacities{reachable(t, 1), reachable(t, 2)};
    capacities.erase(std::ranges::unique(capacities).begin(), capacities.end());
    known_.resize(depth + 1);
    for (std::size_t length = 1; length <= depth; ++length) {
        for (const std::uint64_t c : capacities) {
            std::vector<step> beginning;
            add_groups(machine(c), beginning, length);
        }
    }
}

void all_programs::add_groups(const machine& now, std::vector<step>& beginning, std::size_t length) {
    constexpr std::size_t alike = 3;  // steps with which the programs of a group begin
    if (beginning.size() == std::min(alike, length)) {
        groups_.push_back({size_, now.max, length, beginning});
        size_ += programs_from(now, within_, length - beginning.size(), known_);
        return;
    }
    for (const step& s : next_steps(now, within_)) {
        machine after = now;
        after.apply(s);
        beginning.push_back(s);
        add_groups(after, beginning, length);
        beginning.pop_back();
    }
}

std::uint64_t all_programs::of_length(std::size_t length) const {
    const auto begins = [this](std::size_t l) {
        const auto at = std::ranges::lower_bound(groups_, l, {}, &group::length);
        return at == groups_.end() ? size_ : at->first;
    };
    return begins(length + 1) - begins(length);
}

all_programs::cursor::cursor(const all_programs& all, std::uint64_t first)
    : all_(&all),
      group_(static_cast<std::size_t>(std::ranges::upper_bound(all.groups_, first, {}, &group::first) -
                                      all.groups_.begin()) -
             1),
      walk_(all.walk_of(all.groups_[group_])) {
    walk_.skip(first - all.groups_[group_].first, all.known_);
}

bool all_programs::cursor::next() {
    while (!walk_.next()) {
        if (++group_ == all_->groups_.size()) return false;
        walk_ = all_->walk_of(all_->groups_[group_]);
    }
    return true;
}

}  // namespace tailrace::verify
