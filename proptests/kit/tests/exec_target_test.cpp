// Targets in other processes: the reference channel behind the protocol gets the same verdicts as in this process, and
// a target that breaks the protocol gets one clear verdict, whatever it does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/check_target.hpp"
#include "campaign/engines.hpp"
#include "oracle_support.hpp"
#include "support/children.hpp"
#include "target/exec_target.hpp"

namespace tailrace::verify {
namespace {

/// No target that answers takes so long.
constexpr std::chrono::milliseconds ages = std::chrono::minutes(5);
/// For targets that never answer.
constexpr std::chrono::milliseconds a_moment{50};

exec_command spoken(std::string_view how, std::chrono::milliseconds patience = ages) {
    return {.command = TAILRACE_SPOKEN_REFERENCE " " + std::string(how), .patience = patience};
}

sequential_failure failure_on(const exec_command& c) {
    const sequential_result r = run_sequential(make_exec_target(c), {.programs = 500});
    if (!r.failure) throw std::runtime_error("it has not failed");
    return *r.failure;
}

/// The target takes programs until one closes the receiver; that is shrunk to the close alone.
void expect_at_the_close(std::string_view how, aspect differs, std::string_view note) {
    const sequential_failure f = failure_on(spoken(how));
    ASSERT_EQ(f.trace.lines.size(), 1U) << model::to_string(f.trace);
    EXPECT_EQ(model::to_string(f.trace.lines.front()), "r close -> ok");
    EXPECT_EQ(f.last.differs, std::vector{differs});
    ASSERT_FALSE(f.last.notes.empty());
    EXPECT_EQ(f.last.notes.front(), note);
}

/// A target that never answers a close is given a moment for it. If the machine is so slow that not even the
/// introduction comes in that time, the verdict is the same.
sequential_failure failure_in_time(std::string_view how, bool foresees = true) {
    target t = make_exec_target(spoken(""));
    t.foresees = foresees;
    const auto link = std::make_shared<exec_link>(spoken(how, a_moment));
    t.open = [link](std::uint64_t capacity) { return open_exec_session(link, capacity); };
    const std::optional<sequential_failure> f = take_again(t, {1, {model::parse_step("r close")}});
    if (!f) throw std::runtime_error("it has not failed");
    return *f;
}

/// A target of one capability that answers by editing what it reads.
exec_command by_sed(std::string_view can, std::string_view commands) {
    return {.command = fmt::format("printf 'tailrace-target 1\\nname sed\\nversion 4\\ncan {}\\nready\\n'; "
                                   "sed -u -e /^flush$/d -e 's/^advance.*/& -> ok/' {}",
                                   can, commands),
            .patience = ages};
}

/// What is said of the last step, on a channel of capacity 1.
std::string complaint_about(const exec_command& c, std::initializer_list<std::string_view> steps) {
    script s{1, {}};
    for (const std::string_view one : steps) s.steps.push_back(model::parse_step(one));
    const std::optional<sequential_failure> f = take_again(make_exec_target(c), s);
    if (!f || f->last.notes.empty()) return "none";
    EXPECT_EQ(f->last.at + 1, steps.size());
    return f->last.notes.front();
}

std::string refusal_of(const exec_command& c) {
    try {
        (void)make_exec_target(c);
    } catch (const std::runtime_error& e) {
        const std::string text = e.what();
        const std::string place = "exec:" + c.command + ": ";
        EXPECT_TRUE(text.starts_with(place)) << text;
        return text.substr(place.size());
    }
    return "none";
}

// ---- A target that keeps to the protocol

TEST(exec, introduces_itself) {
    const target t = make_exec_target(spoken(""));
    EXPECT_EQ(t.name, "spoken");
    EXPECT_EQ(t.summary, "spoken 1.0, by the command " TAILRACE_SPOKEN_REFERENCE " ");
    EXPECT_FALSE(t.capabilities.has(capability::reentrancy));
    EXPECT_FALSE(t.capabilities.has(capability::blocking));
    EXPECT_TRUE(t.capabilities.has(capability::any_capacity));
    EXPECT_FALSE(t.open_tasks);
    exec_command named = spoken("");
    named.name = "mine";
    EXPECT_EQ(make_exec_target(named).name, "mine");
}

TEST(exec, generated_programs_agree_as_in_this_process) {
    const target there = make_exec_target(spoken(""));
    target here = *find_target("reference");
    here.capabilities = there.capabilities;
    const sequential_result r = run_sequential(there, {.programs = 400});
    ASSERT_FALSE(r.failure) << r.failure->last.notes.front() << '\n' << model::to_string(r.failure->trace);
    EXPECT_EQ(r.steps, run_sequential(here, {.programs = 400}).steps);
}

TEST(exec, recorded_traces_agree) {
    const replay_result r = replay(make_exec_target(spoken("")), judge(recorded_traces()));
    EXPECT_EQ(r.traces, recorded_traces().size());
    EXPECT_TRUE(r.differences.empty()) << r.differences.front().notes.front();
}

TEST(exec, steps_that_are_not_foreseen_are_taken_one_by_one) {
    target t = make_exec_target(spoken(""));
    t.foresees = false;
    EXPECT_FALSE(run_sequential(t, {.programs = 20}).failure);
}

TEST(exec, a_program_that_is_left_is_no_burden_for_the_next) {
    const auto link = std::make_shared<exec_link>(spoken(""));
    const std::vector<model::step> steps(3, model::parse_step("r try_recv"));
    for (const bool ahead : {true, false, true}) {
        const std::unique_ptr<session> s = open_exec_session(link, 1);
        if (ahead) s->foresee(steps);
        EXPECT_EQ(model::to_string(s->apply(steps.front())), "empty");
    }
    EXPECT_THROW(
        {
            const std::unique_ptr<session> s = open_exec_session(link, 1);
            s->foresee(steps);
            (void)s->apply(model::parse_step("r close"));
        },
        std::logic_error);
}

constexpr const char* document = TAILRACE_TRACES_DIR "/../../docs/protocol.md";

/// What a cell of a table has as code.
std::vector<std::string> quoted_in(std::string_view cell) {
    std::vector<std::string> all;
    for (std::size_t at = cell.find('`'); at != cell.npos; at = cell.find('`', at)) {
        const std::size_t end = cell.find('`', at + 1);
        all.emplace_back(cell.substr(at + 1, end - at - 1));
        at = end + 1;
    }
    return all;
}

/// As a cell of the document has them.
std::vector<std::string> forms_of(const model::step& s, const model::step& asked) {
    std::vector<std::string> all;
    for (const model::answer& a : answers_to(s, asked, capabilities::all())) {
        if (a.status != model::status::number) all.push_back(model::to_string(a));
    }
    return all;
}

TEST(exec, the_steps_in_the_document_need_these_capabilities_and_have_these_answers) {
    std::ifstream in(document);
    std::size_t steps = 0;
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> cells;
        std::istringstream row(line);
        for (std::string cell; std::getline(row, cell, '|');) cells.push_back(cell);
        if (cells.size() != 5 || quoted_in(cells[2]).empty()) continue;  // of another table, or the heading
        std::vector<std::string> needed;
        for (const std::string& text : quoted_in(cells[2])) {
            const model::step s = model::parse_step(text);
            if (const std::optional<capability> c = needed_for(s)) needed.emplace_back(to_string(*c));
            EXPECT_EQ(quoted_in(cells[3]), forms_of(s, s)) << text;
            EXPECT_EQ(quoted_in(cells[4]), forms_of(model::parse_step("poll f0"), s)) << text;
            ++steps;
        }
        EXPECT_EQ(quoted_in(cells[1]), needed) << line;
    }
    EXPECT_GE(steps, 12U);
}

TEST(exec, the_marks_in_the_document_are_those_of_the_reference) {
    std::ifstream in(document);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::unique_ptr<session> s = find_target("reference")->open(2);
    std::string last;
    for (const char* step : {"s0 try_send v1", "s0 try_send v2", "s0 send v3 as f0", "poll f0", "drop r"})
        last = fmt::format("`{} -> {}`", step, model::to_string(s->apply(model::parse_step(step))));
    EXPECT_NE(text.find(last), text.npos) << last;
}

TEST(exec, the_conversation_in_the_document_is_what_a_target_says) {
    const auto all_lines = [](const std::string& command) {
        std::string text;
        dialogue d(command);
        const auto late = dialogue::clock::now() + ages;
        for (std::string line; d.listen(line, late) == dialogue::heard::line;) text += line + '\n';
        return text;
    };
    const std::string expected = all_lines(fmt::format("sed -n 's/^    < //p' {}", document));
    EXPECT_TRUE(expected.starts_with("trace 7 capacity 1\n")) << expected;
    const std::string said =
        all_lines(fmt::format("sed -n 's/^    > //p' {} | {}", document, TAILRACE_SPOKEN_REFERENCE));
    EXPECT_EQ(said.substr(said.find("ready\n") + 6), expected);
}

// ---- At the introduction

TEST(exec, a_command_that_is_not_there_is_refused) {
    const std::string text = refusal_of({.command = "/nowhere/target", .patience = ages});
    EXPECT_TRUE(text.starts_with("it ended: exit status 127; it wrote: ")) << text;
    EXPECT_NE(text.find("not found"), std::string::npos) << text;
}
TEST(exec, a_target_that_leaves_at_once_is_refused_with_its_own_words) {
    EXPECT_EQ(refusal_of(spoken("leaves")), "it ended: exit status 3; it wrote: no licence found");
    EXPECT_EQ(refusal_of({.command = "echo Traceback: >&2; echo '  line 1' >&2; exit 1", .patience = ages}),
              "it ended: exit status 1; it wrote: Traceback:   line 1");
}
TEST(exec, a_target_that_says_nothing_is_refused) {
    EXPECT_EQ(refusal_of(spoken("is-silent", a_moment)), "no answer within 50 ms");
}
TEST(exec, another_version_of_the_protocol_is_refused) {
    EXPECT_EQ(refusal_of(spoken("is-old")), "its introduction:1:17: expected version 1 of the protocol, found '0'");
}
TEST(exec, an_unknown_capability_is_refused) {
    EXPECT_EQ(refusal_of(spoken("boasts")),
              "its introduction:4:14: expected a capability of a target in another process, found 'recv_may'; did you "
              "mean 'recv_many'?");
}
TEST(exec, a_capability_within_one_process_is_refused) {
    EXPECT_EQ(refusal_of({.command = "printf 'tailrace-target 1\\ncan blocking\\n'", .patience = ages}),
              "its introduction:2:5: expected a capability of a target in another process, found 'blocking'");
}
TEST(exec, a_target_without_a_name_is_refused) {
    EXPECT_EQ(refusal_of(spoken("has-no-name")),
              "its introduction:2:6: expected a name of 1 to 40 printable characters without spaces, found the end of "
              "the line");
}
TEST(exec, a_program_that_is_no_target_is_refused) {
    EXPECT_EQ(refusal_of({.command = "echo hello world", .patience = ages}),
              "its introduction:1:1: expected 'tailrace-target 1', found 'hello world'");
    EXPECT_EQ(refusal_of({.command = "echo tailrace-target 1; echo hello", .patience = ages}),
              "its introduction:2:1: expected 'name', 'version', 'can', 'tasks' or 'ready', found 'hello'");
}
/// Another name in each process.
exec_command inconstant(std::string_view then = "cat") {
    return {.command = "n=$$; printf 'tailrace-target 1\\nname n%s\\nversion 1\\ncan try_send\\nready\\n' $n; " +
                       std::string(then),
            .patience = ages};
}
constexpr std::string_view in_another_way = "it introduces itself in another way than at first";

TEST(exec, a_target_that_introduces_itself_in_another_way_later_fails) {
    EXPECT_EQ(failure_on(inconstant()).last.notes.front(), in_another_way);
}
TEST(exec, after_a_fork_the_child_starts_a_target_of_its_own) {
    exec_link link(inconstant());
    (void)link.meet();
    const auto in_child = [&](pulse&) -> std::string {
        try {
            link.begin(1);
        } catch (const no_answer& e) {
            return e.what();
        }
        return "it is the same";
    };
    EXPECT_EQ(in_children({in_child}, ages).front().text, in_another_way);
    (void)link.meet();
    link.begin(1);
    EXPECT_EQ(link.hear(), "trace 1 capacity 1") << "the parent has kept its own";
}

TEST(exec, a_target_that_refuses_the_rest_of_a_program_is_not_started_again) {
    exec_link link(inconstant("sed -u 's/^r close/error it is closed/'"));
    link.begin(1);
    link.say("r close\n", true);
    link.begin(1);
    EXPECT_EQ(link.hear(), "trace 2 capacity 1");
}
TEST(exec, a_flood_after_a_difference_is_not_read_for_ever) {
    exec_link link({.command = "printf 'tailrace-target 1\\nname n\\nversion 1\\ncan try_send\\nready\\n'; "
                               "while read -r line; do case $line in r*) yes ;; *) echo $line ;; esac; done",
                    .patience = ages});
    link.begin(1);
    link.say("r close\n", true);
    link.begin(1);
    EXPECT_EQ(link.hear(), "trace 1 capacity 1") << "of another process";
}

// ---- In the middle of a program

TEST(exec, a_crash_is_one_verdict_with_the_standard_error) {
    expect_at_the_close("crashes", aspect::ended, "it ended: signal 6, Aborted");
    EXPECT_EQ(failure_on(spoken("crashes")).last.notes.back(), "standard error: assertion failed: cannot close");
}
TEST(exec, an_exit_is_one_verdict) { expect_at_the_close("exits", aspect::ended, "it ended: exit status 3"); }
TEST(exec, garbage_is_one_verdict_with_its_place) {
    expect_at_the_close("garbles", aspect::protocol, "its answer:2:12: expected 'ok', found 'okay'");
}
TEST(exec, an_answer_that_the_step_cannot_have_is_one_verdict_that_says_which_it_can) {
    EXPECT_EQ(complaint_about(by_sed("try_send", "-e 's/^s0 try_send v1/& -> ok/' -e 's/^s0 try_send v2/& -> full/'"),
                              {"s0 try_send v1", "s0 try_send v2"}),
              "its answer:3:19: expected 'ok', 'full v2' or 'closed v2', found 'full'");
    EXPECT_EQ(complaint_about(by_sed("sender_len", "-e 's/^s0 len/& -> x/'"), {"s0 len"}),
              "its answer:2:11: expected a number, found 'x'");
    EXPECT_EQ(complaint_about(by_sed("clone", "-e 's/^s0 clone/& -> ok/'"), {"s0 clone"}),
              "its answer:2:13: expected 's1', found 'ok'");
    EXPECT_EQ(complaint_about(by_sed("clone", "-e 's/^s0 clone/& -> p1/'"), {"s0 clone"}),
              "its answer:2:13: expected 's1', found 'p1'");
}
TEST(exec, an_answer_to_a_poll_is_one_to_its_operation) {
    constexpr std::string_view sends = "-e 's/^s0 send.*/& -> created/' -e 's/^poll f0/& -> closed v1/'";
    EXPECT_EQ(complaint_about(by_sed("send", sends), {"s0 send v1 as f0", "poll f0"}),
              "its answer:3:12: expected 'ok', 'pending' or 'closed', found 'closed v1'")
        << "without send_returns_value";
    EXPECT_EQ(complaint_about(by_sed("recv", "-e 's/^r recv.*/& -> created/' -e 's/^poll f0/& -> ok/'"),
                              {"r recv as f0", "poll f0"}),
              "its answer:3:12: expected 'some v1', 'none' or 'pending', found 'ok'");
}
TEST(exec, every_answer_of_the_specification_has_a_form) {
    const generator generate(capabilities::all());
    for (std::uint64_t i = 0; i < 300; ++i) {
        std::map<std::uint32_t, model::step> created;
        for (const model::line& l : interpret(generate(i)).lines) {
            if (model::creates_operation(l.step.what, l.step.subject.kind)) created[l.step.operation] = l.step;
            const bool polls = l.step.what == model::verb::poll;
            const auto forms = answers_to(l.step, polls ? created[l.step.subject.number] : l.step, capabilities::all());
            const model::answer& a = l.expected.answer;
            EXPECT_TRUE(std::ranges::any_of(forms, [&a](const model::answer& form) {
                return form.status == a.status && form.value.has_value() == a.value.has_value() &&
                       form.made.kind == a.made.kind;
            })) << model::to_string(l);
        }
    }
}
TEST(exec, a_refusal_of_the_target_is_one_verdict) {
    expect_at_the_close("refuses", aspect::protocol, "it refuses: what is a close?");
}
TEST(exec, an_answer_to_another_step_is_one_verdict) {
    expect_at_the_close("answers-another", aspect::protocol,
                        "its answer:2:1: expected the answer to 'r close', found that to 'r len'");
}
TEST(exec, a_line_too_many_is_one_verdict) {
    expect_at_the_close("answers-twice", aspect::protocol, "its answer:3:1: expected 'end', found 'r close -> ok'");
}
TEST(exec, a_flood_of_lines_is_one_verdict) {
    expect_at_the_close("floods", aspect::protocol, "its answer:3:1: expected 'end', found 'r close -> ok'");
}
TEST(exec, a_line_without_an_end_is_one_verdict) {
    expect_at_the_close("never-ends-a-line", aspect::protocol, "its answer:2: a line of more than 1048576 bytes");
}
TEST(exec, answers_out_of_order_are_one_verdict) {
    const sequential_failure f = failure_on(spoken("answers-out-of-order"));
    EXPECT_EQ(f.last.differs, std::vector{aspect::protocol});
    EXPECT_EQ(model::to_string(f.trace.lines[f.last.at].step), "r close") << model::to_string(f.trace);
    EXPECT_TRUE(f.last.notes.front().starts_with("its answer:")) << f.last.notes.front();
}
TEST(exec, a_line_after_the_end_is_one_verdict) {
    const sequential_failure f = failure_on(spoken("adds-a-line"));
    EXPECT_EQ(f.last.differs, std::vector{aspect::protocol});
    EXPECT_TRUE(f.last.notes.front().ends_with("found 'and more'")) << f.last.notes.front();
}
TEST(exec, a_hang_is_one_verdict) {
    for (const std::string_view how : {"hangs", "spins", "shouts"}) {
        const sequential_failure f = failure_in_time(how);
        EXPECT_EQ(f.last.differs, std::vector{aspect::late}) << how;
        EXPECT_EQ(f.last.notes.front(), "no answer within 50 ms") << how;
    }
}
TEST(exec, a_target_that_never_flushes_fails_only_step_by_step) {
    EXPECT_EQ(failure_in_time("never-flushes", false).last.differs, std::vector{aspect::late});
    EXPECT_FALSE(run_sequential(make_exec_target(spoken("never-flushes")), {.programs = 20}).failure);
}

// ---- The report, and the check of the protocol

TEST(exec, hangs_and_crashes_are_counted_as_such) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = 500;
    j.seed = 1;
    const engine_report crash = run_sequential_engine(j, make_exec_target(spoken("crashes")), {});
    ASSERT_EQ(crash.failures.size(), 1U);
    EXPECT_EQ(crash.failures.front().is, failure::kind::crash);
    EXPECT_NE(crash.failures.front().text.find("standard error: assertion failed: cannot close"), std::string::npos)
        << crash.failures.front().text;
    const std::string again = "replay \\\n--target 'exec:" TAILRACE_SPOKEN_REFERENCE " crashes' \\\ntr1.";
    EXPECT_NE(crash.failures.front().text.find(again), std::string::npos) << crash.failures.front().text;
    const target t = make_exec_target(spoken("hangs"));
    EXPECT_EQ(failure_of(example_of(failure_in_time("hangs"), {}, t, model::engine::sequential)).is,
              failure::kind::hang);
}

std::pair<bool, std::string> checked(const exec_command& c) {
    std::FILE* const to = std::tmpfile();
    const bool ok = check_target(c, to);
    std::string text(static_cast<std::size_t>(std::ftell(to)), '\0');
    std::rewind(to);
    (void)std::fread(text.data(), 1, text.size(), to);
    std::fclose(to);
    return {ok, text};
}

TEST(check_target, a_target_that_keeps_to_the_protocol_passes) {
    const auto [ok, text] = checked(spoken(""));
    EXPECT_TRUE(ok) << text;
    EXPECT_TRUE(text.starts_with("ok    it introduces itself: spoken 1.0\n")) << text;
    EXPECT_NE(text.find("lacks  blocking reentrancy\n"), std::string::npos) << text;
    EXPECT_NE(text.find("ok    an empty program\n"), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with("ok    the end of its input ends it\n")) << text;
    EXPECT_EQ(text.find("note"), std::string::npos) << text;
}
TEST(check_target, says_what_it_did_not_understand_and_where) {
    const auto [ok, text] = checked(spoken("garbles"));
    EXPECT_FALSE(ok);
    EXPECT_NE(text.find("FAIL  every form of step that it can, in whole programs: its answer:"), std::string::npos)
        << text;
    EXPECT_NE(text.find("expected 'ok', found 'okay'"), std::string::npos) << text;
}
TEST(check_target, what_was_sent_ends_with_the_step_that_failed) {
    const auto [ok, text] = checked(spoken("garbles"));
    const std::size_t at = text.find("it was sent, and '>' is where it failed:\n    trace ");
    ASSERT_NE(at, std::string::npos) << text;
    EXPECT_LE(std::ranges::count(text.substr(at), '\n'), 19) << text;
    EXPECT_TRUE(text.ends_with("\n  > r close\n")) << text;
    const auto [fine, other] =
        checked({.command = by_sed("try_send", "-e 's/^trace.*/hm/'").command, .patience = ages});
    EXPECT_TRUE(other.ends_with(" failed:\n  > trace 1 capacity 1\n")) << other;
}
TEST(check_target, shows_the_first_answer_that_the_contract_does_not_allow) {
    const auto [ok, text] = checked(by_sed("try_send", "-e 's/^s0 try_send.*/& -> ok/'"));
    EXPECT_TRUE(ok) << text;
    EXPECT_NE(text.find(" of them: an answer that the contract does not allow;"), std::string::npos) << text;
    EXPECT_NE(text.find("was answered by 'ok'; legal: 'full v"), std::string::npos) << text;
    EXPECT_EQ(text.find("of these"), std::string::npos) << text;
}
TEST(check_target, counts_what_is_refused_or_crashes_after_such_an_answer) {
    const auto [ok, text] = checked(by_sed("try_reserve",
                                           "-e 's/^s0 try_reserve/& -> full/' -e '/^p9 /s/.*/error no p9/' "
                                           "-e 's/^p.*/& -> ok/' -e 's/^drop p.*/& -> ok/'"));
    EXPECT_TRUE(ok) << text;
    EXPECT_NE(text.find(" of these: a later step has no answer. The first: it refuses: no p9\n"), std::string::npos)
        << text;
    EXPECT_TRUE(text.ends_with("ok    the end of its input ends it\n")) << text;
    const auto [fine, other] = checked(by_sed("try_reserve",
                                              "-e 's/^s0 try_reserve/& -> full/' -e '/^p9 /Q3' "
                                              "-e 's/^p.*/& -> ok/' -e 's/^drop p.*/& -> ok/'"));
    EXPECT_TRUE(fine) << other;
    EXPECT_NE(other.find(" of these: a later step has no answer. The first: it ended: exit status 3\n"),
              std::string::npos)
        << other;
}
TEST(check_target, garbage_after_such_an_answer_fails) {
    const auto [ok, text] = checked(by_sed("try_reserve", "-e 's/^s0 try_reserve/& -> full/'"));
    EXPECT_FALSE(ok) << text;
    EXPECT_NE(text.find("FAIL  every form of step that it can, in whole programs: its answer:"), std::string::npos)
        << text;
}
TEST(check_target, shows_the_standard_error) {
    const auto [ok, text] = checked(spoken("crashes"));
    EXPECT_FALSE(ok);
    EXPECT_NE(text.find("its standard error:\n"), std::string::npos) << text;
    EXPECT_NE(text.find("cannot close"), std::string::npos) << text;
}
TEST(check_target, a_target_that_never_flushes_fails) {
    const auto [ok, text] = checked(spoken("never-flushes", std::chrono::milliseconds(1'000)));
    EXPECT_FALSE(ok);
    EXPECT_NE(
        text.find(": no answer within 1000 ms\n      does it flush its output after 'flush', 'end' and 'ready'?\n"),
        std::string::npos)
        << text;
}
TEST(check_target, a_target_that_goes_on_after_the_end_of_its_input_fails) {
    exec_command c = spoken("", std::chrono::milliseconds(1'000));
    c.command += "; sleep 600";
    const auto [ok, text] = checked(c);
    EXPECT_FALSE(ok);
    EXPECT_TRUE(text.ends_with("FAIL  the end of its input ends it: it goes on after its input has ended\n")) << text;
}
TEST(check_target, a_target_that_is_not_there_fails) {
    const auto [ok, text] = checked({.command = "/nowhere/target", .patience = ages});
    EXPECT_FALSE(ok);
    EXPECT_TRUE(text.starts_with("FAIL  it introduces itself: it ended: exit status 127\n")) << text;
}

}  // namespace
}  // namespace tailrace::verify
