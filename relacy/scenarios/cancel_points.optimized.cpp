#include "scenarios/cancel_points.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = cancel_points::enroll_all<optimized>();
}
