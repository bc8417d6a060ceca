// The report of the mutants that were run: scores, and what survived.
// After a change here run: ci/test -L house
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tailrace::schemata {

/// One result on one line.
[[nodiscard]] std::string line_of(const nlohmann::json& result);

/// Prints it, and writes it to a file. Returns the score of all programs, in per cent.
double report(const std::vector<nlohmann::json>& results, std::size_t equivalent, std::size_t mutants,
              const std::filesystem::path& file);

}  // namespace tailrace::schemata
