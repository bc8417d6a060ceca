#include "scenarios/storage.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = storage::enroll_all<storage::recycling>();
}
