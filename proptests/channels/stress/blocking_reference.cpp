// The reference channel under stress. Run: ci/test -L stress, or blocking_reference --help
#include "blocking_stress.hpp"
#include "reference_kit.hpp"

int main(int argc, char** argv) {
    using namespace tailrace::verify::stress;
    return run_program<reference_production, reference_watched>(argc, argv);
}
