// Tests of the pool of threads: what is received, where resumptions run, what is destroyed when, exceptions, misuse.
//
// No test depends on time. A thread that must be busy waits for a flag; a task that must be suspended is known to be,
// for another one has run behind it on the only thread of its pool.
#include "tailrace/thread_pool.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/run_queue.hpp"
#include "tailrace/stop.hpp"
#include "tasks.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

/// Set once.
class flag {
  public:
    void set() noexcept {
        value_.store(true, std::memory_order_release);
        value_.notify_all();
    }
    void wait() const noexcept { value_.wait(false, std::memory_order_acquire); }
    [[nodiscard]] bool is_set() const noexcept { return value_.load(std::memory_order_acquire); }

  private:
    std::atomic<bool> value_{false};
};

/// Counts itself: what lives in frames.
class counted {
  public:
    explicit counted(std::atomic<int>& alive) : alive_(&alive) { ++alive; }
    counted(counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
    counted& operator=(counted&&) = delete;
    ~counted() {
        if (alive_ != nullptr) --*alive_;
    }

  private:
    std::atomic<int>* alive_;
};

template <class T>
void drop(T&& handle) {
    const auto last = std::forward<T>(handle);
}

task set(flag& f) {
    f.set();
    co_return;
}
/// Keeps a thread of the pool busy.
task hold(flag& held, const flag& release) {
    held.set();
    release.wait();
    co_return;
}

// ---- What is received

/// Values are `1000 * sender + number`.
void expect_each_in_order(const std::vector<int>& got, int senders, int each) {
    ASSERT_EQ(got.size(), static_cast<std::size_t>(senders * each));
    std::vector<int> next(static_cast<std::size_t>(senders), 0);
    for (const int v : got)
        ASSERT_EQ(v % 1000, next[static_cast<std::size_t>(v / 1000)]++) << "of one sender, in order";
}

TEST(thread_pool, everything_is_received_in_the_order_of_each_sender) {
    for (const std::size_t threads : {1U, 2U, 4U}) {
        for (const std::size_t capacity : {1U, 2U, 3U, 64U, 1000U}) {
            thread_pool pool(threads);
            ASSERT_EQ(pool.size(), threads);
            auto [tx, rx] = channel<int>(capacity);
            std::vector<int> got;
            pool.spawn(collect(std::move(rx), got));
            for (int s = 0; s < 8; ++s) pool.spawn(produce(tx, 1000 * s, 200));
            drop(std::move(tx));
            pool.wait();
            expect_each_in_order(got, 8, 200);
        }
    }
}

TEST(thread_pool, many_channels_at_once_lose_nothing) {
    constexpr int channels = 16;
    thread_pool pool(4);
    std::array<std::vector<int>, channels> got;
    for (int c = 0; c < channels; ++c) {
        auto [tx, rx] = channel<int>(static_cast<std::size_t>(1 + c % 5));
        for (int s = 0; s < 4; ++s) pool.spawn(produce(tx, 1000 * s, 500));
        pool.spawn(collect(std::move(rx), got[static_cast<std::size_t>(c)]));
    }
    pool.wait();
    for (const auto& values : got) expect_each_in_order(values, 4, 500);
}

task pass_on(receiver<int> rx, sender<int> tx) {
    while (auto v = co_await rx.recv()) EXPECT_TRUE(co_await tx.send(*v));
}

TEST(thread_pool, a_chain_of_tasks_passes_everything_on) {
    thread_pool pool(3);
    auto [first, from] = channel<int>(2);
    for (int i = 0; i < 50; ++i) {
        auto [tx, rx] = channel<int>(1);
        pool.spawn(pass_on(std::move(from), std::move(tx)));
        from = std::move(rx);
    }
    std::vector<int> got;
    pool.spawn(collect(std::move(from), got));
    pool.spawn(produce(std::move(first), 0, 300));
    pool.wait();
    expect_each_in_order(got, 1, 300);
}

TEST(thread_pool, a_pool_a_run_queue_and_threads_exchange_messages) {
    thread_pool pool(2);
    thread_pool second(2);
    auto [tx, rx] = channel<int>(4);
    pool.spawn(produce(tx, 0, 500));
    second.spawn(produce(tx, 1000, 500));
    std::thread on_a_queue([s = tx]() mutable { run(produce(std::move(s), 2000, 500)); });
    std::thread blocking([s = tx] {
        for (int i = 0; i < 500; ++i) EXPECT_TRUE(s.blocking_send(3000 + i));
    });
    drop(std::move(tx));
    std::vector<int> got;
    second.spawn(collect(std::move(rx), got));
    on_a_queue.join();
    blocking.join();
    pool.wait();
    second.wait();
    expect_each_in_order(got, 4, 500);
}

task echo(receiver<int> rx, sender<int> tx) {
    while (auto v = co_await rx.recv()) EXPECT_TRUE(co_await tx.send(*v));
}

TEST(thread_pool, a_sleeping_pool_is_woken_for_each_message_of_another_thread) {
    for (const std::size_t threads : {1U, 2U, 3U}) {
        thread_pool pool(threads);
        auto [tx, there] = channel<int>(1);
        auto [back, rx] = channel<int>(1);
        pool.spawn(echo(std::move(there), std::move(back)));
        for (int i = 0; i < 3000; ++i) {
            ASSERT_TRUE(tx.blocking_send(i));
            ASSERT_EQ(rx.blocking_recv(), i);
        }
        drop(std::move(tx));
        pool.wait();
    }
}

// ---- Where resumptions run

TEST(thread_pool, a_receiver_that_was_woken_finds_all_that_was_sent_on_its_thread_by_then) {
    thread_pool pool(1);
    auto [tx, rx] = channel<int>(64);
    std::vector<std::size_t> sizes;
    pool.spawn(receive_batch(std::move(rx), sizes));
    pool.spawn(produce(std::move(tx), 0, 64 * 4));
    pool.wait();
    EXPECT_EQ(sizes, (std::vector<std::size_t>{64, 64, 64, 64}));
}

TEST(thread_pool, a_task_goes_on_until_it_has_to_wait_and_a_spawned_one_takes_its_turn) {
    std::string log;
    thread_pool pool(1);
    auto [tx, rx] = channel<int>(1);
    pool.spawn(note_turns(log, std::move(rx), std::move(tx)));
    pool.wait();
    EXPECT_EQ(log, "acdb");
}

task hold_until_another_runs(flag& other_ran) {
    spawn(set(other_ran));
    other_ran.wait();
    co_return;
}

TEST(thread_pool, a_thread_without_work_takes_the_only_task_that_another_does_not_get_to) {
    thread_pool pool(2);
    for (int i = 0; i < 50; ++i) {
        flag other_ran;
        pool.spawn(hold_until_another_runs(other_ran));
        pool.wait();
    }
}

task meet(std::latch& all) {
    all.arrive_and_wait();
    co_return;
}
task spawn_meeting(std::latch& all, int n) {
    for (int i = 0; i < n; ++i) spawn(meet(all));
    co_return;
}

TEST(thread_pool, tasks_that_one_thread_has_spawned_run_on_all_threads_at_once) {
    thread_pool pool(4);
    for (int i = 0; i < 50; ++i) {
        std::latch all(4);
        pool.spawn(spawn_meeting(all, 4));
        pool.wait();
    }
}

TEST(thread_pool, tasks_of_another_thread_run_on_all_threads_at_once) {
    thread_pool pool(4);
    for (int i = 0; i < 50; ++i) {
        std::latch all(4);
        for (int k = 0; k < 4; ++k) pool.spawn(meet(all));
        pool.wait();
    }
}

task ends_elsewhere(receiver<int> rx, flag& ended, std::thread::id& began_on, std::thread::id& ended_on) {
    began_on = std::this_thread::get_id();
    EXPECT_TRUE(co_await rx.recv());
    ended_on = std::this_thread::get_id();
    ended.set();
}
task send_and_hold(sender<int> tx, const flag& release, std::thread::id& here) {
    here = std::this_thread::get_id();
    EXPECT_TRUE(co_await tx.send(1));
    release.wait();
}

TEST(thread_pool, a_task_may_end_on_another_thread_than_where_it_began) {
    thread_pool pool(2);
    bool moved = false;
    for (int i = 0; i < 1000 && !moved; ++i) {
        auto [tx, rx] = channel<int>(1);
        flag ended;
        std::thread::id began_on, ended_on, sent_on;
        pool.spawn(ends_elsewhere(std::move(rx), ended, began_on, ended_on));
        pool.spawn(send_and_hold(std::move(tx), ended, sent_on));
        pool.wait();
        EXPECT_NE(ended_on, sent_on) << "that thread was busy";
        moved = ended_on != began_on;
    }
    EXPECT_TRUE(moved);
}

TEST(thread_pool, a_coroutine_of_any_type_is_resumed_in_its_turn) {
    thread_pool pool(1);
    auto [tx, rx] = channel<int>(1);
    std::string log;
    pool.spawn(wake_another(std::move(tx), rx, log));
    pool.wait();
    EXPECT_EQ(log, "sent 7 end");
}

// ---- Tasks

task count_down(std::atomic<int>& ran, int depth) {
    ++ran;
    if (depth == 0) co_return;
    spawn(count_down(ran, depth - 1));
    spawn(count_down(ran, depth - 1));
}

TEST(thread_pool, thousands_of_tasks_that_tasks_spawn_all_run) {
    thread_pool pool(3);
    std::atomic<int> ran{0};
    pool.spawn(count_down(ran, 13));
    pool.wait();
    EXPECT_EQ(ran, (1 << 14) - 1);
}

TEST(thread_pool, thousands_of_tasks_wait_for_room) {
    constexpr int tasks = 5000;
    thread_pool pool(2);
    auto [tx, rx] = channel<int>(1);
    std::vector<int> got;
    for (int i = 0; i < tasks; ++i) pool.spawn(produce(tx, i, 1));
    drop(std::move(tx));
    pool.spawn(collect(std::move(rx), got));
    pool.wait();
    std::ranges::sort(got);
    ASSERT_EQ(got.size(), std::size_t{tasks});
    for (int i = 0; i < tasks; ++i) ASSERT_EQ(got[static_cast<std::size_t>(i)], i);
}

task receive_one_of(receiver<int> rx) { EXPECT_TRUE(co_await rx.recv()); }

TEST(thread_pool, wait_waits_for_tasks_that_other_threads_spawn_meanwhile) {
    for (int round = 0; round < 50; ++round) {
        thread_pool pool(2);
        std::atomic<int> ran{0};
        auto [tx, rx] = channel<int>(1);
        pool.spawn(receive_one_of(std::move(rx)));  // has not ended before the last one is spawned
        std::thread spawner([&pool, &ran, s = std::move(tx)] {
            for (int i = 0; i < 100; ++i) pool.spawn(count_down(ran, 0));
            EXPECT_TRUE(s.blocking_send(1));
        });
        pool.wait();
        EXPECT_EQ(ran, 100);
        spawner.join();
    }
}

TEST(thread_pool, several_threads_may_wait_at_once) {
    thread_pool pool(2);
    for (int round = 0; round < 50; ++round) {
        flag held, release;
        pool.spawn(hold(held, release));
        std::array<std::thread, 3> waiting;
        for (auto& t : waiting)
            t = std::thread([&pool, &release] {
                pool.wait();
                EXPECT_TRUE(release.is_set());
            });
        release.set();
        for (auto& t : waiting) t.join();
    }
}

task keep(counted, receiver<int> rx) { EXPECT_FALSE(co_await rx.recv()); }

TEST(thread_pool, when_wait_returns_all_frames_are_destroyed) {
    thread_pool pool(3);
    std::atomic<int> alive{0};
    for (int round = 0; round < 200; ++round) {
        for (int i = 0; i < 10; ++i) {
            auto [tx, rx] = channel<int>(1);
            pool.spawn(keep(counted(alive), std::move(rx)));
        }
        pool.wait();
        ASSERT_EQ(alive, 0);
    }
}

TEST(thread_pool, a_pool_that_has_nothing_to_do_is_waited_for_and_destroyed) {
    for (int i = 0; i < 100; ++i) {
        thread_pool pool(3);
        if (i % 2 == 0) pool.wait();
    }
    const thread_pool of_all_processors;
    EXPECT_GE(of_all_processors.size(), 1U);
}

// ---- Ends of waits

task wait_an_hour(receiver<int> rx, manual_clock& clock, std::string& log) {
    EXPECT_EQ((co_await rx.recv_timeout(1h, clock)).error(), recv_timeout_error::timeout);
    log += "timeout";
}
task advance(manual_clock& clock) {
    clock.advance(1h);
    co_return;
}

TEST(thread_pool, a_stop_and_a_deadline_end_a_wait_on_it) {
    thread_pool pool(1);
    manual_clock clock;
    std::stop_source source;
    std::string log;
    auto [tx, rx] = channel<int>(1);
    pool.spawn(receive_until_stopped(rx, source.get_token(), log));
    pool.spawn(request(source));
    pool.wait();
    auto [tx2, rx2] = channel<int>(1);
    pool.spawn(wait_an_hour(std::move(rx2), clock, log));
    pool.spawn(advance(clock));
    pool.wait();
    EXPECT_EQ(log, "stoppedtimeout");
}

task send_until_stopped(sender<int> tx, std::stop_token token, std::atomic<int>& sent) {
    while (co_await with_stop(tx.send(1), token)) ++sent;
}
task count_received(receiver<int> rx, std::atomic<int>& received) {
    while (co_await rx.recv()) ++received;
}

TEST(thread_pool, stops_on_other_threads_end_waits_and_no_value_is_lost) {
    for (int round = 0; round < 200; ++round) {
        thread_pool pool(3);
        std::atomic<int> sent{0}, received{0};
        std::array<std::stop_source, 8> sources;
        auto [tx, rx] = channel<int>(static_cast<std::size_t>(1 + round % 3));
        for (auto& source : sources) pool.spawn(send_until_stopped(tx, source.get_token(), sent));
        drop(std::move(tx));
        pool.spawn(count_received(std::move(rx), received));
        for (auto& source : sources) {
            if (round % 2 == 0) {
                source.request_stop();
            } else {
                pool.spawn(request(source));
            }
        }
        pool.wait();
        ASSERT_EQ(sent, received);
    }
}

// ---- What is destroyed

TEST(thread_pool, a_coroutine_that_is_destroyed_before_its_turn_is_not_resumed) {
    for (const bool on_another_thread : {false, true}) {
        thread_pool pool(1);
        auto [tx, rx] = channel<int>(1);
        std::string log;
        pool.spawn(destroy_another(std::move(tx), rx, log, on_another_thread));
        pool.wait();
        EXPECT_EQ(log, "");
    }
}

task wake_several(std::vector<sender<int>>& txs, std::vector<receiver<int>>& rxs, std::string& log, std::size_t dies) {
    std::vector<std::optional<other>> woken;
    for (auto& rx : rxs) woken.emplace_back(receive_one(rx, log));
    for (std::size_t i = 0; i < txs.size(); ++i) EXPECT_TRUE(txs[i].try_send(static_cast<int>(i)));
    woken[dies].reset();
    auto [tick, tock] = channel<int>(1);
    spawn([](sender<int> t) -> task { EXPECT_TRUE(co_await t.send(1)); }(std::move(tick)));
    EXPECT_TRUE(co_await tock.recv());
}

TEST(thread_pool, the_others_on_the_list_of_a_destroyed_coroutine_are_resumed_in_their_order) {
    for (std::size_t dies = 0; dies < 3; ++dies) {
        thread_pool pool(1);
        std::vector<sender<int>> txs;
        std::vector<receiver<int>> rxs;
        for (int i = 0; i < 3; ++i) {
            auto [tx, rx] = channel<int>(1);
            txs.push_back(std::move(tx));
            rxs.push_back(std::move(rx));
        }
        std::string log;
        pool.spawn(wake_several(txs, rxs, log, dies));
        pool.wait();
        EXPECT_EQ(log, dies == 0 ? "12" : dies == 1 ? "02" : "01");
    }
}

task own_another(std::optional<other>& it, receiver<int>& rx, std::string& log) {
    it.emplace(receive_one(rx, log));
    co_return;
}
/// Its resumption is queued on this thread, which does not come to it.
task send_and_wait(sender<int>& tx, flag& sent, const flag& release) {
    EXPECT_TRUE(tx.try_send(7));
    sent.set();
    release.wait();
    co_return;
}
task hold_then_destroy(flag& held, const flag& sent, std::optional<other>& it, flag& release) {
    held.set();
    sent.wait();
    it.reset();
    release.set();
    co_return;
}

TEST(thread_pool, a_resumption_on_the_list_of_one_busy_thread_is_unlinked_by_another) {
    thread_pool pool(2);
    for (int i = 0; i < 200; ++i) {
        auto [tx, rx] = channel<int>(1);
        std::string log;
        std::optional<other> it;
        pool.spawn(own_another(it, rx, log));
        pool.wait();
        flag held, sent, release;
        pool.spawn(hold_then_destroy(held, sent, it, release));
        held.wait();
        pool.spawn(send_and_wait(tx, sent, release));  // on the other thread
        pool.wait();
        EXPECT_EQ(log, "");
        EXPECT_EQ(rx.try_recv(), 7);
    }
}

TEST(thread_pool, a_resumption_is_unlinked_by_a_thread_outside_while_all_threads_are_busy) {
    for (const bool woken_on_the_pool : {false, true}) {
        for (const std::size_t threads : {1U, 3U}) {
            thread_pool pool(threads);
            auto [tx, rx] = channel<int>(1);
            std::string log;
            std::optional<other> it;
            pool.spawn(own_another(it, rx, log));
            pool.wait();
            flag release, sent;
            std::vector<flag> held(threads);
            for (std::size_t i = woken_on_the_pool ? 1 : 0; i < threads; ++i) {
                pool.spawn(hold(held[i], release));
                held[i].wait();
            }
            if (woken_on_the_pool) {
                pool.spawn(send_and_wait(tx, sent, release));
                sent.wait();
            } else {
                ASSERT_TRUE(tx.try_send(7));
            }
            it.reset();
            release.set();
            pool.wait();
            EXPECT_EQ(log, "");
            EXPECT_EQ(rx.try_recv(), 7);
        }
    }
}

task wait_for_ever(counted, sender<int> tx, receiver<int> rx) {
    EXPECT_TRUE(co_await tx.send(1));
    while (co_await rx.recv()) {
    }
    ADD_FAILURE() << "resumed at its end";
}

TEST(thread_pool, tasks_that_wait_are_destroyed_with_the_pool) {
    std::atomic<int> alive{0};
    auto [tx, rx] = channel<int>(100);
    std::vector<sender<int>> keeps_them_waiting;
    {
        thread_pool pool(1);
        for (int i = 0; i < 100; ++i) {
            auto [keep, never] = channel<int>(1);
            pool.spawn(wait_for_ever(counted(alive), tx, std::move(never)));
            keeps_them_waiting.push_back(std::move(keep));
        }
        flag all_wait;
        pool.spawn(set(all_wait));  // the last in the order of the only thread
        all_wait.wait();
        EXPECT_EQ(alive, 100);
        EXPECT_EQ(tx.strong_count(), 101U);
    }
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(tx.strong_count(), 1U);
    EXPECT_EQ(rx.len(), 100U);
}

/// The end of each wakes the next one, which is destroyed before its turn.
task wait_for_the_end_of(counted, receiver<int> rx, sender<int> tx) {
    EXPECT_FALSE(co_await rx.recv());
    drop(std::move(tx));
    ADD_FAILURE() << "resumed at its end";
}

TEST(thread_pool, tasks_that_others_wake_as_they_are_destroyed_with_the_pool_are_not_resumed) {
    std::atomic<int> alive{0};
    auto [keep, from] = channel<int>(1);
    {
        thread_pool pool(1);
        for (int i = 0; i < 20; ++i) {
            auto [tx, rx] = channel<int>(1);
            pool.spawn(wait_for_the_end_of(counted(alive), std::move(from), std::move(tx)));
            from = std::move(rx);
        }
        flag all_wait;
        pool.spawn(set(all_wait));
        all_wait.wait();
    }
    EXPECT_EQ(alive, 0);
}

task ping_pong(counted, receiver<int> rx, sender<int> tx) {
    while (auto v = co_await rx.recv()) (void)co_await tx.send(*v);
}
task spawn_for_ever(counted, std::atomic<int>& alive) {
    if (alive > 0) spawn(spawn_for_ever(counted(alive), alive));
    co_return;
}

TEST(thread_pool, a_pool_is_destroyed_in_the_middle_of_its_work) {
    for (int round = 0; round < 200; ++round) {
        std::atomic<int> alive{0};
        {
            thread_pool pool(static_cast<std::size_t>(1 + round % 4));
            for (int i = 0; i < 4; ++i) {
                auto [there, there_rx] = channel<int>(1);
                auto [back, back_rx] = channel<int>(1);
                ASSERT_TRUE(there.try_send(i));
                pool.spawn(ping_pong(counted(alive), std::move(there_rx), std::move(back)));
                pool.spawn(ping_pong(counted(alive), std::move(back_rx), std::move(there)));
                pool.spawn(spawn_for_ever(counted(alive), alive));
            }
            if (round % 3 == 0) {
                flag ran;
                pool.spawn(set(ran));
                ran.wait();
            }
        }
        ASSERT_EQ(alive, 0);
    }
}

// ---- Exceptions and misuse

TEST(thread_pool, the_first_exception_comes_out_when_all_tasks_have_ended) {
    std::string log;
    thread_pool pool(1);
    pool.spawn(fail("one"));
    pool.spawn(fail("two"));
    pool.spawn(note(log, "end"));
    try {
        pool.wait();
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "one");
    }
    EXPECT_EQ(log, "end");
    pool.wait();  // it is reported once
}

TEST(thread_pool, exceptions_on_several_threads_leave_the_other_tasks_alone) {
    for (int round = 0; round < 50; ++round) {
        thread_pool pool(3);
        std::atomic<int> ran{0};
        for (int i = 0; i < 20; ++i) {
            pool.spawn(fail("x"));
            pool.spawn(count_down(ran, 2));
        }
        EXPECT_THROW(pool.wait(), std::runtime_error);
        EXPECT_EQ(ran, 20 * 7);
    }
}

TEST(thread_pool, an_exception_that_is_not_waited_for_is_dropped_with_the_pool) {
    thread_pool pool(1);
    flag ran;
    pool.spawn(fail("x"));
    pool.spawn(set(ran));
    ran.wait();
}

task wait_inside(thread_pool& pool) {
    EXPECT_THROW(pool.wait(), std::logic_error);
    co_return;
}
task run_inside() {
    EXPECT_THROW(run(), std::logic_error);
    co_return;
}
task block_inside(sender<int> tx) {
    EXPECT_TRUE(async_context::active());
    EXPECT_THROW((void)tx.blocking_send(1), std::logic_error);
    EXPECT_THROW((void)block_on(tx.send(1)), std::logic_error);
    co_return;
}

TEST(thread_pool, misuse_is_reported) {
    thread_pool pool(2);
    thread_pool another(1);
    auto [tx, rx] = channel<int>(1);
    pool.spawn(wait_inside(pool));
    pool.spawn(wait_inside(another));
    pool.spawn(run_inside());
    pool.spawn(block_inside(tx));
    pool.wait();
    run(wait_inside(pool));
    std::string log;
    EXPECT_THROW(spawn(note(log, "x")), std::logic_error);
    task t = note(log, "y");
    task u = std::move(t);
    pool.spawn(std::move(u));
    EXPECT_THROW(pool.spawn(std::move(t)), std::logic_error);
    pool.wait();
    EXPECT_EQ(log, "y");
}

}  // namespace
}  // namespace tailrace
