// The program: does what the command line says. See command_line.hpp for what it is told,
// report.hpp for what it says.
// After a change here run: ctest -L proptests -R command_line
#include "tailrace/verify/main.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "interruption.hpp"
#include "listing.hpp"
#include "merge.hpp"
#include "progress_line.hpp"
#include "replay.hpp"
#include "report.hpp"
#include "tailrace/verify/deviation.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

/// The deviations of the clauses asked for.
std::vector<deviation> faults_of(const std::vector<const model::clause*>& clauses) {
    std::vector<deviation> faults;
    std::ranges::copy_if(deviations(), std::back_inserter(faults), [&](const deviation& d) {
        return std::ranges::find(clauses, d.clause, &model::clause::name) != clauses.end();
    });
    return faults;
}

/// Whether what is asked for can be written is known before anything runs.
void prepare_files(const command_line& c) {
    if (c.report) prepare_folder(*c.report);
    if (c.junit) write_file(*c.junit, "");
}

/// Everything that is said of a campaign. The files come first: who reads the standard output may have gone.
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
    for (const std::string& path : sources)
        std::ranges::move(model::read_traces(path), std::back_inserter(traces));
    const std::vector<deviation> faults = faults_of(c.clauses);
    const job all{judge(std::move(traces)),
                  sources,
                  c.clauses,
                  faults,
                  c.programs,
                  c.seed,
                  c.failures,
                  program.name,
                  0,
                  true};
    prepare_files(c);

    progress_line line(stderr, [] { return columns_of(stderr); });
    how_to_run how = c.how;
    how.interrupted = [] { return interruption() != 0; };
    const campaign result = run_campaign(all, c.engines, c.targets, std::ref(line), how);
    line.clear();
    const int signal = interruption();
    const int status = tell(result, c);
    if (signal == 0) return status;
    std::fflush(stdout);
    fmt::print(stderr, "{}: interrupted by signal {} ({}): the report is of what was done until then\n", program.name, signal,
               strsignal(signal));
    return 128 + signal;
}

int replay(const command_line& c, const program_info& program) {
    const token& t = *c.replayed;
    const replayed r = replay(t, *std::ranges::find(program.targets, t.target, &target::name),
                              c.how.patience, program.name);
    fmt::print("{}", r.text);
    return r.failed ? 1 : 0;
}

int merge(const command_line& c, const program_info& program) {
    const campaign whole = merge(c.merged, program.targets);
    prepare_files(c);
    return tell(whole, c);
}

int act(const command_line& c, const program_info& program) {
    switch (c.what) {
        case command_line::action::run: return run(c, program);
        case command_line::action::replay: return replay(c, program);
        case command_line::action::merge: return merge(c, program);
        case command_line::action::list_clauses: fmt::print("{}", list_clauses()); break;
        case command_line::action::list_engines: fmt::print("{}", list_engines()); break;
        case command_line::action::list_targets:
            fmt::print("{}", list_targets(program.targets));
            break;
        case command_line::action::help: fmt::print("{}", c.help); break;
    }
    return 0;
}

}  // namespace

int main(int argc, const char* const* argv, const std::vector<target>& targets,
         const std::string& traces) {
    const program_info program{
        argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "tailrace-verify", targets,
        traces};
    try {
        const int status = act(parse_command_line(argc, argv, program), program);
        if (std::fflush(stdout) == 0) return status;
        fmt::print(stderr, "{}: cannot write to the standard output\n", program.name);
    } catch (const usage_error& e) {
        fmt::print(stderr, "{0}: {1}; see {0} --help\n", program.name, e.what());
    } catch (const std::exception& e) {
        fmt::print(stderr, "{}\n", e.what());  // bad input: it begins with its place
    }
    return 2;
}

}  // namespace tailrace::verify
