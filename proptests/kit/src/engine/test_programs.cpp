// Runs GoogleTest programs: reads what they print, line by line.
// After a change here run: ci/test -L proptests -R test_programs
#include "engine/test_programs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "support/children.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using clock = std::chrono::steady_clock;
using end = test_result::end;

/// Of what a test says: the beginning and the end. A test in a loop could fill the memory.
class clipped_text {
  public:
    void add(std::string_view more) {
        const std::size_t room = most / 2 - std::min(most / 2, head_.size());
        head_.append(more.substr(0, room));
        more.remove_prefix(std::min(room, more.size()));
        tail_.append(more.substr(more.size() - std::min(more.size(), most)));
        if (tail_.size() <= most / 2) return;
        tail_.erase(0, tail_.size() - most / 2);
        is_cut_ = true;
    }
    [[nodiscard]] std::string take() {
        std::string all = std::move(head_) + (is_cut_ ? "\n[...]\n" : "") + tail_;
        *this = {};
        return all;
    }

  private:
    static constexpr std::size_t most = 4'000;
    std::string head_;
    std::string tail_;
    bool is_cut_ = false;
};

/// `handles/optimized.a`, `/conformance.a/optimized` and `prefix/conformance.a/optimized` are the tests handles.a and
/// conformance.a.
std::string name_of_test(std::string_view said) {
    const std::size_t dot = std::min(said.find('.'), said.size());
    const std::string_view suite = said.substr(0, dot);
    const std::string_view test = said.substr(std::min(dot + 1, said.size()));
    const std::size_t parameter = test.find('/');
    const std::size_t slash = suite.rfind('/');
    const bool has_prefix = parameter != test.npos && slash != suite.npos;
    return fmt::format("{}.{}", has_prefix ? suite.substr(slash + 1) : suite.substr(0, suite.find('/')),
                       test.substr(0, parameter));
}

/// What GoogleTest is told by the environment is not meant for these runs. In a child with one thread.
void forget_gtest_variables() {
    std::vector<std::string> names{"XML_OUTPUT_FILE"};
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        if (text.starts_with("GTEST_")) names.emplace_back(text.substr(0, text.find('=')));
    }
    for (const std::string& name : names) unsetenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
}

/// One program as it runs, in a process group of its own. Neither outlives this object.
class running_program {
  public:
    explicit running_program(const test_program& p) : program_(p) { start(); }
    running_program(const running_program&) = delete;
    running_program& operator=(const running_program&) = delete;
    ~running_program() {
        if (from_ >= 0) close(from_);
        if (!runs()) return;
        kill(-pid_, SIGKILL);
        int status = 0;
        while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
    }

    [[nodiscard]] bool runs() const noexcept { return pid_ > 0; }
    /// Nothing to wait for: -1.
    [[nodiscard]] int output() const noexcept { return from_; }
    [[nodiscard]] std::uint64_t ended() const noexcept { return results_.size(); }

    /// Never waits.
    void look(std::chrono::milliseconds patience) {
        if (!runs()) return;
        read_what_is_there();
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) == pid_) {
            read_what_is_there();
            kill(-pid_, SIGKILL);  // what it has left behind
            pid_ = -1;
            close_output();
            judge(status);
        } else if (clock::now() - heard_ >= patience) {
            kill(-pid_, SIGKILL);
            while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
            }
            pid_ = -1;
            close_output();
            add(end::hung, fmt::format("no end within {} seconds\n",
                                       std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
        }
    }
    [[nodiscard]] std::vector<test_result> take() && { return std::move(results_); }

  private:
    void start() {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
        std::string filter = "--gtest_filter=" + program_.filter;
        std::string plain = "--gtest_color=no";
        char* const arguments[] = {program_.path.data(), filter.data(), plain.data(), nullptr};
        const pid_t parent = getpid();
        pid_ = fork();
        if (pid_ == 0) {
            belong_to(parent);
            setpgid(0, 0);
            forget_gtest_variables();
            const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
            dup2(nothing, STDIN_FILENO);
            dup2(ends[1], STDOUT_FILENO);
            dup2(ends[1], STDERR_FILENO);
            execv(program_.path.c_str(), arguments);
            const std::string_view why = strerror(errno);  // NOLINT(concurrency-mt-unsafe)
            (void)!write(STDERR_FILENO, why.data(), why.size());
            (void)!write(STDERR_FILENO, "\n", 1);
            _exit(127);
        }
        const int error = errno;
        close(ends[1]);
        from_ = ends[0];
        if (pid_ < 0) {
            close_output();
            throw std::system_error(error, std::generic_category(), "fork");
        }
        setpgid(pid_, pid_);  // whichever of the two is first
        fcntl(from_, F_SETFL, O_NONBLOCK);
        heard_ = clock::now();
    }
    void close_output() {
        if (from_ >= 0) close(std::exchange(from_, -1));
    }

    void read_what_is_there() {
        char buffer[16 * 1024];
        constexpr int most_at_once = 64;  // or a flood would keep the others waiting
        for (int i = 0; i < most_at_once && from_ >= 0; ++i) {
            const ssize_t n = read(from_, buffer, sizeof buffer);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && errno == EAGAIN) return;
            if (n <= 0) return close_output();
            take_lines({buffer, static_cast<std::size_t>(n)});
        }
    }
    void take_lines(std::string_view text) {
        for (std::size_t stop; (stop = text.find('\n')) != text.npos; text.remove_prefix(stop + 1)) {
            unread_.append(text.substr(0, stop));
            line(std::exchange(unread_, {}));
        }
        unread_.append(text);
        constexpr std::size_t longest_line = 65'536;
        if (unread_.size() > longest_line) text_.add(std::exchange(unread_, {}));
    }

    /// A marker need not begin its line: a test may leave one unfinished.
    void line(std::string_view said) {
        constexpr std::string_view begins = "[ RUN      ] ";
        if (const std::size_t at = said.find(begins); at != said.npos) {
            if (!current_.empty()) add(end::failed, "its end was not printed\n");
            (void)text_.take();
            current_ = said.substr(at + begins.size());
            heard_ = clock::now();
            return;
        }
        for (const auto& [word, is] :
             {std::pair{"[       OK ] ", end::passed}, std::pair{"[  SKIPPED ] ", end::skipped},
              std::pair{"[  FAILED  ] ", end::failed}}) {
            if (current_.empty()) break;
            const std::string marker = word + current_;
            const std::size_t at = said.find(marker);
            if (at == said.npos) continue;
            const std::string_view rest = said.substr(at + marker.size());
            if (!rest.empty() && rest.front() != ',' && !rest.starts_with(" (")) continue;
            if (at > 0) text_.add(std::string(said.substr(0, at)) + '\n');
            add(is, {});
            heard_ = clock::now();
            return;
        }
        text_.add(std::string(said) + '\n');
    }
    /// Of the test that runs, or of the program.
    void add(end is, const std::string& why) {
        const bool of_test = !current_.empty();
        test_result r{of_test ? name_of_test(current_) : program_.path, of_test, is, why + text_.take(),
                      shell_word(program_.path)};
        if (of_test) r.again += " --gtest_filter=" + shell_word(current_);
        current_.clear();
        if (is == end::passed && !r.text.empty()) said_by_passing_.add(fmt::format("{}:\n{}", r.name, r.text));
        results_.push_back(std::move(r));
    }

    void judge(int status) {
        if (!unread_.empty()) line(std::exchange(unread_, {}));
        if (WIFSIGNALED(status)) {
            const int signal = WTERMSIG(status);
            // NOLINTNEXTLINE(concurrency-mt-unsafe)
            add(end::crashed, fmt::format("it crashes (signal {}, {})\n", signal, strsignal(signal)));
        } else if (!current_.empty()) {
            add(end::crashed, "it ends the process\n");
        } else if (results_.empty()) {
            add(end::failed, fmt::format("it ran no test of {}\n", program_.filter));
        } else if (WEXITSTATUS(status) != 0 &&
                   std::ranges::find(results_, end::failed, &test_result::is) == results_.end()) {
            add(end::failed,
                fmt::format("its tests pass, and it leaves with {}\n{}", WEXITSTATUS(status), said_by_passing_.take()));
        }
    }

    test_program program_;
    pid_t pid_ = -1;           // none, once it has ended
    int from_ = -1;            // none, once it is at its end
    clock::time_point heard_;  // when a test last began or ended
    std::string unread_;
    std::string current_;  // the test that runs, as the program calls it
    clipped_text text_;
    clipped_text said_by_passing_;  // a sanitizer may have reported something, and goes on
    std::vector<test_result> results_;
};

std::string join_lines(std::ifstream& in, std::string first) {
    // The head of a test with a long name is on two lines.
    std::string more;
    while (first.find(')') == first.npos && std::getline(in, more))
        first += ' ' + more.substr(std::min(more.find_first_not_of(' '), more.size()));
    return first;
}

}  // namespace

std::vector<test_result> run_test_programs(std::span<const test_program> programs, const test_options& options) {
    std::vector<std::unique_ptr<running_program>> all;
    for (const test_program& p : programs) all.push_back(std::make_unique<running_program>(p));
    const auto runs = [](const auto& p) { return p->runs(); };
    while (std::ranges::any_of(all, runs) && !(options.over && options.over())) {
        std::vector<pollfd> outputs;
        for (const auto& p : all) outputs.push_back({p->output(), POLLIN, 0});
        constexpr int between_calls = 50;  // milliseconds
        (void)poll(outputs.data(), outputs.size(), between_calls);
        std::uint64_t ended = 0;
        for (const auto& p : all) {
            p->look(options.patience);
            ended += p->ended();
        }
        if (options.alive) options.alive(ended);
    }
    std::vector<test_result> results;
    for (const auto& p : all) std::ranges::move(std::move(*p).take(), std::back_inserter(results));
    return results;
}

std::vector<std::string> missing_programs(std::span<const test_program> programs) {
    std::vector<std::string> missing;
    for (const test_program& p : programs) {
        if (access(p.path.c_str(), X_OK) != 0) missing.push_back(p.path);
    }
    return missing;
}

cited_clauses cited_in(const std::string& folder) {
    static const std::regex citation("^// Clauses?: ([^ ,]+(?:, [^ ,]+)*)\\.(?: .*)?$");
    static const std::regex head("^(?:TEST|TEST_F|TEST_P|TYPED_TEST)\\((\\w+), (\\w+)\\).*$");
    static const std::regex name("[^ ,]+");
    namespace fs = std::filesystem;
    cited_clauses all;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (!entry.path().string().ends_with("_test.cpp")) continue;
        std::ifstream in(entry.path());
        if (!in) throw std::runtime_error(fmt::format("{}: cannot read it", entry.path().string()));
        std::vector<std::string> clauses;
        for (std::string line; std::getline(in, line);) {
            std::smatch m;
            if (line.starts_with("TEST") || line.starts_with("TYPED_TEST")) line = join_lines(in, std::move(line));
            if (std::regex_match(line, m, citation)) {
                const std::string names = m[1];
                for (std::sregex_iterator at(names.begin(), names.end(), name), last; at != last; ++at)
                    clauses.push_back(at->str());
            } else if (std::regex_match(line, m, head)) {
                all[fmt::format("{}.{}", m[1].str(), m[2].str())] = clauses;
            }
            if (!line.starts_with("//")) clauses.clear();
        }
    }
    if (error) throw std::runtime_error(fmt::format("{}: cannot read it: {}", folder, error.message()));
    return all;
}

}  // namespace tailrace::verify
