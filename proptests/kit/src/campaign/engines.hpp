// The engines as functions of one shape, for the table in engines.cpp, what they work on, and what they share.
// After a change here run: ci/test -L proptests
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/engine_report.hpp"
#include "engine/oracle.hpp"
#include "model_mutants/mutant.hpp"
#include "program/enumerate_concurrent.hpp"
#include "tailrace/model/clauses.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

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

    std::size_t depth = 5;                      // steps of the programs of `exhaustive`, at most
    std::optional<concurrent_size> pairs = {};  // `interleavings` explores all of these, not generated programs
    std::uint64_t from = 0;                     // the index of the program with which engines that have shards begin

    /// Called before anything more is begun: true once the engine has to end with what it has.
    std::function<bool()> over = {};
    /// Called before each program: true once the rest of the time is for measuring evidence.
    std::function<bool()> enough = {};

    void breathe() const {
        if (alive) alive();
    }
    [[nodiscard]] bool is_over() const { return over && over(); }
};

/// Called with what is counted, how much of it is done, and of how much.
using campaign_progress = std::function<void(std::string_view, std::size_t, std::size_t)>;

struct engine_entry {
    model::engine is;
    std::string_view summary;
    std::uint64_t usual_programs;  // 0: it generates none
    std::string_view unit;         // what is counted as it runs: "program"
    /// How many there are: of an engine that generates none, or has no more than that.
    std::uint64_t (*size)(const job& j, const target& t);
    engine_report (*run)(const job& j, const target& t, const campaign_progress& tell);
    std::string (*summarise)(const engine_report& r);

    [[nodiscard]] std::string_view name() const { return model::to_string(is); }
};

/// The engines of this program, in the order they run.
[[nodiscard]] std::span<const engine_entry> engines() noexcept;

struct sequential_failure;
struct threads_failure;
struct interleavings_failure;
struct meeting;

[[nodiscard]] engine_report run_oracle(const job& j, const target& t, const campaign_progress& tell);
[[nodiscard]] engine_report run_sequential_engine(const job& j, const target& t, const campaign_progress& tell);

[[nodiscard]] engine_report run_exhaustive_engine(const job& j, const target& t, const campaign_progress& tell);
/// Program `at` of all, as a token has it.
[[nodiscard]] concurrent_program exhaustive_program(const job& j, const target& t, std::uint64_t at);
[[nodiscard]] std::uint64_t count_exhaustive(const job& j, const target& t);

[[nodiscard]] engine_report run_threads_engine(const job& j, const target& t, const campaign_progress& tell);

[[nodiscard]] engine_report run_interleavings_engine(const job& j, const target& t, const campaign_progress& tell);
/// Of `job::pairs`.
[[nodiscard]] std::uint64_t count_interleavings(const job& j, const target& t);
[[nodiscard]] concurrent_program program_of_pairs(const job& j, const target& t, std::uint64_t at);
/// The number of a report that counts such a meeting: `met r.try_recv s.send full`.
[[nodiscard]] std::string name_of(const meeting& m);
/// Which operations met in which state, as a table; nothing if the run was of generated programs.
[[nodiscard]] std::string to_meetings(const engine_report& r);
/// In the sources of the target's programs.
[[nodiscard]] std::uint64_t count_tests(const job& j, const target& t);
[[nodiscard]] engine_report run_tests_engine(const job& j, const target& t, const campaign_progress& tell);

[[nodiscard]] std::string summarise_oracle(const engine_report& r);
[[nodiscard]] std::string summarise_sequential(const engine_report& r);
[[nodiscard]] std::string summarise_exhaustive(const engine_report& r);
[[nodiscard]] std::string summarise_threads(const engine_report& r);
[[nodiscard]] std::string summarise_interleavings(const engine_report& r);
[[nodiscard]] std::string summarise_tests(const engine_report& r);

/// What an engine found, in the one shape of a failure. The clauses that it breaks are those of `job::mutants`. `on` is
/// what ran it.
[[nodiscard]] counterexample example_of(const sequential_failure& f, const job& j, const target& on, model::engine by);
[[nodiscard]] counterexample example_of(const threads_failure& f, const job& j, const target& on);
[[nodiscard]] counterexample example_of(const interleavings_failure& f, const job& j, const target& on);

/// The property of the engines that take a program step by step.
inline constexpr std::string_view every_step = "Every step has the outcome that the specification gives.";

/// Why `t` cannot show what line `at` of a trace or a program shows: it lacks the verb, or what
/// made the handle; or else something that is needed elsewhere in it.
[[nodiscard]] lack why_not(const target& t, const model::trace& program, std::size_t at, std::string_view unit);

}  // namespace tailrace::verify
