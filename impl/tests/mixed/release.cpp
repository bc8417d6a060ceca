// One program of two files: this one is built without assertions.
#define NDEBUG
#include "mixed.hpp"

namespace mixed {
permit reserve_in_release(const sender& tx) { return *tx.try_reserve(); }
void use_in_release(permit p) { p.send(1); }
}  // namespace mixed
