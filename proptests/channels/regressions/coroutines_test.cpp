// Coroutines that wait on a channel and are destroyed, or stopped by a token.
// After a change here run: ci/test -L regressions && ci/mutants -R regressions
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "apis.hpp"
#include "awaitable.hpp"
#include "tailrace/stop.hpp"
#include "tests/support.hpp"

namespace tailrace::verify {
namespace {

template <class Api>
struct coroutines : ::testing::Test {};
TYPED_TEST_SUITE(coroutines, apis, api_names);

task send(auto& tx, int v) { (void)co_await awaitable(tx.send(v)); }

// Clause: cancel.coroutine.
TYPED_TEST(coroutines, a_suspended_frame_that_is_destroyed_gives_up_its_place_and_its_value) {
    auto [tx, rx] = TypeParam::template open<std::shared_ptr<int>>(1);
    ASSERT_TRUE(tx.try_send(nullptr));
    auto value = std::make_shared<int>(1);
    const auto body = [](auto& to, std::shared_ptr<int> v) -> task { (void)co_await awaitable(to.send(std::move(v))); };
    {
        const task waiting = body(tx, value);
        EXPECT_EQ(value.use_count(), 2);
    }
    EXPECT_EQ(value.use_count(), 1);
    EXPECT_TRUE(rx.try_recv());
    EXPECT_EQ(tx.capacity(), 1u);
}

// Clause: cancel.coroutine.
TYPED_TEST(coroutines, a_suspended_frame_that_is_destroyed_has_received_nothing) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    const auto body = [](auto& from) -> task { (void)co_await awaitable(from.recv()); };
    {
        const task waiting = body(rx);
        EXPECT_FALSE(waiting.done());
    }
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1);
}

/// Calls `body` in a resumption: what it wakes stands on the run list until it returns.
template <class Body>
void in_a_resumption(Body body) {
    auto [go, start] = channel<int>(1);
    const auto driver = [](auto& from, Body& then) -> task {
        (void)co_await from.recv();
        then();
    };
    const task d = driver(start, body);
    ASSERT_TRUE(go.try_send(0));
    d.rethrow();
    EXPECT_TRUE(d.done());
}

// Clause: cancel.run-list.
TYPED_TEST(coroutines, a_frame_that_is_destroyed_on_the_run_list_is_not_resumed) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(0));
    std::optional<task> second;
    bool second_ran = false;
    const auto destroyer = [](auto& to, std::optional<task>& other) -> task {
        (void)co_await awaitable(to.send(1));
        other.reset();
    };
    const auto victim = [](auto& to, bool& ran) -> task {
        (void)co_await awaitable(to.send(2));
        ran = true;
    };
    const task first = destroyer(tx, second);
    second.emplace(victim(tx, second_ran));
    in_a_resumption([&receiver = rx, &first] {
        receiver.close();
        EXPECT_FALSE(first.done()) << "it is on the list, and the second behind it";
    });
    EXPECT_TRUE(first.done());
    EXPECT_FALSE(second_ran);
}

// Clause: cancel.run-list.
TYPED_TEST(coroutines, a_grant_on_the_run_list_goes_to_the_next_when_its_frame_is_destroyed) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(0));
    std::optional<task> doomed(send(tx, 1));
    const task next = send(tx, 2);
    in_a_resumption([&receiver = rx, &doomed] {
        EXPECT_EQ(receiver.try_recv(), 0);  // grants the doomed one
        EXPECT_FALSE(doomed->done());
        doomed.reset();
    });
    EXPECT_TRUE(next.done());
    EXPECT_EQ(rx.try_recv(), 2);
}

// Clause: stop-token.returns-value.
TYPED_TEST(coroutines, a_stop_hands_the_value_back_and_leaves_no_trace) {
    auto [tx, rx] = TypeParam::template open<std::unique_ptr<int>>(1);
    ASSERT_TRUE(tx.try_send(nullptr));
    std::stop_source source;
    std::unique_ptr<int> back;
    const auto body = [](auto& to, std::stop_token t, std::unique_ptr<int>& b) -> task {
        auto r = co_await with_stop(awaitable(to.send(std::make_unique<int>(7))), std::move(t));
        EXPECT_EQ(r.error().reason, stop_error::stopped);
        b = std::move(r.error().value);
    };
    const task t = body(tx, source.get_token(), back);
    EXPECT_FALSE(t.done());
    source.request_stop();
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, 7);
    EXPECT_TRUE(rx.try_recv());
    EXPECT_EQ(tx.capacity(), 1u);
}

// Clause: stop-token.returns-value.
TYPED_TEST(coroutines, a_stop_that_comes_between_the_end_of_a_wait_and_its_wake_up_is_too_late) {
    const auto body = [](auto& to, std::stop_token t, std::optional<bool>& ok, std::stop_source* next) -> task {
        const auto r = co_await with_stop(awaitable(to.send(1)), std::move(t));
        if (next != nullptr) next->request_stop();
        ok = r.has_value();
        EXPECT_TRUE(r || r.error().reason == stop_error::closed);
    };
    for (const bool closes : {false, true}) {
        auto [tx, rx] = TypeParam::template open<int>(2);
        ASSERT_TRUE(tx.try_send(0));
        ASSERT_TRUE(tx.try_send(0));
        std::stop_source source;
        std::optional<bool> first_sent;
        std::optional<bool> second_sent;
        const task first = body(tx, {}, first_sent, &source);
        const task second = body(tx, source.get_token(), second_sent, nullptr);
        std::vector<int> batch;
        if (closes) {
            rx.close();
        } else {
            EXPECT_EQ(finished(rx.recv_many(batch, 2)), 2u);
        }
        EXPECT_TRUE(source.stop_requested());
        EXPECT_EQ(first_sent, !closes);
        EXPECT_EQ(second_sent, !closes);
    }
}

// Clause: stop-token.returns-value.
TYPED_TEST(coroutines, every_waiting_operation_can_be_stopped) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    ASSERT_TRUE(tx.try_send(0));
    ASSERT_TRUE(tx.try_send(0));
    const auto stopped = [](auto op) {
        std::stop_source source;
        std::optional<bool> ok;
        const auto body = [](auto o, std::stop_token t, std::optional<bool>& result) -> task {
            auto r = co_await with_stop(awaitable(std::move(o)), std::move(t));
            result = static_cast<bool>(r);
        };
        const task t = body(std::move(op), source.get_token(), ok);
        EXPECT_FALSE(ok) << "it waits";
        source.request_stop();
        return ok == false;
    };
    EXPECT_TRUE(stopped(tx.send(1)));
    EXPECT_TRUE(stopped(tx.reserve()));
    EXPECT_TRUE(stopped(tx.reserve_many(2)));
    EXPECT_TRUE(stopped(tx.clone().reserve_owned()));
    EXPECT_TRUE(stopped(tx.closed()));
    EXPECT_EQ(rx.try_recv(), 0);
    EXPECT_EQ(rx.try_recv(), 0);
    EXPECT_TRUE(stopped(rx.recv()));
    std::vector<int> batch;
    EXPECT_TRUE(stopped(rx.recv_many(batch, 2)));
    EXPECT_EQ(tx.capacity(), 2u);
    EXPECT_EQ(tx.strong_count(), 1u) << "what reserve_owned took is gone";
}

}  // namespace
}  // namespace tailrace::verify
