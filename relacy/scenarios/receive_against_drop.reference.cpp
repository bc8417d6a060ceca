#include "scenarios/receive_against_drop.hpp"
#include "tailrace/relacy/reference.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = receive_against_drop::enroll_all<reference>();
}
