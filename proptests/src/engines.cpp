// The table of engines. A new one is a function in engines.hpp, in a file engine_<name>.cpp, and
// one line here. After a change here run: ctest -L proptests && ci/verify list engines
#include "engines.hpp"

#include <array>

namespace tailrace::verify {

std::span<const engine_entry> engines() noexcept {
    static constexpr std::array table{
        engine_entry{model::engine::oracle,
                     "traces recorded from the original: the same answers, wakes and destructions",
                     run_oracle},
        engine_entry{model::engine::sequential,
                     "generated programs, one thread, against the specification after every step",
                     run_sequential_engine},
    };
    return table;
}

}  // namespace tailrace::verify
