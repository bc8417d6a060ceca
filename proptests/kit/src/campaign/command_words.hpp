// The words of the command line, before they are looked up: which commands and options there are, for CLI11.
// After a change here run: ci/test -L proptests -R command_line
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "campaign/command_line.hpp"

namespace tailrace::verify {

struct typed_words {
    std::vector<std::string> targets, engines, traces, clauses;
    std::string programs, depth, from, seed, failures, jobs, shard, budget, report, junit, corpus, topic, token, states,
        against, timeout, command;
    bool exhaustive = false;
    std::vector<std::string> merged;
};

/// Adds the options of all commands, which write into `typed`, and the help.
void describe(CLI::App& app, CLI::App& run, CLI::App& list, CLI::App& replay, CLI::App& merge, CLI::App& check,
              typed_words& typed, const program_info& program);

}  // namespace tailrace::verify
