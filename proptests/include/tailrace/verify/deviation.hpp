// A deviation: the specification with one clause broken, and nothing else. The zoo keeps them (proptests/zoo).
//
// They measure the checks. A recorded step is evidence for a clause if a model that deviates in just that clause
// answers it differently.
// After a change here run: ctest -L proptests -R 'zoo|bugs' && ci/zoo
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "tailrace/model/machine.hpp"

namespace tailrace::verify {

struct deviation {
    std::string_view name;     // barging-try-send
    std::string_view clause;   // try_send.no-barging
    std::string_view summary;  // what it does instead, one sentence
    /// Takes the step as the faulty channel would. The machine's state is all it may keep.
    model::outcome (*apply)(model::machine& m, const model::step& s);
};

[[nodiscard]] std::span<const deviation> deviations() noexcept;

}  // namespace tailrace::verify
