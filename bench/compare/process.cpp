// Child processes, by fork and exec; their output is read from pipes until both are closed.
// After a change here run: ci/test -L bench
#include "compare/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

volatile std::sig_atomic_t asked_to_end = 0;

struct pipe_ends {
    int read = -1, write = -1;
};
pipe_ends make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    return {ends[0], ends[1]};
}

bool take_real_time_priority() {
    sched_param parameter{};
    parameter.sched_priority = 20;
    return sched_setscheduler(0, SCHED_RR, &parameter) == 0;
}

[[noreturn]] void become(const std::vector<std::string>& command, int out, int err, bool real_time) {
    setpgid(0, 0);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    if (real_time && !take_real_time_priority()) _exit(126);
    std::vector<char*> arguments;
    for (const std::string& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    const std::string text = fmt::format("{}: {}\n", command[0], std::strerror(errno));
    if (write(STDERR_FILENO, text.data(), text.size()) < 0) _exit(126);
    _exit(127);
}

/// Reads both pipes to their ends. False: the time was over, or this process was asked to end.
bool read_all(std::array<int, 2> from, std::array<std::string*, 2> into, clock::time_point end) {
    std::array<pollfd, 2> watched{};
    for (std::size_t i = 0; i < 2; ++i) watched[i] = {from[i], POLLIN, 0};
    while (watched[0].fd >= 0 || watched[1].fd >= 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now()).count();
        if (left <= 0 || asked_to_end != 0) return false;
        if (poll(watched.data(), watched.size(), static_cast<int>(std::min<long long>(left, 200))) <= 0) continue;
        for (std::size_t i = 0; i < 2; ++i) {
            if (watched[i].revents == 0) continue;
            std::array<char, 4096> buffer{};
            const ssize_t n = read(watched[i].fd, buffer.data(), buffer.size());
            if (n > 0) {
                into[i]->append(buffer.data(), static_cast<std::size_t>(n));
            } else if (n == 0 || errno != EINTR) {
                watched[i].fd = -1;
            }
        }
    }
    return true;
}

std::string last_line(const std::string& text) {
    const auto last = text.find_last_not_of('\n');
    if (last == std::string::npos) return "";
    const auto before = text.find_last_of('\n', last);
    const auto first = before == std::string::npos ? 0 : before + 1;
    return text.substr(first, last + 1 - first);
}

}  // namespace

child_result run_child(const std::vector<std::string>& command, std::chrono::milliseconds limit, bool real_time) {
    const pipe_ends out = make_pipe(), err = make_pipe();
    const pid_t child = fork();
    if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (child == 0) become(command, out.write, err.write, real_time);
    close(out.write);
    close(err.write);
    child_result result;
    std::string complaint;
    const bool ended = read_all({out.read, err.read}, {&result.out, &complaint}, clock::now() + limit);
    if (!ended) kill(child, SIGKILL);
    close(out.read);
    close(err.read);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!ended) {
        result.wrong = asked_to_end != 0 ? "interrupted" : fmt::format("it did not end in {} ms", limit.count());
    } else if (WIFSIGNALED(status)) {
        result.wrong = fmt::format("signal {}: {}", WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else if (WEXITSTATUS(status) != 0) {
        const std::string line = last_line(complaint);
        result.wrong = fmt::format("exit status {}{}", WEXITSTATUS(status), line.empty() ? "" : ": " + line);
    }
    return result;
}

bool real_time_is_allowed() {
    const pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) _exit(take_real_time_priority() ? 0 : 1);
    int status = 1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int interrupted() { return asked_to_end; }

void end_on_signals() {
    struct sigaction action{};
    action.sa_handler = [](int signal) { asked_to_end = signal; };
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

}  // namespace bench
