// Tests of awaiting: any coroutine type, resumption from the run list, executors, and frames that are destroyed while
// they wait.
#include "tailrace/coroutine.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/stop.hpp"
#include "tailrace/timer.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

/// Another kind: starts when it is resumed, frees itself, and changes what it awaits.
struct lazy {
    struct promise_type {
        lazy get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        template <class Operation>
        auto await_transform(Operation&& op) {
            ++awaited;
            return operator co_await(std::forward<Operation>(op));
        }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
        int awaited = 0;
    };
    std::coroutine_handle<promise_type> frame;
};

/// An executor that runs its wakers on request.
class queue {
  public:
    void execute(const waker& w) noexcept { work_.push_back(w); }
    std::size_t run() {
        std::size_t n = 0;
        for (; !work_.empty(); ++n) {
            const waker w = work_.front();
            work_.pop_front();
            w();
        }
        return n;
    }

  private:
    std::deque<waker> work_;
};

TEST(coroutine, a_send_and_a_receive_meet) {
    auto [tx, rx] = channel<int>(1);
    std::vector<int> got;
    const auto consume = [](auto& from, std::vector<int>& to) -> task {
        while (auto v = co_await from.recv()) to.push_back(*v);
    };
    const auto produce = [](auto to) -> task {
        for (int i = 0; i < 5; ++i) (void)co_await to.send(i);
    };
    const task consumer = consume(rx, got);
    const task producer = produce(std::move(tx));
    EXPECT_TRUE(producer.done());
    EXPECT_FALSE(consumer.done()) << "its sender lives as long as the frame";
    EXPECT_EQ(got, (std::vector{0, 1, 2, 3, 4}));
}

TEST(coroutine, an_operation_can_be_awaited_in_a_coroutine_type_of_any_kind) {
    auto [tx, rx] = channel<int>(1);
    int got = 0;
    const auto body = [](auto& from, int& to) -> lazy { to = *co_await from.recv(); };
    const lazy sleeping = body(rx, got);
    sleeping.frame.resume();
    ASSERT_TRUE(tx.try_send(7));
    EXPECT_EQ(got, 7);
}

TEST(coroutine, every_operation_can_be_awaited) {
    auto [tx, rx] = channel<int>(3);
    const auto body = [](auto& to, auto& from) -> task {
        auto permit = co_await to.reserve();
        permit->send(1);
        auto permits = co_await to.reserve_many(2);
        for (int i = 2; auto& p : *permits) p.send(i++);
        std::vector<int> batch;
        const std::size_t n = co_await from.recv_many(batch, 5);
        EXPECT_EQ(n, 3u);
        EXPECT_EQ(batch, (std::vector{1, 2, 3}));
        auto owned = co_await to.clone().reserve_owned();
        (void)std::move(*owned).send(4);
        const auto fourth = co_await from.recv();
        EXPECT_EQ(fourth, 4);
        from.close();
        co_await to.closed();
        const auto refused = co_await to.send(5);
        EXPECT_EQ(refused.error().value, 5);
    };
    const task t = body(tx, rx);
    t.rethrow();
    EXPECT_TRUE(t.done());
}

// A condition with a co_await in it, where nothing is declared: left to itself, g++ 12 puts the frame together wrongly
// (coroutine.hpp). Functions, for there the body of a lambda declares something.
using ints = receiver<int, std_platform>;

task in_while(ints& from, int& n) {
    while (co_await from.recv()) ++n;
}
task in_for(ints& from, int& n) {
    for (; co_await from.recv(); ++n) {
    }
}
task in_do(ints& from, int& n) {
    do ++n;
    while (co_await from.recv());
    --n;
}
task in_if(ints& from, int& n) {
    for (;;) {
        if (!co_await from.recv()) break;
        ++n;
    }
}
task in_else(ints& from, int& n) {
    for (;;) {
        if (co_await from.recv()) {
            ++n;
        } else {
            co_return;
        }
    }
}
task in_switch(ints& from, int& n) {
    for (;;) {
        switch ((co_await from.recv()).value_or(-1)) {
            case -1: co_return;
            default: ++n;
        }
    }
}
template <class Receiver>
task in_a_template(Receiver& from, int& n) {
    while (co_await from.recv()) ++n;
}
task with_a_deadline(ints& from, int& n, manual_clock& clock) {
    while (co_await from.recv_timeout(1ms, clock)) ++n;
}
task on_an_executor(ints& from, int& n, queue& loop) {
    while (co_await resume_on(loop, from.recv())) ++n;
}
lazy with_await_transform(ints& from, int& n) {
    while (co_await from.recv()) ++n;
}

TEST(coroutine, a_receive_can_be_a_condition_in_a_coroutine_that_declares_nothing) {
    for (auto* const body : {in_while, in_for, in_do, in_if, in_else, in_switch, in_a_template<ints>}) {
        auto [tx, rx] = channel<int>(2);
        int n = 0;
        const task t = body(rx, n);
        ASSERT_TRUE(tx.try_send(1));
        ASSERT_TRUE(tx.try_send(2));
        EXPECT_FALSE(t.done());
        rx.close();
        EXPECT_TRUE(t.done());
        EXPECT_EQ(n, 2);
    }
}

// Clause: cancel.coroutine.
TEST(coroutine, a_frame_destroyed_in_its_condition_gives_up_its_receive) {
    for (auto* const body : {in_while, in_for, in_do, in_if, in_else, in_switch, in_a_template<ints>}) {
        auto [tx, rx] = channel<int>(2);
        int n = 0;
        {
            const task waiting = body(rx, n);
            ASSERT_TRUE(tx.try_send(1));
            EXPECT_FALSE(waiting.done());
        }
        ASSERT_TRUE(tx.try_send(2));
        EXPECT_EQ(rx.try_recv(), 2) << "the value is still there";
    }
}

TEST(coroutine, a_condition_can_be_on_an_executor_with_a_deadline_or_transformed) {
    auto [tx, rx] = channel<int>(2);
    int n = 0;
    {
        queue loop;
        const task t = on_an_executor(rx, n, loop);
        ASSERT_TRUE(tx.try_send(1));
        EXPECT_EQ(n, 0);
        EXPECT_EQ(loop.run(), 1u);
        EXPECT_EQ(n, 1);
    }
    {
        manual_clock clock;
        const task t = with_a_deadline(rx, n, clock);
        ASSERT_TRUE(tx.try_send(2));
        EXPECT_EQ(n, 2);
        clock.advance(1ms);
        EXPECT_TRUE(t.done());
    }
    const lazy sleeping = with_await_transform(rx, n);
    sleeping.frame.resume();
    ASSERT_TRUE(tx.try_send(3));
    EXPECT_EQ(n, 3);
    EXPECT_EQ(sleeping.frame.promise().awaited, 2);
    rx.close();
}

TEST(coroutine, a_receive_on_the_right_of_and_is_made_only_if_the_left_holds) {
    // In the form that README.md names: in the condition of the loop itself g++ makes it always.
    auto [tx, rx] = channel<int>(4);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(tx.try_send(i));
    const auto take = [](auto& from, int limit) -> task {
        for (;;) {
            const bool more = limit-- > 0 && co_await from.recv();
            if (!more) break;
        }
    };
    const task t = take(rx, 2);
    EXPECT_TRUE(t.done());
    EXPECT_EQ(rx.try_recv(), 2);
}

TEST(coroutine, a_million_hops_on_one_thread_need_no_stack) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    constexpr int hops = 500'000;  // each way
    const auto ping = [](auto& to, auto& from) -> task {
        for (int i = 0; i < hops; ++i) {
            (void)co_await to.send(i);
            const auto back = co_await from.recv();
            EXPECT_EQ(back, i);
        }
    };
    const auto pong = [](auto& from, auto& to) -> task {
        for (int i = 0; i < hops; ++i) (void)co_await to.send(*co_await from.recv());
    };
    const task second = pong(from_a, b);
    const task first = ping(a, from_b);
    EXPECT_TRUE(first.done());
    EXPECT_TRUE(second.done());
}

TEST(coroutine, a_long_chain_of_resumptions_needs_no_stack) {
    // Each of many is woken by the one before it: as recursion that would be a stack of a hundred thousand resumptions.
    constexpr int length = 100'000;
    const auto pass_on = [](auto from, auto to) -> task { (void)co_await to.send(*co_await from.recv()); };
    auto [first, rx] = channel<int>(1);
    auto from = std::move(rx);
    std::vector<task> chain;
    for (int i = 0; i < length; ++i) {
        auto [tx, next] = channel<int>(1);
        chain.push_back(pass_on(std::move(from), std::move(tx)));
        from = std::move(next);
    }
    ASSERT_TRUE(first.try_send(42));
    EXPECT_EQ(from.try_recv(), 42);
}

TEST(coroutine, an_operation_awaited_twice_throws) {
    auto [tx, rx] = channel<int>(2);
    const auto body = [](auto& to) -> task {
        auto op = to.send(1);
        const auto sent = co_await std::move(op);
        EXPECT_TRUE(sent);
        (void)co_await std::move(op);  // NOLINT(bugprone-use-after-move): that is the point
    };
    const task t = body(tx);
    EXPECT_THROW(t.rethrow(), std::logic_error);
    EXPECT_EQ(tx.capacity(), 1u);
}

TEST(coroutine, an_operation_that_is_never_awaited_has_done_nothing) {
    auto [tx, rx] = channel<std::shared_ptr<int>>(1);
    auto value = std::make_shared<int>(1);
    {
        const auto op = tx.send(value);
    }
    EXPECT_EQ(value.use_count(), 1) << "its value is destroyed";
    EXPECT_EQ(tx.capacity(), 1u);
}

TEST(coroutine, a_coroutine_on_an_executor_is_resumed_there_and_only_if_it_waited) {
    auto [tx, rx] = channel<int>(1);
    queue loop;
    int got = 0;
    const auto body = [](auto& from, queue& on, int& to) -> task {
        to = *co_await resume_on(on, from.recv());
        to = *co_await resume_on(on, from.recv());
    };
    ASSERT_TRUE(tx.try_send(1));
    const task t = body(rx, loop, got);
    EXPECT_EQ(got, 1) << "there was nothing to wait for";
    ASSERT_TRUE(tx.try_send(2));
    EXPECT_EQ(got, 1);
    EXPECT_EQ(loop.run(), 1u);
    EXPECT_EQ(got, 2);
    EXPECT_TRUE(t.done());
}

// Clause: cancel.coroutine.
TEST(coroutine, a_suspended_frame_that_is_destroyed_gives_up_its_place) {
    auto [tx, rx] = channel<std::shared_ptr<int>>(1);
    ASSERT_TRUE(tx.try_send(nullptr));
    auto value = std::make_shared<int>(1);
    const auto body = [](auto& to, std::shared_ptr<int> v) -> task { (void)co_await to.send(std::move(v)); };
    {
        const task waiting = body(tx, value);
        EXPECT_EQ(value.use_count(), 2);
    }
    EXPECT_EQ(value.use_count(), 1);
    EXPECT_TRUE(rx.try_recv());
    EXPECT_EQ(tx.capacity(), 1u);
}

/// Moved out of the channel, it throws.
struct stuck {
    stuck() = default;
    stuck(stuck&&) noexcept(false) {
        if (throws) throw std::runtime_error("it does not move");
    }
    static inline bool throws = false;
};

TEST(coroutine, a_frame_that_its_own_poll_destroys_and_that_throws_then_is_not_touched_again) {
    // The receive wakes a sender, whose owner destroys the coroutine that receives; then the value throws.
    for (const bool destroyed : {true, false}) {
        auto [tx, rx] = channel<stuck>(1);
        ASSERT_TRUE(tx.try_send(stuck{}));
        bool continued = false;
        const auto body = [](auto& from, bool& went_on) -> task {
            co_await start_later{};
            bool threw = false;
            try {
                (void)co_await from.recv();
            } catch (const std::runtime_error& error) {
                threw = std::string_view(error.what()) == "it does not move";
            }
            went_on = true;
            EXPECT_TRUE(threw);
        };
        std::optional<task> receiver = body(rx, continued);
        const auto frame = receiver->frame;
        auto waiting = tx.send(stuck{});
        const waker destroys{[](void* t) noexcept { static_cast<std::optional<task>*>(t)->reset(); }, &receiver};
        ASSERT_FALSE(waiting.poll(destroyed ? destroys : waker{}));
        stuck::throws = true;
        frame.resume();
        stuck::throws = false;
        EXPECT_EQ(receiver.has_value(), !destroyed);
        EXPECT_EQ(continued, !destroyed) << "without the destruction the exception arrives";
        EXPECT_TRUE(waiting.poll({})->has_value()) << "the capacity of the value that threw is back";
    }
}

/// Throws in the move after so many.
struct fragile {
    fragile() { ++alive; }
    fragile(fragile&&) noexcept(false) {
        if (moves-- == 0) throw std::runtime_error("it does not move");
        ++alive;
    }
    ~fragile() { --alive; }
    static inline int moves = 0;
    static inline int alive = 0;
};

/// Its frame has ones in it where nothing was written yet.
struct in_ones {
    struct promise_type {
        in_ones get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
        static void* operator new(std::size_t size) { return std::memset(::operator new(size), 0xff, size); }
        static void operator delete(void* frame) noexcept { ::operator delete(frame); }
    };
    std::coroutine_handle<promise_type> frame;
};

TEST(coroutine, a_value_that_throws_in_any_of_its_moves_is_destroyed_once) {
    for (int moves = 0;; ++moves) {
        auto [tx, rx] = channel<fragile>(1);
        fragile::moves = 1'000;
        ASSERT_TRUE(tx.try_send(fragile{}));
        bool threw = false;
        const auto body = [](auto& from, bool& failed) -> in_ones {
            try {
                const auto got = co_await from.recv();
                EXPECT_TRUE(got.has_value());
            } catch (const std::runtime_error&) {
                failed = true;
            }
        };
        const in_ones receiver = body(rx, threw);
        fragile::moves = moves;
        receiver.frame.resume();
        EXPECT_EQ(fragile::alive, 0) << "after " << moves << " moves";
        EXPECT_EQ(tx.capacity(), 1u);
        if (!threw) return;
        ASSERT_LT(moves, 100);
    }
}

/// A manual clock that counts its timers.
class counting_clock : public manual_clock {
  public:
    class timer : public manual_clock::timer {
      public:
        timer() { ++alive; }
        ~timer() { --alive; }
        static inline int alive = 0;
    };
};

TEST(coroutine, a_first_attempt_that_throws_leaves_nothing_of_its_wait_behind) {
    auto [tx, rx] = channel<stuck>(1);
    counting_clock clock;
    ASSERT_TRUE(tx.try_send(stuck{}));
    const auto body = [](auto& from, auto& deadlines) -> task {
        (void)co_await with_timeout(from.recv(), 1h, deadlines);
    };
    stuck::throws = true;
    const task t = body(rx, clock);
    stuck::throws = false;
    EXPECT_THROW(t.rethrow(), std::runtime_error);
    EXPECT_EQ(counting_clock::timer::alive, 0);
    EXPECT_EQ(tx.capacity(), 1u) << "of the value that threw";
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::empty) << "no receive is unfinished";
}

TEST(coroutine, a_deadline_resumes_with_timeout_and_the_value) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(0));
    manual_clock clock;
    std::optional<int> back;
    const auto body = [](auto& to, manual_clock& c, std::optional<int>& b) -> task {
        auto r = co_await to.send_timeout(7, 5ms, c);
        if (!r && r.error().reason == timeout_error::timeout) b = r.error().value;
    };
    const task t = body(tx, clock, back);
    clock.advance(4ms);
    EXPECT_FALSE(t.done());
    clock.advance(1ms);
    EXPECT_EQ(back, 7);
    EXPECT_EQ(rx.try_recv(), 0);
    EXPECT_EQ(tx.capacity(), 1u);
}

TEST(coroutine, a_blocking_form_is_refused_in_a_coroutine_that_was_resumed_inline) {
    auto [tx, rx] = channel<int>(1);
    auto [other_tx, other_rx] = channel<int>(8);
    bool resumed = false;
    const auto body = [&](auto& to, auto& from) -> task {
        EXPECT_TRUE(to.blocking_send(1)) << "nothing has been resumed yet";
        EXPECT_EQ(from.blocking_recv(), 1);
        EXPECT_EQ(co_await rx.recv(), 7);
        // Each of them would find what it wants; it is where they are called that counts.
        EXPECT_THROW((void)to.blocking_send(2), std::logic_error);
        EXPECT_THROW((void)to.blocking_send_timeout(2, 1h), std::logic_error);
        EXPECT_THROW((void)to.blocking_reserve(), std::logic_error);
        EXPECT_THROW((void)to.blocking_reserve_timeout(1h), std::logic_error);
        EXPECT_THROW((void)block_on(to.send(2)), std::logic_error);
        for (int i = 0; i < 4; ++i) EXPECT_TRUE(to.try_send(i));
        std::vector<int> into;
        EXPECT_THROW((void)from.blocking_recv(), std::logic_error);
        EXPECT_THROW((void)from.blocking_recv_timeout(1h), std::logic_error);
        EXPECT_THROW((void)from.blocking_recv_many(into, 1), std::logic_error);
        EXPECT_EQ(from.try_recv(), 0) << "a try form is none";
        resumed = true;
    };
    const task t = body(other_tx, other_rx);
    ASSERT_TRUE(tx.try_send(7));
    EXPECT_TRUE(resumed);
    t.rethrow();
    EXPECT_TRUE(other_tx.blocking_send(3)) << "the resumption is over";
}

TEST(coroutine, a_blocking_form_may_be_used_in_a_coroutine_that_an_executor_resumed) {
    auto [tx, rx] = channel<int>(1);
    queue executor;
    const auto body = [&](auto& to) -> task {
        EXPECT_EQ(co_await resume_on(executor, rx.recv()), 7);
        EXPECT_TRUE(to.blocking_send(8)) << "an executor whose threads may not block has an async_context there";
    };
    const task t = body(tx);
    ASSERT_TRUE(tx.try_send(7));
    EXPECT_EQ(executor.run(), 1u);
    EXPECT_TRUE(t.done());
    t.rethrow();
    EXPECT_EQ(rx.try_recv(), 8);
}

TEST(coroutine, the_default_timer_needs_no_runtime) {
    auto [tx, rx] = channel<int>(1);
    EXPECT_EQ(block_on(rx.recv_timeout(1ms)).error(), timeout_error::timeout);
    ASSERT_TRUE(tx.try_send(0));
    EXPECT_EQ(block_on(tx.send_timeout(3, 1ms)).error().value, 3);
    EXPECT_FALSE(block_on(with_timeout(tx.closed(), 1ms)));
}

TEST(stop, success_and_closed_beat_a_stop_that_was_requested_before) {
    auto [tx, rx] = channel<int>(1);
    std::stop_source source;
    source.request_stop();
    EXPECT_TRUE(block_on(with_stop(tx.send(1), source.get_token())));
    EXPECT_EQ(block_on(with_stop(tx.send(2), source.get_token())).error().reason, stop_error::stopped);
    EXPECT_EQ(block_on(with_stop(rx.recv(), source.get_token())), 1);
    EXPECT_EQ(block_on(with_stop(rx.recv(), source.get_token())).error(), stop_error::stopped);
    rx.close();
    EXPECT_EQ(block_on(with_stop(tx.send(3), source.get_token())).error().reason, stop_error::closed);
    EXPECT_EQ(block_on(with_stop(rx.recv(), source.get_token())).error(), stop_error::closed);
    EXPECT_TRUE(block_on(with_stop(tx.closed(), source.get_token())));
}

/// ThreadSanitizer sees here what each poll does beside the callback of the one before.
TEST(stop, an_operation_may_be_polled_again_while_another_thread_requests_the_stop) {
    auto [tx, rx] = channel<int>(1);
    for (int round = 0; round < 300; ++round) {
        std::stop_source source;
        std::atomic<int> woken{0};
        const waker w{[](void* n) noexcept { ++*static_cast<std::atomic<int>*>(n); }, &woken};
        auto op = with_stop(rx.recv(), source.get_token());
        ASSERT_FALSE(op.poll(w));
        std::jthread stops([&] { source.request_stop(); });
        auto result = op.poll(w);
        while (!result) result = op.poll(w);
        EXPECT_EQ(result->error(), stop_error::stopped);
        stops.join();
        EXPECT_LE(woken, 2) << "by the callback of one poll, or of each of two";
    }
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST(stop, a_stop_from_another_thread_wakes_a_thread_that_blocks) {
    auto [tx, rx] = channel<int>(1);
    std::stop_source source;
    std::jthread other([&] { source.request_stop(); });
    EXPECT_EQ(block_on(with_stop(rx.recv(), source.get_token())).error(), stop_error::stopped);
}

// Clause: cancel.coroutine.
TEST(coroutine, random_frames_are_destroyed_at_random_moments_and_nothing_is_lost) {
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
        const std::size_t capacity = 1 + below(3);
        auto [tx, rx] = channel<std::shared_ptr<int>>(capacity);
        const auto token = std::make_shared<int>(0);
        std::vector<std::optional<task>> tasks(12);
        manual_clock clock;
        std::size_t received = 0;
        const auto send_some = [&](auto& to) -> task {
            for (int i = 0; i < 4; ++i) {
                switch (i % 3) {
                    case 0: (void)co_await to.send(token); break;
                    case 1: (void)co_await to.send_timeout(token, 3ms, clock); break;
                    default:
                        if (auto p = co_await to.reserve_many(1 + static_cast<std::size_t>(i) % capacity)) {
                            for (auto& permit : *p) {
                                permit.send(token);
                                break;
                            }
                        }
                        break;
                }
            }
        };
        const auto receive_some = [&](auto& from) -> task {
            for (int i = 0; i < 8; ++i) {
                const auto v = co_await from.recv_timeout(2ms, clock);
                received += v.has_value();
            }
        };
        std::optional<task> taker;
        for (int step = 0; step < 60; ++step) {
            auto& slot = tasks[below(static_cast<unsigned>(tasks.size()))];
            switch (below(5)) {
                case 0:
                case 1: slot.emplace(send_some(tx)); break;
                case 2: slot.reset(); break;
                case 3:
                    taker.reset();
                    taker.emplace(receive_some(rx));
                    break;
                default: clock.advance(1ms); break;
            }
        }
        tasks.clear();
        taker.reset();
        while (rx.try_recv()) ++received;
        EXPECT_EQ(tx.capacity(), capacity) << "seed " << seed;
        EXPECT_EQ(token.use_count(), 1) << "seed " << seed;
        EXPECT_GT(received, 0u);
    }
}

}  // namespace
}  // namespace tailrace
