// Measuring, with programs that only print: the order, what fails, what is not there.
// After a change here run: ci/test -L bench
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "compare/judgement.hpp"
#include "compare/measure.hpp"
#include "compare/process.hpp"
#include "compare/recording.hpp"

namespace bench {

namespace {

using namespace std::chrono_literals;

/// A folder of programs that are shell scripts.
class measuring : public testing::Test {
  protected:
    measuring() : folder_(std::filesystem::temp_directory_path() / ("tailrace-bench-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(folder_);
    }
    ~measuring() override { std::filesystem::remove_all(folder_); }

    void program(const std::string& name, const std::string& script) {
        const auto path = folder_ / name;
        std::ofstream(path) << "#!/bin/sh\n" << script;
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    static std::string listing(const std::vector<std::string>& contestants) {
        std::string script = "if [ \"$1\" = list ]; then\n";
        for (const std::string& c : contestants) {
            script += R"(echo '{"contestant":")" + c + R"(","compiler":"sh","workloads":["W1","W3"]}')" + "\n";
        }
        return script + "exit 0\nfi\n";
    }
    recording measured(const std::string& rows) {
        settings s;
        s.programs = folder_.string();
        s.rows = rows;
        s.real_time = false;
        s.rounds = 3;
        std::string text;
        measure(s, [&](const std::string& line) { text += line + '\n'; }, [](const std::string&) {});
        std::istringstream in(text);
        return read_recording(in, "raw");
    }

    std::filesystem::path folder_;
};

const std::string takes_a_second = "echo '{\"count\":1000,\"nanoseconds\":1000000000}'\n";

std::vector<std::string> order_of(const round_entry& round) {
    std::vector<std::string> names;
    for (const sample& s : round.samples) names.push_back(s.contestant);
    return names;
}

TEST_F(measuring, contestants_alternate_and_the_order_moves_on) {
    program("bench-tailrace", listing({"tailrace"}) + takes_a_second);
    program("bench-rust", listing({"tokio", "crossbeam"}) + takes_a_second);
    const recording r = measured("^W1 c64 8B");
    ASSERT_EQ(r.rounds.size(), 3U);
    EXPECT_EQ(order_of(r.rounds[0]), (std::vector<std::string>{"tailrace", "tokio", "crossbeam"}));
    EXPECT_EQ(order_of(r.rounds[1]), (std::vector<std::string>{"tokio", "crossbeam", "tailrace"}));
    EXPECT_EQ(order_of(r.rounds[2]), (std::vector<std::string>{"crossbeam", "tailrace", "tokio"}));
    EXPECT_FALSE(r.end.empty());
}

TEST_F(measuring, a_cache_line_is_measured_first_in_each_round_of_two_threads) {
    program("bench-tailrace", listing({"tailrace"}) + takes_a_second);
    program("bench-floor", listing({"cache-line"}) + takes_a_second);
    const recording r = measured("^W[13] c64 8B");
    ASSERT_EQ(r.rounds.size(), 6U);
    EXPECT_EQ(order_of(r.rounds[0]), (std::vector<std::string>{"tailrace"}));
    EXPECT_EQ(order_of(r.rounds[3]), (std::vector<std::string>{"cache-line", "tailrace"}));
}

TEST_F(measuring, a_contestant_that_fails_has_no_figure_and_the_others_go_on) {
    program("bench-tailrace", listing({"tailrace"}) + takes_a_second);
    program("bench-rust", listing({"tokio", "crossbeam", "flume"}) +
                              "case $1 in\n"
                              "tokio) echo 'wrong result: the sum of all messages' >&2; exit 1 ;;\n"
                              "flume) echo nonsense ;;\n"
                              "*) " +
                              takes_a_second + ";; esac\n");
    const recording r = measured("^W1 c64 8B");
    ASSERT_EQ(r.failures.size(), 2U);
    EXPECT_EQ(r.failures[0].contestant, "tokio");
    EXPECT_EQ(r.failures[0].what, "exit status 1: wrong result: the sum of all messages");
    EXPECT_EQ(r.failures[1].what, "no result in its output 'nonsense'");
    ASSERT_EQ(r.rounds.size(), 3U);
    EXPECT_EQ(order_of(r.rounds[0]), (std::vector<std::string>{"tailrace", "crossbeam"}));
}

TEST_F(measuring, what_is_not_built_or_has_no_such_form_is_said) {
    program("bench-rust", listing({"tokio"}) + takes_a_second);
    const recording r = measured("^W2 c1024 8B");
    EXPECT_EQ(r.find("tailrace")->absent, "bench-tailrace is not built");
    EXPECT_EQ(r.find("flume")->absent, "bench-rust does not have it");
    EXPECT_EQ(r.rows[0].without, (std::vector<std::string>{"tokio"}));
    const judgement j = judge(r, {});
    for (const figure& f : j.rows[0].figures) EXPECT_NE(f.standing, standing::measured) << f.contestant;
}

TEST_F(measuring, rows_that_do_not_exist_are_refused) { EXPECT_THROW((void)measured("W99"), bad_input); }

TEST_F(measuring, messages_are_so_many_that_a_sample_takes_as_long_as_it_should) {
    // A microsecond each.
    program("bench-tailrace", listing({"tailrace"}) +
                                  "for a in \"$@\"; do case $a in messages=*) n=${a#messages=} ;; esac; done\n"
                                  "echo \"{\\\"count\\\":$n,\\\"nanoseconds\\\":${n}000}\"\n");
    const recording r = measured("^W1 c64 8B");
    ASSERT_FALSE(r.rounds.empty());
    EXPECT_EQ(r.rounds[0].samples[0].count, 60'000U) << "60 ms";
}

TEST(child, has_an_output_or_a_reason) {
    EXPECT_EQ(run_child({"/bin/sh", "-c", "echo out; echo err >&2"}, 10s).out, "out\n");
    EXPECT_EQ(run_child({"/bin/sh", "-c", "echo out; echo err >&2"}, 10s).wrong, "");
    EXPECT_EQ(run_child({"/bin/sh", "-c", "echo first >&2; echo last >&2; exit 3"}, 10s).wrong, "exit status 3: last");
    EXPECT_EQ(run_child({"/bin/sh", "-c", "exec sleep 100"}, 100ms).wrong, "it did not end in 100 ms");
    EXPECT_EQ(run_child({"/bin/sh", "-c", "kill -9 $$"}, 10s).wrong, "signal 9: Killed");
    EXPECT_EQ(run_child({"/no/such/program"}, 10s).wrong,
              "exit status 127: /no/such/program: No such file or directory");
}

}  // namespace

}  // namespace bench
