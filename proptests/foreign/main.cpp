// verify-asio: tailrace-verify for Asio's channel. It finds defects:
//     verify-asio run --engine sequential --failures 20
// After a change here run: ci/test -L proptests -R asio
#include "tailrace/verify/main.hpp"
#include "asio_channel.hpp"

int main(int argc, char** argv) { return tailrace::verify::main(argc, argv, {tailrace::verify::make_asio_target()}); }
