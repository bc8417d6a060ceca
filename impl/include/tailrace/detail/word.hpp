// The packed state word of a channel: everything that a claim depends on, in 64 bits, changed by one read-modify-write
// at a time.
//
//     63        32 31      28 27          2    1         0
//     |    tail    |   era    |    used     | waiters | closed |
//
// used = buffered values + outstanding permits + permits held by granted waiters. available = waiters ? 0 : max - used.
// tail counts tickets modulo 2^32; a slot is found by its low bits, so the modulus does not matter.
// era changes when an idle channel gives storage back: a claim that checked the storage before that fails.
// After a change here run: ci/test -L impl
#pragma once

#include <cstdint>

namespace tailrace::detail {

using word_type = std::uint64_t;

inline constexpr word_type closed_bit = 1;
inline constexpr word_type waiters_bit = 2;
inline constexpr word_type one_used = 4;
inline constexpr unsigned used_bits = 26;
inline constexpr unsigned era_bits = 4;
inline constexpr word_type one_era = one_used << used_bits;
inline constexpr word_type eras = word_type{1} << era_bits;
inline constexpr word_type one_ticket = one_era * eras;
inline constexpr word_type ticket_mask = ~word_type{0} / one_ticket;

/// One less than what 26 bits count, so that used never carries into era.
inline constexpr std::uint64_t max_capacity = (std::uint64_t{1} << used_bits) - 1;

[[nodiscard]] constexpr bool is_closed(word_type w) noexcept { return (w & closed_bit) != 0; }
[[nodiscard]] constexpr bool has_waiters(word_type w) noexcept { return (w & waiters_bit) != 0; }
[[nodiscard]] constexpr word_type used(word_type w) noexcept { return (w / one_used) & max_capacity; }
[[nodiscard]] constexpr word_type tail(word_type w) noexcept { return w / one_ticket; }

/// What changes in a word when its era does: to be used with xor, so that nothing carries into tail.
[[nodiscard]] constexpr word_type to_next_era(word_type w) noexcept {
    return (w ^ (w + one_era)) & (one_ticket - one_era);
}

/// std::min without <algorithm>, which costs more to include than all of this.
[[nodiscard]] constexpr word_type smaller(word_type a, word_type b) noexcept { return b < a ? b : a; }

static_assert(used(one_era - 1) == max_capacity && used(one_ticket - one_era) == 0 && tail(one_ticket - 1) == 0);

}  // namespace tailrace::detail
