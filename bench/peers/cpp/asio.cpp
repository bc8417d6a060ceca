// Boost.Asio's channels, with its own coroutines: `channel` on one thread, `concurrent_channel` on two as well.
// After a change here run: ci/bench --contestants asio
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <cstdint>

#include "common/contestant.hpp"
#include "common/shared_queue.hpp"
#include "peers.hpp"

namespace bench {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

template <class T>
using plain_channel = asio::experimental::channel<void(error_code, T)>;
template <class T>
using concurrent_channel = asio::experimental::concurrent_channel<void(error_code, T)>;

asio::io_context& one_context() {
    static asio::io_context context(1);
    return context;
}

/// Without waiting. It has no blocking form.
template <class Channel, class T>
class asio_queue {
  public:
    explicit asio_queue(std::size_t capacity) : channel_(one_context(), capacity) {}
    bool try_send(const T& value) { return channel_.try_send(error_code(), value); }
    bool try_recv(T& value) {
        return channel_.try_receive([&](error_code, T received) { value = received; });
    }

  private:
    Channel channel_;
};
template <class T>
using plain_queue_of = asio_queue<plain_channel<T>, T>;
template <class T>
using concurrent_queue_of = asio_queue<concurrent_channel<T>, T>;

template <class T, class Channel>
asio::awaitable<void> send_all(Channel& to, std::uint64_t each) {
    for (std::uint64_t i = 1; i <= each; ++i) {
        co_await to.async_send(error_code(), numbered<T>(i), asio::use_awaitable);
    }
}

template <class T, class Channel>
asio::awaitable<void> receive_all(Channel& from, std::uint64_t count, tally& received, stopwatch& watch) {
    while (received.count() < count) {
        T value = co_await from.async_receive(asio::use_awaitable);
        received.add(value);
    }
    watch.stop();
}

/// `run` runs the context until all tasks have ended.
template <class T, class Channel, class Context, class Run>
result tasks_on(Context& context, const parameters& p, Run&& run) {
    const std::uint64_t each = p.messages / p.senders;
    tally received;
    stopwatch watch;
    watch.start();
    Channel channel(context.get_executor(), p.capacity);
    asio::co_spawn(context, receive_all<T>(channel, each * p.senders, received, watch), asio::detached);
    for (std::uint64_t s = 0; s < p.senders; ++s) asio::co_spawn(context, send_all<T>(channel, each), asio::detached);
    run();
    received.check(p.senders, each);
    return watch.per(each * p.senders);
}

template <template <class> class Channel, class T>
result on_one_thread(const parameters& p) {
    asio::io_context context(1);
    return tasks_on<T, Channel<T>>(context, p, [&] { context.run(); });
}
template <template <class> class Channel, class T>
result on_two_threads(const parameters& p) {
    asio::thread_pool pool(2);
    return tasks_on<T, Channel<T>>(pool, p, [&] { pool.join(); });
}

template <class T, class Channel>
asio::awaitable<void> answer_all(Channel& from, Channel& to, std::uint64_t count) {
    for (; count > 0; --count) {
        T value = co_await from.async_receive(asio::use_awaitable);
        co_await to.async_send(error_code(), value, asio::use_awaitable);
    }
}
template <class T, class Channel>
asio::awaitable<void> ask_all(Channel& to, Channel& from, std::uint64_t count, tally& received, stopwatch& watch) {
    for (std::uint64_t i = 1; i <= count; ++i) {
        co_await to.async_send(error_code(), numbered<T>(i), asio::use_awaitable);
        T value = co_await from.async_receive(asio::use_awaitable);
        received.add(value);
    }
    watch.stop();
}

template <template <class> class Channel, class T>
result ping_pong(const parameters& p) {
    tally received;
    stopwatch watch;
    watch.start();
    asio::io_context context(1);
    Channel<T> there(context, 1), back(context, 1);
    asio::co_spawn(context, answer_all<T>(there, back, p.messages), asio::detached);
    asio::co_spawn(context, ask_all<T>(there, back, p.messages, received, watch), asio::detached);
    context.run();
    received.check(1, p.messages);
    return watch.per(p.messages);
}

template <template <class> class Queue, template <class> class Channel>
contestant asio_contestant(const char* name) {
    using kind = shared_queue<Queue>;
    contestant c{name, one_thread_workloads<kind>()};
    c += memory_workloads<kind>();
    c += {{"W5", on_one_thread<Channel, small_value>, on_one_thread<Channel, large_value>},
          {"W8", ping_pong<Channel, small_value>, ping_pong<Channel, large_value>}};
    return c;
}

}  // namespace

contestant asio_channel_contestant() { return asio_contestant<plain_queue_of, plain_channel>("asio-channel"); }
contestant asio_concurrent_contestant() {
    contestant c = asio_contestant<concurrent_queue_of, concurrent_channel>("asio-concurrent");
    c += {{"W6", on_two_threads<concurrent_channel, small_value>, on_two_threads<concurrent_channel, large_value>}};
    return c;
}

}  // namespace bench
