// Child processes: fork, a pipe for the text, a page of shared memory for the pulse.
// After a change here run: ci/test -L proptests -R children
#include "support/children.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

namespace tailrace::verify {
namespace {

using clock = std::chrono::steady_clock;

constexpr int status_of_an_orphan = 3;

struct shared_pulse {
    std::atomic<std::uint64_t> beats{0};
    std::atomic<std::uint64_t> at{0};
    std::atomic<std::uint64_t> done{0};
    std::atomic<bool> over{false};  // said by the parent
};

class writing_pulse final : public pulse {
  public:
    writing_pulse(shared_pulse& to, pid_t parent, clock::time_point deadline)
        : to_(to), parent_(parent), deadline_(deadline) {}
    void beat(std::uint64_t at, std::uint64_t done) override {
        if (getppid() != parent_) _exit(status_of_an_orphan);  // where the system does not see to it
        to_.at.store(at, std::memory_order_relaxed);
        to_.done.store(done, std::memory_order_relaxed);
        to_.beats.fetch_add(1, std::memory_order_release);
    }
    [[nodiscard]] bool over() const override {
        return to_.over.load(std::memory_order_relaxed) || clock::now() >= deadline_;
    }

  private:
    shared_pulse& to_;
    pid_t parent_;
    clock::time_point deadline_;
};

/// Memory that a child shares with its parent.
class shared_pulses {
  public:
    explicit shared_pulses(std::size_t count) : bytes_(count * sizeof(shared_pulse)) {
        void* const at = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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

[[noreturn]] void be_child(const child_work& work, writing_pulse p, int to) {
    std::string text;
    try {
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

/// One child as its parent sees it. The child does not outlive this object.
struct child {
    child() = default;
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() {
        if (from >= 0) close(from);
        if (pid <= 0) return;
        kill(pid, SIGKILL);
        (void)wait();
    }

    pid_t pid = -1;
    int from = -1;
    shared_pulse* shared = nullptr;
    std::uint64_t beats = 0;
    clock::time_point heard;
    std::string text;
    std::optional<child_end::how> killed;  // and why

    void start(const child_work& work, shared_pulse& p, clock::time_point deadline) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe");
        }
        from = ends[0];
        shared = &p;
        std::fflush(nullptr);  // or both would write it
        const pid_t parent = getpid();
        pid = fork();
        if (pid == 0) {
            belong_to(parent);
            close(ends[0]);
            be_child(work, {p, parent, deadline}, ends[1]);
        }
        const int error = errno;
        close(ends[1]);
        if (pid < 0) throw std::system_error(error, std::generic_category(), "fork");
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
        const std::uint64_t now = shared->beats.load(std::memory_order_acquire);
        if (now != std::exchange(beats, now)) {
            heard = clock::now();
        } else if (clock::now() - heard > patience) {
            end(child_end::how::hung);
        }
    }

    void end(child_end::how why) {
        if (killed) return;
        killed = why;
        kill(pid, SIGKILL);
    }

    /// Its status, once it has ended.
    int wait() {
        int status = 0;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        pid = -1;
        return status;
    }

    child_end bury() {
        const int status = wait();
        child_end e;
        e.at = shared->at.load(std::memory_order_relaxed);
        if (killed) {
            e.is = *killed;
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

/// For a wait of at most a tenth of a second.
int milliseconds_until(clock::time_point then) {
    const auto left = then - clock::now();
    if (left <= clock::duration::zero()) return 10;
    return static_cast<int>(std::min<std::chrono::milliseconds::rep>(
        std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1, 100));
}

}  // namespace

void belong_to(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(status_of_an_orphan);  // it had ended before that
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_IGN);
}

std::vector<child_end> in_children(const std::vector<child_work>& work, const children_limits& limits,
                                   const children_progress& tell) {
    shared_pulses pulses(work.size());
    std::vector<child> children(work.size());
    for (std::size_t i = 0; i < work.size(); ++i) children[i].start(work[i], pulses[i], limits.deadline);

    const auto running = [](const child& c) { return c.from >= 0; };
    std::optional<clock::time_point> given_up;  // when those that go on will be
    while (std::ranges::any_of(children, running)) {
        std::vector<pollfd> ends;
        for (const child& c : children) ends.push_back({c.from, POLLIN, 0});
        (void)poll(ends.data(), ends.size(), milliseconds_until(given_up.value_or(limits.deadline)));
        if (!given_up && limits.are_over()) {
            given_up = std::min(clock::now(), limits.deadline) + limits.grace;
            for (std::size_t i = 0; i < work.size(); ++i) pulses[i].over.store(true, std::memory_order_relaxed);
        }
        const bool late = given_up && clock::now() >= *given_up;
        std::uint64_t done = 0;
        for (std::size_t i = 0; i < children.size(); ++i) {
            done += pulses[i].done.load(std::memory_order_relaxed);
            if (!running(children[i])) continue;
            if (ends[i].revents != 0) {
                children[i].read_some();
            } else {
                children[i].listen(limits.patience);
            }
            if (late && running(children[i])) children[i].end(child_end::how::given_up);
        }
        if (tell) tell(done);
    }
    std::vector<child_end> all;
    for (child& c : children) all.push_back(c.bury());
    return all;
}

}  // namespace tailrace::verify
