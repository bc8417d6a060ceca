// Tests of tailrace::async: every operation, every kind of token, and what is associated with a handler.
#include <chrono>
#include <cstdint>
#include <expected>
#include <future>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <tuple>
#include <variant>
#include <vector>

#include "support.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/stop.hpp"

namespace tailrace::asio_test {
namespace {

using namespace std::chrono_literals;

// ---- The result, which is that of an operation with a stop token.

template <class Operation, class Result>
concept ends_with = std::is_same_v<async_result_of<Operation>, Result>;
template <class Operation>
using timed = deadline_operation<Operation, manual_clock>;

static_assert(ends_with<send_operation<int>, std::expected<void, send_stop_error<int>>>);
static_assert(ends_with<recv_operation<int>, std::expected<int, recv_stop_error>>);
static_assert(ends_with<reserve_operation<int>, std::expected<permit<int>, reserve_stop_error>>);
static_assert(ends_with<reserve_many_operation<int>, std::expected<permit_iterator<int>, reserve_stop_error>>);
static_assert(ends_with<reserve_owned_operation<int>, std::expected<owned_permit<int>, reserve_stop_error>>);
static_assert(ends_with<closed_operation<int>, bool>);
static_assert(ends_with<timed<send_operation<int>>, std::expected<void, send_interrupt_error<int>>>);
static_assert(ends_with<timed<recv_operation<int>>, std::expected<int, interrupt_error>>);
static_assert(ends_with<stop_operation<recv_operation<int>>, std::expected<int, recv_stop_error>>);
static_assert(ends_with<stop_operation<timed<recv_operation<int>>>, std::expected<int, interrupt_error>>);

// ---- Callbacks.

TEST(callback, a_receive_that_finds_a_value_is_not_completed_inside_of_its_start) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    started receive(context, rx.recv());
    EXPECT_FALSE(receive.done());
    EXPECT_EQ(rx.len(), 0u) << "the value was there, so it was taken at once";
    EXPECT_EQ(run(context), 1u);
    ASSERT_TRUE(receive.done());
    EXPECT_EQ(receive.got.failure, nullptr);
    EXPECT_EQ(receive.got.result->value(), 1);
}

TEST(callback, a_receive_that_waits_is_completed_on_its_executor_and_not_inside_of_the_send) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    started receive(context, rx.recv());
    EXPECT_EQ(run(context), 0u);
    EXPECT_FALSE(context.stopped()) << "work is outstanding";
    net::dispatch(context, [&] {
        EXPECT_TRUE(tx.try_send(1));
        EXPECT_FALSE(receive.done()) << "although this runs on its executor";
    });
    EXPECT_EQ(run(context), 2u);
    ASSERT_TRUE(receive.done());
    EXPECT_EQ(receive.got.result->value(), 1);
    EXPECT_TRUE(context.stopped()) << "no work is outstanding any more";
}

TEST(callback, a_value_is_taken_when_the_completion_runs) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    started receive(context, rx.recv());
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.len(), 1u);
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(rx.len(), 0u);
}

TEST(callback, a_send_that_waits_is_served_by_a_receive) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    started send(context, tx.send(2));
    EXPECT_EQ(run(context), 0u);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(run(context), 1u);
    EXPECT_TRUE(send.got.result->has_value());
    EXPECT_EQ(rx.try_recv(), 2);
}

TEST(callback, a_send_to_a_closed_channel_hands_its_value_back) {
    net::io_context context;
    auto [tx, rx] = channel<std::unique_ptr<int>>(1);
    ASSERT_TRUE(tx.try_send(nullptr));
    started waiting(context, tx.send(std::make_unique<int>(1)));
    rx.close();
    started refused(context, tx.send(std::make_unique<int>(2)));
    EXPECT_EQ(run(context), 2u);
    EXPECT_EQ(waiting.got.result->error().reason, stop_error::closed);
    EXPECT_EQ(*waiting.got.result->error().value, 1);
    EXPECT_EQ(refused.got.result->error().reason, stop_error::closed);
    EXPECT_EQ(*refused.got.result->error().value, 2);
}

TEST(callback, every_operation_can_be_started_when_there_is_nothing_to_wait_for) {
    net::io_context context;
    auto [tx, rx] = channel<int>(4);
    started send(context, tx.send(1));
    started reserve(context, tx.reserve());
    started reserve_many(context, tx.reserve_many(1));
    started reserve_owned(context, tx.clone().reserve_owned());
    started closed(context, tx.closed());
    EXPECT_EQ(run(context), 4u);
    EXPECT_TRUE(send.got.result->has_value());
    reserve.got.result->value().send(2);
    reserve_many.got.result->value().next()->send(3);
    (void)std::move(reserve_owned.got.result->value()).send(4);
    std::vector<int> batch;
    started receive_many(context, rx.recv_many(batch, 3));
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(receive_many.got.result->value(), 3u);
    started receive(context, rx.recv());
    rx.close();
    EXPECT_EQ(run(context), 2u);
    EXPECT_EQ(receive.got.result->value(), 4);
    EXPECT_EQ(batch, (std::vector{1, 2, 3}));
    EXPECT_TRUE(*closed.got.result);
}

TEST(callback, every_operation_can_wait) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    std::vector<int> batch;
    started receive_many(context, rx.recv_many(batch, 3));
    ASSERT_TRUE(tx.try_send(0));
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(receive_many.got.result->value(), 1u);

    ASSERT_TRUE(tx.try_send(1));
    started send(context, tx.send(2));
    started reserve(context, tx.reserve());
    started reserve_many(context, tx.reserve_many(1));
    started reserve_owned(context, tx.clone().reserve_owned());
    started closed(context, tx.closed());
    EXPECT_EQ(run(context), 0u);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(run(context), 1u);
    EXPECT_TRUE(send.got.result->has_value());
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_EQ(run(context), 1u);
    reserve.got.result->value().send(3);
    EXPECT_EQ(rx.try_recv(), 3);
    EXPECT_EQ(run(context), 1u);
    reserve_many.got.result->value().next()->send(4);
    EXPECT_EQ(rx.try_recv(), 4);
    EXPECT_EQ(run(context), 1u);
    (void)std::move(reserve_owned.got.result->value()).send(5);
    EXPECT_EQ(rx.try_recv(), 5);
    rx.close();
    EXPECT_EQ(run(context), 1u);
    EXPECT_TRUE(*closed.got.result);
}

TEST(callback, a_deadline_and_a_stop_token_end_an_operation_in_either_nesting) {
    net::io_context context;
    manual_clock clock;
    std::stop_source stop;
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    started timed(context, with_timeout(tx.send(2), 1ms, clock));
    started stoppable(context, with_stop(tx.send(3), stop.get_token()));
    started timed_first(context, with_stop(with_timeout(tx.reserve(), 1ms, clock), stop.get_token()));
    started stopped_first(context, with_timeout(with_stop(tx.closed(), stop.get_token()), 1h, clock));
    EXPECT_EQ(run(context), 0u);
    clock.advance(1ms);
    EXPECT_EQ(run(context), 2u);
    EXPECT_EQ(timed.got.result->error().reason, interrupt_error::timeout);
    EXPECT_EQ(timed.got.result->error().value, 2);
    EXPECT_EQ(timed_first.got.result->error(), interrupt_error::timeout);
    stop.request_stop();
    EXPECT_EQ(run(context), 2u);
    EXPECT_EQ(stoppable.got.result->error().reason, stop_error::stopped);
    EXPECT_EQ(stoppable.got.result->error().value, 3);
    EXPECT_FALSE(*stopped_first.got.result);
    started too_late(context, with_stop(rx.recv(), stop.get_token()));
    started no_time(context, with_timeout(tx.send(4), 0ms, clock));
    EXPECT_EQ(run(context), 2u);
    EXPECT_EQ(too_late.got.result->value(), 1) << "success beats the stop";
    EXPECT_TRUE(no_time.got.result->has_value()) << "success beats the deadline";
}

TEST(callback, a_deadline_that_has_passed_ends_an_operation_at_once) {
    net::io_context context;
    manual_clock clock;
    std::stop_source stop;
    stop.request_stop();
    auto [tx, rx] = channel<int>(1);
    started stopped(context, with_stop(rx.recv(), stop.get_token()));
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(stopped.got.result->error(), stop_error::stopped);
    started late(context, with_timeout(rx.recv(), 0ms, clock));
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(late.got.result->error(), interrupt_error::timeout);
}

TEST(callback, a_handler_may_own_the_handles_that_its_operation_borrows) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    int got = 0;
    auto op = rx.recv();
    async(std::move(op),
          net::bind_executor(context, [own = std::move(rx), &got](
                                          std::exception_ptr, std::expected<int, stop_error> v) { got = v.value(); }));
    EXPECT_EQ(run(context), 0u);
    ASSERT_TRUE(tx.try_send(7));
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(got, 7);
    EXPECT_TRUE(tx.is_closed()) << "the receiver went with the handler";
}

TEST(callback, a_permit_may_be_granted_to_a_handler_that_owns_the_last_sender) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    auto op = tx.reserve();
    async(std::move(op), net::bind_executor(context, [own = std::move(tx)](std::exception_ptr, auto&&) {}));
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(rx.try_recv(), std::unexpected(try_recv_error::disconnected));
}

TEST(callback, without_an_executor_the_handler_runs_on_the_system_executor) {
    auto [tx, rx] = channel<int>(1);
    std::promise<std::thread::id> ran_on;
    async(rx.recv(), [&](std::exception_ptr, auto) { ran_on.set_value(std::this_thread::get_id()); });
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_NE(ran_on.get_future().get(), std::this_thread::get_id());
}

TEST(callback, a_chain_of_wakes_needs_no_stack) {
    constexpr int length = 20'000;
    net::io_context context;
    auto [first, from] = channel<int>(1);
    auto rx = std::move(from);
    for (int i = 0; i < length; ++i) {
        auto [tx, next] = channel<int>(1);
        auto op = rx.recv();
        async(std::move(op),
              net::bind_executor(context, [own = std::move(rx), to = std::move(tx)](std::exception_ptr, auto v) {
                  EXPECT_TRUE(to.try_send(*v + 1));
              }));
        rx = std::move(next);
    }
    ASSERT_TRUE(first.try_send(0));
    EXPECT_EQ(run(context), static_cast<std::size_t>(length));
    EXPECT_EQ(rx.try_recv(), length);
}

TEST(callback, an_exception_of_a_handler_leaves_run) {
    net::io_context context;
    const auto strand = net::make_strand(context);
    auto [tx, rx] = channel<int>(1);
    async(rx.recv(), net::bind_executor(strand, [](std::exception_ptr, auto) { throw std::runtime_error("handler"); }));
    net::post(strand, [&] { (void)tx.try_send(1); });
    EXPECT_THROW(run(context), std::runtime_error);
}

// ---- What is associated with a handler.

TEST(associations, the_allocator_serves_everything_and_has_it_back_before_the_handler_runs) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    for (const bool waits : {false, true}) {
        storage_count count;
        net::cancellation_signal signal;
        int live_in_handler = -1;
        if (!waits) (void)tx.try_send(1);
        async(rx.recv(), associated(context.get_executor(), signal, count,
                                    [&](std::exception_ptr, auto) { live_in_handler = count.live; }));
        EXPECT_GE(count.live, 1);
        if (waits) (void)tx.try_send(1);
        EXPECT_EQ(count.live, 2) << "the operation, and what is posted";
        EXPECT_EQ(run(context), 1u);
        EXPECT_EQ(count.allocations, 2);
        EXPECT_EQ(live_in_handler, 0);
    }
}

template <class T>
struct failing_allocator {
    using value_type = T;
    failing_allocator() = default;
    template <class U>
    failing_allocator(const failing_allocator<U>&) noexcept {}
    T* allocate(std::size_t) { throw std::bad_alloc(); }
    void deallocate(T*, std::size_t) noexcept {}
};

TEST(associations, an_allocator_that_fails_throws_and_nothing_has_happened) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_THROW(
        async(rx.recv(), net::bind_allocator(failing_allocator<std::byte>{}, [](std::exception_ptr, auto) { FAIL(); })),
        std::bad_alloc);
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST(associations, the_executor_runs_the_handler_and_no_other) {
    net::io_context its_own;
    net::io_context other;
    auto [tx, rx] = channel<int>(1);
    bool ran_there = false;
    async(rx.recv(), net::bind_executor(its_own, [&](std::exception_ptr, auto) {
              ran_there = its_own.get_executor().running_in_this_thread();
          }));
    net::post(other, [&] { EXPECT_TRUE(tx.try_send(1)); });
    EXPECT_EQ(run(other), 1u);
    EXPECT_FALSE(ran_there);
    EXPECT_EQ(run(its_own), 1u);
    EXPECT_TRUE(ran_there);
}

TEST(associations, a_strand_is_never_in_two_handlers_at_once) {
    net::io_context context;
    const auto strand = net::make_strand(context);
    constexpr int operations = 200;
    auto [tx, rx] = channel<int>(1);
    std::atomic<int> inside{0};
    int sent = 0;  // by the strand
    for (int i = 0; i < operations; ++i) {
        async(tx.send(i), net::bind_executor(strand, [&](std::exception_ptr, auto r) {
                  EXPECT_EQ(++inside, 1);
                  EXPECT_TRUE(strand.running_in_this_thread());
                  if (r) ++sent;
                  --inside;
              }));
    }
    std::thread one([&] { context.run(); });
    std::thread two([&] { context.run(); });
    for (int i = 0; i < operations; ++i) {
        while (!rx.try_recv()) std::this_thread::yield();
    }
    one.join();
    two.join();
    EXPECT_EQ(sent, operations);
}

#if TAILRACE_ASIO_VERSION >= 102800
TEST(associations, a_result_that_is_there_at_once_goes_to_the_immediate_executor) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    outcome_of<recv_operation<int>> got;
    const auto receive = [&] {
        async(rx.recv(),
              net::bind_immediate_executor(net::system_executor(), net::bind_executor(context, got.handler())));
    };
    ASSERT_TRUE(tx.try_send(1));
    receive();
    EXPECT_EQ(got.calls, 1) << "the system executor runs it where it is";
    receive();
    ASSERT_TRUE(tx.try_send(2));
    EXPECT_EQ(got.calls, 1) << "a wait is completed on the other executor";
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(got.result->value(), 2);
}
#endif

// ---- The other tokens.

TEST(token, use_future_gives_the_result_and_an_operation_may_wait) {
    net::thread_pool pool(1);
    auto [tx, rx] = channel<int>(1);
    auto received = async(rx.recv(), net::bind_executor(pool, net::use_future));
    static_assert(std::is_same_v<decltype(received), std::future<std::expected<int, stop_error>>>);
    auto sent = async(tx.send(5), net::bind_executor(pool, net::use_future));
    EXPECT_TRUE(sent.get().has_value());
    EXPECT_EQ(received.get().value(), 5);
    rx.close();
    auto refused = async(tx.send(6), net::use_future);
    EXPECT_EQ(refused.get().error().value, 6);
    pool.join();
}

TEST(token, deferred_starts_nothing_until_it_is_called) {
    net::io_context context;
    auto [tx, rx] = channel<std::unique_ptr<int>>(1);
    auto later = async(tx.send(std::make_unique<int>(3)), deferred);
    EXPECT_EQ(tx.len(), 0u);
    outcome<std::expected<void, send_stop_error<std::unique_ptr<int>>>> got;
    std::move(later)(net::bind_executor(context, got.handler()));
    EXPECT_EQ(tx.len(), 1u);
    EXPECT_EQ(run(context), 1u);
    EXPECT_TRUE(got.result->has_value());
    EXPECT_EQ(**rx.try_recv(), 3);
    {
        const auto never = async(tx.send(std::make_unique<int>(4)), deferred);
    }
    EXPECT_EQ(tx.capacity(), 1u);
}

TEST(token, detached_drops_the_result) {
    auto [tx, rx] = channel<int>(1);
    async(tx.send(1), net::detached);
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST(token, use_awaitable_and_the_default_give_the_result) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    run_coroutine(context, [&]() -> net::awaitable<void> {
        auto sent = co_await async(tx.send(1), net::use_awaitable);
        EXPECT_TRUE(sent.has_value());
        auto received = co_await async(rx.recv(), net::use_awaitable);
        EXPECT_EQ(received.value(), 1);
        sent = co_await async(tx.send(2));
        EXPECT_TRUE(sent.has_value());
        received = co_await async(rx.recv());
        EXPECT_EQ(received.value(), 2);
        rx.close();
        sent = co_await async(tx.send(3));
        EXPECT_EQ(sent.error().value, 3);
    });
}

TEST(token, every_operation_can_be_awaited) {
    net::io_context context;
    auto [tx, rx] = channel<int>(3);
    run_coroutine(context, [&]() -> net::awaitable<void> {
        auto permit = co_await async(tx.reserve());
        permit->send(1);
        auto permits = co_await async(tx.reserve_many(2));
        for (int i = 2; auto& p : *permits) p.send(i++);
        std::vector<int> batch;
        const auto n = co_await async(rx.recv_many(batch, 5));
        EXPECT_EQ(n.value(), 3u);
        EXPECT_EQ(batch, (std::vector{1, 2, 3}));
        auto owned = co_await async(tx.clone().reserve_owned());
        (void)std::move(*owned).send(4);
        const auto fourth = co_await async(rx.recv());
        EXPECT_EQ(fourth.value(), 4);
        rx.close();
        const bool closed = co_await async(tx.closed());
        EXPECT_TRUE(closed);
    });
}

TEST(token, as_tuple_gives_the_exception_and_the_result) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    run_coroutine(context, [&]() -> net::awaitable<void> {
        auto [not_sent, sent] = co_await async(tx.send(1), as_tuple(net::use_awaitable));
        EXPECT_EQ(not_sent, nullptr);
        EXPECT_TRUE(sent.has_value());
        auto [failure, received] = co_await async(rx.recv(), as_tuple(net::use_awaitable));
        EXPECT_EQ(failure, nullptr);
        EXPECT_EQ(received.value(), 1);
    });
}

TEST(token, redirect_error_finds_no_error_code_to_redirect) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    run_coroutine(context, [&]() -> net::awaitable<void> {
        detail::asio_error untouched = net::error::eof;
        auto sent = co_await async(tx.send(1), net::redirect_error(net::use_awaitable, untouched));
        EXPECT_TRUE(sent.has_value());
        rx.close();
        sent = co_await async(tx.send(2), net::redirect_error(net::use_awaitable, untouched));
        EXPECT_EQ(sent.error().value, 2);
        EXPECT_EQ(untouched, net::error::eof);
    });
}

TEST(token, a_parallel_group_that_waits_for_one_loses_nothing) {
    net::io_context context;
    auto [quick_tx, quick_rx] = channel<int>(1);
    auto [slow_tx, slow_rx] = channel<int>(1);
    ASSERT_TRUE(quick_tx.try_send(1));
    bool called = false;
    net::experimental::make_parallel_group(async(quick_rx.recv(), net::bind_executor(context, deferred)),
                                           async(slow_rx.recv(), net::bind_executor(context, deferred)))
        .async_wait(
            net::experimental::wait_for_one(),
            net::bind_executor(context, [&](auto order, std::exception_ptr, auto quick, std::exception_ptr, auto slow) {
                called = true;
                EXPECT_EQ(order[0], 0u);
                EXPECT_EQ(quick.value(), 1);
                EXPECT_EQ(slow.error(), stop_error::stopped);
            }));
    run(context);
    EXPECT_TRUE(called);
    ASSERT_TRUE(slow_tx.try_send(2));
    EXPECT_EQ(slow_rx.try_recv(), 2);
}

// ---- Exceptions.

/// A value of which one move throws.
class fragile {
  public:
    explicit fragile(int& moves_left) : moves_left_(&moves_left) {}
    fragile(fragile&& other) : moves_left_(other.moves_left_) {
        if ((*moves_left_)-- == 0) throw std::runtime_error("move");
    }

  private:
    int* moves_left_;
};

TEST(exceptions, a_move_that_throws_is_given_to_the_handler_and_the_capacity_is_back) {
    for (const bool waits : {false, true}) {
        int thrown = 0;
        for (int moves = 0; moves < 12; ++moves) {
            net::io_context context;
            auto [tx, rx] = channel<fragile>(1);
            int moves_left = 1000;
            outcome<int> got;
            const auto receive = [&] {
                async(rx.recv(), net::bind_executor(context, [&](std::exception_ptr e, auto&& r) {
                          ++got.calls;
                          got.failure = e;
                          EXPECT_EQ(e == nullptr, r.has_value());
                      }));
            };
            if (waits) receive();
            ASSERT_TRUE(tx.try_send(fragile(moves_left)));
            moves_left = moves;
            if (!waits) receive();
            EXPECT_EQ(run(context), 1u);
            EXPECT_EQ(got.calls, 1);
            EXPECT_EQ(tx.capacity(), 1u);
            if (!got.failure) continue;
            ++thrown;
            EXPECT_THROW(std::rethrow_exception(got.failure), std::runtime_error);
        }
        EXPECT_GT(thrown, 2);
        EXPECT_LT(thrown, 12);
    }
}

TEST(exceptions, use_awaitable_throws_what_the_move_threw) {
    net::io_context context;
    auto [tx, rx] = channel<fragile>(1);
    int moves_left = 1000;
    ASSERT_TRUE(tx.try_send(fragile(moves_left)));
    moves_left = 0;
    const auto body = [&]() -> net::awaitable<void> { (void)co_await async(rx.recv()); };
    EXPECT_THROW(run_coroutine(context, body), std::runtime_error);
    EXPECT_EQ(tx.capacity(), 1u);
}

TEST(exceptions, a_buffer_that_cannot_grow_leaves_the_values_where_they_are) {
    struct small : std::vector<int> {
        void reserve(std::size_t) { throw std::length_error("small"); }
    };
    net::io_context context;
    auto [tx, rx] = channel<int>(2);
    small into;
    for (const bool waits : {false, true}) {
        if (!waits) (void)tx.try_send(1);
        started receive(context, rx.recv_many(into, 2));
        if (waits) (void)tx.try_send(1);
        EXPECT_EQ(run(context), 1u);
        EXPECT_THROW(std::rethrow_exception(receive.got.failure), std::length_error);
        EXPECT_EQ(receive.got.result->error(), stop_error::stopped) << "no success stands beside an exception";
        EXPECT_EQ(rx.try_recv(), 1);
    }
}

TEST(exceptions, an_operation_that_has_finished_cannot_be_started) {
    net::io_context context;
    auto [tx, rx] = channel<int>(2);
    auto op = tx.send(1);
    ASSERT_TRUE(op.poll({}));
    started again(context, std::move(op));
    EXPECT_EQ(run(context), 1u);
    EXPECT_THROW(std::rethrow_exception(again.got.failure), std::logic_error);
    EXPECT_EQ(tx.capacity(), 1u);
}

}  // namespace
}  // namespace tailrace::asio_test
