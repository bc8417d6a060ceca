// Tests of the manual clock and of the arithmetic of deadlines.
#include "tailrace/manual_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <ratio>
#include <vector>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t never = -1;

struct named_waker {
    std::vector<int>* rung;
    int name;
    static void ring(void* self) noexcept {
        auto* b = static_cast<named_waker*>(self);
        b->rung->push_back(b->name);
    }
    [[nodiscard]] tailrace::waker waker() { return {&ring, this}; }
};

TEST(manual_clock, rings_what_is_due_in_order_of_deadline_and_each_once) {
    manual_clock clock;
    std::vector<int> rung;
    named_waker a{&rung, 1}, b{&rung, 2}, c{&rung, 3};
    manual_clock::timer first, second, third;
    first.arm(clock, clock.now() + 5ms, a.waker());
    second.arm(clock, clock.now() + 2ms, b.waker());
    third.arm(clock, clock.now() + 9ms, c.waker());
    clock.advance(5ms);
    EXPECT_EQ(rung, (std::vector{2, 1}));
    clock.advance(1ms);
    EXPECT_EQ(rung.size(), 2u);
}

TEST(manual_clock, a_disarmed_timer_stays_silent_and_a_rearmed_one_rings_the_new_waker) {
    manual_clock clock;
    std::vector<int> rung;
    named_waker a{&rung, 1}, b{&rung, 2};
    manual_clock::timer dropped, rearmed;
    dropped.arm(clock, clock.now() + 1ms, a.waker());
    dropped.disarm();
    rearmed.arm(clock, clock.now() + 1ms, a.waker());
    rearmed.arm(clock, clock.now() + 1ms, b.waker());
    clock.advance(1ms);
    EXPECT_EQ(rung, (std::vector{2}));
}

TEST(manual_clock, a_waker_may_disarm_the_timers_behind_it) {
    manual_clock clock;
    struct both {
        manual_clock::timer one, two;
    } timers;
    int rung = 0;
    struct context {
        both* timers;
        int* rung;
    } ctx{&timers, &rung};
    const waker w{[](void* p) noexcept {
                      auto* c = static_cast<context*>(p);
                      ++*c->rung;
                      c->timers->two.disarm();
                  },
                  &ctx};
    timers.one.arm(clock, clock.now() + 1ms, w);
    timers.two.arm(clock, clock.now() + 2ms, w);
    clock.advance(5ms);
    EXPECT_EQ(rung, 1);
}

TEST(manual_clock, disarm_says_whether_the_wake_up_was_prevented) {
    manual_clock clock;
    std::vector<int> rung;
    named_waker a{&rung, 1};
    manual_clock::timer timer;
    EXPECT_TRUE(timer.disarm()) << "nothing was armed";
    timer.arm(clock, clock.now() + 2ms, a.waker());
    clock.advance(1ms);
    EXPECT_TRUE(timer.disarm()) << "armed, not due";
    timer.arm(clock, clock.now() + 1ms, a.waker());
    clock.advance(1ms);
    EXPECT_FALSE(timer.disarm()) << "it has come";
    EXPECT_TRUE(timer.disarm()) << "the second time nothing is armed";
    timer.arm(clock, manual_clock::time_point::max(), a.waker());
    EXPECT_TRUE(timer.disarm()) << "no deadline arms nothing";
    EXPECT_EQ(rung, (std::vector{1}));
}

TEST(manual_clock, no_deadline_arms_nothing_so_that_another_one_can_be_armed) {
    manual_clock clock;
    std::vector<int> rung;
    named_waker a{&rung, 1}, b{&rung, 2};
    manual_clock::timer timer;
    timer.arm(clock, manual_clock::time_point::max(), a.waker());
    timer.arm(clock, clock.now() + 1ms, b.waker());
    clock.advance(1ms);
    EXPECT_EQ(rung, (std::vector{2}));
}

TEST(manual_clock, a_timer_is_taken_out_before_its_waker_is_called) {
    manual_clock clock;
    struct context {
        manual_clock::timer timer;
        int rung = 0;
        bool silent = true;
    } ctx;
    const waker w{[](void* p) noexcept {
                      auto* c = static_cast<context*>(p);
                      ++c->rung;
                      c->silent = c->timer.disarm();
                  },
                  &ctx};
    ctx.timer.arm(clock, clock.now() + 1ms, w);
    clock.advance(1ms);
    EXPECT_EQ(ctx.rung, 1);
    EXPECT_FALSE(ctx.silent) << "the wake-up that calls it has come";
}

TEST(manual_clock, a_fired_timer_is_silent_until_it_is_disarmed_and_rings_again_after_that) {
    manual_clock clock;
    std::vector<int> rung;
    named_waker a{&rung, 1}, b{&rung, 2}, c{&rung, 3};
    manual_clock::timer timer;
    timer.arm(clock, clock.now() + 1ms, a.waker());
    clock.advance(1ms);
    timer.arm(clock, clock.now() + 1ms, b.waker());
    clock.advance(1ms);
    EXPECT_EQ(rung, (std::vector{1}));
    EXPECT_FALSE(timer.disarm());
    timer.arm(clock, clock.now() + 5ms, c.waker());
    clock.advance(4ms);
    EXPECT_EQ(rung, (std::vector{1})) << "by the deadline of the last arming";
    clock.advance(1ms);
    EXPECT_EQ(rung, (std::vector{1, 3}));
}

TEST(manual_clock, a_waker_may_destroy_its_timer_and_arm_others) {
    manual_clock clock;
    struct context {
        manual_clock& clock;
        named_waker& next_waker;
        std::unique_ptr<manual_clock::timer> own = std::make_unique<manual_clock::timer>();
        manual_clock::timer next{};
    };
    std::vector<int> rung;
    named_waker b{&rung, 2};
    context ctx{clock, b};
    const waker w{[](void* p) noexcept {
                      auto* c = static_cast<context*>(p);
                      c->own.reset();
                      c->next.arm(c->clock, c->clock.now(), c->next_waker.waker());
                  },
                  &ctx};
    ctx.own->arm(clock, clock.now() + 1ms, w);
    clock.advance(1ms);
    EXPECT_EQ(rung, (std::vector{2}));
}

TEST(manual_clock, a_timer_armed_for_a_moment_that_has_passed_fires_at_once) {
    manual_clock clock;
    const auto when = clock.now() + 1ms;
    clock.advance(2ms);  // by another thread, between the owner's look at the clock and here
    int rung = 0;
    const auto ring = [](void* p) noexcept { ++*static_cast<int*>(p); };
    manual_clock::timer t;
    t.arm(clock, when, waker{ring, &rung});
    EXPECT_EQ(rung, 1);
    clock.advance(1ms);
    EXPECT_EQ(rung, 1);
    EXPECT_FALSE(t.disarm());
    t.arm(clock, clock.now() + 1ms, waker{ring, &rung});
    EXPECT_EQ(rung, 1);
    clock.advance(1ms);
    EXPECT_EQ(rung, 2);
}

TEST(manual_clock, a_timer_armed_for_the_moment_that_it_is_fires_at_once) {
    manual_clock clock;
    std::vector<int> rung;
    named_waker a{&rung, 1}, b{&rung, 2};
    manual_clock::timer at_the_beginning, later;
    at_the_beginning.arm(clock, clock.now(), a.waker());
    EXPECT_EQ(rung, (std::vector{1}));
    clock.advance(3ms);
    later.arm(clock, clock.now(), b.waker());
    EXPECT_EQ(rung, (std::vector{1, 2}));
    EXPECT_FALSE(at_the_beginning.disarm() || later.disarm());
}

TEST(manual_clock, calls_every_waker_without_its_lock) {
    struct watched_mutex {
        void lock() { ++held(); }
        void unlock() { --held(); }
        static int& held() {
            static int times = 0;
            return times;
        }
    };
    using clock_type = basic_manual_clock<watched_mutex>;
    struct context {
        clock_type clock{};
        std::vector<int> held{};
    } ctx;
    const waker w{[](void* p) noexcept {
                      auto* c = static_cast<context*>(p);
                      c->held.push_back(watched_mutex::held());
                      (void)c->clock.now();
                  },
                  &ctx};
    clock_type::timer first, second, due, overdue;
    first.arm(ctx.clock, ctx.clock.now() + 1ms, w);
    second.arm(ctx.clock, ctx.clock.now() + 2ms, w);
    ctx.clock.advance(2ms);
    due.arm(ctx.clock, ctx.clock.now(), w);
    overdue.arm(ctx.clock, ctx.clock.now() - 1ms, w);
    EXPECT_EQ(ctx.held, (std::vector{0, 0, 0, 0}));
    EXPECT_EQ(watched_mutex::held(), 0);
}

TEST(manual_clock, stops_at_the_end_of_time) {
    manual_clock clock;
    clock.advance(std::chrono::milliseconds::max());
    clock.advance(std::chrono::hours::max());
    EXPECT_EQ(clock.now(), manual_clock::time_point::max());
}

TEST(deadline_after, a_timeout_too_long_for_the_clock_is_no_deadline) {
    using clock = std::chrono::steady_clock;
    const auto now = clock::now();
    EXPECT_EQ(detail::deadline_after(now, std::chrono::hours::max()), clock::time_point::max());
    EXPECT_EQ(detail::deadline_after(now, std::chrono::nanoseconds::max()), clock::time_point::max());
    EXPECT_EQ(detail::deadline_after(now, 0ms), now);
    EXPECT_EQ(detail::deadline_after(now, -5ms), now);
    EXPECT_EQ(detail::deadline_after(now, 3ms), now + 3ms);
}

/// By a clock in nanoseconds that shows an hour.
template <class Duration>
std::int64_t after_an_hour(Duration timeout) {
    using clock = std::chrono::steady_clock;
    const clock::time_point now(1h);
    const auto deadline = detail::deadline_after(now, timeout);
    if (deadline == clock::time_point::max()) return never;
    return std::chrono::nanoseconds(deadline - now).count();
}
template <std::intmax_t Num, std::intmax_t Den = 1, class Rep = std::int64_t>
using ticks = std::chrono::duration<Rep, std::ratio<Num, Den>>;
template <class Rep, class Period = std::ratio<1>>
using real = std::chrono::duration<Rep, Period>;

TEST(deadline_after, a_timeout_that_is_not_a_number_is_zero_and_an_infinite_one_is_none) {
    EXPECT_EQ(after_an_hour(real<double>(std::nan(""))), 0);
    EXPECT_EQ(after_an_hour(real<float, std::nano>(std::nanf(""))), 0);
    EXPECT_EQ(after_an_hour(real<double>(std::numeric_limits<double>::infinity())), never);
    EXPECT_EQ(after_an_hour(real<float>(std::numeric_limits<float>::infinity())), never);
    EXPECT_EQ(after_an_hour(real<double>(-std::numeric_limits<double>::infinity())), 0);
}

TEST(deadline_after, a_timeout_finer_than_the_clock_is_rounded_up) {
    EXPECT_EQ(after_an_hour(ticks<1, 1'000'000'000'000'000'000>(1)), 1);
    EXPECT_EQ(after_an_hour(ticks<1, 1'000'000'000'000'000'000>(std::numeric_limits<std::int64_t>::max())),
              9'223'372'037);
    EXPECT_EQ(after_an_hour(ticks<1, 3>(1)), 333'333'334);
    EXPECT_EQ(after_an_hour(real<double, std::nano>(0.1)), 1);
}

TEST(deadline_after, no_conversion_on_the_way_overflows) {
    EXPECT_EQ(after_an_hour(ticks<1, 3>(20'000'000'000)), 6'666'666'666'666'666'667);  // 211 years
    EXPECT_EQ(after_an_hour(ticks<1, 44'100>(44'100ll * 86'400 * 36'500)), 3'153'600'000'000'000'000);
    EXPECT_EQ(after_an_hour(ticks<1, std::intmax_t{1} << 62>(std::intmax_t{1} << 60)), 250'000'000);
    EXPECT_EQ(after_an_hour(std::chrono::years(292)), 292 * 31'556'952'000'000'000);
    EXPECT_EQ(after_an_hour(std::chrono::years(293)), never);
    EXPECT_EQ(after_an_hour(real<float>(9.2233e9F)), 9'223'300'096'000'000'000);
    EXPECT_EQ(after_an_hour(real<float, std::nano>(std::nextafterf(0x1p63F, 0))), never);
    EXPECT_EQ(after_an_hour(std::chrono::hours::min()), 0);
}

TEST(deadline_after, any_count_and_any_unit_will_do) {
    EXPECT_EQ(after_an_hour(ticks<1, 1, std::uint64_t>(5)), 5'000'000'000);
    EXPECT_EQ(after_an_hour(ticks<1, 1'000'000'000, std::uint64_t>(std::numeric_limits<std::uint64_t>::max())), never);
    EXPECT_EQ(after_an_hour(ticks<1, 1'000, signed char>(static_cast<signed char>(100))), 100'000'000);
    EXPECT_EQ(after_an_hour(ticks<1'000'000'000'000'000'000>(1)), never);  // 32 milliards of years
    EXPECT_EQ(after_an_hour(real<double, std::exa>(1e-18)), 1'000'000'000);
}

TEST(deadline_after, the_last_moment_that_the_clock_can_say_is_a_deadline) {
    constexpr auto rest = std::chrono::nanoseconds::max() - 1h;
    EXPECT_EQ(after_an_hour(rest - 1ns), rest.count() - 1);
    EXPECT_EQ(after_an_hour(rest), never);
    EXPECT_EQ(after_an_hour(rest + 1ns), never);
}

TEST(deadline_after, a_real_number_that_the_clock_cannot_say_is_none_though_it_is_the_nearest_to_the_last_moment) {
    // The nearest numbers to the rest of time round it up: as a deadline, they would be after the last moment.
    constexpr auto rest = std::chrono::nanoseconds::max() - 1h;
    const auto nearest = static_cast<double>(rest.count());
    EXPECT_EQ(after_an_hour(real<double, std::nano>(nearest)), never);
    const double before = std::nextafter(nearest, 0.0);
    EXPECT_EQ(after_an_hour(real<double, std::nano>(before)), static_cast<std::int64_t>(before));
    EXPECT_EQ(after_an_hour(real<double, std::nano>(std::nextafter(nearest, 0x1p64))), never);

    using clock = std::chrono::steady_clock;
    const auto of_all_time = [](auto timeout) { return detail::deadline_after(clock::time_point{}, timeout); };
    EXPECT_EQ(of_all_time(real<double, std::nano>(0x1p63)), clock::time_point::max());
    EXPECT_EQ(of_all_time(real<float, std::nano>(0x1p63F)), clock::time_point::max());
    constexpr double last = 0x1p63 - 1024;
    EXPECT_EQ(of_all_time(real<double, std::nano>(last)).time_since_epoch().count(), static_cast<std::int64_t>(last));
}

TEST(deadline_after, a_clock_may_stand_before_its_epoch_or_count_in_real_numbers) {
    using clock = std::chrono::steady_clock;
    EXPECT_EQ(detail::deadline_after(clock::time_point(-1h), 1h), clock::time_point{});
    EXPECT_EQ(detail::deadline_after(clock::time_point::min(), 1h), clock::time_point::min() + 1h);
    EXPECT_EQ(detail::deadline_after(clock::time_point(-1h), std::chrono::nanoseconds::max()),
              clock::time_point::max());

    using seconds = std::chrono::duration<double>;
    using moment = std::chrono::time_point<clock, seconds>;
    for (int i = 1; i < 1'000; ++i) {
        const auto deadline = detail::deadline_after(moment{}, std::chrono::milliseconds(i));
        EXPECT_DOUBLE_EQ(deadline.time_since_epoch().count(), i / 1'000.0);
    }
    EXPECT_EQ(detail::deadline_after(moment{}, seconds(std::numeric_limits<double>::infinity())), moment::max());
}

TEST(within_a_day, a_sleep_towards_a_far_deadline_is_cut_short_and_no_other_is) {
    using clock = std::chrono::steady_clock;
    const auto soon = clock::now() + 1h;
    EXPECT_EQ(detail::within_a_day<clock>(soon), soon);
    const auto cut = detail::within_a_day<clock>(clock::time_point::max());
    EXPECT_GE(cut, soon + 23h);
    EXPECT_LE(cut, clock::now() + 24h);
}

TEST(send_timeout, without_an_expressible_deadline_waits_for_capacity) {
    auto [tx, rx] = channel<int>(1);
    manual_clock clock;
    ASSERT_TRUE(tx.try_send(1));
    auto op = tx.send_timeout(2, std::chrono::hours::max(), clock);
    ASSERT_FALSE(op.poll({}));
    clock.advance(std::chrono::hours(24 * 365 * 100));
    ASSERT_FALSE(op.poll({}));
    EXPECT_EQ(rx.try_recv(), 1);
    const auto sent = op.poll({});
    ASSERT_TRUE(sent.has_value());
    EXPECT_TRUE(sent->has_value());
}

}  // namespace
}  // namespace tailrace
