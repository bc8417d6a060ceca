// Evidence: which clauses a set of traces really tests.
//
// A step is evidence for a clause if a mutant of the model that breaks just that clause answers it differently. That a
// verb was called is no evidence.
// After a change here run: ci/test -L proptests -R evidence
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model_mutants/mutant.hpp"
#include "tailrace/model/clauses.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// One step that kills a mutant.
struct sighting {
    std::string file;
    std::size_t line = 0;
    std::string trace;
    model::step step;
    model::outcome expected;
    std::optional<model::outcome> altered;  // empty: the step is not possible on the mutant any more

    friend bool operator==(const sighting&, const sighting&) = default;
};

/// `core-0.trace:31: s0 try_send v2 -> full v2, with barging-try-send: ok`
[[nodiscard]] std::string to_string(const sighting& s, const mutant& d);

struct mutant_evidence {
    const verify::mutant* mutant = nullptr;
    std::size_t traces = 0;  // that kill it
    std::optional<sighting> first;
};

struct clause_evidence {
    const model::clause* clause = nullptr;
    std::size_t traces = 0;               // with evidence, from any mutant
    const mutant_evidence* by = nullptr;  // the mutant with the most of them
};

struct evidence_table {
    model::engine collector = model::engine::oracle;
    std::vector<clause_evidence> clauses;  // all, in the order of the contract
    std::vector<mutant_evidence> mutants;  // those whose clause the collector can observe

    // The clauses point into the mutants: a move keeps that, a copy would not.
    evidence_table() = default;
    evidence_table(evidence_table&&) = default;
    evidence_table& operator=(evidence_table&&) = default;

    [[nodiscard]] const clause_evidence* find(std::string_view clause) const noexcept;
};

/// Runs the specification and each mutant whose clause `collector` can observe along each trace,
/// up to their first difference.
///
/// Compares with the specification, not with the text, because of the one difference that traces of
/// tokio may have (a value sent after the receiver is gone dies later there); but an answer
/// that the text itself gives is evidence of nothing. Precondition: the traces agree with the
/// specification but for that difference. A step that the specification refuses ends its trace.
/// What a target `within` cannot show is evidence of nothing. `alive` is called before each trace;
/// so is `over`, and once it is true the rest of the traces is left out.
[[nodiscard]] evidence_table collect_evidence(std::span<const model::trace* const> traces,
                                              model::engine collector = model::engine::oracle,
                                              std::span<const mutant> zoo = mutants(),
                                              capabilities within = capabilities::all(),
                                              const std::function<void()>& alive = {},
                                              const std::function<bool()>& over = {});

struct clause_in_want {
    const model::clause* clause;
    model::engine waits_for;  // the collector itself if no other engine can
};

/// The clauses that the table has no evidence for, in the order of the contract.
[[nodiscard]] std::vector<clause_in_want> without_evidence(const evidence_table& table);

}  // namespace tailrace::verify
