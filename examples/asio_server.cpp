// A TCP server in coroutines of Asio whose connections feed one writer through a channel. The writer blocks, in a
// thread of its own. The channel is bounded, so a slow writer slows the connections down, and with them their clients.
//
// A line is acknowledged to its client when the channel has accepted it: from then on it will be written, whatever
// becomes of the connection. SIGINT and SIGTERM shut the server down: the listener and the connections are closed, the
// last of them drops the last sender, and the writer receives what is buffered and ends.
//
//     asio_server FILE    appends each line that clients send to FILE; prints the port
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
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

constexpr std::size_t longest_line = 1024;
constexpr std::string_view acknowledgement = "ok\n";

class connection;

/// Used by one thread, as all here but the writer.
struct server {
    explicit server(net::io_context& context)
        : acceptor(context, tcp::endpoint(net::ip::address_v4::loopback(), 0)), signals(context, SIGINT, SIGTERM) {}

    void shut_down();

    tcp::acceptor acceptor;
    net::signal_set signals;
    std::set<connection*> connections;
};

/// A socket that the shutdown closes.
class connection {
  public:
    connection(server& s, tcp::socket accepted) : socket(std::move(accepted)), server_(s) {
        server_.connections.insert(this);
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() { server_.connections.erase(this); }

    tcp::socket socket;

  private:
    server& server_;
};

void server::shut_down() {
    error_code ignored;
    (void)acceptor.close(ignored);
    (void)signals.cancel(ignored);
    for (connection* c : connections) (void)c->socket.close(ignored);
}

/// Ends with its socket, or when the writer is gone. What is no whole line is not sent.
net::awaitable<void> serve(std::unique_ptr<connection> client, tailrace::sender<std::string> to_writer) {
    std::string buffered;
    error_code failed;
    auto token = net::redirect_error(net::use_awaitable, failed);
    for (;;) {
        const std::size_t end =
            co_await net::async_read_until(client->socket, net::dynamic_buffer(buffered, longest_line), '\n', token);
        if (failed) break;
        const auto sent = co_await tailrace::async(to_writer.send(buffered.substr(0, end)), net::use_awaitable);
        if (!sent) break;
        buffered.erase(0, end);
        co_await net::async_write(client->socket, net::buffer(acknowledgement), token);
        if (failed) break;
    }
}

net::awaitable<void> listen(server& self, tailrace::sender<std::string> to_writer) {
    const auto executor = self.acceptor.get_executor();
    for (;;) {
        error_code failed;
        auto token = net::redirect_error(net::use_awaitable, failed);
        tcp::socket accepted = co_await self.acceptor.async_accept(token);
        if (!self.acceptor.is_open()) break;  // even if this one was accepted before: no shutdown would close it
        if (!failed) {
            auto client = std::make_unique<connection>(self, std::move(accepted));
            net::co_spawn(executor, serve(std::move(client), to_writer.clone()), net::detached);
        } else {  // such as too many open files: there may be fewer in a moment
            net::steady_timer pause(executor, std::chrono::milliseconds(100));
            co_await pause.async_wait(token);
        }
    }
}

/// Returns when all senders are gone and the buffer is empty: true; or when the file cannot be written.
bool write_lines(std::ofstream& file, tailrace::receiver<std::string> from_connections) {
    std::vector<std::string> batch;
    while (from_connections.blocking_recv_many(batch, 64) != 0) {
        for (const std::string& line : batch) file << line;
        batch.clear();
        if (!file.flush()) return false;
    }
    return true;
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: asio_server FILE\n";
        return 2;
    }
    std::ofstream file(argv[1], std::ios::app);
    if (!file) {
        std::cerr << "asio_server: '" << argv[1] << "' cannot be opened for writing\n";
        return 1;
    }
    net::io_context context;
    server self(context);
    auto [to_writer, from_connections] = tailrace::channel<std::string>(256);
    bool all_written = false;
    std::thread writer([&, from = std::move(from_connections)]() mutable {
        all_written = write_lines(file, std::move(from));
        if (!all_written) net::post(context, [&] { self.shut_down(); });
    });
    self.signals.async_wait([&](const error_code& failed, int) {
        if (!failed) self.shut_down();
    });
    net::co_spawn(context, listen(self, std::move(to_writer)), net::detached);
    std::cout << "listening on port " << self.acceptor.local_endpoint().port() << '\n' << std::flush;
    context.run();  // until nothing waits any more: the senders are gone then
    writer.join();
    if (!all_written) std::cerr << "asio_server: '" << argv[1] << "' cannot be written: lines are lost\n";
    return all_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
