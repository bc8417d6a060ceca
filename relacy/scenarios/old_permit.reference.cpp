#include "scenarios/old_permit.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = old_permit::enroll_all<reference>();
}
