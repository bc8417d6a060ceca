#include "scenarios/stop_token.hpp"
#include "tailrace/relacy/optimized.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = stop_token::enroll_all<optimized>();
}
