// The channel without coroutines: one value for each way of sending, then the end.
#include <iostream>
#include <optional>
#include <utility>

#include <tailrace/channel.hpp>

bool produce(tailrace::sender<int> tx) {
    if (!tx.try_send(1)) return false;       // std::expected<void, try_send_error<int>>
    if (!tx.blocking_send(2)) return false;  // std::expected<void, send_error<int>>
    std::expected<tailrace::permit<int>, tailrace::try_error> permit = tx.try_reserve();
    if (!permit) return false;
    permit->send(3);
    return true;
}  // the last sender goes: the receiver gets what was sent, and then nothing

int main() {
    auto [tx, rx] = tailrace::channel<int>(16);
    if (!produce(std::move(tx))) return 1;
    while (std::optional<int> v = rx.blocking_recv()) std::cout << *v << '\n';
}
