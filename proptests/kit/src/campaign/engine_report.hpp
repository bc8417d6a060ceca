// What an engine says of a target: failures, evidence, what was skipped, numbers. Verdicts and reports are made of
// this and know no engine.
// After a change here run: ci/test -L proptests
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coverage/reach.hpp"
#include "report/counterexample.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {

class json_reader;

/// The evidence of one engine for a clause on one target.
struct evidence_item {
    std::uint64_t count = 0;
    std::string_view unit;  // "trace", "program"
    std::string first;      // its place: "core-0.trace:612"
};

/// A failure is made by failure_of, from a counterexample where there is one.
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
    std::vector<reach> since;  // the same since the corpus began, if one is kept

    /// Of the replay of a corpus: what became of each of its files.
    std::map<std::string, std::string> entries;
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
/// The index of the first program that was left, if the order of the programs means something.
inline constexpr std::string_view goes_on_at = "goes_on_at";
/// The programs before the one that failed, if they are all that there are before it.
inline constexpr std::string_view agreed_before = "agreed_before";
/// Says so; nothing if it is not known.
[[nodiscard]] std::string why_smallest(const engine_report& r);
/// The programs that were run since the corpus began.
inline constexpr std::string_view programs_since = "programs_since";
/// "interrupted", "stopped by --budget"; nothing if everything was done.
[[nodiscard]] std::string_view cut_short(const engine_report& r);

/// Two parts of the same run together. The same smallest program is one failure, and so is what breaks the same.
void add_to(engine_report& one, engine_report&& other);
/// Adds what is known at the end only: state coverage that is too low, and the summary.
void finish(engine_report& r);
/// "1 difference, 2 hangs": all failures, each counted once.
[[nodiscard]] std::string counted_failures(const engine_report& r, std::string_view noun);
/// Failures that no row of the table shows, because they break none of these clauses by name.
[[nodiscard]] std::uint64_t failures_beside(const engine_report& r, std::span<const model::clause* const> clauses);

/// The failure whose counterexample this is: what it says of itself follows from that.
[[nodiscard]] failure failure_of(counterexample c);
/// A failure of which only a sentence is known, and perhaps some lines below it.
[[nodiscard]] failure failure_of(failure::kind is, const engine_report& in, const std::string& what, std::string place,
                                 const std::string& details = {});

[[nodiscard]] failure too_many_unknown(const engine_report& in, std::uint64_t unknown, std::uint64_t histories);

/// 0 if there is none of that name.
[[nodiscard]] std::uint64_t number_of(const engine_report& r, std::string_view name);

/// The same word, in storage that lives until the program ends.
[[nodiscard]] std::string_view kept(std::string_view word);

}  // namespace tailrace::verify
