// The failures of a corpus, replayed before the engines run.
// After a change here run: ci/test -L proptests -R corpus
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "campaign/campaign.hpp"

namespace tailrace::verify {

/// What stands in the place of an engine in the reports.
inline constexpr std::string_view corpus_engine = "corpus";
/// What became of a file (engine_report::entries), if the target now does what the specification says.
inline constexpr std::string_view entry_passed = "passed";

/// A report for each target. Of the failures of other targets the first one says that they were skipped. Only the first
/// shard replays anything.
[[nodiscard]] std::vector<engine_report> replay_corpus(const corpus& kept, const std::vector<const target*>& targets,
                                                       const job& j, const how_to_run& how, const campaign_news& tell);

/// "3 failures kept: 1 failed again, 2 passed"
[[nodiscard]] std::string summarise_corpus(const engine_report& r);

}  // namespace tailrace::verify
