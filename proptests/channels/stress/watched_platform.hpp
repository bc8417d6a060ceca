// The platform of both channels with every sleep under watch, and with schedule perturbation.
//
// The optimised channel takes the atomics, the mutex and the parker from here, the reference
// channel the mutex and the condition variable; the rest is from the base. After a change here run:
// ci/test -L stress && ci/mutants -R stress
#pragma once

#include "tailrace/verify/noisy_platform.hpp"
#include "watch.hpp"

namespace tailrace::verify::stress {

template <class Base>
struct watched_platform : noisy_platform<Base> {
    using parker = watched_parker;
    using condition_variable = watched_condition_variable;
};

template <class Platform>
inline constexpr const char* name_of = "production";
template <class Base>
inline constexpr const char* name_of<noisy_platform<Base>> = "noisy";
template <class Base>
inline constexpr const char* name_of<watched_platform<Base>> = "watched";

}  // namespace tailrace::verify::stress
