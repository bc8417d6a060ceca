// Lifetimes of what the channel owns: blocks, values, receives, and a receiver that is dropped during other calls.
// After a change here run: ci/test -L regressions && ci/mutants -R regressions
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "regressions/probes.hpp"

namespace tailrace::verify {
namespace {

template <class Api>
struct lifetimes : ::testing::Test {};
TYPED_TEST_SUITE(lifetimes, apis, api_names);

/// Counts its live instances, and may call a function whenever it is moved, for example into a slot that is already
/// claimed.
class counted_value {
  public:
    explicit counted_value(int& alive, std::function<void()>* on_move = nullptr) : alive_(&alive), on_move_(on_move) {
        ++*alive_;
    }
    counted_value(counted_value&& other) noexcept
        : alive_(other.alive_), on_move_(std::exchange(other.on_move_, nullptr)) {
        ++*alive_;
        if (on_move_ != nullptr) (*on_move_)();
    }
    counted_value& operator=(counted_value&&) = delete;
    ~counted_value() { --*alive_; }

  private:
    int* alive_;
    std::function<void()>* on_move_;
};

template <class Handle>
void drop(Handle& handle) {
    [[maybe_unused]] const auto dies_here = std::move(handle);
}

// tokio PR #978: of the blocks of the queue only the first was freed with the channel.
TYPED_TEST(lifetimes, every_block_goes_with_the_channel) {
    if constexpr (!is_optimized<TypeParam>) {
        GTEST_SKIP() << "the reference has no blocks";
    }
    const long before = probe::here().alive;
    {
        auto [tx, rx] = open_probed<TypeParam, int>(10'000);
        for (int v = 0; v < 5'000; ++v) ASSERT_TRUE(tx.try_send(v));
        EXPECT_GE(probe::here().alive, before + 5'000) << "the probe sees the slots";
        for (int v = 0; v < 1'000; ++v) ASSERT_EQ(rx.try_recv(), v);
        for (int v = 0; v < 1'000; ++v) ASSERT_TRUE(tx.try_send(v));
    }
    EXPECT_EQ(probe::here().alive, before);
}

// tokio #5293: a block was built on the stack before it went to the heap, and large values
// overflowed it.
TYPED_TEST(lifetimes, storage_for_huge_values_is_never_made_on_the_stack) {
    if constexpr (!is_optimized<TypeParam>) {
        GTEST_SKIP() << "the reference allocates no storage in advance";
    }
    using huge = std::array<std::byte, std::size_t{1} << 20>;
    probe& seen = probe::here();
    const long before = seen.alive;
    seen.on_the_stack = 0;
    seen.stack_top = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    auto [tx, rx] = open_probed<TypeParam, huge>(4);
    auto permits = tx.try_reserve_many(4);
    seen.stack_top = 0;
    ASSERT_TRUE(permits);
    EXPECT_GE(seen.alive, before + 4) << "the probe sees the slots being made";
    EXPECT_EQ(seen.on_the_stack, 0);
}

/// The second value throws when it is moved while `stuck`.
struct fragile {
    explicit fragile(int number) : id(number) {}
    fragile(fragile&& other) noexcept(false) : id(other.id) {
        if (stuck && id == 2) throw std::runtime_error("stuck");
    }
    fragile& operator=(fragile&&) = delete;
    ~fragile() = default;

    int id;
    static inline bool stuck = false;
};

// tokio #7094: a destructor that panicked in the middle of a drain left the rest in place. Here destructors must not
// throw (wake.all), but a move in the middle of a batch may.
TYPED_TEST(lifetimes, a_move_that_throws_in_the_middle_of_a_batch_costs_no_capacity) {
    auto [tx, rx] = TypeParam::template open<fragile>(3);
    for (int id = 1; id <= 3; ++id) ASSERT_TRUE(tx.try_send(fragile(id)));
    counting_waker woken;
    auto waiting = tx.reserve();
    ASSERT_TRUE(pending(waiting, woken.as_waker()));
    {
        std::vector<fragile> batch;
        auto receive = rx.recv_many(batch, 3);
        fragile::stuck = true;
        EXPECT_THROW((void)receive.poll(no_waker()), std::runtime_error);
        fragile::stuck = false;
    }
    EXPECT_EQ(woken.wakes(), 1);
    EXPECT_TRUE(finished(waiting)) << "and its permit was returned at once";
    EXPECT_EQ(tx.capacity() + rx.len(), 3u);
    EXPECT_TRUE(tx.try_send(fragile(4)));
}

// tokio #8095: the waker of a receive stayed in the channel when the receiver had gone.
TYPED_TEST(lifetimes, a_cancelled_receive_is_never_woken) {
    auto [tx, rx] = TypeParam::template open<int>(2);
    auto p0 = tx.try_reserve();
    auto p1 = tx.try_reserve();
    counting_waker woken;
    std::optional receive(rx.recv());
    ASSERT_TRUE(pending(*receive, woken.as_waker()));
    receive.reset();
    p0->send(1);
    EXPECT_EQ(woken.wakes(), 0) << "the value came when no receive existed";
    drop(rx);
    p1->send(2);
    drop(tx);
    EXPECT_EQ(woken.wakes(), 0);
}

// tokio #7714, futures-rs #909: a request that was sent after the drop of the receiver lived until the last sender was
// dropped, and so did its reply channel: the wait for the reply never ended.
TYPED_TEST(lifetimes, a_request_sent_too_late_is_destroyed_and_the_wait_for_its_reply_ends) {
    using reply_channel = sender_of<TypeParam, int>;
    auto [requests, server] = TypeParam::template open<reply_channel>(2);
    auto [reply_to, replies] = TypeParam::template open<int>(1);
    auto permit = requests.try_reserve();
    counting_waker reply_woken;
    auto reply = replies.recv();
    ASSERT_TRUE(pending(reply, reply_woken.as_waker()));
    drop(server);
    permit->send(std::move(reply_to));
    EXPECT_EQ(reply_woken.wakes(), 1);
    EXPECT_EQ(finished(reply), std::nullopt);
    EXPECT_EQ(requests.capacity(), 2u);
}

// futures-rs #909, #1241: the receiver was dropped during a try_send, which reported success; the value was never
// removed.
TYPED_TEST(lifetimes, a_value_whose_receiver_goes_while_it_is_being_sent_dies_or_comes_back) {
    int alive = 0;
    auto [tx, rx] = TypeParam::template open<counted_value>(1);
    const auto& sender = tx;
    std::optional receiver(std::move(rx));
    std::function<void()> leave = [&] {
        if (receiver && sender.capacity() == 0) receiver.reset();
    };
    const bool sent = sender.try_send(counted_value(alive, &leave)).has_value();
    EXPECT_TRUE(sent);
    if (is_optimized<TypeParam>) {
        EXPECT_FALSE(receiver) << "it was dropped between the claim and the value";
    }
    receiver.reset();
    EXPECT_EQ(alive, 0) << "and the sender is still there";
    EXPECT_EQ(sender.capacity(), 1u);
}

// crossbeam #1084, #1187 (RUSTSEC-2025-0024): the remaining messages were discarded on two paths, both the same ones.
TYPED_TEST(lifetimes, remaining_values_are_destroyed_once_when_the_receiver_goes) {
    int alive = 0;
    {
        auto [tx, rx] = TypeParam::template open<counted_value>(3);
        const auto& sender = tx;
        std::optional receiver(std::move(rx));
        std::function<void()> leave = [&] {
            if (receiver && sender.capacity() == 0) receiver.reset();
        };
        ASSERT_TRUE(sender.try_send(counted_value(alive)));
        auto permit = sender.try_reserve();
        ASSERT_TRUE(permit);
        ASSERT_TRUE(sender.try_send(counted_value(alive, &leave)));
        receiver.reset();
        EXPECT_EQ(alive, 0);
        permit->send(counted_value(alive));
        EXPECT_EQ(alive, 0);
        EXPECT_EQ(sender.capacity(), 3u);
    }
    EXPECT_EQ(alive, 0) << "the end of the channel destroys nothing more";
}

/// So large that every block has one slot.
struct large {
    explicit large(int v) { content.back() = v; }
    std::array<int, 2048> content{};
};

// crossbeam #971: while one sender installed a block, others continued from an outdated state.
TYPED_TEST(lifetimes, new_blocks_are_installed_beside_those_that_other_tasks_made_meanwhile) {
    at_every_moment([](unsigned moment) {
        auto [tx, rx] = open_interruptible<TypeParam, large>(16);
        const auto& sender = tx;
        bool came = false;
        auto permits = [&] {
            const interloper other(moment, [&] { came = sender.try_send(large(1)).has_value(); });
            return sender.try_reserve_many(2);
        }();
        EXPECT_TRUE(permits);
        if (!came) {
            EXPECT_TRUE(sender.try_send(large(1)));
        }
        for (int v = 2; v <= 3; ++v) permits->next()->send(large(v));
        for (int v = 1; v <= 3 && !::testing::Test::HasFailure(); ++v) {
            auto receive = rx.recv();
            EXPECT_EQ(finished(receive).value().content.back(), v);
        }
        return came;
    });
}

// Scenario: the last value is received, and the wait for its permit is cancelled before it gets the permit. Then the
// wait makes the channel idle, and gives back the storage that it had prepared.
TYPED_TEST(lifetimes, storage_is_given_back_when_a_receive_meets_a_cancelled_wait) {
    if constexpr (!is_optimized<TypeParam>) {
        GTEST_SKIP() << "the reference has no storage to give back";
    } else {
        at_every_moment([](unsigned moment) {
            auto [tx, rx] = channel<large, interruptible_platform>(1'000);
            EXPECT_TRUE(tx.try_send(large(1)));
            std::optional waiting(tx.reserve_many(1'000));
            EXPECT_TRUE(pending(*waiting, no_waker()));
            bool came = false;
            {
                const interloper other(moment, [&] { came = true, waiting.reset(); });
                EXPECT_TRUE(rx.try_recv());
            }
            waiting.reset();
            const auto text = detail::inspection::debug_string(detail::inspection::core_of(tx));
            const std::string_view state = text.line;
            EXPECT_LE(std::stoul(std::string(state.substr(state.rfind(' ')))), 100u) << state << ", moment " << moment;
            return came;
        });
    }
}

// The same with the receiver dropped while a sender allocates the first block that it needs.
TYPED_TEST(lifetimes, a_send_that_makes_a_block_while_the_receiver_goes_has_sent_only_if_its_place_was_claimed) {
    at_every_moment([](unsigned moment) {
        auto [tx, rx] = open_interruptible<TypeParam, large>(16);
        const auto& sender = tx;
        auto& receiver = rx;
        auto permit = sender.try_reserve();
        bool came = false;
        bool claimed = true;
        const auto sent = [&] {
            const interloper leaver(moment, [&] {
                came = true;
                claimed = sender.capacity() < 15;
                drop(receiver);
            });
            return sender.try_send(large(1));
        }();
        EXPECT_EQ(sent.has_value(), claimed);
        if (!sent) {
            EXPECT_EQ(sent.error().reason, try_error::closed);
            EXPECT_EQ(sent.error().value.content.back(), 1);
        }
        if (!came) drop(receiver);
        EXPECT_EQ(sender.capacity(), 15u);
        permit->send(large(2));
        EXPECT_EQ(sender.capacity(), 16u) << "a value that came too late is destroyed";
        return came;
    });
}

}  // namespace
}  // namespace tailrace::verify
