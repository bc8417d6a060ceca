// Bugs that channels like this one really had, as faulty channels that an engine has to find.
//
// `sequential` finds deviations: the specification with that one fault. `threads` finds the optimised
// channel with that one fault in its headers (faulty/). README.md has the same rows with what was
// measured, and tells how to add one. After a change here run: ctest -L proptests -R 'zoo|bugs' && ci/zoo
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tailrace/model/clauses.hpp"
#include "tailrace/verify/deviation.hpp"

namespace tailrace::verify::zoo {

struct bug {
    std::string_view id;       // B30; several rows if it has several faces
    std::string_view source;   // tokio #7709
    std::string_view essence;  // what went wrong, one sentence
    model::engine by = model::engine::sequential;
    std::string_view lives;           // a deviation or a fault by name; nothing: it cannot exist here
    std::string_view clause;          // that it breaks first
    std::string_view why = {};        // it cannot exist here, or needs more than is usual
    std::size_t most_operations = 8;  // of a shrunk program (operations_of, counterexample.hpp)
    std::uint64_t programs = 0;       // the budget; 0: the usual one
};

/// In order of ids.
[[nodiscard]] std::span<const bug> bugs() noexcept;

/// The deviations that only bugs have.
[[nodiscard]] std::span<const deviation> bug_family() noexcept;

/// Of all deviations the one with this name, if there is one.
[[nodiscard]] const deviation* find_deviation(std::string_view name) noexcept;

}  // namespace tailrace::verify::zoo
