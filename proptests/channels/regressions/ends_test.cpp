// Channels that ended badly: values that were lost, received twice or kept for ever, and calls that never came back.
// After a change here run: ctest -L regressions && ci/mutants -R regressions
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

/// A waker that does something.
class errand {
  public:
    explicit errand(std::function<void()> act) : act_(std::move(act)) {}
    errand(const errand&) = delete;
    errand& operator=(const errand&) = delete;

    [[nodiscard]] waker wire() noexcept {
        return {[](void* self) noexcept { static_cast<errand*>(self)->act_(); }, this};
    }

  private:
    std::function<void()> act_;
};

/// What this thread does whenever a slow_mover moves, except while it does it.
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

// ---- The receiver goes, or gives up

// crossbeam #669, rust-lang #107466: messages lived on after the last receiver had gone, as long as there was a sender.
TYPED_TEST(ends, what_is_buffered_dies_with_the_receiver_though_a_sender_lives) {
    register_of_deaths deaths;
    auto [tx, rx] = TypeParam::template open<mortal>(3);
    ASSERT_TRUE(tx.try_send(mortal(deaths, 1)));
    ASSERT_TRUE(tx.try_send(mortal(deaths, 2)));
    {
        const auto dropped = std::move(rx);
    }
    EXPECT_EQ(deaths.dead(), (register_of_deaths::list{1, 2}));
    EXPECT_EQ(tx.capacity(), 3u);
}

// flume #124 (iroh #2533, GreptimeDB #2298): a receive that was cancelled after it had been signalled took the signal
// with it.
TYPED_TEST(ends, a_receive_cancelled_after_its_wake_up_leaves_the_value_to_the_next) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    bell woken;
    {
        auto cancelled = rx.recv();
        ASSERT_TRUE(pending(cancelled, woken.wire()));
        ASSERT_TRUE(tx.try_send(1));
        ASSERT_EQ(woken.rings(), 1);
    }
    auto next = rx.recv();
    const auto got = next.poll(nobody());
    ASSERT_TRUE(got) << "the value is there, and no further wake-up will come";
    EXPECT_EQ(*got, 1);
}

// kanal (ferrotunnel #170), cats-effect #2920 and #3998: a receive that was cancelled just when it was handed a value
// destroyed it, and the next one waited for ever.
TYPED_TEST(ends, a_cancelled_receive_has_taken_nothing) {
    register_of_deaths deaths;
    auto [tx, rx] = TypeParam::template open<mortal>(2);
    for (int id = 1; id <= 20; ++id) {
        bell woken;
        {
            auto cancelled = rx.recv();
            ASSERT_TRUE(pending(cancelled, woken.wire()));
            ASSERT_TRUE(tx.try_send(mortal(deaths, id)));
        }
        ASSERT_TRUE(deaths.dead().empty()) << "nobody has received it";
        EXPECT_EQ(rx.len(), 1u);
        auto next = rx.recv();
        auto got = next.poll(nobody());
        ASSERT_TRUE(got);
        EXPECT_EQ((*got)->id(), id);
        got.reset();
        ASSERT_EQ(deaths.dead(), register_of_deaths::list{id});
        deaths = {};
    }
}

// asio #1022: a channel reset while operations were waiting crashed when they went.
TYPED_TEST(ends, operations_that_wait_outlive_the_receiver_and_every_sender) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    bell owned_woken, send_woken, listener_woken;
    auto owned = std::make_unique<decltype(tx.clone().reserve_owned())>(tx.clone().reserve_owned());
    ASSERT_TRUE(pending(*owned, owned_woken.wire()));
    {
        const auto sender = std::move(tx);
        auto send = sender.send(2);
        auto listener = sender.closed();
        ASSERT_TRUE(pending(send, send_woken.wire()));
        ASSERT_TRUE(pending(listener, listener_woken.wire()));
        {
            const auto dropped = std::move(rx);
        }
        EXPECT_EQ(sender.strong_count(), 2u);
    }
    EXPECT_EQ(owned_woken.rings() + send_woken.rings() + listener_woken.rings(), 3);
    owned.reset();
}

// tokio #1886: a receiver that was dropped woke a task under its own lock, which came back for that lock.
TYPED_TEST(ends, a_waker_in_the_receivers_drop_may_use_whatever_waits_there) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    auto& sender = tx;
    std::optional second(tx.reserve());
    std::optional listener(tx.closed());
    int called = 0;
    errand use([&] {
        ++called;
        second.reset();
        listener.reset();
        EXPECT_FALSE(finished(sender.send(3)));
        (void)finished(sender.closed());
    });
    auto first = tx.send(2);
    ASSERT_TRUE(pending(first, use.wire()));
    ASSERT_TRUE(pending(*second, nobody()));
    ASSERT_TRUE(pending(*listener, nobody()));
    {
        const auto dropped = std::move(rx);
    }
    EXPECT_EQ(called, 1);
    EXPECT_EQ(error_of(finished(first)).value, 2);
}

// libcoro #401: draining at shutdown went on for ever when another party had shut down already.
TYPED_TEST(ends, the_receivers_drop_ends_wherever_the_channel_has_ended_before) {
    register_of_deaths deaths;
    {
        auto [tx, rx] = TypeParam::template open<mortal>(2);
        ASSERT_TRUE(tx.try_send(mortal(deaths, 1)));
        {
            const auto dropped = std::move(tx);
        }
        const auto dropped = std::move(rx);
    }
    {
        auto [tx, rx] = TypeParam::template open<mortal>(2);
        rx.close();
        const auto dropped = std::move(rx);
    }
    EXPECT_EQ(deaths.dead(), register_of_deaths::list{1});
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

// kanal #63 and #19: what was handed over was read before it was written, or twice.
TYPED_TEST(ends, a_value_is_not_received_before_it_is_there) {
    auto [tx, rx] = TypeParam::template open<slow_mover>(2);
    int looked = 0, taken = 0;
    {
        const during_moves look([&] {
            ++looked;
            auto early = rx.recv();
            if (!pending(early, nobody())) ++taken;
        });
        ASSERT_TRUE(tx.try_send(slow_mover(1)));
    }
    ASSERT_GT(looked, 0);
    ASSERT_EQ(taken, 0);
    EXPECT_EQ(finished(rx.recv())->id(), 1);
}

// boost.fiber #111: the index had come round, the slot had not, and a receive looped for ever. Here it would take a
// value again.
TYPED_TEST(ends, a_slot_is_empty_when_its_turn_comes_again) {
    for (std::size_t capacity = 1; capacity <= 9; ++capacity) {
        auto [tx, rx] = TypeParam::template open<int>(capacity);
        for (int i = 0; i < 200; ++i) {
            ASSERT_TRUE(tx.try_send(i));
            ASSERT_EQ(finished(rx.recv()), i);
            auto early = rx.recv();
            ASSERT_TRUE(pending(early, nobody())) << "capacity " << capacity << ", after " << i;
        }
    }
}

// moodycamel #173: the count said that there was something, and the queue had nothing: the receive went round and
// round.
TYPED_TEST(ends, permits_that_come_back_unused_look_like_no_value) {
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
        ASSERT_TRUE(pending(receive, nobody()));
    }
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1);
}

// folly #1272: a block went before a producer that lagged behind had written to it.
TYPED_TEST(ends, a_slow_sender_keeps_its_place_though_others_go_round_the_storage) {
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
                // Once it has its place it is in no hurry. (In the reference it has one only when it is there.)
                const during_moves overtake([&] {
                    if (overtaken || sender.capacity() == too_large_to_turn_in_place) return;
                    overtaken = true;
                    for (int i = 1; i <= others; ++i) EXPECT_TRUE(sender.try_send(slow_mover(i)));
                });
                ASSERT_TRUE(tx.try_send(slow_mover(0)));
            }
            for (int id = 0; id <= (overtaken ? others : 0); ++id) {
                auto receive = rx.recv();
                auto got = receive.poll(nobody());
                ASSERT_TRUE(got && *got);
                ASSERT_EQ((*got)->id(), id);
            }
        }
    }
}

// kotlinx #2435 and #2826: the hook for undelivered elements was not called for a cancelled one, and called for a
// delivered one.
TYPED_TEST(ends, a_value_dies_once_whether_its_send_is_cancelled_refused_or_received) {
    register_of_deaths deaths;
    using list = register_of_deaths::list;
    auto [tx, rx] = TypeParam::template open<mortal>(1);
    ASSERT_TRUE(tx.try_send(mortal(deaths, 1)));
    {
        auto waiting = tx.send(mortal(deaths, 2));
        ASSERT_TRUE(pending(waiting, nobody()));
    }
    EXPECT_EQ(deaths.dead(), list{2}) << "cancelled while it waited";
    {
        auto granted = tx.send(mortal(deaths, 3));
        ASSERT_TRUE(pending(granted, nobody()));
        EXPECT_EQ(finished(rx.recv())->id(), 1);
        EXPECT_EQ(deaths.dead(), (list{2, 1}));
    }
    EXPECT_EQ(deaths.dead(), (list{2, 1, 3})) << "cancelled after its grant";
    {
        const auto never_polled = tx.send(mortal(deaths, 4));
    }
    EXPECT_EQ(deaths.dead(), (list{2, 1, 3, 4}));
    auto received = tx.send(mortal(deaths, 5));
    ASSERT_TRUE(finished(received));
    EXPECT_EQ(finished(rx.recv())->id(), 5);
    EXPECT_EQ(deaths.dead(), (list{2, 1, 3, 4, 5}));
    rx.close();
    {
        auto refused = tx.send(mortal(deaths, 6));
        EXPECT_EQ(error_of(finished(refused)).value.id(), 6);
    }
    EXPECT_EQ(deaths.dead(), (list{2, 1, 3, 4, 5, 6}));
}

// ---- Waiting senders

// shuttle #167, golang/sync PR 10: a cancelled front waiter that needed much left those asleep behind it that needed
// little.
TYPED_TEST(ends, when_the_head_of_the_queue_gives_up_those_behind_it_get_what_it_held) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    ASSERT_TRUE(tx.try_send(0));
    bell head_woken, second_woken, third_woken;
    auto second = tx.send(1);
    auto third = tx.reserve();
    {
        auto head = tx.reserve_many(3);
        ASSERT_TRUE(pending(head, head_woken.wire()));
        ASSERT_TRUE(pending(second, second_woken.wire()));
        ASSERT_TRUE(pending(third, third_woken.wire()));
    }
    EXPECT_EQ(head_woken.rings(), 0);
    EXPECT_EQ(second_woken.rings(), 1);
    EXPECT_EQ(third_woken.rings(), 1);
    EXPECT_TRUE(finished(second));
    EXPECT_TRUE(finished(third));
}

// asio #1318 and #1575: close cancelled the receives and left the sends waiting.
TYPED_TEST(ends, close_wakes_and_fails_every_send_that_waits) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    bell send_woken, reserve_woken;
    auto send = tx.send(2);
    auto reserve = tx.reserve();
    ASSERT_TRUE(pending(send, send_woken.wire()));
    ASSERT_TRUE(pending(reserve, reserve_woken.wire()));
    rx.close();
    EXPECT_EQ(send_woken.rings(), 1);
    EXPECT_EQ(reserve_woken.rings(), 1);
    const auto sent = send.poll(nobody());
    ASSERT_TRUE(sent);
    EXPECT_FALSE(*sent);
    const auto reserved = reserve.poll(nobody());
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
        errand go([&] {
            woken = true;
            reserve.reset();
        });
        bool came = false;
        {
            interloper receive(n, [&] { EXPECT_EQ(finished(receiver.recv()), 1); });
            const auto result = reserve->poll(go.wire());
            came = receive.came();
            EXPECT_EQ(result.has_value(), came && !woken) << "either it has a permit now, or it was woken and has gone";
        }
        if (!came) {
            EXPECT_EQ(finished(receiver.recv()), 1);
        }
        reserve.reset();
        EXPECT_EQ(tx.capacity(), 1u) << "interloper at " << n;
        return came;
    });
}

// zio #650: close took the waiters off under the lock and signalled them after it, through frames that had gone
// meanwhile.
TYPED_TEST(ends, close_wakes_nobody_through_an_operation_that_has_gone) {
    at_every_moment([](unsigned n) {
        auto [tx, rx] = open_interruptible<TypeParam, int>(1);
        EXPECT_TRUE(tx.try_send(1));
        bell first_woken, second_woken;
        auto first = std::make_unique<decltype(tx.reserve())>(tx.reserve());
        auto second = std::make_unique<decltype(tx.closed())>(tx.closed());
        EXPECT_TRUE(pending(*first, first_woken.wire()));
        EXPECT_TRUE(pending(*second, second_woken.wire()));
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
    bell woken;
    auto receive = rx.recv();
    ASSERT_TRUE(pending(receive, woken.wire()));
    ASSERT_TRUE(tx.try_send(1));
    ASSERT_EQ(woken.rings(), 1);
    EXPECT_EQ(finished(receive), 1);
}

// libcoro #120: between the look that found nothing and the suspension a value arrived, and nobody looked again.
TYPED_TEST(ends, a_value_that_arrives_while_a_receive_goes_to_sleep_is_received) {
    at_every_moment([](unsigned n) {
        auto [tx, rx] = open_interruptible<TypeParam, int>(1);
        auto& sender = tx;
        bell woken;
        auto receive = rx.recv();
        bool came = false;
        std::optional<std::optional<int>> got;
        {
            interloper send(n, [&] { EXPECT_TRUE(sender.try_send(1)); });
            got = receive.poll(woken.wire());
            came = send.came();
        }
        if (!came) {
            EXPECT_TRUE(sender.try_send(1));
        }
        if (!got) {
            EXPECT_EQ(woken.rings(), 1) << "asleep beside a value, interloper at " << n;
            got = receive.poll(nobody());
        }
        EXPECT_EQ(got.value_or(std::nullopt), 1);
        return came;
    });
}

// folly #2080: blockingRead did not wake.
TYPED_TEST(ends, a_wake_up_that_comes_before_the_thread_has_gone_to_sleep_is_not_lost) {
    at_every_moment([](unsigned n) {
        // Before and after the lock of its creation, and before that of its sleep: later it would take another thread.
        constexpr unsigned moments_of_the_reference = 3;
        if (std::is_same_v<TypeParam, reference_api> && n == moments_of_the_reference) return false;
        auto [tx, rx] = open_interruptible<TypeParam, int>(1);
        auto& sender = tx;
        interloper send(n, [&] { EXPECT_TRUE(sender.try_send(1)); });
        EXPECT_EQ(rx.blocking_recv(), 1);
        return send.came() && !send.came_last();
    });
}

/// Tells when its thread lies down.
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

// boost.fiber #254 and #282: whoever waited kept the thread busy that the other one needed.
TYPED_TEST(ends, a_try_recv_that_waits_for_a_slow_sender_goes_to_sleep) {
    observed_platform::asleep = false;
    auto [tx, rx] = open_on<TypeParam, slow_mover, observed_platform>(1);
    auto& sender = tx;
    std::atomic<bool> claimed{false}, answered{false}, sent{false};
    std::thread slow([&] {
        // It gets no further until the receiver sleeps, or has found out without sleeping that there is nothing yet.
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
TYPED_TEST(ends, whoever_ends_the_channel_sees_the_whole_of_the_receive_that_waits) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    bell woken;
    auto receive = rx.recv();
    // relaxed: it orders nothing, so that only the channel does.
    std::atomic<bool> waits{false};
    std::thread other([&] {
        EXPECT_TRUE(pending(receive, woken.wire()));
        waits.store(true, std::memory_order_relaxed);
    });
    spin_until(waits);
    {
        const auto dropped = std::move(tx);
    }
    EXPECT_EQ(woken.rings(), 1);
    other.join();
    EXPECT_EQ(finished(receive), std::nullopt);
}

// ---- Threads that sleep on the mutex and condition variables of the reference

/// Tells when a thread is about to sleep, and does not let it before another has been refused the lock, or has
/// signalled.
struct doorstep_platform : model::std_platform {
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
            door_.wait(lock);
        }
        template <class Lock, class Time>
        auto wait_until(Lock& lock, const Time& when) {
            return door_.wait_until(lock, when);
        }
        void notify_one() {
            door_.notify_one();
            signalled = true;
        }

      private:
        std::condition_variable_any door_;
    };
};

// cpp-channel #38: close set its flag without the mutex, and the reader that had looked and not yet slept slept for
// ever.
TYPED_TEST(ends, closing_wakes_a_thread_that_is_about_to_sleep) {
    doorstep_platform::armed = std::is_same_v<TypeParam, reference_api>;
    doorstep_platform::about_to_sleep = !doorstep_platform::armed;  // the other channel has no such moment
    doorstep_platform::refused = doorstep_platform::signalled = false;
    auto [tx, rx] = open_on<TypeParam, int, std_platform, doorstep_platform>(1);
    auto& sender = tx;
    ASSERT_TRUE(tx.try_send(1));
    std::thread sleeper([&] { EXPECT_EQ(error_of(sender.blocking_send(2)).value, 2); });
    spin_until(doorstep_platform::about_to_sleep);
    rx.close();
    sleeper.join();
}

/// Its condition variables wake whoever has slept longest, as any may.
struct queueing_platform : model::std_platform {
    static inline std::atomic<int> asleep{0};

    class condition_variable {
      public:
        template <class Lock>
        void wait(Lock& lock) {
            bed own;
            queue_.push_back(&own);
            ++asleep;
            own.door.wait(lock, [&own] { return own.called; });
            --asleep;
        }
        template <class Lock, class Time>
        auto wait_until(Lock& lock, const Time&) {
            wait(lock);
            return std::cv_status::no_timeout;
        }
        void notify_one() {
            if (queue_.empty()) return;
            bed& oldest = *queue_.front();
            queue_.pop_front();
            oldest.called = true;
            oldest.door.notify_one();
        }

      private:
        struct bed {
            std::condition_variable door;
            bool called = false;
        };
        std::list<bed*> queue_;  // by the lock that the waits come with
    };
};

// nim #26230: senders and receivers slept on one condition variable, and the signal for the one woke the other.
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
