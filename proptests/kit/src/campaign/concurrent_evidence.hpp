// Evidence from histories: which clauses the runs of several tasks test.
//
// A linearization of a history is a program on one thread. A step of it is evidence for a clause if a mutant of the
// model that breaks just this clause answers it differently, or leaves a task asleep that slept and was woken. A clause
// may say that an operation has no intermediate state. No mutant of single steps can break it: there the evidence is
// that a step of another task overlapped the operation and could have observed such a state.
// After a change here run: ci/test -L proptests -R 'threads|interleavings|campaign'
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "campaign/engines.hpp"
#include "coverage/overlaps.hpp"
#include "program/concurrent_program.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::verify {

struct explained_history {
    model::history history;
    model::verdict verdict;
    std::uint64_t program = 0;  // its index
    event_order first = {};     // of the events; empty: that of their times
};

void add_evidence(engine_report& report, model::engine by, const std::vector<explained_history>& histories,
                  const job& j);

/// The clauses that a history breaks: those of the mutants that explain all of it; for a task left asleep, also
/// those that follow `v` and do not wake it. `how` is as the history was judged; `within` are the capabilities
/// of the target.
[[nodiscard]] std::vector<std::string> clauses_of(const model::history& h, const model::verdict& v,
                                                  model::check_options how, model::engine by, const job& j,
                                                  capabilities within);

[[nodiscard]] std::size_t length_of(const concurrent_program& p);

}  // namespace tailrace::verify
