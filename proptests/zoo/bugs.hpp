// The table of regressions: bugs that channels like this one had, each as a faulty channel that an engine has to find.
//
// `sequential` finds mutants: the specification with that one bug. `threads` finds the optimised
// channel with that one bug in its headers (mutants/zoo). README.md has the same rows with what was
// measured, and how to add one. After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "model_mutants/mutant.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify::zoo {

struct bug {
    std::string_view id;       // B30; several rows if it has several faces
    std::string_view source;   // tokio #7709
    std::string_view essence;  // what went wrong, one sentence
    model::engine by = model::engine::sequential;
    std::string_view lives;           // a mutant, of the model or of the source; nothing: it cannot exist here
    std::string_view clause;          // that it breaks first
    std::string_view why = {};        // it cannot exist here, or needs more than is usual
    std::size_t most_operations = 8;  // of a shrunk program (operations_of, counterexample.hpp)
    std::uint64_t programs = 0;       // the budget; 0: the usual one
};

/// In order of ids.
[[nodiscard]] std::span<const bug> bugs() noexcept;

/// The mutants that only bugs have.
[[nodiscard]] std::span<const mutant> bug_family() noexcept;

/// Of all mutants the one with this name, if there is one.
[[nodiscard]] const mutant* find_mutant(std::string_view name) noexcept;

}  // namespace tailrace::verify::zoo
