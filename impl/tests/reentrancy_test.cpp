// Tests of reentrancy: wakers and destructors may use the channel that called them.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "tailrace/channel.hpp"

namespace tailrace {
namespace {

template <class F>
waker calling(F& f) {
    return {[](void* p) noexcept { (*static_cast<F*>(p))(); }, &f};
}

TEST(reentrancy, a_waker_called_by_close_may_cancel_the_waiters_behind_it) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(0));
    auto first = tx.send(1);
    std::optional second(tx.send(2));
    std::optional third(tx.send(3));
    int woken = 0;
    auto cancel_others = [&] {
        ++woken;
        second.reset();
        third.reset();
    };
    auto count = [&] { ++woken; };
    ASSERT_FALSE(first.poll(calling(cancel_others)));
    ASSERT_FALSE(second->poll(calling(count)));
    ASSERT_FALSE(third->poll(calling(count)));
    rx.close();
    EXPECT_EQ(woken, 1) << "who was cancelled is not woken";
    EXPECT_EQ(first.poll({})->error().value, 1);
}

TEST(reentrancy, a_waker_called_by_a_receive_may_receive_nothing_and_send_more) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(0));
    auto op = tx.send(1);
    auto poll_it = [&op] { EXPECT_TRUE(op.poll({})->has_value()); };
    ASSERT_FALSE(op.poll(calling(poll_it)));
    EXPECT_EQ(rx.try_recv(), 0);
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST(reentrancy, a_value_destroyed_with_the_receiver_may_hold_a_permit_of_the_same_channel) {
    struct holder {
        std::optional<permit<std::unique_ptr<holder>, std_platform>> inside;
    };
    auto [tx, rx] = channel<std::unique_ptr<holder>>(2);
    auto value = std::make_unique<holder>();
    value->inside = std::move(*tx.try_reserve());
    ASSERT_TRUE(tx.try_send(std::move(value)));
    EXPECT_EQ(tx.capacity(), 0u);
    {
        const auto gone = std::move(rx);
    }
    EXPECT_EQ(tx.capacity(), 2u);
}

TEST(reentrancy, a_value_destroyed_with_the_receiver_may_hold_the_last_sender) {
    struct holder {
        std::optional<sender<std::unique_ptr<holder>, std_platform>> inside;
    };
    auto [tx, rx] = channel<std::unique_ptr<holder>>(2);
    auto value = std::make_unique<holder>();
    value->inside = tx;
    ASSERT_TRUE(tx.try_send(std::move(value)));
    {
        const auto gone = std::move(tx);
    }
    {
        const auto gone = std::move(rx);
    }  // under ASan: freed once, and not while in use
}

TEST(reentrancy, a_value_sent_after_the_receiver_is_gone_sees_its_capacity_returned) {
    struct witness {
        std::function<void()> look;
        witness(std::function<void()> f) : look(std::move(f)) {}
        witness(witness&&) noexcept = default;
        ~witness() {
            if (look) look();
        }
    };
    auto [tx, rx] = channel<witness>(1);
    auto p = tx.try_reserve();
    {
        const auto gone = std::move(rx);
    }
    std::optional<std::uint64_t> seen;
    p->send(witness([&seen, &of = tx] { seen = of.capacity(); }));
    EXPECT_EQ(seen, 1u);
}

}  // namespace
}  // namespace tailrace
