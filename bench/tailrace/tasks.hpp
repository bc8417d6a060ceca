// W5 to W8: coroutines that do nothing but send and receive, in one of the forms of executors.hpp.
// After a change here run: ci/bench --rows 'W[5-8]' --contestants tailrace
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "common/contestant.hpp"
#include "common/workload.hpp"
#include "tailrace/channel.hpp"
#include "executors.hpp"
#include "kinds.hpp"

namespace bench {

enum class by { send, permit };
enum class into { value, buffer };

template <by By, class Form, class T>
task send_all(Form& form, tailrace::sender<T> tx, std::uint64_t each) {
    for (std::uint64_t i = 1; i <= each; ++i) {
        if constexpr (By == by::send) {
            const auto sent = co_await form.on(tx.send(numbered<T>(i)));
            require(sent.has_value(), "the channel is closed");
        } else {
            auto permit = co_await form.on(tx.reserve());
            require(permit.has_value(), "the channel is closed");
            permit->send(numbered<T>(i));
        }
    }
}

template <into Into, class Form, class T>
task receive_all(Form& form, tailrace::receiver<T> rx, std::uint64_t count, tally& received, stopwatch& watch) {
    std::vector<T> buffer;
    while (received.count() < count) {
        if constexpr (Into == into::value) {
            auto value = co_await form.on(rx.recv());
            require(value.has_value(), "the channel ended");
            received.add(*value);
        } else {
            const std::size_t n = co_await form.on(rx.recv_many(buffer, batch));
            require(n != 0, "the channel ended");
            for (T& value : buffer) received.add(value);
            buffer.clear();
        }
    }
    watch.stop();
}

/// W5 and W6, and with permits W7: so many senders, and one receiver.
template <class Form, by By, into Into, class T>
result tasks(const parameters& p) {
    const std::uint64_t each = p.messages / p.senders;
    Form form;
    tally received;
    stopwatch watch;
    watch.start();
    {
        auto [tx, rx] = tailrace::channel<T>(p.capacity);
        form.start(receive_all<Into>(form, std::move(rx), each * p.senders, received, watch));
        for (std::uint64_t s = 0; s < p.senders; ++s) form.start(send_all<By>(form, tx, each));
    }
    form.run();
    received.check(p.senders, each);
    return watch.per(each * p.senders);
}

template <class Form, class T>
task answer_all(Form& form, tailrace::receiver<T> rx, tailrace::sender<T> tx, std::uint64_t count) {
    for (; count > 0; --count) {
        auto value = co_await form.on(rx.recv());
        require(value.has_value(), "the channel ended");
        const auto sent = co_await form.on(tx.send(std::move(*value)));
        require(sent.has_value(), "the channel is closed");
    }
}

template <class Form, class T>
task ask_all(Form& form, tailrace::sender<T> tx, tailrace::receiver<T> rx, std::uint64_t count, tally& received,
             stopwatch& watch) {
    for (std::uint64_t i = 1; i <= count; ++i) {
        const auto sent = co_await form.on(tx.send(numbered<T>(i)));
        require(sent.has_value(), "the channel is closed");
        auto value = co_await form.on(rx.recv());
        require(value.has_value(), "the channel ended");
        received.add(*value);
    }
    watch.stop();
}

/// W8: a value goes to another task and back, through channels of capacity 1.
template <class Form, class T>
result ping_pong(const parameters& p) {
    Form form;
    tally received;
    stopwatch watch;
    watch.start();
    {
        auto [there, there_rx] = tailrace::channel<T>(1);
        auto [back, back_rx] = tailrace::channel<T>(1);
        form.start(answer_all(form, std::move(there_rx), std::move(back), p.messages));
        form.start(ask_all(form, std::move(there), std::move(back_rx), p.messages, received, watch));
    }
    form.run();
    received.check(1, p.messages);
    return watch.per(p.messages);
}

template <class Form, by By = by::send, into Into = into::value>
[[nodiscard]] workload tasks_as(const char* name) {
    return {name, tasks<Form, By, Into, small_value>, tasks<Form, By, Into, large_value>};
}
template <class Form>
[[nodiscard]] workload ping_pong_as(const char* name) {
    return {name, ping_pong<Form, small_value>, ping_pong<Form, large_value>};
}

}  // namespace bench
