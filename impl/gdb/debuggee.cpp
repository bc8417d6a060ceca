// What the test of the pretty printers looks at; check_printers.cmake has what they are to say.
// After a change here run: ci/test -R impl.gdb
#include <utility>

#include "tailrace/channel.hpp"

namespace {

// Two lines that gdb may stop at.
[[gnu::noinline]] void while_open() { asm volatile(""); }
[[gnu::noinline]] void when_closed() { asm volatile(""); }

}  // namespace

int main() {
    auto ends = tailrace::channel<int>(5);
    auto tx = std::move(ends.first);  // by themselves, as a structured binding would be a reference
    auto rx = std::move(ends.second);
    for (int i = 0; i < 3; ++i) {
        if (!tx.try_send(i)) return 1;
    }
    for (int i = 0; i < 2; ++i) {
        if (!rx.try_recv()) return 1;
    }
    auto permit = *tx.try_reserve();
    auto permits = *tx.try_reserve_many(2);
    auto owned = *tx.clone().try_reserve_owned();
    auto waiting = tx.send(3);
    (void)waiting.poll({});
    auto weak = tx.downgrade();

    auto gone_tx = tx.clone();
    {
        const auto taken = std::move(gone_tx);
    }
    auto gone_weak = weak;
    {
        const auto taken = std::move(gone_weak);
    }
    while_open();

    permit.send(4);
    {
        const auto taken = std::move(permits);
    }
    {
        const auto taken = std::move(owned);
    }
    rx.close();
    auto gone_rx = std::move(rx);
    when_closed();
}
