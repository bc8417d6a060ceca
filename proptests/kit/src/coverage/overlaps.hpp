// any_overlap: whether steps of different tasks overlap.
// After a change here run: ci/test -L proptests -R 'threads|interleavings|campaign'
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tailrace/model/history.hpp"

namespace tailrace::verify {

using model::event_order;

/// Whether two steps of different tasks overlap for which `is_it` holds, in this order: in time, or if there is an
/// order, by that.
template <class IsIt>
bool any_overlap(const model::history& h, IsIt is_it, const event_order* first = nullptr) {
    const auto overlap = [&](std::size_t one, std::size_t i, std::size_t other, std::size_t j) {
        const model::event& a = h.tasks[one][i];
        const model::event& b = h.tasks[other][j];
        if (first == nullptr) return a.invoked < b.returned && b.invoked < a.returned;
        return (*first)[one][i][other] <= j && (*first)[other][j][one] <= i;
    };
    for (std::size_t one = 0; one < h.tasks.size(); ++one) {
        for (std::size_t other = 0; other < h.tasks.size(); ++other) {
            if (one == other) continue;
            for (std::size_t i = 0; i < h.tasks[one].size(); ++i) {
                for (std::size_t j = 0; j < h.tasks[other].size(); ++j) {
                    if (overlap(one, i, other, j) && is_it(h.tasks[one][i], h.tasks[other][j])) return true;
                }
            }
        }
    }
    return false;
}

}  // namespace tailrace::verify
