// The coverage goals of histories, and how each is recognised.
// After a change here run: ci/test -L proptests -R 'threads|interleavings'
#include "coverage/reach_histories.hpp"

#include <algorithm>
#include <array>

#include "coverage/overlaps.hpp"
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

constexpr std::array table{
    history_state{"a task slept until the end, rightly", 0, 1'500, somebody_sleeps, {{can_sleep}}},
    history_state{"steps of two tasks overlapped", 1'000, 0,
                  [](const history& h, const model::verdict&) {
                      return any_overlap(h, [](const event&, const event&) { return true; });
                  }},
    history_state{"a waiting send was granted by another task, and finished",
                  100,
                  1'000,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [&](const event& e, const point& p) {
                          return waited<verb::send, handle_kind::sender>(h, e, p) && e.answer &&
                                 e.answer->status == status::ok;
                      });
                  },
                  {{{capability::send}}}},
    history_state{"a waiting receive got a value",
                  50,
                  350,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [&](const event& e, const point& p) {
                          return is_receive(e.step.what) && p.follow_up && e.answer &&
                                 (e.answer->status == status::some || e.answer->status == status::many);
                      });
                  },
                  {{{capability::recv, capability::recv_many, capability::recv_timeout}}}},
    history_state{"a waiter was cancelled",
                  200,
                  200,
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
                  280,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [](const event& e, const point&) {
                          return e.step.what == verb::send && e.step.subject.kind == handle_kind::permit;
                      });
                  },
                  {{{capability::reserve, capability::try_reserve, capability::reserve_many}}}},
    history_state{"a permit was dropped",
                  100,
                  130,
                  [](const history& h, const model::verdict& v) {
                      return any_step(h, v, [](const event& e, const point&) {
                          return e.step.what == verb::drop && e.step.subject.kind == handle_kind::permit;
                      });
                  },
                  {{{capability::reserve, capability::try_reserve, capability::reserve_many}}}},
    history_state{"try_recv answered empty beside other tasks",
                  300,
                  1'000,
                  [](const history& h, const model::verdict& v) { return receiver_answers(h, v, status::empty); },
                  {{{capability::try_recv}}}},
    history_state{"a receive answered none beside other tasks",
                  5,
                  45,
                  [](const history& h, const model::verdict& v) { return receiver_answers(h, v, status::none); },
                  {{{capability::recv, capability::recv_many, capability::recv_timeout},
                    {capability::sender_drop, capability::close}}}},
};

}  // namespace

std::span<const history_state> history_states() noexcept { return table; }

}  // namespace tailrace::verify
