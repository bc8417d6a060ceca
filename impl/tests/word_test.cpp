// Tests of the layout of the packed state word: no field overflows into another.
#include "tailrace/detail/word.hpp"

#include <gtest/gtest.h>

namespace tailrace::detail {
namespace {

TEST(word, fields_are_independent_at_their_limits) {
    const word_type full = max_capacity * one_used;
    EXPECT_EQ(used(full), max_capacity);
    EXPECT_EQ(tail(full), 0u);
    EXPECT_FALSE(has_waiters(full) || is_closed(full));

    const word_type w = full | closed_bit | waiters_bit;
    EXPECT_TRUE(has_waiters(w) && is_closed(w));
    EXPECT_EQ(used(w), max_capacity);
    EXPECT_EQ(tail(w), 0u);
}

TEST(word, another_era_changes_nothing_else_and_comes_round) {
    const word_type first = 7 * one_ticket | max_capacity * one_used | waiters_bit;
    word_type w = first;
    for (word_type era = 1; era < eras; ++era) {
        w ^= to_next_era(w);
        EXPECT_NE(w, first);
        EXPECT_EQ(tail(w), 7u);
        EXPECT_EQ(used(w), max_capacity);
        EXPECT_TRUE(has_waiters(w) && !is_closed(w));
    }
    EXPECT_EQ(w ^ to_next_era(w), first);
}

TEST(word, the_tail_wraps_without_touching_the_rest) {
    const word_type last = ticket_mask * one_ticket | 5 * one_used | closed_bit;
    EXPECT_EQ(tail(last), ticket_mask);
    const word_type wrapped = last + one_ticket;
    EXPECT_EQ(tail(wrapped), 0u);
    EXPECT_EQ(used(wrapped), 5u);
    EXPECT_TRUE(is_closed(wrapped));
}

}  // namespace
}  // namespace tailrace::detail
