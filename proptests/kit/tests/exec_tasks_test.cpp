// Concurrent tasks on targets in other processes: what is sound passes, a race is found as in this process, and a
// target that hangs, crashes or breaks the protocol gets one verdict, whatever its other tasks do.
#include "target/exec_tasks.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaign/check_target.hpp"
#include "campaign/engines.hpp"
#include "campaign/replay.hpp"
#include "engine/threads.hpp"
#include "report/token.hpp"

namespace tailrace::verify {
namespace {

/// No target that answers takes so long.
constexpr std::chrono::milliseconds ages = std::chrono::minutes(5);
constexpr std::chrono::milliseconds a_moment{50};

exec_command spoken(std::string_view how, std::chrono::milliseconds patience = ages) {
    return {.command = TAILRACE_SPOKEN_REFERENCE " tasks " + std::string(how), .patience = patience};
}

target tasks_of(std::string_view how) { return as_tasks(make_exec_target(spoken(how))); }

threads_options small(std::uint64_t programs) {
    threads_options o;
    o.programs = programs;
    o.repeats = 20;
    return o;
}

task_step taking(const char* step, std::uint32_t name = 0) {
    task_step t{.step = model::parse_step(step)};
    if (name != 0) t.step.operation = name;
    return t;
}
task_step blocking(const char* step) { return {.step = model::parse_step(step), .waits = true, .blocks = true}; }

std::string answers(const std::vector<model::event>& log) {
    std::string text;
    for (const model::event& e : log) text += (e.answer ? to_string(*e.answer) : "none") + ';';
    return text;
}

/// One task closes the receiver, which the target takes as an occasion.
thread_run run_close(const target& t) { return thread_runner().run(t, {1, {}, {{taking("r close")}}}, {}); }

// ---- What keeps to the protocol

TEST(exec_tasks, a_sound_channel_passes) {
    const target t = tasks_of("");
    const threads_result r = run_threads(t, small(150));
    ASSERT_FALSE(r.failure) << r.failure->judgement.problem << '\n' << to_string(r.failure->smallest);
    EXPECT_EQ(r.histories, 300U);
    EXPECT_EQ(r.unknown, 0U);
    thread_runner on;
    std::size_t blocked = 0;
    for (std::uint64_t i = 0; i < 20; ++i) blocked += on.run(t, generate_concurrent(t, 1, i), {.seed = i}).blocked;
    EXPECT_GT(blocked, 10U);
}

TEST(exec_tasks, what_a_task_makes_has_the_name_of_the_program) {
    const concurrent_program p{1,
                               {model::parse_step("s0 clone")},
                               {{taking("s1 clone", 100), taking("s100 try_send v1"), taking("drop s100")},
                                {taking("s0 clone", 200), taking("s200 is_closed"), taking("advance 3ms")}}};
    const thread_run was = thread_runner().run(tasks_of(""), p, {});
    EXPECT_EQ(was.problem, "");
    EXPECT_EQ(answers(was.history.before), "s1;");
    EXPECT_EQ(answers(was.history.tasks.at(0)), "s100;ok;ok;");
    EXPECT_EQ(answers(was.history.tasks.at(1)), "s200;false;ok;");
}

TEST(exec_tasks, a_call_that_waits_for_another_task_is_answered_after_it) {
    const concurrent_program p{
        1,
        {model::parse_step("s0 try_send v1")},
        {{blocking("s0 send v2 as f100")}, {blocking("r recv as f200"), blocking("r recv as f201")}}};
    const thread_run was = thread_runner().run(tasks_of(""), p, {});
    EXPECT_EQ(was.problem, "");
    EXPECT_EQ(answers(was.history.tasks.at(0)), "ok;");
    EXPECT_EQ(answers(was.history.tasks.at(1)), "some v1;some v2;");
}

TEST(exec_tasks, a_program_of_one_thread_may_come_between) {
    const target t = make_exec_target(spoken(""));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(run_close(as_tasks(t)).problem, "");
        EXPECT_FALSE(run_sequential(t, {.programs = 5}).failure);
    }
}

TEST(exec_tasks, the_conversation_in_the_document_is_what_a_target_says) {
    const auto late = dialogue::clock::now() + ages;
    dialogue document("sed -n 's/^    \\([<>]\\)\\1 /\\1/p' " TAILRACE_TRACES_DIR "/../../docs/protocol.md");
    dialogue to(TAILRACE_SPOKEN_REFERENCE " tasks");
    std::string line;
    do {
        ASSERT_EQ(to.listen(line, late), dialogue::heard::line);
    } while (line != "ready");
    std::vector<std::string> expected;  // in any order, until something is said
    std::size_t lines = 0;
    const auto hear = [&] {
        std::vector<std::string> got(expected.size());
        for (std::string& one : got) ASSERT_EQ(to.listen(one, late), dialogue::heard::line);
        EXPECT_TRUE(std::ranges::is_permutation(got, expected)) << expected.front();
        expected.clear();
    };
    for (; document.listen(line, late) == dialogue::heard::line; ++lines) {
        const std::string text = line.substr(1);
        if (line.starts_with('<')) {
            expected.push_back(text);
            continue;
        }
        hear();
        to.say(text + '\n');
    }
    hear();
    EXPECT_GT(lines, 10U);
}

// ---- What does not

TEST(exec_tasks, a_race_is_found_and_replayed) {
    const target t = make_exec_target(spoken("overfills"));
    const threads_result r = run_threads(as_tasks(t), small(20'000));
    ASSERT_TRUE(r.failure);
    EXPECT_EQ(r.failure->judgement.verdict.is, model::finding::answer) << r.failure->judgement.problem;
    const token again{"0.1.0", model::engine::threads, t.name, r.failure->smallest};
    EXPECT_TRUE(replay(parse_token(to_string(again)), t, {}, {.patience = ages, .most_runs = 100'000}).failed())
        << to_string(r.failure->smallest);
}

TEST(exec_tasks, a_call_that_is_left_asleep_is_a_failure_of_the_history_and_its_thread_is_not_left_behind) {
    target t = tasks_of("forgets");
    t.patience = a_moment;
    const concurrent_program p{
        1, {model::parse_step("s0 try_send v1")}, {{blocking("s0 send v2 as f100")}, {taking("r try_recv")}}};
    thread_runner on;
    for (std::uint64_t i = 0;; ++i) {  // until the send is the first
        const thread_run was = on.run(t, p, {.seed = i});
        EXPECT_FALSE(was.left_behind);
        if (!was.stuck) continue;
        EXPECT_EQ(judge(was, 100'000).verdict.is, model::finding::asleep);
        EXPECT_EQ(was.problem, "");
        break;
    }
    EXPECT_FALSE(on.run(t, {1, {}, {{taking("s0 try_send v1")}}}, {}).stuck) << "the next program has a new process";
}

TEST(exec_tasks, a_crash_ends_all_tasks_and_leaves_nothing) {
    {
        const concurrent_program p{
            1, {}, {{blocking("s0 send v1 as f100"), blocking("s0 send v2 as f101")}, {taking("r close")}}};
        const thread_run was = thread_runner().run(tasks_of("crashes"), p, {});
        EXPECT_EQ(was.lost, no_answer::why::ended);
        EXPECT_TRUE(was.problem.starts_with("it ended: signal 6, Aborted; not answered: ")) << was.problem;
        EXPECT_NE(was.problem.find("'r close'; it wrote: assertion failed: cannot close?"), std::string::npos)
            << was.problem;
        EXPECT_EQ(answers(was.history.tasks.at(1)), "none;") << "the step is there";
        EXPECT_FALSE(was.left_behind);
    }
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
    EXPECT_EQ(errno, ECHILD);
}

TEST(exec_tasks, a_step_that_hangs_is_ended_after_its_time) {
    for (const std::string_view how : {"hangs", "spins", "shouts"}) {
        target t = tasks_of(how);
        const auto link = std::make_shared<exec_link>(spoken(how, a_moment));
        t.open_tasks = [link](std::uint64_t capacity, session_events& events, bool) {
            return open_exec_tasks(link, capacity, events);
        };
        const thread_run was = run_close(t);  // the introduction may be late too: then the verdict is the same
        EXPECT_EQ(was.lost, no_answer::why::late) << how;
        EXPECT_TRUE(was.problem.starts_with("no answer within 50 ms")) << was.problem;
        EXPECT_FALSE(was.left_behind);
    }
}

TEST(exec_tasks, what_is_not_understood_is_one_verdict) {
    const std::pair<std::string_view, std::string_view> all[] = {
        {"garbles", "expected an answer, found 'okay'"},
        {"refuses", "it refuses: what is a close?"},
        {"mislabels", "expected the answer to a step that was asked for, found 'r close -> ok'"},
        {"answers-another", "expected the answer to a step that was asked for, found 'r len -> 0'"},
        {"never-ends-a-line", "a line of more than 1048576 bytes"},
    };
    for (const auto& [how, what] : all) {
        const thread_run was = run_close(tasks_of(how));
        EXPECT_EQ(was.lost, how == "refuses" ? no_answer::why::refused : no_answer::why::misspoke) << how;
        EXPECT_NE(was.problem.find(what), std::string::npos) << was.problem;
    }
}

TEST(exec_tasks, capabilities_of_tasks_that_cannot_be_are_refused) {
    const auto refusal_of = [](std::string_view how) -> std::string {
        try {
            (void)make_exec_target(spoken(how));
        } catch (const std::runtime_error& e) {
            return e.what();
        }
        return "none";
    };
    EXPECT_NE(refusal_of("boasts-of-tasks")
                  .find("its introduction:5:25: expected a capability of tasks in another process, found 'send'"),
              std::string::npos)
        << refusal_of("boasts-of-tasks");
    EXPECT_NE(refusal_of("has-no-way-out").find("5:7: expected 'try_send' and 'try_recv', which end calls that wait"),
              std::string::npos)
        << refusal_of("has-no-way-out");
}

// ---- The report, and the check of the protocol

TEST(exec_tasks, a_crash_is_counted_as_such_and_can_be_repeated) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = 500;
    j.seed = 1;
    const target t = make_exec_target(spoken("crashes"));
    const engine_report r = run_threads_engine(j, t, {});
    ASSERT_EQ(r.failures.size(), 1U);
    EXPECT_EQ(r.failures.front().is, failure::kind::crash);
    const std::string again = "replay \\\n--target 'exec:" TAILRACE_SPOKEN_REFERENCE " tasks crashes' \\\ntr1.";
    EXPECT_NE(r.failures.front().text.find(again), std::string::npos) << r.failures.front().text;
    EXPECT_TRUE(replay(parse_token(token_of(*r.failures.front().example)), t, {}, {.patience = ages}).failed());
}

std::string checked(std::string_view how) {
    std::FILE* const to = std::tmpfile();
    (void)check_target(spoken(how), to);
    std::string text(static_cast<std::size_t>(std::ftell(to)), '\0');
    std::rewind(to);
    (void)std::fread(text.data(), 1, text.size(), to);
    std::fclose(to);
    return text;
}

TEST(check_target, tries_tasks_if_there_are_any) {
    EXPECT_NE(checked("").find("ok    programs of several tasks at once: 500 programs\nok    the end of its input"),
              std::string::npos)
        << checked("");
    const std::string text = checked("mislabels");
    EXPECT_NE(text.find("FAIL  programs of several tasks at once: its answer:"), std::string::npos) << text;
    EXPECT_NE(text.find("its tasks:\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace tailrace::verify
