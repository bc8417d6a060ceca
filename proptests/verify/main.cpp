// tailrace-verify: checks the channels of this project against the contract.
// After a change here run: ci/test -L proptests -R command_line
#include "tailrace/verify/main.hpp"

#include <string>
#include <vector>

namespace {

using tailrace::verify::target;

/// Programs that the build target tailrace-tests makes, where it makes them.
void add_tests(target& t) {
    const std::string typed = "*/" + t.name + ".*";
    const std::string sources = TAILRACE_SOURCE_DIR;
    const std::string channels = sources + "/proptests/channels/";
    t.tests = {{TAILRACE_CONFORMANCE_TESTS, typed + ":*/" + t.name + ":handles.*", channels + "conformance"},
               {TAILRACE_REGRESSION_TESTS, typed, channels + "regressions"},
               {TAILRACE_SELECT_TESTS, typed, channels + "select"}};
    if (t.name != "optimized") return;
    t.tests.push_back({TAILRACE_IMPL_TESTS, "*", sources + "/impl/tests"});
    t.tests.push_back({TAILRACE_ALLOCATION_TESTS, "*", {}});
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<target> targets = tailrace::verify::builtin_targets();
    for (target& t : targets) add_tests(t);
    return tailrace::verify::main(argc, argv, targets);
}
