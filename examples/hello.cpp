// The channel in five lines, without a coroutine: one value for each way of sending, then the end.
#include <iostream>
#include <optional>
#include <utility>

#include <tailrace/channel.hpp>

int main() {
    auto [tx, rx] = tailrace::channel<int>(16);
    if (!tx.try_send(1)) return 1;       // std::expected<void, try_send_error<int>>
    if (!tx.blocking_send(2)) return 1;  // std::expected<void, send_error<int>>
    auto permit = tx.try_reserve();      // std::expected<permit<int>, try_reserve_error>
    if (!permit) return 1;
    permit->send(3);

    // Once the last sender is gone, the receiver gets what was sent, and then nothing.
    {
        auto last = std::move(tx);
    }
    while (std::optional<int> v = rx.blocking_recv()) std::cout << *v << '\n';
}
