// Which mutant is on, in a program that contains them all. The copies of the headers that tailrace-schemata writes
// include this file.
//
//     TAILRACE_MUTANT=17             mutant 17 is on; without it, none is
//     TAILRACE_MUTANT_REACHED=FILE   the byte of each mutant whose place is reached becomes 1; FILE has one more byte
//                                    than there are mutants
//
// After a change here run: ci/test -L house
#pragma once

#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace tailrace_mutate {

/// A mapped file, so that it also has what a program reached that crashed, and its children.
[[nodiscard]] inline unsigned char* map_reached() noexcept {
    const char* const name = std::getenv("TAILRACE_MUTANT_REACHED");
    if (name == nullptr) return nullptr;
    const int file = open(name, O_RDWR | O_CLOEXEC);
    struct stat is{};
    if (file < 0 || fstat(file, &is) != 0 || is.st_size == 0) std::abort();
    void* const mapped =
        mmap(nullptr, static_cast<std::size_t>(is.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) std::abort();
    return static_cast<unsigned char*>(mapped);
}
[[nodiscard]] inline int read_chosen() noexcept {
    const char* const number = std::getenv("TAILRACE_MUTANT");
    return number == nullptr ? 0 : std::atoi(number);
}

inline unsigned char* const reached = map_reached();
inline const int chosen = read_chosen();

[[nodiscard]] inline bool is_now(int number) noexcept {
    if (reached != nullptr) __atomic_store_n(reached + number, 1, __ATOMIC_RELAXED);
    return number == chosen;
}

/// While the compiler evaluates, none is on.
[[nodiscard]] constexpr bool is(int number) noexcept {
    if consteval {
        return false;
    } else {
        return is_now(number);
    }
}

}  // namespace tailrace_mutate
