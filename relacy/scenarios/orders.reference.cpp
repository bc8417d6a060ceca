#include "scenarios/happens_before.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = orders::enroll_happens_before<reference>();
}
