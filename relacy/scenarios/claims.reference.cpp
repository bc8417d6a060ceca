#include "scenarios/claims.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = claims::enroll_all<reference>();
}
