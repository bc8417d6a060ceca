// The reference channel on the watched platform alone: the program that the mutants are built into.
#include "../blocking_stress.hpp"
#include "../reference_kit.hpp"

int main(int argc, char** argv) {
    return tailrace::verify::stress::run_program<tailrace::verify::stress::reference_watched>(argc, argv);
}
