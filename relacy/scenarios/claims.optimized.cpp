#include "scenarios/claims.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = claims::enroll_all<optimized>();
}
