// Programs of one thread that crash or hang are shrunk, each attempt in a child process.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "campaign/crash.hpp"
#include "oracle_support.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::verb;

script program(std::initializer_list<const char*> lines) {
    script s{2, {}};
    for (const char* line : lines) s.steps.push_back(model::parse_step(line));
    return s;
}

std::vector<std::string> text_of(const script& s) {
    std::vector<std::string> lines;
    for (const model::step& one : s.steps) lines.push_back(model::to_string(one));
    return lines;
}

TEST(crash, a_program_that_ends_its_process_is_shrunk) {
    const target t = machine_target([](const model::step& s, model::outcome&) {
        if (s.what == verb::close) std::abort();
    });
    const shrunk_script small = shrink_crash(t, program({"s0 try_send v1", "r try_recv", "s0 clone", "r close"}));
    EXPECT_EQ(text_of(small.smallest), std::vector<std::string>{"r close"});
    EXPECT_GT(small.attempts, 0U);
}

TEST(crash, a_program_that_hangs_is_known_by_its_processor_time) {
    const target t = machine_target([](const model::step& s, model::outcome&) {
        for (volatile bool hangs = s.what == verb::close; hangs;) {
        }
    });
    const shrunk_script small = shrink_crash(t, program({"r close"}), 1);
    EXPECT_EQ(small.attempts, 1U);
    EXPECT_EQ(text_of(small.smallest), std::vector<std::string>{"r close"});
}

TEST(crash, a_program_that_ends_well_is_left_as_it_is) {
    const script s = program({"s0 clone", "r close"});
    const shrunk_script small = shrink_crash(machine_target(), s);
    EXPECT_EQ(small.smallest, s);
    EXPECT_EQ(small.attempts, 0U);
}

}  // namespace
}  // namespace tailrace::verify
