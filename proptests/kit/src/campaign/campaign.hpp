// A campaign: some engines on some targets, and what that says about each clause.
//
// An engine is an entry of the table in engines.cpp. It reports in the terms below, so that
// verdicts and reports know no engine. After a change here run: ctest -L proptests
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coverage/reach.hpp"
#include "engine/oracle.hpp"
#include "model_mutants/mutant.hpp"
#include "report/counterexample.hpp"
#include "tailrace/model/clauses.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

class json_reader;

/// What the engines work on.
struct job {
    std::vector<judged_trace> traces;
    std::vector<std::string> sources;           // where the traces come from, as named by the user
    std::vector<const model::clause*> clauses;  // the selected ones, in the order of the contract
    std::span<const mutant> mutants;            // what evidence is measured with
    std::uint64_t programs = 0;                 // of each engine that generates them; 0: as many as is usual
    std::uint64_t seed = 0;
    std::size_t most_failures = 1;            // of different clauses, on each target
    std::string program = "tailrace-verify";  // by which a failure can be seen again
    std::uint64_t first = 0;                  // the index of the first program
    bool leads = true;                        // it does what is done once: traces, long runs, measuring evidence
    std::function<void()> alive = {};         // called now and then during long work without progress messages

    /// Called before anything more is begun: true once the engine has to end with what it has.
    std::function<bool()> over = {};
    /// Called before each program: true once the rest of the time is for measuring evidence.
    std::function<bool()> enough = {};

    void breathe() const {
        if (alive) alive();
    }
    [[nodiscard]] bool is_over() const { return over && over(); }
};

/// The evidence of one engine for a clause on one target.
struct evidence_item {
    std::uint64_t count = 0;
    std::string_view unit;  // "trace", "program"
    std::string first;      // its place: "core-0.trace:612"
};

/// A failure is made by failure_of (engines.hpp), from a counterexample where there is one.
struct failure {
    enum class kind : unsigned char {
        difference,  // the contract is broken
        hang,
        crash,
        unknown,    // the linearizability search was given up too often
        too_seldom  // the state coverage is too low
    };

    kind is = kind::difference;
    std::string what;   // went wrong, in a sentence
    std::string text;   // at most 40 lines of 100 columns
    std::string place;  // file:line, or the program
    std::vector<std::string_view>
        clauses;  // those it breaks; a failure that breaks none by name is counted beside them
    std::optional<counterexample> example;
    std::string token;        // repeats it; empty if nothing can
    std::uint64_t times = 1;  // different programs became this smallest one
};

[[nodiscard]] std::string_view to_string(failure::kind k) noexcept;

/// Why a clause cannot be seen on a target.
struct lack {
    std::string why;  // "no capability weak"
    /// The clause is about what is lacking. Otherwise what was run happens to need it elsewhere.
    bool essential = false;
};

struct engine_report {
    std::string_view engine;
    std::string target;
    std::string summary;    // "360 traces, 47,899 steps, 0 differences"
    std::string_view unit;  // what is skipped: "trace"
    std::vector<failure> failures;
    std::map<std::string_view, evidence_item> evidence;  // by clause
    std::map<std::string, std::uint64_t> skipped;        // how much, by capability
    std::map<std::string_view, lack> lacking;            // clauses that cannot be seen on this target
    std::map<std::string, std::uint64_t> numbers;        // for report.json
    std::vector<reach> reached;
};

/// Everything but the summary: what a child process says to its parent, and one shard to the others.
[[nodiscard]] std::string to_json(const engine_report& r);
/// Throws json_error, one line that begins with `from`.
[[nodiscard]] engine_report engine_report_from_json(std::string_view text, std::string_view from);
[[nodiscard]] engine_report engine_report_from(const json_reader& in);

/// Names in `numbers`: of the shards that a signal or the budget ended early, and of the parts that had to be killed
/// then.
inline constexpr std::string_view interrupted = "interrupted";
inline constexpr std::string_view over_budget = "over_budget";
inline constexpr std::string_view parts_given_up = "given_up";
/// "interrupted", "stopped by --budget"; nothing if everything was done.
[[nodiscard]] std::string_view cut_short(const engine_report& r);

/// Two parts of the same run together. The same smallest program is one failure.
void add_to(engine_report& one, engine_report&& other);
/// Adds what is known at the end only: state coverage that is too low, and the summary.
void finish(engine_report& r);
/// "1 difference, 2 hangs": all failures, each counted once.
[[nodiscard]] std::string counted_failures(const engine_report& r, std::string_view noun);
/// Failures that no row of the table shows, because they break none of these clauses by name.
[[nodiscard]] std::uint64_t failures_beside(const engine_report& r, std::span<const model::clause* const> clauses);

/// Called with what is counted, how much of it is done, and of how much.
using campaign_progress = std::function<void(std::string_view, std::size_t, std::size_t)>;
/// Called with how far it is: "sequential optimized: 120,000 of 200,000 programs, 0 differences".
using campaign_news = std::function<void(std::string_view)>;

struct engine_entry {
    model::engine is;
    std::string_view summary;
    std::uint64_t usual_programs;  // 0: it generates none
    engine_report (*run)(const job& j, const target& t, const campaign_progress& tell);
    std::string (*summarise)(const engine_report& r);

    [[nodiscard]] std::string_view name() const { return model::to_string(is); }
};

/// The engines of this program, in the order they run.
[[nodiscard]] std::span<const engine_entry> engines() noexcept;

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
    std::vector<engine_report> reports;  // one for each engine and target
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
};

[[nodiscard]] campaign run_campaign(const job& j, std::vector<const engine_entry*> engines,
                                    std::vector<const target*> targets, const campaign_news& tell = {},
                                    const how_to_run& how = {});

/// The verdicts on the clauses, from the reports.
void judge_clauses(campaign& c);

}  // namespace tailrace::verify
