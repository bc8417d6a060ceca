#include "scenarios/receiver_drop.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = receiver_drop::enroll_all<optimized>();
}
