// Waiting senders that give up, are never polled again, or are many.
// After a change here run: ctest -L history && ctest -L faults -R history
#include "conformance/apis.hpp"

namespace tailrace::verify {
namespace {

template <class Api>
struct waiters : ::testing::Test {};
TYPED_TEST_SUITE(waiters, apis, api_names);

// tokio #900: a sender that was dropped while it was queued and had been given nothing broke the semaphore.
TYPED_TEST(waiters, a_queued_send_that_was_given_nothing_can_be_dropped) {
    auto [tx, rx] = TypeParam::template open<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    {
        auto dropped = tx.send(2);
        ASSERT_TRUE(pending(dropped, nobody()));
    }
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(tx.capacity(), 1u) << "nobody waits, so what comes back is free";
    EXPECT_TRUE(tx.try_send(3));
}

}  // namespace
}  // namespace tailrace::verify
