#include "scenarios/waiting_send.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = waiting_send::enroll_all<optimized>();
}
