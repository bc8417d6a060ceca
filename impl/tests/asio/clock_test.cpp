// Tests of the clock over steady_timer. Of times only the order is looked at.
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "support.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"

namespace tailrace::asio_test {
namespace {

using namespace std::chrono_literals;
using timer = steady_timer_clock::timer;

struct wakes {
    int count = 0;
    [[nodiscard]] waker as_waker() noexcept {
        return {[](void* self) noexcept { ++static_cast<wakes*>(self)->count; }, this};
    }
};

void run_all(net::io_context& context) {
    context.restart();
    context.run();
}

TEST(clock, a_timer_fires_once_and_then_disarms_late) {
    net::io_context context;
    steady_timer_clock clock(context.get_executor());
    wakes w;
    timer t;
    EXPECT_TRUE(t.disarm()) << "nothing was armed";
    const auto when = clock.now() + 1ms;
    t.arm(clock, when, w.as_waker());
    EXPECT_EQ(w.count, 0);
    run_all(context);
    EXPECT_EQ(w.count, 1);
    EXPECT_GE(clock.now(), when);
    t.arm(clock, when, w.as_waker());
    run_all(context);
    EXPECT_EQ(w.count, 1) << "it stays silent until it is disarmed";
    EXPECT_FALSE(t.disarm());
    t.arm(clock, clock.now(), w.as_waker());
    run_all(context);
    EXPECT_EQ(w.count, 2) << "it can be armed again";
}

TEST(clock, a_timer_that_is_disarmed_in_time_never_fires_and_leaves_no_work) {
    net::io_context context;
    steady_timer_clock clock(context.get_executor());
    wakes w;
    timer t;
    t.arm(clock, clock.now() + 1h, w.as_waker());
    EXPECT_TRUE(t.disarm());
    run_all(context);
    {
        timer destroyed;
        destroyed.arm(clock, clock.now(), w.as_waker());
    }
    run_all(context);
    EXPECT_EQ(w.count, 0);
}

TEST(clock, arming_again_replaces_the_waker) {
    net::io_context context;
    steady_timer_clock clock(context.get_executor());
    wakes first;
    wakes second;
    timer t;
    const auto when = clock.now() + 1ms;
    t.arm(clock, when, first.as_waker());
    t.arm(clock, when, second.as_waker());
    run_all(context);
    EXPECT_EQ(first.count, 0);
    EXPECT_EQ(second.count, 1);
}

TEST(clock, the_end_of_time_is_no_deadline) {
    net::io_context context;
    steady_timer_clock clock(context.get_executor());
    wakes w;
    timer t;
    t.arm(clock, steady_timer_clock::time_point::max(), w.as_waker());
    EXPECT_EQ(run(context), 0u);
    EXPECT_TRUE(t.disarm());
}

TEST(clock, timers_fire_in_the_order_of_their_deadlines) {
    net::io_context context;
    steady_timer_clock clock(context.get_executor());
    std::vector<int> order;
    struct numbered {
        int number;
        std::vector<int>& order;
        timer t;
        [[nodiscard]] waker as_waker() noexcept {
            return {[](void* p) noexcept {
                        auto& self = *static_cast<numbered*>(p);
                        self.order.push_back(self.number);
                    },
                    this};
        }
    };
    numbered third{3, order, {}};
    numbered first{1, order, {}};
    numbered second{2, order, {}};
    const auto start = clock.now();
    for (numbered* const n : {&third, &first, &second}) n->t.arm(clock, start + n->number * 1ms, n->as_waker());
    run_all(context);
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(clock, a_deadline_ends_a_send_which_hands_its_value_back) {
    net::io_context context;
    steady_timer_clock clock(context.get_executor());
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(0));
    started send(context, with_timeout(tx.send(1), 1ms, clock));
    run_all(context);
    EXPECT_EQ(send.got.result->error().reason, interrupt_error::timeout);
    EXPECT_EQ(send.got.result->error().value, 1);
}

TEST(clock, a_value_beats_the_deadline_and_the_context_is_done) {
    net::io_context context;
    steady_timer_clock clock(context.get_executor());
    auto [tx, rx] = channel<int>(1);
    started receive(context, rx.recv_timeout(1h, clock));
    EXPECT_EQ(run(context), 0u);
    ASSERT_TRUE(tx.try_send(1));
    run_all(context);
    EXPECT_EQ(receive.got.result->value(), 1);
}

TEST(clock, a_timeout_of_a_coroutine_is_a_result) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    run_coroutine(context, [&]() -> net::awaitable<void> {
        steady_timer_clock clock(co_await net::this_coro::executor);
        const auto nothing = co_await async(rx.recv_timeout(1ms, clock));
        EXPECT_EQ(nothing.error(), interrupt_error::timeout);
        EXPECT_TRUE(tx.try_send(2));
        const auto v = co_await async(rx.recv_timeout(1h, clock));
        EXPECT_EQ(v.value(), 2);
    });
}

TEST(clock, serves_blocking_forms_of_other_threads) {
    net::thread_pool pool(1);
    steady_timer_clock clock(pool.get_executor());
    auto [tx, rx] = channel<int>(1);
    for (int i = 0; i < 50; ++i) {
        const auto v = block_on(rx.recv_timeout(std::chrono::microseconds(20 * i), clock));
        EXPECT_EQ(v.error(), timeout_error::timeout);
    }
    pool.join();
}

TEST(clock, beside_values_of_another_thread_loses_none) {
    constexpr int count = 2000;
    net::thread_pool pool(2);
    auto [tx, rx] = channel<int>(2);
    std::thread producer([to = std::move(tx)] {
        for (int i = 0; i < count; ++i) {
            if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(30));
            EXPECT_TRUE(to.blocking_send(i));
        }
    });
    auto done = net::co_spawn(
        pool,
        [&]() -> net::awaitable<int> {
            steady_timer_clock clock(co_await net::this_coro::executor);
            int next = 0;
            for (;;) {
                auto v = co_await async(rx.recv_timeout(std::chrono::microseconds(30), clock));
                if (v) {
                    EXPECT_EQ(*v, next++);
                } else if (v.error() == interrupt_error::closed) {
                    break;
                }
            }
            co_return next;
        },
        net::use_future);
    EXPECT_EQ(done.get(), count);
    producer.join();
    pool.join();
}

TEST(clock, a_context_that_is_destroyed_takes_its_deadlines_along) {
    auto [tx, rx] = channel<int>(1);
    bool called = false;
    {
        net::io_context context;
        steady_timer_clock clock(context.get_executor());
        async(rx.recv_timeout(1h, clock),
              net::bind_executor(context, [&](std::exception_ptr, auto) { called = true; }));
        EXPECT_EQ(run(context), 0u);
    }
    EXPECT_FALSE(called);
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1);
}

}  // namespace
}  // namespace tailrace::asio_test
