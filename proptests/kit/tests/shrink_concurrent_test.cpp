// Smaller concurrent programs: what is taken away leaves the rest under its names, and nothing that matters stays
// behind.
#include "program/shrink_concurrent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using lines = std::vector<std::string>;

concurrent_program program_of(std::uint64_t capacity, const lines& before, const std::vector<lines>& tasks) {
    concurrent_program p;
    p.capacity = capacity;
    for (const std::string& s : before) p.before.push_back(model::parse_step(s));
    for (const lines& task : tasks) {
        p.tasks.emplace_back();
        for (const std::string& s : task) p.tasks.back().push_back({model::parse_step(s)});
    }
    return p;
}

lines text_of(const std::vector<task_step>& task) {
    lines text;
    for (const task_step& t : task) text.push_back(model::to_string(t.step));
    return text;
}

lines text_of(const std::vector<model::step>& steps) {
    lines text;
    for (const model::step& s : steps) text.push_back(model::to_string(s));
    return text;
}

bool has(const std::vector<task_step>& task, const std::string& step) {
    return std::ranges::count(text_of(task), step) > 0;
}

TEST(smaller, senders_keep_their_tasks_when_an_earlier_clone_goes) {
    const concurrent_program p =
        program_of(2, {"s0 clone", "s0 clone"}, {{"s1 try_send v1"}, {"s2 try_send v2", "s2 is_closed"}});
    // The second task has a sender of its own.
    const concurrent_program small = smallest(p, [](const concurrent_program& q) {
        if (q.tasks[1].size() != 2) return false;
        const std::uint32_t s = q.tasks[1][0].step.subject.number;
        return s > 0 && s <= q.before.size() && q.tasks[1][1].step.subject.number == s;
    });
    EXPECT_EQ(text_of(small.before), lines{"s0 clone"});
    EXPECT_TRUE(small.tasks[0].empty());
    EXPECT_EQ(text_of(small.tasks[1]), (lines{"s1 try_send v2", "s1 is_closed"}));
    EXPECT_EQ(small.capacity, 1U);
}

TEST(smaller, what_a_clone_was_made_of_takes_its_place) {
    const concurrent_program p =
        program_of(1, {"s0 clone", "s0 clone", "drop s0"}, {{"s1 capacity"}, {"s2 try_send v1", "drop s2"}});
    // The last sender has to go, whichever it is, after a value has been sent through it.
    const concurrent_program small = smallest(p, [](const concurrent_program& q) {
        const auto clones = std::ranges::count(q.before, model::verb::clone, &model::step::what);
        const auto drops = std::ranges::count(q.before, model::verb::drop, &model::step::what);
        const std::string last = "s" + std::to_string(clones);
        return clones == drops && has(q.tasks[1], last + " try_send v1") && has(q.tasks[1], "drop " + last);
    });
    EXPECT_TRUE(small.before.empty());
    EXPECT_EQ(text_of(small.tasks[1]), (lines{"s0 try_send v1", "drop s0"}));
}

TEST(smaller, two_that_cancel_each_other_out_go_together) {
    const concurrent_program p =
        program_of(1, {}, {{"s0 try_send v1", "s0 try_send v2"}, {"r try_recv", "r try_recv"}});
    // As many are sent as are received, and at least one.
    const concurrent_program small = smallest(
        p, [](const concurrent_program& q) { return !q.tasks[0].empty() && q.tasks[0].size() == q.tasks[1].size(); });
    EXPECT_EQ(small.tasks[0].size(), 1U);
    EXPECT_EQ(small.tasks[1].size(), 1U);
}

TEST(smaller, numbers_and_blocking_forms_are_lowered) {
    concurrent_program p = program_of(4, {}, {{"s0 try_reserve_many 3", "r recv as f100"}});
    p.tasks[0][1].waits = p.tasks[0][1].blocks = true;
    const concurrent_program small = smallest(p, [](const concurrent_program& q) { return q.tasks[0].size() == 2; });
    EXPECT_EQ(small.capacity, 1U);
    EXPECT_EQ(small.tasks[0][0].step.count, 1U);
    EXPECT_TRUE(small.tasks[0][1].waits);
    EXPECT_FALSE(small.tasks[0][1].blocks);
}

TEST(smaller, every_candidate_differs_from_its_program) {
    for (std::uint64_t i = 0; i < 50; ++i) {
        const concurrent_program p = generate_concurrent(capabilities::all(), 3, i);
        for (const reduction reduce : reductions()) {
            for (const concurrent_program& q : reduce(p)) EXPECT_NE(p, q);
        }
    }
}

}  // namespace
}  // namespace tailrace::verify
