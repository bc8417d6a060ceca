// A mutant of the optimized channel as the target of a program like tailrace-verify, for the engine `sequential`:
// compiled against the headers that a file of mutants/geometries changes.
//
// The library has the channel itself. The one-definition rule holds, because the change lies in a template over the
// platform, and here that is a type of its own.
// After a change here run: ci/mutants -R geometries
#include "tailrace/verify/main.hpp"
#include "target/own_channels.hpp"

namespace tailrace::verify {
namespace {

struct mutated_platform : std_platform {};

}  // namespace
}  // namespace tailrace::verify

int main(int argc, char** argv) {
    using namespace tailrace::verify;
    const geometry_openers mutated = openers_on<mutated_platform>();
    return tailrace::verify::main(argc, argv, {optimized_target(mutated, mutated)});
}
