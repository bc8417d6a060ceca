// The target `reference`: tailrace::model::reference_channel, unchanged, on the simulated platform.
#pragma once

#include <cstddef>

#include "kernel/platform.hpp"
#include "tailrace/model/reference_channel.hpp"

namespace tailrace::relacy {

struct reference {
    static constexpr const char* name = "reference";

    template <class T>
    static auto open(std::size_t capacity) {
        return model::reference_channel<T, relacy_platform>(capacity);
    }
};

}  // namespace tailrace::relacy
