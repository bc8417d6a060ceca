// Geometries of the storage of the optimized channel: each makes a target of its own, `optimized:<name>`, and the
// engines spread their programs over them. In each of them the numbers of the messages wrap around after a few. On one
// thread each is also used in its own way: with another type of values, with operations in all forms, with allocations
// that fail (own_channels.hpp). Tasks use the forms too.
// After a change here run: ci/test -L proptests -R 'geometries|sequential' && ci/mutants -R geometries
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tailrace::verify {

/// Constants of a platform, and how a session on one thread uses it.
struct geometry {
    std::string_view name;
    std::string_view summary;
    std::uint64_t first_ticket;
    std::uint64_t block_slots;
    std::uint64_t ring_bytes;
    std::uint64_t kept_bytes;
    bool in_all_forms;  // the operations; else each allocation fails once
    enum class values_are : unsigned char { small, boxed, large, overaligned } values;
    bool has_tasks;  // of programs on threads and in the simulator (relacy/explorer/optimized.cpp)
};

inline constexpr std::uint64_t ticket_wrap = std::uint64_t{1} << 36;

inline constexpr std::array geometries{
    geometry{"slots=2", "blocks of 2 slots that move on; an idle channel keeps one; each allocation fails once",
             ticket_wrap - 3, 2, 0, 0, false, geometry::values_are::small, true},
    geometry{"slots=4",
             "blocks of 4 slots that move on; an idle channel keeps two; boxed values; each allocation and each move "
             "into the channel fails once",
             ticket_wrap - 6, 4, 0, 100, false, geometry::values_are::boxed, false},
    geometry{"slots=8",
             "blocks of 8 slots that move on; an idle channel keeps one; values of 1 KiB; operations in all forms",
             ticket_wrap - 4, 8, 0, 0, true, geometry::values_are::large, false},
    geometry{"in-place", "blocks of 2 slots that stay; over-aligned values; operations in all forms", ticket_wrap - 2,
             2, std::uint64_t{64} * 1024, 0, true, geometry::values_are::overaligned, true}};

/// That of a target; null for the usual one.
[[nodiscard]] constexpr const geometry* geometry_of(std::string_view target) {
    constexpr std::string_view prefix = "optimized:";
    if (!target.starts_with(prefix)) return nullptr;
    const auto* const at = std::ranges::find(geometries, target.substr(prefix.size()), &geometry::name);
    return at == geometries.end() ? nullptr : at;
}

template <class Base, std::size_t Number>
struct with_geometry : Base {
    static constexpr std::uint64_t first_ticket = geometries[Number].first_ticket;
    static constexpr std::uint64_t block_slots = geometries[Number].block_slots;
    static constexpr std::uint64_t ring_bytes = geometries[Number].ring_bytes;
    static constexpr std::uint64_t kept_bytes = geometries[Number].kept_bytes;
};

}  // namespace tailrace::verify
