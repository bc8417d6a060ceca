// What generated programs need to know of verbs beyond the table of model/vocabulary.hpp.
// After a change here run: ctest -L proptests
#pragma once

#include "tailrace/model/vocabulary.hpp"

namespace tailrace::verify {

/// Creates an operation that waits for values.
[[nodiscard]] inline bool is_receive(model::verb v) noexcept {
    using model::verb;
    return v == verb::recv || v == verb::recv_timeout || v == verb::recv_many;
}

/// Legal for the receiver only while no receive is alive.
[[nodiscard]] inline bool needs_receiver_alone(model::verb v) noexcept {
    return is_receive(v) || v == model::verb::try_recv || v == model::verb::drop;
}

}  // namespace tailrace::verify
