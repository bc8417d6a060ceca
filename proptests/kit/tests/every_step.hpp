// The steps of a state by what the model refuses: a second source beside the enumeration of the engine `exhaustive`, to
// check it with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tailrace/model/machine.hpp"

namespace tailrace::verify {

/// Every step that can be written down with these numbers, and that the model does not refuse.
inline std::vector<model::step> steps_by_refusal(const model::machine& m, bool observing) {
    std::vector<model::step> all;
    for (std::size_t v = 0; v < model::verb_count; ++v) {
        model::step s;
        s.what = static_cast<model::verb>(v);
        const model::verb_shape& shape = model::shape_of(s.what);
        if (shape.value) s.value = m.next_value;
        if (shape.count) s.count = m.max;
        if (shape.time) s.time = model::duration{1};
        if (s.what == model::verb::advance) {
            if (!observing) all.push_back(s);
            continue;
        }
        for (std::size_t k = 0; k < model::kind_count; ++k) {
            constexpr std::uint32_t more_than_there_are = 7;
            for (std::uint32_t n = 0; n < more_than_there_are; ++n) {
                s.subject = {static_cast<model::handle_kind>(k), n};
                if (s.subject.kind == model::handle_kind::receiver && n > 0) continue;
                if (model::is_observer(s.what, s.subject.kind) != observing) continue;
                s.operation = model::creates_operation(s.what, s.subject.kind) ? m.next_operation : 0;
                if (!m.refusal(s)) all.push_back(s);
            }
        }
    }
    return all;
}

}  // namespace tailrace::verify
