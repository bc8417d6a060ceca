// The test to paste: golden, in plain public API, and what is generated really compiles and passes
// (generated_regressions.cpp is that output, kept equal to it here).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "counterexample_support.hpp"
#include "program/generator.hpp"
#include "report/failure_report.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {
namespace {

/// Without the list of headers: those of several tests make one file.
std::string body_of(const counterexample& c) {
    const std::string text = to_regression_test(c);
    const std::size_t last = text.rfind("#include");
    return text.substr(text.find('\n', last) + 1);
}

std::string headers() {
    const std::string text = to_regression_test(barging_example());
    const std::size_t last = text.rfind("#include");
    return text.substr(0, text.find('\n', last) + 1);
}

/// A generated program as if its last step had gone wrong.
counterexample generated_example(std::uint64_t index, bool destroyed,
                                 capabilities within = capabilities::all().without(capability::reentrancy)) {
    const model::trace t = interpret(generator(within)(index));
    parting last;
    last.at = t.lines.size() - 1;
    last.expected = t.lines.back().expected;
    last.differs = {destroyed ? aspect::destroyed : aspect::conservation};
    counterexample c;
    c.tool = "0.1.0";
    c.target = "none";
    c.property = "Nothing is wrong: this program shows that what is generated compiles and passes.";
    c.seed = 1;
    c.program = index;
    c.capacity = t.capacity;
    c.run = run_of(t, last);
    return c;
}

/// The same of a short program with reactions, the first from `index` on that has some inside of others.
counterexample reacting_example(std::uint64_t index) {
    const auto is_nested = [](const taken_step& s) { return s.step.at.depth > 1; };
    for (index *= 1'000;; ++index) {
        counterexample c = generated_example(index, true, capabilities::all());
        const std::vector<taken_step>& steps = std::get<sequential_run>(c.run).steps;
        if (steps.size() < 40 && std::ranges::any_of(steps, is_nested)) return c;
    }
}

TEST(regression_test, of_a_program_on_one_thread_is_golden) {
    expect_golden("barging.regression", to_regression_test(barging_example()));
}

TEST(regression_test, of_tasks_at_once_is_golden) {
    expect_golden("asleep.regression", to_regression_test(asleep_example()));
}

TEST(regression_test, the_generated_tests_that_are_compiled_are_golden) {
    std::string text =
        "// Written by to_regression_test, and kept equal to its output by "
        "regression_test_test.cpp.\n"
        "// Each test passes: the faults that it is about are not those of this channel.\n" +
        headers();
    for (const counterexample& c : {barging_example(), swapped_example(), asleep_example(), busy_example(),
                                    every_verb_example(), generated_example(4, false), generated_example(8, true),
                                    reacting_example(0), reacting_example(1), reacting_example(2)})
        text += body_of(c);
    expect_golden("../generated_regressions.cpp", text);
}

TEST(regression_test, every_generated_program_gives_a_test_that_says_each_of_its_steps) {
    for (std::uint64_t i = 0; i < 300; ++i) {
        const counterexample c = generated_example(i, i % 2 == 0, capabilities::all());
        const std::string text = to_regression_test(c);
        const std::size_t steps = std::get<sequential_run>(c.run).steps.size();
        EXPECT_NE(text.find(fmt::format("  // {}. ", steps)), text.npos) << text;
        EXPECT_EQ(text.find("verify::"), text.npos);
        EXPECT_EQ(text.find("detail::"), text.npos);
    }
}

TEST(regression_test, what_a_target_says_of_itself_stays_in_its_comment) {
    counterexample c = barging_example();
    c.target = "evil\n#error \\";
    c.property = "a law\\\nint x;";
    const std::string text = to_regression_test(c);
    for (const std::string& line : lines_in(text)) {
        EXPECT_FALSE(line.starts_with("#error") || line.starts_with("int x"));
        EXPECT_FALSE(line.starts_with("//") && line.ends_with('\\')) << line;
    }
}

TEST(regression_test, its_name_is_an_identifier) {
    counterexample c = barging_example();
    EXPECT_EQ(test_name_of(c), "try_send_no_barging_seed_1_program_41");
    c.clauses.clear();
    c.recorded_at = "a/b/core-0.trace:612";
    EXPECT_EQ(test_name_of(c), "a_failure_core_0_trace_612");
}

}  // namespace
}  // namespace tailrace::verify
