// The table of coverage goals for generated programs.
// After a change here run: ci/test -L proptests -R 'reach|sequential'
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "coverage/reach.hpp"

namespace tailrace::verify {

/// Met by a target that has one of each group. An empty group requires nothing.
using needs = std::array<capabilities, 3>;

[[nodiscard]] bool meets(capabilities within, const needs& n);

/// An answer to a verb, or to a poll of an operation of that verb.
struct required_answer {
    model::verb what;
    model::handle_kind subject;  // of the verb
    bool polled;
    model::status status;
    std::uint64_t number;     // tells the two booleans apart; 0 for everything else
    std::uint64_t per_10000;  // programs
};

/// The steps at which a state can be reached.
struct trigger {
    model::verb what;
    model::handle_kind subject;
};

struct required_state {
    std::string_view what;
    std::uint64_t per_10000;
    verify::needs needs;
    std::optional<trigger> at;  // nothing: any step
    bool (*met)(const moment& m);
};

/// Of an outermost call with reactions.
struct required_reaction {
    std::string_view what;
    std::uint64_t per_10000;
    capabilities needs;  // all of them
    bool (*met)(std::span<const model::line> call);
};

[[nodiscard]] std::span<const required_answer> required_answers() noexcept;
[[nodiscard]] std::span<const required_state> required_states() noexcept;
[[nodiscard]] std::span<const required_reaction> required_reactions() noexcept;

}  // namespace tailrace::verify
