// The operators: where in a syntax tree there is something to change.
// After a change here run: ci/test -L house
#pragma once

#include "copies.hpp"

namespace tailrace::schemata {

/// Puts the mutants of all operators into all copies. Throws std::runtime_error if the headers do not compile.
void mutate(copies& all);

}  // namespace tailrace::schemata
