// Tests of operations as senders: with a library of senders that is no more than its tags, and receivers that note how
// they were completed.
// After a change here run: ci/test -R execution
#include "tailrace/execution.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tailrace/channel.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/run_queue.hpp"
#include "tailrace/select.hpp"
#include "tailrace/stop.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

/// A library of senders.
struct names {
    struct sender_t {};
    struct operation_state_t {};
    struct set_value_t {};
    struct set_error_t {};
    struct set_stopped_t {};
    struct get_stop_token_t {};
    template <class...>
    struct completion_signatures {};
};

/// A token of a type of its own, as std::inplace_stop_token is.
struct own_token {
    std::stop_token token;
    template <class Call>
    struct callback_type : std::stop_callback<Call> {
        callback_type(const own_token& t, Call c) : std::stop_callback<Call>(t.token, std::move(c)) {}
    };
    [[nodiscard]] bool stop_requested() const noexcept { return token.stop_requested(); }
    [[nodiscard]] bool stop_possible() const noexcept { return token.stop_possible(); }
};

/// How a receiver was completed.
template <class Value>
struct outcome {
    std::atomic<int> completions{0};
    std::optional<Value> value;
    std::exception_ptr error;
    bool stopped = false;
    std::function<void()> then = [] {};
};

template <class Value>
struct plain_receiver {
    void set_value(Value v) && noexcept {
        to->value.emplace(std::move(v));
        end();
    }
    void set_error(std::exception_ptr e) && noexcept {
        to->error = std::move(e);
        end();
    }
    void set_stopped() && noexcept {
        to->stopped = true;
        end();
    }
    void end() noexcept {
        outcome<Value>& mine = *to;  // `then` may destroy this receiver
        ++mine.completions;
        mine.then();
    }
    outcome<Value>* to;
};
template <class Value, class Token>
struct stoppable_receiver : plain_receiver<Value> {
    struct env {
        Token token;
        [[nodiscard]] const Token& query(names::get_stop_token_t) const noexcept { return token; }
    };
    stoppable_receiver(outcome<Value>* o, Token t) : plain_receiver<Value>{o}, token(std::move(t)) {}
    [[nodiscard]] env get_env() const noexcept { return {token}; }
    Token token;
};

/// A connected operation, on the heap.
template <class Operation>
struct connected {
    using value_type = detail::sender_value<Operation>;
    using receiver_type = stoppable_receiver<value_type, own_token>;
    using state = detail::sender_state<names, Operation, receiver_type>;

    explicit connected(Operation op)
        : made(new state(as_sender<names>(std::move(op)).connect(receiver_type(&got, own_token{stop.get_token()})))) {}
    void start() { made->start(); }

    std::stop_source stop;
    outcome<value_type> got;
    std::unique_ptr<state> made;
};

using recv_sender = operation_sender<names, recv_operation<int>>;
static_assert(std::is_same_v<recv_sender::sender_concept, names::sender_t>);
static_assert(
    std::is_same_v<recv_sender::completion_signatures,
                   names::completion_signatures<names::set_value_t(std::optional<int>),
                                                names::set_error_t(std::exception_ptr), names::set_stopped_t()>>);
static_assert(noexcept(std::declval<connected<recv_operation<int>>::state&>().start()));
static_assert(!std::is_move_constructible_v<connected<recv_operation<int>>::state>);

TEST(execution, completes_inside_start_if_there_is_nothing_to_wait_for) {
    auto [tx, rx] = channel<int>(1);
    connected sends(tx.send(1));
    EXPECT_EQ(tx.len(), 0u) << "nothing happens before it is started";
    sends.start();
    EXPECT_EQ(sends.got.completions, 1);
    EXPECT_TRUE(sends.got.value->has_value());
    connected receives(rx.recv());
    receives.stop.request_stop();
    receives.start();
    EXPECT_EQ(receives.got.value, std::optional(1)) << "success beats the stop";
    EXPECT_EQ(receives.got.completions, 1);
}

TEST(execution, completes_once_when_it_is_woken) {
    auto [tx, rx] = channel<int>(1);
    connected receives(rx.recv());
    receives.start();
    EXPECT_EQ(receives.got.completions, 0);
    ASSERT_TRUE(tx.try_send(2));
    EXPECT_EQ(receives.got.completions, 1);
    EXPECT_EQ(receives.got.value, std::optional(2));
    receives.stop.request_stop();
    EXPECT_EQ(receives.got.completions, 1);
    connected last(rx.recv());
    last.start();
    {
        const auto gone = std::move(tx);
    }
    EXPECT_TRUE(last.got.value && !*last.got.value) << "the end is a value";
}

TEST(execution, works_with_a_receiver_that_has_no_environment) {
    auto [tx, rx] = channel<int>(1);
    outcome<std::optional<int>> got;
    auto state = as_sender<names>(rx.recv()).connect(plain_receiver<std::optional<int>>{&got});
    state.start();
    ASSERT_TRUE(tx.try_send(3));
    EXPECT_EQ(got.value, std::optional(3));
}

TEST(execution, works_with_a_standard_stop_token) {
    auto [tx, rx] = channel<int>(1);
    std::stop_source stop;
    outcome<std::optional<int>> got;
    auto state = as_sender<names>(rx.recv()).connect(
        stoppable_receiver<std::optional<int>, std::stop_token>(&got, stop.get_token()));
    state.start();
    stop.request_stop();
    EXPECT_TRUE(got.stopped);
}

/// At each point: before the start, while it waits, when it was woken. What is stopped has taken nothing.
TEST(execution, a_stop_completes_it_and_loses_nothing) {
    auto [tx, rx] = channel<int>(1);
    {
        connected early(rx.recv());
        early.stop.request_stop();
        EXPECT_EQ(early.got.completions, 0);
        early.start();
        EXPECT_TRUE(early.got.stopped);
        EXPECT_EQ(early.got.completions, 1);
    }
    {
        connected waits(rx.recv());
        waits.start();
        waits.stop.request_stop();
        EXPECT_TRUE(waits.got.stopped);
        EXPECT_EQ(waits.got.completions, 1);
    }
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1);
    auto both = tx.try_reserve();
    connected reserves(tx.reserve());
    reserves.start();
    reserves.stop.request_stop();
    EXPECT_TRUE(reserves.got.stopped);
    {
        const auto back = std::move(*both);
    }
    EXPECT_EQ(tx.capacity(), 1u) << "it has left the queue";
    {
        const connected never_started(tx.reserve());
    }
    EXPECT_EQ(tx.capacity(), 1u);
}

TEST(execution, the_value_of_a_stopped_send_goes_with_it_unless_it_has_a_token_of_its_own) {
    auto [tx, rx] = channel<std::shared_ptr<int>>(1);
    ASSERT_TRUE(tx.try_send(std::make_shared<int>(1)));
    const auto value = std::make_shared<int>(2);
    {
        connected sends(tx.send(value));
        sends.start();
        sends.stop.request_stop();
        EXPECT_TRUE(sends.got.stopped);
    }
    EXPECT_EQ(value.use_count(), 1);
    std::stop_source own;
    connected sends(with_stop(tx.send(value), own.get_token()));
    static_assert(
        std::is_same_v<decltype(sends)::value_type, std::expected<void, send_stop_error<std::shared_ptr<int>>>>);
    sends.start();
    own.request_stop();
    ASSERT_TRUE(sends.got.value && !*sends.got.value);
    EXPECT_EQ(sends.got.value->error().reason, stop_error::stopped);
    EXPECT_EQ(sends.got.value->error().value, value);
}

TEST(execution, a_deadline_is_a_value_and_both_can_end_it) {
    auto [tx, rx] = channel<int>(1);
    manual_clock clock;
    {
        connected late(rx.recv_timeout(1h, clock));
        static_assert(std::is_same_v<decltype(late)::value_type, std::expected<int, timeout_error>>);
        late.start();
        clock.advance(1h);
        EXPECT_EQ(late.got.value->error(), timeout_error::timeout);
    }
    {
        connected stopped(rx.recv_timeout(1h, clock));
        stopped.start();
        stopped.stop.request_stop();
        EXPECT_TRUE(stopped.got.stopped);
        clock.advance(1h);
        EXPECT_EQ(stopped.got.completions, 1);
    }
    std::stop_source own;
    connected both(with_stop(rx.recv_timeout(1h, clock), own.get_token()));
    static_assert(std::is_same_v<decltype(both)::value_type, std::expected<int, interrupt_error>>);
    both.start();
    own.request_stop();
    EXPECT_EQ(both.got.value->error(), interrupt_error::stopped);
}

TEST(execution, a_select_is_a_sender_too) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    connected first(select(from_a.recv(), from_b.recv()));
    first.start();
    ASSERT_TRUE(b.try_send(7));
    ASSERT_TRUE(first.got.value);
    EXPECT_EQ(std::get<1>(*first.got.value), 7);
    connected stopped(select(from_a.recv(), from_b.recv()));
    stopped.start();
    stopped.stop.request_stop();
    EXPECT_TRUE(stopped.got.stopped);
}

/// The completion destroys the operation state: at once, by a wake-up, and by a stop.
TEST(execution, the_state_may_be_destroyed_by_its_completion) {
    auto [tx, rx] = channel<int>(1);
    for (const int how : {0, 1, 2}) {
        if (how == 0) {
            ASSERT_TRUE(tx.try_send(1));
        }
        connected receives(rx.recv());
        receives.got.then = [&] { receives.made.reset(); };
        receives.start();
        if (how == 1) {
            ASSERT_TRUE(tx.try_send(1));
        }
        if (how == 2) receives.stop.request_stop();
        EXPECT_EQ(receives.got.completions, 1);
        EXPECT_FALSE(receives.made);
    }
}

struct throwing {
    explicit throwing(bool* f) : fails(f) {}
    throwing(throwing&& other) noexcept(false) : fails(other.fails) {
        if (*fails) throw std::runtime_error("move");
    }
    throwing& operator=(throwing&&) = delete;
    bool* fails;
};
TEST(execution, what_the_operation_throws_is_an_error) {
    bool fails = false;
    auto [tx, rx] = channel<throwing>(1);
    ASSERT_TRUE(tx.try_send(throwing(&fails)));
    fails = true;
    connected receives(rx.recv());
    receives.start();
    EXPECT_EQ(receives.got.completions, 1);
    ASSERT_TRUE(receives.got.error);
    EXPECT_THROW(std::rethrow_exception(receives.got.error), std::runtime_error);
    EXPECT_EQ(tx.capacity(), 1u);
}

/// Each completion starts the next operation. They are completed from the list of resumptions, so the stack does not
/// grow.
struct ping {
    void begin() {
        auto next = std::make_unique<connected<recv_operation<int>>>(in.recv());
        next->got.then = [this] {
            if (--left == 0) return;
            begin();
            EXPECT_TRUE(out.try_send(1));
        };
        std::swap(waiting, next);
        retired = std::move(next);
        waiting->start();
    }
    receiver<int> in;
    sender<int> out;
    int left;
    std::unique_ptr<connected<recv_operation<int>>> waiting, retired;
};
TEST(execution, a_long_chain_of_completions_needs_no_stack) {
    auto [a, from_a] = channel<int>(1);
    auto [b, from_b] = channel<int>(1);
    ping one{std::move(from_a), std::move(b), 100'000, nullptr, nullptr};
    ping two{std::move(from_b), a, 100'000, nullptr, nullptr};
    one.begin();
    two.begin();
    ASSERT_TRUE(a.try_send(1));
    EXPECT_LE(one.left + two.left, 1);
}

/// On a run queue it completes there, in its turn, whatever thread wakes it.
TEST(execution, started_on_a_run_queue_completes_on_it) {
    auto [tx, rx] = channel<int>(1);
    auto [done, is_done] = channel<int>(1);
    connected receives(rx.recv());
    std::thread::id where;
    receives.got.then = [&, &to = done] {
        where = std::this_thread::get_id();
        EXPECT_TRUE(to.try_send(1));
    };
    const auto body = [&](sender<int> to, receiver<int> end) -> task {
        receives.start();
        const std::jthread sends([&to] { EXPECT_TRUE(to.try_send(1)); });
        EXPECT_TRUE(co_await end.recv());
    };
    run(body(std::move(tx), std::move(is_done)));
    EXPECT_EQ(receives.got.completions, 1);
    EXPECT_EQ(where, std::this_thread::get_id());
}

/// A send and a stop from two threads: it completes once, and no value is lost.
TEST(execution, a_stop_against_a_wake_up_of_another_thread_completes_it_once) {
    int stopped = 0;
    for (int round = 0; round < 2'000; ++round) {
        auto [tx, rx] = channel<int>(1);
        connected receives(rx.recv());
        receives.got.then = [&] { receives.made.reset(); };
        // The other half of the rounds is stopped for certain.
        const bool begins_beside_them = round % 2 == 0;
        if (!begins_beside_them) receives.start();
        std::atomic<int> ready{0};
        const auto together = [&ready] {
            ++ready;
            while (ready != 2) std::this_thread::yield();
        };
        {
            const std::jthread sends([&, &to = tx] {
                together();
                EXPECT_TRUE(to.try_send(round));
            });
            const std::jthread stops([&] {
                if (begins_beside_them) together();
                receives.stop.request_stop();
                if (!begins_beside_them) together();
            });
            if (begins_beside_them) receives.start();
        }
        ASSERT_EQ(receives.got.completions, 1);
        if (receives.got.stopped) {
            ++stopped;
            ASSERT_EQ(rx.try_recv(), round);
        } else {
            ASSERT_EQ(receives.got.value, std::optional(round));
        }
    }
    EXPECT_GE(stopped, 1'000);
}

}  // namespace
}  // namespace tailrace
