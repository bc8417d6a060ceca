// Tests of what the production platform is built on: the mutex, and how long a thread looks before it sleeps. The
// parker is tested in platform_test.cpp. Both files are also built without futexes (impl.sleep_without_futexes).
#include "tailrace/detail/sleep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

namespace tailrace::detail {
namespace {

using namespace std::chrono_literals;

/// The owner lets the others run now and then, so that they come while it has the mutex.
TEST(sleeping_mutex, is_had_by_one_at_a_time) {
    sleeping_mutex mutex;
    int owners = 0;
    std::atomic<int> most{0};
    std::uint64_t count = 0;
    constexpr std::uint64_t each = 5'000;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (std::uint64_t i = 0; i < each; ++i) {
                    mutex.lock();
                    if (++owners != 1) most = 2;
                    if (i % 64 == 0) std::this_thread::yield();
                    --owners;
                    ++count;
                    mutex.unlock();
                }
            });
        }
    }
    EXPECT_EQ(most, 0) << "two had it at once";
    EXPECT_EQ(count, 4 * each);
}

TEST(sleeping_mutex, of_another_is_not_had) {
    sleeping_mutex mutex;
    mutex.lock();
    EXPECT_FALSE(mutex.try_lock());
    mutex.unlock();
    EXPECT_TRUE(mutex.try_lock());
}

/// The owner keeps it until the others sleep or are about to, so each has to be woken.
TEST(sleeping_mutex, keeps_the_others_out_and_wakes_each_that_sleeps_for_it) {
    for (int round = 0; round < 20; ++round) {
        sleeping_mutex mutex;
        mutex.lock();
        std::atomic<int> begun{0};
        std::atomic<int> entered{0};
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t) {
            threads.emplace_back([&] {
                ++begun;
                mutex.lock();
                ++entered;
                mutex.unlock();
            });
        }
        while (begun != 3) std::this_thread::sleep_for(1ms);
        std::this_thread::sleep_for(1ms);
        EXPECT_EQ(entered, 0);
        mutex.unlock();
    }
}

/// As a mutex in an object that the last user deletes.
TEST(sleeping_mutex, may_be_destroyed_by_its_next_owner) {
    for (int round = 0; round < 2'000; ++round) {
        auto mutex = std::make_optional<sleeping_mutex>();
        mutex->lock();
        std::jthread next([&] {
            mutex->lock();
            mutex->unlock();
            mutex.reset();
        });
        mutex->unlock();
    }
}

TEST(sleep_while, returns_at_once_if_the_word_has_another_value_and_at_its_deadline_otherwise) {
    const sleep_word word{1};
    sleep_while(word, 2, sleep_clock::time_point::max());
    const auto deadline = sleep_clock::now() + 2ms;
    while (sleep_clock::now() < deadline) sleep_while(word, 1, deadline);
    sleep_while(word, 1, sleep_clock::time_point{} - 1s);
}

TEST(patience, ends_when_a_look_finds_something) {
    patience p;
    int looks = 0;
    EXPECT_TRUE(p.look_until([&] { return ++looks == 1; }));
    looks = 0;
    EXPECT_TRUE(p.look_until([&] { return ++looks == 5; }));
    EXPECT_EQ(looks, 5);
}

TEST(patience, shrinks_while_looking_does_not_pay_and_grows_again_when_it_does) {
    patience p;
    const auto looks_in_vain = [&p] {
        int looks = 0;
        EXPECT_FALSE(p.look_until([&] {
            ++looks;
            return false;
        }));
        return looks;
    };
    const int at_first = looks_in_vain();
    for (int i = 0; i < 20; ++i) (void)looks_in_vain();
    const int later = looks_in_vain();
    EXPECT_LT(later, at_first);
    for (int i = 0; i < 20; ++i) {
        int looks = 0;
        EXPECT_TRUE(p.look_until([&] { return ++looks == 3; }));
    }
    EXPECT_GT(looks_in_vain(), later);
}

TEST(patience, tries_a_long_look_now_and_then) {
    patience p;
    int most = 0;
    for (int i = 0; i < 64; ++i) {
        int looks = 0;
        (void)p.look_until([&] {
            ++looks;
            return false;
        });
        if (i >= 16) most = std::max(most, looks);
    }
    EXPECT_GT(most, 16);
}

/// So that the other thread gets ahead: after a batch, the pauses are long from the first.
TEST(patience, looks_less_often_after_a_batch) {
    const auto looks_after = [](int batch) {
        patience p;
        const auto in_vain = [&p] {
            int looks = 0;
            (void)p.look_until([&] {
                ++looks;
                return false;
            });
            return looks;
        };
        (void)in_vain();
        for (int i = 0; i < batch; ++i) (void)p.look_until([] { return true; });
        return in_vain();
    };
    EXPECT_LT(looks_after(100), looks_after(0));
}

}  // namespace
}  // namespace tailrace::detail
