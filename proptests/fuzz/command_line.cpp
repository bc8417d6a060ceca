// Fuzz target: the words of a command line, one a line. What is refused is bad usage, in one line.
// After a change here run: ci/test -R fuzz.command_line && ci/fuzz 60 command_line
#include "campaign/command_line.hpp"

#include <string>
#include <vector>

#include "fuzz.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::fuzz {

void try_input(std::string_view input) {
    const std::vector<std::string> words = pieces(input, "\n");
    std::vector<const char*> argv{"tailrace-verify"};
    for (const std::string& w : words) argv.push_back(w.c_str());
    try {
        const verify::program_info program{"tailrace-verify", verify::builtin_targets(), "traces"};
        const verify::command_line c = verify::parse_command_line(static_cast<int>(argv.size()), argv.data(), program);
        const bool runs = c.what == verify::command_line::action::run;
        expect(!runs || !(c.engines.empty() || c.targets.empty() || c.clauses.empty()), "a run has something to do");
    } catch (const verify::usage_error& e) {
        expect_one_line(e.what());
    }
}

}  // namespace tailrace::fuzz
