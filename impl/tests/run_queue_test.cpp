// Tests of the run queue: order, wake-ups from other threads, what is destroyed on it, exceptions and misuse.
#include "tailrace/run_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/stop.hpp"
#include "tailrace/timer.hpp"
#include "tasks.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

TEST(run_queue, runs_a_producer_and_a_consumer_at_every_capacity) {
    for (const std::size_t capacity : {1u, 2u, 3u, 64u, 1000u}) {
        auto [tx, rx] = channel<int>(capacity);
        std::vector<int> got;
        run(produce(std::move(tx), 0, 500), collect(std::move(rx), got));
        ASSERT_EQ(got.size(), 500u);
        for (int i = 0; i < 500; ++i) ASSERT_EQ(got[static_cast<std::size_t>(i)], i);
    }
}

TEST(run_queue, a_task_goes_on_until_it_has_to_wait_and_a_spawned_one_takes_its_turn) {
    std::string log;
    auto [tx, rx] = channel<int>(1);
    run(note_turns(log, std::move(rx), std::move(tx)), note(log, "e"));
    EXPECT_EQ(log, "acdeb");
}

TEST(run_queue, a_receiver_that_was_woken_finds_all_that_was_sent_by_then) {
    auto [tx, rx] = channel<int>(64);
    std::vector<std::size_t> sizes;
    run(receive_batch(std::move(rx), sizes), produce(std::move(tx), 0, 64 * 4));
    EXPECT_EQ(sizes, (std::vector<std::size_t>{64, 64, 64, 64}));
}

TEST(run_queue, many_producers_take_turns_and_nothing_is_lost) {
    auto [tx, rx] = channel<int>(4);
    std::vector<int> got;
    run_queue q;
    q.spawn(collect(std::move(rx), got));
    for (int p = 0; p < 50; ++p) q.spawn(produce(tx.clone(), 1000 * p, 20));
    {
        const auto last = std::move(tx);
    }
    q.run();
    ASSERT_EQ(got.size(), 1000u);
    std::vector<int> next(50, 0);
    for (const int v : got)
        EXPECT_EQ(v % 1000, next[static_cast<std::size_t>(v / 1000)]++) << "of one producer, in order";
}

TEST(run_queue, sleeps_until_another_thread_sends) {
    constexpr int n = 2000;
    auto [tx, rx] = channel<int>(8);
    std::thread producer([s = std::move(tx)] {
        for (int i = 0; i < n; ++i) {
            if (i % 500 == 0) std::this_thread::sleep_for(1ms);
            ASSERT_TRUE(s.blocking_send(i));
        }
    });
    std::vector<int> got;
    run(collect(std::move(rx), got));
    producer.join();
    ASSERT_EQ(got.size(), std::size_t{n});
    EXPECT_TRUE(std::ranges::is_sorted(got));
}

TEST(run_queue, two_queues_on_two_threads_exchange_messages) {
    constexpr int n = 20'000;
    auto [tx, rx] = channel<int>(4);
    std::thread producer([s = std::move(tx)]() mutable { run(produce(std::move(s), 0, n)); });
    std::vector<int> got;
    run(collect(std::move(rx), got));
    producer.join();
    ASSERT_EQ(got.size(), std::size_t{n});
    EXPECT_TRUE(std::ranges::is_sorted(got));
}

task wait_a_moment(receiver<int>& rx, std::string& log) {
    EXPECT_EQ((co_await rx.recv_timeout(2ms)).error(), recv_timeout_error::timeout);
    log += "timeout";
}

TEST(run_queue, a_stop_and_a_deadline_end_a_wait_on_it) {
    auto [tx, rx] = channel<int>(1);
    std::string log;
    std::stop_source source;
    run(receive_until_stopped(rx, source.get_token(), log), request(source));
    run(wait_a_moment(rx, log));
    EXPECT_EQ(log, "stoppedtimeout");
}

TEST(run_queue, a_coroutine_of_any_type_is_resumed_in_its_turn) {
    auto [tx, rx] = channel<int>(1);
    std::string log;
    run(wake_another(std::move(tx), rx, log));
    EXPECT_EQ(log, "sent 7 end");
}

TEST(run_queue, a_coroutine_that_is_destroyed_before_its_turn_is_not_resumed) {
    for (const bool on_another_thread : {false, true}) {
        auto [tx, rx] = channel<int>(1);
        std::string log;
        run(destroy_another(std::move(tx), rx, log, on_another_thread), note(log, "end"));
        EXPECT_EQ(log, "end");
    }
}

TEST(run_queue, the_first_exception_comes_out_when_all_tasks_have_ended) {
    std::string log;
    try {
        run(fail("one"), fail("two"), note(log, "end"));
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "one");
    }
    EXPECT_EQ(log, "end");
}

TEST(run_queue, tasks_that_have_not_ended_are_destroyed_with_it) {
    auto [tx, rx] = channel<int>(1);
    {
        run_queue q;
        q.spawn(produce(tx.clone(), 0, 5));  // never begins
        EXPECT_EQ(tx.strong_count(), 2u);
    }
    EXPECT_EQ(tx.strong_count(), 1u);
    {
        const task never = produce(tx.clone(), 0, 5);
        EXPECT_EQ(tx.strong_count(), 2u);
    }
    EXPECT_EQ(tx.strong_count(), 1u);
}

task start_another(std::optional<other>& later, receiver<int>& rx, std::string& log) {
    later.emplace(receive_one(rx, log));
    co_return;
}
task holds(std::unique_ptr<std::optional<other>>) { co_return; }

TEST(run_queue, a_coroutine_that_is_ready_between_tasks_that_never_began_is_destroyed_with_one_of_them) {
    auto [tx, rx] = channel<int>(1);
    auto [other_tx, other_rx] = channel<int>(1);
    std::string log;
    auto first = std::make_unique<std::optional<other>>();
    std::optional<other> second;
    {
        run_queue q;
        q.spawn(start_another(*first, rx, log));
        q.spawn(start_another(second, other_rx, log));
        q.run();
        q.spawn(note(log, "never"));
        ASSERT_TRUE(tx.try_send(1) && other_tx.try_send(2));
        second.reset();  // so the queue takes up both, behind the task
        q.spawn(holds(std::move(first)));
    }
    EXPECT_EQ(log, "");
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(other_rx.try_recv(), 2);
}

task run_inside() {
    EXPECT_THROW(run(), std::logic_error);
    co_return;
}
task block_inside(sender<int> tx) {
    EXPECT_THROW((void)tx.blocking_send(1), std::logic_error);
    EXPECT_THROW((void)block_on(tx.send(1)), std::logic_error);
    co_return;
}

TEST(run_queue, misuse_is_reported) {
    auto [tx, rx] = channel<int>(1);
    run(run_inside(), block_inside(tx.clone()));
    std::string log;
    EXPECT_THROW(spawn(note(log, "x")), std::logic_error);
    task t = note(log, "y");
    task u = std::move(t);
    run_queue q;
    q.spawn(std::move(u));
    EXPECT_THROW(q.spawn(std::move(t)), std::logic_error);
    q.run();
    EXPECT_EQ(log, "y");
}

}  // namespace
}  // namespace tailrace
