// The engine `interleavings`: small programs, explored by the simulator beside this program.
#include "engine/interleavings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "campaign/command_line.hpp"
#include "program/concurrent_program.hpp"
#include "report/token.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;

/// Two tasks: the steps of each, those that wait marked by a star.
concurrent_program program(const std::vector<std::string>& before, const std::vector<std::vector<std::string>>& tasks) {
    concurrent_program p;
    for (const std::string& s : before) p.before.push_back(model::parse_step(s));
    std::uint32_t name = names_per_task;
    for (const auto& task : tasks) {
        p.tasks.emplace_back();
        for (const std::string& s : task) {
            task_step t;
            t.waits = s.starts_with('*');
            t.step = model::parse_step(t.waits ? s.substr(1) : s);
            if (t.step.operation == 0) t.step.operation = name;
            ++name;
            p.tasks.back().push_back(t);
        }
    }
    return p;
}

/// Says in the environment which simulator there is, while it lives.
class simulator_is {
  public:
    explicit simulator_is(const std::string& path) { setenv("TAILRACE_INTERLEAVINGS", path.c_str(), 1); }
    ~simulator_is() { unsetenv("TAILRACE_INTERLEAVINGS"); }
    simulator_is(const simulator_is&) = delete;
    simulator_is& operator=(const simulator_is&) = delete;
};

/// A program that is none: it reads a line, and does this.
std::string fake_simulator(const std::string& name, const std::string& then) {
    const fs::path script = fs::path(testing::TempDir()) / ("tailrace-simulator-" + name);
    std::ofstream(script) << "#!/bin/sh\nread line || exit\n" << then << '\n';
    fs::permissions(script, fs::perms::owner_all);
    return script.string();
}

class interleavings : public testing::Test {
  protected:
    void SetUp() override {
        if (!find_simulator().empty()) return;
#ifdef TAILRACE_HAS_SIMULATOR
        FAIL() << "tailrace-interleavings was not found";
#else
        GTEST_SKIP() << "no simulator: it is not built with a sanitizer";
#endif
    }
};

TEST(small_programs, are_small_and_have_no_time) {
    std::size_t waits = 0, observes = 0;
    for (std::uint64_t i = 0; i < 500; ++i) {
        const concurrent_program p = generate_concurrent(capabilities::all(), 3, i, small_programs);
        ASSERT_LE(p.capacity, 2u);
        ASSERT_LE(p.tasks.size(), 3u);
        for (const auto& task : p.tasks) {
            ASSERT_LE(task.size(), 6u) << "three, the first poll of one, a drop, a last receive";
            for (const task_step& t : task) {
                ASSERT_NE(t.step.what, model::verb::advance);
                ASSERT_NE(t.step.what, model::verb::send_timeout);
                ASSERT_NE(t.step.what, model::verb::recv_timeout);
                observes += model::is_observer(t.step.what, t.step.subject.kind) ? 1 : 0;
                ASSERT_FALSE(t.blocks);
                waits += t.waits ? 1 : 0;
            }
        }
    }
    EXPECT_GT(waits, 300u);
    EXPECT_GT(observes, 150u);
}

TEST(small_programs, have_no_two_handles_of_one_name) {
    for (std::uint64_t i = 0; i < 500; ++i) {
        const concurrent_program p = generate_concurrent(capabilities::all(), 3, i, small_programs);
        const bool permit = std::ranges::any_of(p.before, [](const model::step& s) {
            return s.what == model::verb::try_reserve || s.what == model::verb::try_reserve_many;
        });
        const bool reserves = std::ranges::any_of(p.before, [](const model::step& s) {
            return s.what == model::verb::reserve || s.what == model::verb::reserve_many;
        });
        EXPECT_FALSE(permit && reserves) << "p0 twice, once f0 has finished: " << to_string(p);
    }
}

TEST(small_programs, leave_the_large_ones_as_they_were) {
    // As generated with the weights of today, which the small ones share: only a new weight may change these.
    const auto token_of_program = [](std::uint64_t index) {
        return to_string(token{"0", model::engine::threads, "x", generate_concurrent(capabilities::all(), 1, index)});
    };
    EXPECT_EQ(token_of_program(119), "tr1.ATACAXgCAgsAAAAAAQICCwCQAwcAlAMET6EGUk-oBn3KAYsQHBc");
    EXPECT_EQ(token_of_program(129),
              "tr1.ATACAXgBBgoAAAoAAAoAAAsDAAQCAQB9AAMEAwGRAxQBFwEeAQRPoAZ9yAEeAk-tCQIZAx4D3QKw3w");
}

TEST_F(interleavings, both_channels_pass_the_same_programs) {
    for (const char* name : {"reference", "optimized", "optimized:slots=2", "optimized:in-place"}) {
        interleavings_options o;
        o.programs = 60;
        const interleavings_result r = run_interleavings(*find_target(name), o);
        EXPECT_TRUE(r.passed()) << name << ": "
                                << (r.failure ? to_string(r.failure->smallest) + r.failure->problem : "");
        EXPECT_EQ(r.programs, 60u);
        EXPECT_GT(r.executions, 10'000u);
        EXPECT_GT(r.histories, 100u);
        EXPECT_GT(r.complete, 0u);
        EXPECT_EQ(r.unknown, 0u);
        // In the others the task ends before the access at which it was to stall, or nobody else can run then.
        EXPECT_GT(r.stalled, 60u * o.stall_executions / 3);
        EXPECT_LE(r.stalled, 60u * o.stall_executions);
    }
}

TEST_F(interleavings, a_count_of_senders_or_a_senders_len_need_not_fit_into_the_common_order) {
    const target& t = *find_target("optimized");
    EXPECT_FALSE(
        explore_again(t, program({"s0 clone"}, {{"s1 try_send v1", "drop s1"}, {"s0 strong_count", "s0 capacity"}})));
    EXPECT_FALSE(
        explore_again(t, program({"s0 downgrade"}, {{"s0 try_send v1", "drop w0"}, {"r sender_weak_count", "r len"}})));
    EXPECT_FALSE(
        explore_again(t, program({"s0 try_send v1"}, {{"r try_recv", "r close"}, {"s0 is_closed", "s0 len"}})));
}

TEST_F(interleavings, a_stalled_task_goes_on_when_the_others_spin_or_are_blocked) {
    // try_recv waits for the first send, which may have a place and no value yet; then the receive waits for a send.
    const concurrent_program p = program(
        {"s0 clone"}, {{"s1 try_send v1"}, {"s0 try_send v2", "r try_recv", "*r recv as f200", "*r recv as f201"}});
    interleavings_options o;
    o.random_executions = o.bound_executions = 0;
    o.stall_executions = 2'000;
    EXPECT_FALSE(explore_again(*find_target("optimized"), p, o));
    EXPECT_FALSE(explore_again(*find_target("reference"), p, o));
}

TEST_F(interleavings, the_same_seed_and_count_explore_the_same) {
    interleavings_options o;
    o.programs = 20;
    const interleavings_result one = run_interleavings(*find_target("optimized"), o);
    const interleavings_result two = run_interleavings(*find_target("optimized"), o);
    EXPECT_EQ(one.executions, two.executions);
    EXPECT_EQ(one.stalled, two.stalled);
    EXPECT_EQ(one.histories, two.histories);
}

TEST_F(interleavings, histories_are_kept_with_what_happened_before_what) {
    interleavings_options o;
    o.programs = 5;
    o.keep = 100;
    const interleavings_result r = run_interleavings(*find_target("optimized"), o);
    ASSERT_FALSE(r.kept.empty());
    bool anything_ordered = false;
    for (const partial_history& h : r.kept) {
        ASSERT_EQ(h.first.size(), h.events.tasks.size());
        EXPECT_EQ(h.judge().is, model::finding::allowed);
        for (const auto& task : h.first) {
            for (const auto& row : task)
                anything_ordered |= std::ranges::any_of(row, [](std::uint32_t n) { return n > 0; });
        }
    }
    EXPECT_TRUE(anything_ordered);
}

TEST_F(interleavings, a_goal_counts_programs_however_many_histories_one_has) {
    interleavings_options o;
    o.programs = 20;
    o.keep = 1'000;
    const interleavings_result r = run_interleavings(*find_target("optimized"), o);
    ASSERT_GT(r.kept.size(), r.programs) << "some programs have several";
    ASSERT_FALSE(r.reached.empty());
    for (const reach& goal : r.reached) EXPECT_LE(goal.run, r.programs) << goal.what;
}

TEST_F(interleavings, a_program_is_explored_again_and_does_not_fail) {
    const concurrent_program p = program({"s0 clone"}, {{"*s0 send v1 as f100"}, {"*r recv as f200", "s1 capacity"}});
    EXPECT_FALSE(explore_again(*find_target("optimized"), p).has_value());
}

TEST(simulator, is_not_for_a_target_that_is_not_simulated) {
    const simulator_is any("/bin/true");
    std::vector<target> targets(1);
    targets.front().name = "queue";
    const std::array arguments{"verify_queue", "run", "--engine", "interleavings"};
    try {
        (void)parse_command_line(arguments.size(), arguments.data(), {"verify_queue", targets, ""});
        FAIL();
    } catch (const usage_error& e) {
        EXPECT_STREQ(e.what(),
                     "--engine interleavings: queue is not simulated: only the channels that come with the kit are");
    }
}

TEST(partial_history, is_not_in_the_order_of_the_scheduler) {
    // Nothing orders what the second task sees after what the first has done, however late it looks.
    partial_history h;
    h.events.capacity = 1;
    const auto event = [](const char* step, model::answer a, model::instant from) {
        return model::event{model::parse_step(step), false, std::move(a), from, from + 1};
    };
    h.events.tasks = {{event("s0 try_send v1", {}, 1)}, {event("s0 capacity", model::number_answer(1), 5)}};
    h.events.rest = 10;
    h.first = {{{0, 0}}, {{0, 0}}};
    EXPECT_EQ(h.judge().is, model::finding::allowed);
    h.first[1][0][0] = 1;  // now it happens before
    EXPECT_EQ(h.judge().is, model::finding::answer);
}

TEST(simulator, searches_alike_whatever_the_programs_are_generated_from) {
    const fs::path asked = fs::path(testing::TempDir()) / "tailrace-searches";
    fs::remove(asked);
    const simulator_is this_one(fake_simulator("writes", "echo \"$line\" >> '" + asked.string() + "'; kill -SEGV $$"));
    const concurrent_program p = program({}, {{"s0 try_send v1"}, {"r try_recv"}});
    for (const std::uint64_t seed : {1U, 7U}) {
        interleavings_options o;
        o.seed = seed;
        EXPECT_TRUE(explore_again(*find_target("optimized"), p, o).has_value()) << "it crashes";
    }
    std::ifstream written(asked);
    std::string one;
    std::string other;
    std::getline(written, one);
    std::getline(written, other);
    EXPECT_TRUE(one.starts_with("explore optimized capacity 1 random 250 stall 50 ")) << one;
    EXPECT_EQ(one, other) << "or a token could not repeat what was found";
}

TEST(simulator, a_crash_is_a_verdict_and_it_is_started_again) {
    const simulator_is this_one(fake_simulator("crashes", "kill -SEGV $$"));
    interleavings_options o;
    o.most_attempts = 5;
    const interleavings_result r = run_interleavings(*find_target("optimized"), o);
    ASSERT_TRUE(r.failure.has_value());
    EXPECT_EQ(r.programs, 1u);
    EXPECT_NE(r.failure->problem.find("CRASH (signal 11"), std::string::npos) << r.failure->problem;
    EXPECT_GT(r.failure->attempts, 1u) << "it was started again";
}

TEST(simulator, may_have_any_path_and_what_it_wrote_when_it_crashed_is_in_the_verdict) {
    const simulator_is this_one(fake_simulator("it's (1) \"\xc3\xa9\"; a=$b", "echo no luck >&2; kill -SEGV $$"));
    const concurrent_program p = program({}, {{"s0 try_send v1"}, {"r try_recv"}});
    const std::optional<interleavings_failure> f = explore_again(*find_target("optimized"), p);
    ASSERT_TRUE(f);
    EXPECT_EQ(f->problem, "CRASH (signal 11, Segmentation fault; it wrote: no luck?)");
}

TEST(simulator, in_the_middle_of_a_program_when_the_time_is_over_is_ended) {
    const simulator_is silent(fake_simulator("silent", "exec cat >/dev/null"));
    interleavings_options o;
    o.programs = 1;
    o.over = [] { return true; };
    const interleavings_result r = run_interleavings(*find_target("optimized"), o);
    EXPECT_EQ(r.programs, 0U);
    EXPECT_FALSE(r.failure);
}

TEST(simulator, that_cannot_be_run_is_said_in_one_line) {
    const std::string plain_text = fake_simulator("is-plain-text", "");
    fs::permissions(plain_text, fs::perms::owner_read);
    for (const std::string& path : {std::string("/nonexistent/simulator"), std::string("/"), plain_text}) {
        const simulator_is nowhere(path);
        try {
            (void)run_interleavings(*find_target("optimized"), {});
            FAIL() << path << " cannot run";
        } catch (const std::runtime_error& e) {
            EXPECT_EQ(e.what(), "the simulator: cannot run '" + path + "'");
        }
    }
}

TEST_F(interleavings, a_program_that_is_not_simulated_is_said_in_one_line) {
    const concurrent_program timed = program({}, {{"s0 send_timeout v1 5ms as f100"}, {"r try_recv"}});
    try {
        (void)explore_again(*find_target("optimized"), timed);
        FAIL() << "time is not simulated";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "the simulator: program: time is not simulated: s0 send_timeout v1 5ms as f100");
    }
}

}  // namespace
}  // namespace tailrace::verify
