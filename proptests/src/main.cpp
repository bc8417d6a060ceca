// tailrace-verify: checks channels against the contract. See command_line.hpp for what it is told,
// report.hpp for what it says.
//
// Exit status: 0 no difference, 1 a difference, 2 bad usage or bad input, with one line on stderr.
// After a change here run: ctest -L proptests -R command_line
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "listing.hpp"
#include "report.hpp"
#include "tailrace/verify/deviation.hpp"
#include "text_layout.hpp"

namespace {

using namespace tailrace;
using verify::command_line;

/// Shows what runs, on a terminal only.
class progress_line {
  public:
    ~progress_line() { clear(); }

    void operator()(std::string_view what, std::size_t done, std::size_t of) {
        if (!on_ || done % 32 != 0) return;
        fmt::print(stderr, "\r{:<{}}",
                   verify::cut(fmt::format("{} {} of {}", what, done + 1, of), width), width);
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
std::vector<verify::deviation> faults_of(const std::vector<const model::clause*>& clauses) {
    std::vector<verify::deviation> faults;
    std::ranges::copy_if(
        verify::deviations(), std::back_inserter(faults), [&](const verify::deviation& d) {
            return std::ranges::find(clauses, d.clause, &model::clause::name) != clauses.end();
        });
    return faults;
}

int run(const command_line& c) {
    std::vector<model::trace> traces;
    for (const std::string& path : c.traces)
        std::ranges::move(model::read_traces(path), std::back_inserter(traces));
    const std::vector<verify::deviation> faults = faults_of(c.clauses);
    const verify::job job{
        verify::judge(std::move(traces)), c.traces, c.clauses, faults, c.programs, c.seed};
    if (c.report) verify::prepare_folder(*c.report);

    progress_line line;
    const verify::campaign result = verify::run_campaign(job, c.engines, c.targets, std::ref(line));
    line.clear();
    fmt::print("{}", verify::to_text(result));
    if (c.report) verify::write_files(result, *c.report);
    return result.failed() ? 1 : 0;
}

int act(const command_line& c) {
    switch (c.what) {
        case command_line::action::run: return run(c);
        case command_line::action::list_clauses: fmt::print("{}", verify::list_clauses()); break;
        case command_line::action::list_engines: fmt::print("{}", verify::list_engines()); break;
        case command_line::action::list_targets: fmt::print("{}", verify::list_targets()); break;
        case command_line::action::help: fmt::print("{}", c.help); break;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const int status = act(verify::parse_command_line(argc, argv));
        if (std::fflush(stdout) == 0) return status;
        fmt::print(stderr, "tailrace-verify: cannot write to the standard output\n");
    } catch (const verify::usage_error& e) {
        fmt::print(stderr, "tailrace-verify: {}; see tailrace-verify --help\n", e.what());
    } catch (const std::exception& e) {
        fmt::print(stderr, "{}\n", e.what());  // bad input: it begins with its place
    }
    return 2;
}
