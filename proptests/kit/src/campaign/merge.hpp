// Shards of one campaign, put together from their reports.
// After a change here run: ci/test -L proptests -R 'merge|command_line'
#pragma once

#include <string>
#include <vector>

#include "campaign/campaign.hpp"

namespace tailrace::verify {

/// Reads report.json in each folder. Throws std::runtime_error, in one line, if one cannot be read or was ended by a
/// signal, or if they are not all the shards of one run: of one version, seed, number of programs, and choice of
/// engines, targets and clauses. The result depends on what was run alone: it has no times, and no record of a machine.
[[nodiscard]] campaign merge(const std::vector<std::string>& folders, const std::vector<target>& targets);

/// A report.json, and how messages name it.
struct report_text {
    std::string file;
    std::string text;
};
/// The same, of texts. Precondition: there is one.
[[nodiscard]] campaign merge_texts(const std::vector<report_text>& texts, const std::vector<target>& targets);

}  // namespace tailrace::verify
