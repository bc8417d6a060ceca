// The table of engines. A new one is a function in engines.hpp, in a file engine_<name>.cpp, and
// one line here. After a change here run: ci/test -L proptests && ci/verify list engines
#include "campaign/engines.hpp"

#include <array>
#include <cstdint>
#include <limits>

namespace tailrace::verify {

std::span<const engine_entry> engines() noexcept {
    static constexpr std::array table{
        engine_entry{model::engine::oracle,
                     "traces recorded from tokio 1.53.1: the same answers, wakes and destructions", 0, "trace",
                     [](const job& j, const target&) -> std::uint64_t { return j.traces.size(); }, run_oracle,
                     summarise_oracle},
        engine_entry{model::engine::sequential,
                     "generated programs, one thread, against the specification after every step", 200'000, "program",
                     nullptr, run_sequential_engine, summarise_sequential},
        engine_entry{model::engine::exhaustive,
                     "every program of a few steps, one thread, against the specification after every step",
                     std::numeric_limits<std::uint64_t>::max(), "program", count_exhaustive, run_exhaustive_engine,
                     summarise_exhaustive},
        engine_entry{model::engine::threads,
                     "generated programs of several tasks on real threads: their histories are linearizable", 40'000,
                     "program", nullptr, run_threads_engine, summarise_threads},
        engine_entry{model::engine::interleavings,
                     "generated small programs in simulated interleavings, under the C++ memory model", 8'000,
                     "program", count_interleavings, run_interleavings_engine, summarise_interleavings},
        engine_entry{model::engine::tests, "tests of the target's own types: what no program of steps can show", 0,
                     "test", count_tests, run_tests_engine, summarise_tests},
    };
    return table;
}

}  // namespace tailrace::verify
