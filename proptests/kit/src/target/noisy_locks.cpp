// Noise before a pthread mutex is locked and after it is unlocked, inside calls of a channel that has none of its own:
// what such a channel checks under one lock and does under the next comes apart. Programs that link this library are
// linked with --wrap for both functions (proptests/CMakeLists.txt), so that a std::mutex of theirs comes here. After a
// change here run: ctest -L proptests -R foreign
#include <pthread.h>

#include "tailrace/verify/detail/noise.hpp"

// The names are the linker's.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {

int __real_pthread_mutex_lock(pthread_mutex_t* mutex) noexcept;
int __real_pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept;

int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) noexcept;
int __wrap_pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept;

int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    tailrace::verify::noise_in_call();
    return __real_pthread_mutex_lock(mutex);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
    const int status = __real_pthread_mutex_unlock(mutex);
    tailrace::verify::noise_in_call();
    return status;
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
