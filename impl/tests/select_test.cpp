// Tests of select: one winner, losers that took nothing, fairness, kept arms, every form of the wait.
#include "tailrace/select.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "support.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/stop.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

class counted {
  public:
    [[nodiscard]] waker as_waker() noexcept {
        return {[](void* self) noexcept { ++static_cast<counted*>(self)->times_; }, this};
    }
    [[nodiscard]] int times() const noexcept { return times_; }

  private:
    int times_ = 0;
};

template <class Action>
class calling {
  public:
    explicit calling(Action a) : action_(std::move(a)) {}
    [[nodiscard]] waker as_waker() noexcept {
        return {[](void* self) noexcept { static_cast<calling*>(self)->action_(); }, this};
    }

  private:
    Action action_;
};

// ---- One winner

// Clauses: select.one-winner.
TEST(select, an_arm_that_has_a_result_wins_at_once) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    ASSERT_TRUE(b.try_send(7));
    counted wakes;
    auto first = select(from_a.recv(), from_b.recv(), a.closed());
    const auto result = first.poll(wakes.as_waker());
    ASSERT_TRUE(result);
    ASSERT_EQ(result->index(), 1u);
    EXPECT_EQ(std::get<1>(*result), 7);
    EXPECT_EQ(wakes.times(), 0);
    EXPECT_THROW((void)first.poll(wakes.as_waker()), std::logic_error);
}

// Clauses: select.one-winner, select.losers-took-nothing.
TEST(select, the_arm_that_is_woken_first_wins_and_the_select_is_woken_once) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    counted wakes;
    auto first = std::optional(select(from_a.recv(), from_b.recv()));
    ASSERT_FALSE(first->poll(wakes.as_waker()));
    ASSERT_TRUE(b.try_send(2));
    EXPECT_EQ(wakes.times(), 1);
    ASSERT_TRUE(a.try_send(1));
    EXPECT_EQ(wakes.times(), 1);
    const auto result = first->poll(wakes.as_waker());
    ASSERT_TRUE(result);
    ASSERT_EQ(result->index(), 1u);
    EXPECT_EQ(std::get<1>(*result), 2);
    first.reset();
    EXPECT_EQ(from_a.try_recv(), 1) << "the loser has taken nothing";
    EXPECT_FALSE(from_b.try_recv());
}

// Clauses: select.one-winner.
TEST(select, what_ends_a_channel_wins) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    ASSERT_TRUE(a.try_send(1));
    counted wakes;
    {
        auto first = select(a.reserve(), from_b.recv());
        ASSERT_FALSE(first.poll(wakes.as_waker()));
        {
            const auto gone = std::move(b);
        }
        EXPECT_EQ(wakes.times(), 1);
        const auto result = first.poll(wakes.as_waker());
        ASSERT_TRUE(result);
        ASSERT_EQ(result->index(), 1u);
        EXPECT_EQ(std::get<1>(*result), std::nullopt);
    }
    auto [c, from_c] = channel<int>(1);
    auto first = select(a.send(2), c.closed());
    ASSERT_FALSE(first.poll(wakes.as_waker()));
    {
        const auto gone = std::move(from_c);
    }
    EXPECT_EQ(wakes.times(), 2);
    const auto result = first.poll(wakes.as_waker());
    ASSERT_TRUE(result);
    EXPECT_EQ(result->index(), 1u);
}

// Clauses: select.one-winner.
TEST(select, an_arm_that_is_decided_while_it_begins_to_wait_wins) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    from_a.close();
    counted wakes;
    auto first = select(from_b.recv(), a.reserve());
    // Only the wait, as if both had been attempted before the close.
    EXPECT_TRUE(first.wait(wakes.as_waker()));
    EXPECT_EQ(wakes.times(), 1);
    const auto result = first.poll(wakes.as_waker());
    ASSERT_TRUE(result);
    ASSERT_EQ(result->index(), 1u);
    EXPECT_FALSE(std::get<1>(*result));
    ASSERT_TRUE(b.try_send(1));
    EXPECT_EQ(wakes.times(), 1);
    EXPECT_EQ(from_b.try_recv(), 1);
}

// Clauses: select.one-winner.
TEST(select, another_poll_may_bring_another_waker) {
    auto [a, from_a] = channel<int>(1);
    counted before;
    counted after;
    auto first = select(from_a.recv());
    ASSERT_FALSE(first.poll(before.as_waker()));
    ASSERT_FALSE(first.poll(after.as_waker()));
    ASSERT_TRUE(a.try_send(1));
    EXPECT_EQ(before.times(), 0);
    EXPECT_EQ(after.times(), 1);
    EXPECT_EQ(std::get<0>(*first.poll(after.as_waker())), 1);
}

// ---- Losers

// Clauses: select.losers-took-nothing.
TEST(select, a_loser_gives_back_what_it_holds_and_others_are_served_with_it) {
    auto [a, from_a] = channel<int>(2);
    auto [b, from_b] = channel<int>(1);
    auto half = a.try_reserve();  // so the reservation below holds one permit and waits for the other
    ASSERT_TRUE(half);
    counted wakes;
    counted behind;
    auto first = select(a.reserve_many(2), from_b.recv());
    ASSERT_FALSE(first.poll(wakes.as_waker()));
    auto next = a.reserve();
    ASSERT_FALSE(next.poll(behind.as_waker()));
    ASSERT_TRUE(b.try_send(1));
    EXPECT_EQ(wakes.times(), 1);
    EXPECT_EQ(behind.times(), 1) << "the permit that the loser held";
    EXPECT_TRUE(next.poll(behind.as_waker()));
    const auto result = first.poll(wakes.as_waker());
    ASSERT_TRUE(result);
    EXPECT_EQ(result->index(), 1u);
    EXPECT_EQ(a.capacity(), 1u);
}

// Clauses: select.losers-took-nothing.
TEST(select, a_loser_that_the_same_close_has_failed_or_the_same_return_has_granted_leaves_nothing_behind) {
    auto [a, from_a] = channel<int>(2);
    auto both = a.try_reserve_many(2);
    ASSERT_TRUE(both);
    counted wakes;
    {
        auto first = select(a.reserve(), a.reserve());
        ASSERT_FALSE(first.poll(wakes.as_waker()));
        {
            const auto gone = std::move(*both);
        }  // grants both arms, and wakes one after the other
        EXPECT_EQ(wakes.times(), 1);
        const auto result = first.poll(wakes.as_waker());
        ASSERT_TRUE(result);
        EXPECT_EQ(result->index(), 0u);
    }
    EXPECT_EQ(a.capacity(), 2u);
    {
        auto all = a.try_reserve_many(2);
        ASSERT_TRUE(all);
        auto first = select(a.reserve(), a.closed(), a.reserve_many(2));
        ASSERT_FALSE(first.poll(wakes.as_waker()));
        from_a.close();
        EXPECT_EQ(wakes.times(), 2);
        EXPECT_TRUE(first.poll(wakes.as_waker()));
    }
    EXPECT_EQ(a.capacity(), 2u);
}

// Clauses: select.losers-took-nothing.
TEST(select, destroying_it_while_it_waits_cancels_all_arms) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    ASSERT_TRUE(a.try_send(1));
    counted wakes;
    {
        auto first = select(a.send(2), from_b.recv());
        ASSERT_FALSE(first.poll(wakes.as_waker()));
    }
    {
        const auto never_polled = select(a.send(2), from_b.recv());
    }
    EXPECT_EQ(from_a.try_recv(), 1);
    EXPECT_EQ(a.capacity(), 1u);
    ASSERT_TRUE(b.try_send(3));
    EXPECT_EQ(from_b.try_recv(), 3);
    EXPECT_EQ(wakes.times(), 0);
}

TEST(select, an_owned_reservation_that_loses_drops_its_sender) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    ASSERT_TRUE(a.try_send(1));
    ASSERT_TRUE(b.try_send(2));
    {
        auto first = select_biased(from_b.recv(), std::move(a).reserve_owned());
        EXPECT_EQ(first.poll({})->index(), 0u);
    }
    EXPECT_EQ(from_a.try_recv(), 1);
    EXPECT_EQ(from_a.try_recv().error(), try_recv_error::disconnected);
}

TEST(select, two_receives_of_one_receiver_are_refused) {
    auto [a, from_a] = channel<int>(1);
    EXPECT_THROW((void)select(from_a.recv(), from_a.recv()), std::logic_error);
}

// ---- Fairness

// Clauses: select.fair.
TEST(select, of_arms_that_are_all_ready_each_wins_as_often) {
    constexpr int rounds = 100'000;
    std::array<int, 4> won{};
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    auto [c, from_c] = channel<int>(1);
    auto [d, from_d] = channel<int>(1);
    for (int i = 0; i < rounds; ++i) {
        (void)a.try_send(i);
        (void)b.try_send(i);
        (void)c.try_send(i);
        (void)d.try_send(i);
        const auto first = block_on(select(from_a.recv(), from_b.recv(), from_c.recv(), from_d.recv()));
        ++won[first.index()];
    }
    for (const int n : won) {
        EXPECT_GT(n, rounds / 4 * 95 / 100);
        EXPECT_LT(n, rounds / 4 * 105 / 100);
    }
}

// Clauses: select.fair.
TEST(select, a_biased_one_prefers_the_first_that_is_ready) {
    auto [a, from_a] = channel<int>(100);
    auto [b, from_b] = channel<int>(100);
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(b.try_send(i));
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(a.try_send(i));
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(block_on(select_biased(from_a.recv(), from_b.recv())).index(), i < 50 ? 0u : 1u);
    }
}

TEST(select, try_select_waits_for_nothing) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    EXPECT_FALSE(try_select(from_a.recv(), from_b.recv()));
    ASSERT_TRUE(b.try_send(5));
    const auto now = try_select(from_a.recv(), from_b.recv());
    ASSERT_TRUE(now);
    EXPECT_EQ(std::get<1>(*now), 5);
    EXPECT_FALSE(try_select(from_a.recv(), from_b.recv()));
}

// ---- Kept arms

// Clauses: select.losers-took-nothing.
TEST(select, a_kept_arm_that_loses_keeps_its_place_in_the_queue) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(8);
    ASSERT_TRUE(a.try_send(1));
    kept permit_of_a(a.reserve());
    counted wakes;
    ASSERT_TRUE(b.try_send(1));
    {
        // What has a result at once leaves the kept one without a place: it has only been attempted.
        auto first = select_biased(from_b.recv(), permit_of_a);
        EXPECT_EQ(first.poll(wakes.as_waker())->index(), 0u);
    }
    auto other = std::optional(a.reserve());
    for (int i = 0; i < 3; ++i) {
        auto first = select(permit_of_a, from_b.recv());
        ASSERT_FALSE(first.poll(wakes.as_waker()));
        if (i == 0) {
            ASSERT_FALSE(other->poll(wakes.as_waker())) << "behind the kept one";
        }
        ASSERT_TRUE(b.try_send(i));
        EXPECT_EQ(wakes.times(), i + 1);
        const auto result = first.poll(wakes.as_waker());
        ASSERT_TRUE(result);
        ASSERT_EQ(result->index(), 1u);
        EXPECT_EQ(std::get<1>(*result), i);
        EXPECT_FALSE(permit_of_a.finished());
    }
    EXPECT_EQ(from_a.try_recv(), 1);
    EXPECT_EQ(wakes.times(), 3) << "no select waits";
    EXPECT_FALSE(other->poll(wakes.as_waker())) << "the older one was granted";
    {
        auto first = select(permit_of_a, from_b.recv());
        auto result = first.poll(wakes.as_waker());
        ASSERT_TRUE(result);
        ASSERT_EQ(result->index(), 0u);
        ASSERT_TRUE(std::get<0>(*result));
        EXPECT_TRUE(permit_of_a.finished());
        std::get<0>(*result)->send(2);
    }
    other.reset();
    EXPECT_EQ(from_a.try_recv(), 2);
    permit_of_a.restart(a.reserve());
    EXPECT_EQ(block_on(select(permit_of_a, from_b.recv())).index(), 0u);
}

TEST(select, a_kept_arm_wins_if_it_is_woken_and_may_be_destroyed_at_any_time) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    counted wakes;
    kept value(from_a.recv());
    {
        auto first = select(value, from_b.recv());
        ASSERT_FALSE(first.poll(wakes.as_waker()));
        ASSERT_TRUE(a.try_send(1));
        EXPECT_EQ(wakes.times(), 1);
        const auto result = first.poll(wakes.as_waker());
        ASSERT_TRUE(result);
        EXPECT_EQ(std::get<0>(*result), 1);
    }
    EXPECT_TRUE(value.finished());
    EXPECT_THROW((void)block_on(select(value)), std::logic_error);
    {
        kept another(from_a.recv());
        auto first = select(another, from_b.recv());
        ASSERT_FALSE(first.poll(wakes.as_waker()));
    }
    {
        kept another(from_a.recv());
        {
            auto first = select(another, from_b.recv());
            ASSERT_FALSE(first.poll(wakes.as_waker()));
        }
        ASSERT_TRUE(a.try_send(2));  // wakes it, and no select
        EXPECT_EQ(wakes.times(), 1);
    }
    value.restart(from_a.recv());
    EXPECT_THROW(value.restart(from_b.recv()), std::logic_error) << "it has not won";
    EXPECT_EQ(std::get<0>(block_on(select(value))), 2) << "a receive that was cancelled has taken nothing";
}

TEST(select, a_kept_arm_that_the_same_call_has_woken_is_there_for_the_next_select) {
    auto [a, from_a] = channel<int>(2);
    auto both = a.try_reserve_many(2);
    ASSERT_TRUE(both);
    counted wakes;
    kept second(a.reserve());
    {
        auto first = select(a.reserve(), second);
        ASSERT_FALSE(first.poll(wakes.as_waker()));
        {
            const auto gone = std::move(*both);
        }
        EXPECT_EQ(wakes.times(), 1);
        EXPECT_EQ(first.poll(wakes.as_waker())->index(), 0u);
    }
    EXPECT_FALSE(second.finished());
    auto now = try_select(second);
    ASSERT_TRUE(now);
    EXPECT_TRUE(std::get<0>(*now));
    EXPECT_EQ(a.capacity(), 1u);
}

// ---- Forms

TEST(select, with_a_deadline_and_with_a_stop_token) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    ASSERT_TRUE(a.try_send(1));
    manual_clock clock;
    std::stop_source stop;
    counted wakes;
    {
        auto first = with_timeout(select(a.send(2), from_b.recv()), 5ms, clock);
        ASSERT_FALSE(first.poll(wakes.as_waker()));
        clock.advance(5ms);
        EXPECT_EQ(wakes.times(), 1);
        const auto result = first.poll(wakes.as_waker());
        ASSERT_TRUE(result);
        EXPECT_EQ(result->error(), timeout_error::timeout);
    }
    {
        auto first = with_stop(select(a.send(2), from_b.recv()), stop.get_token());
        ASSERT_FALSE(first.poll(wakes.as_waker()));
        ASSERT_TRUE(b.try_send(1));
        stop.request_stop();
        const auto result = first.poll(wakes.as_waker());
        ASSERT_TRUE(result && *result) << "success beats the stop request";
        EXPECT_EQ(std::get<1>(**result), 1);
    }
    EXPECT_EQ(block_on(with_stop(select(a.send(2), from_b.recv()), stop.get_token())).error(), stop_error::stopped);
    EXPECT_EQ(a.capacity(), 0u);
    EXPECT_EQ(from_a.try_recv(), 1);
    EXPECT_FALSE(from_a.try_recv());
}

task await_first(receiver<int>& a, receiver<int>& b, std::vector<std::size_t>& winners) {
    for (;;) {
        auto first = co_await select(a.recv(), b.recv());
        winners.push_back(first.index());
        const auto value = first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
        if (!value) co_return;
    }
}

TEST(select, awaited_in_a_coroutine_that_may_be_destroyed) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    std::vector<std::size_t> winners;
    auto waiting = std::optional(await_first(from_a, from_b, winners));
    ASSERT_TRUE(b.try_send(1));
    ASSERT_TRUE(a.try_send(1));
    ASSERT_TRUE(a.try_send(1));
    EXPECT_EQ(winners, (std::vector<std::size_t>{1, 0, 0}));
    waiting.reset();
    ASSERT_TRUE(a.try_send(2));
    EXPECT_EQ(from_a.try_recv(), 2);
    auto another = await_first(from_a, from_b, winners);
    {
        const auto gone = std::move(a);
    }
    EXPECT_TRUE(another.done());
}

TEST(select, a_wake_up_may_destroy_it) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    auto first = std::optional(select(from_a.recv(), from_b.recv()));
    calling destroy([&] { first.reset(); });
    ASSERT_FALSE(first->poll(destroy.as_waker()));
    ASSERT_TRUE(a.try_send(1));
    EXPECT_FALSE(first);
    EXPECT_EQ(from_a.try_recv(), 1);
}

struct throws_when_it_moves {
    static inline int moves_left = 100;
    throws_when_it_moves() = default;
    throws_when_it_moves(throws_when_it_moves&&) {
        if (moves_left-- == 0) throw std::runtime_error("moved too often");
    }
    throws_when_it_moves& operator=(throws_when_it_moves&&) = default;
};

TEST(select, a_value_whose_move_throws_ends_it) {
    auto [a, from_a] = channel<throws_when_it_moves>(1);
    auto [b, from_b] = channel<int>(1);
    ASSERT_TRUE(a.try_send({}));
    throws_when_it_moves::moves_left = 0;
    {
        auto first = select_biased(from_a.recv(), from_b.recv());
        EXPECT_THROW((void)first.poll({}), std::runtime_error);
    }
    throws_when_it_moves::moves_left = 100;
    EXPECT_EQ(a.capacity(), 1u);
    ASSERT_TRUE(b.try_send(1));
    EXPECT_EQ(from_b.try_recv(), 1);
}

// ---- Threads

// Clauses: select.one-winner, select.losers-took-nothing.
TEST(select, over_four_channels_that_threads_fill_nothing_is_lost_and_none_is_starved) {
    constexpr int each = 20'000;
    std::vector<receiver<int>> receivers;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
        auto [tx, rx] = channel<int>(i + 1);
        receivers.push_back(std::move(rx));
        threads.emplace_back([to = std::move(tx)]() mutable {
            for (int n = 0; n < each; ++n) EXPECT_TRUE(to.blocking_send(n));
        });
    }
    std::array<int, 4> next{};
    std::array<bool, 4> ended{};
    const auto take = [&](std::size_t i, const std::optional<int>& v) {
        if (!v) {
            ended[i] = true;
            return;
        }
        ASSERT_EQ(*v, next[i]++);
    };
    while (!(ended[0] && ended[1] && ended[2] && ended[3])) {
        auto first =
            block_on(select(receivers[0].recv(), receivers[1].recv(), receivers[2].recv(), receivers[3].recv()));
        const std::size_t i = first.index();
        std::visit([&](const std::optional<int>& v) { take(i, v); }, first);
        // An ended channel is always ready; it is replaced by one that never is.
        if (ended[i] && !(ended[0] && ended[1] && ended[2] && ended[3])) {
            static std::vector<sender<int>> never;
            auto [tx, rx] = channel<int>(1);
            never.push_back(std::move(tx));
            receivers[i] = std::move(rx);
        }
    }
    EXPECT_EQ(next, (std::array<int, 4>{each, each, each, each}));
}

// Clauses: select.one-winner, select.losers-took-nothing.
TEST(select, threads_that_select_between_sending_and_receiving_lose_nothing) {
    constexpr int each = 20'000;
    auto [ping, to_right] = channel<int>(2);
    auto [pong, to_left] = channel<int>(3);
    // Each side has so many values to send, and receives meanwhile: without the select, both could be full for ever.
    const auto exchange = [](sender<int>& out, receiver<int>& in) {
        int sent = 0;
        int received = 0;
        std::optional<kept<decltype(out.reserve())>> permit;
        while (sent < each || received < each) {
            if (sent == each) {
                EXPECT_EQ(in.blocking_recv(), received++);
                continue;
            }
            if (!permit || permit->finished()) {
                permit.reset();
                permit.emplace(out.reserve());
            }
            if (received == each) {
                auto only = block_on(select(*permit));
                std::get<0>(only)->send(sent++);
                continue;
            }
            auto first = block_on(select(*permit, in.recv()));
            if (first.index() == 0) {
                std::get<0>(first)->send(sent++);
            } else {
                EXPECT_EQ(std::get<1>(first), received++);
            }
        }
    };
    std::jthread left([&] { exchange(ping, to_left); });
    exchange(pong, to_right);
    left.join();
    EXPECT_FALSE(to_right.try_recv());
    EXPECT_FALSE(to_left.try_recv());
    EXPECT_EQ(ping.capacity(), 2u);
    EXPECT_EQ(pong.capacity(), 3u);
}

// Clauses: select.one-winner, select.losers-took-nothing.
TEST(select, stops_and_events_of_several_threads_lose_nothing) {
    constexpr int rounds = 3'000;
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    int received = 0;
    int sent = 0;
    for (int i = 0; i < rounds; ++i) {
        std::stop_source stop;
        int sent_to_a = 0;
        int sent_to_b = 0;
        std::jthread stops([&] { stop.request_stop(); });
        std::jthread to_a([&] { sent_to_a = a.try_send(i) ? 1 : 0; });
        std::jthread to_b([&] { sent_to_b = b.try_send(i) ? 1 : 0; });
        const auto first = block_on(with_stop(select(from_a.recv(), from_b.recv()), stop.get_token()));
        received += first ? 1 : 0;
        stops.join();
        to_a.join();
        to_b.join();
        sent += sent_to_a + sent_to_b;
        received += from_a.try_recv() ? 1 : 0;
        received += from_b.try_recv() ? 1 : 0;
        ASSERT_EQ(received, sent);
    }
}

}  // namespace
}  // namespace tailrace
