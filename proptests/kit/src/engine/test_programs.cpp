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
#include <cstdio>
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

/// Of what a test says, the first lines; a test in a loop could fill the memory.
constexpr std::size_t most_text = 4'000;

/// `handles/optimized.a` and `/conformance.a/optimized` are the tests handles.a and conformance.a of one target.
std::string name_of_test(std::string_view said) {
    if (said.starts_with('/')) said.remove_prefix(1);
    const std::size_t dot = std::min(said.find('.'), said.size());
    const std::string_view suite = said.substr(0, dot);
    const std::string_view test = said.substr(std::min(dot + 1, said.size()));
    return fmt::format("{}.{}", suite.substr(0, suite.find('/')), test.substr(0, test.find('/')));
}

/// One program as it runs. It does not outlive this object.
class running_program {
  public:
    explicit running_program(const test_program& p) : program_(p) { start(); }
    running_program(const running_program&) = delete;
    running_program& operator=(const running_program&) = delete;
    ~running_program() {
        close(from_);
        if (pid_ <= 0) return;
        kill(pid_, SIGKILL);
        (void)wait();
    }

    [[nodiscard]] bool runs() const noexcept { return pid_ > 0; }
    [[nodiscard]] int output() const noexcept { return runs() ? from_ : -1; }
    [[nodiscard]] std::uint64_t ended() const noexcept { return results_.size(); }

    void read_some() {
        char buffer[16 * 1024];
        const ssize_t n = read(from_, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) return;
        if (n <= 0) return bury();
        unread_.append(buffer, static_cast<std::size_t>(n));
        std::size_t at = 0;
        for (std::size_t next; (next = unread_.find('\n', at)) != unread_.npos; at = next + 1)
            line(std::string_view(unread_).substr(at, next - at));
        unread_.erase(0, at);
    }
    void end_if_it_hangs(std::chrono::milliseconds patience) {
        if (clock::now() - heard_ < patience) return;
        kill(pid_, SIGKILL);
        (void)wait();
        add(current_.empty() ? program_.path : current_, end::hung,
            fmt::format("no end within {} seconds\n",
                        std::chrono::duration_cast<std::chrono::seconds>(patience).count()) +
                text_);
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
        if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
        if (pid_ == 0) {
            belong_to(parent);
            for (const char* const variable : {"GTEST_FILTER", "GTEST_OUTPUT", "GTEST_REPEAT", "GTEST_SHUFFLE",
                                               "GTEST_BRIEF", "GTEST_TOTAL_SHARDS", "GTEST_SHARD_INDEX"})
                unsetenv(variable);  // NOLINT(concurrency-mt-unsafe): a child has one thread
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
        close(ends[1]);
        from_ = ends[0];
        heard_ = clock::now();
    }
    int wait() {
        int status = 0;
        while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

    void line(std::string_view said) {
        constexpr std::string_view begins = "[ RUN      ] ";
        if (said.starts_with(begins)) {
            current_ = said.substr(begins.size());
            text_.clear();
            heard_ = clock::now();
            return;
        }
        for (const auto& [word, is] : {std::pair{"[       OK ] ", end::passed},
                                       {"[  SKIPPED ] ", end::skipped},
                                       {"[  FAILED  ] ", end::failed}}) {
            if (current_.empty() || !said.starts_with(word + current_)) continue;
            add(current_, is, is == end::passed ? "" : text_);
            heard_ = clock::now();
            return;
        }
        if (text_.size() < most_text) text_.append(said).append("\n");
    }
    void add(const std::string& name, end is, std::string text) {
        const bool of_test = !current_.empty();
        results_.push_back({of_test ? name_of_test(name) : name, is, std::move(text),
                            of_test ? fmt::format("{} --gtest_filter={}", shell_word(program_.path), shell_word(name))
                                    : shell_word(program_.path)});
        current_.clear();
        text_.clear();
    }

    void bury() {
        const int status = wait();
        if (!unread_.empty()) line(std::exchange(unread_, {}));
        if (WIFSIGNALED(status)) {
            const int signal = WTERMSIG(status);
            // NOLINTNEXTLINE(concurrency-mt-unsafe)
            text_.insert(0, fmt::format("it crashes (signal {}, {})\n", signal, strsignal(signal)));
            add(current_.empty() ? program_.path : current_, end::crashed, text_);
        } else if (!current_.empty()) {
            add(current_, end::crashed, "it ends the process\n" + text_);
        } else if (results_.empty()) {
            add(program_.path, end::failed, fmt::format("it ran no test of {}\n", program_.filter) + text_);
        } else if (WEXITSTATUS(status) != 0 &&
                   std::ranges::find(results_, end::failed, &test_result::is) == results_.end()) {
            add(program_.path, end::failed,
                fmt::format("its tests pass, and it leaves with {}\n", WEXITSTATUS(status)) + text_);
        }
    }

    test_program program_;
    pid_t pid_ = -1;
    int from_ = -1;
    clock::time_point heard_;  // when a test last began or ended
    std::string unread_;
    std::string current_;  // the test that runs, as the program calls it
    std::string text_;
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
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (outputs[i].revents != 0) all[i]->read_some();
            if (all[i]->runs()) all[i]->end_if_it_hangs(options.patience);
            ended += all[i]->ended();
        }
        if (options.alive) options.alive(ended);
    }
    std::vector<test_result> results;
    for (const auto& p : all) std::ranges::move(std::move(*p).take(), std::back_inserter(results));
    return results;
}

std::uint64_t count_tests(std::span<const test_program> programs) {
    std::uint64_t tests = 0;
    for (const test_program& p : programs) {
        const std::string list =
            fmt::format("{} {} --gtest_list_tests", shell_word(p.path), shell_word("--gtest_filter=" + p.filter));
        std::FILE* const lines = popen(list.c_str(), "r");
        if (lines == nullptr) continue;
        for (char line[1024]; std::fgets(line, sizeof line, lines) != nullptr;) tests += line[0] == ' ' ? 1 : 0;
        pclose(lines);
    }
    return tests;
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
