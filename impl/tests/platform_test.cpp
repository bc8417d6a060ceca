// Tests of waiting on the production platform: a waiting thread neither spins for long nor yields its time slice.
#include "tailrace/platform.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

namespace {
thread_local int yields = 0;
thread_local int naps = 0;
}  // namespace

// In front of the C library's: what std::this_thread::yield and sleep_for call.
extern "C" int sched_yield() noexcept {
    ++yields;
    return static_cast<int>(syscall(SYS_sched_yield));
}
extern "C" int nanosleep(const timespec* how_long, timespec* left) {
    ++naps;
    return static_cast<int>(syscall(SYS_nanosleep, how_long, left));
}

namespace tailrace {
namespace {

using namespace std::chrono_literals;
using parker = std_platform::parker;
using clock = std_platform::clock;

/// How often this thread has gone to sleep.
long sleeps() {
    rusage use{};
    EXPECT_EQ(getrusage(RUSAGE_THREAD, &use), 0);
    return use.ru_nvcsw;
}

TEST(platform, a_yield_would_be_seen_here) {
    const int before = yields;
    std::this_thread::yield();
    EXPECT_EQ(yields, before + 1);
}

TEST(platform, a_parked_thread_sleeps_and_never_yields) {
    parker sleeper;
    const int before = yields;
    const long slept = sleeps();
    do {
        EXPECT_FALSE(sleeper.park_until(clock::now() + 1ms));
    } while (sleeps() == slept);  // held up beyond its deadline, it need not sleep
    std::atomic<bool> parking{false};
    std::jthread waker([&] {
        parking.wait(false);
        sleeper.unpark();
    });
    parking = true;
    parking.notify_one();
    sleeper.park();
    EXPECT_EQ(yields, before);
}

TEST(platform, a_long_pause_sleeps_and_never_yields) {
    const int before = yields;
    const int napped = naps;
    for (unsigned turn = 0; turn < 70; ++turn) std_platform::pause(turn);
    EXPECT_EQ(naps - napped, 6) << "from turn 64 on";
    EXPECT_EQ(yields, before);
}

TEST(platform, the_sleeps_of_a_pause_grow_to_a_millisecond_and_no_further) {
    const auto before = clock::now();
    for (const unsigned turn : {74u, 75u, 1'000u, ~0u}) std_platform::pause(turn);
    EXPECT_GE(clock::now() - before, 4 * 1'024us);
}

TEST(parker, a_token_that_came_first_is_taken_without_sleep) {
    parker sleeper;
    sleeper.unpark();
    sleeper.unpark();
    sleeper.park();
    EXPECT_FALSE(sleeper.park_until(clock::now())) << "two of them are one";
}

TEST(parker, a_deadline_near_the_end_of_time_is_waited_for_like_another) {
    parker sleeper;
    std::jthread waker([&] { sleeper.unpark(); });
    EXPECT_TRUE(sleeper.park_until(clock::time_point::max() - 1ns));
}

TEST(parker, may_be_destroyed_as_soon_as_it_has_been_woken) {
    for (int round = 0; round < 2'000; ++round) {
        std::atomic<parker*> shared{nullptr};
        std::jthread waker([&] {
            shared.wait(nullptr);
            shared.load()->unpark();
        });
        parker sleeper;
        shared = &sleeper;
        shared.notify_one();
        if (round % 2 == 0) {
            sleeper.park();
        } else {
            EXPECT_TRUE(sleeper.park_until(clock::now() + 10h));
        }
    }
}

}  // namespace
}  // namespace tailrace
