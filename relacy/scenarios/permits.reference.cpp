#include "scenarios/permits.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = permits::enroll_all<reference>();
}
