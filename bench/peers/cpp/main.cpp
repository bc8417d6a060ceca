// The program of the contestants in C++.
// After a change here run: ci/bench --contestants asio
#include "peers.hpp"

int main(int argc, char** argv) {
    using namespace bench;
    return run_contestants(argc, argv,
                           {mutex_contestant(), tbb_contestant(), moodycamel_contestant(), fiber_contestant(),
                            asio_channel_contestant(), asio_concurrent_contestant()});
}
