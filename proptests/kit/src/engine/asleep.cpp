// How often a thread has gone to sleep, read from /proc.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#include "engine/asleep.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string>

namespace tailrace::verify {

std::optional<std::uint64_t> asleep(pid_t thread) {
    std::ifstream in(fmt::format("/proc/self/task/{}/status", thread));
    bool sleeps = false;
    for (std::string word; in >> word;) {
        if (word == "State:") {
            in >> word;
            sleeps = word == "S";
        } else if (word == "voluntary_ctxt_switches:") {
            std::uint64_t times = 0;
            if (!(in >> times) || !sleeps) return std::nullopt;
            return times;
        }
    }
    return std::nullopt;
}

}  // namespace tailrace::verify
