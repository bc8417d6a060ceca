// What the two files of the program share. After a change here run: ci/test -R impl.mixed
#pragma once

#include "tailrace/channel.hpp"

namespace mixed {
using sender = tailrace::sender<int>;
using permit = tailrace::permit<int>;
permit reserve_in_release(const sender& tx);
void use_in_release(permit p);
}  // namespace mixed
