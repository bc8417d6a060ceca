// The program as its users meet it: exit status, one clear line for what is wrong, and nothing else
// on the way.
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "command_line_support.hpp"
#include "oracle_support.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {
namespace {

using command_line = command_line_fixture;

constexpr std::string_view good_trace = "trace t capacity 2\ns0 try_send v1 -> ok\nr try_recv -> some v1\nend\n";
constexpr std::string_view wrong_trace =
    "trace t capacity 2\ns0 try_send v1 -> ok\nr try_recv -> empty\nr try_recv -> empty\nend\n";

// ---- What it says without running anything

TEST_F(command_line, help_and_version_are_no_errors) {
    const run_result help = run("--help");
    EXPECT_EQ(help.status, 0);
    EXPECT_EQ(help.error, "");
    EXPECT_NE(help.out.find("Examples:"), std::string::npos);
    const run_result run_help = run("run --help");
    EXPECT_EQ(run_help.status, 0);
    for (const std::string_view option :
         {"--target", "--engine", "--traces", "--clause", "--programs", "--seed", "--corpus", "--report"}) {
        EXPECT_NE(run_help.out.find(option), std::string::npos) << option;
    }
    const run_result version = run("--version");
    EXPECT_EQ(version.status, 0);
    EXPECT_TRUE(version.out.starts_with("tailrace-verify ")) << version.out;
}

TEST_F(command_line, lists_clauses_engines_and_targets) {
    const run_result clauses = run("list clauses");
    EXPECT_EQ(clauses.status, 0);
    for (const model::clause& c : model::clauses()) EXPECT_NE(clauses.out.find(c.name), std::string::npos) << c.name;
    const run_result engines = run("list engines");
    EXPECT_EQ(engines.status, 0);
    EXPECT_TRUE(engines.out.starts_with("oracle ")) << engines.out;
    const run_result targets = run("list targets");
    EXPECT_EQ(targets.status, 0);
    EXPECT_TRUE(targets.out.starts_with("reference ")) << targets.out;
    EXPECT_NE(targets.out.find("\noptimized "), std::string::npos);
    EXPECT_NE(targets.out.find("\noptimized:slots=2 "), std::string::npos);
}

TEST_F(command_line, a_target_in_another_process_is_run_reported_and_replayed) {
    const std::string option = "--target 'mine=exec:" TAILRACE_SPOKEN_REFERENCE " garbles'";
    const run_result failed = run("run --engine sequential --programs 500 --report report " + option);
    EXPECT_EQ(failed.status, 1) << failed.error;
    EXPECT_NE(failed.out.find("sequential fails on mine (capacity 1): r close: its answer:2:12: expected 'ok'"),
              std::string::npos)
        << failed.out;
    EXPECT_NE(failed.out.find("replay \\\n" + option + " \\\ntr1."), std::string::npos) << failed.out;
    EXPECT_NE(text_of(folder_ / "report/report.json").find(" --report report " + option + "\""), std::string::npos);
    for (const std::string_view name : {"report/report.html", "report/report.json", "report/junit.xml"})
        EXPECT_NE(text_of(folder_ / name).find("mine"), std::string::npos) << name;

    const std::size_t at = failed.out.find("tr1.");
    const std::string token = failed.out.substr(at, failed.out.find('\n', at) - at);
    const run_result again = run("replay " + option + ' ' + token);
    EXPECT_EQ(again.status, 1) << again.error;
    EXPECT_NE(again.out.find("its answer:2:12: expected 'ok', found 'okay'"), std::string::npos) << again.out;
    EXPECT_NE(again.out.find("\n  from      a token\n"), std::string::npos) << again.out;
    expect_refused(
        "replay " + token,
        "tailrace-verify: the token is of a target 'mine', which this program does not have without --target "
        "exec:COMMAND; see tailrace-verify --help");
    expect_refused("replay --target exec:" TAILRACE_SPOKEN_REFERENCE " " + token,
                   "tailrace-verify: the token is of a target 'mine', and --target has another one: NAME=exec:COMMAND "
                   "names it; see tailrace-verify --help");
}

TEST_F(command_line, a_target_in_another_process_that_cannot_be_checked_is_refused) {
    const std::string see = "; see tailrace-verify --help";
    expect_refused("run --target exec:",
                   "tailrace-verify: --target expected a command after 'exec:', found nothing" + see);
    expect_refused(
        "run --target =exec:true",
        "tailrace-verify: --target expected a name of 1 to 40 printable characters before '=', found ''" + see);
    expect_refused("run --target reference=exec:" TAILRACE_SPOKEN_REFERENCE,
                   "exec:" TAILRACE_SPOKEN_REFERENCE
                   ": there is a target 'reference' already: name this one by "
                   "NAME=exec:" TAILRACE_SPOKEN_REFERENCE);
    expect_refused("run --target exec:true", "exec:true: it ended: exit status 0");
    expect_refused("run --engine threads --target exec:" TAILRACE_SPOKEN_REFERENCE,
                   "tailrace-verify: --engine threads: spoken says that it is for one thread only" + see);
    expect_refused("run --timeout 0 --target exec:true",
                   "tailrace-verify: --timeout expected a number from 1, found '0'" + see);
    expect_refused("run --timeout 25001 --target exec:true",
                   "tailrace-verify: --timeout expected a number from 1 to 25000, found '25001'" + see);
    expect_refused("check-target",
                   "tailrace-verify: check-target expected the command of a target, found nothing; see "
                   "tailrace-verify check-target --help");
    const run_result well = run("check-target " TAILRACE_SPOKEN_REFERENCE);
    EXPECT_EQ(well.status, 0) << well.out;
    EXPECT_EQ(run("check-target 'echo hello'").status, 1);
    const run_result threads =
        run("run --engine threads --programs 20 --target 'exec:" TAILRACE_SPOKEN_REFERENCE " tasks'");
    EXPECT_EQ(threads.status, 0) << threads.out;
}

TEST_F(command_line, an_engine_asked_for_by_name_that_cannot_run_is_refused) {
    expect_refused(
        "run --engine interleavings",
        "tailrace-verify: --engine interleavings: there is no tailrace-interleavings beside this program (the variable "
        "TAILRACE_INTERLEAVINGS can name it); see tailrace-verify --help",
        "TAILRACE_INTERLEAVINGS=");
    const run_result unasked = run("run --programs 1 --target optimized", "TAILRACE_INTERLEAVINGS=");
    EXPECT_EQ(unasked.status, 0) << unasked.error << unasked.out;
    EXPECT_NE(unasked.out.find("not run: there is no tailrace-interleavings"), std::string::npos) << unasked.out;
}

TEST_F(command_line, a_run_says_when_it_ran_on_what_and_how_it_was_called) {
    write("in/a.trace", good_trace);
    EXPECT_EQ(run("run --engine oracle --target reference --traces in --report report --junit out.xml").status, 0);
    const std::string said = text_of(folder_ / "out.txt");
    EXPECT_NE(said.find("\nrun       20"), std::string::npos) << said;
    EXPECT_NE(said.find(" UTC, "), std::string::npos);
    EXPECT_NE(said.find("\nbuilt by  "), std::string::npos);
    EXPECT_NE(said.find("\ncommand   "), std::string::npos);
    EXPECT_EQ(text_of(folder_ / "report/summary.txt"), said);
    const std::string report = text_of(folder_ / "report/report.json");
    for (const std::string_view key : {"\"date\"", "\"milliseconds\"", "\"machine\"", "\"compiler\"", "\"command\""})
        EXPECT_NE(report.find(key), std::string::npos) << key;
    EXPECT_NE(report.find(" run --engine oracle --target reference --traces in --report report --junit out.xml\""),
              std::string::npos);
    const std::string xml = text_of(folder_ / "out.xml");
    EXPECT_NE(xml.find(" timestamp=\"20"), std::string::npos) << xml;
    EXPECT_NE(xml.find("<property name=\"command\""), std::string::npos) << xml;
    EXPECT_NE(text_of(folder_ / "report/report.html").find("\"machine\""), std::string::npos);
}

TEST_F(command_line, everything_it_says_fits_a_hundred_columns) {
    for (const std::string_view arguments :
         {"--help", "run --help", "list --help", "list clauses", "list engines", "list targets", "run --engine oracle",
          "run --programs 20 --engine sequential --target reference"}) {
        std::istringstream lines(run(arguments).out);
        std::string line;
        while (std::getline(lines, line)) {
            EXPECT_LE(line.size(), 100U) << arguments << ": " << line;
            EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7f; }))
                << arguments << ": " << line;
        }
    }
}

// ---- Bad usage

TEST_F(command_line, bad_usage_is_refused_in_one_line_that_says_what_would_be_right) {
    const std::string help = "; see tailrace-verify --help";
    const std::string every_target =
        "reference, optimized, optimized:slots=2, optimized:slots=4, optimized:slots=8, optimized:in-place";
    expect_refused("run --target refrence",
                   "tailrace-verify: there is no target 'refrence', did you mean 'reference'?; "
                   "expected " +
                       every_target + help);
    expect_refused("run --engine fuzz",
                   "tailrace-verify: there is no engine 'fuzz'; expected oracle, sequential, exhaustive, threads, "
                   "interleavings, tests" +
                       help);
    expect_refused("run --target ''", "tailrace-verify: there is no target ''; expected " + every_target + help);
    expect_refused("list clause",
                   "tailrace-verify: there is no list of 'clause', did you mean 'clauses'?; "
                   "expected clauses, engines, targets" +
                       help);
    expect_refused("run --clause 'sned.*'",
                   "tailrace-verify: no clause matches 'sned.*'; 'list clauses' names them all" + help);
    expect_refused("run --programs many", "tailrace-verify: --programs expected a number from 1, found 'many'" + help);
    expect_refused("run --programs 0", "tailrace-verify: --programs expected a number from 1, found '0'" + help);
    expect_refused("run --programs=-1", "tailrace-verify: --programs expected a number from 1, found '-1'" + help);
    expect_refused("run --engine sequential --exhaustive",
                   "tailrace-verify: --exhaustive belongs to the engine interleavings, which does not run" + help);
    expect_refused("run --engine oracle --depth 3",
                   "tailrace-verify: --depth belongs to the engine exhaustive, which does not run" + help);
    expect_refused(
        "run --engine sequential --from 3",
        "tailrace-verify: --from belongs to the engine exhaustive, which does not run, or to --exhaustive" + help);
    expect_refused("run --states 1", "tailrace-verify: --states and --against belong to --exhaustive" + help);
    for (const std::string option : {"--jobs", "--budget", "--programs"}) {
        const std::string most = option == "--jobs" ? "500" : option == "--budget" ? "100000000" : "1000000000000";
        std::string refusal = "tailrace-verify: ";
        refusal.append(option).append(" expected a number from 1 to ").append(most);
        refusal.append(", found '18446744073709551615'").append(help);
        expect_refused("run " + option + " 18446744073709551615", refusal);
    }
    expect_refused("run --seed 99999999999999999999",
                   "tailrace-verify: --seed expected a number from 0, found '99999999999999999999'" + help);
    expect_refused("run --tracse x", "tailrace-verify: did not expect '--tracse', did you mean '--traces'?" + help);
    expect_refused("rnu", "tailrace-verify: did not expect 'rnu', did you mean 'run'?" + help);
    expect_refused("run extra", "tailrace-verify: did not expect 'extra'" + help);
    expect_refused("list", "tailrace-verify: list expected clauses, engines or targets, found nothing" + help);
    expect_refused("run --target", "tailrace-verify: --target expected a value, found nothing" + help);
    expect_refused("run --seed 1 --seed 2", "tailrace-verify: --seed can be given only once" + help);
    expect_refused("list clauses targets", "tailrace-verify: did not expect 'targets'" + help);
    expect_refused("run --corpus ''", "tailrace-verify: --corpus expected a directory, found nothing" + help);
    expect_refused("run --corpus c --from 3",
                   "tailrace-verify: --from does not go with --corpus, where a run goes on by itself" + help);
    expect_refused("run --report ''", "tailrace-verify: --report expected a directory, found nothing" + help);
    for (const std::string_view arguments : {"run --traces", "--report", "run list clauses", "''", "list --target x",
                                             "-x", "--seed=1x", "run -- x", "run --traces="}) {
        const run_result r = run(arguments);
        EXPECT_EQ(r.status, 2) << arguments;
        EXPECT_EQ(r.out, "") << arguments;
        EXPECT_EQ(std::ranges::count(r.error, '\n'), 1) << r.error;
    }
}

// ---- Bad input

TEST_F(command_line, bad_input_is_refused_with_its_place) {
    const auto refuse = [this](std::string_view text, std::string_view line) {
        write("in/a.trace", good_trace);
        write("in/x.trace", text);
        expect_refused("run --traces in/x.trace", line);
        expect_refused("run --engine oracle --traces in", line);
    };
    refuse("trace t capacity 2\ns0 try_send v1 -> ok\n",
           "in/x.trace:3:1: expected a step or 'end' (trace t began in line 1), found the end of "
           "the file");
    refuse("trace t capacity 2\ns0 try_sned v1 -> ok\nend\n",
           "in/x.trace:2:4: expected a verb of a sender, found 'try_sned'");
    refuse("trace t capacity 2\npoll f9 -> ok\nend\n",
           "in/x.trace:2:6: expected a legal step, found 'poll f9': f9 does not exist");
    refuse("trace t capacity 2\ndrop s0 -> ok\ns0 capacity -> 2\nend\n",
           "in/x.trace:3:1: expected a legal step, found 's0 capacity': s0 is gone: it was "
           "dropped, consumed or has finished");
    refuse("trace t capacity 2\ns0 try_reserve -> p0\ndrop s0 -> ok\nend\n",
           "in/x.trace:3:6: expected a legal step, found 'drop s0': s0 is borrowed by p0, which "
           "has to end before it");
    refuse("trace t capacity 0\nend\n", "in/x.trace:1:18: expected a capacity from 1 to 67108863, found '0'");
    refuse("trace t capacity 67108864\nend\n",
           "in/x.trace:1:18: expected a capacity from 1 to 67108863, found '67108864'");
    refuse("", "in/x.trace:1:1: expected 'trace <id> capacity <n>', found the end of the file");
    refuse(std::string_view("\x9b\0\xff\n\x1b[31m", 9),
           "in/x.trace:1:1: expected 'trace <id> capacity <n>', found '\\x9b\\x00\\xff'");
}

TEST_F(command_line, a_path_without_traces_is_refused) {
    expect_refused("run --traces in", "in: expected at least one *.trace file in it, found none");
    expect_refused("run --traces none.trace",
                   "none.trace: expected a trace file or a directory of them: No such file or directory");
    expect_refused("run --traces ''", ": expected a trace file or a directory of them: No such file or directory");
    expect_refused("run --traces /dev/null", "/dev/null: expected a trace file or a directory of them, found neither");
    expect_refused("run", "none: expected a trace file or a directory of them: No such file or directory",
                   "TAILRACE_TRACES=none");
    write("in/a.trace", good_trace);
    expect_refused("run --traces in --traces none.trace",
                   "none.trace: expected a trace file or a directory of them: No such file or directory");
}

TEST_F(command_line, bad_input_leaves_an_earlier_report_alone) {
    write("in/a.trace", good_trace);
    EXPECT_EQ(run("run --engine oracle --traces in --report report").status, 0);
    const std::string before = text_of(folder_ / "report/summary.txt");
    EXPECT_NE(before, "");
    write("in/b.trace", "trace t capacity 0\nend\n");
    EXPECT_EQ(run("run --engine oracle --traces in --report report").status, 2);
    EXPECT_EQ(text_of(folder_ / "report/summary.txt"), before);
}

TEST_F(command_line, a_report_that_cannot_be_written_is_refused_before_anything_runs) {
    write("in/a.trace", good_trace);
    write("file", "");
    expect_refused("run --traces in --report file",
                   "file: expected a place to write the report to, and cannot write there: Not a directory");
    expect_refused("run --traces in --report file/below",
                   "file/below: expected a place to write the report to, and cannot write there: Not a directory");
    expect_refused(
        "run --traces in --junit none/own.xml",
        "none/own.xml: expected a place to write the report to, and cannot write there: No such file or directory");
    expect_refused("run --traces in --junit in",
                   "in: expected a place to write the report to, and cannot write there: Is a directory");
    fs::create_directories(folder_ / "report/report.html/in the way");
    expect_refused(
        "run --traces in --report report",
        "report/report.html: expected a place to write the report to, and cannot write there: Directory not empty");
}

TEST_F(command_line, a_report_that_there_is_no_room_for_is_one_line_and_what_there_was_room_for_is_kept) {
    const run_result full = run("run --engine sequential --target reference --programs 20 --junit /dev/full");
    EXPECT_EQ(full.status, 2);
    EXPECT_EQ(full.error,
              "/dev/full: expected a place to write the report to, and cannot write there: No space left on device\n");
    EXPECT_NE(full.out.find("\nsequential  reference: "), std::string::npos) << "the table comes all the same";
    // As a disk with room for 64 blocks of 512 bytes: report.html does not fit.
    const run_result some =
        run("run --engine sequential --target reference --programs 20 --report report --junit own.xml",
            "trap '' XFSZ; ulimit -f 64;");
    EXPECT_EQ(some.status, 2);
    EXPECT_EQ(std::ranges::count(some.error, '\n'), 1) << some.error;
    EXPECT_TRUE(
        some.error.ends_with(": expected a place to write the report to, and cannot write there: File too large\n"))
        << some.error;
    EXPECT_TRUE(text_of(folder_ / "report/summary.txt").starts_with(some.out))
        << "all but the record of the run, which differs";
    EXPECT_TRUE(text_of(folder_ / "report/junit.xml").ends_with("</testsuites>\n"));
    EXPECT_TRUE(text_of(folder_ / "own.xml").ends_with("</testsuites>\n"));
}

TEST_F(command_line, the_command_that_repeats_a_difference_is_taken_by_a_shell_as_it_stands) {
    const std::string name = "in/it's $a`.trace";
    write(name, wrong_trace);
    const run_result first = run("run --engine oracle --target reference --traces in");
    EXPECT_EQ(first.status, 1);
    const std::string_view label = "  again     tailrace-verify ";
    const std::size_t at = first.out.find(label);
    ASSERT_NE(at, std::string::npos) << first.out;
    const std::size_t begin = at + label.size();
    const run_result again = run(first.out.substr(begin, first.out.find('\n', begin) - begin));
    EXPECT_EQ(again.status, 1) << again.error;
    EXPECT_NE(again.out.find("  from      " + name + ":3\n"), std::string::npos) << again.out;
}

// ---- Runs

TEST_F(command_line, our_traces_agree_with_the_reference) {
    const run_result r = run("run --engine oracle --target reference");
    EXPECT_EQ(r.status, 0);
    EXPECT_EQ(r.error, "") << "no progress where there is no terminal";
    EXPECT_TRUE(
        r.out.ends_with("\noracle  reference: 360 traces, 47,899 steps, 0 differences (9 late "
                        "destructions allowed)\n"))
        << r.out.substr(r.out.size() - 400);
}

TEST_F(command_line, traces_are_found_by_option_file_directory_and_environment) {
    write("in/a.trace", good_trace);
    write("in/b.trace", good_trace);
    write("c.trace", good_trace);
    const auto traces_in = [this](std::string_view arguments, std::string_view environment = "") {
        const run_result r =
            run("run --engine oracle --target reference --clause send.waits " + std::string(arguments), environment);
        EXPECT_EQ(r.status, 0) << arguments;
        const std::size_t at = r.out.find("oracle  reference: ");
        return at == std::string::npos ? std::string() : r.out.substr(at + 19, r.out.find(',', at) - at - 19);
    };
    EXPECT_EQ(traces_in("--traces in"), "2 traces");
    EXPECT_EQ(traces_in("--traces c.trace"), "1 trace");
    EXPECT_EQ(traces_in("--traces in --traces c.trace"), "3 traces");
    EXPECT_EQ(traces_in("", "TAILRACE_TRACES=in"), "2 traces");
    EXPECT_EQ(traces_in("--traces c.trace", "TAILRACE_TRACES=in"), "1 trace");
}

TEST_F(command_line, a_difference_is_exit_status_one_and_comes_with_its_line) {
    write("in/a.trace", wrong_trace);
    const run_result r = run("run --engine oracle --target optimized --traces in --report report");
    EXPECT_EQ(r.status, 1);
    EXPECT_EQ(r.error, "");
    EXPECT_TRUE(r.out.starts_with("oracle fails on optimized (capacity 2): ")) << r.out.substr(0, 400);
    EXPECT_NE(r.out.find("\n  from      in/a.trace:3\n"), std::string::npos) << r.out.substr(0, 400);
    EXPECT_TRUE(r.out.ends_with("\noracle  optimized: 1 trace, 2 steps, 1 difference\n"))
        << r.out.substr(r.out.size() - 200);
    EXPECT_EQ(without_record(text_of(folder_ / "report/summary.txt")), r.out);
}

TEST_F(command_line, the_trace_in_the_report_fails_again_at_its_last_line) {
    write("in/a.trace", wrong_trace);
    EXPECT_EQ(run("run --engine oracle --target reference --traces in --report report").status, 1);
    EXPECT_EQ(text_of(folder_ / "report/difference-1.trace"),
              "trace recorded capacity 2\ns0 try_send v1 -> ok\nr try_recv -> empty\nend\n");
    EXPECT_NE(text_of(folder_ / "report/report.json").find("\"failed\": true"), std::string::npos);
    const run_result again = run("run --engine oracle --target reference --traces report/difference-1.trace");
    EXPECT_EQ(again.status, 1);
    EXPECT_NE(again.out.find("  from      report/difference-1.trace:3\n"), std::string::npos);
    write("in/a.trace", good_trace);
    EXPECT_EQ(run("run --engine oracle --target reference --traces in --report report").status, 0);
    EXPECT_FALSE(fs::exists(folder_ / "report/difference-1.trace")) << "from an earlier run";
}

TEST_F(command_line, a_clause_glob_limits_the_table) {
    write("in/a.trace", good_trace);
    const run_result r =
        run("run --engine oracle --target reference --traces in --clause 'try_send.*' --clause "
            "'close.*'");
    EXPECT_EQ(r.status, 0);
    std::size_t rows = 0;
    for (const model::clause& c : model::clauses()) {
        const bool wanted = c.name.starts_with("try_send.") || c.name.starts_with("close.");
        rows += wanted ? 1 : 0;
        EXPECT_EQ(r.out.find('\n' + std::string(c.name) + ' ') != std::string::npos, wanted) << c.name;
    }
    EXPECT_NE(r.out.find(std::to_string(rows) + " clauses  reference: "), std::string::npos) << r.out;
}

TEST_F(command_line, the_same_seed_and_count_give_the_same_run_without_the_word_run_too) {
    const run_result first = run("run --engine sequential --target reference --programs 200 --seed 7");
    const run_result second = run("--engine sequential --target reference --programs 200 --seed 7");
    const run_result other = run("run --engine sequential --target reference --programs 200 --seed 8");
    EXPECT_EQ(first.status, 0);
    EXPECT_EQ(first.out, second.out);
    EXPECT_NE(first.out, other.out);
}

}  // namespace
}  // namespace tailrace::verify
