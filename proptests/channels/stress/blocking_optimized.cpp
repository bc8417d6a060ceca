// The optimised channel under stress. Run: ci/test -L stress, or blocking_optimized --help
#include "blocking_stress.hpp"
#include "optimized_kit.hpp"

int main(int argc, char** argv) {
    using namespace tailrace::verify::stress;
    return run_program<optimized_production, optimized_watched>(argc, argv);
}
