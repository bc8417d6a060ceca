// The allocation functions of a program that links this library: see detail/failing_new.hpp.
// After a change here run: ci/test -L proptests -R forms
#include "tailrace/verify/detail/failing_new.hpp"

#include <cstddef>
#include <new>

// The names are the linker's: operator new and operator new[], without and with an alignment.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {

void* __real__Znwm(std::size_t size);
void* __real__Znam(std::size_t size);
void* __real__ZnwmSt11align_val_t(std::size_t size, std::align_val_t alignment);
void* __real__ZnamSt11align_val_t(std::size_t size, std::align_val_t alignment);

void* __wrap__Znwm(std::size_t size);
void* __wrap__Znam(std::size_t size);
void* __wrap__ZnwmSt11align_val_t(std::size_t size, std::align_val_t alignment);
void* __wrap__ZnamSt11align_val_t(std::size_t size, std::align_val_t alignment);

void* __wrap__Znwm(std::size_t size) {
    if (tailrace::verify::failing_new::here().fails()) throw std::bad_alloc();
    return __real__Znwm(size);
}
void* __wrap__Znam(std::size_t size) {
    if (tailrace::verify::failing_new::here().fails()) throw std::bad_alloc();
    return __real__Znam(size);
}
void* __wrap__ZnwmSt11align_val_t(std::size_t size, std::align_val_t alignment) {
    if (tailrace::verify::failing_new::here().fails()) throw std::bad_alloc();
    return __real__ZnwmSt11align_val_t(size, alignment);
}
void* __wrap__ZnamSt11align_val_t(std::size_t size, std::align_val_t alignment) {
    if (tailrace::verify::failing_new::here().fails()) throw std::bad_alloc();
    return __real__ZnamSt11align_val_t(size, alignment);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
