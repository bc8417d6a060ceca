// The protocol of a program of contestants:
//     PROGRAM list                                  a JSON line for each contestant: its name and its workloads
//     PROGRAM CONTESTANT WORKLOAD key=value...      one JSON line: the result; exit status 1 if a value was lost
// Programs in other languages have the same one. A program that has one thread is given a second, which sleeps: without
// it glibc and libstdc++ leave out atomic instructions.
// After a change here run: ci/bench
#pragma once

#include <string>
#include <vector>

#include "common/one_thread.hpp"
#include "common/threads.hpp"
#include "common/workload.hpp"

namespace bench {

struct workload {
    std::string name;
    result (*small)(const parameters&);
    result (*large)(const parameters&);
};

struct contestant {
    std::string name;
    std::vector<workload> workloads;

    contestant& operator+=(std::vector<workload> more) {
        workloads.insert(workloads.end(), more.begin(), more.end());
        return *this;
    }
};

template <class Kind>
[[nodiscard]] std::vector<workload> one_thread_workloads() {
    return {{"W1", one_by_one<Kind, small_value>, one_by_one<Kind, large_value>},
            {"W2", fill_and_drain<Kind, small_value>, fill_and_drain<Kind, large_value>}};
}
template <class Kind>
[[nodiscard]] std::vector<workload> memory_workloads() {
    return {{"idle", memory<Kind, small_value, use::none>, memory<Kind, large_value, use::none>},
            {"filled", memory<Kind, small_value, use::filled>, memory<Kind, large_value, use::filled>},
            {"drained", memory<Kind, small_value, use::drained>, memory<Kind, large_value, use::drained>}};
}
template <class Kind>
[[nodiscard]] std::vector<workload> thread_workloads() {
    return {{"W3", blocking_threads<Kind, small_value>, blocking_threads<Kind, large_value>},
            {"W4", blocking_threads<Kind, small_value>, blocking_threads<Kind, large_value>},
            {"W10", hand_offs<Kind, small_value>, hand_offs<Kind, large_value>}};
}

/// The main function of a program.
int run_contestants(int argc, char** argv, const std::vector<contestant>& contestants);

}  // namespace bench
