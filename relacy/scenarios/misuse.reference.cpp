#include "scenarios/misuse.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = misuse::enroll_all<reference>();
}
