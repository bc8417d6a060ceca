// Handles as C++ objects: copying, moving, assigning, and what is left of a handle that was moved
// from or used up.
// After a change here run: ci/test -L conformance
#include <sstream>

#include "apis.hpp"

namespace tailrace::verify {

namespace {

template <class Api>
class handles : public ::testing::Test {};
TYPED_TEST_SUITE(handles, apis, api_names);

template <class T>
std::string printed(const T& handle) {
    std::ostringstream out;
    out << handle;
    return out.str();
}

struct unprintable {
    std::unique_ptr<int> content;
};

}  // namespace

// Original: buffer_gteq_one, validates_max_permits.
// Clause: channel.capacity.
TYPED_TEST(handles, a_capacity_of_zero_or_above_the_largest_is_refused_with_a_clear_message) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{67'108'864}, static_cast<std::size_t>(-1)}) {
        try {
            (void)TypeParam::template open<int>(capacity);
            ADD_FAILURE() << "a capacity of " << capacity << " was accepted";
        } catch (const std::invalid_argument& e) {
            const std::string what = e.what();
            EXPECT_NE(what.find("capacity"), what.npos) << what;
            EXPECT_NE(what.find("67108863"), what.npos) << what;
        }
    }
}

// Original: max_permits_doesnt_panic.
TYPED_TEST(handles, the_smallest_and_the_largest_capacity_are_accepted) {
    for (const std::size_t capacity : {std::size_t{1}, std::size_t{67'108'863}}) {
        auto [tx, rx] = TypeParam::template open<int>(capacity);
        EXPECT_EQ(tx.capacity(), capacity);
        EXPECT_EQ(tx.max_capacity(), capacity);
        EXPECT_TRUE(tx.try_send(1));
        EXPECT_EQ(tx.capacity(), capacity - 1);
    }
}

TYPED_TEST(handles, only_senders_are_copied_and_nothing_throws_when_moved) {
    using sender = sender_of<TypeParam, int>;
    using receiver = receiver_of<TypeParam, int>;
    using permit = typename decltype(std::declval<sender>().try_reserve())::value_type;
    using owned = typename decltype(std::declval<sender>().try_reserve_owned())::value_type;

    static_assert(std::is_copy_constructible_v<sender> && std::is_copy_assignable_v<sender>);
    static_assert(!std::is_copy_constructible_v<receiver> && !std::is_copy_assignable_v<receiver>);
    static_assert(!std::is_copy_constructible_v<permit> && !std::is_copy_assignable_v<permit>);
    static_assert(!std::is_copy_constructible_v<owned> && !std::is_copy_assignable_v<owned>);
    static_assert(!std::is_copy_constructible_v<decltype(std::declval<sender>().send(1))>);
    static_assert(!std::is_copy_constructible_v<decltype(std::declval<receiver>().recv())>);

    static_assert(std::is_nothrow_move_constructible_v<sender> && std::is_nothrow_move_assignable_v<sender>);
    static_assert(std::is_nothrow_move_constructible_v<receiver> && std::is_nothrow_move_assignable_v<receiver>);
    static_assert(std::is_nothrow_move_constructible_v<permit> && std::is_nothrow_move_assignable_v<permit>);
    static_assert(std::is_nothrow_move_constructible_v<owned> && std::is_nothrow_move_assignable_v<owned>);

    static_assert(!std::is_convertible_v<sender, bool> && !std::is_convertible_v<receiver, bool>);
}

// Clause: wake.all. By its type.
TEST(handles, a_waker_cannot_throw) {
    static_assert(std::is_same_v<decltype(waker::wake), void (*)(void*) noexcept>);
    static_assert(std::is_trivially_copyable_v<waker>);
    static_assert(noexcept(std::declval<const waker&>()()));
}

// Clauses: clone.same-channel, clone.count.
TYPED_TEST(handles, a_copy_and_a_clone_are_senders_of_the_same_channel) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    std::optional copy(tx);
    std::optional clone(tx.clone());
    EXPECT_TRUE(copy->same_channel(tx));
    EXPECT_TRUE(clone->same_channel(*copy));
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_TRUE(copy->try_send(2));
    EXPECT_TRUE(clone->try_send(3));
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_EQ(rx.try_recv(), 3);

    {
        const auto moved = std::move(tx);
    }
    copy.reset();
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
    clone.reset();
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::disconnected);
}

// Clause: same_channel.
TYPED_TEST(handles, senders_of_two_channels_are_not_of_the_same_channel) {
    auto [tx1, rx1] = TypeParam::template open<int>(1);
    auto [tx2, rx2] = TypeParam::template open<int>(1);
    EXPECT_TRUE(tx1.same_channel(tx1));
    EXPECT_FALSE(tx1.same_channel(tx2));
    EXPECT_FALSE(tx2.clone().same_channel(tx1.clone()));
}

// Clause: handle.self-move.
TYPED_TEST(handles, assigning_a_handle_to_itself_changes_nothing) {
    auto [tx, rx] = TypeParam::template open<int>(5);
    auto& same_tx = tx;
    tx = same_tx;
    tx = std::move(same_tx);
    auto& same_rx = rx;
    rx = std::move(same_rx);
    ASSERT_TRUE(tx && rx);
    EXPECT_FALSE(tx.is_closed());

    auto permit = tx.try_reserve();
    auto& same_permit = *permit;
    *permit = std::move(same_permit);
    auto owned = tx.clone().try_reserve_owned();
    auto& same_owned = *owned;
    *owned = std::move(same_owned);
    EXPECT_EQ(tx.capacity(), 3);
    auto several = tx.try_reserve_many(2);
    auto& same_several = *several;
    *several = std::move(same_several);
    EXPECT_EQ(tx.capacity(), 1);
    auto weak = tx.downgrade();
    auto& same_weak = weak;
    weak = same_weak;
    weak = std::move(same_weak);
    ASSERT_TRUE(weak);
    EXPECT_EQ(weak.weak_count(), 1);
    EXPECT_TRUE(weak.upgrade()->same_channel(tx));

    permit->send(1);
    (void)std::move(*owned).send(2);
    several->next()->send(3);
    several->next()->send(4);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(rx.try_recv(), 2);
    EXPECT_EQ(rx.try_recv(), 3);
    EXPECT_EQ(rx.try_recv(), 4);
    EXPECT_EQ(tx.capacity(), 5);
}

// Clause: handle.assign.
TYPED_TEST(handles, assigning_over_the_last_sender_ends_its_channel) {
    auto [tx1, rx1] = TypeParam::template open<int>(1);
    auto [tx2, rx2] = TypeParam::template open<int>(1);
    auto [tx3, rx3] = TypeParam::template open<int>(1);
    counting_waker woken;
    auto receive = rx1.recv();
    ASSERT_TRUE(pending(receive, woken.as_waker()));

    tx1 = tx2;  // a copy
    EXPECT_EQ(woken.wakes(), 1);
    EXPECT_EQ(finished(receive), std::nullopt);
    EXPECT_TRUE(tx1.same_channel(tx2));

    tx3 = std::move(tx1);
    EXPECT_EQ(error_of(rx3.try_recv()), try_recv_error::disconnected);
    EXPECT_TRUE(tx3.same_channel(tx2));
    EXPECT_EQ(error_of(rx2.try_recv()), try_recv_error::empty);
}

TYPED_TEST(handles, assigning_a_sender_of_the_same_channel_leaves_it_open) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto other = tx.clone();
    tx = other;
    tx = std::move(other);
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
    tx = TypeParam::template open<int>(1).first;
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::disconnected);
}

TYPED_TEST(handles, assigning_over_a_receiver_closes_its_channel) {
    auto [tx1, rx1] = TypeParam::template open<int>(1);
    auto [tx2, rx2] = TypeParam::template open<int>(1);
    counting_waker woken;
    auto listener = tx1.closed();
    ASSERT_TRUE(pending(listener, woken.as_waker()));

    rx1 = std::move(rx2);
    EXPECT_EQ(woken.wakes(), 1);
    EXPECT_TRUE(tx1.is_closed());
    EXPECT_FALSE(tx2.is_closed());
    EXPECT_TRUE(tx2.try_send(1));
    EXPECT_EQ(rx1.try_recv(), 1);
}

TYPED_TEST(handles, assigning_over_a_permit_returns_what_it_held) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    auto first = tx.try_reserve();
    auto second = tx.try_reserve();
    EXPECT_EQ(tx.capacity(), 0);
    *first = std::move(*second);
    EXPECT_EQ(tx.capacity(), 1);
    EXPECT_FALSE(*second);
    first->send(1);
    EXPECT_EQ(rx.try_recv(), 1);
}

TYPED_TEST(handles, assigning_over_an_owned_permit_returns_its_capacity_and_drops_its_sender) {
    auto [tx1, rx1] = TypeParam::template open<int>(1);
    auto [tx2, rx2] = TypeParam::template open<int>(1);
    auto first = std::move(tx1).try_reserve_owned();
    auto second = std::move(tx2).try_reserve_owned();
    *first = std::move(*second);
    EXPECT_EQ(error_of(rx1.try_recv()), try_recv_error::disconnected);
    EXPECT_EQ(error_of(rx2.try_recv()), try_recv_error::empty);
    EXPECT_TRUE(std::move(*first).send(1));
    EXPECT_EQ(rx2.try_recv(), 1);
    EXPECT_EQ(error_of(rx2.try_recv()), try_recv_error::disconnected);
}

// Clause: borrow.
TYPED_TEST(handles, a_permit_survives_the_move_of_the_sender_it_came_from) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    auto permit = tx.try_reserve();
    auto operation = tx.reserve();
    const auto moved = std::move(tx);
    permit->send(1);
    EXPECT_TRUE(finished(operation));
    EXPECT_EQ(rx.try_recv(), 1);
}

// Original: close_sender_before_reserve.
// Clause: handle.moved-from.
TYPED_TEST(handles, a_moved_from_sender_refuses_everything_but_assignment) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto other = std::move(tx);
    ASSERT_TRUE(other);
    EXPECT_FALSE(tx);
    auto clock = TypeParam::clock_of(other);
    using std::chrono::milliseconds;
    EXPECT_THROW((void)tx.try_send(1), std::logic_error);
    EXPECT_THROW((void)tx.send(1), std::logic_error);
    EXPECT_THROW((void)tx.send_timeout(1, milliseconds(1), clock), std::logic_error);
    EXPECT_THROW((void)tx.reserve(), std::logic_error);
    EXPECT_THROW((void)tx.reserve_many(1), std::logic_error);
    EXPECT_THROW((void)tx.try_reserve(), std::logic_error);
    EXPECT_THROW((void)tx.try_reserve_many(0), std::logic_error);
    EXPECT_THROW((void)std::move(tx).reserve_owned(), std::logic_error);
    EXPECT_THROW((void)std::move(tx).try_reserve_owned(), std::logic_error);
    EXPECT_THROW((void)tx.closed(), std::logic_error);
    EXPECT_THROW((void)tx.clone(), std::logic_error);
    EXPECT_THROW((void)tx.downgrade(), std::logic_error);
    EXPECT_THROW((void)tx.is_closed(), std::logic_error);
    EXPECT_THROW((void)tx.capacity(), std::logic_error);
    EXPECT_THROW((void)tx.max_capacity(), std::logic_error);
    EXPECT_THROW((void)tx.len(), std::logic_error);
    EXPECT_THROW((void)tx.strong_count(), std::logic_error);
    EXPECT_THROW((void)tx.weak_count(), std::logic_error);
    EXPECT_THROW((void)tx.same_channel(other), std::logic_error);
    EXPECT_THROW((void)other.same_channel(tx), std::logic_error);
    EXPECT_THROW((void)tx.blocking_send(1), std::logic_error);
    EXPECT_THROW((void)tx.blocking_send_timeout(1, milliseconds(1)), std::logic_error);
    EXPECT_THROW((void)tx.blocking_reserve(), std::logic_error);
    EXPECT_THROW((void)tx.blocking_reserve_timeout(milliseconds(1)), std::logic_error);

    EXPECT_NE(printed(tx).find("moved from"), std::string::npos);

    EXPECT_EQ(other.capacity(), 1);
    EXPECT_EQ(other.strong_count(), 1);
    EXPECT_EQ(other.weak_count(), 0);
    tx = std::move(other);
    EXPECT_TRUE(tx.try_send(1));
}

TYPED_TEST(handles, a_moved_from_receiver_refuses_everything_but_assignment) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto other = std::move(rx);
    ASSERT_TRUE(other);
    EXPECT_FALSE(rx);
    auto clock = TypeParam::clock_of(tx);
    using std::chrono::milliseconds;
    std::vector<int> into;
    EXPECT_THROW((void)rx.recv(), std::logic_error);
    EXPECT_THROW((void)rx.recv_timeout(milliseconds(1), clock), std::logic_error);
    EXPECT_THROW((void)rx.recv_many(into, 0), std::logic_error);
    EXPECT_THROW((void)rx.try_recv(), std::logic_error);
    EXPECT_THROW((void)rx.blocking_recv(), std::logic_error);
    EXPECT_THROW((void)rx.blocking_recv_timeout(milliseconds(1)), std::logic_error);
    EXPECT_THROW((void)rx.blocking_recv_many(into, 0), std::logic_error);
    EXPECT_THROW(rx.close(), std::logic_error);
    EXPECT_THROW((void)rx.is_closed(), std::logic_error);
    EXPECT_THROW((void)rx.len(), std::logic_error);
    EXPECT_THROW((void)rx.is_empty(), std::logic_error);
    EXPECT_THROW((void)rx.capacity(), std::logic_error);
    EXPECT_THROW((void)rx.max_capacity(), std::logic_error);
    EXPECT_THROW((void)rx.sender_strong_count(), std::logic_error);
    EXPECT_THROW((void)rx.sender_weak_count(), std::logic_error);
    EXPECT_NE(printed(rx).find("moved from"), std::string::npos);

    EXPECT_FALSE(tx.is_closed());
    rx = std::move(other);
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1);
}

// Original: start_send_panics_when_idle, start_send_panics_when_acquiring.
// Clause: handle.moved-from.
TYPED_TEST(handles, a_permit_that_was_used_or_moved_from_refuses_to_send) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    auto permit = tx.try_reserve();
    permit->send(1);
    EXPECT_FALSE(*permit);
    EXPECT_THROW(permit->send(2), std::logic_error);

    auto second = tx.try_reserve();
    const auto moved = std::move(*second);
    EXPECT_FALSE(*second);
    EXPECT_THROW(second->send(3), std::logic_error);
    EXPECT_EQ(tx.capacity(), 1);  // a value and a permit
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
}

TYPED_TEST(handles, an_owned_permit_that_was_used_or_released_refuses_both) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    auto sent = tx.clone().try_reserve_owned();
    auto back = std::move(*sent).send(1);
    EXPECT_TRUE(back.same_channel(tx));
    EXPECT_FALSE(*sent);
    EXPECT_THROW((void)std::move(*sent).send(2), std::logic_error);
    EXPECT_THROW((void)std::move(*sent).release(), std::logic_error);

    auto released = std::move(back).try_reserve_owned();
    EXPECT_FALSE(back);
    EXPECT_TRUE(std::move(*released).release().same_channel(tx));
    EXPECT_FALSE(*released);
    EXPECT_THROW((void)std::move(*released).release(), std::logic_error);
    EXPECT_EQ(tx.capacity(), 2);
    EXPECT_EQ(rx.try_recv(), 1);
}

TYPED_TEST(handles, an_owned_permit_that_was_moved_from_refuses_both) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    auto from = tx.clone().try_reserve_owned();
    auto to = std::move(*from);
    ASSERT_TRUE(to);
    EXPECT_FALSE(*from);
    EXPECT_THROW((void)std::move(*from).send(1), std::logic_error);
    EXPECT_THROW((void)std::move(*from).release(), std::logic_error);
    EXPECT_EQ(tx.capacity(), 1);
    EXPECT_EQ(tx.strong_count(), 2);
    *from = std::move(to);
    EXPECT_TRUE(std::move(*from).send(2));
    EXPECT_EQ(rx.try_recv(), 2);
}

// Clause: handle.moved-from.
TYPED_TEST(handles, a_moved_from_permit_iterator_refuses_everything_but_assignment) {
    auto [tx, rx] = TypeParam::template open<int>(3);
    auto from = tx.try_reserve_many(2);
    ASSERT_TRUE(*from);
    auto to = std::move(*from);
    ASSERT_TRUE(to);
    EXPECT_FALSE(*from);
    EXPECT_THROW((void)from->next(), std::logic_error);
    EXPECT_THROW((void)from->size(), std::logic_error);
    EXPECT_EQ(to.size(), 2);
    EXPECT_EQ(tx.capacity(), 1);
    *from = std::move(to);
    EXPECT_THROW((void)to.next(), std::logic_error);
    EXPECT_THROW((void)to.size(), std::logic_error);
    from->next()->send(1);
    EXPECT_EQ(from->size(), 1);
    EXPECT_EQ(rx.try_recv(), 1);
}

// Clause: handle.assign.
TYPED_TEST(handles, assigning_over_a_permit_iterator_returns_what_it_held) {
    auto [tx, rx] = TypeParam::template open<int>(7);
    auto first = tx.try_reserve_many(4);
    auto second = tx.try_reserve_many(2);
    EXPECT_EQ(tx.capacity(), 1);
    *first = std::move(*second);
    EXPECT_EQ(tx.capacity(), 5);
    EXPECT_EQ(first->size(), 2);
}

// Clause: try_reserve_owned.returns-sender.
TYPED_TEST(handles, a_failed_try_reserve_owned_hands_the_sender_back) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    const auto other = tx.clone();
    EXPECT_TRUE(other.try_send(1));
    auto full = std::move(tx).try_reserve_owned();
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().reason, try_error::full);
    EXPECT_TRUE(full.error().sender.same_channel(other));

    rx.close();
    auto closed = std::move(full.error().sender).try_reserve_owned();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().reason, try_error::closed);
    EXPECT_TRUE(closed.error().sender.is_closed());
}

// Original: no_t_bounds_buffer.
// Clause: debug.
TYPED_TEST(handles, senders_and_receivers_of_an_unprintable_move_only_type_are_printed_and_copied) {
    auto [tx, rx] = TypeParam::template open<unprintable>(100);
    const std::string open = printed(tx);
    const std::string receiver_open = printed(rx);
    EXPECT_FALSE(open.empty());
    EXPECT_FALSE(receiver_open.empty());
    EXPECT_TRUE(tx.clone().try_send(unprintable{}));
    EXPECT_NE(printed(tx), open);
    EXPECT_TRUE(rx.try_recv());
    rx.close();
    EXPECT_NE(printed(tx), open);
    EXPECT_NE(printed(rx), receiver_open);
}

// Clause: max_capacity.
TYPED_TEST(handles, a_receiver_knows_the_largest_capacity_of_its_channel) {
    auto [tx, rx] = TypeParam::template open<int>(7);
    EXPECT_EQ(rx.max_capacity(), 7);
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.max_capacity(), 7);
}

// Clauses: weak.clone, counts.weak.
TYPED_TEST(handles, a_copied_weak_sender_is_counted_and_a_moved_one_is_not_counted_twice) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto weak = tx.downgrade();
    auto copy = weak;
    EXPECT_EQ(tx.weak_count(), 2);
    const auto moved = std::move(copy);
    EXPECT_EQ(tx.weak_count(), 2);
    const auto of_a_moved_from_one = copy;
    EXPECT_FALSE(of_a_moved_from_one);
    EXPECT_EQ(tx.weak_count(), 2);
    weak = moved;
    EXPECT_EQ(tx.weak_count(), 2);
    EXPECT_TRUE(weak.upgrade()->same_channel(tx));
    copy = moved;
    EXPECT_EQ(tx.weak_count(), 3);
    EXPECT_TRUE(copy.upgrade()->same_channel(tx));
}

// Clause: handle.assign.
TYPED_TEST(handles, assigning_over_a_weak_sender_changes_the_counts_of_both_channels) {
    auto [tx1, rx1] = TypeParam::template open<int>(1);
    auto [tx2, rx2] = TypeParam::template open<int>(1);
    auto weak = tx1.downgrade();
    const auto other = tx2.downgrade();
    weak = other;  // a copy
    EXPECT_EQ(tx1.weak_count(), 0);
    EXPECT_EQ(tx2.weak_count(), 2);
    EXPECT_TRUE(weak.upgrade()->same_channel(tx2));
    weak = tx1.downgrade();
    EXPECT_EQ(tx1.weak_count(), 1);
    EXPECT_EQ(tx2.weak_count(), 1);
    EXPECT_TRUE(weak.upgrade()->same_channel(tx1));
}

// Clause: handle.moved-from.
TYPED_TEST(handles, a_moved_from_weak_sender_refuses_everything_but_assignment) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    auto weak = tx.downgrade();
    auto other = std::move(weak);
    ASSERT_TRUE(other);
    EXPECT_FALSE(weak);
    EXPECT_THROW((void)weak.upgrade(), std::logic_error);
    EXPECT_THROW((void)weak.strong_count(), std::logic_error);
    EXPECT_THROW((void)weak.weak_count(), std::logic_error);
    if constexpr (requires(std::ostream& out) { out << weak; }) {  // the reference does not print it
        EXPECT_NE(printed(weak).find("moved from"), std::string::npos);
        EXPECT_EQ(printed(other).find("moved from"), std::string::npos);
        const auto alone = printed(other);
        const std::optional copy(other);
        EXPECT_TRUE(copy);
        EXPECT_NE(printed(other), alone) << "it shows the counts";
    }
    weak = std::move(other);
    EXPECT_EQ(weak.strong_count(), 1);
    EXPECT_EQ(weak.weak_count(), 1);
    EXPECT_TRUE(weak.upgrade()->same_channel(tx));
}

}  // namespace tailrace::verify
