// Child processes: what comes back, whatever becomes of them.
#include "../src/children.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

namespace tailrace::verify {
namespace {

using namespace std::chrono_literals;
using how = child_end::how;

constexpr auto patient = 60s;  // no child here says nothing for so long, unless it hangs

TEST(children, what_the_work_returns_comes_back_whole) {
    const std::string long_text(1'000'000, 'x');
    const auto ends = in_children({[&](pulse&) { return long_text; },
                                   [](pulse&) { return std::string(); }},
                                  patient);
    ASSERT_EQ(ends.size(), 2u);
    EXPECT_EQ(ends[0].is, how::finished);
    EXPECT_EQ(ends[0].text, long_text);
    EXPECT_EQ(ends[1].is, how::finished);
    EXPECT_EQ(ends[1].text, "");
}

TEST(children, an_exception_comes_back_as_its_words) {
    const auto ends = in_children(
        {[](pulse&) -> std::string { throw std::runtime_error("no such channel"); }}, patient);
    EXPECT_EQ(ends[0].is, how::threw);
    EXPECT_EQ(ends[0].text, "no such channel");
}

TEST(children, a_crash_is_told_with_its_signal_and_where_it_was) {
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
