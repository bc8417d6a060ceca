// The blocking forms: hand-off between threads, deadlines, and where they are refused.
// No test here sleeps or measures time: each has the same outcome in every interleaving, and ends
// when its threads are joined.
// After a change here run: ci/test -L conformance
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "apis.hpp"

namespace tailrace::verify {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

template <class Api>
class blocking : public ::testing::Test {};
TYPED_TEST_SUITE(blocking, apis, api_names);

constexpr int many = 1000;

/// An asynchronous runtime on one thread: polls, and sleeps until it is woken.
template <class Operation>
auto run_to_the_end(Operation op) {
    std::atomic<int> wakes = 0;
    const waker w{[](void* p) noexcept {
                      auto& counter = *static_cast<std::atomic<int>*>(p);
                      counter.fetch_add(1);
                      counter.notify_one();
                  },
                  &wakes};
    for (int seen = 0;; ++seen) {
        if (auto result = op.poll(w)) return std::move(*result);
        wakes.wait(seen);
    }
}

}  // namespace

// Original: blocking_send.
// Clause: blocking_send.delivers.
TYPED_TEST(blocking, a_blocking_send_hands_over_to_an_asynchronous_receive) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    std::jthread sending([sender = std::move(tx)] {
        for (int i = 0; i < many; ++i) EXPECT_TRUE(sender.blocking_send(i));
    });
    for (int i = 0; i < many; ++i) EXPECT_EQ(run_to_the_end(rx.recv()), i);
    EXPECT_EQ(run_to_the_end(rx.recv()), std::nullopt);
}

// Original: blocking_recv.
// Clause: blocking_recv.
TYPED_TEST(blocking, an_asynchronous_send_hands_over_to_a_blocking_receive) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    std::jthread sending([sender = std::move(tx)] {
        for (int i = 0; i < many; ++i) EXPECT_TRUE(run_to_the_end(sender.send(i)));
    });
    for (int i = 0; i < many; ++i) EXPECT_EQ(rx.blocking_recv(), i);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TYPED_TEST(blocking, blocking_senders_keep_their_own_order_and_lose_nothing) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    std::vector<std::jthread> sending;
    for (int s = 0; s < 3; ++s) {
        sending.emplace_back([sender = tx.clone(), s] {
            for (int i = 0; i < many; ++i) EXPECT_TRUE(sender.blocking_send(s * many + i));
        });
    }
    {
        const auto dropped = std::move(tx);
    }
    std::vector<int> next(3, 0);
    while (const auto value = rx.blocking_recv()) {
        EXPECT_EQ(*value % many, next[static_cast<std::size_t>(*value / many)]++);
    }
    EXPECT_EQ(next, (std::vector<int>{many, many, many}));
}

TYPED_TEST(blocking, a_blocking_reserve_gets_the_slot_that_a_receive_frees) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(-1));
    std::jthread sending([sender = std::move(tx)] {
        for (int i = 0; i < many; ++i) {
            auto permit = sender.blocking_reserve();
            ASSERT_TRUE(permit);
            permit->send(i);
        }
    });
    for (int i = -1; i < many; ++i) EXPECT_EQ(rx.blocking_recv(), i);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

// The operations of both forms are in one queue: a permit granted to one is not taken by the other.
TYPED_TEST(blocking, a_blocking_send_waits_behind_an_asynchronous_one) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    counting_waker woken;
    auto first = tx.send(2);
    ASSERT_TRUE(pending(first, woken.as_waker()));
    std::jthread sending([sender = tx.clone()] { EXPECT_TRUE(sender.blocking_send(3)); });
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_EQ(woken.wakes(), 1);
    EXPECT_TRUE(finished(first));
    EXPECT_EQ(rx.blocking_recv(), 2);
    EXPECT_EQ(rx.blocking_recv(), 3);
}

TYPED_TEST(blocking, close_ends_a_blocking_send_and_a_blocking_reserve) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    {
        std::jthread sending([sender = tx.clone()] { EXPECT_EQ(error_of(sender.blocking_send(2)).value, 2); });
        std::jthread reserving([sender = tx.clone()] { EXPECT_FALSE(sender.blocking_reserve()); });
        rx.close();
    }
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_EQ(rx.blocking_recv(), std::nullopt);
}

TYPED_TEST(blocking, the_receivers_drop_ends_a_blocking_send_with_a_deadline_far_away) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    std::jthread sending([sender = tx.clone()] {
        const auto error = error_of(sender.blocking_send_timeout(2, hours(24)));
        EXPECT_EQ(error.reason, timeout_error::closed);
        EXPECT_EQ(error.value, 2);
    });
    std::jthread reserving([sender = tx.clone()] {
        EXPECT_EQ(error_of(sender.blocking_reserve_timeout(hours(24))), timeout_error::closed);
    });
    {
        const auto dropped = std::move(rx);
    }
}

// Clause: blocking_recv.
TYPED_TEST(blocking, the_last_sender_ends_a_blocking_receive) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    std::jthread receiving([receiver = std::move(rx)]() mutable { EXPECT_EQ(receiver.blocking_recv(), std::nullopt); });
    {
        const auto dropped = std::move(tx);
    }
}

// Clause: blocking_recv_many.
TYPED_TEST(blocking, a_blocking_batch_waits_for_the_first_value_and_is_empty_only_at_the_end) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    std::vector<int> batch;
    EXPECT_EQ(rx.blocking_recv_many(batch, 0), 0);
    std::jthread sending([sender = std::move(tx)] {
        for (int i = 0; i < many; ++i) EXPECT_TRUE(run_to_the_end(sender.send(i)));
    });
    while (const std::size_t n = rx.blocking_recv_many(batch, 2)) EXPECT_LE(n, 2);
    ASSERT_EQ(batch.size(), many);
    for (int i = 0; i < many; ++i) EXPECT_EQ(batch[static_cast<std::size_t>(i)], i);
}

// Clause: blocking_recv.
TYPED_TEST(blocking, the_last_permit_of_a_closed_channel_ends_a_blocking_receive) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto permit = tx.try_reserve();
    rx.close();
    std::jthread receiving([receiver = std::move(rx)]() mutable { EXPECT_EQ(receiver.blocking_recv(), std::nullopt); });
    {
        const auto dropped = std::move(*permit);
    }
}

// Clause: blocking.deadlines.
TYPED_TEST(blocking, a_duration_of_zero_never_waits) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    const auto zero = milliseconds(0);
    EXPECT_EQ(error_of(rx.blocking_recv_timeout(zero)), timeout_error::timeout);
    EXPECT_TRUE(tx.blocking_send_timeout(1, zero));
    const auto error = error_of(tx.blocking_send_timeout(2, zero));
    EXPECT_EQ(error.reason, timeout_error::timeout);
    EXPECT_EQ(error.value, 2);
    EXPECT_EQ(error_of(tx.blocking_reserve_timeout(zero)), timeout_error::timeout);
    EXPECT_EQ(rx.blocking_recv_timeout(zero), 1);
    {
        const auto permit = tx.blocking_reserve_timeout(zero);
        EXPECT_TRUE(permit);
        EXPECT_EQ(error_of(tx.blocking_reserve_timeout(milliseconds(-1))), timeout_error::timeout);
    }
    rx.close();
    EXPECT_EQ(error_of(tx.blocking_send_timeout(3, zero)).reason, timeout_error::closed);
    EXPECT_EQ(error_of(tx.blocking_reserve_timeout(zero)), timeout_error::closed);
    EXPECT_EQ(error_of(rx.blocking_recv_timeout(zero)), timeout_error::closed);
    EXPECT_EQ(tx.capacity(), 1);
}

// Clause: blocking.deadlines.
TYPED_TEST(blocking, a_blocking_wait_that_times_out_leaves_no_trace) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_EQ(error_of(tx.blocking_send_timeout(2, milliseconds(1))).value, 2);
    EXPECT_EQ(error_of(tx.blocking_reserve_timeout(milliseconds(1))), timeout_error::timeout);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(error_of(rx.blocking_recv_timeout(milliseconds(1))), timeout_error::timeout);
    EXPECT_EQ(tx.capacity(), 1);
    EXPECT_TRUE(tx.try_send(3));
    EXPECT_EQ(rx.try_recv(), 3);
}

TYPED_TEST(blocking, a_duration_too_long_for_the_clock_waits_as_long_as_it_takes) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    std::jthread sending([sender = std::move(tx)] {
        for (int i = 0; i < many; i += 4) {
            EXPECT_TRUE(sender.blocking_send_timeout(i, nanoseconds::max()));
            EXPECT_TRUE(sender.blocking_send_timeout(i + 1, hours::max()));
            {
                const auto returned = sender.blocking_reserve_timeout(seconds::max());
            }
            EXPECT_TRUE(sender.blocking_send(i + 2));
            EXPECT_TRUE(sender.blocking_send(i + 3));
        }
    });
    for (int i = 0; i < many; i += 2) {
        EXPECT_EQ(rx.blocking_recv_timeout(nanoseconds::max()), i);
        EXPECT_EQ(rx.blocking_recv_timeout(hours::max()), i + 1);
    }
    EXPECT_EQ(error_of(rx.blocking_recv_timeout(seconds::max())), timeout_error::closed);
}

// Original: blocking_send_async, blocking_recv_async.
// Clause: blocking_send.refuses-async.
TYPED_TEST(blocking, blocking_forms_are_refused_in_an_asynchronous_context_even_with_nothing_to_wait_for) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    EXPECT_TRUE(tx.try_send(1));
    {
        const async_context here;
        EXPECT_THROW((void)tx.blocking_send(2), std::logic_error);
        EXPECT_THROW((void)tx.blocking_send_timeout(2, milliseconds(0)), std::logic_error);
        EXPECT_THROW((void)tx.blocking_reserve(), std::logic_error);
        EXPECT_THROW((void)tx.blocking_reserve_timeout(milliseconds(0)), std::logic_error);
        EXPECT_THROW((void)rx.blocking_recv(), std::logic_error);
        EXPECT_THROW((void)rx.blocking_recv_timeout(milliseconds(0)), std::logic_error);
        std::jthread elsewhere([sender = tx.clone()] { EXPECT_TRUE(sender.blocking_send(3)); });
        {
            const async_context inner;
        }
        EXPECT_THROW((void)tx.blocking_reserve(), std::logic_error);
    }
    EXPECT_EQ(rx.blocking_recv(), 1);
    EXPECT_EQ(rx.blocking_recv(), 3);
    EXPECT_TRUE(tx.blocking_send(4));
}

}  // namespace tailrace::verify
