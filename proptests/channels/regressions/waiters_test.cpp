// Waiting senders: cancelled ones, ones that are never polled again, and many at once.
// After a change here run: ci/test -L regressions && ci/mutants -R regressions
#include <functional>
#include <optional>
#include <type_traits>

#include "regressions/probes.hpp"

namespace tailrace::verify {
namespace {

template <class Api>
struct waiters : ::testing::Test {};
TYPED_TEST_SUITE(waiters, apis, api_names);

/// A waker that calls a function.
class callback_waker {
  public:
    explicit callback_waker(std::function<void()> act) : act_(std::move(act)) {}
    callback_waker(const callback_waker&) = delete;
    callback_waker& operator=(const callback_waker&) = delete;

    [[nodiscard]] waker as_waker() noexcept {
        return {[](void* self) noexcept { static_cast<callback_waker*>(self)->act_(); }, this};
    }

  private:
    std::function<void()> act_;
};

template <class Handle>
void drop(Handle& handle) {
    [[maybe_unused]] const auto dies_here = std::move(handle);
}

// tokio #900: dropping a queued sender without any permit corrupted the semaphore.
TYPED_TEST(waiters, a_queued_send_that_was_given_nothing_can_be_dropped) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    {
        auto dropped = tx.send(2);
        ASSERT_TRUE(pending(dropped, no_waker()));
    }
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(tx.capacity(), 1u) << "no operation waits, so the returned permit is available";
    EXPECT_TRUE(tx.try_send(3));
}

// tokio #2237, #2637: the node of a cancelled wait stayed until a release reached it, so memory grew
// with every wait.
TYPED_TEST(waiters, cancelled_waits_leave_nothing_behind) {
    if constexpr (!is_optimized<TypeParam>) {
        GTEST_SKIP() << "what the reference allocates is not seen";
    }
    auto [tx, rx] = open_probed<TypeParam, int>(1);
    ASSERT_TRUE(tx.try_send(1));
    auto first = tx.send(2);
    ASSERT_TRUE(pending(first, no_waker()));
    const long before = probe::here().alive;
    for (int i = 0; i < 1000; ++i) {
        auto given_up = tx.send(i);
        ASSERT_TRUE(pending(given_up, no_waker()));
        ASSERT_GT(probe::here().alive, before) << "the probe sees a wait";
    }
    EXPECT_EQ(probe::here().alive, before) << "and no permit was released";
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_TRUE(finished(first));
}

// tokio #2340: the nodes of the waiters to be woken were moved to a separate list, which was walked after the lock was
// released, when their owners could already be gone. Here the first waker destroys the second operation and creates
// another one in the same place.
TYPED_TEST(waiters, a_waker_may_replace_an_operation_that_was_about_to_be_woken) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    const auto& sender = tx;
    auto both = tx.try_reserve_many(2);
    ASSERT_TRUE(both);
    auto first = tx.reserve();
    std::optional place(tx.reserve());
    auto taken = tx.try_reserve();
    counting_waker second, third;
    callback_waker replace([&] {
        place.reset();
        taken = sender.try_reserve();
        place.emplace(sender.reserve());
        EXPECT_TRUE(pending(*place, third.as_waker()));
    });
    ASSERT_TRUE(pending(first, replace.as_waker()));
    ASSERT_TRUE(pending(*place, second.as_waker()));
    drop(*both);
    EXPECT_TRUE(taken) << "the second operation has returned its permit";
    EXPECT_EQ(third.wakes(), 0) << "the third waits, and no permit was returned for it";
    drop(*taken);
    EXPECT_EQ(third.wakes(), 1);
    EXPECT_TRUE(finished(*place));
    EXPECT_TRUE(finished(first));
}

// tokio #3215: a permit that came back after the close went to a waiter that the close had failed
// already.
TYPED_TEST(waiters, permits_returned_after_close_go_to_no_failed_waiter) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    auto p0 = tx.try_reserve();
    auto p1 = tx.try_reserve();
    counting_waker granted_woken, queued_woken, receive_woken;
    auto granted = tx.reserve();
    auto queued = tx.send(1);
    auto receive = rx.recv();
    ASSERT_TRUE(pending(granted, granted_woken.as_waker()));
    ASSERT_TRUE(pending(queued, queued_woken.as_waker()));
    ASSERT_TRUE(pending(receive, receive_woken.as_waker()));
    drop(*p0);
    ASSERT_EQ(granted_woken.wakes(), 1) << "it has a permit, and was not polled yet";
    rx.close();
    EXPECT_EQ(queued_woken.wakes(), 1);
    drop(*p1);
    EXPECT_EQ(tx.capacity(), 1u) << "free";
    EXPECT_EQ(error_of(finished(queued)).value, 1);
    EXPECT_EQ(tx.capacity(), 1u) << "it held nothing";
    EXPECT_EQ(receive_woken.wakes(), 0) << "one permit is still held";
    EXPECT_FALSE(finished(granted));
    EXPECT_EQ(tx.capacity(), 2u);
    EXPECT_EQ(receive_woken.wakes(), 1);
    EXPECT_EQ(finished(receive), std::nullopt);
}

// tokio #2854: a closed receiver slept for ever when the last permit was dropped unused.
TYPED_TEST(waiters, the_last_permit_dropped_unused_wakes_the_closed_receiver) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto permit = tx.try_reserve();
    counting_waker woken;
    auto receive = rx.recv();
    ASSERT_TRUE(pending(receive, woken.as_waker()));
    rx.close();
    ASSERT_EQ(woken.wakes(), 0) << "a value may still come";
    drop(*permit);
    EXPECT_EQ(woken.wakes(), 1);
    EXPECT_EQ(finished(receive), std::nullopt);
}

// tokio #8260: a reservation that was cancelled gave its permits back to a closed channel, and did
// not wake the receiver.
TYPED_TEST(waiters, a_cancelled_wait_that_holds_the_last_permits_wakes_the_closed_receiver) {
    const auto run = [](auto make) {
        auto [tx, rx] = TypeParam::template open<int>(2);
        auto p0 = tx.try_reserve();
        auto p1 = tx.try_reserve();
        counting_waker woken;
        auto receive = rx.recv();
        ASSERT_TRUE(pending(receive, woken.as_waker()));
        {
            auto wait = make(tx);
            ASSERT_TRUE(pending(wait, no_waker()));
            drop(*p0);  // for the wait: all that it needs, or half
            rx.close();
            drop(*p1);
            EXPECT_EQ(woken.wakes(), 0);
        }
        EXPECT_EQ(woken.wakes(), 1);
        EXPECT_EQ(finished(receive), std::nullopt);
        EXPECT_EQ(tx.capacity(), 2u);
    };
    run([](auto& tx) { return tx.send(1); });
    run([](auto& tx) { return tx.reserve(); });
    run([](auto& tx) { return tx.reserve_many(2); });
    run([](auto& tx) { return tx.clone().reserve_owned(); });
}

// The same, found out by polling.
TYPED_TEST(waiters, a_wait_that_fails_with_the_last_permits_wakes_the_closed_receiver) {
    const auto run = [](auto make) {
        auto [tx, rx] = TypeParam::template open<int>(2);
        auto p0 = tx.try_reserve();
        auto p1 = tx.try_reserve();
        counting_waker woken;
        auto receive = rx.recv();
        ASSERT_TRUE(pending(receive, woken.as_waker()));
        auto wait = make(tx);
        ASSERT_TRUE(pending(wait, no_waker()));
        drop(*p0);
        rx.close();
        drop(*p1);
        EXPECT_EQ(woken.wakes(), 0);
        EXPECT_FALSE(finished(wait));
        EXPECT_EQ(woken.wakes(), 1);
        EXPECT_EQ(finished(receive), std::nullopt);
        EXPECT_EQ(tx.capacity(), 2u);
    };
    run([](auto& tx) { return tx.send(1); });
    run([](auto& tx) { return tx.reserve(); });
    run([](auto& tx) { return tx.reserve_many(2); });
    run([](auto& tx) { return tx.clone().reserve_owned(); });
}

// tokio #5429: polling again with another waker destroyed the old one under the lock, and its
// destructor wanted that lock.
TYPED_TEST(waiters, replacing_a_waker_runs_nothing_of_the_old_one) {
    EXPECT_TRUE(std::is_trivially_destructible_v<waker>) << "or its destructor would be foreign code";
    auto [tx, rx] = open_probed<TypeParam, int>(1);
    auto permit = tx.try_reserve();
    lock_checking_waker before, after;
    auto wait = tx.reserve();
    auto listener = tx.closed();
    ASSERT_TRUE(pending(wait, before.as_waker()));
    ASSERT_TRUE(pending(listener, before.as_waker()));
    EXPECT_TRUE(pending(wait, after.as_waker()));
    EXPECT_TRUE(pending(listener, after.as_waker()));
    EXPECT_EQ(before.calls(), 0);
    EXPECT_EQ(after.calls(), 0);
    drop(*permit);
    EXPECT_EQ(after.calls(), 1);
    rx.close();
    EXPECT_EQ(after.calls(), 2);
    EXPECT_EQ(before.calls(), 0);
}

// tokio's close() still has this defect: it wakes under the lock that a resumed task needs in order to cancel another.
TYPED_TEST(waiters, no_waker_is_called_under_a_lock) {
    auto [tx, rx] = open_probed<TypeParam, int>(2);
    lock_checking_waker receive_woken, granted, failed, listener_woken, ended;
    {
        auto receive = rx.recv();
        ASSERT_TRUE(pending(receive, receive_woken.as_waker()));
        ASSERT_TRUE(tx.try_send(1));
        EXPECT_EQ(finished(receive), 1);
    }
    {
        auto both = tx.try_reserve_many(2);
        ASSERT_TRUE(both);
        std::optional first(tx.reserve());
        std::optional second(tx.reserve());
        ASSERT_TRUE(pending(*first, granted.as_waker()));
        ASSERT_TRUE(pending(*second, granted.as_waker()));
        drop(*both);
        auto third = tx.send(2);
        auto fourth = tx.reserve_many(2);
        auto listener = tx.closed();
        ASSERT_TRUE(pending(third, failed.as_waker()));
        ASSERT_TRUE(pending(fourth, failed.as_waker()));
        ASSERT_TRUE(pending(listener, listener_woken.as_waker()));
        auto receive = rx.recv();
        ASSERT_TRUE(pending(receive, ended.as_waker()));
        rx.close();
        first.reset();
        second.reset();
    }
    EXPECT_EQ(receive_woken.calls(), 1);
    EXPECT_EQ(receive_woken.under_a_lock(), 0);
    EXPECT_EQ(granted.calls(), 2);
    EXPECT_EQ(granted.under_a_lock(), 0);
    EXPECT_EQ(failed.calls(), 2);
    EXPECT_EQ(failed.under_a_lock(), 0);
    EXPECT_EQ(listener_woken.calls(), 1);
    EXPECT_EQ(listener_woken.under_a_lock(), 0);
    EXPECT_EQ(ended.calls(), 1);
    EXPECT_EQ(ended.under_a_lock(), 0);
}

// futures-rs PR #282: the receiver closed after a sender had found the channel full and before it
// had parked, which it then did.
TYPED_TEST(waiters, a_send_that_found_it_full_does_not_sleep_if_it_closes_meanwhile) {
    const auto run = [](auto make) {
        at_every_moment([make](unsigned moment) {
            auto [tx, rx] = open_interruptible<TypeParam, int>(1);
            auto& receiver = rx;
            EXPECT_TRUE(tx.try_send(1));
            auto wait = make(tx);
            counting_waker woken;
            bool came = false;
            auto result = [&] {
                const interloper closer(moment, [&] {
                    came = true;
                    receiver.close();
                });
                return wait.poll(woken.as_waker());
            }();
            if (!result) {
                EXPECT_EQ(woken.wakes(), came ? 1 : 0) << "otherwise it would never be woken";
                if (!came) receiver.close();
                result = wait.poll(no_waker());
            }
            EXPECT_TRUE(result && !*result);
            EXPECT_EQ(receiver.try_recv(), 1);
            return came;
        });
    };
    run([](auto& tx) { return tx.send(2); });
    run([](auto& tx) { return tx.reserve(); });
    run([](auto& tx) { return tx.reserve_many(1); });
}

// async-channel #45: a sender that was notified and never polled again kept all senders behind it from being notified.
TYPED_TEST(waiters, a_notified_waiter_that_is_never_polled_blocks_no_other_waiter) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    for (int v = 1; v <= 3; ++v) ASSERT_TRUE(tx.try_send(v));
    counting_waker idle_woken, second_woken, third_woken;
    auto idle = tx.send(4);
    auto second = tx.send(5);
    auto third = tx.reserve();
    ASSERT_TRUE(pending(idle, idle_woken.as_waker()));
    ASSERT_TRUE(pending(second, second_woken.as_waker()));
    ASSERT_TRUE(pending(third, third_woken.as_waker()));
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(idle_woken.wakes(), 1);
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_EQ(second_woken.wakes(), 1);
    EXPECT_TRUE(finished(second));
    EXPECT_EQ(rx.try_recv(), 3);
    EXPECT_EQ(third_woken.wakes(), 1);
    EXPECT_TRUE(finished(third));
    EXPECT_EQ(rx.try_recv(), 5);
    EXPECT_EQ(idle_woken.wakes(), 1);
}

}  // namespace
}  // namespace tailrace::verify
