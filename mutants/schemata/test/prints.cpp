// Prints something else with each mutant of headers/places.hpp.
// After a change here run: ci/test -L house
#include <cstdio>

#include "places.hpp"

int main() {
    std::printf("%d\n", places::inside(1, 0, 3) + 2 * places::inside(1, 1, 3) + 4 * places::inside(1, 2, 3) +
                            8 * places::inside(1, 3, 3) + 16 * places::inside(1, 4, 3));
    places::two_calls();
    std::printf("%d %d\n", places::calls, places::seen);
    for (int i = 0; i <= 17; ++i) std::printf("%d %d %d\n", places::rounded_up(i), places::calls, places::seen);
    try {
        places::thrower();
    } catch (const int thrown) {
        std::printf("%d %d\n", thrown, places::seen);
    }
    places::recording_atomic a;
    const int exchanged = places::acquire_and_release(a);
    std::printf("%d %d %d\n", exchanged, static_cast<int>(a.last), places::left_alone({6, 7}));
    constexpr bool always = places::inside(0, 0, 1);  // evaluated by the compiler
    return always ? 0 : places::by_the_compiler(0);
}
