// The commands and options of tailrace-verify, with their help.
// After a change here run: ci/test -L proptests -R command_line
#include "campaign/command_words.hpp"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string_view>

namespace tailrace::verify {
namespace {

constexpr std::string_view version = TAILRACE_VERSION;

/// The program, and one of its targets.
constexpr std::string_view examples =
    "Examples:\n"
    "  {0}\n"
    "      every engine on every target but the reference\n"
    "  {0} run --engine oracle --target {1} --traces my/traces\n"
    "      recordings of your own, a file or a directory of *.trace\n"
    "  {0} run --clause 'close.*' --report out\n"
    "      the verdicts on some clauses, and everything as files in out/\n"
    "  {0} run --corpus corpus --budget 600\n"
    "      for a nightly run: whatever was found once is tried again, and then what is new\n"
    "  {0} run --target 'exec:python3 my_queue.py'\n"
    "      a channel in another language: docs/protocol.md; 'check-target' tries its protocol\n"
    "  {0} list clauses\n"
    "\n"
    "Exit status: 0 no difference, 1 a difference, 2 bad usage, bad input, or a report that cannot\n"
    "be written, 4 a replay that did not fail again although it may, 128 and the signal: interrupted,\n"
    "with the report of what was done until then.\n";

}  // namespace

void describe(CLI::App& app, CLI::App& run, CLI::App& list, CLI::App& replay, CLI::App& merge, CLI::App& check,
              typed_words& typed, const program_info& program) {
    app.set_version_flag("--version", fmt::format("{} {}", program.name, version));
    app.require_subcommand(0, 1);
    const std::string footer =
        fmt::format(examples, program.name, program.targets.empty() ? "t" : program.targets.front().name);
    app.footer(footer);
    run.footer(footer);
    for (CLI::App* a : {&run, &replay, &merge}) {
        a->add_option("--target", typed.targets,
                      "the channel to check (repeatable; default: all but the reference);\n"
                      "exec:COMMAND is one in another process, NAME=exec:COMMAND names it")
            ->type_name("NAME")
            ->allow_extra_args(false);
    }
    for (CLI::App* a : {&run, &replay, &merge, &check}) {
        a->add_option("--timeout", typed.timeout,
                      "a target in another process that has not answered a program after MS hangs\n"
                      "(default: 5000)")
            ->type_name("MS");
    }
    check.add_option("command", typed.command, "the command that starts the target, for a shell")->type_name("COMMAND");
    run.add_option("--engine", typed.engines, "the engine to check with (repeatable; default: all)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    run.add_option("--traces", typed.traces,
                   "a trace file, or a directory of *.trace (repeatable)\n"
                   "default: $TAILRACE_TRACES, or those that came with the program")
        ->type_name("PATH")
        ->allow_extra_args(false);
    run.add_option("--clause", typed.clauses, "the clauses to measure and to show, like 'close.*' (repeatable)")
        ->type_name("GLOB")
        ->allow_extra_args(false);
    run.add_option("--programs", typed.programs, "programs that each engine generates (default: depends on the engine)")
        ->type_name("N");
    run.add_option("--depth", typed.depth, "the steps of the programs of the engine exhaustive, at most (default: 5)")
        ->type_name("D");
    run.add_option("--from", typed.from,
                   "go on with program N of the engine exhaustive, or of --exhaustive: a run\n"
                   "that was ended says with which")
        ->type_name("N");
    run.add_flag("--exhaustive", typed.exhaustive,
                 "the engine interleavings explores all pairs of small tasks to the end,\n"
                 "instead of generated programs");
    run.add_option("--states", typed.states, "of --exhaustive: from all states of at most P steps (default: 2)")
        ->type_name("P");
    run.add_option("--against", typed.against,
                   "of --exhaustive: the operations of one task against those of the other,\n"
                   "at most (default: 1:2)")
        ->type_name("A:B");
    run.add_option("--seed", typed.seed, "the seed of the generator: the same seed, the same programs (default: 1)")
        ->type_name("S");
    run.add_option("--failures", typed.failures,
                   "keep going until N failures of different clauses are found; each is shrunk\n"
                   "(default: 1)")
        ->type_name("N");
    run.add_option("--jobs", typed.jobs, "child processes at once (default: 2)")->type_name("N");
    run.add_option("--shard", typed.shard, "run one part of the programs, like 1/8; 'merge' puts the reports together")
        ->type_name("I/N");
    run.add_option("--budget", typed.budget,
                   "end each engine on each target after S seconds, with what it has found by\n"
                   "then; the report says how far it came")
        ->type_name("S");
    run.add_option("--corpus", typed.corpus,
                   "a directory that lasts: failures kept there are replayed first, new ones are\n"
                   "added, and the engines go on where the last run with it stopped")
        ->type_name("DIR");
    for (CLI::App* a : {&run, &merge}) {
        a->add_option("--report", typed.report,
                      "write report.html, report.json, junit.xml and every counterexample to DIR")
            ->type_name("DIR");
        a->add_option("--junit", typed.junit, "write JUnit XML to FILE")->type_name("FILE");
    }
    replay.add_option("token", typed.token, "the token printed with the failure")->type_name("TOKEN");
    merge.add_option("folders", typed.merged, "the reports of all shards of one run")->type_name("DIR...");
    list.add_option("topic", typed.topic, "clauses, engines or targets")->type_name("");
    for (CLI::App* a : {&app, &run, &list, &replay, &merge, &check}) {
        a->get_formatter()->column_width(24);
        a->get_formatter()->label("REQUIRED", "");
        a->allow_extras();
    }
}

}  // namespace tailrace::verify
