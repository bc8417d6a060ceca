// Tests of the layout of the packed state word: no field overflows into another.
#include "tailrace/detail/word.hpp"

#include <gtest/gtest.h>

namespace tailrace::detail {
namespace {

TEST(word, fields_are_independent_at_their_limits) {
    const word_type full = max_capacity * one_out;
    EXPECT_EQ(out(full), max_capacity);
    EXPECT_EQ(tail(full), 0u);
    EXPECT_FALSE(has_waiters(full) || is_closed(full));

    const word_type w = full | closed_bit | waiters_bit;
    EXPECT_TRUE(has_waiters(w) && is_closed(w));
    EXPECT_EQ(out(w), max_capacity);
    EXPECT_EQ(tail(w), 0u);
}

TEST(word, the_tail_wraps_without_touching_the_rest) {
    const word_type last = ticket_mask * one_ticket | 5 * one_out | closed_bit;
    EXPECT_EQ(tail(last), ticket_mask);
    const word_type wrapped = last + one_ticket;
    EXPECT_EQ(tail(wrapped), 0u);
    EXPECT_EQ(out(wrapped), 5u);
    EXPECT_TRUE(is_closed(wrapped));
}

TEST(word, a_permit_becomes_a_ticket_in_one_step) {
    const word_type w = 7 * one_ticket | 3 * one_out | closed_bit;
    const word_type sent = w + (one_ticket - one_out);
    EXPECT_EQ(tail(sent), 8u);
    EXPECT_EQ(out(sent), 2u);
    EXPECT_EQ(claimed(sent), claimed(w));
    EXPECT_TRUE(is_closed(sent));
}

TEST(word, what_is_used_is_right_across_the_wrap_of_the_tail) {
    const word_type taken = ticket_mask - 1;  // 64 bits, and the tail has wrapped
    EXPECT_EQ(used(2 * one_ticket | 3 * one_out, taken), 7u);
    EXPECT_EQ(used((taken & ticket_mask) * one_ticket, taken), 0u);
    EXPECT_EQ(used(ticket_mask * one_ticket, ticket_mask + 3), ticket_mask + 1 - 3)
        << "the number of taken ones is newer";
    EXPECT_GT(used(ticket_mask * one_ticket, ticket_mask + 3), max_capacity);
}

}  // namespace
}  // namespace tailrace::detail
