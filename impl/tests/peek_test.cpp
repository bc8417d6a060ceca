// Tests of looking at the next value: it is the one that the next receive takes, and it stays where it is.
// After a change here run: ci/test -R peek
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
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
#include "tailrace/select.hpp"
#include "tailrace/stop.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

/// Whose move may throw, so it travels in a box.
struct boxed {
    explicit boxed(int v) : n(v) {}
    boxed(boxed&& other) noexcept(false) : n(other.n) {}
    boxed& operator=(boxed&&) = delete;
    int n;
};

TEST(peek, is_the_value_that_the_next_receive_takes) {
    auto [tx, rx] = channel<std::unique_ptr<int>>(2);
    EXPECT_EQ(rx.try_peek(), nullptr);
    ASSERT_TRUE(tx.try_send(std::make_unique<int>(1)));
    const auto* const seen = rx.try_peek();
    ASSERT_NE(seen, nullptr);
    const int* const content = seen->get();
    EXPECT_EQ(rx.len(), 1u);
    EXPECT_EQ(tx.capacity(), 1u) << "it still counts";
    EXPECT_EQ(rx.try_peek(), seen);
    EXPECT_EQ(rx.try_recv()->get(), content);
    EXPECT_EQ(rx.try_peek(), nullptr);
}

TEST(peek, stays_valid_whatever_the_other_side_does_and_may_be_changed_in_its_place) {
    auto [tx, rx] = channel<int>(1000);
    ASSERT_TRUE(tx.try_send(1));
    int* const seen = rx.try_peek();
    ASSERT_NE(seen, nullptr);
    for (int i = 2; i <= 1000; ++i) ASSERT_TRUE(tx.try_send(i));  // the storage grows
    auto waits = tx.send(1001);
    ASSERT_FALSE(waits.poll({}));
    rx.close();
    EXPECT_FALSE(*waits.poll({}));
    auto moved = std::move(rx);
    ASSERT_EQ(moved.try_peek(), seen);
    *seen = -1;
    {
        const auto last = std::move(tx);
    }
    EXPECT_EQ(moved.try_recv(), -1);
    EXPECT_EQ(*moved.try_peek(), 2);
}

TEST(peek, looks_into_the_box_of_a_value_whose_move_may_throw) {
    auto [tx, rx] = channel<boxed>(1);
    ASSERT_TRUE(tx.try_send(boxed(3)));
    ASSERT_NE(rx.try_peek(), nullptr);
    EXPECT_EQ(rx.try_peek()->n, 3);
    EXPECT_EQ(rx.try_recv()->n, 3);
}

TEST(peek, that_is_null_says_nothing_about_the_end_and_one_that_waited_does) {
    auto [tx, rx] = channel<int>(1);
    EXPECT_EQ(rx.try_peek(), nullptr);
    {
        const auto last = std::move(tx);
    }
    EXPECT_EQ(rx.try_peek(), nullptr);
    EXPECT_EQ(*rx.peek().poll({}), nullptr) << "no value can come any more";
}

TEST(peek, is_refused_while_another_receive_is_unfinished_and_the_other_way_round) {
    auto [tx, rx] = channel<int>(1);
    {
        auto receiving = rx.recv();
        EXPECT_THROW((void)rx.try_peek(), std::logic_error);
        EXPECT_THROW((void)rx.peek(), std::logic_error);
    }
    auto looking = rx.peek();
    ASSERT_FALSE(looking.poll({}));
    EXPECT_THROW((void)rx.try_recv(), std::logic_error);
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(**looking.poll({}), 1);
    EXPECT_EQ(rx.try_recv(), 1);
}

task look(receiver<int>& rx, std::vector<int>& into) {
    for (;;) {
        const int* const next = co_await rx.peek();
        if (next == nullptr) co_return;
        into.push_back(*next);
        EXPECT_EQ(rx.try_recv(), into.back());
    }
}

TEST(peek, waits_in_every_form) {
    auto [tx, rx] = channel<int>(2);
    std::vector<int> seen;
    {
        const task t = look(rx, seen);
        ASSERT_TRUE(tx.try_send(1));
        ASSERT_TRUE(tx.try_send(2));
    }
    EXPECT_EQ(seen, (std::vector{1, 2}));
    manual_clock clock;
    EXPECT_EQ(with_timeout(rx.peek(), 0s, clock).poll({})->error(), timeout_error::timeout);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(with_stop(rx.peek(), stop.get_token()).poll({})->error(), stop_error::stopped);
    auto [other, from_other] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(3));
    auto first = select(from_other.recv(), rx.peek()).poll({});
    ASSERT_EQ(first->index(), 1u);
    EXPECT_EQ(*std::get<1>(*first), 3);
    EXPECT_EQ(***with_stop(rx.peek(), stop.get_token()).poll({}), 3) << "success beats the stop";
    EXPECT_EQ(rx.try_recv(), 3);
    const std::jthread sends([to = std::move(tx)] { EXPECT_TRUE(to.blocking_send(4)); });
    EXPECT_EQ(*block_on(rx.peek()), 4);
    EXPECT_EQ(rx.blocking_recv(), 4);
    EXPECT_EQ(block_on(rx.peek()), nullptr);
}

/// Many senders, and a receiver that looks before each receive.
TEST(peek, is_exact_while_others_send) {
    constexpr int count = 20'000;
    auto [tx, rx] = channel<std::unique_ptr<int>>(5);
    std::vector<std::jthread> senders;
    for (int s = 0; s < 3; ++s) {
        senders.emplace_back([to = tx.clone()] {
            for (int i = 0; i < count; ++i) EXPECT_TRUE(to.blocking_send(std::make_unique<int>(i)));
        });
    }
    {
        const auto last = std::move(tx);
    }
    std::mt19937 random(1);
    int received = 0;
    for (;;) {
        const std::unique_ptr<int>* next = random() % 2 == 0 ? rx.try_peek() : nullptr;
        if (next == nullptr) next = block_on(rx.peek());
        if (next == nullptr) break;
        const int* const content = next->get();
        const auto v = rx.try_recv();
        ASSERT_TRUE(v);
        ASSERT_EQ(v->get(), content);
        ++received;
    }
    EXPECT_EQ(received, 3 * count);
}

}  // namespace
}  // namespace tailrace
