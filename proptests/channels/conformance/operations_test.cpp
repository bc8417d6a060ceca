// Operations as C++ objects: moved before the first poll, polled once too often, polled with
// another waker, and their deadlines.
// After a change here run: ci/test -L conformance
#include <chrono>

#include "apis.hpp"

namespace tailrace::verify {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

template <class Api>
class operations : public ::testing::Test {};
TYPED_TEST_SUITE(operations, apis, api_names);

/// Moves it, destroys the moved-from operation, and finishes the new one.
template <class Operation>
auto moved_and_finished(std::optional<Operation>& original) {
    Operation moved = std::move(*original);
    original.reset();
    return finished(moved);
}

template <class Operation>
std::optional<Operation> boxed(Operation op) {
    return std::optional<Operation>(std::move(op));
}

/// Polls with one waker and then with another.
template <class Operation>
void poll_twice(Operation& op, counting_waker& first, counting_waker& second) {
    ASSERT_TRUE(pending(op, first.as_waker()));
    ASSERT_TRUE(pending(op, second.as_waker()));
}

void expect_only_the_second(const counting_waker& first, const counting_waker& second) {
    EXPECT_EQ(first.wakes(), 0);
    EXPECT_EQ(second.wakes(), 1);
}

}  // namespace

// Clause: operation.once.
TYPED_TEST(operations, an_operation_may_be_moved_before_its_first_poll) {
    auto [tx, rx] = TypeParam::template open<int>(4);
    auto clock = TypeParam::clock_of(tx);
    auto send = boxed(tx.send(1));
    EXPECT_TRUE(moved_and_finished(send));
    auto timed = boxed(tx.send_timeout(2, milliseconds(1), clock));
    EXPECT_TRUE(moved_and_finished(timed));
    auto reserve = boxed(tx.reserve());
    EXPECT_TRUE(moved_and_finished(reserve));
    auto owned = boxed(tx.clone().reserve_owned());
    EXPECT_TRUE(moved_and_finished(owned));
    auto recv = boxed(rx.recv());
    EXPECT_EQ(moved_and_finished(recv), 1);
    auto recv_timed = boxed(rx.recv_timeout(milliseconds(1), clock));
    EXPECT_EQ(moved_and_finished(recv_timed), 2);
    rx.close();
    auto closed = boxed(tx.closed());
    (void)moved_and_finished(closed);
    EXPECT_EQ(tx.capacity(), 4);
}

TYPED_TEST(operations, an_operation_that_was_moved_from_refuses_to_be_polled) {
    auto [tx, rx] = TypeParam::template open<int>(4);
    auto send = tx.send(1);
    auto moved_send = std::move(send);
    EXPECT_THROW((void)send.poll(no_waker()), std::logic_error);
    auto recv = rx.recv();
    auto moved_recv = std::move(recv);
    EXPECT_THROW((void)recv.poll(no_waker()), std::logic_error);
    EXPECT_TRUE(finished(moved_send));
    EXPECT_EQ(finished(moved_recv), 1);
}

// Clause: operation.once.
TYPED_TEST(operations, an_operation_that_has_finished_refuses_to_be_polled) {
    auto [tx, rx] = TypeParam::template open<int>(4);
    auto clock = TypeParam::clock_of(tx);
    const auto refuses = [](auto&& op) {
        (void)finished(op);
        EXPECT_THROW((void)op.poll(no_waker()), std::logic_error);
    };
    refuses(tx.send(1));
    refuses(tx.send_timeout(2, milliseconds(1), clock));
    refuses(tx.reserve());
    refuses(tx.clone().reserve_owned());
    refuses(rx.recv());
    refuses(rx.recv_timeout(milliseconds(1), clock));
    EXPECT_EQ(tx.capacity(), 4);
    rx.close();
    refuses(tx.closed());
    refuses(tx.send(3));
    refuses(tx.reserve());
    refuses(tx.clone().reserve_owned());
    refuses(rx.recv());
}

// Clause: recv.second-throws.
TYPED_TEST(operations, a_second_receive_is_refused_while_one_is_alive) {
    auto [tx, rx] = TypeParam::template open<int>(4);
    auto clock = TypeParam::clock_of(tx);
    {
        auto first = rx.recv();
        EXPECT_THROW((void)rx.recv(), std::logic_error);
        EXPECT_THROW((void)rx.recv_timeout(milliseconds(1), clock), std::logic_error);
        EXPECT_THROW((void)rx.try_recv(), std::logic_error);
        EXPECT_THROW((void)rx.blocking_recv(), std::logic_error);
        EXPECT_THROW((void)rx.blocking_recv_timeout(milliseconds(1)), std::logic_error);
        ASSERT_TRUE(pending(first, no_waker()));
        EXPECT_THROW((void)rx.recv(), std::logic_error);
        EXPECT_TRUE(tx.try_send(1));
        EXPECT_THROW((void)rx.try_recv(), std::logic_error);
    }
    EXPECT_EQ(rx.try_recv(), 1);  // cancelled: free again

    EXPECT_TRUE(tx.try_send(2));
    auto second = rx.recv();
    EXPECT_EQ(finished(second), 2);
    EXPECT_EQ(error_of(rx.try_recv()),
              try_recv_error::empty);  // finished: free again, though the object lives
}

// Clause: recv.exclusive.
TYPED_TEST(operations, the_owner_of_a_pending_receive_may_close_and_observe) {
    auto [tx, rx] = TypeParam::template open<int>(4);
    counting_waker woken;
    auto receive = rx.recv();
    ASSERT_TRUE(pending(receive, woken.as_waker()));
    EXPECT_FALSE(rx.is_closed());
    auto permit = tx.try_reserve();
    rx.close();
    EXPECT_TRUE(rx.is_closed());
    EXPECT_EQ(woken.wakes(), 0);
    permit->send(1);
    EXPECT_EQ(woken.wakes(), 1);
    EXPECT_EQ(finished(receive), 1);
}

// Clause: driven.latest-waker.
TYPED_TEST(operations, a_waiting_send_or_reserve_wakes_the_waker_of_its_last_poll_only) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    counting_waker bells[6];
    {
        auto send = tx.send(2);
        auto reserve = tx.reserve();
        auto owned = tx.clone().reserve_owned();
        poll_twice(send, bells[0], bells[1]);
        poll_twice(reserve, bells[2], bells[3]);
        poll_twice(owned, bells[4], bells[5]);
        EXPECT_EQ(rx.try_recv(), 1);
        expect_only_the_second(bells[0], bells[1]);
        EXPECT_EQ(bells[3].wakes(), 0);
        EXPECT_TRUE(finished(send));
        rx.close();
        expect_only_the_second(bells[2], bells[3]);
        expect_only_the_second(bells[4], bells[5]);
    }
    expect_only_the_second(bells[0], bells[1]);
}

TYPED_TEST(operations, a_receive_wakes_the_waker_of_its_last_poll_only) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    counting_waker first, second;
    auto receive = rx.recv();
    poll_twice(receive, first, second);
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_TRUE(tx.try_send(2));
    expect_only_the_second(first, second);
    EXPECT_EQ(finished(receive), 1);
}

TYPED_TEST(operations, a_listener_wakes_the_waker_of_its_last_poll_only) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    counting_waker first, second, other;
    auto listener = tx.closed();
    auto neighbour = tx.closed();
    ASSERT_TRUE(pending(neighbour, other.as_waker()));
    poll_twice(listener, first, second);
    rx.close();
    expect_only_the_second(first, second);
    EXPECT_EQ(other.wakes(), 1);
    (void)finished(listener);
}

TYPED_TEST(operations, a_deadline_wakes_the_waker_of_the_last_poll_only) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto clock = TypeParam::clock_of(tx);
    EXPECT_TRUE(tx.try_send(1));
    counting_waker first, second;
    auto send = tx.send_timeout(2, milliseconds(5), clock);
    poll_twice(send, first, second);
    clock.advance(milliseconds(5));
    expect_only_the_second(first, second);
    const auto result = finished(send);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, timeout_error::timeout);
    EXPECT_EQ(result.error().value, 2);
}

// Original: release_waker_on_rx_drop. As far as it can be seen from outside.
TYPED_TEST(operations, a_dropped_operation_is_never_woken) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto clock = TypeParam::clock_of(tx);
    counting_waker bells[4];
    {
        auto receive = rx.recv();
        ASSERT_TRUE(pending(receive, bells[0].as_waker()));
    }
    EXPECT_TRUE(tx.try_send(1));
    {
        auto send = tx.send_timeout(2, milliseconds(5), clock);
        auto reserve = tx.reserve();
        auto listener = tx.closed();
        ASSERT_TRUE(pending(send, bells[1].as_waker()));
        ASSERT_TRUE(pending(reserve, bells[2].as_waker()));
        ASSERT_TRUE(pending(listener, bells[3].as_waker()));
    }
    EXPECT_EQ(rx.try_recv(), 1);
    clock.advance(milliseconds(10));
    rx.close();
    for (const counting_waker& b : bells) EXPECT_EQ(b.wakes(), 0);
    EXPECT_EQ(tx.capacity(), 1);
}

// Clause: send.consumes.
TYPED_TEST(operations, errors_hand_a_move_only_value_back) {
    auto [tx, rx] = TypeParam::template open<std::unique_ptr<int>>(1);
    auto clock = TypeParam::clock_of(tx);
    const auto value = [](int n) { return std::make_unique<int>(n); };
    EXPECT_TRUE(tx.try_send(value(0)));
    EXPECT_EQ(*error_of(tx.try_send(value(1))).value, 1);
    EXPECT_EQ(*error_of(finished(tx.send_timeout(value(2), milliseconds(0), clock))).value, 2);
    EXPECT_EQ(*error_of(tx.blocking_send_timeout(value(3), milliseconds(0))).value, 3);
    rx.close();
    EXPECT_EQ(*error_of(tx.try_send(value(4))).value, 4);
    EXPECT_EQ(*error_of(finished(tx.send(value(5)))).value, 5);
    EXPECT_EQ(*error_of(finished(tx.send_timeout(value(6), milliseconds(0), clock))).value, 6);
    EXPECT_EQ(*error_of(tx.blocking_send(value(7))).value, 7);
    EXPECT_EQ(*error_of(tx.blocking_send_timeout(value(8), milliseconds(0))).value, 8);
    EXPECT_EQ(*rx.try_recv().value(), 0);
}

// Clause: send_timeout.forever.
TYPED_TEST(operations, a_duration_too_long_for_the_clock_is_no_deadline) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto clock = TypeParam::clock_of(tx);
    clock.advance(milliseconds(1));
    EXPECT_TRUE(tx.try_send(1));
    counting_waker woken;
    auto long_send = tx.send_timeout(2, nanoseconds::max(), clock);
    auto longer_send = tx.send_timeout(3, hours::max(), clock);
    ASSERT_TRUE(pending(long_send, woken.as_waker()));
    ASSERT_TRUE(pending(longer_send, woken.as_waker()));
    clock.advance(std::chrono::duration_cast<milliseconds>(hours(24 * 365 * 100)));
    EXPECT_EQ(woken.wakes(), 0);
    EXPECT_TRUE(pending(long_send, woken.as_waker()));
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_TRUE(finished(long_send));
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_TRUE(finished(longer_send));
    EXPECT_EQ(rx.try_recv(), 3);
}

TYPED_TEST(operations, a_negative_duration_is_a_deadline_that_has_passed) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto clock = TypeParam::clock_of(tx);
    EXPECT_TRUE(finished(tx.send_timeout(1, milliseconds(-1), clock)));
    EXPECT_EQ(error_of(finished(tx.send_timeout(2, milliseconds::min(), clock))).reason, timeout_error::timeout);
    EXPECT_EQ(finished(rx.recv_timeout(milliseconds(-1), clock)), 1);
    EXPECT_EQ(error_of(finished(rx.recv_timeout(milliseconds::min(), clock))), timeout_error::timeout);
}

}  // namespace tailrace::verify
