#include "tailrace/relacy/reference.hpp"
#include "tailrace/relacy/explore.hpp"
#include "tailrace/relacy/play.hpp"

namespace tailrace::relacy {
[[maybe_unused]] static const bool enrolled = enroll_player<play<reference>>("reference");
}
