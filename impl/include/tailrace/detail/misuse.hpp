// Misuse of the API: a programming error, reported by an exception, or by termination where exceptions are off.
// After a change here run: ci/test -L impl
#pragma once

#include <exception>
#include <stdexcept>

namespace tailrace::detail {

[[noreturn]] inline void misuse(const char* what) {
#if defined(__cpp_exceptions)
    throw std::logic_error(what);
#else
    (void)what;
    std::terminate();
#endif
}

[[noreturn]] inline void bad_capacity() {
#if defined(__cpp_exceptions)
    throw std::invalid_argument("tailrace: a channel's capacity is 1 to 67108863");
#else
    std::terminate();
#endif
}

}  // namespace tailrace::detail
