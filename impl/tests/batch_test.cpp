// Tests of receiving without waiting in batches, and of the range of received values.
#include <gtest/gtest.h>

#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

TEST(try_recv_many, takes_what_is_there_up_to_the_limit_and_returns_its_capacity_at_once) {
    auto [tx, rx] = channel<int>(4);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(tx.try_send(i));
    std::vector<int> into{-1};
    EXPECT_EQ(rx.try_recv_many(into, 3), 3u);
    EXPECT_EQ(into, (std::vector{-1, 0, 1, 2}));
    EXPECT_EQ(tx.capacity(), 3u);
    EXPECT_EQ(rx.try_recv_many(into, 3), 1u);
    EXPECT_EQ(rx.try_recv_many(into, 3).error(), try_recv_error::empty);
    EXPECT_EQ(into.size(), 5u);
}

TEST(try_recv_many, says_empty_and_disconnected_as_try_recv_does) {
    auto [tx, rx] = channel<int>(1);
    std::vector<int> into;
    EXPECT_EQ(rx.try_recv_many(into, 0), 0u);
    EXPECT_EQ(rx.try_recv_many(into, 1).error(), try_recv_error::empty);
    ASSERT_TRUE(tx.try_send(1));
    {
        const auto last = std::move(tx);
    }
    EXPECT_EQ(rx.try_recv_many(into, 10), 1u);
    EXPECT_EQ(rx.try_recv_many(into, 10).error(), try_recv_error::disconnected);
    EXPECT_EQ(rx.try_recv_many(into, 0), 0u);
}

TEST(try_recv_many, is_refused_while_another_receive_is_unfinished_and_serves_a_waiting_send) {
    auto [tx, rx] = channel<int>(1);
    std::vector<int> into;
    {
        auto unfinished = rx.recv();
        EXPECT_THROW((void)rx.try_recv_many(into, 1), std::logic_error);
    }
    ASSERT_TRUE(tx.try_send(1));
    auto waiting = tx.send(2);
    ASSERT_FALSE(waiting.poll({}));
    EXPECT_EQ(rx.try_recv_many(into, 10), 1u) << "the waiting value is not buffered yet";
    EXPECT_TRUE(waiting.poll({}));
    EXPECT_EQ(rx.try_recv_many(into, 10), 1u);
    EXPECT_EQ(into, (std::vector{1, 2}));
}

TEST(values, are_those_up_to_the_end) {
    auto [tx, rx] = channel<std::unique_ptr<int>>(2);
    std::jthread producer([to = std::move(tx)] {
        for (int i = 0; i < 1000; ++i) EXPECT_TRUE(to.blocking_send(std::make_unique<int>(i)));
    });
    int next = 0;
    for (const std::unique_ptr<int>& v : rx.values()) EXPECT_EQ(*v, next++);
    EXPECT_EQ(next, 1000);
    for (const auto& v : rx.values()) FAIL() << *v;
}

TEST(values, are_an_input_range_that_may_be_left_early) {
    auto [tx, rx] = channel<int>(8);
    using range = decltype(rx.values());
    static_assert(std::ranges::input_range<range>);
    static_assert(std::input_iterator<std::ranges::iterator_t<range>>);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(tx.try_send(i));
    for (const int v : rx.values()) {
        if (v == 1) break;
    }
    EXPECT_EQ(rx.try_recv(), 2) << "the rest is still there";
    {
        const auto last = std::move(tx);
    }
    int sum = 0;
    for (const int v : rx.values() | std::views::transform([](int n) { return 10 * n; })) sum += v;
    EXPECT_EQ(sum, 30);
}

}  // namespace
}  // namespace tailrace
