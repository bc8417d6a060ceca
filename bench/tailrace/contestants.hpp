// The contestants of this project, by what they have in common.
// After a change here run: ci/bench --contestants 'tailrace|reference'
#pragma once

#include <vector>

#include "common/contestant.hpp"

namespace bench {

/// tailrace without coroutines: W1 to W4, W10, memory.
void add_without_tasks(contestant& tailrace);
/// W5 to W8, inline; and a contestant for each other form of running.
void add_tasks(contestant& tailrace, std::vector<contestant>& others);
/// The reference channel of model/.
[[nodiscard]] contestant reference_contestant();

}  // namespace bench
