// The audit of the memory orders: weakens each one by a step and reports the search that fails.
// After a change here run: ci/test -L relacy, then ci/order-audit
#pragma once

#include <string>
#include <vector>

#include "audit/ordered_operations.hpp"
#include "kernel/search.hpp"

namespace tailrace::relacy {

struct planned_search {
    enrolled_scenario what;
    search_request how;
};

[[nodiscard]] const char* name_of(scheduler s) noexcept;

/// Prints one line for each order that could be weaker, of the operations at `sites` or of all operations. True if
/// every weakened order is killed by a search or listed in unseen_orders.hpp.
[[nodiscard]] bool audit(const std::vector<ordered_operation>& operations, const std::vector<std::string>& sites,
                         const std::vector<planned_search>& searches);

}  // namespace tailrace::relacy
