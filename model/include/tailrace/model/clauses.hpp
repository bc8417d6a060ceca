// The clauses of the contract as data: the unit of traceability. Tests, properties, scenarios,
// mutants and reports cite them by name.
//
// model/README.md has the same clauses in full sentences; a test compares the two.
// After a change here run: ci/test -L model
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace tailrace::model {

/// What can observe whether a clause holds.
enum class engine : unsigned char {
    oracle,         // recorded traces of the original
    sequential,     // generated programs, one thread, against the specification
    threads,        // generated programs on real threads
    interleavings,  // schedules and weak memory, searched
    tests,          // named tests of the C++ shape: no program of steps can show it
    exhaustive      // every small program, one thread, against the specification: observes what `sequential` does
};

[[nodiscard]] std::string_view to_string(engine e) noexcept;

struct clause {
    std::string_view name;                // try_send.no-barging
    int section;                          // of model/README.md
    std::span<const engine> observed_by;  // all that can, the one that should first in front
    std::string_view promise;             // one sentence

    [[nodiscard]] constexpr bool is_observed_by(engine e) const noexcept {
        const engine as = e == engine::exhaustive ? engine::sequential : e;
        return std::ranges::find(observed_by, as) != observed_by.end();
    }
};

/// All clauses, in the order of the contract.
[[nodiscard]] std::span<const clause> clauses() noexcept;
[[nodiscard]] const clause* find_clause(std::string_view name) noexcept;

/// Shell-style: `*` any run, `?` any one character. Used by --clause.
[[nodiscard]] bool matches_glob(std::string_view glob, std::string_view name) noexcept;

}  // namespace tailrace::model
