#include "scenarios/coroutines.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = coroutines::enroll_all<optimized>();
}
