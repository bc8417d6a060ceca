// The optimised channel as the stress rounds use it. After a change here run: ci/test -L
// 'stress|mutants'
#pragma once

#include <cstddef>

#include "ledger.hpp"
#include "tailrace/channel.hpp"
#include "watched_platform.hpp"

namespace tailrace::verify::stress {

template <class Platform, class Value = value>
struct optimized_kit {
    static constexpr const char* channel = "optimized";
    static constexpr const char* platform = name_of<Platform>;
    static auto open(std::size_t capacity) { return tailrace::channel<Value, Platform>(capacity); }
};

using optimized_production = optimized_kit<std_platform>;
using optimized_boxed = optimized_kit<std_platform, boxed_value>;
using optimized_watched = optimized_kit<watched_platform<std_platform>>;

}  // namespace tailrace::verify::stress
