// Checks courier::bounded_queue against the contract: on one thread as far as a queue for threads can be driven by one,
// and on several. What it cannot do is skipped, by name.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <tailrace/verify/channel_session.hpp>
#include <tailrace/verify/main.hpp>
#include <utility>

#include "bounded_queue.hpp"

using tailrace::verify::capability;

template <class T>
struct sender {
    std::shared_ptr<courier::bounded_queue<T>> queue;

    std::expected<void, tailrace::try_send_error<T>> try_send(T value) {
        using enum courier::push_result;
        const courier::push_result result = queue->try_push(value);
        if (result == pushed) return {};
        const auto why = result == full ? tailrace::try_error::full : tailrace::try_error::closed;
        return std::unexpected(tailrace::try_send_error<T>{why, std::move(value)});
    }
    std::expected<void, tailrace::send_error<T>> blocking_send(T value) {
        if (queue->push(value)) return {};
        return std::unexpected(tailrace::send_error<T>{std::move(value)});
    }
    bool is_closed() const { return queue->is_closed(); }
    std::size_t len() const { return queue->size(); }
    std::size_t max_capacity() const { return queue->capacity(); }
};

template <class T>
struct receiver {
    std::shared_ptr<courier::bounded_queue<T>> queue;

    std::expected<T, tailrace::try_recv_error> try_recv() {
        if (std::optional<T> value = queue->try_pop()) return std::move(*value);
        using enum tailrace::try_recv_error;
        return std::unexpected(queue->is_closed() ? disconnected : empty);
    }
    std::optional<T> blocking_recv() { return queue->pop(); }
    void close() { queue->close(); }
};

struct queue_api {
    static constexpr tailrace::verify::capabilities supports = {
        capability::try_send,         capability::try_recv,   capability::blocking,           capability::close,
        capability::sender_is_closed, capability::sender_len, capability::sender_max_capacity};

    template <class T>
    static auto open(std::size_t capacity) {
        const auto queue = std::make_shared<courier::bounded_queue<T>>(capacity);
        return std::pair(sender<T>{queue}, receiver<T>{queue});
    }
};

int main(int argc, char** argv) {
    return tailrace::verify::main(argc, argv,
                                  {tailrace::verify::make_target<queue_api>("queue", "courier::bounded_queue")});
}
