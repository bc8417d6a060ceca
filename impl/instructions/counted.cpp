// The program whose instructions are counted: a number of messages in one of the forms, where nothing has to wait. Its
// second thread sleeps: in a process of one thread, the libraries leave atomic operations out.
//
//     counted FORM MESSAGES
//
// After a change here run: ci/test -R impl.instructions
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tailrace/channel.hpp"
#include "tailrace/run_queue.hpp"

namespace {

using value = std::uint64_t;
using sender = tailrace::sender<value>;
using receiver = tailrace::receiver<value>;

void require(bool condition) {
    if (!condition) std::abort();
}

void try_each(sender& tx, receiver& rx, value n) {
    for (value i = 0; i < n; ++i) {
        require(tx.try_send(i).has_value());
        require(rx.try_recv() == i);
    }
}

void permit_each(sender& tx, receiver& rx, value n) {
    for (value i = 0; i < n; ++i) {
        auto permit = tx.try_reserve();
        require(permit.has_value());
        permit->send(i);
        require(rx.try_recv() == i);
    }
}

void block_each(sender& tx, receiver& rx, value n) {
    for (value i = 0; i < n; ++i) {
        require(tx.blocking_send(i).has_value());
        require(rx.blocking_recv() == i);
    }
}

void batch(sender& tx, receiver& rx, value n) {
    std::vector<value> into;
    into.reserve(64);
    for (value i = 0; i < n; i += 64) {
        for (value k = 0; k < 64; ++k) require(tx.try_send(k).has_value());
        require(rx.blocking_recv_many(into, 64) == 64);
        into.clear();
    }
}

tailrace::task await_both(sender& tx, receiver& rx, value n) {
    for (value i = 0; i < n; ++i) {
        const auto sent = co_await tx.send(i);
        require(sent.has_value());
        const auto got = co_await rx.recv();
        require(got == i);
    }
}

tailrace::task reserve_and_await(sender& tx, receiver& rx, value n) {
    for (value i = 0; i < n; ++i) {
        auto permit = co_await tx.reserve();
        require(permit.has_value());
        permit->send(i);
        const auto got = co_await rx.recv();
        require(got == i);
    }
}

tailrace::task send_all(sender& tx, value n) {
    for (value i = 0; i < n; ++i) {
        const auto sent = co_await tx.send(i);
        require(sent.has_value());
    }
}
tailrace::task receive_all(receiver& rx, value n) {
    for (value i = 0; i < n; ++i) {
        const auto got = co_await rx.recv();
        require(got == i);
    }
}

/// Each of the two waits for the other.
tailrace::task play(sender& tx, receiver& rx, value n, bool begins) {
    for (value i = 0; i < n; ++i) {
        if (!begins || i != 0) {
            const auto got = co_await rx.recv();
            require(got.has_value());
        }
        const auto sent = co_await tx.send(i);
        require(sent.has_value());
    }
}
void ping_pong(sender& tx, receiver& rx, value n) {
    auto [back, answers] = tailrace::channel<value>(1);
    tailrace::run(play(tx, answers, n, true), play(back, rx, n, false));
}

}  // namespace

int main(int argc, char** argv) {
    const std::map<std::string, std::function<void(sender&, receiver&, value)>> forms{
        {"try", try_each},
        {"permit", permit_each},
        {"blocking", block_each},
        {"batch", batch},
        {"awaited", [](auto& tx, auto& rx, value n) { tailrace::run(await_both(tx, rx, n)); }},
        {"reserved", [](auto& tx, auto& rx, value n) { tailrace::run(reserve_and_await(tx, rx, n)); }},
        {"ping_pong", ping_pong},
        {"tasks", [](auto& tx, auto& rx, value n) { tailrace::run(send_all(tx, n), receive_all(rx, n)); }},
    };
    const auto form = argc == 3 ? forms.find(argv[1]) : forms.end();
    if (form == forms.end()) {
        std::fprintf(stderr, "counted: usage: counted FORM MESSAGES; see the source for the forms\n");
        return 2;
    }
    std::atomic<bool> over{false};
    std::jthread second([&over] { over.wait(false); });
    auto [tx, rx] = tailrace::channel<value>(64);
    form->second(tx, rx, std::strtoull(argv[2], nullptr, 10));
    over = true;
    over.notify_one();
}
