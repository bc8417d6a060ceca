// Ends a compilation that lacks C++23 with one error. The name of a header that does not exist says it, because after
// #error compilers go on, and drown it. Every public header includes this.
// After a change here run: ci/test -R impl.compile.needs
#pragma once

#include <version>

#if !defined(__cpp_lib_expected)
#include <tailrace needs C++23 and std::expected: compile with -std=c++23 and at least g++ 12 or clang 19>
#endif
