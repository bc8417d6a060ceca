// The code of README.md, which ci/tests/readme compares with this file: it compiles, and does what it says.
#include <coroutine>
#include <exception>
#include <iostream>
#include <optional>
#include <utility>

#include <tailrace/blocking.hpp>
#include <tailrace/channel.hpp>

// Runs by itself, and its frame goes at its end.
struct task {
    struct promise_type {
        task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

struct request {
    tailrace::sender<request> reply_to;
};

void produce(tailrace::sender<int> tx);

void use(int v) { std::cout << v << '\n'; }

void produce(tailrace::sender<int> tx) {
    for (int i = 4; i < 8; ++i) (void)tx.try_send(i);
}

task first_steps() {
    auto [tx, rx] = tailrace::channel<int>(16);
    if (!tx.try_send(1)) { /* full, or closed: the error has the value */
    }
    co_await tx.send(2);
    if (auto permit = co_await tx.reserve()) permit->send(3);
    std::optional<int> v = co_await rx.recv();
    use(*v);
}

task in_a_condition() {
    auto [tx, rx] = tailrace::channel<int>(16);
    produce(std::move(tx));
    bool more = true;
    for (;;) {
        const bool go = more && co_await rx.recv();
        if (!go) break;
        more = false;
    }
    while (auto v = co_await rx.recv()) use(*v);
    std::cout << "end\n";
}

int main() {
    first_steps();
    in_a_condition();
    auto [tx, rx] = tailrace::channel<request>(1);
    if (!tx.try_send(request{tx})) return 1;
    return rx.blocking_recv() ? 0 : 1;
}
