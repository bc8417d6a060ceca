// A TCP server in coroutines of Asio whose connections feed one writer through a channel. The channel is bounded, so a
// slow writer slows the connections down and with them their clients. Then the server is shut down while the clients
// still send: the listener and the readers are stopped, the last of them drops the last sender, and the writer receives
// what is buffered and ends. The program checks that each line that a connection has sent is written.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <tailrace/asio.hpp>
#include <tailrace/channel.hpp>

#if defined(TAILRACE_ASIO_STANDALONE)
#include <asio.hpp>
namespace net = asio;
using error_code = asio::error_code;
#else
#include <boost/asio.hpp>
namespace net = boost::asio;
using error_code = boost::system::error_code;
#endif

using net::ip::tcp;

struct line {
    std::size_t connection;
    std::string text;
};

struct server {
    explicit server(net::io_context& c) : context(c), acceptor(c, tcp::endpoint(net::ip::address_v4::loopback(), 0)) {}

    net::io_context& context;
    tcp::acceptor acceptor;
    std::vector<std::shared_ptr<tcp::socket>> sockets;  // of one thread, as all here
    std::size_t accepted_lines = 0;
    std::size_t written_lines = 0;

    void shut_down() {
        error_code ignored;
        acceptor.close(ignored);
        for (auto& s : sockets) s->close(ignored);
    }
};

/// Reads lines and sends them to the writer. Ends when its socket is closed.
net::awaitable<void> read_lines(server& self, std::shared_ptr<tcp::socket> socket, std::size_t number,
                                tailrace::sender<line> to_writer) {
    std::string buffered;
    for (;;) {
        error_code failed;
        const std::size_t end = co_await net::async_read_until(*socket, net::dynamic_buffer(buffered), '\n',
                                                               net::redirect_error(net::use_awaitable, failed));
        if (failed) break;
        line next{number, buffered.substr(0, end - 1)};
        buffered.erase(0, end);
        const auto sent = co_await tailrace::async(to_writer.send(std::move(next)), net::use_awaitable);
        if (!sent) break;
        ++self.accepted_lines;
    }
}

net::awaitable<void> listen(server& self, tailrace::sender<line> to_writer) {
    for (std::size_t number = 0;; ++number) {
        error_code failed;
        tcp::socket accepted = co_await self.acceptor.async_accept(net::redirect_error(net::use_awaitable, failed));
        if (failed) break;
        auto socket = std::make_shared<tcp::socket>(std::move(accepted));
        self.sockets.push_back(socket);
        net::co_spawn(self.context, read_lines(self, std::move(socket), number, to_writer.clone()), net::detached);
    }
}

/// Writes what it receives, in batches; here, it counts. Ends when all senders are gone and the buffer is empty.
net::awaitable<void> write_lines(server& self, tailrace::receiver<line> from_readers, net::steady_timer& enough) {
    std::vector<line> batch;
    for (;;) {
        batch.clear();
        const auto n = co_await tailrace::async(from_readers.recv_many(batch, 16), net::use_awaitable);
        if (n.value_or(0) == 0) break;
        self.written_lines += batch.size();
        if (self.written_lines > 2000) enough.cancel();
    }
}

/// A client that sends until it cannot.
void send_lines(const tcp::endpoint& to) {
    net::io_context own;
    tcp::socket socket(own);
    error_code failed;
    socket.connect(to, failed);
    const std::string text = "a line of a client that does not stop by itself\n";
    while (!failed) net::write(socket, net::buffer(text), failed);
}

int main() {
    net::io_context context;
    server self(context);
    const tcp::endpoint where = self.acceptor.local_endpoint();
    auto [to_writer, from_readers] = tailrace::channel<line>(8);
    // Under load: the writer ends this wait when it has had enough.
    net::steady_timer enough(context, std::chrono::minutes(1));
    enough.async_wait([&](const error_code&) { self.shut_down(); });
    net::co_spawn(context, listen(self, std::move(to_writer)), net::detached);
    net::co_spawn(context, write_lines(self, std::move(from_readers), enough), net::detached);

    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) clients.emplace_back(send_lines, where);
    context.run();  // until nothing waits any more
    for (auto& c : clients) c.join();

    const bool all_written = self.written_lines == self.accepted_lines && self.written_lines > 2000;
    std::puts(all_written ? "every line was written" : "lines were lost");
    return all_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
