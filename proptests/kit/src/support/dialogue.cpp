// A socket to the child, for a pipe that breaks would end this process; pipes from it.
// After a change here run: ci/test -L proptests -R dialogue
#include "support/dialogue.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>

#include "support/children.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Two ends, closed unless they were taken.
struct ends {
    int at[2] = {-1, -1};

    ends() = default;
    ends(const ends&) = delete;
    ends& operator=(const ends&) = delete;
    ~ends() {
        for (const int end : at) {
            if (end >= 0) close(end);
        }
    }
    int take(int which) { return std::exchange(at[which], -1); }
};

void expect(bool made, const char* what) {
    if (!made) throw std::system_error(errno, std::generic_category(), what);
}

void close_once(int& end) {
    if (end >= 0) close(std::exchange(end, -1));
}

void never_block(int end) { expect(fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) == 0, "fcntl"); }

/// Statuses of a shell: it cannot run the command, or does not find it.
constexpr int not_run = 126;
constexpr int not_there = 127;

/// For a shell. One command takes the place of the shell: its end is what ends it.
std::string as_command(const std::string& typed) {
    if (typed.starts_with("exec ")) return typed;
    const bool several = typed.find_first_of(";&|(){}\n") != typed.npos;
    const bool assigns = typed.substr(0, typed.find(' ')).find('=') != typed.npos;
    return several || assigns ? typed : "exec " + typed;
}

[[noreturn]] void become(const std::string& command, const std::string& zeroth, pid_t parent, const ends& in,
                         const ends& out, const ends& err) {
    belong_to(parent);
    setpgid(0, 0);
    const rlimit no_core{0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    dup2(in.at[1], STDIN_FILENO);
    dup2(out.at[1], STDOUT_FILENO);
    dup2(err.at[1], STDERR_FILENO);
    execl("/bin/sh", "sh", "-c", command.c_str(), zeroth.c_str(), static_cast<char*>(nullptr));
    _exit(not_there);
}

}  // namespace

dialogue::dialogue(const std::string& command, const std::string& zeroth) : owner_(getpid()) {
    ends in;
    ends out;
    ends err;
    expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in.at) == 0, "socketpair");
    expect(pipe2(out.at, O_CLOEXEC) == 0 && pipe2(err.at, O_CLOEXEC) == 0, "pipe");
    for (const int end : {in.at[0], out.at[0], err.at[0]}) never_block(end);
    child_ = fork();
    if (child_ == 0) become(as_command(command), zeroth, owner_, in, out, err);
    expect(child_ > 0, "fork");
    setpgid(child_, child_);  // as the child does: either may be the first
    to_ = in.take(0);
    from_ = out.take(0);
    errors_from_ = err.take(0);
}

dialogue::~dialogue() {
    for (int* const end : {&to_, &from_, &errors_from_}) close_once(*end);
    if (owner_ != getpid()) return;
    kill();
    if (!status_) (void)wait(clock::time_point::max());
}

void dialogue::kill() {
    ::kill(-child_, SIGKILL);  // what the shell has started too
}

void dialogue::say_now(std::string_view text) {
    const std::lock_guard lock(sending_);
    say(text);
    send_some();
}

void dialogue::send_some() {
    while (!unsent_.empty()) {
        const ssize_t n = send(to_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (n < 0) return unsent_.clear();  // it reads no more; its output says why
        unsent_.erase(0, static_cast<std::size_t>(n));
    }
    if (hangs_up_) close_once(to_);
}

void dialogue::hear_errors() {
    char buffer[4096];
    const ssize_t n = read(errors_from_, buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) return close_once(errors_from_);
    errors_.append(buffer, static_cast<std::size_t>(n));
    if (errors_.size() > kept_errors) errors_.erase(0, errors_.size() - kept_errors);
}

bool dialogue::hear_some(clock::time_point until) {
    for (;;) {
        bool more = false;
        {
            const std::lock_guard lock(sending_);
            if (to_ >= 0) send_some();
            more = !unsent_.empty();
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
        pollfd all[] = {{from_, POLLIN, 0}, {errors_from_, POLLIN, 0}, {more ? to_ : -1, POLLOUT, 0}};
        constexpr std::chrono::milliseconds::rep longest = std::numeric_limits<int>::max();
        if (poll(all, 3, static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left, 0, longest))) < 0) continue;
        if (all[1].revents != 0) hear_errors();
        if (all[0].revents != 0) {
            char buffer[64 * 1024];
            const ssize_t n = read(from_, buffer, sizeof buffer);
            if (n > 0) unread_.append(buffer, static_cast<std::size_t>(n));
            if (n >= 0 || (errno != EINTR && errno != EAGAIN)) return n > 0;
        }
        if (left <= 0) return true;
    }
}

dialogue::heard dialogue::listen(std::string& line, clock::time_point until) {
    for (bool in_time = true;;) {
        const std::size_t end = unread_.find('\n', searched_);
        if (end != unread_.npos) {
            line.assign(unread_, 0, end);
            unread_.erase(0, end + 1);
            searched_ = 0;
            return heard::line;
        }
        searched_ = unread_.size();
        if (searched_ > longest_line) return heard::too_long;
        if (!in_time) return heard::nothing;
        if (!hear_some(until)) return heard::end;
        in_time = clock::now() < until || unread_.size() > searched_;
    }
}

std::optional<int> dialogue::wait(clock::time_point until) {
    while (!status_) {
        int status = 0;
        const pid_t ended = waitpid(child_, &status, until == clock::time_point::max() ? 0 : WNOHANG);
        if (ended == child_) {
            status_ = status;
            constexpr int a_pipe = 16;  // full, in what is read at once
            for (int i = 0; i < a_pipe && errors_from_ >= 0; ++i) hear_errors();
        } else if (ended < 0 && errno != EINTR) {
            status_ = 0;  // it was not ours to wait for
        } else if (ended == 0) {
            if (clock::now() >= until) break;
            constexpr int between_looks = 1;  // millisecond
            (void)poll(nullptr, 0, between_looks);
        }
    }
    return status_;
}

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) return fmt::format("signal {}, {}", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return fmt::format("exit status {}", WEXITSTATUS(status));
}

bool was_not_there(int status) {
    return WIFEXITED(status) && (WEXITSTATUS(status) == not_run || WEXITSTATUS(status) == not_there);
}

}  // namespace tailrace::verify
