// State coverage of histories, by one linearization of each: the states that are worth reaching with several tasks.
// After a change here run: ci/test -L proptests -R 'threads|interleavings'
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "coverage/overlaps.hpp"
#include "coverage/reach_table.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::verify {

struct history_state {
    std::string_view what;
    // At most half of what was measured, on the usual number of programs; 0: no goal for this engine.
    std::uint64_t per_10000_threads;
    std::uint64_t per_10000_interleavings;  // of programs, by a few histories of each
    bool (*seen)(const model::history& h, const model::verdict& v);
    verify::needs needs = {};
    /// Instead of `seen`: two steps that overlap.
    bool (*overlap)(const model::event& a, const model::event& b) = nullptr;

    /// `first` is the order of the events, if it is not that of their times.
    [[nodiscard]] bool is_seen(const model::history& h, const model::verdict& v,
                               const event_order* first = nullptr) const {
        return overlap == nullptr ? seen(h, v) : any_overlap(h, overlap, first);
    }
};

/// What tasks can sleep in.
inline constexpr capabilities can_sleep{capability::send,          capability::reserve,      capability::reserve_many,
                                        capability::reserve_owned, capability::recv,         capability::closed,
                                        capability::recv_many,     capability::recv_timeout, capability::blocking};

[[nodiscard]] std::span<const history_state> history_states() noexcept;

}  // namespace tailrace::verify
