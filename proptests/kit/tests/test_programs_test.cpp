// GoogleTest programs as an engine: what becomes of each test, and of each clause. The programs here are scripts that
// print what one prints.
#include "engine/test_programs.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "campaign/campaign.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using end = test_result::end;

class test_programs : public ::testing::Test {
  protected:
    test_programs() : folder_(fs::temp_directory_path() / ("tailrace-test-programs-" + std::to_string(getpid()))) {
        fs::create_directories(folder_);
    }
    ~test_programs() override { fs::remove_all(folder_); }

    test_program script(const std::string& name, const std::string& text) {
        write(name, "#!/bin/sh\n" + text);
        fs::permissions(folder_ / name, fs::perms::owner_all);
        return {(folder_ / name).string(), "*", folder_.string()};
    }
    void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }
    [[nodiscard]] const fs::path& folder() const { return folder_; }

    [[nodiscard]] static std::vector<test_result> run(const test_program& p, const test_options& options = {}) {
        return run_test_programs(std::vector{p}, options);
    }

  private:
    fs::path folder_;
};

std::string begins(const std::string& test) { return "echo '[ RUN      ] " + test + "'\n"; }
std::string passes(const std::string& test) { return begins(test) + "echo '[       OK ] " + test + " (0 ms)'\n"; }
std::string fails(const std::string& test, const std::string& why) {
    return begins(test) + "echo '" + why + "'\necho '[  FAILED  ] " + test + ", where TypeParam = x (0 ms)'\n";
}

TEST_F(test_programs, each_test_has_its_end_its_words_and_the_command_that_runs_it_alone) {
    const test_program p =
        script("mixed", passes("handles/optimized.moved") + fails("/conformance.close/optimized", "a.cpp:3: Failure") +
                            begins("values.big") + "echo '[  SKIPPED ] values.big (0 ms)'\n" +
                            "echo '[  FAILED  ] 1 test, listed below:'\nexit 1\n");
    const std::vector<test_result> all = run(p);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].name, "handles.moved");
    EXPECT_EQ(all[0].is, end::passed);
    EXPECT_EQ(all[1].name, "conformance.close");
    EXPECT_EQ(all[1].is, end::failed);
    EXPECT_EQ(all[1].text, "a.cpp:3: Failure\n");
    EXPECT_EQ(all[1].again, p.path + " --gtest_filter=/conformance.close/optimized");
    EXPECT_EQ(all[2].is, end::skipped);
}

TEST_F(test_programs, a_name_is_without_the_prefix_and_the_parameters_of_its_instance) {
    const std::vector<test_result> all =
        run(script("names", passes("names/both_orders.x/a_stop_comes") + passes("alone.y")));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].name, "both_orders.x");
    EXPECT_EQ(all[1].name, "alone.y");
}

TEST_F(test_programs, a_test_that_leaves_its_line_unfinished_is_judged_all_the_same) {
    const std::vector<test_result> all =
        run(script("unfinished", begins("a.b") + "printf 'no end'\necho '[  FAILED  ] a.b (0 ms)'\n" + begins("a.c") +
                                     "printf 'nor here'\necho '[       OK ] a.c (0 ms)'\n" + begins("a.d") +
                                     passes("a.e") + "exit 1\n"));
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[0].is, end::failed);
    EXPECT_EQ(all[0].text, "no end\n");
    EXPECT_EQ(all[1].is, end::passed);
    EXPECT_EQ(all[2].name, "a.d");
    EXPECT_EQ(all[2].is, end::failed);
    EXPECT_EQ(all[2].text, "its end was not printed\n");
    EXPECT_EQ(all[3].is, end::passed);
}

TEST_F(test_programs, a_test_that_crashes_ends_the_process_or_hangs_is_named) {
    const std::vector<test_result> crash = run(script("crash", passes("a.b") + begins("a.c") + "kill -SEGV $$\n"));
    ASSERT_EQ(crash.size(), 2u);
    EXPECT_EQ(crash[1].name, "a.c");
    EXPECT_EQ(crash[1].is, end::crashed);
    EXPECT_NE(crash[1].text.find("signal 11"), std::string::npos) << crash[1].text;

    const std::vector<test_result> left = run(script("left", begins("a.c") + "exit 0\n"));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].name, "a.c");
    EXPECT_EQ(left[0].is, end::crashed);

    for (const std::string hanging : {"exec sleep 1000\n", "exec >/dev/null 2>&1\nsleep 1000\n"}) {
        const std::vector<test_result> hang = run(script("hang", begins("a.c") + hanging), {.patience = 300ms});
        ASSERT_EQ(hang.size(), 1u);
        EXPECT_EQ(hang[0].name, "a.c");
        EXPECT_EQ(hang[0].is, end::hung);
    }
}

TEST_F(test_programs, what_a_program_leaves_behind_ends_with_it) {
    const std::string child = "sleep 1000 & echo $! >" + (folder() / "child").string() + "\n";
    const std::vector<test_result> all = run(script("crash", child + begins("a.b") + "kill -SEGV $$\n"));
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].is, end::crashed);
    pid_t left = 0;
    std::ifstream(folder() / "child") >> left;
    ASSERT_GT(left, 0);
    // It has been sent its end; that it is seen to have gone is for the system to say when.
    const auto is_there = [left] {
        std::string name;
        char state = 'X';
        std::ifstream("/proc/" + std::to_string(left) + "/stat") >> name >> name >> state;
        return state != 'X' && state != 'Z';
    };
    while (is_there()) std::this_thread::yield();
}

TEST_F(test_programs, a_program_that_fails_beside_its_tests_or_runs_none_is_a_failure) {
    const std::vector<test_result> leak = run(script("leak", passes("a.b") + "echo 'leaked 8 bytes'\nexit 23\n"));
    ASSERT_EQ(leak.size(), 2u);
    EXPECT_EQ(leak[1].is, end::failed);
    EXPECT_FALSE(leak[1].is_test);
    EXPECT_EQ(leak[1].text, "its tests pass, and it leaves with 23\nleaked 8 bytes\n");
    const std::vector<test_result> race =
        run(script("race", begins("a.b") + "echo 'WARNING: data race'\necho '[       OK ] a.b (0 ms)'\nexit 66\n"));
    ASSERT_EQ(race.size(), 2u);
    EXPECT_NE(race[1].text.find("a.b:\nWARNING: data race"), std::string::npos) << race[1].text;

    const std::vector<test_result> none = run(script("none", "exit 0\n"));
    ASSERT_EQ(none.size(), 1u);
    EXPECT_EQ(none[0].is, end::failed);
    EXPECT_EQ(none[0].text, "it ran no test of *\n");

    const test_program absent{(folder() / "absent").string(), "*", {}};
    EXPECT_EQ(missing_programs(std::vector{absent}), std::vector{absent.path});
    const std::vector<test_result> not_there = run(absent);
    ASSERT_EQ(not_there.size(), 1u);
    EXPECT_EQ(not_there[0].is, end::failed);
    EXPECT_NE(not_there[0].text.find("No such file"), std::string::npos) << not_there[0].text;
}

TEST_F(test_programs, of_a_test_that_prints_without_end_the_beginning_and_the_end_are_kept) {
    for (const std::string noise : {"yes | head -c 1000000", "yes | head -c 1000000 | tr -d '\\n'"}) {
        const std::vector<test_result> all =
            run(script("flood", begins("a.b") + "echo first\n" + noise + "\necho\necho last\nexit 1\n"));
        ASSERT_EQ(all.size(), 1u);
        EXPECT_LT(all[0].text.size(), 5'000u);
        EXPECT_NE(all[0].text.find("first\n"), std::string::npos);
        EXPECT_TRUE(all[0].text.ends_with("last\n"));
    }
}

TEST_F(test_programs, a_run_that_is_over_ends_its_programs) {
    const test_program p = script("long", passes("a.b") + begins("a.c") + "exec sleep 1000\n");
    std::uint64_t ended = 0;
    test_options options;
    options.alive = [&](std::uint64_t n) { ended = n; };
    options.over = [&] { return ended == 1; };
    EXPECT_EQ(run(p, options).size(), 1u);
}

TEST_F(test_programs, clauses_are_those_of_the_comment_above_a_test) {
    write("some_test.cpp",
          "// Clause: borrow. In each build.\n"
          "// Original: row.\n"
          "TYPED_TEST(handles, first) {\n"
          "}\n"
          "\n"
          "TEST(handles, second) {}\n"
          "// Clauses: alloc, throw.move-in.\n"
          "TEST_P(conformance,\n"
          "       third) {}\n");
    write("other.cpp", "// Clause: debug.\nTEST(a, b) {}\n");
    const cited_clauses all = cited_in(folder().string());
    EXPECT_EQ(all.size(), 3u);
    EXPECT_EQ(all.at("handles.first"), std::vector<std::string>{"borrow"});
    EXPECT_TRUE(all.at("handles.second").empty());
    EXPECT_EQ(all.at("conformance.third"), (std::vector<std::string>{"alloc", "throw.move-in"}));
    EXPECT_THROW((void)cited_in((folder() / "absent").string()), std::runtime_error);
}

// The engine: what its tests say of the clauses.

engine_report engine_on(const std::vector<test_program>& tests) {
    target t;
    t.name = "tested";
    t.tests = tests;
    std::vector<const model::clause*> clauses;
    for (const model::clause& c : model::clauses()) clauses.push_back(&c);
    const auto entry = std::ranges::find(engines(), model::engine::tests, &engine_entry::is);
    job j;
    j.clauses = clauses;
    return run_campaign(j, {&*entry}, {&t}).reports.front();
}

TEST_F(test_programs, a_clause_passes_with_all_its_tests_and_fails_with_one) {
    write("some_test.cpp",
          "// Clause: borrow.\nTEST(a, b) {}\n"
          "// Clause: borrow.\nTEST(a, c) {}\n"
          "// Clause: alloc.\nTEST(a, d) {}\n"
          "// Clause: close.wake-order. No evidence of a test counts where programs can see it.\nTEST(a, e) {}\n"
          "// Clause: debug.\nTEST(a, f) {}\n"
          "// Clause: debug.\nTEST(a, g) {}\n"
          "// Clause: operation.once.\nTYPED_TEST(h, i) {}\n"
          "// Clause: handle.assign.\nTEST(a, j) {}\n");
    const engine_report r = engine_on(
        {script("two", passes("a.b") + passes("a.c") + fails("a.d", "why") + passes("a.e") + passes("a.f") +
                           begins("h/0.i") + "echo '[  SKIPPED ] h/0.i (0 ms)'\n" + passes("h/1.i") + begins("a.j") +
                           "echo 'some_test.cpp:9: Skipped'\necho 'it has no handles'\necho\n"
                           "echo '[  SKIPPED ] a.j (0 ms)'\nexit 1\n")});
    EXPECT_EQ(r.summary, "8 tests, 1 failure (2 skipped)");
    ASSERT_EQ(r.evidence.size(), 1u);
    EXPECT_EQ(r.evidence.at("borrow").count, 2u);
    EXPECT_EQ(r.evidence.at("borrow").first, "a.b");
    EXPECT_EQ(r.lacking.at("debug").why, "1 of 2 tests not run");
    EXPECT_EQ(r.lacking.at("operation.once").why, "1 of 1 test not run") << "one of its types was skipped";
    EXPECT_EQ(r.lacking.at("handle.assign").why, "it has no handles") << "as the test says";
    ASSERT_EQ(r.failures.size(), 1u);
    EXPECT_EQ(r.failures[0].clauses, std::vector<std::string_view>{"alloc"});
    EXPECT_NE(r.failures[0].text.find("a.d fails\n    why\n"), std::string::npos) << r.failures[0].text;
    EXPECT_NE(r.failures[0].text.find("--gtest_filter=a.d"), std::string::npos) << r.failures[0].text;
}

TEST_F(test_programs, a_target_without_tests_skips_their_clauses_by_name) {
    const engine_report r = engine_on({});
    EXPECT_EQ(r.summary, "not run: this target has no tests of its own");
    EXPECT_EQ(r.lacking.at("borrow").why, "no tests of its own");
    EXPECT_FALSE(r.lacking.contains("close.wake-order"));
    EXPECT_TRUE(r.failures.empty());
}

TEST_F(test_programs, that_are_not_built_leave_their_clauses_waiting) {
    const engine_report r = engine_on({{(folder() / "absent").string(), "*", {}}});
    EXPECT_EQ(r.summary, "not run: a program is not built (the build target tailrace-tests)");
    EXPECT_TRUE(r.lacking.empty());
    EXPECT_TRUE(r.evidence.empty());
}

}  // namespace
}  // namespace tailrace::verify
