// Capabilities: their names, and what a target without some of them can show. What each verb needs is a table of
// program/verb_table.cpp.
// After a change here run: ci/test -L proptests
#include "tailrace/verify/target.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::verb;

constexpr auto names = std::to_array<std::string_view>({
    "send",
    "try_send",
    "send_timeout",
    "reserve",
    "try_reserve",
    "reserve_owned",
    "try_reserve_owned",
    "reserve_many",
    "closed",
    "recv",
    "try_recv",
    "recv_timeout",
    "recv_many",
    "close",
    "clone",
    "weak",
    "sender_counts",
    "sender_capacity",
    "sender_max_capacity",
    "sender_is_closed",
    "sender_len",
    "receiver_observers",
    "blocking",
    "sender_drop",
    "receiver_drop",
    "late_poll",
    "send_returns_value",
    "any_capacity",
    "reentrancy",
});
static_assert(names.size() == capability_count && names.back() == "reentrancy",
              "one name for each capability, in their order");

}  // namespace

std::string_view to_string(capability c) noexcept {
    const auto i = static_cast<std::size_t>(c);
    return i < names.size() ? names[i] : "?";
}

bool is_ready(const model::operation& op) noexcept {
    using phase = model::operation::phase;
    return op.now == phase::granted || op.now == phase::failed || op.notified || op.deadline_fired;
}

bool is_prompt(capabilities within, const model::machine& now, const model::step& s) noexcept {
    if (within.has(capability::late_poll) || std::ranges::none_of(now.operations, is_ready)) {
        return true;
    }
    if (s.what == verb::advance || s.subject.kind != handle_kind::operation) return false;
    const model::operation* op = now.find_operation(s.subject.number);
    return op != nullptr && is_ready(*op);
}

model::outcome as_shown(capabilities within, const model::step& s, model::outcome o) {
    const bool failed = o.answer.status == model::status::closed || o.answer.status == model::status::timeout;
    if (s.what != verb::poll || !failed || within.has(capability::send_returns_value)) return o;
    if (o.answer.value) o.destroyed.push_back(*std::exchange(o.answer.value, std::nullopt));
    return o;
}

std::uint64_t reachable(const target& t, std::uint64_t wanted) {
    return t.capacity_for ? t.capacity_for(wanted) : wanted;
}

const target& target_for(const target& t, std::uint64_t program, model::engine by) {
    if (by == model::engine::exhaustive) return t;  // every program
    const auto can_run = [by](const target& g) {
        return by == model::engine::interleavings ? g.is_simulated
               : by == model::engine::threads     ? static_cast<bool>(g.open_tasks)
                                                  : true;
    };
    std::vector<const target*> all{&t};
    for (const target& g : t.geometries) {
        if (can_run(g)) all.push_back(&g);
    }
    return *all[program % all.size()];
}

target as_tasks(target t) {
    t.capabilities = t.of_tasks.value_or(t.capabilities);
    return t;
}

std::vector<const target*> with_geometries(const std::vector<target>& all) {
    std::vector<const target*> each;
    for (const target& t : all) {
        each.push_back(&t);
        for (const target& g : t.geometries) each.push_back(&g);
    }
    return each;
}

const target* find_target(std::string_view name) {
    for (const target* t : with_geometries(builtin_targets())) {
        if (t->name == name) return t;
    }
    return nullptr;
}

}  // namespace tailrace::verify
