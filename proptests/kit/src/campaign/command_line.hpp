// The command line of tailrace-verify, read and checked: names are looked up, numbers are in range.
//
// Traces are named here but not read. After a change here run: ci/test -L proptests -R command_line
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "campaign/campaign.hpp"
#include "report/token.hpp"
#include "target/exec_target.hpp"

namespace tailrace::verify {

/// Bad usage, in one line that says what would have been right.
class usage_error : public std::runtime_error {
  public:
    explicit usage_error(const std::string& what, std::string help = "--help")
        : std::runtime_error(what), help_(std::move(help)) {}
    /// What says more, as words of a command line.
    [[nodiscard]] const std::string& help() const noexcept { return help_; }

  private:
    std::string help_;
};

/// What the command line is about.
struct program_info {
    std::string name;
    const std::vector<target>& targets;
    std::string traces;      // a directory
    run_record record = {};  // of the machine, and of what was typed
};

struct command_line {
    enum class action : unsigned char {
        run,
        replay,
        merge,
        check_target,
        list_clauses,
        list_engines,
        list_targets,
        help
    };

    action what = action::run;
    std::string help;  // or the version: printed, and that is all
    std::vector<const engine_entry*> engines;
    bool names_threads = false;  // among them
    std::vector<const target*> targets;
    std::vector<exec_command> commands;         // of more targets, which are in other processes
    std::vector<const model::clause*> clauses;  // all without --clause
    std::vector<std::string> traces;            // files and directories
    std::uint64_t programs = 0;                 // 0: as many as is usual for each engine
    std::size_t depth = 5;                      // of `exhaustive`
    std::uint64_t from = 0;                     // its first program
    std::optional<concurrent_size> pairs;       // --exhaustive
    std::uint64_t seed = 0;
    std::size_t failures = 1;
    how_to_run how;
    std::optional<std::string> report;
    std::optional<std::string> junit;
    std::optional<std::string> corpus;
    std::optional<token> replayed;
    std::vector<std::string> merged;  // folders
};

/// Throws usage_error if the engine `threads` was named and cannot run on any target: it would look as if it had found
/// nothing. To be called when the targets in other processes are known.
void refuse_threads_without(const command_line& c);

/// Throws usage_error.
[[nodiscard]] command_line parse_command_line(int argc, const char* const* argv, const program_info& program);

}  // namespace tailrace::verify
