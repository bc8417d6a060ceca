#include "scenarios/waiting_cancel.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = waiting_cancel::enroll_all<reference>();
}
