// Tests of sending in batches as an asynchronous operation of Asio: a loop sends all, and what is cancelled has sent
// nothing.
#include <chrono>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "support.hpp"
#include "tailrace/channel.hpp"

namespace tailrace::asio_test {
namespace {

TEST(send_many, sends_all_in_a_loop) {
    net::io_context context;
    auto [tx, rx] = channel<int>(3);
    std::vector<int> values(1000);
    std::iota(values.begin(), values.end(), 0);
    std::vector<int> got;
    const auto produce = [](sender<int> to, std::vector<int> all) -> net::awaitable<void> {
        std::span rest(all);
        while (!rest.empty()) {
            const auto sent = co_await async(to.send_many(rest));
            EXPECT_TRUE(sent.has_value());
        }
    };
    const auto consume = [](receiver<int> from, std::vector<int>& into) -> net::awaitable<void> {
        for (;;) {
            const auto n = co_await async(from.recv_many(into, 100));
            EXPECT_TRUE(n.has_value());
            if (*n == 0) co_return;
        }
    };
    net::co_spawn(context, produce(std::move(tx), values), net::detached);
    net::co_spawn(context, consume(std::move(rx), got), net::detached);
    context.run();
    EXPECT_EQ(got, values);
}

TEST(send_many, that_is_cancelled_or_closed_has_sent_nothing) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    std::vector<int> values{1, 2, 3};
    std::span rest(values);
    ASSERT_EQ(tx.try_send_many(rest), 1u);
    started waits(context, tx.send_many(rest));
    EXPECT_EQ(run(context), 0u);
    waits.cancel();
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(waits.got.result->error(), stop_error::stopped);
    EXPECT_EQ(rest.size(), 2u);
    started granted(context, tx.send_many(rest));
    EXPECT_EQ(rx.try_recv(), 1);
    granted.cancel();
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(*granted.got.result, 1u) << "success beats the cancellation";
    started closes(context, tx.send_many(rest));
    rx.close();
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(closes.got.result->error(), stop_error::closed);
    EXPECT_EQ(rest.size(), 1u);
}

}  // namespace
}  // namespace tailrace::asio_test
