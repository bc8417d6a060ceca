// fork, a pipe for the text, a page of shared memory for the pulse.
// After a change here run: ctest -L proptests -R children
#include "children.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace tailrace::verify {
namespace {

using clock = std::chrono::steady_clock;

struct shared_pulse {
    std::atomic<std::uint64_t> beats{0};
    std::atomic<std::uint64_t> at{0};
    std::atomic<std::uint64_t> done{0};
};

class writing_pulse final : public pulse {
  public:
    explicit writing_pulse(shared_pulse& to) : to_(to) {}
    void beat(std::uint64_t at, std::uint64_t done) override {
        to_.at.store(at, std::memory_order_relaxed);
        to_.done.store(done, std::memory_order_relaxed);
        to_.beats.fetch_add(1, std::memory_order_release);
    }

  private:
    shared_pulse& to_;
};

/// Memory that a child shares with its parent.
class shared_pulses {
  public:
    explicit shared_pulses(std::size_t count) : bytes_(count * sizeof(shared_pulse)) {
        void* const at = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                              -1, 0);
        if (at == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
        first_ = static_cast<shared_pulse*>(at);
        for (std::size_t i = 0; i < count; ++i) new (first_ + i) shared_pulse;
    }
    shared_pulses(const shared_pulses&) = delete;
    shared_pulses& operator=(const shared_pulses&) = delete;
    ~shared_pulses() { munmap(first_, bytes_); }
    shared_pulse& operator[](std::size_t i) { return first_[i]; }

  private:
    std::size_t bytes_;
    shared_pulse* first_ = nullptr;
};

constexpr char it_finished = 'f';
constexpr char it_threw = 't';

void write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = write(to, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(3);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

[[noreturn]] void be_child(const child_work& work, shared_pulse& told, int to) {
    std::string text;
    try {
        writing_pulse p(told);
        text = it_finished + work(p);
    } catch (const std::exception& e) {
        text = it_threw + std::string(e.what());
    } catch (...) {
        text = it_threw + std::string("something that is no std::exception");
    }
    write_all(to, text);
    std::fflush(nullptr);
    _exit(0);
}

/// One child as its parent sees it.
struct child {
    pid_t pid = -1;
    int from = -1;
    shared_pulse* told = nullptr;
    std::uint64_t beats = 0;
    clock::time_point heard;
    std::string text;
    bool killed = false;

    void start(const child_work& work, shared_pulse& p) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe");
        }
        std::fflush(nullptr);  // or both would write it
        pid = fork();
        if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
        if (pid == 0) {
            close(ends[0]);
            be_child(work, p, ends[1]);
        }
        close(ends[1]);
        from = ends[0];
        told = &p;
        heard = clock::now();
    }

    /// False at the end.
    bool read_some() {
        char buffer[4096];
        const ssize_t n = read(from, buffer, sizeof buffer);
        if (n < 0) return errno == EINTR;
        text.append(buffer, static_cast<std::size_t>(n));
        heard = clock::now();
        if (n > 0) return true;
        close(from);
        from = -1;
        return false;
    }

    void listen(std::chrono::milliseconds patience) {
        const std::uint64_t now = told->beats.load(std::memory_order_acquire);
        if (now != std::exchange(beats, now)) {
            heard = clock::now();
        } else if (!killed && clock::now() - heard > patience) {
            killed = true;
            kill(pid, SIGKILL);
        }
    }

    child_end bury() {
        int status = 0;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        child_end e;
        e.at = told->at.load(std::memory_order_relaxed);
        if (killed) {
            e.is = child_end::how::hung;
        } else if (WIFSIGNALED(status)) {
            e.is = child_end::how::crashed;
            e.signal = WTERMSIG(status);
        } else if (WEXITSTATUS(status) != 0 || text.empty()) {
            e.is = child_end::how::crashed;  // it called exit, or a sanitizer did
        } else {
            e.is = text.front() == it_finished ? child_end::how::finished : child_end::how::threw;
            e.text = text.substr(1);
        }
        return e;
    }
};

}  // namespace

std::vector<child_end> in_children(const std::vector<child_work>& work,
                                   std::chrono::milliseconds patience,
                                   const children_progress& tell) {
    shared_pulses pulses(work.size());
    std::vector<child> children(work.size());
    for (std::size_t i = 0; i < work.size(); ++i) children[i].start(work[i], pulses[i]);

    const auto running = [](const child& c) { return c.from >= 0; };
    while (std::ranges::any_of(children, running)) {
        std::vector<pollfd> ends;
        for (const child& c : children) ends.push_back({c.from, POLLIN, 0});
        (void)poll(ends.data(), ends.size(), 100);
        std::uint64_t done = 0;
        for (std::size_t i = 0; i < children.size(); ++i) {
            done += pulses[i].done.load(std::memory_order_relaxed);
            if (!running(children[i])) continue;
            if (ends[i].revents != 0) {
                children[i].read_some();
            } else {
                children[i].listen(patience);
            }
        }
        if (tell) tell(done);
    }
    std::vector<child_end> all;
    for (child& c : children) all.push_back(c.bury());
    return all;
}

}  // namespace tailrace::verify
