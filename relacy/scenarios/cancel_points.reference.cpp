#include "scenarios/cancel_points.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = cancel_points::enroll_all<reference>();
}
