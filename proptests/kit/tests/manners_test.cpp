// The program as a process: what a signal, the end of the time, a full disk and a killed parent do to it.
//
// Nothing here waits for a time to pass: a run that does not end by itself ends the test by ctest's own limit.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/interleavings.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string text_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Long before ctest gives up, and long after anything here has happened.
bool wait_until(const std::function<bool()>& so) {
    for (int i = 0; i < 20'000; ++i) {
        if (so()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

struct process {
    pid_t parent = 0;
    char state = 0;
};

/// Nothing if it is gone.
std::optional<process> look_up(pid_t pid) {
    std::string stat = text_of(fs::path("/proc") / std::to_string(pid) / "stat");
    const std::size_t name_end = stat.rfind(')');
    if (name_end == stat.npos) return std::nullopt;
    std::istringstream rest(stat.substr(name_end + 1));
    process p;
    rest >> p.state >> p.parent;
    return p;
}

bool is_gone(pid_t pid) {
    const std::optional<process> p = look_up(pid);
    return !p || p->state == 'Z' || p->state == 'X';  // another process has to wait for it
}

/// By depth: its children, theirs, and so on.
std::vector<std::vector<pid_t>> descendants_of(pid_t pid) {
    std::multimap<pid_t, pid_t> children;
    for (const fs::directory_entry& e : fs::directory_iterator("/proc")) {
        const std::string name = e.path().filename();
        if (name.find_first_not_of("0123456789") != name.npos) continue;
        const auto child = static_cast<pid_t>(std::stol(name));
        if (const std::optional<process> p = look_up(child)) children.emplace(p->parent, child);
    }
    std::vector<std::vector<pid_t>> all;
    for (std::vector<pid_t> level{pid}; !level.empty();) {
        std::vector<pid_t> next;
        for (const pid_t p : level) {
            const auto [from, to] = children.equal_range(p);
            for (auto at = from; at != to; ++at) next.push_back(at->second);
        }
        if (!next.empty()) all.push_back(next);
        level = std::move(next);
    }
    return all;
}

class manners : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("tailrace-manners-" + std::to_string(std::random_device{}()));
        fs::create_directories(folder_);
    }
    void TearDown() override {
        if (started_ > 0) {
            kill(started_, SIGKILL);
            waitpid(started_, nullptr, 0);
        }
        fs::remove_all(folder_);
    }

    /// Starts the program in the test's folder; its standard output goes to `out`, or to out.txt.
    void start(std::vector<std::string> arguments, int out = -1) {
        arguments.insert(arguments.begin(), TAILRACE_VERIFY_PROGRAM);
        std::vector<char*> words;
        for (std::string& a : arguments) words.push_back(a.data());
        words.push_back(nullptr);
        started_ = fork();
        ASSERT_GE(started_, 0);
        if (started_ > 0) return;
        for (const int s : {SIGINT, SIGTERM}) std::signal(s, SIG_DFL);  // the test may run in the background
        if (chdir(folder_.c_str()) != 0) _exit(90);
        if (out < 0) out = open("out.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(out, STDOUT_FILENO);
        dup2(open("error.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
        execv(words[0], words.data());
        _exit(91);
    }
    /// Its status, once it has ended.
    int end() {
        int status = 0;
        waitpid(started_, &status, 0);
        started_ = -1;
        return status;
    }
    std::string out() const { return text_of(folder_ / "out.txt"); }
    std::string error() const { return text_of(folder_ / "error.txt"); }

    fs::path folder_;
    pid_t started_ = -1;
};

constexpr std::string_view never_all = "1000000000";  // programs

std::vector<std::string> endless(std::string_view engine, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"run",       "--engine",   std::string(engine),   "--target",
                                   "optimized", "--programs", std::string(never_all)};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

class manners_of_engine : public manners, public ::testing::WithParamInterface<std::string_view> {
  protected:
    void SetUp() override {
        manners::SetUp();
        if (GetParam() != "interleavings" || !find_simulator().empty()) return;
#ifdef TAILRACE_HAS_SIMULATOR
        FAIL() << "tailrace-interleavings was not found";
#else
        GTEST_SKIP() << "no simulator: it is not built with a sanitizer";
#endif
    }
};

TEST_P(manners_of_engine, a_budget_ends_it_with_what_it_has) {
    start(endless(GetParam(), {"--budget", "1"}));
    ASSERT_TRUE(WIFEXITED(end())) << error();
    EXPECT_NE(out().find("stopped by --budget after "), std::string::npos) << out() << error();
}

TEST_P(manners_of_engine, a_budget_ends_a_search_for_several_failures_too) {
    start(endless(GetParam(), {"--budget", "1", "--failures", "2"}));
    ASSERT_TRUE(WIFEXITED(end())) << error();
    EXPECT_NE(out().find("stopped by --budget after "), std::string::npos) << out() << error();
}

TEST_P(manners_of_engine, a_killed_program_leaves_no_child_behind) {
    start(endless(GetParam()));
    const std::size_t levels = GetParam() == "interleavings" ? 2 : 1;
    std::vector<std::vector<pid_t>> all;
    ASSERT_TRUE(
        wait_until([&] { return (all = descendants_of(started_)).size() >= levels && all.front().size() == 2; }));
    kill(started_, SIGKILL);
    (void)end();
    for (const std::vector<pid_t>& level : all) {
        for (const pid_t pid : level) EXPECT_TRUE(wait_until([pid] { return is_gone(pid); })) << pid;
    }
}

TEST_P(manners_of_engine, an_interrupt_ends_it_with_the_report_of_what_was_done) {
    start(endless(GetParam(), {"--report", "report", "--junit", "own.xml"}));
    ASSERT_TRUE(wait_until([&] { return !descendants_of(started_).empty(); }));
    kill(started_, SIGINT);
    const int status = end();
    ASSERT_TRUE(WIFEXITED(status)) << status;
    EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
    EXPECT_NE(out().find("interrupted "), std::string::npos) << out();
    EXPECT_EQ(error(),
              "tailrace-verify: interrupted by signal 2 (Interrupt): the report is of what was done until then\n");
    EXPECT_EQ(text_of(folder_ / "report/summary.txt"), out());
    for (const char* file : {"report/junit.xml", "own.xml"})
        EXPECT_NE(text_of(folder_ / file).find("<skipped message=\""), std::string::npos) << file;
    EXPECT_NE(text_of(folder_ / "report/report.json").find("\"interrupted\": 1"), std::string::npos);
    EXPECT_NE(text_of(folder_ / "report/report.html").find("interrupted "), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(engines, manners_of_engine, ::testing::Values("sequential", "threads", "interleavings"),
                         [](const auto& engine) { return std::string(engine.param); });

TEST_F(manners, engines_that_an_interrupt_keeps_from_running_are_in_the_report) {
    start({"run", "--target", "optimized", "--programs", std::string(never_all)});
    ASSERT_TRUE(wait_until([&] { return !descendants_of(started_).empty(); }));
    kill(started_, SIGTERM);
    const int status = end();
    ASSERT_TRUE(WIFEXITED(status)) << status;
    EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
    EXPECT_NE(out().find("threads  optimized: interrupted before anything was run"), std::string::npos) << out();
}

TEST_F(manners, a_second_interrupt_ends_it_at_once) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], "x", 1) == 1) {  // nothing more goes through
    }
    fcntl(ends[1], F_SETFL, 0);
    start(endless("sequential", {"--junit", "own.xml"}), ends[1]);
    ASSERT_TRUE(wait_until([&] { return !descendants_of(started_).empty(); }));
    kill(started_, SIGINT);
    // It has written its files, and goes on to say all of it.
    ASSERT_TRUE(wait_until([&] { return text_of(folder_ / "own.xml").ends_with("</testsuites>\n"); }));
    kill(started_, SIGINT);
    const int status = end();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) << status;
    close(ends[0]);
    close(ends[1]);
}

TEST_F(manners, a_report_is_written_although_nothing_reads_the_table) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    close(ends[0]);
    start({"run", "--engine", "sequential", "--target", "reference", "--programs", "20", "--report", "report"},
          ends[1]);
    close(ends[1]);
    (void)end();
    EXPECT_NE(text_of(folder_ / "report/summary.txt"), "unfinished\n");
}

}  // namespace
}  // namespace tailrace::verify
