// Shrinking of programs of one thread that crash or hang.
// After a change here run: ci/test -L proptests -R 'crash|slices'
#pragma once

#include <cstddef>
#include <functional>

#include "program/shrink.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// The smallest part of the program that still ends its process, by a crash or by using up a second of processor time.
/// Each attempt is a child process, whose error output is thrown away; none is begun once it is `over`. If not even the
/// program itself ends its process, it is returned as it is, without attempts. Precondition: the caller has no other
/// threads.
[[nodiscard]] shrunk_script shrink_crash(const target& t, const script& crashing, std::size_t most_attempts = 2'000,
                                         const std::function<bool()>& over = {});

}  // namespace tailrace::verify
