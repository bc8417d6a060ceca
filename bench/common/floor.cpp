// What the machine itself costs: a cache line that goes to another processor and back, beside each row of two threads.
// Each of the two threads stays on a processor of its own. On a virtual machine this time has states, and moves by
// itself: a row is to be read with it.
// After a change here run: ci/bench --rows W3
#include <sched.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "common/contestant.hpp"

namespace bench {

namespace {

struct line {
    alignas(64) std::atomic<std::uint64_t> there = 0;
    alignas(64) std::atomic<std::uint64_t> back = 0;
};

std::vector<int> processors() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    std::vector<int> found;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return found;
    for (int n = 0; n < CPU_SETSIZE; ++n) {
        if (CPU_ISSET(n, &allowed)) found.push_back(n);
    }
    return found;
}

void stay_on(int processor) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    require(sched_setaffinity(0, sizeof one, &one) == 0, "a thread could not be kept on a processor");
}

result cache_line(const parameters& p) {
    const std::vector<int> all = processors();
    require(all.size() >= 2, "there are not two processors");
    line between;
    std::jthread other([&] {
        stay_on(all[1]);
        for (std::uint64_t i = 1; i <= p.messages; ++i) {
            while (between.there.load(std::memory_order_acquire) != i) {
            }
            between.back.store(i, std::memory_order_release);
        }
    });
    stay_on(all[0]);
    stopwatch watch;
    for (std::uint64_t i = 1; i <= p.messages; ++i) {
        if (i == 2) watch.start();  // the other thread is there
        between.there.store(i, std::memory_order_release);
        while (between.back.load(std::memory_order_acquire) != i) {
        }
    }
    watch.stop();
    return watch.per(p.messages - 1);
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
    return bench::run_contestants(argc, argv, {{"cache-line", {{"line", bench::cache_line, bench::cache_line}}}});
}
