#include "scenarios/orders.hpp"
#include "scenarios/happens_before.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled =
    orders::enroll_everywhere<optimized>() && orders::enroll_with_blocks_of_two<storage::pairs>() &&
    orders::enroll_with_recycled_storage<storage::recycling>() && orders::enroll_happens_before<optimized>();
}
