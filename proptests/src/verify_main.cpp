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
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "listing.hpp"
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
        if (!on_ || done % 32 != 0) return;
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
                  program.name};
    if (c.report) prepare_folder(*c.report);

    progress_line line;
    const campaign result = run_campaign(all, c.engines, c.targets, std::ref(line));
    line.clear();
    fmt::print("{}", to_text(result));
    if (c.report) write_files(result, *c.report);
    return result.failed() ? 1 : 0;
}

int act(const command_line& c, const program_info& program) {
    switch (c.what) {
        case command_line::action::run: return run(c, program);
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
