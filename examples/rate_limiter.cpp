// A rate limiter: three requests a tick, by a channel as a semaphore. A request needs a permit. It uses it to send a
// mark, which fills the permit's place until a tick takes it out; a permit that is dropped is free again at once.
#include <cstddef>
#include <iostream>
#include <utility>

#include <tailrace/channel.hpp>
#include <tailrace/run_queue.hpp>

struct mark {};
constexpr std::size_t per_tick = 3;

tailrace::task client(tailrace::sender<mark> limit, int requests) {
    for (int i = 0; i < requests; ++i) {
        auto permit = co_await limit.reserve();  // first come, first served
        if (!permit) co_return;
        if (i == 2) continue;  // no request after all: its permit is dropped
        std::cout << "request\n";
        permit->send(mark{});
    }
}

/// In a service a timer says when a tick has passed; here it has when no client can go on.
tailrace::task tick(tailrace::receiver<mark> limit) {
    while (co_await limit.recv()) {
        for (std::size_t i = 1; i < per_tick; ++i) (void)limit.try_recv();
        std::cout << "tick\n";
    }
}

int main() {
    auto [limit, marks] = tailrace::channel<mark>(per_tick);
    auto one = client(limit, 4);
    auto other = client(std::move(limit), 5);  // the tick ends with the last of them
    tailrace::run(std::move(one), std::move(other), tick(std::move(marks)));
}
