#include "scenarios/permits.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = permits::enroll_all<optimized>();
}
