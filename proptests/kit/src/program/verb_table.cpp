// The tables of the verbs, and what a target lacks for a step.
// After a change here run: ci/test -L proptests -R 'generator|concurrent|sequential|shrink'
#include "program/verb_table.hpp"

#include <algorithm>
#include <array>

#include "tailrace/model/player.hpp"

namespace tailrace::verify {
namespace verb_rows {

using model::verb;
using model::handle_kind::iterator;
using model::handle_kind::operation;
using model::handle_kind::owned_permit;
using model::handle_kind::permit;
using model::handle_kind::receiver;
using model::handle_kind::sender;
using model::handle_kind::weak_sender;

constexpr std::nullopt_t no = std::nullopt;

// Weights are chosen so that values flow, capacity is short, operations are polled more than once,
// and the ends of a channel (close, drops of the receiver and of the last sender) come late. A crowd
// gathers, and then something happens to it. A stream flows.
constexpr std::array act_table{
    weighted_step{verb::try_send, sender, capability::try_send, 14, 16, 20},
    weighted_step{verb::send, sender, capability::send, 14, 40, 12},
    weighted_step{verb::send_timeout, sender, capability::send_timeout, 9, 6, 3},
    weighted_step{verb::reserve, sender, capability::reserve, 7, 12, 3},
    weighted_step{verb::reserve_many, sender, capability::reserve_many, 7, 3, 0},
    weighted_step{verb::reserve_owned, sender, capability::reserve_owned, 10, 0, 0},
    weighted_step{verb::closed, sender, capability::closed, 5, 4, 0},
    weighted_step{verb::try_reserve, sender, capability::try_reserve, 6, 1, 3},
    weighted_step{verb::try_reserve_many, sender, capability::reserve_many, 5, 3, 0},
    weighted_step{verb::try_reserve_owned, sender, capability::try_reserve_owned, 6, 0, 2},
    weighted_step{verb::clone, sender, capability::clone, 8, 0, 0},
    weighted_step{verb::downgrade, sender, capability::weak, 4, 0, 0},
    weighted_step{verb::capacity, sender, capability::sender_capacity, 1, 0, 0},
    weighted_step{verb::max_capacity, sender, capability::sender_max_capacity, 1, 0, 0},
    weighted_step{verb::strong_count, sender, capability::sender_counts, 1, 0, 0},
    weighted_step{verb::weak_count, sender, capability::sender_counts, 1, 0, 0},
    weighted_step{verb::is_closed, sender, capability::sender_is_closed, 2, 0, 0},
    weighted_step{verb::len, sender, capability::sender_len, 1, 0, 0},
    weighted_step{verb::drop, sender, capability::sender_drop, 6, 0, 0},

    weighted_step{verb::upgrade, weak_sender, capability::weak, 8, 0, 0},
    weighted_step{verb::clone, weak_sender, capability::weak, 2, 0, 0},
    weighted_step{verb::strong_count, weak_sender, capability::sender_counts, 2, 0, 0},
    weighted_step{verb::weak_count, weak_sender, capability::sender_counts, 2, 0, 0},
    weighted_step{verb::drop, weak_sender, no, 2, 0, 0},

    weighted_step{verb::send, permit, no, 12, 2, 8},
    weighted_step{verb::drop, permit, no, 8, 1, 1},
    weighted_step{verb::send, owned_permit, no, 8, 0, 4},
    weighted_step{verb::release, owned_permit, no, 8, 0, 0},
    weighted_step{verb::drop, owned_permit, no, 6, 0, 0},
    weighted_step{verb::next, iterator, no, 8, 0, 0},
    weighted_step{verb::drop, iterator, no, 6, 1, 0},

    weighted_step{verb::recv, receiver, capability::recv, 12, 1, 8},
    weighted_step{verb::recv_timeout, receiver, capability::recv_timeout, 10, 0, 2},
    weighted_step{verb::recv_many, receiver, capability::recv_many, 7, 2, 3},
    weighted_step{verb::try_recv, receiver, capability::try_recv, 16, 1, 20},
    weighted_step{verb::close, receiver, capability::close, 3, 1, 0},
    weighted_step{verb::capacity, receiver, capability::receiver_observers, 1, 0, 0},
    weighted_step{verb::len, receiver, capability::receiver_observers, 1, 0, 1},
    weighted_step{verb::is_empty, receiver, capability::receiver_observers, 1, 0, 6},
    weighted_step{verb::is_closed, receiver, capability::receiver_observers, 2, 0, 0},
    weighted_step{verb::sender_strong_count, receiver, capability::receiver_observers, 1, 0, 0},
    weighted_step{verb::sender_weak_count, receiver, capability::receiver_observers, 1, 0, 0},
    weighted_step{verb::drop, receiver, capability::receiver_drop, 2, 0, 0},

    weighted_step{verb::poll, operation, no, 70, 90, 30, which::fresh},
    weighted_step{verb::poll, operation, no, 30, 6, 20, which::ready},
    weighted_step{verb::poll, operation, no, 10, 3, 3, which::any},
    weighted_step{verb::drop, operation, no, 6, 2, 1, which::ready},
    weighted_step{verb::drop, operation, no, 5, 3, 1, which::any},
    weighted_step{verb::advance, receiver, no, 12, 1, 0},  // no subject
};
static_assert(act_table.size() <= 256, "a command has eight bits for its act");

// The generator knows which handles a task may have, not which it has.
constexpr std::array sender_table{
    task_act{verb::try_send, sender, 16},
    task_act{verb::send, sender, 30},
    task_act{verb::send_timeout, sender, 4},
    task_act{verb::reserve, sender, 12},
    task_act{verb::reserve_many, sender, 5},
    task_act{verb::reserve_owned, sender, 4},
    task_act{verb::closed, sender, 3},
    task_act{verb::try_reserve, sender, 9},
    task_act{verb::try_reserve_many, sender, 3},
    task_act{verb::try_reserve_owned, sender, 3},
    task_act{verb::clone, sender, 3},
    task_act{verb::downgrade, sender, 2},
    task_act{verb::capacity, sender, 4},
    task_act{verb::max_capacity, sender, 1},
    task_act{verb::is_closed, sender, 3},
    task_act{verb::strong_count, sender, 3},
    task_act{verb::weak_count, sender, 3},
    task_act{verb::len, sender, 4},
    task_act{verb::drop, sender, 4, allowed::late},
    task_act{verb::upgrade, weak_sender, 14},
    task_act{verb::clone, weak_sender, 6},
    task_act{verb::strong_count, weak_sender, 2},
    task_act{verb::weak_count, weak_sender, 4},
    task_act{verb::drop, weak_sender, 8},
    task_act{verb::send, permit, 26},
    task_act{verb::drop, permit, 12},
    task_act{verb::next, iterator, 8},
    task_act{verb::drop, iterator, 4},
    task_act{verb::send, owned_permit, 6},
    task_act{verb::release, owned_permit, 3},
    task_act{verb::drop, owned_permit, 3},
    task_act{verb::poll, operation, 28},
    task_act{verb::drop, operation, 15},
    task_act{verb::advance, receiver, 2},
};
constexpr std::array receiver_table{
    task_act{verb::try_recv, receiver, 28},
    task_act{verb::recv, receiver, 40},
    task_act{verb::recv_many, receiver, 6},
    task_act{verb::recv_timeout, receiver, 4},
    task_act{verb::close, receiver, 8, allowed::late},
    task_act{verb::drop, receiver, 8, allowed::late},
    task_act{verb::capacity, receiver, 2},
    task_act{verb::len, receiver, 3},
    task_act{verb::is_empty, receiver, 2},
    task_act{verb::is_closed, receiver, 2},
    task_act{verb::sender_strong_count, receiver, 2},
    task_act{verb::sender_weak_count, receiver, 2},
};

constexpr std::array simpler_table{
    simpler_verb{verb::send, sender, verb::try_send, true},
    simpler_verb{verb::send, permit, verb::drop},
    simpler_verb{verb::send, owned_permit, verb::drop},
    simpler_verb{verb::send, owned_permit, verb::release},
    simpler_verb{verb::send_timeout, sender, verb::try_send, true},
    simpler_verb{verb::send_timeout, sender, verb::send},
    simpler_verb{verb::reserve, sender, verb::try_reserve, true},
    simpler_verb{verb::reserve_owned, sender, verb::try_reserve_owned, true},
    simpler_verb{verb::reserve_owned, sender, verb::reserve},
    simpler_verb{verb::reserve_many, sender, verb::try_reserve},
    simpler_verb{verb::reserve_many, sender, verb::reserve},
    simpler_verb{verb::reserve_many, sender, verb::try_reserve_many, true},
    simpler_verb{verb::try_reserve_many, sender, verb::try_reserve},
    simpler_verb{verb::try_reserve_owned, sender, verb::try_reserve},
    simpler_verb{verb::recv, receiver, verb::try_recv, true},
    simpler_verb{verb::recv_timeout, receiver, verb::try_recv, true},
    simpler_verb{verb::recv_timeout, receiver, verb::recv},
    simpler_verb{verb::recv_many, receiver, verb::try_recv, true},
    simpler_verb{verb::recv_many, receiver, verb::recv},
    simpler_verb{verb::release, owned_permit, verb::drop},
    simpler_verb{verb::drop, receiver, verb::close},
};

consteval bool is_complete() {
    for (std::size_t i = 0; i < model::verb_count * model::kind_count; ++i) {
        const auto what = static_cast<verb>(i / model::kind_count);
        const auto kind = static_cast<model::handle_kind>(i % model::kind_count);
        const auto is_it = [&](const weighted_step& a) { return a.what == what && a.subject == kind; };
        if (model::applies_to(what, kind) && std::ranges::none_of(act_table, is_it)) return false;
    }
    return true;
}
static_assert(is_complete(), "every verb is generated, on every kind of handle that has it");

}  // namespace verb_rows

std::span<const weighted_step> acts() noexcept { return verb_rows::act_table; }
std::span<const task_act> sender_acts() noexcept { return verb_rows::sender_table; }
std::span<const task_act> receiver_acts() noexcept { return verb_rows::receiver_table; }
std::span<const simpler_verb> simpler_verbs() noexcept { return verb_rows::simpler_table; }

std::optional<capability> needed_for(const model::step& s) noexcept {
    const auto is_it = [&](const weighted_step& a) { return a.what == s.what && a.subject == s.subject.kind; };
    const auto at = std::ranges::find_if(verb_rows::act_table, is_it);
    return at == verb_rows::act_table.end() ? std::nullopt : at->needs;
}

bool is_within(capabilities c, const model::step& s) noexcept {
    if (s.at.depth > 0 && !c.has(capability::reentrancy)) return false;
    const std::optional<capability> needed = needed_for(s);
    return !needed || c.has(*needed);
}

std::optional<capability> first_missing(const target& t, const model::trace& program) {
    if (reachable(t, program.capacity) != program.capacity) return capability::any_capacity;
    if (has_reactions(program.lines) && !t.capabilities.has(capability::reentrancy)) return capability::reentrancy;
    model::player p(program.capacity);
    for (const model::line& l : program.lines) {
        if (!is_within(t.capabilities, l.step)) return needed_for(l.step);
        if (!p.go_to(l.step.at) || p.refusal(l.step)) continue;
        if (!is_prompt(t.capabilities, p.state(), l.step)) return capability::late_poll;
        p.take(l.step);
    }
    return std::nullopt;
}

}  // namespace tailrace::verify
