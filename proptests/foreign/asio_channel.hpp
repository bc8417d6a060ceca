// boost::asio::experimental::concurrent_channel as a target of the kit, with the capabilities that its documentation
// promises.
//
// An operation is initiated by its first poll; its completion handler is run by an io_context,
// which is run to the end of its work before the step ends. An operation that is destroyed is
// cancelled through its cancellation slot; a handler that runs after that does nothing.
// After a change here run: ci/test -L proptests -R asio
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "tailrace/errors.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::verify::asio_channel {

using boost::system::error_code;

/// The channel creates messages without a value, for operations that fail.
template <class T>
struct shared_channel {
    explicit shared_channel(std::size_t capacity) : channel(context, capacity) {}

    boost::asio::io_context context;
    boost::asio::experimental::concurrent_channel<void(error_code, std::optional<T>)> channel;
};
template <class T>
using channel_ptr = std::shared_ptr<shared_channel<T>>;

/// One asynchronous operation, driven by polls. `Start` initiates it with a completion handler;
/// `Result` is made of what the handler is called with.
template <class Result, class Start>
class operation {
    struct state {
        std::optional<Result> result;
        boost::asio::cancellation_signal cancel;
        tailrace::waker waker;
    };

  public:
    operation(boost::asio::io_context& context, Start start) : context_(&context), start_(std::move(start)) {}
    operation(operation&&) = default;
    operation& operator=(operation&&) = delete;
    ~operation() {
        if (!state_ || state_->result) return;
        state_->waker = {};
        state_->cancel.emit(boost::asio::cancellation_type::total);
    }

    std::optional<Result> poll(const tailrace::waker& w) {
        if (!state_) {
            state_ = std::make_shared<state>();
            start_(boost::asio::bind_cancellation_slot(state_->cancel.slot(),
                                                       [s = state_]<class... Arguments>(Arguments... arguments) {
                                                           s->result.emplace(to_result(std::move(arguments)...));
                                                           s->waker();
                                                       }));
            context_->restart();
            context_->poll();
        }
        state_->waker = w;
        return std::exchange(state_->result, std::nullopt);
    }

  private:
    static std::expected<void, closed_error> to_result(error_code e) {
        if (e) return std::unexpected(closed_error{});
        return {};
    }
    template <class T>
    static std::optional<T> to_result(error_code, std::optional<T> value) {
        return value;
    }

    boost::asio::io_context* context_;
    Start start_;
    std::shared_ptr<state> state_;
};

template <class Result, class Start>
operation<Result, Start> make_operation(boost::asio::io_context& context, Start start) {
    return {context, std::move(start)};
}

template <class T>
class sender {
  public:
    explicit sender(channel_ptr<T> shared) : shared_(std::move(shared)) {}

    [[nodiscard]] auto send(T value) {
        return make_operation<std::expected<void, closed_error>>(
            shared_->context, [c = shared_, v = std::optional(std::move(value))](auto handler) mutable {
                c->channel.async_send(error_code(), std::move(v), std::move(handler));
            });
    }
    /// The channel takes the value only if there is capacity.
    // NOLINTBEGIN(bugprone-use-after-move)
    [[nodiscard]] std::expected<void, try_send_error<T>> try_send(T value) {
        std::optional<T> message(std::move(value));
        if (shared_->channel.try_send(error_code(), std::move(message))) return {};
        const try_error why = is_closed() ? try_error::closed : try_error::full;
        return std::unexpected(try_send_error<T>{why, std::move(*message)});
    }
    // NOLINTEND(bugprone-use-after-move)
    [[nodiscard]] bool is_closed() const { return !shared_->channel.is_open(); }
    [[nodiscard]] std::size_t max_capacity() const { return shared_->channel.capacity(); }

    void run() const {
        shared_->context.restart();
        shared_->context.poll();
    }

  private:
    channel_ptr<T> shared_;
};

template <class T>
class receiver {
  public:
    explicit receiver(channel_ptr<T> shared) : shared_(std::move(shared)) {}

    [[nodiscard]] auto recv() {
        return make_operation<std::optional<T>>(
            shared_->context, [c = shared_](auto handler) { c->channel.async_receive(std::move(handler)); });
    }
    [[nodiscard]] std::expected<T, try_recv_error> try_recv() {
        std::optional<T> value;
        const auto take = [&value](error_code, std::optional<T> v) { value = std::move(v); };
        if (shared_->channel.try_receive(take) && value) return std::move(*value);
        return std::unexpected(shared_->channel.is_open() ? try_recv_error::empty : try_recv_error::disconnected);
    }
    void close() { shared_->channel.close(); }

  private:
    channel_ptr<T> shared_;
};

}  // namespace tailrace::verify::asio_channel
