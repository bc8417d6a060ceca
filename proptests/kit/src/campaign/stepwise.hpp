// What the engines `sequential` and `exhaustive`, which take programs of one thread step by step, make of what they
// find.
// After a change here run: ci/test -L proptests -R 'sequential|exhaustive|campaign'
#pragma once

#include <string>
#include <vector>

#include "campaign/engines.hpp"
#include "evidence/evidence.hpp"

namespace tailrace::verify {

/// The clauses that it may break; if none is known, the step and what differs, or nothing for concurrent tasks.
[[nodiscard]] std::vector<std::string> class_of(const counterexample& c);
[[nodiscard]] std::vector<std::string> class_of(const sequential_failure& f, const job& j, const target& on,
                                                model::engine by);

[[nodiscard]] evidence_table evidence_in(const std::vector<model::trace>& traces, const job& j, capabilities within,
                                         model::engine by);
void add_evidence(engine_report& report, const std::vector<model::trace>& traces, const job& j, const target& t,
                  model::engine by);

}  // namespace tailrace::verify
