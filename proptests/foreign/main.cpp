// tailrace-verify-foreign: tailrace-verify for the channels of other C++ libraries. It finds defects:
//     tailrace-verify-foreign run --target asio --engine sequential --failures 20
// After a change here run: ci/test -L proptests -R foreign_cpp
#include "tailrace/verify/main.hpp"
#include "targets.hpp"

int main(int argc, char** argv) { return tailrace::verify::main(argc, argv, tailrace::verify::foreign_targets()); }
