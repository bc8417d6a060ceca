#include "scenarios/batches.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = batches::enroll_all<reference>();
}
