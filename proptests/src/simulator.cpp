// Two pipes, and the lines of relacy/src/explore_lines.cpp. After a change here run: ctest -L proptests -R interleavings
#include "simulator.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::event;
using model::step;

std::string request(const std::string& target, const concurrent_program& p, const interleavings_options& o, bool show) {
    std::string text = fmt::format("explore {} capacity {} drains 1 random {} seed {} switches {} bound {} show {}\n", target,
                                   p.capacity, o.random_executions, o.seed, o.switches, o.bound_executions, show ? 1 : 0);
    for (const step& s : p.before) text += fmt::format("before {}\n", model::to_string(s));
    for (const auto& lane : p.lanes) {
        text += "task\n";
        for (const task_step& t : lane) {
            text += fmt::format("step {} {} {}\n", t.waits ? 1 : 0, t.step.operation, model::to_string(t.step));
        }
    }
    return text + "go\n";
}

class words {
  public:
    explicit words(std::string_view line) : rest_(line) {}
    std::string_view next() {
        const std::size_t end = std::min(rest_.find(' '), rest_.size());
        const std::string_view word = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return word;
    }
    std::uint64_t number() {
        const std::string_view word = next();
        std::uint64_t n = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
        if (error != std::errc{} || end != word.data() + word.size()) {
            throw std::runtime_error(fmt::format("the simulator: expected a number, found '{}'", word));
        }
        return n;
    }
    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    std::string_view rest_;
};

/// The answer in `... -> answer`; nothing if there is none.
std::optional<model::answer> answer_of(const step& s, std::string_view text) {
    if (text.empty()) return std::nullopt;
    return model::parse_line(fmt::format("{} -> {}", model::to_string(s), text), "the simulator").expected.answer;
}

/// What the lines `event` and `after` say.
class history_reader {
  public:
    explicit history_reader(const concurrent_program& p) : program_(p) {
        history_.events.capacity = p.capacity;
        history_.events.lanes.resize(p.lanes.size());
        history_.first.resize(p.lanes.size());
    }

    /// `before 0 -> ok`, `0 1 3 6 0 2 -> ok`
    void event_line(std::string_view line) {
        const std::size_t arrow = line.find("-> ");
        if (arrow == line.npos) throw std::runtime_error("the simulator: an event without an answer");
        words w(line.substr(0, arrow));
        const std::string_view answered = line.substr(arrow + 3);
        if (line.starts_with("before")) {
            (void)w.next();
            const step& s = program_.before.at(w.number());
            history_.events.before.push_back({s, false, answer_of(s, answered), 0, 0});
            return;
        }
        const std::size_t lane = w.number();
        const task_step& t = program_.lanes.at(lane).at(w.number());
        event e{t.step, t.waits, answer_of(t.step, answered), 0, model::never};
        e.invoked = w.number();
        const model::instant ended = w.number();
        last_ = std::max({last_, e.invoked, ended});
        if (e.answer) e.returned = ended;
        std::vector<std::uint32_t> row;
        for (std::size_t k = 0; k < program_.lanes.size(); ++k) row.push_back(static_cast<std::uint32_t>(w.number()));
        history_.events.lanes.at(lane).push_back(std::move(e));
        history_.first.at(lane).push_back(std::move(row));
    }
    void after_line(std::string_view line) {
        model::line l = model::parse_line(line, "the simulator");
        after_.push_back({l.step, false, std::move(l.expected.answer), 0, 0});
    }

    void rested() { rested_ = true; }

    [[nodiscard]] partial_history take() && {
        model::instant now = last_ + 1;
        if (rested_) history_.events.rest = now;
        for (event& e : after_) {
            e.invoked = ++now;
            e.returned = ++now;
        }
        history_.events.after = std::move(after_);
        return std::move(history_);
    }

  private:
    const concurrent_program& program_;
    partial_history history_;
    std::vector<event> after_;
    model::instant last_ = 0;
    bool rested_ = false;  // otherwise it failed in the middle
};

atomic_access access_of(std::string_view line) {
    words w(line);
    atomic_access a;
    a.lane = static_cast<std::uint32_t>(w.number());
    a.event = static_cast<std::uint32_t>(w.number());
    a.stale = w.number() != 0;
    a.order = w.next();
    const std::string_view rest = w.rest();
    const std::size_t end = std::min(rest.find("; "), rest.size());
    a.value = rest.substr(0, end);
    a.site = rest.substr(std::min(end + 2, rest.size()));
    return a;
}

void write_all(int to, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = write(to, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;  // it has ended: the answer will tell
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

}  // namespace

std::string find_simulator() {
    namespace fs = std::filesystem;
    if (const char* named = std::getenv("TAILRACE_INTERLEAVINGS"); named != nullptr) return named;
    std::error_code ignored;
    const fs::path here = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& p : {here / "tailrace-interleavings", here / "../relacy/tailrace-interleavings"}) {
        if (fs::is_regular_file(p, ignored)) return p.string();
    }
    return {};
}

simulator::simulator(std::string program) : program_(std::move(program)) { start(); }
simulator::~simulator() { stop(); }

void simulator::start() {
    std::signal(SIGPIPE, SIG_IGN);
    int there[2];
    int back[2];
    if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::generic_category(), "pipe");
    }
    child_ = fork();
    if (child_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (child_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);  // it may be caught in a loop when its parent is given up
        dup2(there[0], 0);
        dup2(back[1], 1);
        execl(program_.c_str(), program_.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    }
    close(there[0]);
    close(back[1]);
    to_ = there[1];
    from_ = back[0];
    unread_.clear();
}

void simulator::stop() {
    close(to_);
    close(from_);
    int status = 0;
    while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        unread_ = fmt::format("cannot run '{}'", program_);
    } else {
        unread_ = WIFSIGNALED(status) ? fmt::format("signal {}, {}", WTERMSIG(status), strsignal(WTERMSIG(status)))
                                      : fmt::format("it left with {}", WEXITSTATUS(status));
    }
}

std::optional<std::string> simulator::read_line() {
    for (;;) {
        if (const std::size_t end = unread_.find('\n'); end != unread_.npos) {
            std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            return line;
        }
        char buffer[16 * 1024];
        const ssize_t n = read(from_, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return std::nullopt;
        unread_.append(buffer, static_cast<std::size_t>(n));
    }
}

exploration simulator::explore(const std::string& target, const concurrent_program& p, const interleavings_options& options,
                               bool show_histories) {
    write_all(to_, request(target, p, options, show_histories));
    exploration result;
    interleavings_failure failure;
    std::optional<history_reader> history;
    const auto finish_history = [&] {
        if (history) result.all.push_back(std::move(*history).take());
        history.reset();
    };
    while (std::optional<std::string> line = read_line()) {
        words w(*line);
        const std::string_view what = w.next();
        if (what == "refused") throw std::runtime_error(fmt::format("the simulator: {}", w.rest()));
        if (what == "done" || what == "failed") {
            if (what == "failed") failure.problem = w.next();
            (void)w.next();
            result.executions = w.number();
            (void)w.next();
            result.histories = w.number();
            (void)w.next();
            result.unknown = w.number();
            (void)w.next();
            result.slept = w.number();
            (void)w.next();
            result.complete = w.next() == std::to_string(options.switches);
        } else if (what == "history") {
            finish_history();
            history.emplace(p);
        } else if (what == "what") {
            failure.problem = failure.problem == "history" ? std::string() : std::string(w.rest());
            failure.executions = result.executions;
            result.failure.emplace();
            history.emplace(p);
        } else if (what == "event" && history) {
            history->event_line(w.rest());
        } else if (what == "rested" && history) {
            history->rested();
        } else if (what == "after" && history) {
            history->after_line(w.rest());
        } else if (what == "access") {
            failure.accesses.push_back(access_of(w.rest()));
        } else if (what == "end") {
            if (result.failure) {
                failure.history = std::move(*history).take();
                failure.verdict = failure.history.judge();
                failure.smallest = p;
                failure.found = p;
                result.failure = std::move(failure);
            } else {
                finish_history();
            }
            return result;
        } else {
            throw std::runtime_error(fmt::format("the simulator: expected an answer, found '{}'", *line));
        }
    }
    stop();
    const std::string why = unread_;
    start();
    if (why.starts_with("cannot run")) throw std::runtime_error(fmt::format("the simulator: {}", why));
    failure.problem = fmt::format("CRASH ({})", why);
    failure.history.events.capacity = p.capacity;
    failure.history.events.lanes.resize(p.lanes.size());
    failure.history.first.resize(p.lanes.size());
    failure.smallest = p;
    failure.found = p;
    failure.verdict = failure.history.judge();
    result.failure = std::move(failure);
    return result;
}

}  // namespace tailrace::verify
