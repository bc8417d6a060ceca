// Tests that the kit finds in the queues of other libraries what README.md says, and nothing else. *_defects_test.cpp
// shows each difference without the kit.
// After a change here run: ci/test -L proptests -R foreign_cpp
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/engines.hpp"
#include "tailrace/model/clauses.hpp"
#include "targets.hpp"

namespace tailrace::verify {
namespace {

using names = std::vector<std::string>;

struct differences {
    names on_one_thread;
    names on_several;  // clauses, or a part of what the report says
};
const std::map<std::string_view, differences> known{
    {"fiber", {}},
    {"moodycamel", {{}, {"recv.order", "The history is linearizable against the specification."}}},
    {"sync_bounded_queue", {{"sender.len"}, {"sender.len", "threw: std::exception"}}},
    {"tbb", {}},
};

std::vector<target> queues() {
    std::vector<target> some = foreign_targets();
    std::erase_if(some, [](const target& t) { return t.name == "asio"; });  // asio_test.cpp
    return some;
}

job job_of(std::uint64_t programs, std::uint64_t seed = 1) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = programs;
    j.seed = seed;
    j.most_failures = 100;
    j.leads = false;
    return j;
}

names clauses_of(const engine_report& r) {
    names all;
    for (const failure& f : r.failures) all.insert(all.end(), f.clauses.begin(), f.clauses.end());
    for (const failure& f : r.failures) {
        if (f.clauses.empty()) all.push_back(f.text);
    }
    return all;
}

class foreign_cpp : public ::testing::TestWithParam<target> {
  protected:
    [[nodiscard]] const differences& expected() const { return known.at(GetParam().name); }

    /// Whether a race is seen is up to the schedule: what is seen has to be known.
    void expect_nothing_but(const names& some, const target& t, std::uint64_t programs) const {
        const engine_report r = run_threads_engine(job_of(programs), t, {});
        for (const failure& f : r.failures) {
            const bool is_known = std::ranges::any_of(some, [&f](const std::string& one) {
                return f.clauses.empty() ? f.text.find(one) != f.text.npos
                                         : std::ranges::find(f.clauses, one) != f.clauses.end();
            });
            EXPECT_TRUE(is_known) << f.text;
        }
    }
};

TEST_P(foreign_cpp, one_thread_finds_these_differences_and_no_others_whatever_the_seed) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        EXPECT_EQ(clauses_of(run_sequential_engine(job_of(2'000, seed), GetParam(), {})), expected().on_one_thread)
            << "seed " << seed;
    }
}

TEST_P(foreign_cpp, every_program_of_six_steps_finds_them) {
    job all = job_of(1'000'000);
    all.depth = 6;
    EXPECT_EQ(clauses_of(run_exhaustive_engine(all, GetParam(), {})), expected().on_one_thread);
}

TEST_P(foreign_cpp, several_threads_find_no_others) {
    ASSERT_TRUE(GetParam().open_tasks);
    expect_nothing_but(expected().on_several, GetParam(), 300);
}

/// The engine ends with the first failure of a target: what else there may be shows without what is known.
TEST_P(foreign_cpp, several_threads_find_none_where_the_known_ones_cannot_be) {
    target t = GetParam();
    if (t.name == "moodycamel") {  // one value has no order, and nothing waits
        t.capabilities = t.capabilities.without(capability::any_capacity).without(capability::blocking);
        t.capacity_for = [](std::uint64_t) { return std::uint64_t{1}; };
    } else {
        t.capabilities = t.capabilities.without(capability::close).without(capability::sender_len);
    }
    expect_nothing_but({}, t, 300);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(foreign_cpp);  // where only Boost's headers are installed
INSTANTIATE_TEST_SUITE_P(on, foreign_cpp, ::testing::ValuesIn(queues()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace tailrace::verify
