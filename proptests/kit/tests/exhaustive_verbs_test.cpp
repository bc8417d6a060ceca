// The engine `exhaustive` finds the fault of every verb with a smallest program, and says so.
//
// For each verb of the vocabulary, on each kind of handle that has it, and for the poll of each operation, the
// specification with the transition of that verb broken: the other verbs are as they were. How many steps a program
// needs to show it is found a second time, without the engine, by a search in breadth through the states of the
// specification and of the broken one together.
// After a change here run: ci/test -L proptests -R exhaustive_verbs
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "campaign/campaign.hpp"
#include "campaign/engines.hpp"
#include "every_step.hpp"
#include "model_mutants/tools.hpp"
#include "oracle_support.hpp"
#include "report/token.hpp"

namespace tailrace::verify {
namespace {

using namespace zoo;
using handle_kind::iterator;
using handle_kind::owned_permit;
using handle_kind::permit;
using handle_kind::receiver;
using handle_kind::sender;
using handle_kind::weak_sender;

/// A step of the verb that was taken rightly, to be spoilt.
struct taken {
    machine& m;
    const machine& before;
    const step& s;
    outcome& out;

    [[nodiscard]] operation& created() const { return *m.find_operation(s.operation); }
    [[nodiscard]] operation* polled() const { return m.find_operation(s.subject.number); }
    [[nodiscard]] bool says(status wanted) const { return out.answer.status == wanted; }
    /// The permit of a success does not come back.
    void keep_permit() const {
        --m.available;
        write_off(m, 1);
    }
    /// The value that came last goes before the others.
    void let_value_overtake() const {
        if (!m.buffer.empty()) std::ranges::rotate(m.buffer, m.buffer.end() - 1);
    }
};

struct broken_verb {
    verb what;
    handle_kind of;          // meaningless for `advance`
    std::string_view fault;  // what it does
    void (*spoil)(const taken&);
    std::size_t steps;  // of the smallest programs that show it
    /// The first of these, with the observer that shows it, if one does.
    std::string_view program;
    verb begun_as = verb::poll;  // the operation, for `poll`

    outcome apply(machine& m, const step& s) const {
        const operation* op = s.what == verb::poll ? m.find_operation(s.subject.number) : nullptr;
        const bool is_it = s.what == what && (what == verb::advance || s.subject.kind == of) &&
                           (op == nullptr || op->what == begun_as);
        const machine before = m;
        outcome out = m.apply(s);
        if (is_it) spoil({m, before, s, out});
        return out;
    }
};

const std::array broken_verbs{
    broken_verb{verb::try_send, sender, "lets its value overtake those that are there",
                [](const taken& t) { t.let_value_overtake(); }, 3, "2: s0 try_send v1; s0 try_send v2; r try_recv"},
    broken_verb{verb::send, sender, "begins an operation with another value",
                [](const taken& t) { t.created().value += 100; }, 2, "1: s0 send v1 as f0; drop f0"},
    broken_verb{verb::send, permit, "wakes no receive", [](const taken& t) { silence_receive(t.m, t.out); }, 4,
                "1: s0 try_reserve; r recv as f0; poll f0; p0 send v1"},
    broken_verb{verb::send, owned_permit, "makes a sender that is not counted",
                [](const taken& t) { t.m.senders.pop_back(); }, 2, "1: s0 try_reserve_owned; o0 send v1; s1 capacity"},
    broken_verb{verb::send_timeout, sender, "waits a millisecond too long",
                [](const taken& t) { t.created().timeout += duration{1}; }, 4,
                "1: s0 try_send v1; s0 send_timeout v2 1ms as f0; poll f0; advance 1ms"},
    broken_verb{verb::reserve, sender, "asks for two permits", [](const taken& t) { ++t.created().need; }, 2,
                "1: s0 reserve as f0; poll f0"},
    broken_verb{verb::reserve_many, sender, "asks for a permit less", [](const taken& t) { --t.created().need; }, 2,
                "1: s0 reserve_many 1 as f0; poll f0"},
    broken_verb{verb::reserve_owned, sender, "takes a clone of its sender",
                [](const taken& t) { t.m.senders.push_back(t.s.subject.number); }, 1,
                "1: s0 reserve_owned as f0; r sender_strong_count"},
    broken_verb{verb::closed, sender, "begins as if it were on the list of listeners",
                [](const taken& t) { t.created().now = operation::phase::waiting; }, 3,
                "1: s0 closed as f0; poll f0; r close"},
    broken_verb{verb::try_reserve, sender, "makes a permit that was not taken from the capacity",
                [](const taken& t) {
                    if (t.says(status::made)) conjure(t.m, 1);
                },
                1, "1: s0 try_reserve"},
    broken_verb{verb::try_reserve_many, sender, "makes an iterator with a permit less",
                [](const taken& t) {
                    if (!t.says(status::made)) return;
                    --t.m.grants.back().size;
                    write_off(t.m, 1);
                },
                2, "1: s0 try_reserve_many 1; i0 next"},
    broken_verb{verb::try_reserve_owned, sender, "drops its sender when it fails",
                [](const taken& t) {
                    if (!t.says(status::made)) t.m.drop_sender(t.s.subject.number, t.out);
                },
                2, "1: s0 try_send v1; s0 try_reserve_owned; s0 capacity"},
    broken_verb{verb::clone, sender, "makes a sender that is not counted",
                [](const taken& t) { t.m.senders.pop_back(); }, 1, "1: s0 clone; s1 capacity"},
    broken_verb{verb::clone, weak_sender, "makes a weak sender that is not counted",
                [](const taken& t) { t.m.weak_senders.pop_back(); }, 2, "1: s0 downgrade; w0 clone; s0 weak_count"},
    broken_verb{verb::downgrade, sender, "counts a sender besides", [](const taken& t) { leak_sender(t.m); }, 1,
                "1: s0 downgrade; s0 strong_count"},
    broken_verb{verb::upgrade, weak_sender, "makes a sender although none is left",
                [](const taken& t) {
                    if (!t.says(status::none)) return;
                    t.out.answer = made_answer({sender, t.m.next_sender});
                    t.m.senders.push_back(t.m.next_sender++);
                },
                3, "1: s0 downgrade; drop s0; w0 upgrade"},
    broken_verb{verb::release, owned_permit, "keeps the permit", [](const taken& t) { t.keep_permit(); }, 2,
                "1: s0 try_reserve_owned; o0 release"},
    broken_verb{verb::next, iterator, "leaves its permit in the iterator",
                [](const taken& t) {
                    if (!t.says(status::made)) return;
                    ++std::ranges::find(t.m.grants, t.s.subject, &grant::name)->size;
                    write_off(t.m, std::uint64_t{0} - 1);
                },
                3, "1: s0 try_reserve_many 1; i0 next; i0 next"},
    broken_verb{verb::recv, receiver, "begins an operation whose time is over",
                [](const taken& t) { t.created().deadline = t.m.now; }, 2, "1: r recv as f0; poll f0"},
    broken_verb{verb::recv_timeout, receiver, "waits a millisecond too long",
                [](const taken& t) { t.created().timeout += duration{1}; }, 3,
                "1: r recv_timeout 1ms as f0; poll f0; advance 1ms"},
    broken_verb{verb::recv_many, receiver, "asks for a value less", [](const taken& t) { --t.created().need; }, 2,
                "1: r recv_many 1 as f0; poll f0"},
    broken_verb{verb::try_recv, receiver, "wakes no task that it has served",
                [](const taken& t) { t.out.woken.clear(); }, 4,
                "1: s0 try_send v1; s0 send v2 as f0; poll f0; r try_recv"},
    broken_verb{verb::close, receiver, "wakes no task that waits for capacity",
                [](const taken& t) { silence(t.m, t.out, [](const operation& op) { return acquires(op.what); }); }, 4,
                "1: s0 try_send v1; s0 send v2 as f0; poll f0; r close"},
    // ---- Observers
    broken_verb{verb::capacity, sender, "does not count buffered values",
                [](const taken& t) { t.out.answer.number += t.m.buffer.size(); }, 1, "1: s0 try_send v1; s0 capacity"},
    broken_verb{verb::capacity, receiver, "does not count permits",
                [](const taken& t) { t.out.answer.number += t.m.outstanding(); }, 1, "1: s0 try_reserve; r capacity"},
    broken_verb{verb::max_capacity, sender, "says what is free",
                [](const taken& t) { t.out.answer.number = t.m.available; }, 1, "1: s0 try_send v1; s0 max_capacity"},
    broken_verb{verb::strong_count, sender, "counts the senders that are gone",
                [](const taken& t) { t.out.answer.number = t.m.next_sender; }, 2,
                "1: s0 try_reserve_owned; o0 send v1; s1 strong_count"},
    broken_verb{verb::strong_count, weak_sender, "does not count owned permits",
                [](const taken& t) { t.out.answer.number = t.m.senders.size(); }, 2,
                "1: s0 downgrade; s0 reserve_owned as f0; w0 strong_count"},
    broken_verb{verb::weak_count, sender, "counts the weak senders that are gone",
                [](const taken& t) { t.out.answer.number = t.m.next_weak_sender; }, 2,
                "1: s0 downgrade; drop w0; s0 weak_count"},
    broken_verb{verb::weak_count, weak_sender, "does not count its own handle",
                [](const taken& t) { --t.out.answer.number; }, 1, "1: s0 downgrade; w0 weak_count"},
    broken_verb{verb::is_closed, sender, "is false when the receiver is gone",
                [](const taken& t) { t.out.answer.number = t.m.closed && !t.m.receiver_gone ? 1 : 0; }, 1,
                "1: drop r; s0 is_closed"},
    broken_verb{verb::is_closed, receiver, "does not look whether a sender is left",
                [](const taken& t) { t.out.answer.number = t.m.closed ? 1 : 0; }, 1, "1: drop s0; r is_closed"},
    broken_verb{verb::len, sender, "counts permits too",
                [](const taken& t) { t.out.answer.number += t.m.outstanding(); }, 1, "1: s0 try_reserve; s0 len"},
    broken_verb{verb::len, receiver, "is 1 for any number of values",
                [](const taken& t) { t.out.answer.number = t.m.buffer.empty() ? 0 : 1; }, 2,
                "2: s0 try_send v1; s0 try_send v2; r len"},
    broken_verb{verb::is_empty, receiver, "is false when no sender is left",
                [](const taken& t) { t.out.answer.number = t.m.buffer.empty() && t.m.strong_count() > 0 ? 1 : 0; }, 1,
                "1: drop s0; r is_empty"},
    broken_verb{verb::sender_strong_count, receiver, "counts weak senders too",
                [](const taken& t) { t.out.answer.number += t.m.weak_senders.size(); }, 1,
                "1: s0 downgrade; r sender_strong_count"},
    broken_verb{verb::sender_weak_count, receiver, "is 1 for any number of them",
                [](const taken& t) { t.out.answer.number = t.m.weak_senders.empty() ? 0 : 1; }, 2,
                "1: s0 downgrade; s0 downgrade; r sender_weak_count"},
    // ---- What an operation does when it is polled
    broken_verb{verb::poll, handle_kind::operation, "wakes no receive",
                [](const taken& t) { silence_receive(t.m, t.out); }, 4,
                "1: s0 send v1 as f0; r recv as f1; poll f1; poll f0", verb::send},
    broken_verb{verb::poll, handle_kind::operation, "waits without a place in the queue",
                [](const taken& t) {
                    if (t.says(status::pending)) t.m.unlink(*t.polled());
                },
                4, "1: s0 try_send v1; s0 send_timeout v2 1ms as f0; poll f0; r try_recv", verb::send_timeout},
    broken_verb{verb::poll, handle_kind::operation, "makes a permit that was not taken from the capacity",
                [](const taken& t) {
                    if (t.says(status::made)) conjure(t.m, 1);
                },
                2, "1: s0 reserve as f0; poll f0", verb::reserve},
    broken_verb{verb::poll, handle_kind::operation, "makes an iterator with a permit less",
                [](const taken& t) {
                    if (!t.says(status::made)) return;
                    --t.m.grants.back().size;
                    write_off(t.m, 1);
                },
                3, "1: s0 reserve_many 1 as f0; poll f0; i0 next", verb::reserve_many},
    broken_verb{verb::poll, handle_kind::operation, "keeps its sender when it fails",
                [](const taken& t) {
                    if (t.says(status::closed)) leak_sender(t.m);
                },
                3, "1: s0 reserve_owned as f0; r close; poll f0; r sender_strong_count", verb::reserve_owned},
    broken_verb{verb::poll, handle_kind::operation, "does not listen",
                [](const taken& t) {
                    if (t.says(status::pending)) t.m.unlink(*t.polled());
                },
                3, "1: s0 closed as f0; poll f0; r close", verb::closed},
    broken_verb{verb::poll, handle_kind::operation, "does not park",
                [](const taken& t) {
                    if (t.says(status::pending)) t.m.unlink(*t.polled());
                },
                3, "1: r recv as f0; poll f0; s0 try_send v1", verb::recv},
    broken_verb{verb::poll, handle_kind::operation, "sets no timer",
                [](const taken& t) {
                    if (t.says(status::pending)) t.polled()->deadline_fired = true;
                },
                3, "1: r recv_timeout 1ms as f0; poll f0; advance 1ms", verb::recv_timeout},
    broken_verb{verb::poll, handle_kind::operation, "keeps a permit of its values",
                [](const taken& t) {
                    if (!t.out.answer.values.empty()) t.keep_permit();
                },
                3, "1: s0 try_send v1; r recv_many 1 as f0; poll f0", verb::recv_many},
    // ---- What the end of a handle does
    broken_verb{verb::drop, sender, "wakes no receive, as the last one",
                [](const taken& t) { silence_receive(t.m, t.out); }, 3, "1: r recv as f0; poll f0; drop s0"},
    broken_verb{verb::drop, weak_sender, "is still counted",
                [](const taken& t) { t.m.weak_senders.push_back(no_number); }, 2,
                "1: s0 downgrade; drop w0; s0 weak_count"},
    broken_verb{verb::drop, receiver, "does not destroy the values", [](const taken& t) { t.out.destroyed.clear(); }, 2,
                "1: s0 try_send v1; drop r"},
    broken_verb{verb::drop, handle_kind::operation, "does not destroy the value that was to be sent",
                [](const taken& t) { t.out.destroyed.clear(); }, 2, "1: s0 send v1 as f0; drop f0"},
    broken_verb{verb::drop, permit, "keeps the permit", [](const taken& t) { t.keep_permit(); }, 2,
                "1: s0 try_reserve; drop p0"},
    broken_verb{verb::drop, iterator, "gives one of its permits back",
                [](const taken& t) {
                    if (t.m.available == t.before.available + 2) t.keep_permit();
                },
                2, "2: s0 try_reserve_many 2; drop i0"},
    broken_verb{verb::drop, owned_permit, "leaves its sender behind", [](const taken& t) { leak_sender(t.m); }, 2,
                "1: s0 try_reserve_owned; drop o0; r is_closed"},
    broken_verb{verb::advance, receiver, "leaves the clock where it was, and wakes as if it had moved",
                [](const taken& t) { t.m.now = t.before.now; }, 4,
                "1: r recv_timeout 1ms as f0; poll f0; advance 1ms; poll f0"},
};

TEST(exhaustive_verbs, the_table_has_every_verb_on_every_handle_and_the_poll_of_every_operation) {
    const auto entry = [](verb v, handle_kind kind, verb begun_as) {
        return to_string(handle{kind, 0}) + ' ' + std::string(shape_of(v == verb::poll ? begun_as : v).spelling) +
               (v == verb::poll ? ", polled" : "");
    };
    std::set<std::string> there;
    for (const broken_verb& b : broken_verbs) EXPECT_TRUE(there.insert(entry(b.what, b.of, b.begun_as)).second);
    std::set<std::string> wanted{entry(verb::advance, receiver, verb::poll)};
    for (std::size_t i = 0; i < verb_count * kind_count; ++i) {
        const auto v = static_cast<verb>(i / kind_count);
        const auto kind = static_cast<handle_kind>(i % kind_count);
        if (v != verb::poll && applies_to(v, kind)) wanted.insert(entry(v, kind, verb::poll));
        if (creates_operation(v, kind)) wanted.insert(entry(verb::poll, handle_kind::operation, v));
    }
    EXPECT_EQ(there, wanted);
}

// ---- The fewest steps, without the engine

struct both {
    machine right;
    machine broken;

    friend bool operator==(const both&, const both&) = default;
};
struct both_hash {
    std::size_t operator()(const both& b) const { return hash_value(b.right) * 31 + hash_value(b.broken); }
};

/// True if the two part in this step.
bool part(both& b, const broken_verb& mistake, const step& s) {
    const outcome right = b.right.apply(s);
    return b.broken.refusal(s) || mistake.apply(b.broken, s) != right || b.broken.available != b.right.available;
}

struct ways {
    std::vector<step> steps, observers;
};
const ways& ways_from(const machine& m) {
    static std::unordered_map<machine, ways> known;
    const auto [at, is_new] = known.try_emplace(m);
    if (is_new) at->second = {steps_by_refusal(m, false), steps_by_refusal(m, true)};
    return at->second;
}

/// The steps of a smallest program after which the two differ, the observers not counted; 0 if it has more than `most`.
std::size_t fewest_steps(const broken_verb& mistake, std::size_t most) {
    std::vector<both> level{{machine(1), machine(1)}, {machine(2), machine(2)}};
    std::unordered_set<both, both_hash> seen;
    for (std::size_t steps = 1; steps <= most; ++steps) {
        std::vector<both> next;
        for (const both& b : level) {
            for (const step& s : ways_from(b.right).steps) {
                both after = b;
                if (part(after, mistake, s)) return steps;
                for (const step& o : ways_from(after.right).observers) {
                    both looked = after;
                    if (part(looked, mistake, o)) return steps;
                }
                if (seen.insert(after).second) next.push_back(std::move(after));
            }
        }
        level = std::move(next);
    }
    return 0;
}

TEST(exhaustive_verbs, need_so_many_steps_by_a_search_in_breadth) {
    for (const broken_verb& b : broken_verbs) EXPECT_EQ(fewest_steps(b, 4), b.steps) << b.fault;
}

// ---- By the engine

class broken_session final : public session {
  public:
    broken_session(std::uint64_t capacity, const broken_verb& b) : machine_(capacity), broken_(b) {}

    outcome apply(const step& s) override {
        if (const auto refusal = machine_.refusal(s)) throw std::logic_error(*refusal);
        return broken_.apply(machine_, s);
    }
    std::optional<std::uint64_t> observe_capacity() override { return machine_.available; }

  private:
    machine machine_;
    const broken_verb& broken_;
};

TEST(exhaustive_verbs, are_each_found_by_a_smallest_program_and_the_report_says_so) {
    job j;
    j.depth = 4;
    const auto engine = std::ranges::find(engines(), model::engine::exhaustive, &engine_entry::is);
    for (const broken_verb& b : broken_verbs) {
        SCOPED_TRACE(b.fault);
        target t = machine_target();  // with one name for all, the programs are counted once
        t.open = [&b](std::uint64_t capacity) { return std::make_unique<broken_session>(capacity, b); };
        const campaign c = run_campaign(j, {&*engine}, {&t}, {}, {.jobs = 1});
        const engine_report& r = c.reports.front();
        ASSERT_EQ(r.failures.size(), 1U);
        const failure& f = r.failures.front();
        const concurrent_program p = parse_token(f.token).program;
        std::string program = std::to_string(p.capacity) + ":";
        for (const task_step& s : p.tasks.front()) program += (program.size() > 2 ? "; " : " ") + to_string(s.step);
        EXPECT_EQ(program, b.program);
        const std::string place = f.place.substr(f.place.find('-') + 1);
        EXPECT_NE(f.text.find("program " + place + " of all in order, of " + std::to_string(b.steps) + " step"),
                  std::string::npos)
            << f.text;
        EXPECT_NE(r.summary.find("1 difference, a smallest one: "), std::string::npos) << r.summary;
        EXPECT_NE(r.summary.find("before it agree"), std::string::npos) << r.summary;
    }
}

}  // namespace
}  // namespace tailrace::verify
