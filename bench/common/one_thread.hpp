// W1 and W2, on one thread and without waiting; and the memory of a channel.
//
// A kind of channel is a class with
//     template <class T> static auto make(std::size_t capacity)    a pair of a sender and a receiver
//     sender.try_send(value)                                       whether it was sent
//     receiver.try_recv(use)                                       whether use(value) was called
//     sender.send(value), receiver.recv(use)                       these block (threads.hpp)
// A sender can be copied. `use` gets the value where it lies, so that no contestant pays for a copy that it does not
// need.
// After a change here run: ci/bench --rows 'W[12]|memory'
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/workload.hpp"

namespace bench {

/// W1: each value is sent, and received at once.
template <class Kind, class T>
result one_by_one(const parameters& p) {
    auto channel = Kind::template make<T>(p.capacity);
    apart tx{std::move(channel.first)};
    apart rx{std::move(channel.second)};
    tally received;
    stopwatch watch;
    watch.start();
    for (std::uint64_t i = 1; i <= p.messages; ++i) {
        T value = numbered<T>(i);
        keep(value);
        require(tx.handle.try_send(value), "a channel with free capacity was full");
        require(rx.handle.try_recv([&](T& v) { received.add(v); }), "a channel with a value was empty");
    }
    watch.stop();
    received.check(1, p.messages);
    return watch.per(p.messages);
}

/// W2: the channel is filled, then drained, again and again. Some hold one value less than was asked.
template <class Kind, class T>
result fill_and_drain(const parameters& p) {
    auto channel = Kind::template make<T>(p.capacity);
    apart tx{std::move(channel.first)};
    apart rx{std::move(channel.second)};
    tally received;
    std::uint64_t sent = 0;
    stopwatch watch;
    watch.start();
    while (sent < p.messages) {
        const std::uint64_t before = sent;
        for (std::uint64_t k = 0; k < p.capacity; ++k) {
            T value = numbered<T>(sent + 1);
            keep(value);
            if (!tx.handle.try_send(value)) break;
            ++sent;
        }
        require(sent > before, "an empty channel was full");
        for (std::uint64_t k = before; k < sent; ++k) {
            require(rx.handle.try_recv([&](T& v) { received.add(v); }), "a channel with a value was empty");
        }
    }
    watch.stop();
    received.check(1, sent);
    return watch.per(sent);
}

enum class use { none, filled, drained };

/// The memory of channels that were never used, that are full, or that were full once.
template <class Kind, class T, use Use>
result memory(const parameters& p) {
    using channel = decltype(Kind::template make<T>(1));
    std::vector<channel> channels;
    channels.reserve(p.channels);
    // What is allocated once is not a channel's, nor are the remainders that malloc keeps of aligned allocations.
    std::vector<channel> others;
    for (int n = 0; n < 64; ++n) others.push_back(Kind::template make<T>(1));
    const std::uint64_t before = heap_bytes();
    std::uint64_t slots = 0;
    for (std::uint64_t n = 0; n < p.channels; ++n) {
        channels.push_back(Kind::template make<T>(p.capacity));
        if constexpr (Use != use::none) {
            std::uint64_t sent = 0;
            while (sent < p.capacity && channels.back().first.try_send(numbered<T>(sent + 1))) ++sent;
            require(sent + 1 >= p.capacity, "a channel holds less than its capacity");
            slots += sent;
            tally received;
            if constexpr (Use == use::drained) {
                for (std::uint64_t k = 0; k < sent; ++k) {
                    require(channels.back().second.try_recv([&](T& v) { received.add(v); }), "a value is lost");
                }
                received.check(1, sent);
            }
        }
    }
    const std::uint64_t bytes = std::max(heap_bytes(), before) - before;
    return {Use == use::filled ? slots : p.channels, bytes, "bytes"};
}

}  // namespace bench
