// W5 to W8: coroutines that do nothing but send and receive, in one of the forms of executors.hpp.
// After a change here run: ci/bench --rows 'W[5-8]' --contestants tailrace
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "common/contestant.hpp"
#include "common/workload.hpp"
#include "executors.hpp"
#include "kinds.hpp"
#include "tailrace/channel.hpp"

namespace bench {

enum class by { send, permit };
enum class into { value, buffer };

template <by By, class T, class Form, class Sender>
typename Form::task send_all(Form& form, Sender tx, std::uint64_t each) {
    for (std::uint64_t i = 1; i <= each; ++i) {
        if constexpr (By == by::send) {
            const auto sent = co_await form.on([&] { return tx.send(numbered<T>(i)); });
            require(sent.has_value(), "the channel is closed");
        } else {
            auto permit = co_await form.on([&] { return tx.reserve(); });
            require(permit.has_value(), "the channel is closed");
            permit->send(numbered<T>(i));
        }
    }
}

template <into Into, class T, class Form, class Receiver>
typename Form::task receive_all(Form& form, Receiver rx, std::uint64_t count, tally& received, stopwatch& watch) {
    std::vector<T> buffer;
    while (received.count() < count) {
        if constexpr (Into == into::value) {
            auto value = co_await form.on([&] { return rx.recv(); });
            require(value.has_value(), "the channel ended");
            received.add(*value);
        } else {
            const std::size_t n = co_await form.on([&] { return rx.recv_many(buffer, batch); });
            require(n != 0, "the channel ended");
            for (T& value : buffer) received.add(value);
            buffer.clear();
        }
    }
    watch.stop();
}

/// W5 and W6, and with permits W7: so many senders, and one receiver.
template <class Channel, class Form, by By, into Into, class T>
result tasks(const parameters& p) {
    const std::uint64_t each = p.messages / p.senders;
    Form form;
    tally received;
    stopwatch watch;
    watch.start();
    {
        auto [tx, rx] = Channel::template channel<T>(p.capacity);
        form.start(receive_all<Into, T>(form, std::move(rx), each * p.senders, received, watch));
        for (std::uint64_t s = 0; s < p.senders; ++s) form.start(send_all<By, T>(form, tx, each));
    }
    form.run();
    received.check(p.senders, each);
    return watch.per(each * p.senders);
}

template <class Form, class Receiver, class Sender>
typename Form::task answer_all(Form& form, Receiver rx, Sender tx, std::uint64_t count) {
    for (; count > 0; --count) {
        auto value = co_await form.on([&] { return rx.recv(); });
        require(value.has_value(), "the channel ended");
        const auto sent = co_await form.on([&] { return tx.send(std::move(*value)); });
        require(sent.has_value(), "the channel is closed");
    }
}

template <class T, class Form, class Sender, class Receiver>
typename Form::task ask_all(Form& form, Sender tx, Receiver rx, std::uint64_t count, tally& received,
                            stopwatch& watch) {
    for (std::uint64_t i = 1; i <= count; ++i) {
        const auto sent = co_await form.on([&] { return tx.send(numbered<T>(i)); });
        require(sent.has_value(), "the channel is closed");
        auto value = co_await form.on([&] { return rx.recv(); });
        require(value.has_value(), "the channel ended");
        received.add(*value);
    }
    watch.stop();
}

/// W8: a value goes to another task and back, through channels of capacity 1.
template <class Channel, class Form, class T>
result ping_pong(const parameters& p) {
    Form form;
    tally received;
    stopwatch watch;
    watch.start();
    {
        auto [there, there_rx] = Channel::template channel<T>(1);
        auto [back, back_rx] = Channel::template channel<T>(1);
        form.start(answer_all(form, std::move(there_rx), std::move(back), p.messages));
        form.start(ask_all<T>(form, std::move(there), std::move(back_rx), p.messages, received, watch));
    }
    form.run();
    received.check(1, p.messages);
    return watch.per(p.messages);
}

template <class Form, by By = by::send, into Into = into::value, class Channel = optimized>
[[nodiscard]] workload tasks_as(const char* name) {
    return {name, tasks<Channel, Form, By, Into, small_value>, tasks<Channel, Form, By, Into, large_value>};
}
template <class Form, class Channel = optimized>
[[nodiscard]] workload ping_pong_as(const char* name) {
    return {name, ping_pong<Channel, Form, small_value>, ping_pong<Channel, Form, large_value>};
}
/// W5, W7, W8 and recv_many.
template <class Form, class Channel = optimized>
[[nodiscard]] std::vector<workload> workloads_on_one_thread() {
    return {tasks_as<Form, by::send, into::value, Channel>("W5"),
            tasks_as<Form, by::permit, into::value, Channel>("W7"),
            tasks_as<Form, by::send, into::buffer, Channel>("recv_many"), ping_pong_as<Form, Channel>("W8")};
}

}  // namespace bench
