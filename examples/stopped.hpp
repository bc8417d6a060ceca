// What the examples share that run until a signal.
// After a change here run: ci/test -L examples
#pragma once

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

/// Set by SIGINT and SIGTERM. An atomic without a lock is all that their handler may use.
inline std::atomic<bool> stopped = false;
static_assert(std::atomic<bool>::is_always_lock_free);

/// Whether this was started as `PROGRAM forever`: then the signals set `stopped`. Anything but that and `PROGRAM` ends
/// the program.
inline bool runs_forever(int argc, char** argv) {
    if (argc == 1) return false;
    if (argc != 2 || argv[1] != std::string_view("forever")) {
        std::cerr << "usage: " << argv[0] << " [forever]\n";
        std::exit(2);
    }
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stopped = true; });
    return true;
}
