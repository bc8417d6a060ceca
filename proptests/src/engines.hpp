// The engines as functions of one shape, for the table in engines.cpp, and what they share.
// After a change here run: ctest -L proptests
#pragma once

#include "campaign.hpp"

namespace tailrace::verify {

struct interleavings_failure;

[[nodiscard]] engine_report run_oracle(const job& j, const target& t,
                                       const campaign_progress& tell);
[[nodiscard]] engine_report run_sequential_engine(const job& j, const target& t,
                                                  const campaign_progress& tell);

[[nodiscard]] engine_report run_threads_engine(const job& j, const target& t,
                                               const campaign_progress& tell);

[[nodiscard]] engine_report run_interleavings_engine(const job& j, const target& t,
                                                     const campaign_progress& tell);

[[nodiscard]] std::string summarise_oracle(const engine_report& r);
[[nodiscard]] std::string summarise_sequential(const engine_report& r);
[[nodiscard]] std::string summarise_threads(const engine_report& r);
[[nodiscard]] std::string summarise_interleavings(const engine_report& r);

/// A failure as it is told: without clauses, seed and shrinking.
[[nodiscard]] counterexample example_of(const interleavings_failure& f, const std::string& target, const std::string& command);

/// The programs of `j` in parts, each in a child process.
[[nodiscard]] engine_report run_in_slices(const engine_entry& e, const target& t, const job& j,
                                          const campaign_progress& tell, const how_to_run& how);

/// 0 if there is none of that name.
[[nodiscard]] std::uint64_t number_of(const engine_report& r, std::string_view name);

/// A word that lives for good.
[[nodiscard]] std::string_view kept(std::string_view word);

/// Why `t` cannot show what line `at` of a trace or a program shows: it lacks the verb, or what
/// made the handle; or else something that is needed elsewhere in it.
[[nodiscard]] lack why_not(const target& t, const model::trace& program, std::size_t at,
                           std::string_view unit);

/// The clauses that are tested where the difference stands: those of the deviations that answer
/// there as one of the two sides did; if none does, of all that answer differently there. `within`
/// are the capabilities of the target that differs.
[[nodiscard]] std::vector<std::string_view> clauses_of(const difference& d, model::engine seen_by,
                                                       std::span<const deviation> faults,
                                                       capabilities within = capabilities::all());

}  // namespace tailrace::verify
