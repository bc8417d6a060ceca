// State coverage of histories, by one linearization of each: the states that are worth reaching with several tasks.
// After a change here run: ci/test -L proptests -R 'threads|interleavings'
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "coverage/reach_table.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::verify {

struct history_state {
    std::string_view what;
    // Half of what was measured; 0: no goal for this engine.
    std::uint64_t per_10000_threads;
    std::uint64_t per_10000_interleavings;  // of different histories
    bool (*seen)(const model::history& h, const model::verdict& v);
    verify::needs needs = {};
};

/// What tasks can sleep in.
inline constexpr capabilities can_sleep{capability::send,          capability::reserve,      capability::reserve_many,
                                        capability::reserve_owned, capability::recv,         capability::closed,
                                        capability::recv_many,     capability::recv_timeout, capability::blocking};

[[nodiscard]] std::span<const history_state> history_states() noexcept;

}  // namespace tailrace::verify
