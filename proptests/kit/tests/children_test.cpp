// Child processes: what comes back, whatever becomes of them.
#include "support/children.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace tailrace::verify {
namespace {

using namespace std::chrono_literals;
using how = child_end::how;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool address_sanitizer = true;
#elif defined(__has_feature)
constexpr bool address_sanitizer = __has_feature(address_sanitizer);
#else
constexpr bool address_sanitizer = false;
#endif

constexpr auto patient = 60s;  // no child here says nothing for so long, unless it hangs

TEST(children, what_the_work_returns_comes_back_whole) {
    const std::string long_text(1'000'000, 'x');
    const auto ends =
        in_children({[&](pulse&) { return std::string(long_text); }, [](pulse&) { return std::string(); }}, patient);
    ASSERT_EQ(ends.size(), 2u);
    EXPECT_EQ(ends[0].is, how::finished);
    EXPECT_EQ(ends[0].text, long_text);
    EXPECT_EQ(ends[1].is, how::finished);
    EXPECT_EQ(ends[1].text, "");
}

TEST(children, an_exception_comes_back_as_its_words) {
    const auto ends =
        in_children({[](pulse&) -> std::string { throw std::runtime_error("no such channel"); }}, patient);
    EXPECT_EQ(ends[0].is, how::threw);
    EXPECT_EQ(ends[0].text, "no such channel");
}

TEST(children, a_crash_is_reported_with_its_signal_and_where_it_was) {
    const auto ends = in_children({[](pulse& p) -> std::string {
                                      p.beat(41, 1);
                                      p.beat(42, 2);
                                      std::signal(SIGABRT, SIG_DFL);
                                      raise(SIGABRT);
                                      return "";
                                  }},
                                  patient);
    EXPECT_EQ(ends[0].is, how::crashed);
    EXPECT_EQ(ends[0].signal, SIGABRT);
    EXPECT_EQ(ends[0].at, 42u);
}

TEST(children, one_that_leaves_early_has_crashed) {
    const auto ends = in_children({[](pulse&) -> std::string { _exit(0); }}, patient);
    EXPECT_EQ(ends[0].is, how::crashed);
}

TEST(children, one_that_hangs_is_killed_and_the_others_are_not) {
    const auto ends = in_children({[](pulse& p) -> std::string {
                                       p.beat(7, 0);
                                       for (;;) pause();
                                   },
                                   [](pulse& p) -> std::string {
                                       for (int i = 0; i < 20; ++i) {
                                           p.beat(1, 1);
                                           usleep(50'000);
                                       }
                                       return "done";
                                   }},
                                  2s);
    EXPECT_EQ(ends[0].is, how::hung);
    EXPECT_EQ(ends[0].at, 7u);
    EXPECT_EQ(ends[1].is, how::finished);
    EXPECT_EQ(ends[1].text, "done");
}

// ---- The end of the time

constexpr auto at_once = 0ms;

children_limits over_from_the_start() {
    children_limits limits{.patience = patient, .over = [] { return true; }};
    limits.grace = patient;
    return limits;
}

TEST(children, are_asked_to_end_and_what_they_have_comes_back) {
    const auto ends = in_children({[](pulse& p) -> std::string {
                                      for (std::uint64_t i = 0; !p.over(); ++i) p.beat(i, i);
                                      return "what I have";
                                  }},
                                  over_from_the_start());
    EXPECT_EQ(ends[0].is, how::finished);
    EXPECT_EQ(ends[0].text, "what I have");
}

TEST(children, see_the_deadline_themselves) {
    children_limits limits{.patience = patient, .deadline = std::chrono::steady_clock::now()};
    limits.grace = patient;
    const auto ends = in_children({[](pulse& p) -> std::string { return p.over() ? "over" : "not over"; }}, limits);
    EXPECT_EQ(ends[0].text, "over");
}

TEST(children, one_that_does_not_end_when_it_is_asked_to_is_given_up_and_that_is_no_verdict) {
    children_limits limits = over_from_the_start();
    limits.grace = at_once;
    const auto ends = in_children({[](pulse& p) -> std::string {
                                      p.beat(7, 0);
                                      for (;;) pause();
                                  }},
                                  limits);
    EXPECT_EQ(ends[0].is, how::given_up);
}

TEST(children, do_not_end_by_the_signals_that_their_parent_answers) {
    const auto ends = in_children({[](pulse&) -> std::string {
                                      raise(SIGINT);
                                      raise(SIGTERM);
                                      return "still here";
                                  }},
                                  patient);
    EXPECT_EQ(ends[0].text, "still here");
}

/// What a child of a child says once its parent has been killed; nothing if it ended before.
/// With `ready`, the parent lives until the child of the child belongs to it.
std::string words_of_an_orphan(bool ready, const std::function<void(pid_t parent)>& orphan) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t middle = fork();
    if (middle == 0) {
        const pid_t parent = getpid();
        if (fork() == 0) {
            if (ready) {
                belong_to(parent);
                (void)!write(ends[1], "r", 1);
            }
            orphan(parent);
            (void)!write(ends[1], "alive", 5);
            _exit(0);
        }
        pause();
    }
    close(ends[1]);
    char words[8];
    if (ready) {
        EXPECT_EQ(read(ends[0], words, 1), 1);
    }
    kill(middle, SIGKILL);
    waitpid(middle, nullptr, 0);
    const ssize_t n = read(ends[0], words, sizeof words);  // until the orphan has ended
    close(ends[0]);
    return {words, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
}

TEST(children, end_with_a_parent_that_is_killed_while_they_hang) {
    EXPECT_EQ(words_of_an_orphan(true,
                                 [](pid_t parent) {
                                     while (getppid() == parent) usleep(1'000);
                                     sleep(2);  // only where nothing has ended it
                                 }),
              "");
}

TEST(children, of_a_parent_that_has_ended_already_do_not_begin) {
    EXPECT_EQ(words_of_an_orphan(false,
                                 [](pid_t parent) {
                                     while (getppid() == parent) usleep(1'000);
                                     belong_to(parent);
                                 }),
              "");
}

TEST(children, that_still_run_when_a_sibling_cannot_be_started_are_ended) {
    if (address_sanitizer) GTEST_SKIP() << "without a descriptor, a sanitizer takes every object for a broken one";
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit few = before;
    few.rlim_cur = 16;
    setrlimit(RLIMIT_NOFILE, &few);
    const child_work hang = [](pulse&) -> std::string {
        for (;;) pause();
    };
    EXPECT_THROW((void)in_children(std::vector<child_work>(40, hang), patient), std::system_error);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(children, progress_is_the_sum_of_all) {
    std::uint64_t most = 0;
    const auto work = [](pulse& p) -> std::string {
        p.beat(0, 21);
        usleep(300'000);
        return "";
    };
    (void)in_children({work, work}, patient, [&](std::uint64_t done) { most = std::max(most, done); });
    EXPECT_EQ(most, 42u);
}

}  // namespace
}  // namespace tailrace::verify
