// Tests of sending in batches: what goes, what stays in the span, its place in the queue, one wake-up for a batch, and
// every form of the wait. proptests/channels/batches compares it with sends one by one.
// After a change here run: ci/test -R send_many
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "support.hpp"
#include "tailrace/async_context.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/select.hpp"
#include "tailrace/stop.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

struct send_many : testing::Test {
    explicit send_many(std::size_t capacity = 3) : ends(channel<int>(capacity)) {}
    [[nodiscard]] waker counted() noexcept {
        return {[](void* n) noexcept { ++*static_cast<int*>(n); }, &wakes};
    }
    std::vector<int> received() {
        std::vector<int> got;
        while (auto v = rx.try_recv()) got.push_back(*v);
        return got;
    }

    decltype(channel<int>(1)) ends;
    decltype(ends.first)& tx = ends.first;
    decltype(ends.second)& rx = ends.second;
    std::vector<int> values{0, 1, 2, 3, 4};
    std::span<int> rest{values};
    int wakes = 0;
};

TEST_F(send_many, sends_what_there_is_room_for_and_leaves_the_rest_in_the_span) {
    EXPECT_EQ(tx.try_send_many(rest), 3u);
    EXPECT_EQ(rest.data(), &values[3]);
    EXPECT_EQ(rest.size(), 2u);
    EXPECT_EQ(tx.capacity(), 0u);
    EXPECT_EQ(tx.try_send_many(rest).error(), try_error::full);
    EXPECT_EQ(rest.size(), 2u);
    EXPECT_EQ(rx.try_recv(), 0);
    EXPECT_EQ(tx.send_many(rest).poll({}), 1u);
    EXPECT_EQ(received(), (std::vector{1, 2, 3}));
    EXPECT_EQ(tx.try_send_many(rest), 1u);
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(received(), (std::vector{4}));
}

TEST_F(send_many, of_no_values_is_done_at_once_whatever_the_channel_does) {
    rest = {};
    auto other = tx.try_reserve_many(3);
    EXPECT_EQ(tx.send_many(rest).poll({}), 0u);
    EXPECT_EQ(tx.try_send_many(rest), 0u);
    EXPECT_EQ(tx.blocking_send_many(rest), 0u);
    rx.close();
    EXPECT_EQ(tx.send_many(rest).poll({}), 0u);
}

TEST_F(send_many, fails_on_a_closed_channel_and_has_sent_nothing) {
    rx.close();
    EXPECT_EQ(tx.try_send_many(rest).error(), try_error::closed);
    EXPECT_EQ(tx.send_many(rest).poll({})->error(), closed_error{});
    EXPECT_EQ(rest.size(), values.size());
    EXPECT_FALSE(rx.try_recv());
}

TEST_F(send_many, that_waits_takes_what_is_free_when_its_turn_comes) {
    ASSERT_EQ(tx.try_send_many(rest), 3u);
    auto op = tx.send_many(rest);
    ASSERT_FALSE(op.poll(counted()));
    EXPECT_EQ(received(), (std::vector{0, 1, 2}));
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(tx.capacity(), 2u) << "it was granted one";
    EXPECT_EQ(op.poll(counted()), 2u);
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(tx.capacity(), 1u);
    EXPECT_EQ(received(), (std::vector{3, 4}));
    EXPECT_EQ(wakes, 1);
}

TEST_F(send_many, sends_one_value_in_its_turn_while_others_wait_behind_it) {
    ASSERT_EQ(tx.try_send_many(rest), 3u);
    auto op = tx.send_many(rest);
    ASSERT_FALSE(op.poll(counted()));
    auto behind = tx.reserve_many(3);
    ASSERT_FALSE(behind.poll({}));
    EXPECT_EQ(received(), (std::vector{0, 1, 2}));
    EXPECT_EQ(op.poll(counted()), 1u) << "the rest of the capacity is held by the one behind";
    auto again = tx.send_many(rest);
    EXPECT_FALSE(again.poll(counted())) << "it is behind that now";
    EXPECT_EQ(tx.try_send_many(rest).error(), try_error::full);
    EXPECT_EQ(received(), (std::vector{3}));
    EXPECT_FALSE(again.poll(counted()));
    auto permits = behind.poll({});
    ASSERT_TRUE(permits && *permits);
    {
        const auto back = std::move(*permits);
    }
    EXPECT_EQ(again.poll(counted()), 1u);
}

TEST_F(send_many, that_was_granted_capacity_fails_once_the_channel_has_closed) {
    ASSERT_EQ(tx.try_send_many(rest), 3u);
    auto op = tx.send_many(rest);
    ASSERT_FALSE(op.poll(counted()));
    EXPECT_EQ(rx.try_recv(), 0);
    EXPECT_EQ(wakes, 1);
    rx.close();
    EXPECT_EQ(op.poll(counted())->error(), closed_error{});
    EXPECT_EQ(rest.size(), 2u);
    EXPECT_EQ(received(), (std::vector{1, 2}));
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::disconnected) << "the permit is back";
}

TEST_F(send_many, that_is_cancelled_at_any_point_has_sent_nothing_and_keeps_no_capacity) {
    {
        const auto unpolled = tx.send_many(rest);
    }
    ASSERT_EQ(tx.try_send_many(rest), 3u);
    for (const bool granted : {false, true}) {
        auto op = std::optional(tx.send_many(rest));
        ASSERT_FALSE(op->poll({}));
        if (granted) {
            ASSERT_EQ(rx.try_recv(), 0);
        }
        op.reset();
        EXPECT_EQ(rest.size(), 2u);
        EXPECT_EQ(tx.capacity(), granted ? 1u : 0u);
    }
    EXPECT_EQ(received(), (std::vector{1, 2}));
}

TEST_F(send_many, wakes_a_receive_once_when_all_of_the_batch_is_there) {
    std::size_t seen = 0;
    std::pair<receiver<int>*, std::size_t*> look(&rx, &seen);
    auto receiving = rx.recv();
    ASSERT_FALSE(receiving.poll({[](void* p) noexcept {
                                     const auto& [r, n] = *static_cast<decltype(look)*>(p);
                                     *n += r->len();
                                 },
                                 &look}));
    EXPECT_EQ(tx.try_send_many(rest), 3u);
    EXPECT_EQ(seen, 3u) << "once, after the last value of the batch";
    EXPECT_EQ(*receiving.poll({}), 0);
}

/// With a waker that destroys the operation and its channel.
TEST(send_many_waker, may_destroy_the_sender_the_operation_and_the_receiver) {
    auto ends = std::optional(channel<int>(2));
    auto receiving = std::optional(ends->second.recv());
    std::array values{1, 2};
    std::span<int> rest(values);
    auto op = std::optional(ends->first.send_many(rest));
    struct all {
        decltype(ends)& channel;
        decltype(receiving)& recv;
        decltype(op)& send;
    } everything{ends, receiving, op};
    ASSERT_FALSE(receiving->poll({[](void* p) noexcept {
                                      auto& [c, r, s] = *static_cast<all*>(p);
                                      r.reset();
                                      s.reset();
                                      c.reset();
                                  },
                                  &everything}));
    EXPECT_EQ(op->poll({}), 2u);
    EXPECT_FALSE(ends);
    EXPECT_TRUE(rest.empty());
}

TEST(send_many_values, that_come_too_late_are_destroyed_once_and_at_once) {
    struct reporting {
        explicit reporting(int& n) : gone(&n) {}
        reporting(reporting&& other) noexcept : gone(std::exchange(other.gone, nullptr)) {}
        reporting& operator=(reporting&&) = delete;
        ~reporting() {
            if (gone != nullptr) ++*gone;
        }
        int* gone;
    };
    int gone = 0;
    std::vector<reporting> values;
    for (int i = 0; i < 4; ++i) values.emplace_back(gone);
    std::span rest(values);
    auto [tx, rx] = channel<reporting>(3);
    EXPECT_EQ(tx.try_send_many(rest), 3u);
    {
        const auto last = std::move(rx);
    }
    EXPECT_EQ(gone, 3);
    EXPECT_EQ(tx.try_send_many(rest).error(), try_error::closed);
    EXPECT_EQ(gone, 3) << "what has not gone is the caller's";
}

TEST_F(send_many, crosses_the_blocks_of_its_storage) {
    std::vector<int> many(1000);
    std::iota(many.begin(), many.end(), 0);
    for (const std::size_t capacity : {1u, 7u, 8u, 9u, 64u, 1000u, 5000u}) {
        auto [to, from] = channel<int>(capacity);
        std::vector<int> copy = many;
        std::span<int> left(copy);
        std::vector<int> got;
        while (!left.empty()) {
            ASSERT_EQ(to.try_send_many(left), std::min(capacity, many.size() - got.size()));
            (void)from.try_recv_many(got, 1000);
        }
        EXPECT_EQ(got, many) << capacity;
    }
}

// ---- The forms

task send_all(sender<int> tx, std::span<int>& rest, std::vector<std::size_t>& batches, bool& closed) {
    while (!rest.empty()) {
        const auto sent = co_await tx.send_many(rest);
        if (!sent) {
            closed = true;
            co_return;
        }
        batches.push_back(*sent);
    }
}

TEST_F(send_many, is_awaited_in_a_loop_and_sends_all_in_order) {
    std::vector<std::size_t> batches;
    bool closed = false;
    const task t = send_all(tx, rest, batches, closed);
    EXPECT_FALSE(t.done());
    EXPECT_EQ(received(), (std::vector{0, 1, 2, 3, 4})) << "it is resumed by the receive that frees the first place";
    EXPECT_TRUE(t.done());
    EXPECT_FALSE(closed);
    EXPECT_EQ(batches, (std::vector<std::size_t>{3, 1, 1}));
}

TEST_F(send_many, that_is_awaited_stops_at_the_close_with_the_rest) {
    std::vector<std::size_t> batches;
    bool closed = false;
    const task t = send_all(tx, rest, batches, closed);
    {
        const auto gone = std::move(rx);
    }
    EXPECT_TRUE(t.done());
    EXPECT_TRUE(closed);
    EXPECT_EQ(std::vector(rest.begin(), rest.end()), (std::vector{3, 4}));
}

TEST_F(send_many, in_a_coroutine_that_is_destroyed_leaves_the_rest_to_its_owner) {
    std::vector<std::size_t> batches;
    bool closed = false;
    {
        const task t = send_all(tx, rest, batches, closed);
    }
    EXPECT_EQ(std::vector(rest.begin(), rest.end()), (std::vector{3, 4}));
    EXPECT_EQ(received(), (std::vector{0, 1, 2}));
    EXPECT_EQ(tx.capacity(), 3u);
}

TEST_F(send_many, with_a_deadline_or_a_stop_sends_nothing_after_it) {
    manual_clock clock;
    std::stop_source stop;
    EXPECT_EQ(with_timeout(tx.send_many(rest), 0s, clock).poll({}), 3u) << "success beats the deadline";
    auto late = with_timeout(tx.send_many(rest), 1h, clock);
    ASSERT_FALSE(late.poll(counted()));
    clock.advance(1h);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(late.poll(counted())->error(), timeout_error::timeout);
    auto stoppable = with_stop(tx.send_many(rest), stop.get_token());
    ASSERT_FALSE(stoppable.poll(counted()));
    stop.request_stop();
    EXPECT_EQ(wakes, 2);
    EXPECT_EQ(stoppable.poll(counted())->error(), stop_error::stopped);
    EXPECT_EQ(rest.size(), 2u);
    EXPECT_EQ(received(), (std::vector{0, 1, 2}));
    EXPECT_EQ(with_stop(tx.send_many(rest), stop.get_token()).poll({}), 2u);
    rx.close();
    rest = values;
    EXPECT_EQ(with_timeout(tx.send_many(rest), 0s, clock).poll({})->error(), timeout_error::closed);
    EXPECT_EQ(with_stop(tx.send_many(rest), stop.get_token()).poll({})->error(), stop_error::closed);
}

TEST_F(send_many, is_an_arm_of_a_select_and_has_sent_nothing_where_it_loses) {
    auto [stops, stopped] = channel<int>(1);
    auto at_once = select(stopped.recv(), tx.send_many(rest)).poll({});
    ASSERT_EQ(at_once->index(), 1u);
    EXPECT_EQ(std::get<1>(*at_once), 3u);
    {
        auto first = select(tx.send_many(rest), stopped.recv());
        ASSERT_FALSE(first.poll(counted()));
        ASSERT_TRUE(stops.try_send(1));
        EXPECT_EQ(wakes, 1);
        EXPECT_EQ(first.poll({})->index(), 1u);
    }
    EXPECT_EQ(rest.size(), 2u);
    kept sending(tx.send_many(rest));
    {
        auto first = select(sending, stopped.recv());
        ASSERT_FALSE(first.poll(counted()));
        ASSERT_TRUE(stops.try_send(1));
        EXPECT_EQ(first.poll({})->index(), 1u);
    }
    EXPECT_EQ(received(), (std::vector{0, 1, 2}));
    auto first = select(sending, stopped.recv()).poll({});
    ASSERT_EQ(first->index(), 0u) << "it has kept its place";
    EXPECT_EQ(std::get<0>(*first), 2u);
    EXPECT_EQ(received(), (std::vector{3, 4}));
}

TEST_F(send_many, is_refused_where_a_thread_must_not_block) {
    const async_context here;
    EXPECT_THROW((void)tx.blocking_send_many(rest), std::logic_error);
}

/// Several senders in batches, and one value at a time: the values of each come in its order, and all of them.
TEST(send_many_threads, send_everything_in_order) {
    constexpr int count = 20'000;
    auto [tx, rx] = channel<std::unique_ptr<int>>(7);
    std::vector<std::jthread> senders;
    for (int s = 0; s < 3; ++s) {
        senders.emplace_back([s, to = tx.clone()] {
            std::vector<std::unique_ptr<int>> values;
            for (int i = 0; i < count; ++i) values.push_back(std::make_unique<int>(s * count + i));
            if (s == 2) {
                for (auto& v : values) EXPECT_TRUE(to.blocking_send(std::move(v)));
                return;
            }
            std::span rest(values);
            while (!rest.empty()) {
                const auto some = rest.first(std::min<std::size_t>(rest.size(), 1 + rest.size() % 13));
                auto left = some;
                while (!left.empty()) EXPECT_TRUE(to.blocking_send_many(left));
                rest = rest.subspan(some.size());
            }
        });
    }
    {
        const auto last = std::move(tx);
    }
    std::array<int, 3> next{0, count, 2 * count};
    for (const auto& v : rx.values()) EXPECT_EQ(*v, next[static_cast<std::size_t>(*v / count)]++);
    EXPECT_EQ(next, (std::array{count, 2 * count, 3 * count}));
}

}  // namespace
}  // namespace tailrace
