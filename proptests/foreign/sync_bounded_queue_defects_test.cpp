// The defects that the kit finds in Boost.Thread's sync_bounded_queue, shown without the kit, for Boost 1.81. If one of
// these tests fails, the queue has changed, and queues_test.cpp and README.md must change with it.
// After a change here run: ci/test -L proptests -R sync_bounded_queue
#include <gtest/gtest.h>

#include <boost/thread/concurrent_queues/sync_bounded_queue.hpp>
#include <chrono>
#include <optional>
#include <thread>

namespace {

using boost::queue_op_status;
using boost::sync_bounded_queue;
using namespace std::chrono_literals;

// Clause: sender.len. size() counts modulo the capacity, and its ring has one slot more.
TEST(sync_bounded_queue_alone, has_size_0_with_a_value_inside) {
    sync_bounded_queue<int> queue(2);
    int value = 0;
    for (const int sent : {1, 2, 3}) {
        ASSERT_EQ(queue.try_push_back(sent), queue_op_status::success);
        if (sent == 1) continue;
        ASSERT_EQ(queue.try_pull_front(value), queue_op_status::success);
    }
    EXPECT_EQ(queue.size(), 0U) << "size() is right now: README.md and queues_test.cpp name it as a defect";
    EXPECT_FALSE(queue.empty());
    EXPECT_EQ(queue.try_pull_front(value), queue_op_status::success);
    EXPECT_EQ(value, 3);
}

/// How a push that waits for room ends when the queue is closed: nothing if it throws sync_queue_is_closed. After the
/// pause it may not have come to wait yet.
std::optional<queue_op_status> closed_around_a_push(std::chrono::milliseconds pause) {
    sync_bounded_queue<int> queue(1);
    queue.push_back(1);
    std::optional<queue_op_status> ended;
    std::thread pushes([&] {
        try {
            ended = queue.wait_push_back(2);
        } catch (const boost::sync_queue_is_closed&) {
        }
    });
    std::this_thread::sleep_for(pause);
    queue.close();
    pushes.join();
    return ended;
}

// Clause: send.err-after-close. "If the queue is closed return queue_op_status::closed", says the documentation.
TEST(sync_bounded_queue_alone, throws_out_of_a_wait_push_back_that_waits_at_the_close) {
    std::optional<queue_op_status> ended = queue_op_status::closed;
    for (auto pause = 1ms; ended && pause < 10s; pause *= 2) {
        ended = closed_around_a_push(pause);
        EXPECT_EQ(ended.value_or(queue_op_status::closed), queue_op_status::closed);
    }
    EXPECT_EQ(ended, std::nullopt)
        << "wait_push_back returns closed now: README.md and queues_test.cpp name the exception as a defect";
}

}  // namespace
