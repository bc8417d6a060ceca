// An actor: a coroutine that owns a receiver, receives requests, and replies to each through the sender that the
// request contains. Stopped, it closes: what was accepted until then is answered, and what comes later is refused.
//
//     actor            three requests of one client
//     actor forever    four clients on two threads, until SIGINT or SIGTERM
#include <atomic>
#include <cstdio>
#include <iostream>
#include <limits>
#include <optional>
#include <utility>

#include <tailrace/channel.hpp>
#include <tailrace/thread_pool.hpp>

#include "stopped.hpp"

struct request {
    long number;
    tailrace::sender<long> reply_to;
};

tailrace::task square(tailrace::receiver<request> requests) {
    while (std::optional<request> r = co_await requests.recv()) {
        if (stopped) requests.close();  // the loop ends when all that was accepted is answered
        // The client may be gone: then the error contains the reply, and the actor continues.
        if (!co_await r->reply_to.send(r->number * r->number)) std::cerr << "an answer is not wanted any more\n";
    }
}

tailrace::task ask(tailrace::sender<request> actor, long how_many, std::atomic<int>& unanswered) {
    for (long n = 1; n <= how_many; ++n) {
        auto [reply_to, reply] = tailrace::channel<long>(1);
        request next{n, std::move(reply_to)};  // named: g++ 12 destroys an aggregate twice that is made in an
                                               // expression with a co_await
        const auto sent = co_await actor.send(std::move(next));
        if (!sent) co_return;  // refused: the error contains the request
        const std::optional<long> answer = co_await reply.recv();
        if (!answer) {  // accepted, and dropped
            ++unanswered;
            co_return;
        }
        std::printf("%ld\n", *answer);
    }
}  // the last sender of the actor goes: its loop ends

int main(int argc, char** argv) {
    const bool forever = runs_forever(argc, argv);
    std::atomic<int> unanswered = 0;
    auto [tx, rx] = tailrace::channel<request>(4);
    tailrace::thread_pool pool(2);
    pool.spawn(square(std::move(rx)));
    for (int client = forever ? 4 : 1; client > 0; --client) {
        pool.spawn(ask(tx, forever ? std::numeric_limits<long>::max() : 3, unanswered));
    }
    {
        const auto last = std::move(tx);
    }
    pool.wait();
    if (unanswered > 0) std::cerr << "accepted, but not answered: " << unanswered << '\n';
    return unanswered > 0 ? 1 : 0;
}
