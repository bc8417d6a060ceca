#include "scenarios/receiver_drop.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = receiver_drop::enroll_all<reference>();
}
