// W3, W4 and W10: blocking, on threads. one_thread.hpp says what a kind of channel is.
// After a change here run: ci/bench --rows 'W(3|4|10)'
#pragma once

#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "common/workload.hpp"

namespace bench {

/// W3 with one sender, W4 with four: each on a thread, and the receiver on this one.
template <class Kind, class T>
result blocking_threads(const parameters& p) {
    auto channel = Kind::template make<T>(p.capacity);
    const std::uint64_t each = p.messages / p.senders;
    std::barrier start(static_cast<std::ptrdiff_t>(p.senders) + 1);
    std::vector<std::jthread> threads;
    for (std::uint64_t s = 0; s < p.senders; ++s) {
        threads.emplace_back([&start, each, mine = channel.first]() mutable {
            apart tx{std::move(mine)};  // in this thread's stack
            start.arrive_and_wait();
            for (std::uint64_t i = 1; i <= each; ++i) tx.handle.send(numbered<T>(i));
        });
    }
    apart rx{std::move(channel.second)};
    tally received;
    stopwatch watch;
    start.arrive_and_wait();
    watch.start();
    while (received.count() < each * p.senders) rx.handle.recv([&](T& v) { received.add(v); });
    watch.stop();
    received.check(p.senders, each);
    return watch.per(each * p.senders);
}

/// W10: one value goes to another thread and back, for a while; each of the two ways is a hand-off.
template <class Kind, class T>
result hand_offs(const parameters& p) {
    auto there = Kind::template make<T>(1);
    auto back = Kind::template make<T>(1);
    const busy_threads beside(p.busy);
    std::jthread other([rx = apart{std::move(there.second)}, tx = apart{back.first}]() mutable {
        for (std::uint64_t number = 1; number != 0;) {
            rx.handle.recv([&](T& v) { number = number_of(v); });
            if (number != 0) tx.handle.send(numbered<T>(number));
        }
    });
    apart tx{there.first};
    apart rx{std::move(back.second)};
    tally received;
    std::uint64_t round_trips = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(p.milliseconds);
    stopwatch watch;
    watch.start();
    while (!stopwatch::after(end)) {
        tx.handle.send(numbered<T>(++round_trips));
        rx.handle.recv([&](T& v) { received.add(v); });
    }
    watch.stop();
    tx.handle.send(numbered<T>(0));  // ends the other thread
    received.check(1, round_trips);
    return watch.per(2 * round_trips);
}

}  // namespace bench
