// What the contract orders: the clauses order.closed, order.none and order.permit on a history of which is known what
// happened before what.
//
// The responses of a history may all be allowed although a task does not see what another did before: only the vector
// clocks of a simulator show that. After a change here run: ci/test -L model && ci/test -L proptests -R interleavings
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tailrace/model/history.hpp"

namespace tailrace::model {

struct order_check {
    /// Clauses that demand an order between two tasks of the history, and find it.
    std::vector<std::string_view> shown;
    /// The first clause that does not find it, ...
    std::string_view broken;
    /// ... and what is missing, in a line.
    std::string missing;
};

/// Precondition: the responses are allowed (linearizability.hpp).
[[nodiscard]] order_check check_orders(const history& h, const event_order& order);

}  // namespace tailrace::model
