#include "scenarios/misuse.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = misuse::enroll_all<optimized>();
}
