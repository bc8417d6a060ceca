// The version, for programs that support several. CMakeLists.txt reads it here.
// After a change here run: ci/test -L impl && ci/test -R 'house.release|examples.consumer'
#pragma once

#include <compare>

#include "tailrace/detail/requires.hpp"  // IWYU pragma: keep

/// Changes that programs have to follow.
#define TAILRACE_VERSION_MAJOR 0
/// Additions; before 1.0 also changes that programs have to follow.
#define TAILRACE_VERSION_MINOR 1
/// Corrections.
#define TAILRACE_VERSION_PATCH 0
/// 10,000 for each major, 100 for each minor version: `#if TAILRACE_VERSION >= 100`.
#define TAILRACE_VERSION (TAILRACE_VERSION_MAJOR * 10'000 + TAILRACE_VERSION_MINOR * 100 + TAILRACE_VERSION_PATCH)

namespace tailrace {

/// A version as a value. Versions can be compared.
struct version_number {
    /// Changes that programs have to follow.
    int major;
    /// Additions.
    int minor;
    /// Corrections.
    int patch;

    friend constexpr auto operator<=>(const version_number&, const version_number&) = default;
};
/// The version of these headers.
inline constexpr version_number version{TAILRACE_VERSION_MAJOR, TAILRACE_VERSION_MINOR, TAILRACE_VERSION_PATCH};

}  // namespace tailrace
