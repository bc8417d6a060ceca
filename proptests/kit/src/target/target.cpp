// Capabilities: their names, and what each step needs.
// After a change here run: ctest -L proptests
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
});
static_assert(names.size() == capability_count && names.back() == "any_capacity",
              "one name for each capability, in their order");

std::optional<capability> needed_on_sender(verb v) noexcept {
    switch (v) {
        case verb::try_send: return capability::try_send;
        case verb::send: return capability::send;
        case verb::send_timeout: return capability::send_timeout;
        case verb::reserve: return capability::reserve;
        case verb::reserve_many:
        case verb::try_reserve_many: return capability::reserve_many;
        case verb::reserve_owned: return capability::reserve_owned;
        case verb::closed: return capability::closed;
        case verb::try_reserve: return capability::try_reserve;
        case verb::try_reserve_owned: return capability::try_reserve_owned;
        case verb::clone: return capability::clone;
        case verb::downgrade: return capability::weak;
        case verb::strong_count:
        case verb::weak_count: return capability::sender_counts;
        case verb::is_closed: return capability::sender_is_closed;
        case verb::capacity: return capability::sender_capacity;
        case verb::max_capacity: return capability::sender_max_capacity;
        case verb::drop: return capability::sender_drop;
        case verb::len: return capability::sender_len;
        default: return std::nullopt;
    }
}

std::optional<capability> needed_on_receiver(verb v) noexcept {
    switch (v) {
        case verb::recv: return capability::recv;
        case verb::recv_timeout: return capability::recv_timeout;
        case verb::recv_many: return capability::recv_many;
        case verb::try_recv: return capability::try_recv;
        case verb::close: return capability::close;
        case verb::drop: return capability::receiver_drop;
        default: return capability::receiver_observers;
    }
}

}  // namespace

std::string_view to_string(capability c) noexcept {
    const auto i = static_cast<std::size_t>(c);
    return i < names.size() ? names[i] : "?";
}

std::optional<capability> needed_for(const model::step& s) noexcept {
    if (s.what == verb::advance) return std::nullopt;
    switch (s.subject.kind) {
        case handle_kind::sender: return needed_on_sender(s.what);
        case handle_kind::receiver: return needed_on_receiver(s.what);
        case handle_kind::weak_sender:
            if (s.what == verb::drop) return std::nullopt;
            return s.what == verb::strong_count || s.what == verb::weak_count ? capability::sender_counts
                                                                              : capability::weak;
        // Such a handle comes from an earlier step, which has the requirement.
        case handle_kind::operation:
        case handle_kind::permit:
        case handle_kind::iterator:
        case handle_kind::owned_permit: return std::nullopt;
    }
    return std::nullopt;
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

std::optional<capability> first_missing(const target& t, const model::trace& program) {
    if (reachable(t, program.capacity) != program.capacity) return capability::any_capacity;
    model::machine m(program.capacity);
    for (const model::line& l : program.lines) {
        const std::optional<capability> needed = needed_for(l.step);
        if (needed && !t.capabilities.has(*needed)) return needed;
        if (m.refusal(l.step)) continue;
        if (!is_prompt(t.capabilities, m, l.step)) return capability::late_poll;
        m.apply(l.step);
    }
    return std::nullopt;
}

const target* find_target(std::string_view name) {
    const auto at = std::ranges::find(builtin_targets(), name, &target::name);
    return at == builtin_targets().end() ? nullptr : &*at;
}

}  // namespace tailrace::verify
