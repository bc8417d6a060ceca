// Tests of when a worker takes resumptions from another one. Both workers are played by one thread, by a clock that a
// doze moves on; which thread sleeps when is the subject of the interleaving search (relacy/scenarios/pool.hpp).
#include "tailrace/detail/work_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "tailrace/platform.hpp"

namespace tailrace::detail {
namespace {

using std::chrono::microseconds;

struct manual_platform : std_platform {
    struct clock {
        using duration = microseconds;
        using time_point = std::chrono::time_point<clock, microseconds>;
        [[nodiscard]] static time_point now() noexcept { return at; }
        static inline time_point at;
    };
    /// A doze lasts as long as it may.
    struct parker {
        [[nodiscard]] static bool park_until(clock::time_point deadline) {
            clock::at = deadline;
            meanwhile();
            return false;
        }
        static void park() { FAIL() << "no worker sleeps here"; }
        static void unpark() noexcept {}
        static inline std::function<void()> meanwhile;
    };
    template <class Look>
    [[nodiscard]] static bool look_until(Look look) {
        return look();
    }
};
using clock = manual_platform::clock;

/// Two nodes that become ready on the first worker, always again.
class taking : public testing::Test {
  protected:
    taking() {
        clock::at = {};
        manual_platform::parker::meanwhile = [this] { resume(busy_); };
        for (run_node& n : nodes_) {
            n.action = {[](void*) noexcept {}, &n};
            lists_.push(busy_, n);
        }
    }

    /// Runs a node, which the first worker then wakes.
    void resume(work_lists<manual_platform>::worker& on) {
        const waker w = lists_.next(on);
        lists_.push(busy_, *static_cast<run_node*>(w.context));
    }
    /// How long the second worker, which has none, waits until it takes one.
    microseconds wait_until_taken() {
        const auto before = clock::now();
        resume(other_);
        return clock::now() - before;
    }

    work_lists<manual_platform> lists_{2};
    work_lists<manual_platform>::worker& busy_ = lists_[0];
    work_lists<manual_platform>::worker& other_ = lists_[1];
    run_node nodes_[2];
};

TEST_F(taking, that_does_not_pay_waits_twice_as_long_each_time_up_to_a_bound) {
    EXPECT_EQ(wait_until_taken(), microseconds(0));
    for (microseconds least(64); least <= microseconds(16'384); least *= 2) {
        const microseconds bounded = std::min(least, microseconds(4'096));
        const microseconds waited = wait_until_taken();
        EXPECT_GE(waited, bounded);
        EXPECT_LE(waited, bounded + microseconds(1'024)) << "it looks after each doze";
    }
}

TEST_F(taking, that_has_paid_is_done_at_once_again) {
    for (int i = 0; i < 5; ++i) (void)wait_until_taken();
    clock::at += microseconds(64);  // so long the node has run
    EXPECT_EQ(wait_until_taken(), microseconds(0));
    EXPECT_EQ(wait_until_taken(), microseconds(64)) << "the count begins anew";
}

TEST_F(taking, of_what_is_held_up_does_not_wait_for_that) {
    for (int i = 0; i < 5; ++i) (void)wait_until_taken();
    manual_platform::parker::meanwhile = [] {};  // the first worker is inside of a long resumption
    EXPECT_EQ(wait_until_taken(), microseconds(64)) << "the shortest doze";
}

}  // namespace
}  // namespace tailrace::detail
