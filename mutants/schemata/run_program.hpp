// Runs a program until it ends, or until its time is over.
// After a change here run: ci/test -L house
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tailrace::schemata {

inline volatile std::sig_atomic_t asked_to_end = 0;  // the signal

struct program_end {
    int status = 0;  // as a shell has it: 128 and the signal, if it was one
    bool timed_out = false;
    double seconds = 0;

    [[nodiscard]] bool passed() const { return status == 0 && !timed_out; }
    [[nodiscard]] std::string how() const {
        return timed_out
                   ? "hang"
                   : (status > 128 ? "signal " : "status ") + std::to_string(status > 128 ? status - 128 : status);
    }
};

/// A shell command, with its output in a file. It is a process group of its own, which is ended as a whole.
[[nodiscard]] inline program_end run_program(const std::string& command, const std::string& output,
                                             std::chrono::duration<double> limit) {
    const auto began = std::chrono::steady_clock::now();
    const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began); };
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
        (void)setpgid(0, 0);
        const int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (out >= 0 && dup2(nothing, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0) {
            execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
        }
        _exit(127);
    }
    (void)setpgid(child, child);  // whichever of the two comes first
    program_end end;
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        end.timed_out = seconds() > limit;
        if (end.timed_out || asked_to_end != 0) {
            (void)kill(-child, SIGKILL);
            (void)waitpid(child, &status, 0);
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    (void)kill(-child, SIGKILL);  // what it has left behind
    if (asked_to_end != 0) std::exit(128 + asked_to_end);
    end.seconds = seconds().count();
    end.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return end;
}

}  // namespace tailrace::schemata
