// The target `optimized`: tailrace::channel, from its production headers, on the simulated platform.
#pragma once

#include <cstddef>

#include "kernel/platform.hpp"
#include "tailrace/channel.hpp"

namespace tailrace::relacy {

struct optimized {
    static constexpr const char* name = "optimized";

    template <class T>
    static auto open(std::size_t capacity) {
        return channel<T, relacy_platform>(capacity);
    }
};

}  // namespace tailrace::relacy
