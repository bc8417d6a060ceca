// Tests of operations that are derived from those of the library and have a poll of their own: each form calls that
// poll, whether it finishes at once, after a wake-up, or not at all.
// After a change here run: ci/test -L impl
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "support.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/detail/operation.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/stop.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

/// Counts its polls.
template <class Operation>
struct counted : Operation {
    counted(Operation&& op, int& polls) : Operation(std::move(op)), polls_(&polls) {}
    [[nodiscard]] std::optional<typename Operation::result_type> poll(const waker& w) {
        ++*polls_;
        return Operation::poll(w);
    }
    int* polls_;
};
template <class Operation>
counted(Operation&&, int&) -> counted<Operation>;

struct derived_operation : testing::Test {
    auto recv() { return counted(rx.recv(), polls); }
    auto recv_with_a_deadline() { return with_timeout(recv(), 1h, clock); }
    auto recv_that_can_be_stopped() { return with_stop(recv(), stop.get_token()); }

    decltype(channel<int>(1)) ends = channel<int>(1);
    decltype(ends.first)& tx = ends.first;
    decltype(ends.second)& rx = ends.second;
    manual_clock clock;
    std::stop_source stop;
    int polls = 0;
    static_assert(detail::polled_in_two_steps<recv_operation<int>>);
    static_assert(!detail::polled_in_two_steps<counted<recv_operation<int>>>);
};

/// Puts what is received there.
template <class Operation>
task receive(Operation op, std::optional<int>& to) {
    if (auto v = co_await std::move(op)) to.emplace(*v);
}

/// A value is there: each form gets it in one poll.
TEST_F(derived_operation, that_has_nothing_to_wait_for_is_polled_once) {
    const auto check = [&](auto form) {
        if (HasFailure()) return;  // or a thread would block for ever
        polls = 0;
        ASSERT_TRUE(tx.try_send(7));
        EXPECT_EQ(form(), 7);
        EXPECT_EQ(polls, 1);
    };
    const auto awaited = [](auto op) {
        std::optional<int> got;
        const task t = receive(std::move(op), got);
        EXPECT_TRUE(t.done());
        t.rethrow();
        return got;
    };
    check([&] { return *recv().poll({}); });
    check([&] { return awaited(recv()); });
    check([&] { return block_on(recv()); });
    check([&] { return *recv_with_a_deadline().poll({}); });
    check([&] { return awaited(recv_with_a_deadline()); });
    check([&] { return block_on(recv_with_a_deadline()); });
    check([&] { return *recv_that_can_be_stopped().poll({}); });
    check([&] { return awaited(recv_that_can_be_stopped()); });
    check([&] { return block_on(recv_that_can_be_stopped()); });
    // A value beats an interruption that came before.
    stop.request_stop();
    check([&] { return *recv_that_can_be_stopped().poll({}); });
    check([&] { return awaited(recv_that_can_be_stopped()); });
    check([&] { return *with_timeout(recv(), 0s, clock).poll({}); });
    check([&] { return awaited(with_timeout(recv(), 0s, clock)); });
}

TEST_F(derived_operation, that_waits_is_woken_and_polled_again) {
    const auto check = [&](auto op) {
        polls = 0;
        std::optional<int> got;
        const task t = receive(std::move(op), got);
        EXPECT_FALSE(t.done());
        EXPECT_EQ(polls, 1);
        EXPECT_TRUE(tx.try_send(8));
        EXPECT_TRUE(t.done());
        EXPECT_EQ(polls, 2);
        EXPECT_EQ(got, 8);
    };
    check(recv());
    check(recv_with_a_deadline());
    check(recv_that_can_be_stopped());
    const auto check_polled = [&](auto op) {
        int woken = 0;
        const waker w{[](void* n) noexcept { ++*static_cast<int*>(n); }, &woken};
        EXPECT_FALSE(op.poll(w));
        EXPECT_TRUE(tx.try_send(9));
        EXPECT_EQ(woken, 1);
        EXPECT_EQ(op.poll(w), 9);
    };
    check_polled(recv());
    check_polled(recv_with_a_deadline());
    check_polled(recv_that_can_be_stopped());
}

TEST_F(derived_operation, that_waits_on_a_blocked_thread_is_woken) {
    const auto check = [&](auto op) {
        const std::jthread sends([&] { EXPECT_TRUE(tx.try_send(10)); });
        EXPECT_EQ(block_on(std::move(op)), 10);
    };
    for (int round = 0; round < 100; ++round) {
        check(recv());
        check(recv_with_a_deadline());
        check(recv_that_can_be_stopped());
    }
}

TEST_F(derived_operation, can_be_interrupted_in_each_form) {
    std::optional<timeout_error> timeout;
    std::optional<stop_error> stopped;
    const auto fail = [](auto op, auto& why) -> task {
        const auto result = co_await std::move(op);
        why = result.error();
    };
    auto polled = recv_with_a_deadline();
    int woken = 0;
    const waker w{[](void* n) noexcept { ++*static_cast<int*>(n); }, &woken};
    EXPECT_FALSE(polled.poll(w));
    clock.advance(1h);
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(polled.poll(w)->error(), timeout_error::timeout);
    {
        const task t = fail(recv_with_a_deadline(), timeout);
        EXPECT_FALSE(t.done());
        clock.advance(1h);
        EXPECT_TRUE(t.done());
    }
    EXPECT_EQ(timeout, timeout_error::timeout);
    timeout.reset();
    const task at_once = fail(with_timeout(recv(), 0s, clock), timeout);
    EXPECT_EQ(timeout, timeout_error::timeout);
    const task t = fail(recv_that_can_be_stopped(), stopped);
    EXPECT_FALSE(t.done());
    stop.request_stop();
    EXPECT_TRUE(t.done());
    EXPECT_EQ(stopped, stop_error::stopped);
    EXPECT_EQ(block_on(recv_that_can_be_stopped()).error(), stop_error::stopped);
    ASSERT_TRUE(tx.try_send(11));
    EXPECT_EQ(rx.try_recv(), 11) << "and has left the receiver free";
}

}  // namespace
}  // namespace tailrace
