// Counting the state coverage of generated programs. The coverage goals are in the other files of this folder.
// After a change here run: ci/test -L proptests -R 'reach|sequential'
#include "coverage/reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>
#include <string>

#include "coverage/reach_table.hpp"
#include "program/generator.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::status;
using model::verb;

/// The requirements were measured on targets that have these, with and without the others.
constexpr std::array basics{capability::send,        capability::try_send,    capability::reserve,
                            capability::try_reserve, capability::recv,        capability::try_recv,
                            capability::close,       capability::sender_drop, capability::receiver_drop,
                            capability::late_poll};

constexpr std::size_t statuses = static_cast<std::size_t>(status::boolean) + 2;  // two booleans

constexpr std::size_t place_of(verb v, handle_kind subject) {
    return static_cast<std::size_t>(v) * model::kind_count + static_cast<std::size_t>(subject);
}

constexpr std::size_t place_of(verb v, handle_kind subject, bool polled, status s, std::uint64_t number) {
    const std::size_t asked = place_of(v, subject) + (polled ? model::verb_count * model::kind_count : 0);
    const std::size_t answer = static_cast<std::size_t>(s) + (s == status::boolean && number == 1 ? 1 : 0);
    return asked * statuses + answer;
}

constexpr std::size_t nowhere = ~std::size_t{0};

/// By place: the row of each required answer.
const std::vector<std::size_t>& answer_rows() {
    static const std::vector<std::size_t> rows = [] {
        std::vector<std::size_t> all(2 * model::verb_count * model::kind_count * statuses, nowhere);
        std::size_t row = 0;
        for (const required_answer& a : required_answers()) {
            all[place_of(a.what, a.subject, a.polled, a.status, a.number)] = row++;
        }
        return all;
    }();
    return rows;
}

/// The states of the table that could be reached at this step.
std::span<const std::uint16_t> states_at(const model::step& s) {
    using rows = std::vector<std::uint16_t>;
    static const std::vector<rows> all = [] {
        std::vector<rows> by_step(model::verb_count * model::kind_count);
        for (std::size_t i = 0; i < by_step.size(); ++i) {
            for (std::uint16_t row = 0; row < required_states().size(); ++row) {
                const std::optional<trigger>& at = required_states()[row].at;
                if (!at || place_of(at->what, at->subject) == i) by_step[i].push_back(row);
            }
        }
        return by_step;
    }();
    return all[place_of(s.what, s.subject.kind)];
}

std::string_view noun_of(handle_kind k) {
    switch (k) {
        case handle_kind::sender: return "sender";
        case handle_kind::weak_sender: return "weak sender";
        case handle_kind::receiver: return "receiver";
        case handle_kind::operation: return "operation";
        case handle_kind::permit: return "permit";
        case handle_kind::iterator: return "iterator";
        case handle_kind::owned_permit: return "owned permit";
    }
    return "?";
}

/// "sender try_send -> closed", "poll of send -> pending"
std::string name_of(const required_answer& r) {
    model::answer a;
    a.status = r.status;
    a.number = r.number;
    const std::string_view verb = model::shape_of(r.what).spelling;
    const std::string says = r.status == status::made     ? "a handle"
                             : r.status == status::number ? "a number"
                                                          : model::to_string(a);
    if (r.what == model::verb::advance) return fmt::format("{} -> {}", verb, says);
    if (r.polled) return fmt::format("poll of {} -> {}", verb, says);
    return fmt::format("{} {} -> {}", noun_of(r.subject), verb, says);
}

const std::vector<std::string>& answer_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        std::ranges::transform(required_answers(), std::back_inserter(all), name_of);
        return all;
    }();
    return names;
}

needs needs_of(const required_answer& r) {
    model::step s;
    s.what = r.what;
    s.subject.kind = r.subject;
    needs n;
    if (const std::optional<capability> c = needed_for(s)) n[0] = {*c};
    switch (r.subject) {
        case handle_kind::weak_sender: n[1] = {capability::weak}; break;
        case handle_kind::iterator: n[1] = {capability::reserve_many}; break;
        case handle_kind::owned_permit: n[1] = {capability::reserve_owned, capability::try_reserve_owned}; break;
        case handle_kind::permit:
            n[1] = {capability::reserve, capability::try_reserve, capability::reserve_many};
            break;
        case handle_kind::operation:
            n[1] = {capability::send,         capability::send_timeout,  capability::reserve,
                    capability::reserve_many, capability::reserve_owned, capability::closed,
                    capability::recv,         capability::recv_timeout,  capability::recv_many};
            break;
        case handle_kind::sender:
        case handle_kind::receiver: break;
    }
    return n;
}

std::uint64_t share(std::uint64_t per_10000, std::uint64_t run) { return per_10000 * run / 10'000; }

}  // namespace

bool meets(capabilities within, const needs& n) {
    return std::ranges::all_of(n, [&](capabilities group) {
        if (group == capabilities{}) return true;
        for (std::size_t i = 0; i < capability_count; ++i) {
            const auto c = static_cast<capability>(i);
            if (group.has(c) && within.has(c)) return true;
        }
        return false;
    });
}

std::string_view to_string(reach_verdict v) noexcept {
    switch (v) {
        case reach_verdict::reached: return "reached";
        case reach_verdict::missed: return "MISSED";
        case reach_verdict::unknown: return "UNKNOWN";
    }
    return "?";
}

reach_verdict judge_reach(std::uint64_t programs, std::uint64_t run, std::uint64_t per_10000) noexcept {
    const std::uint64_t required = share(per_10000, run);
    if (std::max(programs, required) < least_for_verdict) return reach_verdict::unknown;
    return programs >= required ? reach_verdict::reached : reach_verdict::missed;
}

namespace {

void judge_again(reach& r) noexcept {
    r.required = share(r.per_10000, r.run);
    r.verdict = judge_reach(r.programs, r.run, r.per_10000);
    if (r.verdict == reach_verdict::missed && !r.certain) r.verdict = reach_verdict::unknown;
}

}  // namespace

void add_to(reach& one, const reach& other) noexcept {
    one.programs += other.programs;
    one.run += other.run;
    judge_again(one);
}

moment::moment(const model::machine& before, const model::step& s)
    : step(&s),
      closed(before.closed),
      receiver_gone(before.receiver_gone),
      asleep(before.parked && !before.find_operation(*before.parked)->notified),
      available(before.available),
      outstanding(before.outstanding()),
      held(before.held()),
      strong(before.strong_count()),
      queued(before.queue.size()),
      listening(before.listeners.size()),
      buffered(before.buffer.size()),
      place(queued) {
    if (s.what == verb::advance || s.subject.kind != handle_kind::operation) return;
    op = *before.find_operation(s.subject.number);
    place = static_cast<std::size_t>(std::ranges::find(before.queue, op->number) - before.queue.begin());
}

reach_counter::reach_counter(capabilities within)
    : has_basics_(std::ranges::all_of(basics, [&](capability c) { return within.has(c); })) {
    for (const required_answer& a : required_answers()) {
        required_.push_back(meets(within, needs_of(a)));
    }
    for (const required_state& s : required_states()) {
        required_.push_back(meets(within, s.needs));
    }
    for (const required_reaction& r : required_reactions()) {
        required_.push_back(within.with(r.needs) == within && within.has(capability::reentrancy) &&
                            within.has(capability::late_poll));
    }
    count_.resize(required_.size());
    last_.resize(required_.size());
}

void reach_counter::begin_program() {
    ++programs_;
    delivered_ = 0;
}

void reach_counter::count(std::size_t row) {
    if (last_[row] == programs_) return;
    last_[row] = programs_;
    ++count_[row];
}

void reach_counter::note(moment& around, const model::machine& after, const model::outcome& out) {
    around.after = &after;
    around.outcome = &out;
    if (after.buffer.size() > around.buffered) ++delivered_;
    around.delivered = delivered_;

    const model::step& s = *around.step;
    const bool polled = s.what == verb::poll;
    const verb what = polled ? around.op->what : s.what;
    const bool receives = is_receive(what);
    const handle_kind subject = s.what == verb::advance ? handle_kind::receiver
                                : !polled               ? s.subject.kind
                                : receives              ? handle_kind::receiver
                                                        : handle_kind::sender;
    const std::size_t row = answer_rows()[place_of(what, subject, polled, out.answer.status, out.answer.number)];
    if (row != nowhere) count(row);

    const std::size_t first = required_answers().size();
    for (const std::uint16_t i : states_at(s)) {
        if (last_[first + i] != programs_ && required_states()[i].met(around)) count(first + i);
    }
}

void reach_counter::note_reactions(std::span<const model::line> call) {
    std::size_t row = required_answers().size() + required_states().size();
    for (const required_reaction& r : required_reactions()) {
        if (last_[row] != programs_ && r.met(call)) count(row);
        ++row;
    }
}

std::vector<reach> reach_counter::judge(std::size_t max_length) const {
    const bool measured = max_length >= usual_length && has_basics_;
    std::vector<reach> all;
    const auto add = [&](std::size_t row, std::string_view what, std::uint64_t per_10000) {
        if (!required_[row]) return;
        reach r{what, count_[row], 0, reach_verdict::unknown, programs_, per_10000, measured};
        judge_again(r);
        all.push_back(r);
    };
    std::size_t row = 0;
    for (const required_answer& a : required_answers()) {
        add(row, answer_names()[row], a.per_10000);
        ++row;
    }
    for (const required_state& s : required_states()) add(row++, s.what, s.per_10000);
    for (const required_reaction& r : required_reactions()) add(row++, r.what, r.per_10000);
    return all;
}

}  // namespace tailrace::verify
