#include "kernel/optimized.hpp"
#include "explorer/explore.hpp"
#include "explorer/play.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = enroll_player<play<optimized>>("optimized");
}
