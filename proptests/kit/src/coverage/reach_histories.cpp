// The coverage goals of histories, and how each is recognised.
// After a change here run: ci/test -L proptests -R 'threads|interleavings'
#include "coverage/reach_histories.hpp"

#include <algorithm>
#include <array>

#include "program/named_machine.hpp"

namespace tailrace::verify {
namespace {

using model::event;
using model::handle_kind;
using model::history;
using model::place;
using model::point;
using model::status;
using model::verb;

/// Does something hold for a step of a task, and the state before it?
template <class Holds>
bool any_step(const history& h, const model::verdict& v, Holds holds) {
    return std::ranges::any_of(
        v.order, [&](const point& p) { return p.at.of == place::part::tasks && holds(event_at(h, p.at), p); });
}

template <verb What, handle_kind On>
bool waited(const history&, const event& e, const point& p) {
    return e.waits && e.step.what == What && e.step.subject.kind == On && p.follow_up;
}

constexpr auto receiver_answers = [](const history& h, const model::verdict& v, status s) {
    return any_step(h, v, [&](const event& e, const point& p) {
        return e.step.subject.kind == handle_kind::receiver && p.by_specification.answer.status == s;
    });
};

bool somebody_sleeps(const history& h, const model::verdict&) {
    return std::ranges::any_of(h.tasks, [](const auto& task) { return !task.empty() && !task.back().answer; });
}

// ---- Observers, beside a step that changes what they read

bool moves_a_value(const event& e) {
    if (!e.answer) return false;
    using enum status;
    const status s = e.answer->status;
    return s == some || (s == many && !e.answer->values.empty()) ||
           (model::shape_of(e.step.what).value && (s == ok || s == made));
}

bool moves_a_permit(const event& e) {
    using enum handle_kind;
    const auto is_permit = [](handle_kind k) { return k == permit || k == iterator || k == owned_permit; };
    const bool gained = e.answer && e.answer->status == status::made && is_permit(e.answer->made.kind);
    const bool returned = is_permit(e.step.subject.kind) && (e.step.what == verb::drop || e.step.what == verb::release);
    return moves_a_value(e) || gained || returned;
}

bool changes_the_strong_count(const event& e) {
    const bool gained = e.answer && e.answer->status == status::made && e.answer->made.kind == handle_kind::sender;
    return gained || (e.step.what == verb::drop && e.step.subject.kind == handle_kind::sender);
}

bool shuts(const event& e) {
    return e.step.subject.kind == handle_kind::receiver && (e.step.what == verb::close || e.step.what == verb::drop);
}

template <bool (*Changes)(const event&), verb... Observers>
bool read_beside(const event& a, const event& b) {
    return ((a.step.what == Observers) || ...) && Changes(b);
}

constexpr auto capacity_beside = read_beside<moves_a_permit, verb::capacity>;
constexpr auto len_beside = read_beside<moves_a_value, verb::len, verb::is_empty>;
constexpr auto closed_beside = read_beside<shuts, verb::is_closed>;
constexpr auto strong_beside = read_beside<changes_the_strong_count, verb::strong_count, verb::sender_strong_count>;

constexpr std::array table{
    history_state{"a task slept until the end, rightly", 0, 1'500, somebody_sleeps, {{can_sleep}}},
    history_state{
        "steps of two tasks overlapped", 1'000, 0, nullptr, {}, [](const event&, const event&) { return true; }},
    history_state{"a waiting send was granted by another task, and finished",
                  100,
                  800,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [&](const event& e, const point& p) {
                          return waited<verb::send, handle_kind::sender>(h, e, p) && e.answer &&
                                 e.answer->status == status::ok;
                      });
                  },
                  {{{capability::send}}}},
    history_state{"a waiting receive got a value",
                  50,
                  290,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [&](const event& e, const point& p) {
                          return is_receive(e.step.what) && p.follow_up && e.answer &&
                                 (e.answer->status == status::some || e.answer->status == status::many);
                      });
                  },
                  {{{capability::recv, capability::recv_many, capability::recv_timeout}}}},
    history_state{"a waiter was cancelled",
                  200,
                  160,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [](const event& e, const point&) {
                          return e.step.what == verb::drop && e.step.subject.kind == handle_kind::operation;
                      });
                  },
                  {{can_sleep, {capability::late_poll}}}},
    history_state{"closed or the receiver dropped beside other tasks",
                  400,
                  800,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [](const event& e, const point&) {
                          return e.step.subject.kind == handle_kind::receiver &&
                                 (e.step.what == verb::close || e.step.what == verb::drop);
                      });
                  },
                  {{{capability::close, capability::receiver_drop}}}},
    history_state{"a waiting send failed because the channel closed",
                  40,
                  150,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [&](const event& e, const point& p) {
                          return waited<verb::send, handle_kind::sender>(h, e, p) && e.answer &&
                                 e.answer->status == status::closed;
                      });
                  },
                  {{{capability::send}, {capability::close, capability::receiver_drop}}}},
    history_state{"a permit was used",
                  200,
                  270,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [](const event& e, const point&) {
                          return e.step.what == verb::send && e.step.subject.kind == handle_kind::permit;
                      });
                  },
                  {{{capability::reserve, capability::try_reserve, capability::reserve_many}}}},
    history_state{"a permit was dropped",
                  100,
                  110,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [](const event& e, const point&) {
                          return e.step.what == verb::drop && e.step.subject.kind == handle_kind::permit;
                      });
                  },
                  {{{capability::reserve, capability::try_reserve, capability::reserve_many}}}},
    history_state{"try_recv answered empty beside other tasks",
                  300,
                  850,
                  [](const history& h, const model::verdict& v) { return receiver_answers(h, v, status::empty); },
                  {{{capability::try_recv}}}},
    history_state{"a receive answered none beside other tasks",
                  5,
                  45,
                  [](const history& h, const model::verdict& v) { return receiver_answers(h, v, status::none); },
                  {{{capability::recv, capability::recv_many, capability::recv_timeout},
                    {capability::sender_drop, capability::close}}}},
    history_state{"capacity was read beside a step that changes it",
                  100,
                  260,
                  nullptr,
                  {{{capability::sender_capacity, capability::receiver_observers}}},
                  capacity_beside},
    history_state{"a length was read beside a send or a receive",
                  120,
                  290,
                  nullptr,
                  {{{capability::sender_len, capability::receiver_observers}}},
                  len_beside},
    history_state{"is_closed was read beside a close",
                  5,
                  25,
                  nullptr,
                  {{{capability::sender_is_closed, capability::receiver_observers},
                    {capability::close, capability::receiver_drop}}},
                  closed_beside},
    history_state{"the strong count was read beside a step that changes it",
                  3,
                  60,
                  nullptr,
                  {{{capability::sender_counts, capability::receiver_observers}}},
                  strong_beside},
};

}  // namespace

std::span<const history_state> history_states() noexcept { return table; }

}  // namespace tailrace::verify
