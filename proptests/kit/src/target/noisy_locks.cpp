// Schedule perturbation before a pthread mutex is locked and after it is unlocked, inside calls of a foreign channel:
// it separates a check under one lock from the action under the next. Programs that link this library are linked with
// --wrap for both functions (proptests/CMakeLists.txt), so that their std::mutex calls these functions.
// After a change here run: ci/test -L proptests -R foreign
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
