// How much memory this process uses, and whether that has grown more than it may.
// After a change here run: ci/test -R soak
#pragma once

#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace tailrace::verify::stress {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool has_own_allocator = false;
#elif defined(__has_feature)
inline constexpr bool has_own_allocator = !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer));
#else
inline constexpr bool has_own_allocator = true;
#endif

struct memory {
    std::uint64_t resident = 0;   // bytes
    std::uint64_t allocated = 0;  // bytes that malloc has given out
};

inline memory memory_now() {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> pages;  // the second number
    const struct mallinfo2 heap = mallinfo2();
    return {pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)), heap.uordblks + heap.hblkhd};
}

inline std::string to_string(const memory& m) {
    constexpr double mega = 1e6;
    return fmt::format("RSS {:.1f} MB, allocated {:.2f} MB", static_cast<double>(m.resident) / mega,
                       static_cast<double>(m.allocated) / mega);
}

/// The caches of the allocator, one for each thread, count as allocated: the rest has to be the same. RSS also has what
/// the allocator keeps in pieces that are too small, which depends on what ran at the same time.
inline constexpr std::uint64_t allocated_tolerance = 1'000'000;
inline constexpr std::uint64_t resident_tolerance = 32'000'000;

/// What has grown too much; nothing if all is well. Sanitizers have an allocator of their own, which keeps what is
/// freed: with one, nothing is judged.
inline std::string growth(const memory& before, const memory& after) {
    if (!has_own_allocator) return {};
    if (after.allocated > before.allocated + allocated_tolerance)
        return fmt::format("{} bytes more are allocated than after the warm-up", after.allocated - before.allocated);
    if (after.resident > before.resident + resident_tolerance)
        return fmt::format("RSS has grown by {} bytes since the warm-up", after.resident - before.resident);
    return {};
}

}  // namespace tailrace::verify::stress
