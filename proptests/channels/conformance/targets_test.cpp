// The targets that the suite `conformance` runs on.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

INSTANTIATE_TEST_SUITE_P(, conformance, ::testing::ValuesIn(builtin_targets()),
                         [](const ::testing::TestParamInfo<target>& tested) { return tested.param.name; });

}  // namespace tailrace::verify
