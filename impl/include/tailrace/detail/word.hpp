// The channel's word: everything a claim depends on, in 64 bits, changed by one read-modify-write at a time.
//
//     63            28 27             2    1         0
//     |     tail      |      used      | waiters | closed |
//
// used = values buffered + permits out + permits held by granted waiters. available = waiters ? 0 : max - used.
// tail counts tickets modulo 2^36; a slot is found by its low bits, so the modulus does not matter.
// After a change here run: ctest -L impl
#pragma once

#include <cstdint>

namespace tailrace::detail {

using word_type = std::uint64_t;

inline constexpr word_type closed_bit = 1;
inline constexpr word_type waiters_bit = 2;
inline constexpr word_type one_used = 4;
inline constexpr unsigned used_bits = 26;
inline constexpr word_type one_ticket = one_used << used_bits;
inline constexpr word_type ticket_mask = ~word_type{0} / one_ticket;

/// One less than what 26 bits count, so that used never carries into tail.
inline constexpr std::uint64_t max_capacity = (std::uint64_t{1} << used_bits) - 1;

[[nodiscard]] constexpr bool is_closed(word_type w) noexcept { return (w & closed_bit) != 0; }
[[nodiscard]] constexpr bool has_waiters(word_type w) noexcept { return (w & waiters_bit) != 0; }
[[nodiscard]] constexpr word_type used(word_type w) noexcept { return (w / one_used) & max_capacity; }
[[nodiscard]] constexpr word_type tail(word_type w) noexcept { return w / one_ticket; }

/// std::min without <algorithm>, which costs more to include than all of this.
[[nodiscard]] constexpr word_type smaller(word_type a, word_type b) noexcept { return b < a ? b : a; }

static_assert(used(one_ticket - 1) == max_capacity && tail(one_ticket - 1) == 0);

}  // namespace tailrace::detail
