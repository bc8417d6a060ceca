// any_overlap: whether steps of different tasks overlap in time.
// After a change here run: ci/test -L proptests -R 'threads|interleavings|campaign'
#pragma once

#include "tailrace/model/history.hpp"

namespace tailrace::verify {

/// Whether two steps of different tasks overlap for which `is_it` holds, in this order.
template <class IsIt>
bool any_overlap(const model::history& h, IsIt is_it) {
    for (const auto& one : h.tasks) {
        for (const auto& other : h.tasks) {
            if (&one == &other) continue;
            for (const model::event& a : one) {
                for (const model::event& b : other) {
                    if (a.invoked < b.returned && b.invoked < a.returned && is_it(a, b)) return true;
                }
            }
        }
    }
    return false;
}

}  // namespace tailrace::verify
