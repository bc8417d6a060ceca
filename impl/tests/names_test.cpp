// Tests of the type names that a program uses: handles with the default platform, messages that contain a handle of
// their own channel, values of unusual types; and a deadline with a stop token around any operation, in either order.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/stop.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

TEST(names, every_handle_has_a_default_platform) {
    auto both = channel<int>(4);
    sender<int> tx = std::move(both.first);
    receiver<int> rx = std::move(both.second);
    weak_sender<int> weak = tx.downgrade();
    permit<int> one = *tx.try_reserve();
    permit_iterator<int> two = *tx.try_reserve_many(2);
    owned_permit<int> owned = *sender<int>(tx).try_reserve_owned();
    EXPECT_TRUE(weak.upgrade());
    EXPECT_EQ(rx.capacity(), 0u);
    static_assert(std::is_same_v<sender<int>, sender<int, std_platform>>);
    static_assert(std::is_same_v<decltype(tx.send(1)), send_operation<int>>);
    static_assert(std::is_same_v<decltype(tx.reserve()), reserve_operation<int>>);
    static_assert(std::is_same_v<decltype(tx.reserve_many(1)), reserve_many_operation<int>>);
    static_assert(std::is_same_v<decltype(sender<int>(tx).reserve_owned()), reserve_owned_operation<int>>);
    static_assert(std::is_same_v<decltype(tx.closed()), closed_operation<int>>);
    static_assert(std::is_same_v<decltype(rx.recv()), recv_operation<int>>);
}

TEST(names, permits_are_gone_through_by_either_increment) {
    auto [tx, rx] = channel<int>(4);
    auto permits = *tx.try_reserve_many(4);
    auto i = permits.begin();
    (*i).send(1);
    i++;
    EXPECT_EQ(permits.size(), 2u);
    EXPECT_EQ(tx.capacity(), 0u);
    ++i;
    EXPECT_EQ(tx.capacity(), 1u) << "the one that was not used goes back";
    (*i).send(2);
    i++;
    ASSERT_NE(i, permits.end());
    i++;
    EXPECT_EQ(i, permits.end());
    EXPECT_EQ(tx.capacity(), 2u);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(rx.try_recv(), 2);
}

struct request {
    int what;
    sender<request> reply_to;
};
TEST(names, a_message_may_hold_a_sender_of_its_own_kind) {
    auto [tx, rx] = channel<request>(1);
    auto [replies, from_replies] = channel<request>(1);
    ASSERT_TRUE(tx.try_send(request{1, replies}));
    auto got = *rx.try_recv();
    ASSERT_TRUE(got.reply_to.try_send(request{got.what + 1, tx}));
    EXPECT_EQ(from_replies.try_recv()->what, 2);
}

struct node_of_a_tree {
    std::optional<receiver<node_of_a_tree>> children;
    std::optional<weak_sender<node_of_a_tree>> parent;
};
TEST(names, a_message_may_hold_a_receiver_and_a_weak_sender_of_its_own_kind) {
    auto [tx, rx] = channel<node_of_a_tree>(1);
    auto [inner, from_inner] = channel<node_of_a_tree>(1);
    ASSERT_TRUE(tx.try_send(node_of_a_tree{std::move(from_inner), tx.downgrade()}));
    const auto got = *rx.try_recv();
    EXPECT_TRUE(got.parent->upgrade());
    EXPECT_TRUE(got.children);
}

struct no_address {
    int value = 0;
    void operator&() const = delete;
};
struct no_address_that_may_throw {
    explicit no_address_that_may_throw(int v) : value(v) {}
    no_address_that_may_throw(no_address_that_may_throw&& other) noexcept(false) : value(other.value) {}
    int value;
    void operator&() const = delete;
};
TEST(names, a_value_need_not_have_an_address_of) {
    auto [tx, rx] = channel<no_address>(1);
    ASSERT_TRUE(tx.try_send(no_address{3}));
    EXPECT_EQ(rx.try_recv()->value, 3);
    auto [boxed_tx, boxed_rx] = channel<no_address_that_may_throw>(1);
    boxed_tx.try_reserve()->send(no_address_that_may_throw(4));
    EXPECT_EQ(boxed_rx.try_recv()->value, 4);
}

// ---- A deadline and a stop token

struct both_orders : testing::TestWithParam<bool> {
    /// The operation with both, in one of the two orders.
    template <class Operation>
    auto limited(Operation op) {
        return with_stop(with_timeout(std::move(op), 5ms, clock), stop.get_token());
    }
    template <class Operation>
    auto limited_the_other_way(Operation op) {
        return with_timeout(with_stop(std::move(op), stop.get_token()), 5ms, clock);
    }
    void end(bool by_stop) {
        if (by_stop) {
            stop.request_stop();
        } else {
            clock.advance(5ms);
        }
    }
    manual_clock clock;
    std::stop_source stop;
};

TEST_P(both_orders, a_send_hands_its_value_back_with_the_reason) {
    const bool by_stop = GetParam();
    const interrupt_error why = by_stop ? interrupt_error::stopped : interrupt_error::timeout;
    auto [tx, rx] = channel<std::unique_ptr<int>>(1);
    ASSERT_TRUE(tx.try_send(nullptr));
    auto one = limited(tx.send(std::make_unique<int>(1)));
    auto two = limited_the_other_way(tx.send(std::make_unique<int>(2)));
    static_assert(std::is_same_v<decltype(one)::result_type, decltype(two)::result_type>);
    static_assert(std::is_same_v<decltype(one)::result_type::error_type, send_interrupt_error<std::unique_ptr<int>>>);
    ASSERT_FALSE(one.poll({}));
    ASSERT_FALSE(two.poll({}));
    end(by_stop);
    const auto first = one.poll({});
    const auto second = two.poll({});
    EXPECT_EQ(first->error().reason, why);
    EXPECT_EQ(*first->error().value, 1);
    EXPECT_EQ(second->error().reason, why);
    EXPECT_EQ(*second->error().value, 2);
}

TEST_P(both_orders, a_coroutine_is_resumed_once_by_whichever_comes_first) {
    const bool by_stop = GetParam();
    const interrupt_error why = by_stop ? interrupt_error::stopped : interrupt_error::timeout;
    auto [tx, rx] = channel<int>(1);
    std::vector<interrupt_error> got;
    const auto wait = [](auto op, std::vector<interrupt_error>& to) -> task {
        const auto answer = co_await std::move(op);
        to.push_back(answer.error());
    };
    const task a = wait(limited_the_other_way(rx.recv()), got);
    end(by_stop);
    end(!by_stop);
    EXPECT_EQ(got, std::vector{why});
    a.rethrow();
}
INSTANTIATE_TEST_SUITE_P(names, both_orders, testing::Bool(),
                         [](const auto& which) { return which.param ? "a_stop_comes" : "the_deadline_comes"; });

struct limits : both_orders {};
TEST_F(limits, success_and_closed_beat_both) {
    auto [tx, rx] = channel<int>(1);
    clock.advance(1ms);
    stop.request_stop();
    EXPECT_TRUE(*limited(tx.send(1)).poll({}));
    EXPECT_EQ(*limited_the_other_way(rx.recv()).poll({}), 1);
    EXPECT_EQ(limited(rx.recv()).poll({})->error(), interrupt_error::stopped);
    rx.close();
    EXPECT_EQ(limited(tx.reserve()).poll({})->error(), interrupt_error::closed);
    EXPECT_EQ(limited_the_other_way(rx.recv()).poll({})->error(), interrupt_error::closed);
}
TEST_F(limits, every_operation_takes_both_and_two_of_a_kind) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    std::vector<int> into;
    auto reserve = limited(tx.reserve());
    auto many = limited(tx.reserve_many(1));
    auto owned = limited_the_other_way(sender<int>(tx).reserve_owned());
    auto closed = limited(tx.closed());
    auto twice = with_timeout(with_timeout(tx.send(2), 9ms, clock), 5ms, clock);
    static_assert(std::is_same_v<decltype(twice)::result_type::error_type, send_timeout_error<int>>);
    EXPECT_FALSE(reserve.poll({}) || many.poll({}) || owned.poll({}) || closed.poll({}) || twice.poll({}));
    EXPECT_EQ(block_on(limited(rx.recv_many(into, 1))), 1u);
    const auto granted = reserve.poll({});
    EXPECT_TRUE(granted->has_value());
    clock.advance(5ms);
    EXPECT_EQ(many.poll({})->error(), interrupt_error::timeout);
    EXPECT_EQ(owned.poll({})->error(), interrupt_error::timeout);
    EXPECT_EQ(closed.poll({}), false);
    EXPECT_EQ(twice.poll({})->error().reason, timeout_error::timeout);
}
TEST_F(limits, a_deadline_and_a_stop_from_other_threads_resume_a_blocked_thread_once) {
    for (int round = 0; round < 200; ++round) {
        auto [tx, rx] = channel<int>(1);
        manual_clock time;
        std::stop_source source;
        std::jthread advances([&] { time.advance(5ms); });
        std::jthread stops([&] { source.request_stop(); });
        std::jthread sends([&sender = tx] { (void)sender.try_send(1); });
        const auto got = block_on(with_stop(rx.recv_timeout(5ms, time), source.get_token()));
        EXPECT_TRUE(got.has_value() || got.error() != interrupt_error::closed);
    }
}

}  // namespace
}  // namespace tailrace
