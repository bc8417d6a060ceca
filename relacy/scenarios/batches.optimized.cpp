#include "scenarios/batches.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = batches::enroll_all<optimized>();
}
