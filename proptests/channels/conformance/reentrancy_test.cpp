// Foreign code runs inside calls of the channel: wakers and destructors that use the same channel. It never runs under
// a lock, so each of these tests ends; a test that hangs has found foreign code under a lock.
// After a change here run: ci/test -L conformance
#include <chrono>
#include <functional>
#include <optional>

#include "apis.hpp"

namespace tailrace::verify {

namespace {

template <class Api>
class reentrancy : public ::testing::Test {};
TYPED_TEST_SUITE(reentrancy, apis, api_names);

/// A waker that calls a function.
class action {
  public:
    explicit action(std::function<void()> act) : act_(std::move(act)) {}
    action(const action&) = delete;
    action& operator=(const action&) = delete;

    [[nodiscard]] waker as_waker() noexcept {
        return {[](void* self) noexcept {
                    ++static_cast<action*>(self)->times_;
                    static_cast<action*>(self)->act_();
                },
                this};
    }
    [[nodiscard]] int times() const noexcept { return times_; }

  private:
    std::function<void()> act_;
    int times_ = 0;
};

}  // namespace

// Clause: wake.outside-locks.
TYPED_TEST(reentrancy, a_waker_in_close_may_use_the_channel) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    const auto& sender = tx;
    action use([&sender] {
        EXPECT_TRUE(sender.is_closed());
        EXPECT_EQ(error_of(sender.try_send(9)).reason, try_error::closed);
        EXPECT_EQ(error_of(sender.try_reserve()), try_error::closed);
        EXPECT_EQ(error_of(finished(sender.send(9))).value, 9);
        EXPECT_EQ(sender.capacity(), 0);
        (void)finished(sender.closed());
    });
    auto send = tx.send(2);
    auto reserve = tx.reserve();
    auto listener = tx.closed();
    ASSERT_TRUE(pending(send, use.as_waker()));
    ASSERT_TRUE(pending(reserve, use.as_waker()));
    ASSERT_TRUE(pending(listener, use.as_waker()));
    rx.close();
    EXPECT_EQ(use.times(), 3);
    EXPECT_EQ(error_of(finished(send)).value, 2);
}

// Clauses: foreign.effect, foreign.no-late-wake.
TYPED_TEST(reentrancy, a_receive_polled_inside_a_close_of_an_idle_channel_says_none) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto listener = tx.closed();
    auto receive = rx.recv();
    counting_waker receive_woken;
    bool finished_inside = false;
    action poll([&] {
        const auto result = receive.poll(receive_woken.as_waker());
        finished_inside = result && !*result;
    });
    ASSERT_TRUE(pending(listener, poll.as_waker()));
    ASSERT_TRUE(pending(receive, receive_woken.as_waker()));
    rx.close();
    EXPECT_TRUE(finished_inside);
    EXPECT_EQ(receive_woken.wakes(), 0);
}

// Clause: foreign.no-late-wake.
TYPED_TEST(reentrancy, a_waker_in_close_is_not_followed_by_that_of_what_it_has_finished) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto first = tx.closed();
    auto second = tx.closed();
    counting_waker second_woken;
    action poll([&] { EXPECT_TRUE(second.poll(second_woken.as_waker())); });
    ASSERT_TRUE(pending(first, poll.as_waker()));
    ASSERT_TRUE(pending(second, second_woken.as_waker()));
    rx.close();
    EXPECT_EQ(poll.times(), 1);
    EXPECT_EQ(second_woken.wakes(), 0);
}

// Clause: foreign.may-end.
TYPED_TEST(reentrancy, a_waker_may_destroy_everything_that_the_call_around_it_is_about) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    std::optional sender(std::move(tx));
    std::optional receiver(std::move(rx));
    std::optional receive(receiver->recv());
    std::optional send(sender->send(1));
    int received = 0;
    counting_waker ignored;
    action end([&] {
        const auto result = receive->poll(ignored.as_waker());
        ASSERT_TRUE(result && *result);
        received = **result;
        send.reset();
        receive.reset();
        sender.reset();
        receiver.reset();
    });
    ASSERT_TRUE(pending(*receive, end.as_waker()));
    EXPECT_TRUE(send->poll(ignored.as_waker()));
    EXPECT_EQ(received, 1);
}

TYPED_TEST(reentrancy, a_waker_in_close_may_cancel_another_waiting_operation) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    std::optional second(tx.send(3));
    std::optional listener(tx.closed());
    action cancel([&] {
        second.reset();
        listener.reset();
    });
    counting_waker third_woken, ignored;
    auto first = tx.send(2);
    auto third = tx.reserve();
    ASSERT_TRUE(pending(first, cancel.as_waker()));
    ASSERT_TRUE(pending(*second, ignored.as_waker()));
    ASSERT_TRUE(pending(third, third_woken.as_waker()));
    ASSERT_TRUE(pending(*listener, ignored.as_waker()));
    rx.close();
    EXPECT_EQ(cancel.times(), 1);
    EXPECT_EQ(third_woken.wakes(), 1);
    EXPECT_FALSE(finished(first));
    EXPECT_FALSE(finished(third));
}

TYPED_TEST(reentrancy, a_waker_in_close_may_cancel_its_own_operation) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    std::optional send(tx.send(2));
    std::optional listener(tx.closed());
    action cancel_send([&] { send.reset(); });
    action cancel_listener([&] { listener.reset(); });
    ASSERT_TRUE(pending(*send, cancel_send.as_waker()));
    ASSERT_TRUE(pending(*listener, cancel_listener.as_waker()));
    rx.close();
    EXPECT_EQ(cancel_send.times(), 1);
    EXPECT_EQ(cancel_listener.times(), 1);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(tx.capacity(), 1);
}

TYPED_TEST(reentrancy, a_waker_in_the_receivers_drop_may_use_the_channel) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    const auto& sender = tx;
    action use([&sender] { EXPECT_EQ(error_of(sender.try_send(9)).reason, try_error::closed); });
    auto send = tx.send(2);
    ASSERT_TRUE(pending(send, use.as_waker()));
    {
        const auto dropped = std::move(rx);
    }
    EXPECT_EQ(use.times(), 1);
    EXPECT_EQ(tx.capacity(), 1);
}

TYPED_TEST(reentrancy, a_waker_in_a_permits_drop_may_use_the_channel) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    const auto& sender = tx;
    auto permit = tx.try_reserve();
    std::optional late(tx.send(4));
    action use([&] {
        EXPECT_EQ(error_of(sender.try_send(9)).reason,
                  try_error::full);  // the permit is the waiter's
        EXPECT_TRUE(pending(*late, no_waker()));
    });
    auto reserve = tx.reserve();
    ASSERT_TRUE(pending(reserve, use.as_waker()));
    {
        const auto dropped = std::move(*permit);
    }
    EXPECT_EQ(use.times(), 1);
    auto granted = finished(reserve);
    granted->send(2);
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_TRUE(finished(*late));
    EXPECT_EQ(rx.try_recv(), 4);
}

TYPED_TEST(reentrancy, a_waker_in_a_permits_drop_may_cancel_another_waiting_operation) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto permit = tx.try_reserve();
    std::optional second(tx.send(3));
    action cancel([&] { second.reset(); });
    counting_waker third_woken;
    auto first = tx.reserve();
    auto third = tx.reserve();
    ASSERT_TRUE(pending(first, cancel.as_waker()));
    ASSERT_TRUE(pending(*second, no_waker()));
    ASSERT_TRUE(pending(third, third_woken.as_waker()));
    {
        const auto dropped = std::move(*permit);
    }
    EXPECT_EQ(cancel.times(), 1);
    {
        const auto used = finished(first);
    }
    EXPECT_EQ(third_woken.wakes(), 1);
    EXPECT_TRUE(finished(third));
}

TYPED_TEST(reentrancy, a_waker_in_a_permits_drop_may_cancel_its_own_operation_and_the_next_is_woken) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto permit = tx.try_reserve();
    std::optional first(tx.reserve());
    action cancel([&] { first.reset(); });
    counting_waker second_woken;
    auto second = tx.send(2);
    ASSERT_TRUE(pending(*first, cancel.as_waker()));
    ASSERT_TRUE(pending(second, second_woken.as_waker()));
    {
        const auto dropped = std::move(*permit);
    }
    EXPECT_EQ(cancel.times(), 1);
    EXPECT_EQ(second_woken.wakes(), 1);
    EXPECT_TRUE(finished(second));
    EXPECT_EQ(rx.try_recv(), 2);
}

TYPED_TEST(reentrancy, a_waker_may_poll_the_operation_it_belongs_to) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx.try_send(1));
    auto send = tx.send(2);
    bool sent = false;
    action resume([&] { sent = finished(send).has_value(); });
    ASSERT_TRUE(pending(send, resume.as_waker()));
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_TRUE(sent);
    EXPECT_EQ(rx.try_recv(), 2);
}

// A send resumes a receive, which makes room for a send, which is resumed: each inside the other.
TYPED_TEST(reentrancy, wakers_may_resume_each_other_in_a_chain) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto& receiver = rx;
    std::vector<int> received;
    std::optional first(receiver.recv());
    action receive([&] {
        received.push_back(finished(*first).value());
        first.reset();
    });
    ASSERT_TRUE(pending(*first, receive.as_waker()));
    auto permit = tx.try_reserve();
    auto waiting = tx.send(2);
    action resume([&] { EXPECT_TRUE(finished(waiting)); });
    ASSERT_TRUE(pending(waiting, resume.as_waker()));
    permit->send(1);
    EXPECT_EQ(received, (std::vector<int>{1}));
    EXPECT_EQ(resume.times(), 1);
    EXPECT_EQ(rx.try_recv(), 2);
}

TYPED_TEST(reentrancy, a_receives_waker_may_close_the_channel) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto& receiver = rx;
    auto receive = rx.recv();
    action close([&receiver] { receiver.close(); });
    counting_waker listener_woken;
    auto listener = tx.closed();
    ASSERT_TRUE(pending(listener, listener_woken.as_waker()));
    ASSERT_TRUE(pending(receive, close.as_waker()));
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_EQ(close.times(), 1);
    EXPECT_EQ(listener_woken.wakes(), 1);
    EXPECT_EQ(finished(receive), 1);
}

TYPED_TEST(reentrancy, a_waker_in_the_last_senders_drop_may_take_the_end) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto receive = rx.recv();
    bool ended = false;
    action take([&] { ended = !finished(receive).has_value(); });
    ASSERT_TRUE(pending(receive, take.as_waker()));
    {
        const auto dropped = std::move(tx);
    }
    EXPECT_TRUE(ended);
}

TYPED_TEST(reentrancy, a_deadlines_waker_may_use_the_channel_and_finish_its_operation) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto clock = TypeParam::clock_of(tx);
    EXPECT_TRUE(tx.try_send(1));
    std::optional timed(tx.send_timeout(2, std::chrono::milliseconds(5), clock));
    counting_waker next_woken;
    auto next = tx.send(3);
    action expire([&] {
        EXPECT_EQ(error_of(finished(*timed)).reason, timeout_error::timeout);
        timed.reset();
    });
    ASSERT_TRUE(pending(*timed, expire.as_waker()));
    ASSERT_TRUE(pending(next, next_woken.as_waker()));
    clock.advance(std::chrono::milliseconds(5));
    EXPECT_EQ(expire.times(), 1);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(next_woken.wakes(), 1);
    EXPECT_TRUE(finished(next));
}

TYPED_TEST(reentrancy, a_values_destructor_in_the_receivers_drop_may_use_the_channel) {
    auto [tx, rx] = TypeParam::template open<on_destroy>(1);
    const auto& sender = tx;
    std::optional waiting(tx.reserve());
    bool done = false;
    EXPECT_TRUE(tx.try_send(on_destroy([&] {
        EXPECT_TRUE(sender.is_closed());
        EXPECT_FALSE(sender.try_reserve());
        waiting.reset();
        done = true;
    })));
    ASSERT_TRUE(pending(*waiting, no_waker()));
    {
        const auto dropped = std::move(rx);
    }
    EXPECT_TRUE(done);
    EXPECT_EQ(tx.capacity(), 1);
}

TYPED_TEST(reentrancy, a_values_destructor_in_a_late_permit_send_may_use_the_channel) {
    auto [tx, rx] = TypeParam::template open<on_destroy>(2);
    const auto& sender = tx;
    auto first = tx.try_reserve();
    auto second = tx.try_reserve();
    {
        const auto dropped = std::move(rx);
    }
    std::vector<int> died;
    first->send(on_destroy([&] {
        died.push_back(1);
        second->send(on_destroy([&] { died.push_back(2); }));
        EXPECT_FALSE(sender.try_reserve());
    }));
    EXPECT_EQ(died, (std::vector<int>{1, 2}));
    EXPECT_EQ(tx.capacity(), 2);
}

TYPED_TEST(reentrancy, a_values_destructor_in_a_cancelled_send_may_use_the_channel) {
    auto [tx, rx] = TypeParam::template open<on_destroy>(1);
    const auto& sender = tx;
    auto permit = tx.try_reserve();
    bool done = false;
    std::optional waiting(tx.send(on_destroy([&] {
        EXPECT_EQ(sender.capacity(), 0);
        permit->send(on_destroy([] {}));
        done = true;
    })));
    ASSERT_TRUE(pending(*waiting, no_waker()));
    waiting.reset();
    EXPECT_TRUE(done);
    EXPECT_TRUE(rx.try_recv());
    EXPECT_EQ(tx.capacity(), 1);
}

// Clause: wake.outside-locks.
TYPED_TEST(reentrancy, a_listener_that_close_wakes_may_let_go_of_both_halves) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    std::optional sender(std::move(tx));
    std::optional receiver(std::move(rx));
    std::optional listener(sender->closed());
    action let_go([&] {
        listener.reset();
        sender.reset();
        receiver.reset();
    });
    ASSERT_TRUE(pending(*listener, let_go.as_waker()));
    auto& closing = *receiver;
    closing.close();
    EXPECT_EQ(let_go.times(), 1);
    EXPECT_FALSE(receiver);
}

// Clauses: foreign.effect, foreign.no-late-wake.
TYPED_TEST(reentrancy, a_listener_that_close_wakes_may_drop_the_last_sender_before_the_parked_receive_is_woken) {
    enum class then : unsigned char { nothing, poll, drop, let_go_of_the_receiver };
    for (const then what : {then::nothing, then::poll, then::drop, then::let_go_of_the_receiver}) {
        auto [tx, rx] = TypeParam::template open<int>(1);
        std::optional sender(std::move(tx));
        std::optional receiver(std::move(rx));
        std::optional listener(sender->closed());
        std::optional receive(receiver->recv());
        bool under_way = false;
        action woken([&] { EXPECT_FALSE(under_way) << "close wakes the receive, after the listener"; });
        ASSERT_TRUE(pending(*receive, woken.as_waker()));
        action drop_the_last([&] {
            under_way = true;
            listener.reset();
            sender.reset();
            EXPECT_TRUE(receiver->is_closed());
            if (what == then::poll) {
                EXPECT_EQ(finished(*receive), std::nullopt);
            }
            if (what == then::drop) receive.reset();
            if (what == then::let_go_of_the_receiver) {
                receiver.reset();
                EXPECT_EQ(finished(*receive), std::nullopt);
                receive.reset();
            }
            under_way = false;
        });
        ASSERT_TRUE(pending(*listener, drop_the_last.as_waker()));
        auto& closing = *receiver;
        closing.close();
        EXPECT_EQ(drop_the_last.times(), 1);
        EXPECT_EQ(woken.times(), what == then::nothing ? 1 : 0);
        if (what == then::nothing) {
            EXPECT_EQ(finished(*receive), std::nullopt);
        }
    }
}

// Clause: wake.outside-locks.
TYPED_TEST(reentrancy, a_waker_may_destroy_the_operation_whose_poll_has_called_it) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    std::optional send(tx.send(1));
    action destroy([&] { send.reset(); });
    auto receive = rx.recv();
    ASSERT_TRUE(pending(receive, destroy.as_waker()));
    EXPECT_TRUE(finished(*send));
    EXPECT_FALSE(send);
    EXPECT_EQ(finished(receive), 1);
}

// Clause: borrow.
TYPED_TEST(reentrancy, the_receive_that_a_used_permit_wakes_may_let_go_of_the_last_sender) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    std::optional sender(std::move(tx));
    auto permit = *sender->try_reserve();
    action let_go([&] { sender.reset(); });
    auto receive = rx.recv();
    ASSERT_TRUE(pending(receive, let_go.as_waker()));
    permit.send(9);
    EXPECT_FALSE(sender);
    EXPECT_EQ(finished(receive), 9);
}

// Clause: handle.assign.
TYPED_TEST(reentrancy, what_the_end_of_the_old_channel_wakes_may_assign_to_the_same_sender) {
    auto [first, from_first] = TypeParam::template open<int>(1);
    auto [second, from_second] = TypeParam::template open<int>(1);
    auto [third, from_third] = TypeParam::template open<int>(1);
    auto slot = std::move(first);
    action assign([&slot, &later = second] { slot = std::move(later); });
    auto receive = from_first.recv();
    ASSERT_TRUE(pending(receive, assign.as_waker()));
    slot = std::move(third);
    EXPECT_EQ(from_second.sender_strong_count(), 1u) << "the later assignment stays";
    EXPECT_EQ(from_third.sender_strong_count(), 0u) << "and none is lost";
}

// Clause: borrow.receiver.
TYPED_TEST(reentrancy, a_receive_says_none_when_its_receiver_has_gone_before_it) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto permit = *tx.try_reserve();
    action wake([] {});
    auto receive = rx.recv();
    ASSERT_TRUE(pending(receive, wake.as_waker()));
    {
        const auto gone = std::move(rx);
    }
    permit.send(1);
    EXPECT_EQ(wake.times(), 0) << "it is not woken";
    EXPECT_EQ(finished(receive), std::nullopt);
}

}  // namespace tailrace::verify
