#include "scenarios/counting.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = counting::enroll_all<optimized>();
}
