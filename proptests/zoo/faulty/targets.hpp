// The optimised channel with one fault each, as targets (faults.cmake).
// After a change here run: ctest -L proptests -R 'zoo|bugs' && ci/zoo
#pragma once

#include <string_view>
#include <vector>

#include "tailrace/verify/target.hpp"

namespace tailrace::verify::zoo {

/// Those that are linked into this program, each under the name of its fault.
[[nodiscard]] std::vector<target>& faulty_targets();

[[nodiscard]] const target* find_faulty_target(std::string_view fault);

}  // namespace tailrace::verify::zoo
