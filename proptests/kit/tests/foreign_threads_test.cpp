// Foreign channels on several threads: what an adapter needs for it, and what is found.
// After a change here run: ci/test -L proptests -R foreign_threads
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <variant>

#include "campaign/command_line.hpp"
#include "campaign/engines.hpp"
#include "campaign/replay.hpp"
#include "campaign/report.hpp"
#include "engine/asleep.hpp"
#include "engine/sequential.hpp"
#include "engine/threads.hpp"
#include "foreign_queue.hpp"
#include "report/failure_report.hpp"

namespace tailrace::verify {
namespace {

using foreign::mistake;
using namespace std::chrono_literals;

const engine_entry* engine_of(std::string_view name) {
    return &*std::ranges::find(engines(), name, &engine_entry::name);
}

job job_of(std::uint64_t programs) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = programs;
    j.seed = 1;
    return j;
}

campaign threads_on(const target& t, std::uint64_t programs) {
    how_to_run how;
    how.jobs = 1;
    return run_campaign(job_of(programs), {engine_of("threads")}, {&t}, {}, how);
}

std::size_t length_of_tasks(const model::history& h) {
    std::size_t n = 0;
    for (const auto& task : h.tasks) n += task.size();
    return n;
}

/// As much as a loaded machine can bear: how often the smallest program fails is measured less often.
threads_options small(std::uint64_t programs, std::uint64_t seed) {
    threads_options o;
    o.programs = programs;
    o.seed = seed;
    o.repeats = 40;
    return o;
}

TEST(foreign_threads, an_adapter_is_run_by_threads_unless_it_says_otherwise) {
    const target t = make_target<foreign::api<mistake::none>>("queue", "sound");
    ASSERT_TRUE(t.open_tasks);
    const campaign c = threads_on(t, 300);
    EXPECT_FALSE(c.failed()) << to_text(c);
    EXPECT_EQ(number_of(c.reports[0], "histories"), 600U);
    EXPECT_TRUE(c.reports[0].evidence.contains("thread-safe"));
}

TEST(foreign_threads, a_look_and_a_push_under_two_locks_are_found_shrunk_and_replayed) {
    const target t = make_target<foreign::api<mistake::look_then_push>>("queue", "overfull");
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const threads_result r = run_threads(t, small(5'000, seed));
        ASSERT_TRUE(r.failure) << "seed " << seed;
        EXPECT_LE(length_of_tasks(r.failure->history), 4U) << to_string(r.failure->smallest);
        const token again{"0.1.0", model::engine::threads, t.name, r.failure->smallest};
        EXPECT_TRUE(replay(parse_token(to_string(again)), t, {}, {.patience = 600s}).failed())
            << to_string(r.failure->smallest);
    }
}

TEST(foreign_threads, one_thread_does_not_show_the_race) {
    const target t = make_target<foreign::api<mistake::look_then_push>>("queue", "overfull");
    const sequential_result r = run_sequential(t, {.programs = 2'000});
    EXPECT_FALSE(r.failure);
}

TEST(foreign_threads, an_adapter_for_one_thread_is_left_out_with_that_reason) {
    const target t = make_target<foreign::one_thread_api<mistake::look_then_push>>("queue", "overfull");
    EXPECT_FALSE(t.open_tasks);
    const campaign c = threads_on(t, 100);
    EXPECT_FALSE(c.failed());
    EXPECT_NE(to_summary(c).find("not run: the target says that it is for one thread only"), std::string::npos);
}

TEST(foreign_threads, an_engine_that_was_asked_for_by_name_and_cannot_run_is_refused) {
    const std::vector<target> targets{make_target<foreign::one_thread_api<mistake::none>>("queue", "sound")};
    const program_info program{"verify_queue", targets, "traces", {}};
    const auto refusal = [&](const char* engine) -> std::string {
        const char* const words[] = {"verify_queue", "run", "--engine", engine};
        try {
            (void)parse_command_line(4, words, program);
        } catch (const usage_error& e) {
            return e.what();
        }
        return "none";
    };
    EXPECT_EQ(refusal("threads"), "--engine threads: queue says that it is for one thread only");
    EXPECT_EQ(refusal("interleavings"),
              "--engine interleavings: queue is not simulated: only the channels that come with the kit are");
    EXPECT_EQ(refusal("sequential"), "none");
}

TEST(foreign_threads, a_replay_that_does_not_fail_again_is_unknown_and_says_how_often_it_was_run) {
    const target t = make_target<foreign::api<mistake::none>>("queue", "sound");
    const concurrent_program p = generate_concurrent(t, 1, 0);
    const replayed again = replay({"0.1.0", model::engine::threads, "queue", p}, t, {}, {.most_runs = 20});
    EXPECT_EQ(again.is, replayed::end::unknown);
    EXPECT_EQ(again.text, "UNKNOWN: queue did not fail in 20 runs; that is no proof that the failure is gone\n");
}

TEST(foreign_threads, a_channel_that_can_only_block_is_run_with_calls_that_block) {
    const target t = make_target<foreign::blocking_api<mistake::none>>("queue", "sound");
    const campaign c = threads_on(t, 300);
    EXPECT_FALSE(c.failed()) << to_text(c);
    thread_runner on;
    std::size_t blocked = 0;
    for (std::uint64_t i = 0; i < 200; ++i) blocked += on.run(t, generate_concurrent(t, 1, i), {.seed = i}).blocked;
    EXPECT_GT(blocked, 200U);
}

TEST(foreign_threads, a_wake_that_is_forgotten_leaves_a_call_asleep_for_good) {
    const target t = make_target<foreign::blocking_api<mistake::forgets_to_wake>>("queue", "forgets to wake");
    const threads_result r = run_threads(t, small(2'000, 1));
    ASSERT_TRUE(r.failure);
    EXPECT_EQ(r.failure->judgement.verdict.is, model::finding::asleep) << "found in the history, not by a watch";
    EXPECT_LE(length_of_tasks(r.failure->history), 3U) << to_string(r.failure->smallest);
    const counterexample c = example_of(*r.failure, {}, t);
    EXPECT_NE(what_went_wrong(c).find("left asleep"), std::string::npos);
    EXPECT_TRUE(replay(parse_token(token_of(c)), t, {}, {.patience = 600s}).failed())
        << "its calls block, although the history does not say so";
}

TEST(foreign_threads, a_call_that_throws_is_named) {
    const target t = make_target<foreign::blocking_api<mistake::throws>>("queue", "throws");
    const threads_result r = run_threads(t, small(2'000, 1));
    ASSERT_TRUE(r.failure);
    const std::string what = r.failure->judgement.problem;
    EXPECT_TRUE(what.starts_with("s0 send v")) << what;
    EXPECT_TRUE(what.ends_with(" threw: not here")) << what;
}

TEST(foreign_threads, the_kernel_says_which_threads_sleep) {
    EXPECT_EQ(asleep(gettid()), std::nullopt) << "this one runs";
    EXPECT_EQ(asleep(0), std::nullopt) << "there is none";
}

// ---- Capacities

TEST(foreign_capacity, programs_have_those_that_the_channel_can_have) {
    const target t = make_target<foreign::rounding_api>("rounding", "2^n - 1");
    EXPECT_FALSE(t.capabilities.has(capability::any_capacity));
    EXPECT_EQ(reachable(t, 2), 1U);
    EXPECT_EQ(reachable(t, 3), 3U);
    for (std::uint64_t i = 0; i < 300; ++i) {
        const std::uint64_t capacity = generate_concurrent(t, 1, i).capacity;
        EXPECT_EQ(reachable(t, capacity), capacity);
    }
    const campaign c = run_campaign(job_of(300), {engine_of("sequential"), engine_of("threads")}, {&t});
    EXPECT_FALSE(c.failed()) << to_text(c);
}

TEST(foreign_capacity, one_that_does_not_say_so_differs) {
    const target t = make_target<foreign::silent_rounding_api>("rounding", "2^n - 1");
    EXPECT_TRUE(run_sequential(t, {.programs = 1'000}).failure);
}

TEST(foreign_capacity, a_recording_with_another_is_skipped_by_name) {
    const target t = make_target<foreign::rounding_api>("rounding", "2^n - 1");
    const auto missing = [&t](std::uint64_t capacity) {
        model::trace one;
        one.capacity = capacity;
        return first_missing(t, one);
    };
    EXPECT_EQ(missing(2), capability::any_capacity);
    EXPECT_EQ(missing(3), std::nullopt);
}

struct broken_rounding_api : foreign::rounding_api {
    template <class T>
    static auto open(std::size_t asked) {
        return foreign::api<mistake::newest_first>::open<T>(capacity_for(asked));
    }
};

TEST(foreign_capacity, a_failing_program_is_shrunk_to_one_that_it_can_have) {
    const sequential_result r =
        run_sequential(make_target<broken_rounding_api>("rounding", "newest first"), {.programs = 1'000});
    ASSERT_TRUE(r.failure);
    EXPECT_EQ(r.failure->trace.capacity, 3U) << "two values are needed, and 2 cannot be had";
}

// ---- Tests to paste

TEST(foreign_regression, of_one_thread_goes_through_the_adapter_step_by_step) {
    const target t = make_target<foreign::api<mistake::newest_first>>("queue", "newest first");
    const campaign c = run_campaign(job_of(500), {engine_of("sequential")}, {&t});
    ASSERT_TRUE(c.failed());
    const std::string test = to_regression_test(*c.reports[0].failures.front().example);
    EXPECT_NE(test.find("EXPECT_EQ(take(\"s0 try_send v1\"), \"ok\");"), std::string::npos) << test;
    EXPECT_NE(test.find("// TODO: include the file that defines tailrace::verify::foreign::api<"), std::string::npos)
        << test;
    EXPECT_EQ(test.find("tailrace::channel"), std::string::npos) << test;
}

TEST(foreign_regression, of_several_tasks_is_run_by_the_kit) {
    const target t = make_target<foreign::rounding_api>("queue", "");
    counterexample c;
    c.engine = model::engine::threads;
    c.target = "queue";
    c.adapter = t.adapter;
    concurrent_run run;
    model::event sends;
    sends.step = model::parse_step("s0 try_send v1");
    run.history.tasks = {{sends}};
    c.run = run;
    const std::string test = to_regression_test(c);
    EXPECT_NE(test.find("using adapter = tailrace::verify::foreign::rounding_api;"), std::string::npos) << test;
    EXPECT_NE(test.find("// task 1: s0 try_send v1"), std::string::npos) << test;
    EXPECT_NE(test.find("parse_token("), std::string::npos) << test;
    EXPECT_EQ(test.find("tailrace::channel"), std::string::npos) << test;
}

TEST(foreign_regression, of_a_target_made_by_hand_is_not_there_and_says_why) {
    counterexample c;
    c.target = "hand-made";
    c.adapter.clear();
    sequential_run run;
    run.steps.push_back({.step = model::parse_step("r close"), .expected = {}, .specification = {}, .target = {}});
    c.run = run;
    const std::string test = to_regression_test(c);
    EXPECT_NE(test.find("There is no test to paste"), std::string::npos) << test;
    EXPECT_EQ(test.find("TEST("), std::string::npos) << test;
}

/// What such a test consists of compiles, and fails where it says.
TEST(foreign_regression, its_steps_are_those_that_the_adapter_takes) {
    using adapter = foreign::api<mistake::newest_first>;
    channel_session<adapter> channel(2);
    const auto take = [&channel](std::string_view step) {
        return model::to_string(channel.apply(model::parse_step(std::string(step))));
    };
    EXPECT_EQ(take("s0 try_send v1"), "ok");
    EXPECT_EQ(take("s0 try_send v2"), "ok");
    EXPECT_EQ(take("r try_recv"), "some v2") << "not v1, which was first";
    concurrent_program p;
    p.tasks = {{{.step = model::parse_step("s0 try_send v1")}}};
    EXPECT_FALSE(run_again(make_target<adapter>("queue", ""), p, 10));
}

}  // namespace
}  // namespace tailrace::verify
