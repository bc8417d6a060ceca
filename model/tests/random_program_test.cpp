// Tests of invariants of the specification on random legal programs: conservation; every operation is on the list that
// fits its state; every value ends exactly once; all capacity is available when everything is dropped.
//
// Run: ci/test -L model
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace {

constexpr std::uint64_t program_count = 100;
constexpr std::size_t program_length = 200;  // 20,000 steps

/// Where a value is, as its owner sees it.
enum class fate : unsigned char { in_operation, in_channel, handed_back, received, destroyed };

class walker {
  public:
    explicit walker(std::uint64_t seed)
        : random_(seed), machine_(std::array<std::uint64_t, 6>{1, 2, 3, 4, 5, 8}[seed % 6]) {}

    /// Three quarters on an open channel; then every other program closes it, and anything may end.
    void walk() {
        constexpr std::size_t turn = program_length * 3 / 4;
        const bool closes = below(2) == 0;
        for (std::size_t i = 0; i < program_length && !testing::Test::HasFatalFailure(); ++i) {
            if (i == turn && closes) {
                take(parse_step("r close"));
            } else {
                take(next_step(i < turn));
            }
        }
        park();
        drop_everything();
    }

    std::array<std::size_t, verb_count> taken{};
    std::size_t wakes = 0, partial_holds = 0, failed_with_holds = 0, waiters_at_most = 0;

  private:
    static bool one_of(verb v, std::initializer_list<verb> set) { return std::ranges::find(set, v) != set.end(); }

    static bool is_receive(const operation& op) { return model::is_receive(op.what); }

    std::uint64_t below(std::uint64_t n) { return random_() % n; }

    step next_step(bool lively) {
        for (;;) {
            step s;
            if (below(20) != 0) {
                s.subject = some_handle();
                do s.what = static_cast<verb>(below(verb_count));
                while (!applies_to(s.what, s.subject.kind));
            }
            const bool makes_sender = one_of(s.what, {verb::clone, verb::downgrade, verb::upgrade});
            const bool asks = is_observer(s.what, s.subject.kind);
            if ((makes_sender || asks || s.what == verb::drop) && below(6) != 0) continue;
            s.operation = creates_operation(s.what, s.subject.kind) ? machine_.next_operation : 0;
            s.value = shape_of(s.what).value ? machine_.next_value : 0;
            s.count = shape_of(s.what).count ? below(machine_.max + 3) : 0;
            s.time = shape_of(s.what).time ? duration(below(7)) : duration(0);
            if (!machine_.refusal(s) && (!lively || leaves_open(s))) return s;
        }
    }

    [[nodiscard]] bool leaves_open(const step& s) const {
        machine m = machine_;
        m.apply(s);
        return !m.closed && !m.senders.empty();
    }

    /// The receiver and the operations more often than their number would have it: there is only one
    /// receiver, and operations are what waits.
    handle some_handle() {
        const handle receiver{handle_kind::receiver, 0};
        if (below(6) == 0 && !machine_.receiver_gone) return receiver;
        std::vector<handle> all;
        for (const operation& op : machine_.operations) {
            all.push_back({handle_kind::operation, op.number});
        }
        if (below(5) == 0 && !all.empty()) return all[below(all.size())];
        for (const grant& g : machine_.grants) all.push_back(g.name);
        for (const std::uint32_t n : machine_.senders) all.push_back({handle_kind::sender, n});
        for (const std::uint32_t n : machine_.weak_senders) {
            all.push_back({handle_kind::weak_sender, n});
        }
        return all.empty() ? receiver : all[below(all.size())];
    }

    void take(const step& s) {
        ASSERT_FALSE(machine_.refusal(s)) << to_string(s) << ": " << *machine_.refusal(s);
        machine twin = machine_;
        const machine before = machine_;
        const outcome o = machine_.apply(s);
        history_ += to_string(s) + " -> " + to_string(o) + '\n';
        ++taken[static_cast<std::size_t>(s.what)];
        wakes += o.woken.size();

        ASSERT_EQ(twin.apply(s), o) << history_;
        ASSERT_EQ(twin, machine_) << history_;
        ASSERT_EQ(hash_value(twin), hash_value(machine_)) << history_;
        check_wakes(s, before, o);
        follow_values(s, before, o);
        check_state();
    }

    /// Would a poll finish it now, its deadline aside?
    static bool is_ready(machine m, std::uint32_t operation) {
        m.find_operation(operation)->deadline = duration::max();
        step s;
        s.what = verb::poll;
        s.subject = {handle_kind::operation, operation};
        return m.apply(s).answer.status != status::pending;
    }

    /// An operation is woken exactly when it becomes ready, and by its deadline, each for itself.
    void check_wakes(const step& s, const machine& before, const outcome& o) {
        std::vector<handle> expected;
        for (const operation& op : before.operations) {
            const handle name{handle_kind::operation, op.number};
            const operation* now = machine_.find_operation(op.number);
            const bool asked = s.subject == name && s.what != verb::advance;
            if (asked || now == nullptr || op.now == operation::phase::created) continue;
            // borrow.receiver: it is ended, and not woken.
            if (is_receive(op) && before.receiver_gone != machine_.receiver_gone) continue;
            const bool became_ready = !is_ready(before, op.number) && is_ready(machine_, op.number);
            if (became_ready || op.deadline_fired != now->deadline_fired) expected.push_back(name);
        }
        std::vector<handle> woken = o.woken;
        std::ranges::sort(woken);
        std::ranges::sort(expected);
        ASSERT_EQ(woken, expected) << history_;
    }

    void follow_values(const step& s, const machine& before, const outcome& o) {
        if (shape_of(s.what).value) {
            const bool kept = creates_operation(s.what, s.subject.kind);
            ASSERT_TRUE(fates_.emplace(s.value, kept ? fate::in_operation : fate::in_channel).second);
        }
        const operation* polled = s.what == verb::poll ? before.find_operation(s.subject.number) : nullptr;
        if (polled && o.answer.status == status::ok) ends(polled->value, fate::in_channel);
        if (o.answer.value) {
            const bool received = o.answer.status == status::some;
            ends(*o.answer.value, received ? fate::received : fate::handed_back);
        }
        for (const value_id v : o.answer.values) ends(v, fate::received);
        for (const value_id v : o.destroyed) ends(v, fate::destroyed);

        std::vector<value_id> here;
        for (const auto& [v, f] : fates_) {
            if (f == fate::in_channel) here.push_back(v);
        }
        std::vector<value_id> buffered = machine_.buffer;
        std::ranges::sort(buffered);
        ASSERT_EQ(here, buffered) << history_;
    }

    void ends(value_id v, fate f) {
        fate& now = fates_.at(v);
        ASSERT_TRUE(now == fate::in_operation || now == fate::in_channel) << "v" << v << " ended before\n" << history_;
        now = f;
    }

    void check_state() {
        const machine& m = machine_;
        ASSERT_TRUE(m.conserves()) << history_ << to_string(m);
        ASSERT_LE(m.available, m.max) << history_;
        ASSERT_TRUE(m.queue.empty() || m.available == 0) << history_ << to_string(m);
        ASSERT_TRUE(!m.closed || m.queue.empty()) << history_ << to_string(m);
        ASSERT_TRUE(!m.receiver_gone || (m.closed && m.buffer.empty())) << history_;
        waiters_at_most = std::max(waiters_at_most, m.queue.size());
        for (const operation& op : m.operations) {
            const auto at = std::ranges::find(m.queue, op.number);
            const bool queued = at != m.queue.end();
            using enum operation::phase;
            if (queued) {
                ASSERT_EQ(op.now, waiting) << history_;
                ASSERT_LT(op.held, op.need) << history_;
                ASSERT_TRUE(op.held == 0 || at == m.queue.begin()) << "not the head\n" << history_;
                partial_holds += op.held > 0 ? 1 : 0;
            }
            if (op.now == granted) {
                ASSERT_EQ(op.held, op.need) << history_;
            }
            if (op.now == created) {
                ASSERT_EQ(op.held, 0U) << history_;
            }
            if (op.now == failed) {
                ASSERT_TRUE(m.closed) << history_;
                failed_with_holds += op.held > 0 ? 1 : 0;
            }
        }
    }

    /// Drains the buffer and leaves a receive parked, to see how the channel ends.
    void park() {
        if (machine_.receiver_gone) return;
        for (const operation& op : std::vector(machine_.operations)) {
            if (is_receive(op)) take(parse_step("drop f" + std::to_string(op.number)));
        }
        while (!machine_.buffer.empty() && !testing::Test::HasFatalFailure()) {
            take(parse_step("r try_recv"));
        }
        const std::string name = 'f' + std::to_string(machine_.next_operation);
        take(parse_step("r recv as " + name));
        take(parse_step("poll " + name));
    }

    /// In random order, but borrowers before lenders: whatever is refused waits its turn. The
    /// receiving side goes last, so that the parked receive sees the last sender go.
    void drop_everything() {
        for (const bool receiving : {false, true}) {
            while (drop_some(receiving) && !testing::Test::HasFatalFailure()) continue;
        }
        ASSERT_TRUE(machine_.operations.empty() && machine_.grants.empty()) << history_;
        ASSERT_EQ(machine_.strong_count(), 0U) << history_;
        ASSERT_TRUE(machine_.idle()) << history_ << to_string(machine_);
        for (const auto& [v, f] : fates_) {
            ASSERT_NE(f, fate::in_operation) << "v" << v << '\n' << history_;
            ASSERT_NE(f, fate::in_channel) << "v" << v << '\n' << history_;
        }
    }

    bool drop_some(bool receiving) {
        std::vector<handle> all;
        for (const operation& op : machine_.operations) {
            if (is_receive(op) == receiving) all.push_back({handle_kind::operation, op.number});
        }
        if (receiving && !machine_.receiver_gone) all.push_back({handle_kind::receiver, 0});
        for (const grant& g : machine_.grants) all.push_back(g.name);
        for (const std::uint32_t n : machine_.senders) all.push_back({handle_kind::sender, n});
        // Not std::shuffle: it is not the same everywhere.
        for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[below(i)]);
        bool dropped = false;
        for (const handle h : all) {
            step s;
            s.what = verb::drop;
            s.subject = h;
            if (machine_.refusal(s)) continue;
            take(s);
            dropped = true;
        }
        return dropped;
    }

    std::mt19937_64 random_;
    machine machine_;
    std::map<value_id, fate> fates_;
    std::string history_;
};

TEST(random_programs, keep_the_laws) {
    std::array<std::size_t, verb_count> taken{};
    std::size_t wakes = 0, partial_holds = 0, failed_with_holds = 0, waiters_at_most = 0;
    for (std::uint64_t seed = 1; seed <= program_count; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        walker w(seed);
        w.walk();
        if (HasFatalFailure()) return;
        for (std::size_t i = 0; i < verb_count; ++i) taken[i] += w.taken[i];
        wakes += w.wakes;
        partial_holds += w.partial_holds;
        failed_with_holds += w.failed_with_holds;
        waiters_at_most = std::max(waiters_at_most, w.waiters_at_most);
    }
    // Laws that hold because nothing happens are worth nothing.
    for (std::size_t i = 0; i < verb_count; ++i) {
        EXPECT_GE(taken[i], 20U) << shape_of(static_cast<verb>(i)).spelling;
    }
    EXPECT_GE(wakes, 300U);
    EXPECT_GE(partial_holds, 100U);
    EXPECT_GE(failed_with_holds, 10U);
    EXPECT_GE(waiters_at_most, 4U);
    RecordProperty("wakes", static_cast<int>(wakes));
    RecordProperty("partial_holds", static_cast<int>(partial_holds));
    RecordProperty("failed_with_holds", static_cast<int>(failed_with_holds));
}

}  // namespace
}  // namespace tailrace::model
