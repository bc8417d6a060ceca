// The target `optimized`: tailrace::channel, from its production headers, on the simulated platform.
#pragma once

#include <cstddef>

#include "kernel/platform.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/detail/inspection.hpp"

namespace tailrace::relacy {

struct optimized {
    static constexpr const char* name = "optimized";

    template <class T>
    static auto open(std::size_t capacity) {
        return channel<T, relacy_platform>(capacity);
    }
    /// Null if all hold. Precondition: no call is under way.
    template <class Handle>
    static const char* broken_invariant(const Handle& h) {
        return detail::inspection::check_invariants(detail::inspection::core_of(h));
    }
};

}  // namespace tailrace::relacy
