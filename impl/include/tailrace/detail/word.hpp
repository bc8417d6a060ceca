// The packed state word of a channel: what the senders change, in 64 bits, by one read-modify-write at a time.
//
//     63        28 27         2    1         0
//     |    tail   |    out    | waiters | closed |
//
// tail = tickets that were issued, modulo 2^36; a slot is found by its low bits, so the modulus does not matter.
// out = outstanding permits + permits held by unfinished operations, granted or partly served.
// claimed = tail + out. A receive does not change the word: the number of values taken is on the receiver's cache line.
// used = claimed - taken. available = waiters ? 0 : max - used.
// After a change here run: ci/test -L impl
#pragma once

#include <cstdint>

namespace tailrace::detail {

using word_type = std::uint64_t;

inline constexpr word_type closed_bit = 1;
inline constexpr word_type waiters_bit = 2;
inline constexpr word_type one_out = 4;
inline constexpr unsigned out_bits = 26;
inline constexpr word_type one_ticket = one_out << out_bits;
inline constexpr word_type ticket_mask = ~word_type{0} / one_ticket;

/// One less than what 26 bits count. `out` is at most the capacity, so it never carries into tail, which is on top and
/// may wrap around.
inline constexpr std::uint64_t max_capacity = (std::uint64_t{1} << out_bits) - 1;

[[nodiscard]] constexpr bool is_closed(word_type w) noexcept { return (w & closed_bit) != 0; }
[[nodiscard]] constexpr bool has_waiters(word_type w) noexcept { return (w & waiters_bit) != 0; }
[[nodiscard]] constexpr word_type out(word_type w) noexcept { return (w / one_out) & max_capacity; }
[[nodiscard]] constexpr word_type tail(word_type w) noexcept { return w / one_ticket; }
/// The number of the next ticket, if every permit is sent. Not reduced modulo 2^36.
[[nodiscard]] constexpr word_type claimed(word_type w) noexcept { return tail(w) + out(w); }
/// Permits in use, if `taken` values were taken when `w` was the word. More than max_capacity: they do not belong
/// together, one of the two is newer.
[[nodiscard]] constexpr word_type used(word_type w, word_type taken) noexcept {
    return (claimed(w) - taken) & ticket_mask;
}

/// std::min without <algorithm>, which costs more to include than all of this.
[[nodiscard]] constexpr word_type smaller(word_type a, word_type b) noexcept { return b < a ? b : a; }

static_assert(out(one_ticket - 1) == max_capacity && tail(one_ticket - 1) == 0 &&
              used(ticket_mask * one_ticket, 0) == ticket_mask);

}  // namespace tailrace::detail
