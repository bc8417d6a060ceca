// A mutant of the model: the specification with one clause broken, and nothing else.
//
// Mutants measure the checks. A recorded step is evidence for a clause if a model that breaks just that clause
// answers it differently.
// After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "tailrace/model/machine.hpp"

namespace tailrace::verify {

struct mutant {
    std::string_view name;     // barging-try-send
    std::string_view clause;   // try_send.no-barging
    std::string_view summary;  // what it does instead, one sentence
    /// Takes the step as the broken channel would. It may keep no state but that of the machine.
    model::outcome (*apply)(model::machine& m, const model::step& s);
};

[[nodiscard]] std::span<const mutant> mutants() noexcept;

}  // namespace tailrace::verify
