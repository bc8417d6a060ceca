// The engines as functions of one shape, for the table in engines.cpp, and what they share.
// After a change here run: ctest -L proptests
#pragma once

#include "campaign.hpp"

namespace tailrace::verify {

[[nodiscard]] engine_report run_oracle(const job& j, const target& t,
                                       const campaign_progress& tell);
[[nodiscard]] engine_report run_sequential_engine(const job& j, const target& t,
                                                  const campaign_progress& tell);

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
