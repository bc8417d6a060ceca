// Coverage goals: in how many of 10,000 generated programs each answer of each verb has to occur. So the table has the
// forms of answer that a target in another process may give.
// After a change here run: ci/test -L proptests -R 'reach|sequential|exec'
#include <array>

#include "coverage/reach_table.hpp"
#include "target/exec_target.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::status;
using model::verb;
using model::handle_kind::iterator;
using model::handle_kind::owned_permit;
using model::handle_kind::permit;
using model::handle_kind::receiver;
using model::handle_kind::sender;
using model::handle_kind::weak_sender;

constexpr required_answer answers(handle_kind subject, verb v, status s, std::uint64_t per_10000) {
    return {v, subject, false, s, 0, per_10000};
}
constexpr required_answer answers(handle_kind subject, verb v, bool b, std::uint64_t per_10000) {
    return {v, subject, false, status::boolean, b ? 1U : 0U, per_10000};
}
constexpr required_answer polled(verb v, status s, std::uint64_t per_10000) {
    return {v, is_receive(v) ? receiver : sender, true, s, 0, per_10000};
}

constexpr std::array answer_table{
    answers(sender, verb::try_send, status::ok, 1500),
    answers(sender, verb::try_send, status::full, 1000),
    answers(sender, verb::try_send, status::closed, 500),
    answers(sender, verb::send, status::created, 2000),
    polled(verb::send, status::ok, 1000),
    polled(verb::send, status::pending, 1000),
    polled(verb::send, status::closed, 500),
    answers(sender, verb::send_timeout, status::created, 1500),
    polled(verb::send_timeout, status::ok, 800),
    polled(verb::send_timeout, status::pending, 500),
    polled(verb::send_timeout, status::closed, 500),
    polled(verb::send_timeout, status::timeout, 150),
    answers(sender, verb::reserve, status::created, 1500),
    polled(verb::reserve, status::made, 500),
    polled(verb::reserve, status::pending, 500),
    polled(verb::reserve, status::closed, 500),
    answers(sender, verb::reserve_many, status::created, 1500),
    polled(verb::reserve_many, status::made, 500),
    polled(verb::reserve_many, status::pending, 500),
    polled(verb::reserve_many, status::closed, 500),
    answers(sender, verb::reserve_owned, status::created, 1000),
    polled(verb::reserve_owned, status::made, 500),
    polled(verb::reserve_owned, status::pending, 100),
    polled(verb::reserve_owned, status::closed, 300),
    answers(sender, verb::closed, status::created, 1000),
    polled(verb::closed, status::done, 300),
    polled(verb::closed, status::pending, 800),
    answers(sender, verb::try_reserve, status::made, 500),
    answers(sender, verb::try_reserve, status::full, 500),
    answers(sender, verb::try_reserve, status::closed, 300),
    answers(sender, verb::try_reserve_many, status::made, 500),
    answers(sender, verb::try_reserve_many, status::full, 500),
    answers(sender, verb::try_reserve_many, status::closed, 300),
    answers(sender, verb::try_reserve_owned, status::made, 300),
    answers(sender, verb::try_reserve_owned, status::full, 100),
    answers(sender, verb::try_reserve_owned, status::closed, 150),
    answers(sender, verb::clone, status::made, 1000),
    answers(sender, verb::downgrade, status::made, 800),
    answers(sender, verb::capacity, status::number, 200),
    answers(sender, verb::max_capacity, status::number, 200),
    answers(sender, verb::strong_count, status::number, 200),
    answers(sender, verb::weak_count, status::number, 200),
    answers(sender, verb::is_closed, true, 100),
    answers(sender, verb::is_closed, false, 300),
    answers(sender, verb::len, status::number, 200),
    answers(sender, verb::drop, status::ok, 2000),

    answers(weak_sender, verb::upgrade, status::made, 300),
    answers(weak_sender, verb::upgrade, status::none, 20),
    answers(weak_sender, verb::clone, status::made, 100),
    answers(weak_sender, verb::strong_count, status::number, 100),
    answers(weak_sender, verb::weak_count, status::number, 100),
    answers(weak_sender, verb::drop, status::ok, 800),

    answers(permit, verb::send, status::ok, 800),
    answers(permit, verb::drop, status::ok, 800),
    answers(owned_permit, verb::send, status::made, 300),
    answers(owned_permit, verb::release, status::made, 200),
    answers(owned_permit, verb::drop, status::ok, 200),
    answers(iterator, verb::next, status::made, 300),
    answers(iterator, verb::next, status::none, 100),
    answers(iterator, verb::drop, status::ok, 1000),

    answers(receiver, verb::recv, status::created, 2000),
    polled(verb::recv, status::some, 1000),
    polled(verb::recv, status::none, 800),
    polled(verb::recv, status::pending, 1000),
    answers(receiver, verb::recv_timeout, status::created, 1500),
    polled(verb::recv_timeout, status::some, 800),
    polled(verb::recv_timeout, status::none, 300),
    polled(verb::recv_timeout, status::pending, 500),
    polled(verb::recv_timeout, status::timeout, 100),
    answers(receiver, verb::recv_many, status::created, 1000),
    polled(verb::recv_many, status::many, 1000),
    polled(verb::recv_many, status::pending, 300),
    answers(receiver, verb::try_recv, status::some, 1000),
    answers(receiver, verb::try_recv, status::empty, 1000),
    answers(receiver, verb::try_recv, status::disconnected, 500),
    answers(receiver, verb::close, status::ok, 1500),
    answers(receiver, verb::capacity, status::number, 300),
    answers(receiver, verb::len, status::number, 300),
    answers(receiver, verb::is_empty, true, 200),
    answers(receiver, verb::is_empty, false, 100),
    answers(receiver, verb::is_closed, true, 200),
    answers(receiver, verb::is_closed, false, 300),
    answers(receiver, verb::sender_strong_count, status::number, 300),
    answers(receiver, verb::sender_weak_count, status::number, 300),
    answers(receiver, verb::drop, status::ok, 3000),

    answers(handle_kind::operation, verb::drop, status::ok, 2000),
    answers(receiver, verb::advance, status::ok, 2000),
};

}  // namespace

std::span<const required_answer> required_answers() noexcept { return answer_table; }

std::vector<model::answer> answers_to(const model::step& s, const model::step& asked, capabilities within) {
    const bool polled = s.what == verb::poll;
    const bool returns_value =
        model::shape_of(asked.what).value && (!polled || within.has(capability::send_returns_value));
    std::vector<model::answer> all;
    for (const required_answer& r : answer_table) {
        if (r.what != asked.what || r.subject != asked.subject.kind || r.polled != polled) continue;
        model::answer& a = all.emplace_back(model::answer_of(r.status));
        switch (r.status) {
            case status::full:
            case status::closed:
            case status::timeout:
                if (returns_value) a.value = asked.value;
                break;
            case status::some: a.value = 1; break;
            case status::many: a.values = {1}; break;
            case status::made:
                a.made = {*model::makes(asked.what, asked.subject.kind), 1};
                a.number = asked.count;
                break;
            default: a.number = r.number;
        }
    }
    return all;
}

}  // namespace tailrace::verify
