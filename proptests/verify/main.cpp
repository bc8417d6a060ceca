// tailrace-verify: checks the channels of this project against the contract.
// After a change here run: ci/test -L proptests -R command_line
#include "tailrace/verify/main.hpp"

int main(int argc, char** argv) { return tailrace::verify::main(argc, argv, tailrace::verify::builtin_targets()); }
