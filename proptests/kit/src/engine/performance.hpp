// The performance of a program on a target: each outermost step, and inside its call the reactions, as the
// specification has taken them. After a change here run: ci/test -L proptests -R 'sequential|reactions'
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/oracle.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// The first line in which the target differs.
struct line_difference {
    std::size_t at = 0;                 // index of the line
    std::size_t last = 0;               // of the last line that was begun, or should have been
    model::outcome expected;            // comparable with `got`
    std::optional<model::outcome> got;  // nothing if the target threw
    std::vector<aspect> differs;
    std::vector<std::string> notes;
};

/// Takes the step of the first line on the session, and those of the others inside its call. After a difference no more
/// reactions are taken. Expected are the outcomes as the target can show them.
[[nodiscard]] std::optional<line_difference> perform(session& on, std::span<const model::line> call,
                                                     capabilities within);

}  // namespace tailrace::verify
