// Tests of a select as an asynchronous operation of Asio: the first of several wins, or a deadline, or a cancellation,
// and the others have taken nothing.
#include "tailrace/select.hpp"

#include <chrono>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "support.hpp"
#include "tailrace/channel.hpp"

namespace tailrace::asio_test {
namespace {

using namespace std::chrono_literals;

net::awaitable<void> merge(receiver<int> a, receiver<int> b, std::vector<int>& got, std::size_t& ends) {
    while (ends < 2) {
        auto first = co_await async(select(a.recv(), b.recv()));
        EXPECT_TRUE(first.has_value());
        const auto value = std::visit([](const std::optional<int>& v) { return v; }, *first);
        if (value) {
            got.push_back(*value);
            continue;
        }
        ++ends;
        // The channel that has ended is always ready: only the other one is received from here on.
        receiver<int>& rest = first->index() == 0 ? b : a;
        for (;;) {
            auto v = co_await async(rest.recv());
            if (!v) break;
            got.push_back(*v);
        }
        ++ends;
    }
}

// Clauses: select.one-winner, select.losers-took-nothing.
TEST(select, receives_from_two_channels_until_both_end) {
    net::io_context context;
    auto [tx_a, rx_a] = channel<int>(1);
    auto [tx_b, rx_b] = channel<int>(2);
    std::vector<int> got;
    std::size_t ends = 0;
    net::co_spawn(context, merge(std::move(rx_a), std::move(rx_b), got, ends), net::detached);
    const auto produce = [](sender<int> to, int from) -> net::awaitable<void> {
        for (int i = 0; i < 100; ++i) {
            const auto sent = co_await async(to.send(from + i));
            EXPECT_TRUE(sent.has_value());
        }
    };
    net::co_spawn(context, produce(std::move(tx_a), 0), net::detached);
    net::co_spawn(context, produce(std::move(tx_b), 1000), net::detached);
    context.run();
    EXPECT_EQ(got.size(), 200u);
    EXPECT_EQ(ends, 2u);
}

// Clauses: select.losers-took-nothing.
TEST(select, that_is_cancelled_or_meets_its_deadline_has_taken_nothing) {
    net::io_context context;
    auto [tx_a, rx_a] = channel<int>(1);
    auto [tx_b, rx_b] = channel<int>(1);
    ASSERT_TRUE(tx_a.try_send(1));
    {
        started waiting(context, select(tx_a.reserve(), rx_b.recv()));
        run(context);
        EXPECT_FALSE(waiting.done());
        waiting.cancel();
        run(context);
        ASSERT_TRUE(waiting.done());
        EXPECT_EQ(waiting.got.result->error(), stop_error::stopped);
        EXPECT_EQ(waiting.storage.live, 0);
    }
    steady_timer_clock clock(context.get_executor());
    {
        started waiting(context, with_timeout(select(tx_a.reserve(), rx_b.recv()), 1ms, clock));
        context.restart();
        context.run();
        ASSERT_TRUE(waiting.done());
        EXPECT_EQ(waiting.got.result->error(), interrupt_error::timeout);
    }
    ASSERT_TRUE(tx_b.try_send(2));
    EXPECT_EQ(rx_b.try_recv(), 2);
    EXPECT_EQ(rx_a.try_recv(), 1);
    EXPECT_EQ(tx_a.capacity(), 1u);
}

}  // namespace
}  // namespace tailrace::asio_test
