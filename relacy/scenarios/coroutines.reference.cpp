#include "scenarios/coroutines.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = coroutines::enroll_everywhere<reference>();
}
