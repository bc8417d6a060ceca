#include "scenarios/interruption.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = interruption::enroll_all<optimized>();
}
