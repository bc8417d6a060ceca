// The differences that the kit finds in moodycamel's queue and semaphore, shown without the kit, for 1.0.3. If one of
// these tests fails, the library has changed, and queues_test.cpp and README.md must change with it.
// After a change here run: ci/test -L proptests -R moodycamel
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <concurrentqueue/lightweightsemaphore.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;

// Clause: recv.order. Documented: "not linearizable". Each thread has a queue of its own inside.
TEST(moodycamel_alone, gives_the_later_value_of_another_thread_first) {
    moodycamel::BlockingConcurrentQueue<int> queue;
    ASSERT_TRUE(queue.enqueue(1));
    std::thread([&queue] { EXPECT_TRUE(queue.enqueue(2)); }).join();
    int value = 0;
    ASSERT_TRUE(queue.try_dequeue(value));
    EXPECT_EQ(value, 2) << "values come in the order of the calls now: README.md and queues_test.cpp say otherwise";
    ASSERT_TRUE(queue.try_dequeue(value));
    EXPECT_EQ(value, 1);
}

/// Whether a signal that was for a thread that waits, so that a try fails, is taken by a later wait(). After the
/// pause the thread may not have come to wait yet, or it is faster.
bool takes_the_signal_of_another(std::chrono::milliseconds pause) {
    moodycamel::LightweightSemaphore semaphore(0, 0);  // without spinning
    std::thread waits([&semaphore] { EXPECT_TRUE(semaphore.wait()); });
    std::this_thread::sleep_for(pause);
    semaphore.signal();
    const bool is_taken = !semaphore.tryWait();
    const bool got_it = is_taken && semaphore.wait(1);
    if (!is_taken || got_it) semaphore.signal();
    waits.join();
    return got_it;
}

// Clause: release.oldest-first. No order is promised.
TEST(moodycamel_alone, lets_a_later_wait_take_what_was_given_to_an_earlier_one) {
    bool seen = false;
    for (int round = 0; round < 1'000 && !seen; ++round) {
        seen = takes_the_signal_of_another(std::chrono::milliseconds(1 + round / 10));
    }
    EXPECT_TRUE(seen) << "waits are served in their order now: README.md and queues_test.cpp say otherwise";
}

}  // namespace
