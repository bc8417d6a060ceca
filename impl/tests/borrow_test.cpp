// Tests the assertion that no borrow of the senders' share in the channel outlives the last sender.
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

#ifndef NDEBUG
template <class Borrower, class Make>
void outlive_the_last_sender(Make make) {
    auto [tx, rx] = channel<int>(2);
    std::optional<Borrower> borrower(make(tx));
    {
        const auto last = std::move(tx);
    }
}
constexpr const char* complaint =
    "the last sender went before a permit, iterator or operation made from a sender\n  channel: tail 0";

TEST(borrow, a_permit_that_outlives_the_last_sender_fails_an_assertion) {
    const auto make = [](auto& tx) { return *tx.try_reserve(); };
    EXPECT_DEATH((outlive_the_last_sender<permit<int, std_platform>>(make)), complaint);
}
TEST(borrow, an_iterator_that_outlives_the_last_sender_fails_an_assertion) {
    const auto make = [](auto& tx) { return *tx.try_reserve_many(2); };
    EXPECT_DEATH((outlive_the_last_sender<permit_iterator<int, std_platform>>(make)), complaint);
}
TEST(borrow, an_operation_that_outlives_the_last_sender_fails_an_assertion) {
    const auto reserve = [](auto& tx) { return tx.reserve(); };
    const auto closed = [](auto& tx) { return tx.closed(); };
    EXPECT_DEATH((outlive_the_last_sender<reserve_operation<int, std_platform>>(reserve)), complaint);
    EXPECT_DEATH((outlive_the_last_sender<closed_operation<int, std_platform>>(closed)), complaint);
}
#endif

TEST(borrow, a_finished_operation_and_a_used_permit_borrow_nothing) {
    auto [tx, rx] = channel<int>(2);
    auto op = tx.send(1);
    ASSERT_TRUE(op.poll({}));
    auto permit = *tx.try_reserve();
    permit.send(2);  // used up
    {
        const auto last = std::move(tx);
    }
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_EQ(rx.try_recv().error(), try_recv_error::disconnected);
}

TEST(borrow, an_owned_permit_outlives_every_sender) {
    auto [tx, rx] = channel<int>(1);
    auto permit = *std::move(tx).try_reserve_owned();
    (void)std::move(permit).send(1);
    EXPECT_EQ(rx.try_recv(), 1);
}

}  // namespace
}  // namespace tailrace
