// A campaign: some engines on some targets, and what that says about each clause.
// After a change here run: ci/test -L proptests
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/engines.hpp"

namespace tailrace::verify {

class corpus;

/// Called with how far it is: "sequential optimized: 120,000 of 200,000 programs, 0 differences".
using campaign_news = std::function<void(std::string_view)>;

/// Part `part` of `of`, from 1: of the programs; the first does what is done once.
struct shard {
    std::uint64_t part = 1;
    std::uint64_t of = 1;

    friend bool operator==(const shard&, const shard&) = default;
};
inline constexpr std::uint64_t most_shards = 1'000'000;

enum class verdict : unsigned char { pass, fail, skipped, waits };

[[nodiscard]] std::string_view to_string(verdict v) noexcept;

struct judgement {
    verdict is = verdict::waits;
    std::vector<evidence_item> evidence;  // pass
    std::string why;                      // skipped: "no capability weak"; waits: "waits for threads"
};

/// When a campaign ran, and on what.
struct run_record {
    std::string date;  // "2026-11-28 06:30:00 UTC", when it began
    std::uint64_t milliseconds = 0;
    std::string machine;   // "2 cores, <processor>, Linux 6.1.0"
    std::string compiler;  // that built the program
    std::string command;   // as it was typed
};

struct campaign {
    std::optional<run_record> record;  // nothing: the reports depend on what was run alone
    std::vector<const engine_entry*> engines;
    std::vector<const target*> targets;
    std::vector<engine_report> reports;  // of a corpus one for each target, then one for each engine and target
    std::vector<const model::clause*> clauses;
    std::vector<std::vector<judgement>> judgements;  // for each clause, one for each target
    std::vector<std::string> sources;
    std::uint64_t programs = 0;
    std::uint64_t seed = 0;
    std::vector<shard> shards;                // that it is made of
    std::string program = "tailrace-verify";  // that ran it

    [[nodiscard]] bool failed() const;
};

/// The machine and the compiler of this program; the rest is for the caller to say.
[[nodiscard]] run_record record_here();

struct how_to_run {
    /// Child processes at once; 0: in this process, for tests.
    std::size_t jobs = 0;
    /// A child that does nothing for so long hangs.
    std::chrono::milliseconds patience = std::chrono::seconds(60);
    /// The time of an engine on a target: what is not done by then is left. Empty: no limit.
    std::optional<std::chrono::milliseconds> budget = {};
    /// Called several times a second: true once the campaign has to end with what it has.
    std::function<bool()> interrupted = {};
    verify::shard shard = {};
    /// What lasts from one run to the next: its failures are replayed first. Null: nothing does.
    corpus* kept = nullptr;
    /// With which program of its own an engine goes on, if something is kept: each shard has a part of all numbers.
    std::optional<std::uint64_t> goes_on = {};
};

[[nodiscard]] campaign run_campaign(const job& j, std::vector<const engine_entry*> engines,
                                    std::vector<const target*> targets, const campaign_news& tell = {},
                                    const how_to_run& how = {});

/// The verdicts on the clauses, from the reports.
void judge_clauses(campaign& c);

}  // namespace tailrace::verify
