// The values that are sent: 8 or 64 bytes, numbered, so that the receiver can add the numbers up.
// After a change here run: ci/bench --rows W1
#pragma once

#include <array>
#include <cstdint>

namespace bench {

using small_value = std::uint64_t;
struct large_value {
    std::array<std::uint64_t, 8> words;
};

template <class T>
[[nodiscard]] T numbered(std::uint64_t number);
template <>
[[nodiscard]] inline small_value numbered<small_value>(std::uint64_t number) {
    return number;
}
template <>
[[nodiscard]] inline large_value numbered<large_value>(std::uint64_t number) {
    return {{number, number, number, number, number, number, number, number}};
}

[[nodiscard]] inline std::uint64_t number_of(small_value v) { return v; }
[[nodiscard]] inline std::uint64_t number_of(const large_value& v) { return v.words[7]; }

/// The compiler has to make this value, and must not know what it is.
template <class T>
void keep(T& v) {
    asm volatile("" : "+m"(v) : : "memory");
}

}  // namespace bench
