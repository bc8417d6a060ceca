// The reference channel as the stress rounds use it. After a change here run: ci/test -L
// 'stress|mutants'
#pragma once

#include <cstddef>

#include "ledger.hpp"
#include "tailrace/model/reference_channel.hpp"
#include "watched_platform.hpp"

namespace tailrace::verify::stress {

template <class Platform>
struct reference_kit {
    static constexpr const char* channel = "reference";
    static constexpr const char* platform = name_of<Platform>;
    static auto open(std::size_t capacity) { return model::reference_channel<value, Platform>(capacity); }
};

using reference_production = reference_kit<model::std_platform>;
using reference_watched = reference_kit<watched_platform<model::std_platform>>;

}  // namespace tailrace::verify::stress
