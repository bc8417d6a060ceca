// The generator: the meaning of commands. The weights of steps: verb_table.cpp.
// After a change here run: ci/test -L proptests -R 'generator|sequential'
#include "program/generator.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <ranges>
#include <span>
#include <utility>

#include "program/verb_table.hpp"

namespace tailrace::verify {
namespace {

using model::handle;
using model::handle_kind;
using model::machine;
using model::operation;
using model::step;
using model::verb;

const operation* live_receive(const machine& m) {
    const auto at = std::ranges::find_if(m.operations, model::is_receive, &operation::what);
    return at == m.operations.end() ? nullptr : &*at;
}

bool is_borrowed(const machine& m, std::uint32_t sender) {
    return std::ranges::any_of(m.operations,
                               [&](const operation& op) {
                                   return op.sender == sender && !is_receive(op.what) && !owns_sender(op.what);
                               }) ||
           std::ranges::any_of(m.grants, [&](const model::grant& g) {
               return g.sender == sender && g.name.kind != handle_kind::owned_permit;
           });
}

bool is_among(which w, const operation& op) {
    switch (w) {
        case which::any: return true;
        case which::fresh: return op.now == operation::phase::created;
        case which::ready: return is_ready(op);
    }
    return false;
}

/// One of those that fit; the end if none does.
template <class Range, class Fits>
auto pick_one(const Range& all, std::uint8_t pick, Fits fits) {
    const auto number = std::ranges::count_if(all, fits);
    if (number == 0) return all.end();
    auto skip = pick % number;
    return std::ranges::find_if(all, [&](const auto& one) { return fits(one) && skip-- == 0; });
}

std::optional<handle> choose(const machine& m, const weighted_step& a, std::uint8_t pick) {
    const auto named = [&](std::uint32_t number) { return handle{a.subject, number}; };
    switch (a.subject) {
        case handle_kind::sender: {
            const bool ends = ends_subject(a.what, a.subject);
            const auto at = pick_one(m.senders, pick, [&](std::uint32_t s) { return !ends || !is_borrowed(m, s); });
            return at == m.senders.end() ? std::nullopt : std::optional(named(*at));
        }
        case handle_kind::weak_sender: {
            const auto at = pick_one(m.weak_senders, pick, [](std::uint32_t) { return true; });
            return at == m.weak_senders.end() ? std::nullopt : std::optional(named(*at));
        }
        case handle_kind::operation: {
            const auto at = pick_one(m.operations, pick, [&](const operation& op) { return is_among(a.among, op); });
            return at == m.operations.end() ? std::nullopt : std::optional(named(at->number));
        }
        case handle_kind::permit:
        case handle_kind::iterator:
        case handle_kind::owned_permit: {
            const auto at = pick_one(m.grants, pick, [&](const model::grant& g) { return g.name.kind == a.subject; });
            return at == m.grants.end() ? std::nullopt : std::optional(at->name);
        }
        case handle_kind::receiver:
            if (m.receiver_gone || (needs_receiver_alone(a.what) && live_receive(m) != nullptr)) {
                return std::nullopt;
            }
            return handle{};
    }
    return std::nullopt;
}

constexpr std::uint8_t amount_for_all = 9;

/// Small numbers, all there is, and one too many; now and then anything.
std::uint64_t count_of(std::uint8_t amount, std::uint64_t max) {
    switch (amount % 16) {
        case 0: return 0;
        case 1:
        case 2: return 1;
        case 3:
        case 4:
        case 5:
        case 6: return std::min<std::uint64_t>(2, max);
        case 7:
        case 8: return std::min<std::uint64_t>(3, max);
        case amount_for_all:
        case 10:
        case 11: return max;
        case 12: return max + 1;
        default: return amount % (max + 1);
    }
}

model::duration timeout_of(std::uint8_t amount) {
    switch (amount % 16) {
        case 0:
        case 1: return model::duration{0};
        case 15: return model::largest_duration;
        default: return model::duration{amount % 16 - 1};
    }
}

model::duration advance_of(std::uint8_t amount) { return model::duration{amount % 16}; }

/// What is to be done when nothing else is left to do; nothing if nothing is left.
std::optional<step> last_act(const machine& m, ending e, capabilities within) {
    const operation* receive = live_receive(m);
    const auto drop = [](handle_kind kind, std::uint32_t number) {
        return step{.what = verb::drop, .subject = {kind, number}};
    };
    const auto cancel = [&](const operation& op) { return drop(handle_kind::operation, op.number); };
    const auto poll = [](const operation& op) {
        return step{.what = verb::poll, .subject = {handle_kind::operation, op.number}};
    };
    if (e == ending::receiver_first && !m.receiver_gone) {
        return receive != nullptr ? cancel(*receive) : drop(handle_kind::receiver, 0);
    }
    if (e == ending::close_first && !m.closed) {
        if (receive == nullptr && !m.ended()) {
            return step{.what = verb::recv, .subject = {}, .operation = m.next_operation};
        }
        const bool would_park = receive != nullptr && receive->now == operation::phase::created;
        if (would_park || (receive != nullptr && receive->notified)) return poll(*receive);
        return step{.what = verb::close, .subject = {}};
    }
    if (e == ending::senders_first) {
        for (const std::uint32_t s : m.senders) {
            if (!is_borrowed(m, s)) return drop(handle_kind::sender, s);
        }
        if (!m.grants.empty()) return step{.what = verb::drop, .subject = m.grants.front().name};
    }
    for (const operation& op : m.operations) {
        if (&op == receive && e != ending::operations_first) continue;  // last
        const bool fails = e == ending::close_first && op.now != operation::phase::created;
        return fails && op.number % 2 == 0 ? poll(op) : cancel(op);
    }
    if (!m.grants.empty()) {
        const handle name = m.grants.front().name;
        const bool sends = e == ending::receiver_first && name.kind != handle_kind::iterator;
        return sends && name.number % 2 == 0 ? step{.what = verb::send, .subject = name, .value = m.next_value}
                                             : step{.what = verb::drop, .subject = name};
    }
    if (!m.senders.empty() && within.has(capability::sender_drop)) {
        return drop(handle_kind::sender, m.senders.front());
    }
    if (!m.weak_senders.empty()) return drop(handle_kind::weak_sender, m.weak_senders.front());
    if (receive != nullptr) return receive->notified ? poll(*receive) : cancel(*receive);
    if (m.receiver_gone || !within.has(capability::receiver_drop)) return std::nullopt;
    return drop(handle_kind::receiver, 0);
}

/// What has to be done to a ready operation before anything else.
std::optional<step> prompt_act(const machine& m, capabilities within, command c) {
    if (within.has(capability::late_poll)) return std::nullopt;
    const auto at = pick_one(m.operations, c.pick, is_ready);
    if (at == m.operations.end()) return std::nullopt;
    return step{.what = c.amount % 4 == 0 ? verb::drop : verb::poll, .subject = {handle_kind::operation, at->number}};
}

std::vector<std::uint8_t> make_wheel(capabilities within, const generator_options& options,
                                     unsigned weighted_step::* weight) {
    std::vector<std::uint8_t> wheel;
    for (std::size_t i = 0; i < acts().size(); ++i) {
        const weighted_step& a = acts()[i];
        if (a.what == options.left_out || (a.needs && !within.has(*a.needs))) continue;
        wheel.insert(wheel.end(), a.*weight, static_cast<std::uint8_t>(i));
    }
    return wheel;
}

rc::Gen<command> any_command(std::span<const std::uint8_t> wheel) {
    return [wheel](const rc::Random& random, int) {
        rc::Random source = random;
        const std::uint64_t bits = source.next();
        return rc::shrinkable::just(command{wheel[(bits >> 16) % wheel.size()], static_cast<std::uint8_t>(bits),
                                            static_cast<std::uint8_t>(bits >> 8)});
    };
}

constexpr std::array<std::uint64_t, 32> capacities{1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 8, 33,
                                                   1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 5, 6, 7, 9, 40};
constexpr std::array<std::uint64_t, 4> crowd_capacities{1, 33, 33, 40};
constexpr std::size_t crowd_share = 20;   // one in so many
constexpr std::size_t stream_share = 10;  // of the others
constexpr std::size_t long_length = 6;    // crowds and streams: times that of the others
constexpr std::size_t spare = 2;          // commands for each step, as some mean nothing
constexpr std::uint64_t reacting_share = 4;

// ---- Reactions

constexpr unsigned deepest = 4;                 // calls inside of calls
constexpr std::size_t most_for_reactions = 60;  // commands in a program

/// How many reactions there are at an occasion.
unsigned reactions_of(command c) { return std::array<unsigned, 8>{0, 0, 0, 1, 1, 1, 2, 3}[c.pick % 8]; }
/// Now and then the reactions drop all handles of the channel, as far as they can go.
constexpr std::uint8_t drops_all_share = 16;
constexpr unsigned steps_to_drop_all = 20;

/// What the command means at an occasion: most of all what users do there, and what ends the objects of the calls
/// that are under way.
std::optional<step> reaction_of(const model::player& p, command c) {
    const auto drop = [](handle h) { return step{.what = verb::drop, .subject = h}; };
    const model::occasion at = p.here();
    const handle woken{handle_kind::operation, static_cast<std::uint32_t>(at.number)};
    std::optional<step> s;
    switch (c.amount % 16) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
            if (at.is == model::occasion::kind::woken) s = step{.what = verb::poll, .subject = woken};
            break;
        case 5:
            if (at.is == model::occasion::kind::woken) s = drop(woken);
            break;
        case 6:
        case 7:
        case 8: s = drop(p.innermost().subject); break;  // what the call is about; a finished operation too
        case 9: s = drop(handle{}); break;
        case 10: s = step{.what = verb::close, .subject = {}}; break;
        case 11: {
            const auto one = pick_one(p.state().operations, c.pick, is_ready);  // its wake may be on the way
            if (one != p.state().operations.end()) s = drop({handle_kind::operation, one->number});
            break;
        }
        default: s = resolve(p.state(), c); break;
    }
    if (s) s->at = at;
    return s;
}

}  // namespace

generator::generator(capabilities within, const generator_options& options)
    : options_(options),
      mixture_(make_wheel(within, options, &weighted_step::mixture)),
      crowd_(make_wheel(within, options, &weighted_step::crowd)),
      stream_(make_wheel(within, options, &weighted_step::stream)),
      within_(within) {
    if (within.has(capability::receiver_drop)) endings_.push_back(ending::receiver_first);
    if (within.has(capability::sender_drop)) endings_.push_back(ending::senders_first);
    if (within.has(capability::close) && within.has(capability::recv)) {
        endings_.push_back(ending::close_first);
    }
}

void generator::let_one_take_all(command& c) const {
    const auto takes = [](std::uint8_t i) { return acts()[i].what == verb::try_reserve_many; };
    const auto at = std::ranges::find_if(crowd_, takes);
    if (at != crowd_.end()) c = {*at, 0, amount_for_all};
}

program generator::operator()(std::uint64_t index) const {
    rc::Random source(rc::Random::Key{options_.seed, index, 0, 0});
    rc::Random for_commands = source.split();
    const std::uint64_t bits = source.next();
    const bool crowd = bits % crowd_share == 0;
    const std::uint64_t draw = bits >> 16;

    program p;
    p.seed = options_.seed;
    p.index = index;
    p.within = within_;
    p.capacity = crowd ? crowd_capacities[draw % crowd_capacities.size()] : capacities[draw % capacities.size()];
    if (options_.capacity_for) p.capacity = options_.capacity_for(p.capacity);
    if (!options_.left_out) p.ending = endings_[(bits >> 24) % endings_.size()];

    p.reacts =
        within_.has(capability::reentrancy) && within_.has(capability::late_poll) && (bits >> 40) % reacting_share == 0;

    const bool stream = !crowd && (bits >> 8) % stream_share == 0 && !stream_.empty();
    p.most_steps = options_.max_length * (crowd || stream ? long_length : 1);
    const std::vector<std::uint8_t>& wheel = crowd ? crowd_ : stream ? stream_ : mixture_;
    p.commands =
        rc::gen::container<std::vector<command>>(spare * p.most_steps, any_command(wheel))(for_commands).value();
    if (crowd && (bits >> 8) % 8 > 0) let_one_take_all(p.commands.front());
    return p;
}

std::optional<step> resolve(const machine& now, command c) {
    const weighted_step& a = acts()[c.act % acts().size()];
    step s;
    s.what = a.what;
    if (a.what == verb::advance) {
        s.time = advance_of(c.amount);
        return s;
    }
    const std::optional<handle> subject = choose(now, a, c.pick);
    if (!subject) return std::nullopt;
    s.subject = *subject;

    const model::verb_shape& shape = model::shape_of(s.what);
    if (shape.value) s.value = now.next_value;
    if (shape.count) s.count = count_of(c.amount, now.max);
    if (shape.time) s.time = timeout_of(c.amount);
    if (model::creates_operation(s.what, s.subject.kind)) s.operation = now.next_operation;
    return s;
}

std::optional<step> interpreter::react(model::player& p) {
    const auto command_for_reaction = [this] {
        const std::size_t n = program_->commands.size();
        return n == 0 ? command{} : program_->commands[n - 1 - reactions_++ % n];
    };
    while (p.depth() > 0) {
        due_.resize(p.depth());
        if (due_.back().steps == 0) {
            const bool may_react = p.go_on() && p.depth() <= deepest && reactions_ < most_for_reactions;
            if (!may_react) continue;
            const command c = command_for_reaction();
            if (c.amount % drops_all_share == 0) {
                due_.back() = {steps_to_drop_all, c.pick % 2 == 0 ? ending::operations_first : ending::senders_first};
            } else {
                due_.back() = {reactions_of(c), std::nullopt};
            }
            continue;
        }
        --due_.back().steps;
        std::optional<step> s;
        if (const std::optional<ending> e = due_.back().drops_all) {
            s = last_act(p.state(), *e, program_->within);
            if (s) s->at = p.here();
        } else {
            s = reaction_of(p, command_for_reaction());
        }
        if (s && is_within(program_->within, *s) && !p.refusal(*s)) return s;
    }
    return std::nullopt;
}

std::optional<step> interpreter::next(model::player& p) {
    if (program_->reacts) {
        if (const std::optional<step> s = react(p)) return s;
    } else {
        p.finish();
    }
    return next(p.state());
}

std::optional<step> interpreter::next(const machine& now) {
    while (at_ < program_->commands.size() && taken_ < program_->most_steps) {
        const command c = program_->commands[at_++];
        std::optional<step> s = prompt_act(now, program_->within, c);
        if (!s) s = resolve(now, c);
        if (!s) continue;
        ++taken_;
        return s;
    }
    if (program_->ending == ending::none) return std::nullopt;
    const std::optional<step> last = last_act(now, program_->ending, program_->within);
    if (!last || is_prompt(program_->within, now, *last)) return last;
    return prompt_act(now, program_->within, {.amount = 1});
}

model::trace interpret(const program& p) {
    model::trace t;
    t.id = fmt::format("seed-{}-program-{}", p.seed, p.index);
    t.capacity = p.capacity;
    model::player all(p.capacity);
    interpreter steps(p);
    while (const std::optional<step> s = steps.next(all)) all.take(*s);
    t.lines = all.lines();
    return t;
}

}  // namespace tailrace::verify
