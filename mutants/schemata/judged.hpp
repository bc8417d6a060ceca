// A list of mutants with a reason for each: `excluded` and `equivalent`. The reason comes first, then, indented, the
// mutants that it is about, each as `ci/mutate --list` prints it.
// After a change here run: ci/test -L house
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

namespace tailrace::schemata {

/// The reason for each mutant.
[[nodiscard]] inline std::map<std::string, std::string> read_judged(const std::filesystem::path& file) {
    std::map<std::string, std::string> reasons;
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot read " + file.string());
    std::string reason;
    bool about = true;  // the last line was a mutant: a text begins a new reason
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty() || line.starts_with('#')) continue;
        const auto where = file.string() + ":" + std::to_string(number) + ": ";
        if (!line.starts_with("    ")) {
            if (about) {
                reason.clear();
            } else {
                reason += ' ';
            }
            reason += line;
            about = false;
            continue;
        }
        if (reason.empty()) throw std::runtime_error(where + "a mutant without a reason above it");
        if (!reasons.try_emplace(line.substr(4), reason).second) throw std::runtime_error(where + "is there twice");
        about = true;
    }
    return reasons;
}

}  // namespace tailrace::schemata
