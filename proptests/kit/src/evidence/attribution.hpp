// Attribution: a difference breaks the clauses of those model mutants that show just that difference.
// After a change here run: ci/test -L proptests
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model_mutants/mutant.hpp"
#include "report/counterexample.hpp"
#include "tailrace/model/clauses.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// A clause about something that the target does not have is not broken, whatever explains a failure.
[[nodiscard]] bool can_break(capabilities within, std::string_view clause);

/// The clauses that a program on one thread breaks at its last step: those of the mutants that show there just what
/// the target showed; if there are none, of those that show a part of it and nothing else. `within` are the
/// capabilities of the target. In ascending order.
[[nodiscard]] std::vector<std::string> clauses_of(const sequential_run& run, std::uint64_t capacity,
                                                  model::engine seen_by, std::span<const mutant> mutants,
                                                  capabilities within);

}  // namespace tailrace::verify
