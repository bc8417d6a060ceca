#include "scenarios/wrap_around.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = wrap_around::enroll_all<reference>();
}
