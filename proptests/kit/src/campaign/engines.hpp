// The engines as functions of one shape, for the table in engines.cpp, and what they share.
// After a change here run: ctest -L proptests
#pragma once

#include "campaign/campaign.hpp"
#include "evidence/attribution.hpp"

namespace tailrace::verify {

struct sequential_failure;
struct threads_failure;
struct interleavings_failure;

[[nodiscard]] engine_report run_oracle(const job& j, const target& t, const campaign_progress& tell);
[[nodiscard]] engine_report run_sequential_engine(const job& j, const target& t, const campaign_progress& tell);

[[nodiscard]] engine_report run_threads_engine(const job& j, const target& t, const campaign_progress& tell);

[[nodiscard]] engine_report run_interleavings_engine(const job& j, const target& t, const campaign_progress& tell);

[[nodiscard]] std::string summarise_oracle(const engine_report& r);
[[nodiscard]] std::string summarise_sequential(const engine_report& r);
[[nodiscard]] std::string summarise_threads(const engine_report& r);
[[nodiscard]] std::string summarise_interleavings(const engine_report& r);

/// What an engine found, in the one shape of a failure: without clauses, seed and index, which `run` knows and `replay`
/// does not.
[[nodiscard]] counterexample example_of(const sequential_failure& f, const target& on, const std::string& command);
[[nodiscard]] counterexample example_of(const threads_failure& f, const target& on, const std::string& command);
[[nodiscard]] counterexample example_of(const interleavings_failure& f, const target& on, const std::string& command);

/// The property of the engines that take a program step by step.
inline constexpr std::string_view every_step = "Every step has the outcome that the specification gives.";

/// The failure whose counterexample this is: what it says of itself follows from that.
[[nodiscard]] failure failure_of(counterexample c);
/// A failure of which only a sentence is known, and perhaps some lines below it.
[[nodiscard]] failure failure_of(failure::kind is, const engine_report& in, const std::string& what, std::string place,
                                 const std::string& details = {});

/// The programs of `j` in parts, each in a child process.
[[nodiscard]] engine_report run_in_slices(const engine_entry& e, const target& t, const job& j,
                                          const campaign_progress& tell, const how_to_run& how);

[[nodiscard]] failure too_many_unknown(const engine_report& in, std::uint64_t unknown, std::uint64_t histories);

/// 0 if there is none of that name.
[[nodiscard]] std::uint64_t number_of(const engine_report& r, std::string_view name);

/// The same word, in storage that lives until the program ends.
[[nodiscard]] std::string_view kept(std::string_view word);

/// Why `t` cannot show what line `at` of a trace or a program shows: it lacks the verb, or what
/// made the handle; or else something that is needed elsewhere in it.
[[nodiscard]] lack why_not(const target& t, const model::trace& program, std::size_t at, std::string_view unit);

}  // namespace tailrace::verify
