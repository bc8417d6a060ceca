// Scenarios that are seldom tested elsewhere: combinations of waiting, cancelling, closing and counting.
// After a change here run: ci/test -L regressions && ci/mutants -R regressions
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "apis.hpp"
#include "regressions/interloper.hpp"

namespace tailrace::verify {
namespace {

using namespace std::chrono_literals;

template <class Api>
struct scenarios : ::testing::Test {};
TYPED_TEST_SUITE(scenarios, apis, api_names);

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

// ---- The queue

TYPED_TEST(scenarios, a_granted_waiter_that_is_never_polled_blocks_no_other_waiter) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    for (int i = 1; i <= 3; ++i) ASSERT_TRUE(tx.try_send(i));
    counting_waker head_woken, second_woken, third_woken;
    auto head = tx.send(4);
    auto second = tx.send(5);
    auto third = tx.send(6);
    ASSERT_TRUE(pending(head, head_woken.as_waker()));
    ASSERT_TRUE(pending(second, second_woken.as_waker()));
    ASSERT_TRUE(pending(third, third_woken.as_waker()));
    std::vector<int> got;
    ASSERT_EQ(finished(rx.recv_many(got, 3)), 3u);
    EXPECT_EQ(head_woken.wakes(), 1);
    ASSERT_EQ(second_woken.wakes(), 1);
    ASSERT_EQ(third_woken.wakes(), 1);
    EXPECT_TRUE(finished(second));
    EXPECT_TRUE(finished(third));
    EXPECT_EQ(rx.try_recv(), 5);
    EXPECT_EQ(rx.try_recv(), 6);
    EXPECT_EQ(tx.capacity(), 2u) << "all but the permit of the head";
    EXPECT_TRUE(tx.try_send(7));
    EXPECT_TRUE(tx.try_send(8));
}

TYPED_TEST(scenarios, a_granted_wait_that_is_cancelled_hands_its_permit_to_the_next_in_line) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    counting_waker first_woken, second_woken, third_woken;
    std::optional first(tx.send(2));
    std::optional second(tx.reserve());
    auto third = tx.send(4);
    ASSERT_TRUE(pending(*first, first_woken.as_waker()));
    ASSERT_TRUE(pending(*second, second_woken.as_waker()));
    ASSERT_TRUE(pending(third, third_woken.as_waker()));
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(first_woken.wakes(), 1);
    first.reset();
    EXPECT_EQ(second_woken.wakes(), 1);
    EXPECT_EQ(third_woken.wakes(), 0);
    second.reset();
    EXPECT_EQ(third_woken.wakes(), 1);
    EXPECT_TRUE(finished(third));
    EXPECT_EQ(rx.try_recv(), 4);
    EXPECT_EQ(tx.capacity(), 1u);
}

TYPED_TEST(scenarios, a_request_that_is_served_in_part_blocks_smaller_ones_behind_it) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    for (int i = 1; i <= 3; ++i) ASSERT_TRUE(tx.try_send(i));
    counting_waker large_woken, small_woken;
    auto large = tx.reserve_many(2);
    auto small = tx.reserve();
    ASSERT_TRUE(pending(large, large_woken.as_waker()));
    ASSERT_TRUE(pending(small, small_woken.as_waker()));
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(large_woken.wakes() + small_woken.wakes(), 0);
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_EQ(large_woken.wakes(), 1) << "it was first";
    EXPECT_EQ(small_woken.wakes(), 0);
    EXPECT_EQ(rx.try_recv(), 3);
    EXPECT_EQ(small_woken.wakes(), 1);
}

TYPED_TEST(scenarios, more_than_max_is_full_even_on_a_closed_channel) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    EXPECT_EQ(error_of(tx.try_reserve_many(3)), try_error::full);
    rx.close();
    EXPECT_EQ(error_of(tx.try_reserve_many(2)), try_error::closed);
    EXPECT_EQ(error_of(tx.try_reserve_many(3)), try_error::full);
    EXPECT_FALSE(finished(tx.reserve_many(3)));
}

TYPED_TEST(scenarios, zero_permits_are_granted_at_once_even_with_waiters_queued) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    counting_waker woken;
    auto waiting = tx.send(2);
    ASSERT_TRUE(pending(waiting, woken.as_waker()));
    auto none = tx.reserve_many(0);
    {
        auto got = none.poll(no_waker());
        ASSERT_TRUE(got && *got);
        EXPECT_FALSE((*got)->next());
    }
    EXPECT_TRUE(tx.try_reserve_many(0));
    EXPECT_EQ(woken.wakes(), 0);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(woken.wakes(), 1);
    EXPECT_TRUE(finished(waiting));
    rx.close();
    EXPECT_EQ(error_of(tx.try_reserve_many(0)), try_error::closed);
}

// Other implementations collect wakers in batches of 32, and release the lock in between.
TYPED_TEST(scenarios, close_wakes_all_of_many_waiters_in_order) {
    constexpr int crowd = 70;
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(0));
    std::vector<int> woken, expected;
    std::deque<callback_waker> wakers;
    std::deque<decltype(tx.send(0))> sends;
    std::deque<decltype(tx.closed())> listeners;
    const auto next = [&] {
        const int id = static_cast<int>(expected.size());
        expected.push_back(id);
        return wakers.emplace_back([&woken, id] { woken.push_back(id); }).as_waker();
    };
    for (int i = 0; i < crowd; ++i) {
        ASSERT_TRUE(pending(sends.emplace_back(tx.send(i)), next()));
    }
    for (int i = 0; i < crowd; ++i) {
        ASSERT_TRUE(pending(listeners.emplace_back(tx.closed()), next()));
    }
    rx.close();
    EXPECT_EQ(woken, expected);
    for (auto& send : sends) {
        auto result = send.poll(no_waker());
        ASSERT_TRUE(result);
        EXPECT_FALSE(*result);
    }
    for (auto& listener : listeners) ASSERT_FALSE(pending(listener, no_waker()));
}

// ---- Wake-ups

TYPED_TEST(scenarios, a_waiting_send_polled_with_another_waker_wakes_that_one_only) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    counting_waker old_one, new_one;
    auto send = tx.send(2);
    ASSERT_TRUE(pending(send, old_one.as_waker()));
    ASSERT_TRUE(pending(send, new_one.as_waker()));
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(old_one.wakes(), 0);
    EXPECT_EQ(new_one.wakes(), 1);
}

TYPED_TEST(scenarios, a_listener_polled_with_another_waker_wakes_that_one_only) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    counting_waker old_one, new_one;
    auto listener = tx.closed();
    ASSERT_TRUE(pending(listener, old_one.as_waker()));
    ASSERT_TRUE(pending(listener, new_one.as_waker()));
    rx.close();
    EXPECT_EQ(old_one.wakes(), 0);
    EXPECT_EQ(new_one.wakes(), 1);
}

TYPED_TEST(scenarios, a_receive_polled_with_another_waker_wakes_that_one_only) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    counting_waker old_one, new_one;
    auto receive = rx.recv();
    ASSERT_TRUE(pending(receive, old_one.as_waker()));
    ASSERT_TRUE(pending(receive, new_one.as_waker()));
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(old_one.wakes(), 0);
    EXPECT_EQ(new_one.wakes(), 1);
}

TYPED_TEST(scenarios, recv_many_is_woken_once_and_wakes_each_waiter_it_serves_once) {
    auto [tx, rx] = TypeParam::template open<int>(4);
    counting_waker receive_woken, large_woken, small_woken, last_woken;
    std::vector<int> got;
    auto receive = rx.recv_many(got, 3);
    ASSERT_TRUE(pending(receive, receive_woken.as_waker()));
    for (int i = 1; i <= 4; ++i) ASSERT_TRUE(tx.try_send(i));
    EXPECT_EQ(receive_woken.wakes(), 1);
    auto large = tx.reserve_many(2);
    auto small = tx.send(5);
    auto last = tx.send(6);
    ASSERT_TRUE(pending(large, large_woken.as_waker()));
    ASSERT_TRUE(pending(small, small_woken.as_waker()));
    ASSERT_TRUE(pending(last, last_woken.as_waker()));
    EXPECT_EQ(finished(receive), 3u);
    EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(receive_woken.wakes(), 1);
    EXPECT_EQ(large_woken.wakes(), 1);
    EXPECT_EQ(small_woken.wakes(), 1);
    EXPECT_EQ(last_woken.wakes(), 0);
    EXPECT_EQ(rx.try_recv(), 4);
    EXPECT_EQ(last_woken.wakes(), 1);
}

// ---- Closing

// A wake-up for the replaced operation would reach another operation, which waits for something else.
TYPED_TEST(scenarios, a_waker_in_close_may_close_again_and_replace_the_one_that_is_woken_next) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto [other_tx, other_rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    auto& receiver = rx;
    auto& other_sender = other_tx;
    counting_waker second_woken, replacement_woken, third_woken;
    auto first = tx.send(2);
    std::optional second(tx.closed());
    auto third = tx.closed();
    int called = 0;
    callback_waker intrude([&] {
        ++called;
        receiver.close();
        EXPECT_EQ(error_of(finished(first)).value, 2);
        second.emplace(other_sender.closed());
        EXPECT_TRUE(pending(*second, replacement_woken.as_waker()));
    });
    ASSERT_TRUE(pending(first, intrude.as_waker()));
    ASSERT_TRUE(pending(*second, second_woken.as_waker()));
    ASSERT_TRUE(pending(third, third_woken.as_waker()));
    rx.close();
    EXPECT_EQ(called, 1);
    EXPECT_EQ(third_woken.wakes(), 1);
    EXPECT_EQ(replacement_woken.wakes(), 0);
    other_rx.close();
    EXPECT_EQ(replacement_woken.wakes(), 1);
}

template <class Function>
concept can_be_a_waker = requires(Function* f) { waker{f, nullptr}; };

// A waker that throws would leave the waiters behind it asleep, so its type forbids it.
TYPED_TEST(scenarios, a_function_that_may_throw_cannot_be_a_waker) {
    EXPECT_TRUE((can_be_a_waker<void(void*) noexcept>));
    EXPECT_FALSE((can_be_a_waker<void(void*)>));
}

// Never used and never dropped: the channel cannot distinguish it from a slow permit.
TYPED_TEST(scenarios, a_leaked_permit_costs_its_place_and_after_close_keeps_the_receive_waiting) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    std::optional leaked(tx.try_reserve());
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(tx.capacity(), 1u);
        ASSERT_TRUE(tx.try_send(i));
        ASSERT_FALSE(tx.try_send(-1));
        ASSERT_EQ(finished(rx.recv()), i);
    }
    rx.close();
    counting_waker woken;
    {
        auto receive = rx.recv();
        ASSERT_TRUE(pending(receive, woken.as_waker()));
    }
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
    EXPECT_EQ(woken.wakes(), 0);
    leaked.reset();
    EXPECT_EQ(finished(rx.recv()), std::nullopt);
}

TYPED_TEST(scenarios, a_cancelled_reserve_owned_drops_the_last_sender_however_far_it_had_come) {
    enum class progress { created, waiting, granted };
    for (const auto how_far : {progress::created, progress::waiting, progress::granted}) {
        auto [tx, rx] = TypeParam::template open<int>(1);
        ASSERT_TRUE(tx.try_send(1));
        {
            auto last = std::move(tx).reserve_owned();
            EXPECT_EQ(rx.sender_strong_count(), 1u);
            if (how_far != progress::created) {
                ASSERT_TRUE(pending(last, no_waker()));
            }
            if (how_far == progress::granted) {
                EXPECT_EQ(rx.try_recv(), 1);
            }
        }
        if (how_far != progress::granted) {
            EXPECT_EQ(rx.try_recv(), 1);
        }
        EXPECT_EQ(rx.sender_strong_count(), 0u);
        auto receive = rx.recv();
        const auto end = receive.poll(no_waker());
        ASSERT_TRUE(end);
        EXPECT_EQ(*end, std::nullopt);
    }
}

// ---- Deadlines

TYPED_TEST(scenarios, a_send_that_is_granted_and_overdue_at_once_succeeds) {
    for (const bool granted_first : {false, true}) {
        auto [tx, rx] = TypeParam::template open<int>(1);
        auto clock = TypeParam::clock_of(tx);
        ASSERT_TRUE(tx.try_send(1));
        auto send = tx.send_timeout(2, 5ms, clock);
        ASSERT_TRUE(pending(send, no_waker()));
        if (granted_first) {
            EXPECT_EQ(rx.try_recv(), 1);
        }
        clock.advance(5ms);
        if (!granted_first) {
            EXPECT_EQ(rx.try_recv(), 1);
        }
        EXPECT_TRUE(finished(send));
        EXPECT_EQ(rx.try_recv(), 2);
        EXPECT_EQ(tx.capacity(), 1u);
    }
}

TYPED_TEST(scenarios, a_grant_while_an_overdue_send_gives_up_is_not_lost) {
    at_every_moment([](unsigned n) {
        auto [tx, rx] = open_interruptible<TypeParam, int>(1);
        auto& receiver = rx;
        auto clock = TypeParam::clock_of(tx);
        EXPECT_TRUE(tx.try_send(1));
        auto send = tx.send_timeout(2, 5ms, clock);
        EXPECT_TRUE(pending(send, no_waker()));
        clock.advance(5ms);
        bool came = false, sent = false;
        {
            interloper receive(n, [&] { EXPECT_EQ(finished(receiver.recv()), 1); });
            const auto result = send.poll(no_waker());
            came = receive.came();
            EXPECT_TRUE(result) << "there is nothing left to wait for";
            if (!result) return came;
            sent = result->has_value();
            if (!sent) {
                EXPECT_EQ(result->error().value, 2);
            }
        }
        if (!came) {
            EXPECT_FALSE(sent);
            EXPECT_EQ(finished(rx.recv()), 1);
        }
        EXPECT_EQ(tx.capacity(), sent ? 0u : 1u) << "receive at " << n;
        EXPECT_EQ(rx.len(), sent ? 1u : 0u);
        return came;
    });
}

// ---- Values

TYPED_TEST(scenarios, a_destructor_sees_the_capacity_of_the_value_that_dies) {
    auto [tx, rx] = TypeParam::template open<on_destroy>(5);
    const auto& sender = tx;
    std::vector<std::uint64_t> seen;
    const auto value = [&] { return on_destroy([&] { seen.push_back(sender.capacity()); }); };
    auto permit = tx.try_reserve();
    ASSERT_TRUE(permit);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(tx.try_send(value()));
    {
        const auto dropped = std::move(rx);
    }
    permit->send(value());
    ASSERT_EQ(seen.size(), 4u);
    // Its own capacity is returned, and that of all before it; the channel may have returned that of later ones too.
    for (std::uint64_t i = 0; i < seen.size(); ++i) EXPECT_GE(seen[i], 2 + i) << "value " << i;
}

TYPED_TEST(scenarios, a_value_sent_while_the_receiver_goes_dies_once_and_at_once) {
    for (const bool with_permit : {false, true}) {
        at_every_moment([with_permit](unsigned n) {
            destruction_log destroyed;
            auto [tx, rx] = open_interruptible<TypeParam, tracked_value>(3);
            auto& sender = tx;
            EXPECT_TRUE(tx.try_send(tracked_value(destroyed, 1)));
            auto permit = tx.try_reserve();
            bool came = false;
            {
                interloper late(n, [&] {
                    if (with_permit) {
                        permit->send(tracked_value(destroyed, 2));
                    } else {
                        (void)sender.try_send(tracked_value(destroyed, 2));
                    }
                });
                {
                    const auto dropped = std::move(rx);
                }
                came = late.came();
            }
            EXPECT_EQ(destroyed.ids().size(), came ? 2u : 1u)
                << "a living sender keeps no value alive; interloper at " << n;
            EXPECT_EQ(sender.capacity(), with_permit && came ? 3u : 2u);
            return came;
        });
    }
}

TYPED_TEST(scenarios, a_receiver_that_goes_while_a_value_is_sent_leaves_nothing_behind) {
    at_every_moment([](unsigned n) {
        destruction_log destroyed;
        auto [tx, rx] = open_interruptible<TypeParam, tracked_value>(3);
        auto& receiver = rx;
        EXPECT_TRUE(tx.try_send(tracked_value(destroyed, 1)));
        bool came = false;
        {
            interloper goes(n, [&] { const auto dropped = std::move(receiver); });
            (void)tx.try_send(tracked_value(destroyed, 2));
            came = goes.came();
        }
        if (came) {
            EXPECT_EQ(destroyed.ids().size(), 2u) << "receiver gone at " << n;
            EXPECT_EQ(tx.capacity(), 3u);
        }
        return came;
    });
}

/// An empty type that counts its live instances.
struct empty_value {
    static inline int alive = 0;
    empty_value() noexcept { ++alive; }
    empty_value(empty_value&&) noexcept { ++alive; }
    empty_value& operator=(empty_value&&) = delete;
    ~empty_value() { --alive; }
};

TYPED_TEST(scenarios, empty_values_are_made_and_destroyed_like_others) {
    static_assert(std::is_empty_v<empty_value>);
    {
        auto [tx, rx] = TypeParam::template open<empty_value>(3);
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(tx.try_send(empty_value()));
        EXPECT_EQ(empty_value::alive, 3);
        EXPECT_FALSE(tx.try_send(empty_value()));
        EXPECT_TRUE(finished(rx.recv()));
        EXPECT_EQ(empty_value::alive, 2);
        EXPECT_EQ(rx.len(), 2u);
    }
    EXPECT_EQ(empty_value::alive, 0);
}

struct huge_value {
    explicit huge_value(int n) { content.fill(n); }
    std::array<int, std::size_t{16} * 1024> content;
};

TYPED_TEST(scenarios, huge_values_arrive_whole_in_blocks_of_one_slot) {
    auto [tx, rx] = TypeParam::template open<huge_value>(1'000);
    int sent = 0, received = 0;
    for (int round = 1; round <= 3; ++round) {
        for (int i = 0; i < 4 * round; ++i) ASSERT_TRUE(tx.try_send(huge_value(sent++)));
        while (auto got = rx.try_recv()) {
            ASSERT_EQ(got->content, huge_value(received).content);
            ++received;
        }
    }
    EXPECT_EQ(received, sent);
    if constexpr (std::is_same_v<TypeParam, optimized_api>) {
        const std::uint64_t block_slots = detail::ring<huge_value, std_platform>::block_slots;
        EXPECT_EQ(block_slots, 1u);
    }
}

/// Throws at the n-th move from now, of any instance.
struct throwing_mover {
    static inline int moves_left = -1;
    static inline int alive = 0;

    throwing_mover() { ++alive; }
    throwing_mover(throwing_mover&&) {
        if (moves_left >= 0 && moves_left-- == 0) throw std::runtime_error("cannot be moved");
        ++alive;
    }
    throwing_mover& operator=(throwing_mover&&) = delete;
    ~throwing_mover() { --alive; }
};

/// Runs an action with its first move throwing, then its second, and so on, until it has no more moves. The check runs
/// after each throw.
template <class Action, class Check>
void at_every_move(Action action, Check check) {
    for (int n = 0; !::testing::Test::HasFailure(); ++n) {
        bool thrown = false;
        try {
            throwing_mover::moves_left = n;
            action();
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        throwing_mover::moves_left = -1;
        if (!thrown) {
            EXPECT_GT(n, 0) << "nothing was moved";
            return;
        }
        check();
    }
}

TYPED_TEST(scenarios, a_move_that_throws_on_the_way_in_leaves_the_channel_as_it_was) {
    auto [tx, rx] = TypeParam::template open<throwing_mover>(2);
    auto& sender = tx;
    auto& receiver = rx;
    const auto untouched = [&] {
        ASSERT_EQ(sender.capacity(), 2u);
        ASSERT_EQ(receiver.len(), 0u);
        ASSERT_EQ(throwing_mover::alive, 0);
    };
    at_every_move([&] { (void)sender.try_send(throwing_mover()); }, untouched);
    ASSERT_TRUE(finished(rx.recv()));
    at_every_move([&] { (void)finished(sender.send(throwing_mover())); }, untouched);
    ASSERT_TRUE(finished(rx.recv()));
    auto permit = tx.try_reserve();
    ASSERT_TRUE(permit);
    at_every_move([&] { permit->send(throwing_mover()); },
                  [&] {
                      ASSERT_EQ(sender.capacity(), 1u) << "the permit is still there";
                      ASSERT_EQ(receiver.len(), 0u);
                      ASSERT_EQ(throwing_mover::alive, 0);
                  });
    EXPECT_TRUE(rx.try_recv());
}

TYPED_TEST(scenarios, a_move_that_throws_on_the_way_out_costs_the_value_and_no_capacity) {
    auto [tx, rx] = TypeParam::template open<throwing_mover>(2);
    auto& sender = tx;
    auto& receiver = rx;
    const auto send = [&] {
        const int moves = std::exchange(throwing_mover::moves_left, -1);
        EXPECT_TRUE(sender.try_send(throwing_mover()));
        throwing_mover::moves_left = moves;
    };
    const auto gone = [&] {
        ASSERT_EQ(throwing_mover::alive, 0);
        ASSERT_EQ(sender.capacity(), 2u);
    };
    at_every_move(
        [&] {
            send();
            (void)receiver.try_recv();
        },
        gone);
    at_every_move(
        [&] {
            send();
            auto receive = receiver.recv();
            (void)receive.poll(no_waker());
        },
        gone);
    EXPECT_EQ(throwing_mover::alive, 0);
}

// ---- Wrap-around of the ticket numbers

/// Its channels start as if they had issued almost all 2^36 tickets.
struct aged_platform : std_platform {
    static constexpr std::uint64_t first_ticket = detail::ticket_mask - 20;
};

TYPED_TEST(scenarios, ticket_wrap_around_changes_nothing) {
    auto [tx, rx] = open_on<TypeParam, int, aged_platform>(3);
    auto permit = tx.try_reserve();
    ASSERT_TRUE(permit);
    for (int i = 0; i < 60; ++i) {
        ASSERT_EQ(tx.capacity(), 2u);
        ASSERT_EQ(rx.len(), 0u);
        ASSERT_EQ(tx.len(), 0u);
        ASSERT_TRUE(tx.try_send(i));
        ASSERT_TRUE(tx.try_send(-i));
        ASSERT_FALSE(tx.try_send(0));
        ASSERT_EQ(rx.len(), 2u);
        ASSERT_EQ(tx.len(), 2u);
        auto waiting = tx.send(1'000);
        ASSERT_TRUE(pending(waiting, no_waker()));
        ASSERT_EQ(finished(rx.recv()), i);
        ASSERT_TRUE(finished(waiting));
        ASSERT_EQ(finished(rx.recv()), -i);
        ASSERT_EQ(finished(rx.recv()), 1'000);
        ASSERT_EQ(rx.len(), 0u);
        ASSERT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
    }
    permit->send(7);
    ASSERT_EQ(finished(rx.recv()), 7);
    rx.close();
    EXPECT_EQ(finished(rx.recv()), std::nullopt);
}

}  // namespace
}  // namespace tailrace::verify
