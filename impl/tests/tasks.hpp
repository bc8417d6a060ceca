// Tasks that the tests of the run queue and of the pool of threads share, and a coroutine of another type.
// After a change here run: ci/test -L impl
#pragma once

#include <gtest/gtest.h>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tailrace/channel.hpp"
#include "tailrace/stop.hpp"
#include "tailrace/task.hpp"

namespace tailrace::inline task_tests {

inline task produce(sender<int> tx, int from, int n) {
    for (int i = 0; i < n; ++i) EXPECT_TRUE(co_await tx.send(from + i));
}
inline task collect(receiver<int> rx, std::vector<int>& into) {
    while (auto v = co_await rx.recv()) into.push_back(*v);
}
inline task receive_batch(receiver<int> rx, std::vector<std::size_t>& sizes) {
    std::vector<int> all;
    while (const std::size_t n = co_await rx.recv_many(all, 100)) sizes.push_back(n);
}
inline task note(std::string& log, std::string what) {
    log += what;
    co_return;
}
/// "acd" if it goes on until it has to wait; "b" is noted in a task of its own.
inline task note_turns(std::string& log, receiver<int> rx, sender<int> tx) {
    log += "a";
    spawn(note(log, "b"));
    EXPECT_TRUE(co_await tx.send(1));  // there is room: no suspension
    log += "c";
    EXPECT_EQ(*co_await rx.recv(), 1);
    log += "d";
}
inline task receive_until_stopped(receiver<int>& rx, std::stop_token token, std::string& log) {
    const auto got = co_await with_stop(rx.recv(), token);
    EXPECT_FALSE(got);
    log += got.error() == stop_error::stopped ? "stopped" : "closed";
}
inline task request(std::stop_source& source) {
    source.request_stop();
    co_return;
}
inline task fail(std::string what) {
    throw std::runtime_error(what);
    co_return;
}

/// A coroutine of another type, which its owner may destroy.
struct other {
    struct promise_type {
        other get_return_object() { return other{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
    explicit other(std::coroutine_handle<promise_type> h) : frame(h) {}
    other(other&& o) noexcept : frame(std::exchange(o.frame, nullptr)) {}
    other& operator=(other&&) = delete;
    ~other() {
        if (frame) frame.destroy();
    }
    std::coroutine_handle<promise_type> frame;
};
inline other receive_one(receiver<int>& rx, std::string& log) {
    const auto v = co_await rx.recv();
    log += v ? std::to_string(*v) : "none";
}
/// "sent 7 end" if the other coroutine is resumed in its turn.
inline task wake_another(sender<int> tx, receiver<int>& rx, std::string& log) {
    const other woken = receive_one(rx, log);
    EXPECT_TRUE(co_await tx.send(7));
    log += "sent ";
    auto [tick, tock] = channel<int>(1);
    spawn([](sender<int> t) -> task { EXPECT_TRUE(co_await t.send(1)); }(std::move(tick)));
    EXPECT_TRUE(co_await tock.recv());
    log += " end";
}
/// The other coroutine is woken, and destroyed before its turn.
inline task destroy_another(sender<int> tx, receiver<int>& rx, std::string& log, bool on_another_thread) {
    std::optional<other> woken(receive_one(rx, log));
    if (on_another_thread) {
        std::thread([&] { EXPECT_TRUE(tx.try_send(7)); }).join();
    } else {
        EXPECT_TRUE(tx.try_send(7));
    }
    woken.reset();
    EXPECT_EQ(rx.try_recv(), 7) << "a cancelled receive has taken nothing";
    co_return;
}

}  // namespace tailrace::inline task_tests
