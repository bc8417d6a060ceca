// Tests with types whose move may throw: a throw on the way in or out leaves the channel consistent.
#include <gtest/gtest.h>

#include <stdexcept>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

struct fragile {
    explicit fragile(int v) : value(v) {}
    fragile(fragile&& other) noexcept(false) : value(other.value) {
        if (moves_left == 0) throw std::runtime_error("no more moves");
        if (moves_left > 0) --moves_left;
    }
    int value;
    static inline int moves_left = -1;  // negative: any number
};

class throwing_move : public testing::Test {
  protected:
    void TearDown() override { fragile::moves_left = -1; }
};

TEST_F(throwing_move, on_the_way_in_leaves_the_channel_as_it_was) {
    for (int moves = 0;; ++moves) {
        auto [tx, rx] = channel<fragile>(2);
        fragile::moves_left = moves;
        bool threw = false;
        try {
            (void)tx.try_send(fragile(1));
        } catch (const std::runtime_error&) {
            threw = true;
        }
        fragile::moves_left = -1;
        EXPECT_EQ(tx.capacity(), threw ? 2u : 1u) << "after " << moves << " moves";
        EXPECT_EQ(rx.try_recv().has_value(), !threw);
        if (!threw) return;
        ASSERT_LT(moves, 10);
    }
}

TEST_F(throwing_move, on_the_way_out_destroys_the_value_and_returns_its_capacity) {
    auto [tx, rx] = channel<fragile>(1);
    ASSERT_TRUE(tx.try_send(fragile(1)));
    fragile::moves_left = 0;
    EXPECT_THROW((void)rx.try_recv(), std::runtime_error);
    fragile::moves_left = -1;
    EXPECT_EQ(tx.capacity(), 1u);
    EXPECT_TRUE(tx.try_send(fragile(2)));
    EXPECT_EQ(rx.try_recv()->value, 2);
}

TEST_F(throwing_move, of_a_waiting_send_that_is_refused_keeps_the_books_straight) {
    auto [tx, rx] = channel<fragile>(1);
    ASSERT_TRUE(tx.try_send(fragile(1)));
    auto op = tx.send(fragile(2));
    ASSERT_FALSE(op.poll({}));
    rx.close();
    fragile::moves_left = 0;
    EXPECT_THROW((void)op.poll({}), std::runtime_error);
    fragile::moves_left = -1;
    EXPECT_EQ(rx.try_recv()->value, 1);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::disconnected);
    EXPECT_EQ(tx.capacity(), 1u);
}

}  // namespace
}  // namespace tailrace
