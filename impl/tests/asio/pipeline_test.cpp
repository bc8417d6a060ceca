// Tests of whole programs in coroutines of Asio: echo over two channels, many senders, and an end under load.
#include <chrono>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "support.hpp"
#include "tailrace/channel.hpp"

namespace tailrace::asio_test {
namespace {

net::awaitable<void> echo(receiver<int> from, sender<int> to) {
    for (;;) {
        auto v = co_await async(from.recv());
        if (!v) break;
        const auto sent = co_await async(to.send(*v));
        if (!sent) break;
    }
}

net::awaitable<void> ask(sender<int> to, receiver<int> from, int count, int& sum) {
    for (int i = 1; i <= count; ++i) {
        const auto sent = co_await async(to.send(i));
        EXPECT_TRUE(sent.has_value());
        const auto back = co_await async(from.recv());
        EXPECT_EQ(back.value(), i);
        sum += *back;
    }
}

TEST(pipeline, echoes_over_two_channels_on_one_thread) {
    constexpr int count = 2000;
    net::io_context context;
    auto [tx, from_tx] = channel<int>(1);
    auto [back, from_back] = channel<int>(1);
    int sum = 0;
    net::co_spawn(context, echo(std::move(from_tx), std::move(back)), net::detached);
    net::co_spawn(context, ask(std::move(tx), std::move(from_back), count, sum), net::detached);
    context.run();
    EXPECT_EQ(sum, count * (count + 1) / 2);
}

TEST(pipeline, echoes_between_two_threads) {
    constexpr int count = 2000;
    net::io_context here;
    net::io_context there;
    auto [tx, from_tx] = channel<int>(1);
    auto [back, from_back] = channel<int>(1);
    int sum = 0;
    net::co_spawn(there, echo(std::move(from_tx), std::move(back)), net::detached);
    net::co_spawn(here, ask(std::move(tx), std::move(from_back), count, sum), net::detached);
    std::thread other([&] { there.run(); });
    here.run();
    other.join();
    EXPECT_EQ(sum, count * (count + 1) / 2);
}

TEST(pipeline, many_senders_of_a_pool_reach_one_receiver_in_the_order_of_each) {
    constexpr int senders = 8;
    constexpr int each = 500;
    net::thread_pool pool(2);
    auto [tx, rx] = channel<std::pair<int, int>>(4);
    for (int s = 0; s < senders; ++s) {
        net::co_spawn(
            pool,
            [](sender<std::pair<int, int>> to, int who) -> net::awaitable<void> {
                for (int i = 0; i < each; ++i) {
                    const std::pair<int, int> message(who, i);
                    const auto sent = co_await async(to.send(message));
                    EXPECT_TRUE(sent.has_value());
                }
            }(tx.clone(), s),
            net::detached);
    }
    {
        const auto last = std::move(tx);
    }
    std::vector<int> next(senders);
    auto done = net::co_spawn(
        pool,
        [&]() -> net::awaitable<void> {
            std::vector<std::pair<int, int>> batch;
            for (;;) {
                batch.clear();
                const auto n = co_await async(rx.recv_many(batch, 16));
                if (n.value() == 0) break;
                for (const auto& [who, i] : batch) EXPECT_EQ(i, next[static_cast<std::size_t>(who)]++);
            }
        },
        net::use_future);
    done.get();
    pool.join();
    EXPECT_EQ(std::accumulate(next.begin(), next.end(), 0), senders * each);
}

}  // namespace
}  // namespace tailrace::asio_test
