// Load for asio_server: 1,000 connections at once. Half of them are reset in the middle of sending. Then the server's
// file, a pipe, is not read any more; when the writer is stuck and the channel has lines in it, SIGTERM stops the
// server, while the other connections still send. It has to exit with 0, and each line that it has acknowledged has to
// be in the file, once and in the order of its connection. What happens when is decided by counts, not by time.
//
//     asio_server_load SERVER FILE    makes the pipe FILE
//
// Exit status: 0, 1 if a line is lost or the server fails, 2 for bad usage.
// After a change here run: ci/test -R server_loses_nothing
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

constexpr std::size_t wanted_connections = 1000;
constexpr std::size_t together = 3;        // lines of a connection under way
constexpr std::size_t enough = 12;         // acknowledged lines of a connection before the next step
constexpr std::size_t line_length = 12;    // each is like "0123 000012\n"
constexpr std::size_t writers_lines = 64;  // that the server's writer has in its hands at most; its channel holds 256

void require(bool what, const std::string& otherwise) {
    if (!what) throw std::runtime_error(otherwise);
}

/// As many as the limit of open files allows, which the server inherits.
std::size_t possible_connections() {
    constexpr rlim_t others = 50;  // files that are no connections
    rlimit files{};
    require(getrlimit(RLIMIT_NOFILE, &files) == 0, "the limit of open files is not known");
    files.rlim_cur = files.rlim_max;
    require(setrlimit(RLIMIT_NOFILE, &files) == 0, "the limit of open files cannot be raised");
    require(files.rlim_max > others + together, "the hard limit of open files is too low");
    const std::size_t possible = std::min<rlim_t>(wanted_connections, files.rlim_max - others);
    if (possible < wanted_connections) {
        std::cout << "only " << possible << " connections: the hard limit of open files is " << files.rlim_max << '\n';
    }
    return possible;
}

/// The server, another process, and the file that it writes.
class server_process {
  public:
    server_process(const char* program, const char* file) {
        unlink(file);
        require(mkfifo(file, 0600) == 0, std::string("the pipe ") + file + " cannot be made");
        file_ = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        require(file_ >= 0 && fcntl(file_, F_SETPIPE_SZ, 1) > 0, "the pipe cannot be read, or not be made small");
        int ends[2];
        require(pipe(ends) == 0, "no pipe");
        id_ = fork();
        require(id_ >= 0, "no process");
        if (id_ == 0) {
            dup2(ends[1], STDOUT_FILENO);
            execl(program, program, file, static_cast<char*>(nullptr));
            std::perror(program);
            _exit(127);
        }
        close(ends[1]);
        FILE* const output = fdopen(ends[0], "r");
        const bool understood = std::fscanf(output, "listening on port %hu", &port_) == 1;
        std::fclose(output);
        require(understood, "the server does not say on which port it listens");
    }
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;
    ~server_process() {
        if (id_ > 0) kill(id_, SIGKILL);
    }

    [[nodiscard]] unsigned short port() const { return port_; }
    [[nodiscard]] int file() const { return file_; }
    /// A pipe of one page, full: all that is written to it, and not in the server's channel.
    [[nodiscard]] std::size_t lines_beside_the_channel() const {
        return static_cast<std::size_t>(fcntl(file_, F_GETPIPE_SZ)) / line_length + writers_lines;
    }
    void stop() const { kill(id_, SIGTERM); }
    void expect_success() {
        int status = 0;
        require(waitpid(std::exchange(id_, 0), &status, 0) > 0, "the server cannot be waited for");
        require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the server ended with " + std::to_string(status));
    }

  private:
    pid_t id_ = 0;
    int file_ = -1;
    unsigned short port_ = 0;
};

struct client {
    std::size_t sent = 0;
    std::size_t acknowledged = 0;
    std::size_t goal = 0;  // of acknowledged lines, once half of the connections are reset
};
std::string line_of(std::size_t connection, std::size_t number) {
    std::ostringstream text;
    text << std::setfill('0') << std::setw(4) << connection << ' ' << std::setw(6) << number << '\n';
    return text.str();
}
bool is_to_be_reset(std::size_t number) { return number % 2 == 1; }

class load {
  public:
    load(server_process& server, std::size_t connections)
        : server_(server), file_(context_, server.file()), clients_(connections) {}

    /// Returns when all connections and the file have ended.
    void run() {
        start(read_file());
        for (std::size_t number = 0; number < clients_.size(); ++number) start(send_lines(number));
        context_.run();  // until the connections are closed, by the server that is being stopped
        start(read_file());
        context_.restart();
        context_.run();
    }
    [[nodiscard]] const std::vector<client>& clients() const { return clients_; }
    [[nodiscard]] const std::string& written() const { return written_; }

  private:
    void start(net::awaitable<void> task) {
        net::co_spawn(context_, std::move(task), [](std::exception_ptr failed) {
            if (failed) std::rethrow_exception(failed);
        });
    }

    /// Until all that go on have gone on, and then until the end.
    net::awaitable<void> read_file() {
        error_code failed;
        auto token = net::redirect_error(net::use_awaitable, failed);
        while (!failed && (stopped_ || reset_ < clients_.size() / 2 || at_goal_ < clients_.size() - reset_)) {
            co_await net::async_read(file_, net::dynamic_buffer(written_), net::transfer_at_least(1), token);
        }
        is_read_ = false;
        for (std::size_t at = 0; at + line_length <= written_.size(); at += line_length) {
            if (!is_to_be_reset(std::stoul(written_.substr(at, line_length)))) ++read_;
        }
    }

    net::awaitable<void> send_lines(std::size_t number) {
        client& self = clients_[number];
        tcp::socket socket(context_);
        co_await socket.async_connect({net::ip::address_v4::loopback(), server_.port()}, net::use_awaitable);
        error_code failed;
        auto token = net::redirect_error(net::use_awaitable, failed);
        std::string lines;
        std::string answers;
        while (!failed) {
            const bool now_reset = is_to_be_reset(number) && self.acknowledged >= enough + number % 7;
            lines.clear();
            for (std::size_t k = 0; k < together; ++k) lines += line_of(number, self.sent++);
            if (now_reset) lines += "half a li";
            co_await net::async_write(socket, net::buffer(lines), token);
            if (now_reset) {  // before what was sent is acknowledged
                socket.set_option(net::socket_base::linger(true, 0));
                socket.close();
                if (++reset_ == clients_.size() / 2) all_go_on();
                co_return;
            }
            for (std::size_t k = 0; k < together && !failed; ++k) {
                const std::size_t end =
                    co_await net::async_read_until(socket, net::dynamic_buffer(answers), '\n', token);
                if (failed) break;
                require(answers.compare(0, end, "ok\n") == 0, "the server has answered '" + answers + '\'');
                answers.erase(0, end);
                count_acknowledgement(number);
            }
        }
        require(stopped_, "a connection ended before the server was stopped: " + failed.message());
    }

    /// When each of the other connections has gone on, what was under way on those that were reset is in the file:
    /// waiting sends are served in their order.
    void all_go_on() {
        for (client& c : clients_) c.goal = c.acknowledged + enough;
        at_goal_ = 0;
    }
    void count_acknowledgement(std::size_t number) {
        client& c = clients_[number];
        ++c.acknowledged;
        if (is_to_be_reset(number)) return;
        if (c.acknowledged == c.goal) ++at_goal_;
        ++acknowledged_;
        if (stopped_ || is_read_ || acknowledged_ <= read_ + server_.lines_beside_the_channel()) return;
        stopped_ = true;
        server_.stop();
    }

    server_process& server_;
    net::io_context context_;
    net::posix::stream_descriptor file_;
    std::vector<client> clients_;
    std::string written_;
    std::size_t reset_ = 0;
    std::size_t at_goal_ = 0;
    std::size_t acknowledged_ = 0;  // of the connections that are not reset
    std::size_t read_ = 0;          // of these, when the file is not read any more
    bool is_read_ = true;
    bool stopped_ = false;
};

/// Each connection's lines, counted from 0: none is missing or there twice.
std::vector<std::size_t> count_lines(const std::string& written, std::size_t connections) {
    std::vector<std::size_t> lines(connections);
    for (std::size_t at = 0; at < written.size(); at += line_length) {
        const std::string text = written.substr(at, line_length);
        const std::size_t number = std::strtoul(text.c_str(), nullptr, 10);
        require(number < connections && text == line_of(number, lines[number]),
                "a line is missing before '" + text + "', or there twice, or was never sent");
        ++lines[number];
    }
    return lines;
}

void check(const char* program, const char* file) {
    const std::size_t connections = possible_connections();
    server_process server(program, file);
    load all(server, connections);
    all.run();
    server.expect_success();

    const std::vector<std::size_t> written = count_lines(all.written(), connections);
    std::size_t acknowledged = 0;
    std::size_t total = 0;
    for (std::size_t number = 0; number < connections; ++number) {
        const client& c = all.clients()[number];
        const std::string which = "connection " + std::to_string(number) + ": ";
        require(written[number] >= c.acknowledged, which + "an acknowledged line is not written");
        require(written[number] <= c.sent, which + "more lines were written than sent");
        acknowledged += c.acknowledged;
        total += written[number];
    }
    std::cout << connections << " connections, half of them reset: " << acknowledged << " lines acknowledged, " << total
              << " written, none lost\n";
}

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: asio_server_load SERVER FILE\n";
        return 2;
    }
    try {
        check(argv[1], argv[2]);
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::cerr << "asio_server_load: " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}
