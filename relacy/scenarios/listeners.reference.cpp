#include "scenarios/listeners.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = listeners::enroll_all<reference>();
}
