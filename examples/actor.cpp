// An actor: a coroutine that owns a receiver, receives requests, and replies to each through the sender that the
// request contains.
#include <coroutine>
#include <exception>
#include <iostream>
#include <optional>
#include <utility>

#include <tailrace/channel.hpp>

/// Starts at once, and frees itself at its end. Any coroutine type will do.
struct fire_and_forget {
    struct promise_type {
        fire_and_forget get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
};

struct request {
    int number;
    tailrace::sender<int> reply_to;
};

fire_and_forget square(tailrace::receiver<request> requests) {
    while (std::optional<request> r = co_await requests.recv()) {
        // The requester may be gone: then the error contains the reply, and the actor continues.
        if (!co_await r->reply_to.send(r->number * r->number)) std::cerr << "an answer is not wanted any more\n";
    }
}

fire_and_forget ask(tailrace::sender<request> actor) {
    auto [reply_to, replies] = tailrace::channel<int>(1);
    for (int i = 1; i <= 3; ++i) {
        request next{
            i, reply_to};  // named: g++ 12 destroys an aggregate twice that is made in an expression with a co_await
        const auto sent = co_await actor.send(std::move(next));
        if (!sent) break;
        const std::optional<int> answer = co_await replies.recv();
        std::cout << *answer << '\n';
    }
}  // the last sender of the actor goes: its loop ends

int main() {
    auto [tx, rx] = tailrace::channel<request>(4);
    square(std::move(rx));
    ask(std::move(tx));
}
