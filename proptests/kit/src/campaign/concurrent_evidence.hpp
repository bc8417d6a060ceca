// What histories say about clauses.
//
// An order that explains a history is a program on one thread, and a step of it is evidence for a clause if a model
// with just this clause broken answers it differently, or leaves somebody asleep who slept and was woken. Where a
// clause says that an operation has no middle, no model of single steps can break it: evidence is then that somebody
// looked while it happened.
// After a change here run: ctest -L proptests -R 'threads|interleavings|campaign'
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "campaign/campaign.hpp"
#include "program/concurrent_program.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::verify {

struct explained_history {
    model::history history;
    model::verdict verdict;
    std::uint64_t program = 0;  // its index
};

void add_evidence(engine_report& report, model::engine by, const std::vector<explained_history>& histories,
                  const job& j);

/// The clauses that a history breaks: those of the mutants that explain all of it; for one who was left asleep, also
/// those that go the way of `v` and do not wake him. `how` is as the history was judged; `within` are the capabilities
/// of the target.
[[nodiscard]] std::vector<std::string> clauses_of(const model::history& h, const model::verdict& v,
                                                  model::check_options how, model::engine by, const job& j,
                                                  capabilities within);

[[nodiscard]] std::size_t length_of(const concurrent_program& p);

}  // namespace tailrace::verify
