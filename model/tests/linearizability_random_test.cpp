// Tests of the linearizability check with simulated histories: all are allowed; most are refused after a change of one
// response; and a naive search agrees.
//
// Run: ci/test -L model
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "simulation.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::model {
namespace {

constexpr std::uint64_t history_count = 10'000;

TEST(simulated_histories, are_allowed) {
    std::array<std::size_t, verb_count> once{}, waited{};
    std::size_t asleep = 0, woken_later = 0;
    std::uint64_t nodes = 0, most_nodes = 0;
    for (std::uint64_t seed = 1; seed <= history_count; ++seed) {
        const history h = simulation(seed).run();
        const verdict v = check(h);
        ASSERT_EQ(v.is, finding::allowed) << "seed " << seed << '\n' << to_string(h);
        nodes += v.nodes;
        most_nodes = std::max(most_nodes, v.nodes);
        for (const auto& task : h.tasks) {
            for (const event& e : task) {
                ++(e.waits ? waited : once)[static_cast<std::size_t>(e.step.what)];
                asleep += e.answer ? 0 : 1;
                woken_later += e.answer && e.returned > h.rest ? 1 : 0;
            }
        }
    }
    // Histories in which nothing happens are worth nothing.
    for (std::size_t i = 0; i < verb_count; ++i) {
        const verb v = static_cast<verb>(i);
        EXPECT_GE(once[i], 100U) << shape_of(v).spelling;
        const bool waits = creates_operation(v, handle_kind::sender) || creates_operation(v, handle_kind::receiver);
        EXPECT_GE(waited[i], waits ? 300U : 0U) << shape_of(v).spelling;
    }
    EXPECT_GE(asleep, 3000U);
    EXPECT_GE(woken_later, 1000U);
    RecordProperty("nodes", std::to_string(nodes));
    RecordProperty("most_nodes", std::to_string(most_nodes));
}

/// Each clone loses a permit, which is kept among the grants, so that the account stays right.
outcome clone_loses_a_permit(machine& m, const step& s) {
    outcome out = m.apply(s);
    if (s.what == verb::clone && m.available > 0) {
        m.available -= 1;
        m.grants.push_back({{handle_kind::permit, ~std::uint32_t{0}}, ~std::uint32_t{0}, 1});
    }
    return out;
}

TEST(simulated_histories, are_judged_by_a_changed_transition_without_loss_of_its_account) {
    static std::size_t broken, lost;
    broken = lost = 0;
    check_options options;
    options.most_nodes = 2'000;
    options.apply = [](machine& m, const step& s) {
        broken += m.conserves() ? 0 : 1;
        lost +=
            std::ranges::any_of(m.grants, [](const grant& g) { return g.name.number == ~std::uint32_t{0}; }) ? 1 : 0;
        if (!m.conserves()) return outcome{};
        return clone_loses_a_permit(m, s);
    };
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) (void)check(simulation(seed).run(), options);
    EXPECT_EQ(broken, 0U);
    EXPECT_GE(lost, 10'000U);
}

// ---- One answer changed

using events = std::vector<event*>;
using change = bool (*)(history&, std::mt19937_64&);  // true if something was changed

template <class Predicate>
events events_where(history& h, Predicate holds) {
    events all;
    for (auto& task : h.tasks) {
        for (event& e : task) {
            if (e.answer && e.returned < h.rest && holds(e)) all.push_back(&e);
        }
    }
    return all;
}

/// Two different ones that received a value, or none.
std::pair<event*, event*> two_receives(history& h, std::mt19937_64& random) {
    const events all = events_where(h, [](const event& e) { return e.answer->status == status::some; });
    if (all.size() < 2) return {};
    const std::size_t one = random() % all.size();
    const std::size_t other = (one + 1 + random() % (all.size() - 1)) % all.size();
    return {all[one], all[other]};
}

bool exchange_values(history& h, std::mt19937_64& random) {
    const auto [one, other] = two_receives(h, random);
    if (one != nullptr) std::swap(one->answer, other->answer);
    return one != nullptr;
}

bool receive_twice(history& h, std::mt19937_64& random) {
    const auto [one, other] = two_receives(h, random);
    if (one != nullptr) one->answer = other->answer;
    return one != nullptr;
}

bool fail_a_success(history& h, std::mt19937_64& random) {
    const events all =
        events_where(h, [](const event& e) { return e.step.what == verb::try_send && e.answer->status == status::ok; });
    if (all.empty()) return false;
    event& e = *all[random() % all.size()];
    e.answer = answer_with(status::full, e.step.value);
    return true;
}

bool miscount(history& h, std::mt19937_64& random) {
    const events all = events_where(h, [](const event& e) { return e.answer->status == status::number; });
    if (all.empty()) return false;
    ++all[random() % all.size()]->answer->number;
    return true;
}

/// The last event of a task sleeps on, although it was answered.
bool forget_to_wake(history& h, std::mt19937_64& random) {
    events all = events_where(h, [&](const event& e) {
        return e.waits && std::ranges::any_of(h.tasks, [&](const auto& l) { return &e == &l.back(); });
    });
    if (all.empty()) return false;
    event& e = *all[random() % all.size()];
    e.answer.reset();
    e.returned = never;
    return true;
}

/// How many histories can be changed so, and how many of those are refused.
struct share {
    std::size_t changed = 0, refused = 0, asleep = 0;
    [[nodiscard]] std::size_t percent() const { return 100 * refused / std::max<std::size_t>(changed, 1); }
};

share refused_after(change what) {
    share s;
    for (std::uint64_t seed = 1; seed <= history_count; ++seed) {
        history h = simulation(seed).run();
        std::mt19937_64 random(seed);
        if (!what(h, random)) continue;
        ++s.changed;
        const finding f = check(h).is;
        EXPECT_NE(f, finding::unknown) << to_string(h);
        s.refused += f != finding::allowed ? 1 : 0;
        s.asleep += f == finding::asleep ? 1 : 0;
    }
    return s;
}

TEST(changed_histories, in_which_two_received_values_are_exchanged_are_mostly_refused) {
    const share s = refused_after(exchange_values);
    EXPECT_GE(s.changed, 1000U);
    EXPECT_GE(s.percent(), 80U);
}

TEST(changed_histories, in_which_a_value_is_received_twice_are_all_refused) {
    const share s = refused_after(receive_twice);
    EXPECT_GE(s.changed, 1000U);
    EXPECT_EQ(s.refused, s.changed);
}

TEST(changed_histories, in_which_a_success_is_called_a_failure_are_nearly_all_refused) {
    const share s = refused_after(fail_a_success);
    EXPECT_GE(s.changed, 1000U);
    EXPECT_GE(s.percent(), 95U);
}

TEST(changed_histories, in_which_a_number_is_wrong_are_nearly_all_refused) {
    // Not all: len() may count what moves meanwhile, and others' steps may be half done.
    const share s = refused_after(miscount);
    EXPECT_GE(s.changed, 1000U);
    EXPECT_GE(s.percent(), 70U);
}

TEST(changed_histories, in_which_somebody_sleeps_on_are_nearly_all_refused) {
    const share s = refused_after(forget_to_wake);
    EXPECT_GE(s.changed, 500U);
    EXPECT_GE(s.percent(), 95U);
    EXPECT_GE(s.asleep, 200U);
}

// ---- Without any cunning

/// Tries every order; remembers nothing; compares the times of any two events.
class plain_search {
  public:
    explicit plain_search(const history& h) : history_(h) {
        const auto add = [&](const std::vector<event>& of_task, std::size_t task) {
            for (const event& e : of_task) all_.push_back({&e, task, entry::untouched});
        };
        add(h.before, 0);
        for (std::size_t task = 0; task < h.tasks.size(); ++task) add(h.tasks[task], task + 1);
        add(h.after, after());
    }

    bool run() { return explain(machine(history_.capacity), false); }
    [[nodiscard]] bool gave_up() const { return steps_ >= 20'000; }

  private:
    struct entry {
        const event* e;
        std::size_t task;
        enum { untouched, asked, done } now;
    };

    [[nodiscard]] std::size_t after() const { return history_.tasks.size() + 1; }

    [[nodiscard]] bool sleeps(const entry& x) const {
        return x.task != 0 && x.task != after() && (!x.e->answer || x.e->returned > history_.rest);
    }

    static outcome poll(machine& m, const entry& x) {
        step s;
        s.what = verb::poll;
        s.subject = {handle_kind::operation, x.e->step.operation};
        return m.apply(s);
    }

    bool explain(const machine& m, bool rested) {
        if (++steps_ >= 20'000) return false;
        if (!rested && std::ranges::all_of(all_, [&](const entry& x) {
                return x.task == after() || x.now == (sleeps(x) ? entry::asked : entry::done);
            })) {
            for (const entry& x : all_) {
                machine copy = m;
                if (sleeps(x) && poll(copy, x).answer.status != status::pending) return false;
            }
            rested = true;
        }
        if (rested && std::ranges::all_of(all_, [](const entry& x) { return x.now == entry::done || !x.e->answer; })) {
            return true;
        }
        for (entry& x : all_) {
            if (may_come(x, rested) && try_next(x, m, rested)) return true;
        }
        return false;
    }

    bool may_come(const entry& x, bool rested) const {
        if (x.now == entry::done) return false;
        if ((x.task == after() || x.now == entry::asked) && !rested && (x.task == after() || sleeps(x))) {
            return false;
        }
        if (x.now == entry::asked) return true;
        return std::ranges::none_of(all_, [&](const entry& y) {
            const bool in_time = x.task != 0 && y.task != 0 && y.e->returned < x.e->invoked;
            const bool in_line = y.task == x.task && &y < &x;
            return y.now != entry::done && (in_time || in_line || (y.task == 0 && x.task != 0));
        });
    }

    bool try_next(entry& x, machine m, bool rested) {
        m.next_operation = 0;
        m.next_value = 0;
        m.next_sender = m.next_weak_sender = m.next_permit = m.next_iterator = m.next_owned_permit =
            x.e->answer ? x.e->answer->made.number : 0;
        const auto was = x.now;
        outcome said;
        if (was == entry::untouched) said = m.apply(x.e->step);
        if (x.e->waits) said = poll(m, x);
        if (x.e->waits && said.answer.status == status::pending) {
            if (was == entry::asked) return false;
            x.now = entry::asked;
        } else if (said.answer == x.e->answer && (was == entry::asked || !sleeps(x))) {
            x.now = entry::done;
        } else {
            return false;
        }
        const bool explained = explain(m, rested);
        x.now = was;
        return explained;
    }

    const history& history_;
    std::vector<entry> all_;
    std::size_t steps_ = 0;
};

TEST(simulated_histories, are_judged_as_by_a_search_that_tries_every_order) {
    // That search takes every step whole. Whatever it explains is allowed; most of what it refuses is
    // refused, but for what tasks at once may see half done.
    std::size_t allowed = 0, refused = 0, refused_by_both = 0, gave_up = 0;
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
        for (const change what : {change{[](history&, std::mt19937_64&) { return true; }}, change{exchange_values},
                                  change{fail_a_success}, change{miscount}, change{forget_to_wake}}) {
            history h = simulation(seed).run();
            std::mt19937_64 random(seed);
            if (!what(h, random)) continue;
            plain_search plain(h);
            const bool explained = plain.run();
            if (!explained && plain.gave_up()) {
                ++gave_up;
                continue;
            }
            ++(explained ? allowed : refused);
            const bool is_allowed = check(h).is == finding::allowed;
            if (explained) {
                ASSERT_TRUE(is_allowed) << "seed " << seed << '\n' << to_string(h);
            }
            if (!is_allowed) ++refused_by_both;
        }
    }
    EXPECT_GE(allowed, 1000U);
    EXPECT_GE(refused, 1000U);
    EXPECT_GE(refused_by_both * 100, refused * 85);
    EXPECT_LE(gave_up, 200U);
}

}  // namespace
}  // namespace tailrace::model
