// The optimised channel on the production platform alone, for the mutants of that platform.
#include "../blocking_stress.hpp"
#include "../optimized_kit.hpp"

int main(int argc, char** argv) {
    return tailrace::verify::stress::run_program<tailrace::verify::stress::optimized_production>(argc, argv);
}
