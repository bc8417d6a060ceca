// Tests of the storage: obtained before a claim, in blocks, and never lost.
#include "tailrace/detail/ring.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

TEST(ring, every_ticket_of_a_lap_has_a_slot_of_its_own_across_blocks) {
    detail::ring<int, std_platform> ring(5000);
    ring.cover_all();
    std::set<const void*> slots;
    for (detail::word_type t = 0; t <= 5000; ++t) slots.insert(&ring.at(t));
    EXPECT_EQ(slots.size(), 5001u);
    EXPECT_EQ(&ring.at(3), &ring.at(3 + 8192)) << "a lap is the next power of two";
}

TEST(ring, a_channel_of_the_largest_capacity_is_cheap_to_make) {
    auto [tx, rx] = channel<std::uint64_t>(67'108'863);
    EXPECT_EQ(tx.capacity(), 67'108'863u);
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1u);
}

TEST(ring, values_keep_their_order_over_blocks_and_laps) {
    auto [tx, rx] = channel<int>(2500);
    int sent = 0;
    int received = 0;
    for (int lap = 0; lap < 4; ++lap) {
        while (tx.try_send(sent)) ++sent;
        EXPECT_EQ(tx.capacity(), 0u);
        for (int i = 0; i < 2000; ++i) ASSERT_EQ(rx.try_recv(), received++);
    }
    {
        const auto last = std::move(tx);
    }
    while (auto v = rx.blocking_recv()) ASSERT_EQ(*v, received++);
    EXPECT_EQ(received, sent);
}

TEST(ring, permits_taken_early_can_send_after_the_buffer_has_turned_over) {
    auto [tx, rx] = channel<int>(1500);
    auto permits = std::vector<permit<int, std_platform>>();
    for (int i = 0; i < 1499; ++i) permits.push_back(*tx.try_reserve());
    for (int i = 0; i < 3000; ++i) {  // one free place goes round and round
        ASSERT_TRUE(tx.try_send(i));
        ASSERT_EQ(rx.try_recv(), i);
    }
    int n = 0;
    for (auto& p : permits) p.send(n++);
    for (int i = 0; i < n; ++i) ASSERT_EQ(rx.try_recv(), i);
}

}  // namespace
}  // namespace tailrace
