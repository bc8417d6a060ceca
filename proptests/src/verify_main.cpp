// The program: does what the command line says. See command_line.hpp for what it is told,
// report.hpp for what it says.
// After a change here run: ctest -L proptests -R command_line
#include "tailrace/verify/main.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "listing.hpp"
#include "merge.hpp"
#include "replay.hpp"
#include "report.hpp"
#include "tailrace/verify/deviation.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Shows what runs, on a terminal only.
class progress_line {
  public:
    ~progress_line() { clear(); }

    void operator()(std::string_view what, std::size_t done, std::size_t of) {
        if (!on_) return;
        fmt::print(stderr, "\r{:<{}}", cut(fmt::format("{} {} of {}", what, done + 1, of), width),
                   width);
        std::fflush(stderr);
    }
    void clear() {
        if (on_) fmt::print(stderr, "\r{:<{}}\r", "", width);
    }

  private:
    static constexpr std::size_t width = 78;
    bool on_ = isatty(STDERR_FILENO) != 0;
};

/// The deviations of the clauses asked for.
std::vector<deviation> faults_of(const std::vector<const model::clause*>& clauses) {
    std::vector<deviation> faults;
    std::ranges::copy_if(deviations(), std::back_inserter(faults), [&](const deviation& d) {
        return std::ranges::find(clauses, d.clause, &model::clause::name) != clauses.end();
    });
    return faults;
}

void write_text(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text << std::flush;
    if (!out) throw std::runtime_error(fmt::format("{}: expected a file to write to, and cannot", printable(path)));
}

/// Everything that is said of a campaign.
int tell(const campaign& result, const command_line& c) {
    fmt::print("{}", to_text(result));
    if (c.report) write_files(result, *c.report);
    if (c.junit) write_text(*c.junit, to_junit(result));
    return result.failed() ? 1 : 0;
}

int run(const command_line& c, const program_info& program) {
    std::vector<model::trace> traces;
    for (const std::string& path : c.traces)
        std::ranges::move(model::read_traces(path), std::back_inserter(traces));
    const std::vector<deviation> faults = faults_of(c.clauses);
    const job all{judge(std::move(traces)),
                  c.traces,
                  c.clauses,
                  faults,
                  c.programs,
                  c.seed,
                  c.failures,
                  program.name,
                  0,
                  true};
    if (c.report) prepare_folder(*c.report);

    progress_line line;
    const campaign result = run_campaign(all, c.engines, c.targets, std::ref(line), c.how);
    line.clear();
    return tell(result, c);
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
    if (c.report) prepare_folder(*c.report);
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
