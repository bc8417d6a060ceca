// The program tailrace-verify: does what the command line says. command_line.hpp has its options, report.hpp its
// output.
// After a change here run: ci/test -L proptests -R command_line
#include "tailrace/verify/main.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaign/check_target.hpp"
#include "campaign/command_line.hpp"
#include "campaign/corpus.hpp"
#include "campaign/listing.hpp"
#include "campaign/merge.hpp"
#include "campaign/replay.hpp"
#include "campaign/report.hpp"
#include "model_mutants/mutant.hpp"
#include "support/interruption.hpp"
#include "support/progress_line.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// The mutants of the selected clauses.
std::vector<mutant> mutants_of(const std::vector<const model::clause*>& clauses) {
    std::vector<mutant> wanted;
    std::ranges::copy_if(mutants(), std::back_inserter(wanted), [&](const mutant& d) {
        return std::ranges::find(clauses, d.clause, &model::clause::name) != clauses.end();
    });
    return wanted;
}

/// Checks before anything runs that the report can be written.
void prepare_files(const command_line& c) {
    if (c.report) prepare_folder(*c.report);
    if (c.junit) write_file(*c.junit, "");
}

std::string date_now() { return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::time(nullptr))); }

std::uint64_t milliseconds_since(std::chrono::steady_clock::time_point began) {
    const auto took = std::chrono::steady_clock::now() - began;
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
}

/// Writes the whole report. The files come first: the reader of the standard output may have gone.
int tell(const campaign& result, const command_line& c) {
    std::string problem;
    const auto keep = [&problem](const auto& write) {
        try {
            write();
        } catch (const std::runtime_error& e) {
            if (problem.empty()) problem = e.what();
        }
    };
    if (c.report) keep([&] { write_files(result, *c.report); });
    if (c.junit) keep([&] { write_file(*c.junit, to_junit(result)); });
    fmt::print("{}", to_text(result));
    if (!problem.empty()) throw std::runtime_error(problem);
    return result.failed() ? 1 : 0;
}

int run(const command_line& c, const program_info& program) {
    note_interruptions();
    std::vector<model::trace> traces;
    const bool replays = std::ranges::find(c.engines, model::engine::oracle, &engine_entry::is) != c.engines.end();
    const std::vector<std::string> sources = replays ? c.traces : std::vector<std::string>();
    for (const std::string& path : sources) std::ranges::move(model::read_traces(path), std::back_inserter(traces));
    const std::vector<mutant> wanted = mutants_of(c.clauses);
    job all{
        judge(std::move(traces)), sources, c.clauses, wanted, c.programs, c.seed, c.failures, program.name, 0, true};
    all.depth = c.depth;
    all.pairs = c.pairs;
    all.from = c.from;
    std::optional<corpus> kept;
    if (c.corpus) kept.emplace(*c.corpus);
    prepare_files(c);

    progress_line line(stderr, [] { return columns_of(stderr); });
    how_to_run how = c.how;
    how.interrupted = [] { return interruption() != 0; };
    if (kept) how.kept = &*kept;
    run_record record = program.record;
    record.date = date_now();
    const auto began = std::chrono::steady_clock::now();
    campaign result = run_campaign(all, c.engines, c.targets, std::ref(line), how);
    record.milliseconds = milliseconds_since(began);
    result.record = std::move(record);
    line.clear();
    const int signal = interruption();
    const int status = tell(result, c);
    if (kept) kept->throw_problem();
    if (signal == 0) return status;
    std::fflush(stdout);
    fmt::print(stderr, "{}: interrupted by signal {} ({}): the report is of what was done until then\n", program.name,
               signal, strsignal(signal));
    return 128 + signal;
}

int replay(const command_line& c, const program_info& program) {
    const token& t = *c.replayed;
    const std::vector<const target*> all = with_geometries(program.targets);
    const auto on = std::ranges::find(all, t.target, &target::name);
    if (on == all.end()) {
        throw usage_error(
            fmt::format("the token is of a target '{}', and --target has another one: NAME=exec:COMMAND names it",
                        printable(t.target)));
    }
    job named;
    named.program = program.name;
    named.mutants = mutants();
    const replayed r = replay(t, **on, named, {.patience = c.how.patience});
    fmt::print("{}", r.text);
    switch (r.is) {
        case replayed::end::failed: return 1;
        case replayed::end::gone: return 0;
        case replayed::end::unknown: break;
    }
    return 4;
}

int merge(const command_line& c, const program_info& program) {
    const campaign whole = merge(c.merged, program.targets);
    prepare_files(c);
    return tell(whole, c);
}

run_record record_of(int argc, const char* const* argv) {
    run_record r = record_here();
    for (const char* word : std::span(argv, static_cast<std::size_t>(argc)))
        r.command += (r.command.empty() ? "" : " ") + shell_word(word);
    return r;
}

/// The targets in other processes, after those of the program.
std::vector<target> meet(const std::vector<exec_command>& commands, const program_info& program) {
    std::vector<target> all = program.targets;
    for (const exec_command& c : commands) {
        target t = make_exec_target(c);
        const std::vector<const target*> known = with_geometries(all);
        if (std::ranges::find(known, t.name, &target::name) != known.end()) {
            throw std::runtime_error(
                fmt::format("exec:{0}: there is a target '{1}' already: name this one by NAME=exec:{0}",
                            printable(c.command), t.name));
        }
        all.push_back(std::move(t));
    }
    return all;
}

int execute(command_line c, const program_info& given) {
    if (c.what == command_line::action::check_target) return check_target(c.commands.front(), stdout) ? 0 : 1;
    const std::vector<target> targets = meet(c.commands, given);
    const program_info program{given.name, targets, given.traces, given.record};
    for (std::size_t i = given.targets.size(); i < targets.size(); ++i) c.targets.push_back(&targets[i]);
    refuse_threads_without(c);
    switch (c.what) {
        case command_line::action::run: return run(c, program);
        case command_line::action::replay: return replay(c, program);
        case command_line::action::merge: return merge(c, program);
        case command_line::action::list_clauses: fmt::print("{}", list_clauses()); break;
        case command_line::action::list_engines: fmt::print("{}", list_engines()); break;
        case command_line::action::list_targets: fmt::print("{}", list_targets(program.targets)); break;
        case command_line::action::help: fmt::print("{}", c.help); break;
        case command_line::action::check_target: break;
    }
    return 0;
}

}  // namespace

int main(int argc, const char* const* argv, const std::vector<target>& targets, const std::string& traces) {
    const program_info program{argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "tailrace-verify",
                               targets, traces, record_of(argc, argv)};
    try {
        const int status = execute(parse_command_line(argc, argv, program), program);
        if (std::fflush(stdout) == 0) return status;
        fmt::print(stderr, "{}: cannot write to the standard output\n", program.name);
    } catch (const usage_error& e) {
        fmt::print(stderr, "{0}: {1}; see {0} {2}\n", program.name, e.what(), e.help());
    } catch (const std::exception& e) {
        fmt::print(stderr, "{}\n", e.what());  // bad input: it begins with its place
    }
    return 2;
}

}  // namespace tailrace::verify
