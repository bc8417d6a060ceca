// Regressions with values that were lost, received twice or kept for ever, and with calls that never returned.
// After a change here run: ci/test -L regressions && ci/mutants -R regressions
#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "apis.hpp"
#include "regressions/interloper.hpp"

namespace tailrace::verify {
namespace {

template <class Api>
struct ends : ::testing::Test {};
TYPED_TEST_SUITE(ends, apis, api_names);

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

/// A function that this thread calls whenever a slow_mover moves, except during that function.
class during_moves {
  public:
    explicit during_moves(std::function<void()> act) : act_(std::move(act)) { current() = this; }
    during_moves(const during_moves&) = delete;
    during_moves& operator=(const during_moves&) = delete;
    ~during_moves() { current() = nullptr; }

    static void move() {
        during_moves* const self = std::exchange(current(), nullptr);
        if (self == nullptr) return;
        self->act_();
        current() = self;
    }

  private:
    static during_moves*& current() noexcept {
        static thread_local during_moves* one = nullptr;
        return one;
    }
    std::function<void()> act_;
};

class slow_mover {
  public:
    explicit slow_mover(int id) : id_(id) {}
    slow_mover(slow_mover&& other) noexcept : id_(other.id_) { during_moves::move(); }
    slow_mover& operator=(slow_mover&&) = delete;
    [[nodiscard]] int id() const noexcept { return id_; }

  private:
    int id_;
};

void spin_until(const std::atomic<bool>& flag) {
    while (!flag.load(std::memory_order_relaxed)) std::this_thread::yield();
}

// ---- The receiver is dropped, or a receive is cancelled

// crossbeam #669, rust-lang #107466: messages were not destroyed with the last receiver while a sender lived.
TYPED_TEST(ends, buffered_values_are_destroyed_with_the_receiver_while_a_sender_lives) {
    destruction_log destroyed;
    auto [tx, rx] = TypeParam::template open<tracked_value>(3);
    ASSERT_TRUE(tx.try_send(tracked_value(destroyed, 1)));
    ASSERT_TRUE(tx.try_send(tracked_value(destroyed, 2)));
    {
        const auto dropped = std::move(rx);
    }
    EXPECT_EQ(destroyed.ids(), (destruction_log::list{1, 2}));
    EXPECT_EQ(tx.capacity(), 3u);
}

// flume #124 (iroh #2533, GreptimeDB #2298): a receive that was cancelled after its wake-up consumed the
// wake-up.
TYPED_TEST(ends, a_receive_cancelled_after_its_wake_up_leaves_the_value_to_the_next) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    counting_waker woken;
    {
        auto cancelled = rx.recv();
        ASSERT_TRUE(pending(cancelled, woken.as_waker()));
        ASSERT_TRUE(tx.try_send(1));
        ASSERT_EQ(woken.wakes(), 1);
    }
    auto next = rx.recv();
    const auto got = next.poll(no_waker());
    ASSERT_TRUE(got) << "the value is there, and no further wake-up will come";
    EXPECT_EQ(*got, 1);
}

// kanal (ferrotunnel #170), cats-effect #2920 and #3998: a receive that was cancelled during a hand-off destroyed the
// value, and the next receive waited for ever.
TYPED_TEST(ends, a_cancelled_receive_has_taken_nothing) {
    destruction_log destroyed;
    auto [tx, rx] = TypeParam::template open<tracked_value>(2);
    for (int id = 1; id <= 20; ++id) {
        counting_waker woken;
        {
            auto cancelled = rx.recv();
            ASSERT_TRUE(pending(cancelled, woken.as_waker()));
            ASSERT_TRUE(tx.try_send(tracked_value(destroyed, id)));
        }
        ASSERT_TRUE(destroyed.ids().empty()) << "no task has received it";
        EXPECT_EQ(rx.len(), 1u);
        auto next = rx.recv();
        auto got = next.poll(no_waker());
        ASSERT_TRUE(got);
        EXPECT_EQ((*got)->id(), id);
        got.reset();
        ASSERT_EQ(destroyed.ids(), destruction_log::list{id});
        destroyed = {};
    }
}

// asio #1022: a channel reset while operations were waiting crashed when they were destroyed.
TYPED_TEST(ends, operations_that_wait_outlive_the_receiver_and_every_sender) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    counting_waker owned_woken, send_woken, listener_woken;
    auto owned = std::make_unique<decltype(tx.clone().reserve_owned())>(tx.clone().reserve_owned());
    ASSERT_TRUE(pending(*owned, owned_woken.as_waker()));
    {
        const auto sender = std::move(tx);
        auto send = sender.send(2);
        auto listener = sender.closed();
        ASSERT_TRUE(pending(send, send_woken.as_waker()));
        ASSERT_TRUE(pending(listener, listener_woken.as_waker()));
        {
            const auto dropped = std::move(rx);
        }
        EXPECT_EQ(sender.strong_count(), 2u);
    }
    EXPECT_EQ(owned_woken.wakes() + send_woken.wakes() + listener_woken.wakes(), 3);
    owned.reset();
}

// A ring with as many slots as the capacity has none for the end behind a full buffer.
TYPED_TEST(ends, a_full_channel_ends_though_its_ring_has_no_slot_for_the_end) {
    for (const std::size_t capacity : {1u, 7u, 8u, 9u, 16u, 64u}) {
        for (const std::size_t turned : {0u, 3u, 8u}) {
            SCOPED_TRACE(::testing::Message() << "capacity " << capacity << ", after " << turned);
            auto [tx, rx] = TypeParam::template open<int>(capacity);
            for (std::size_t i = 0; i < turned; ++i) {
                ASSERT_TRUE(tx.try_send(0));
                ASSERT_EQ(rx.try_recv(), 0);
            }
            for (std::size_t i = 0; i < capacity; ++i) ASSERT_TRUE(tx.try_send(static_cast<int>(i)));
            {
                const auto drop = std::move(tx);
            }
            for (std::size_t i = 0; i < capacity; ++i) EXPECT_EQ(finished(rx.recv()), static_cast<int>(i));
            EXPECT_EQ(finished(rx.recv()), std::nullopt);
            EXPECT_EQ(rx.try_recv().error(), try_recv_error::disconnected);
        }
    }
}

// An owned reservation that failed dropped its sender before the wake-up that its returned permit owed.
TYPED_TEST(ends, a_reservation_that_fails_drops_its_sender_after_the_wake_up_of_its_permit) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto permit = tx.try_reserve();
    ASSERT_TRUE(permit);
    auto owned = tx.clone().reserve_owned();
    ASSERT_TRUE(pending(owned, no_waker()));
    {
        const auto granted_to_the_next = std::move(*permit);
    }
    rx.close();
    struct observer {
        decltype(tx)* sender;
        std::uint64_t senders_seen;
    } at_the_wake_up{&tx, 0};
    auto receive = rx.recv();
    const waker wakes{[](void* o) noexcept {
                          auto& self = *static_cast<observer*>(o);
                          self.senders_seen = self.sender->strong_count();
                      },
                      &at_the_wake_up};
    ASSERT_TRUE(pending(receive, wakes)) << "a permit is out";
    const auto failed = owned.poll(no_waker());
    ASSERT_TRUE(failed && !*failed);
    EXPECT_EQ(at_the_wake_up.senders_seen, 2u);
    EXPECT_EQ(tx.strong_count(), 1u);
}

// tokio #1886: a receiver that was dropped woke a task under its own lock, and the task tried to take that lock.
TYPED_TEST(ends, a_waker_in_the_receivers_drop_may_use_whatever_waits_there) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    auto& sender = tx;
    std::optional second(tx.reserve());
    std::optional listener(tx.closed());
    int called = 0;
    callback_waker use([&] {
        ++called;
        second.reset();
        listener.reset();
        EXPECT_FALSE(finished(sender.send(3)));
        (void)finished(sender.closed());
    });
    auto first = tx.send(2);
    ASSERT_TRUE(pending(first, use.as_waker()));
    ASSERT_TRUE(pending(*second, no_waker()));
    ASSERT_TRUE(pending(*listener, no_waker()));
    {
        const auto dropped = std::move(rx);
    }
    EXPECT_EQ(called, 1);
    EXPECT_EQ(error_of(finished(first)).value, 2);
}

// libcoro #401: draining at shutdown never ended if another party had shut down already.
TYPED_TEST(ends, dropping_the_receiver_returns_even_if_the_channel_has_ended) {
    destruction_log destroyed;
    {
        auto [tx, rx] = TypeParam::template open<tracked_value>(2);
        ASSERT_TRUE(tx.try_send(tracked_value(destroyed, 1)));
        {
            const auto dropped = std::move(tx);
        }
        const auto dropped = std::move(rx);
    }
    {
        auto [tx, rx] = TypeParam::template open<tracked_value>(2);
        rx.close();
        const auto dropped = std::move(rx);
    }
    EXPECT_EQ(destroyed.ids(), destruction_log::list{1});
    at_every_moment([](unsigned n) {
        auto [tx, rx] = open_interruptible<TypeParam, int>(2);
        EXPECT_TRUE(tx.try_send(1));
        auto& sender = tx;
        interloper last_sender(n, [&] { const auto dropped = std::move(sender); });
        {
            const auto dropped = std::move(rx);
        }
        return last_sender.came();
    });
}

// ---- Values

// kanal #63 and #19: a value was read before it was written, or twice.
TYPED_TEST(ends, a_value_is_not_received_before_it_is_written) {
    auto [tx, rx] = TypeParam::template open<slow_mover>(2);
    int looked = 0, taken = 0;
    {
        const during_moves look([&] {
            ++looked;
            auto early = rx.recv();
            if (!pending(early, no_waker())) ++taken;
        });
        ASSERT_TRUE(tx.try_send(slow_mover(1)));
    }
    ASSERT_GT(looked, 0);
    ASSERT_EQ(taken, 0);
    EXPECT_EQ(finished(rx.recv())->id(), 1);
}

// boost.fiber #111: the index wrapped around before the slot was reset, and a receive looped for ever. Here it would
// take a value again.
TYPED_TEST(ends, a_slot_is_empty_when_it_is_reused) {
    for (std::size_t capacity = 1; capacity <= 9; ++capacity) {
        auto [tx, rx] = TypeParam::template open<int>(capacity);
        for (int i = 0; i < 200; ++i) {
            ASSERT_TRUE(tx.try_send(i));
            ASSERT_EQ(finished(rx.recv()), i);
            auto early = rx.recv();
            ASSERT_TRUE(pending(early, no_waker())) << "capacity " << capacity << ", after " << i;
        }
    }
}

// moodycamel #173: the count was above zero and the queue was empty: the receive looped.
TYPED_TEST(ends, unused_permits_never_look_like_values) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    for (int i = 0; i < 20; ++i) {
        {
            const auto unused = tx.try_reserve();
            ASSERT_TRUE(unused);
            const auto more = tx.try_reserve_many(2);
            ASSERT_TRUE(more);
        }
        ASSERT_EQ(rx.len(), 0u);
        ASSERT_EQ(tx.capacity(), 3u);
        auto receive = rx.recv();
        ASSERT_TRUE(pending(receive, no_waker()));
    }
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1);
}

// folly #1272: a block was freed before a slow producer had written to it.
TYPED_TEST(ends, a_slow_sender_keeps_its_slot_while_others_wrap_around) {
    constexpr std::size_t too_large_to_turn_in_place = 5'000;
    for (const int others : {6, 40}) {
        for (int before = 0; before <= 17; ++before) {
            SCOPED_TRACE(::testing::Message() << others << " others, after " << before);
            auto [tx, rx] = TypeParam::template open<slow_mover>(too_large_to_turn_in_place);
            auto& sender = tx;
            for (int i = 0; i < before; ++i) {
                ASSERT_TRUE(tx.try_send(slow_mover(-1)));
                ASSERT_TRUE(finished(rx.recv()));
            }
            bool overtaken = false;
            {
                // It pauses after it has claimed its slot. (In the reference, claim and publication are one step.)
                const during_moves overtake([&] {
                    if (overtaken || sender.capacity() == too_large_to_turn_in_place) return;
                    overtaken = true;
                    for (int i = 1; i <= others; ++i) EXPECT_TRUE(sender.try_send(slow_mover(i)));
                });
                ASSERT_TRUE(tx.try_send(slow_mover(0)));
            }
            for (int id = 0; id <= (overtaken ? others : 0); ++id) {
                auto receive = rx.recv();
                auto got = receive.poll(no_waker());
                ASSERT_TRUE(got && *got);
                ASSERT_EQ((*got)->id(), id);
            }
        }
    }
}

// kotlinx #2435 and #2826: the hook for undelivered elements was not called for a cancelled one, and called for a
// delivered one.
TYPED_TEST(ends, a_value_dies_once_whether_its_send_is_cancelled_refused_or_received) {
    destruction_log destroyed;
    using list = destruction_log::list;
    auto [tx, rx] = TypeParam::template open<tracked_value>(1);
    ASSERT_TRUE(tx.try_send(tracked_value(destroyed, 1)));
    {
        auto waiting = tx.send(tracked_value(destroyed, 2));
        ASSERT_TRUE(pending(waiting, no_waker()));
    }
    EXPECT_EQ(destroyed.ids(), list{2}) << "cancelled while it waited";
    {
        auto granted = tx.send(tracked_value(destroyed, 3));
        ASSERT_TRUE(pending(granted, no_waker()));
        EXPECT_EQ(finished(rx.recv())->id(), 1);
        EXPECT_EQ(destroyed.ids(), (list{2, 1}));
    }
    EXPECT_EQ(destroyed.ids(), (list{2, 1, 3})) << "cancelled after its grant";
    {
        const auto never_polled = tx.send(tracked_value(destroyed, 4));
    }
    EXPECT_EQ(destroyed.ids(), (list{2, 1, 3, 4}));
    auto received = tx.send(tracked_value(destroyed, 5));
    ASSERT_TRUE(finished(received));
    EXPECT_EQ(finished(rx.recv())->id(), 5);
    EXPECT_EQ(destroyed.ids(), (list{2, 1, 3, 4, 5}));
    rx.close();
    {
        auto refused = tx.send(tracked_value(destroyed, 6));
        EXPECT_EQ(error_of(finished(refused)).value.id(), 6);
    }
    EXPECT_EQ(destroyed.ids(), (list{2, 1, 3, 4, 5, 6}));
}

// ---- Waiting senders

// shuttle #167, golang/sync PR 10: a cancelled front waiter with a large need left the waiters behind it asleep,
// although their small needs could be met.
TYPED_TEST(ends, a_cancelled_head_passes_its_permits_to_the_waiters_behind_it) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    ASSERT_TRUE(tx.try_send(0));
    counting_waker head_woken, second_woken, third_woken;
    auto second = tx.send(1);
    auto third = tx.reserve();
    {
        auto head = tx.reserve_many(3);
        ASSERT_TRUE(pending(head, head_woken.as_waker()));
        ASSERT_TRUE(pending(second, second_woken.as_waker()));
        ASSERT_TRUE(pending(third, third_woken.as_waker()));
    }
    EXPECT_EQ(head_woken.wakes(), 0);
    EXPECT_EQ(second_woken.wakes(), 1);
    EXPECT_EQ(third_woken.wakes(), 1);
    EXPECT_TRUE(finished(second));
    EXPECT_TRUE(finished(third));
}

// asio #1318 and #1575: close cancelled the receives and left the sends waiting.
TYPED_TEST(ends, close_wakes_and_fails_every_send_that_waits) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    counting_waker send_woken, reserve_woken;
    auto send = tx.send(2);
    auto reserve = tx.reserve();
    ASSERT_TRUE(pending(send, send_woken.as_waker()));
    ASSERT_TRUE(pending(reserve, reserve_woken.as_waker()));
    rx.close();
    EXPECT_EQ(send_woken.wakes(), 1);
    EXPECT_EQ(reserve_woken.wakes(), 1);
    const auto sent = send.poll(no_waker());
    ASSERT_TRUE(sent);
    EXPECT_FALSE(*sent);
    const auto reserved = reserve.poll(no_waker());
    ASSERT_TRUE(reserved);
    EXPECT_FALSE(*reserved);
}

// go #40641: a goroutine could be found in the queue before it had finished parking, while its stack still moved.
TYPED_TEST(ends, an_operation_may_be_woken_finished_and_gone_before_the_poll_that_queued_it_returns) {
    at_every_moment([](unsigned n) {
        auto [tx, rx] = open_interruptible<TypeParam, int>(1);
        EXPECT_TRUE(tx.try_send(1));
        auto& receiver = rx;
        std::optional reserve(tx.reserve());
        bool woken = false;
        callback_waker go([&] {
            woken = true;
            reserve.reset();
        });
        bool came = false;
        {
            interloper receive(n, [&] { EXPECT_EQ(finished(receiver.recv()), 1); });
            const auto result = reserve->poll(go.as_waker());
            came = receive.came();
            EXPECT_EQ(result.has_value(), came && !woken)
                << "either it has a permit now, or it was woken and destroyed";
        }
        if (!came) {
            EXPECT_EQ(finished(receiver.recv()), 1);
        }
        reserve.reset();
        EXPECT_EQ(tx.capacity(), 1u) << "interloper at " << n;
        return came;
    });
}

// zio #650: close unlinked the waiters under the lock and signalled them later, through frames that were destroyed
// meanwhile.
TYPED_TEST(ends, close_never_wakes_through_a_destroyed_operation) {
    at_every_moment([](unsigned n) {
        auto [tx, rx] = open_interruptible<TypeParam, int>(1);
        EXPECT_TRUE(tx.try_send(1));
        counting_waker first_woken, second_woken;
        auto first = std::make_unique<decltype(tx.reserve())>(tx.reserve());
        auto second = std::make_unique<decltype(tx.closed())>(tx.closed());
        EXPECT_TRUE(pending(*first, first_woken.as_waker()));
        EXPECT_TRUE(pending(*second, second_woken.as_waker()));
        interloper loser(n, [&] {
            first.reset();
            second.reset();
        });
        rx.close();
        return loser.came();
    });
}

// ---- The receive that waits

// boost.fiber #114: try_push did not wake a pop that waited.
TYPED_TEST(ends, a_try_send_wakes_the_receive_that_waits) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    counting_waker woken;
    auto receive = rx.recv();
    ASSERT_TRUE(pending(receive, woken.as_waker()));
    ASSERT_TRUE(tx.try_send(1));
    ASSERT_EQ(woken.wakes(), 1);
    EXPECT_EQ(finished(receive), 1);
}

// libcoro #120: a value arrived between the check that found nothing and the suspension, and the receive did not check
// again.
TYPED_TEST(ends, a_value_that_arrives_while_a_receive_goes_to_sleep_is_received) {
    at_every_moment([](unsigned n) {
        auto [tx, rx] = open_interruptible<TypeParam, int>(1);
        auto& sender = tx;
        counting_waker woken;
        auto receive = rx.recv();
        bool came = false;
        std::optional<std::optional<int>> got;
        {
            interloper send(n, [&] { EXPECT_TRUE(sender.try_send(1)); });
            got = receive.poll(woken.as_waker());
            came = send.came();
        }
        if (!came) {
            EXPECT_TRUE(sender.try_send(1));
        }
        if (!got) {
            EXPECT_EQ(woken.wakes(), 1) << "asleep beside a value, interloper at " << n;
            got = receive.poll(no_waker());
        }
        EXPECT_EQ(got.value_or(std::nullopt), 1);
        return came;
    });
}

// folly #2080: blockingRead did not wake up.
TYPED_TEST(ends, a_wake_up_that_comes_before_the_thread_has_gone_to_sleep_is_not_lost) {
    at_every_moment([](unsigned n) {
        // Before and after the lock of its creation, and before the lock of its sleep: a later moment needs a second
        // thread.
        constexpr unsigned moments_of_the_reference = 3;
        if (std::is_same_v<TypeParam, reference_api> && n == moments_of_the_reference) return false;
        auto [tx, rx] = open_interruptible<TypeParam, int>(1);
        auto& sender = tx;
        interloper send(n, [&] { EXPECT_TRUE(sender.try_send(1)); });
        EXPECT_EQ(rx.blocking_recv(), 1);
        return send.came() && !send.came_last();
    });
}

/// Reports when its thread goes to sleep.
struct observed_platform : std_platform {
    static inline std::atomic<bool> asleep{false};

    class parker : public std_platform::parker {
      public:
        void park() noexcept {
            asleep = true;
            std_platform::parker::park();
        }
    };
};

// boost.fiber #254 and #282: a waiting task kept the thread busy that the other task needed.
TYPED_TEST(ends, a_try_recv_that_waits_for_a_slow_sender_goes_to_sleep) {
    observed_platform::asleep = false;
    auto [tx, rx] = open_on<TypeParam, slow_mover, observed_platform>(1);
    auto& sender = tx;
    std::atomic<bool> claimed{false}, answered{false}, sent{false};
    std::thread slow([&] {
        // It stops here until the receiver sleeps, or has returned empty without sleeping.
        const during_moves stall([&] {
            const bool in_place = sender.capacity() == 0;
            if (in_place || std::is_same_v<TypeParam, reference_api>) {
                claimed = true;
                while (!observed_platform::asleep && !answered) std::this_thread::yield();
            }
        });
        EXPECT_TRUE(sender.try_send(slow_mover(1)));
        sent = true;
    });
    spin_until(claimed);
    auto got = rx.try_recv();
    answered = true;
    slow.join();
    if (got) {
        EXPECT_EQ(got->id(), 1);
    } else {
        EXPECT_EQ(got.error(), try_recv_error::empty);
        EXPECT_EQ(finished(rx.recv())->id(), 1);
    }
}

// kotlinx #3834: close read the continuation of a receive that another thread had just put there.
TYPED_TEST(ends, the_party_that_ends_the_channel_sees_the_whole_parked_receive) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    counting_waker woken;
    auto receive = rx.recv();
    // relaxed: it orders nothing, so that only the channel does.
    std::atomic<bool> waits{false};
    std::thread other([&] {
        EXPECT_TRUE(pending(receive, woken.as_waker()));
        waits.store(true, std::memory_order_relaxed);
    });
    spin_until(waits);
    {
        const auto dropped = std::move(tx);
    }
    EXPECT_EQ(woken.wakes(), 1);
    other.join();
    EXPECT_EQ(finished(receive), std::nullopt);
}

// ---- Threads that sleep on the mutex and condition variables of the reference

/// Reports when a thread is about to sleep, and delays the sleep until another thread has failed to take the lock, or
/// has signalled.
struct sleep_delaying_platform : model::std_platform {
    static inline std::atomic<bool> armed, about_to_sleep, refused, signalled;

    class mutex {
      public:
        void lock() {
            if (mutex_.try_lock()) return;
            refused = true;
            mutex_.lock();
        }
        void unlock() { mutex_.unlock(); }

      private:
        std::mutex mutex_;
    };
    class condition_variable {
      public:
        template <class Lock>
        void wait(Lock& lock) {
            if (armed.exchange(false)) {
                about_to_sleep = true;
                while (!refused && !signalled) std::this_thread::yield();
            }
            condition_.wait(lock);
        }
        template <class Lock, class Time>
        auto wait_until(Lock& lock, const Time& when) {
            return condition_.wait_until(lock, when);
        }
        void notify_one() {
            condition_.notify_one();
            signalled = true;
        }

      private:
        std::condition_variable_any condition_;
    };
};

// cpp-channel #38: close set its flag without the mutex, and a reader that had checked the flag and not yet slept then
// slept for ever.
TYPED_TEST(ends, closing_wakes_a_thread_that_is_about_to_sleep) {
    sleep_delaying_platform::armed = std::is_same_v<TypeParam, reference_api>;
    sleep_delaying_platform::about_to_sleep = !sleep_delaying_platform::armed;  // the other channel has no such moment
    sleep_delaying_platform::refused = sleep_delaying_platform::signalled = false;
    auto [tx, rx] = open_on<TypeParam, int, std_platform, sleep_delaying_platform>(1);
    auto& sender = tx;
    ASSERT_TRUE(tx.try_send(1));
    std::thread sleeper([&] { EXPECT_EQ(error_of(sender.blocking_send(2)).value, 2); });
    spin_until(sleep_delaying_platform::about_to_sleep);
    rx.close();
    sleeper.join();
}

/// Its condition variables wake the thread that has slept longest, which the standard allows.
struct queueing_platform : model::std_platform {
    static inline std::atomic<int> asleep{0};

    class condition_variable {
      public:
        template <class Lock>
        void wait(Lock& lock) {
            sleeper own;
            queue_.push_back(&own);
            ++asleep;
            own.condition.wait(lock, [&own] { return own.called; });
            --asleep;
        }
        template <class Lock, class Time>
        auto wait_until(Lock& lock, const Time&) {
            wait(lock);
            return std::cv_status::no_timeout;
        }
        void notify_one() {
            if (queue_.empty()) return;
            sleeper& oldest = *queue_.front();
            queue_.pop_front();
            oldest.called = true;
            oldest.condition.notify_one();
        }

      private:
        struct sleeper {
            std::condition_variable condition;
            bool called = false;
        };
        std::list<sleeper*> queue_;  // guarded by the lock of the waits
    };
};

// nim #26230: senders and receivers slept on one condition variable, and the signal for one woke the other.
TYPED_TEST(ends, a_permit_that_comes_back_wakes_a_sender_though_a_receiver_sleeps_longer) {
    constexpr bool reference = std::is_same_v<TypeParam, reference_api>;
    auto [tx, rx] = open_on<TypeParam, int, std_platform, queueing_platform>(1);
    auto& sender = tx;
    auto& receiver = rx;
    const auto all_asleep = [](int threads) {
        while (reference && queueing_platform::asleep != threads) std::this_thread::yield();
    };
    auto permit = tx.try_reserve();
    ASSERT_TRUE(permit);
    std::thread receives([&] { EXPECT_EQ(receiver.blocking_recv(), 2); });
    all_asleep(1);
    std::thread sends([&] { EXPECT_TRUE(sender.blocking_send(2)); });
    all_asleep(2);
    {
        const auto unused = std::move(*permit);
    }
    sends.join();
    receives.join();
}

}  // namespace
}  // namespace tailrace::verify
