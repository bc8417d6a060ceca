// The ends of a queue for threads, as the kit calls them, over the few functions that these queues have:
//
//     template <class T> class my_queue {
//         explicit my_queue(std::size_t capacity);
//         std::optional<try_error> try_push(std::optional<T>& value);   // empty: pushed; else the value stays
//         bool push(std::optional<T>& value);                           // false: closed; the value stays
//         std::optional<try_recv_error> try_pop(std::optional<T>& value);
//         bool pop(std::optional<T>& value);                            // false: closed and empty
//         // As far as there is something like it:
//         void close();   bool is_closed() const;   std::size_t size() const;   std::size_t capacity() const;
//     };
//
// The items are std::optional<T>: most of these queues have items without a value, and all assign what they pop.
// After a change here run: ci/test -L proptests -R foreign_cpp
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "tailrace/errors.hpp"
#include "tailrace/verify/channel_session.hpp"

namespace tailrace::verify {

template <class T, class Queue>
struct queue_sender {
    std::shared_ptr<Queue> queue;

    [[nodiscard]] std::expected<void, try_send_error<T>> try_send(T value) {
        std::optional<T> item(std::move(value));
        const std::optional<try_error> why = queue->try_push(item);
        if (!why) return {};
        return std::unexpected(try_send_error<T>{*why, std::move(*item)});
    }
    [[nodiscard]] std::expected<void, send_error<T>> blocking_send(T value) {
        std::optional<T> item(std::move(value));
        if (queue->push(item)) return {};
        return std::unexpected(send_error<T>{std::move(*item)});
    }
    [[nodiscard]] bool is_closed() const { return queue->is_closed(); }
    [[nodiscard]] std::size_t len() const { return queue->size(); }
    [[nodiscard]] std::size_t max_capacity() const { return queue->capacity(); }
};

template <class T, class Queue>
struct queue_receiver {
    std::shared_ptr<Queue> queue;

    [[nodiscard]] std::expected<T, try_recv_error> try_recv() {
        std::optional<T> item;
        const std::optional<try_recv_error> why = queue->try_pop(item);
        if (why) return std::unexpected(*why);
        return std::move(*item);
    }
    [[nodiscard]] std::optional<T> blocking_recv() {
        std::optional<T> item;
        (void)queue->pop(item);
        return item;
    }
    void close() { queue->close(); }
};

/// What an Api inherits that declares no more than its capabilities.
template <template <class> class Queue>
struct queue_api {
    template <class T>
    static auto open(std::size_t capacity) {
        const auto queue = std::make_shared<Queue<T>>(capacity);
        return std::pair(queue_sender<T, Queue<T>>{queue}, queue_receiver<T, Queue<T>>{queue});
    }
};

}  // namespace tailrace::verify
