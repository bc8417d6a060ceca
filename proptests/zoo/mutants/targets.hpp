// The mutants of the optimised channel (mutants/zoo) as targets.
// After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#pragma once

#include <string_view>
#include <vector>

#include "tailrace/verify/target.hpp"

namespace tailrace::verify::zoo {

/// Those that are linked into this program, each under its name.
[[nodiscard]] std::vector<target>& mutant_targets();

[[nodiscard]] const target* find_mutant_target(std::string_view name);

}  // namespace tailrace::verify::zoo
