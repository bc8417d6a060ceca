// What a channel allocates, by what malloc says is in use.
// After a change here run: ci/test -L regressions && ci/mutants -R regressions
#include <cstddef>
#include <cstdint>
#include <vector>

#include "apis.hpp"
#include "soak/memory.hpp"

namespace tailrace::verify {
namespace {

template <class Api>
class storage : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!stress::has_own_allocator) GTEST_SKIP() << "the allocator of a sanitizer says nothing of what is in use";
    }
    [[nodiscard]] std::uint64_t held() const {
        const std::uint64_t now = stress::memory_now().allocated;
        return now < before_ ? 0 : now - before_;
    }

  private:
    const std::uint64_t before_ = stress::memory_now().allocated;
};
TYPED_TEST_SUITE(storage, apis, api_names);

// Clause: channel.allocation.
TYPED_TEST(storage, no_allocation_is_proportional_to_the_capacity) {
    // One bit for each place of the largest channel would be 8,192 KiB.
    constexpr std::uint64_t little = std::uint64_t{64} * 1024;
    for (const std::size_t capacity : {1u, 1'000u, 1'000'000u, 67'108'863u}) {
        auto [tx, rx] = TypeParam::template open<std::uint64_t>(capacity);
        EXPECT_LE(this->held(), little) << "just opened, with a capacity of " << capacity;
        {
            const auto copy = tx.clone();
            const auto weak = tx.downgrade();
            auto listener = tx.closed();
            auto receive = rx.recv();
            EXPECT_TRUE(pending(listener, no_waker()));
            EXPECT_TRUE(pending(receive, no_waker()));
            EXPECT_LE(this->held(), little) << "waiting, with a capacity of " << capacity;
            EXPECT_TRUE(tx.try_send(1));
            EXPECT_EQ(finished(receive), 1u);
            const auto permit = tx.try_reserve();
            const auto permits = tx.try_reserve_many(capacity < 2 ? 0 : 1);
            auto wait = tx.reserve_many(capacity);
            EXPECT_LE(this->held(), little) << "with permits, of a capacity of " << capacity;
        }
        {
            std::uint64_t sent = 0;
            while (sent < 20 && finished(tx.send(sent)) && tx.capacity() > 0) ++sent;
            EXPECT_LE(this->held(), little) << "with values, of a capacity of " << capacity;
            std::vector<std::uint64_t> batch;
            EXPECT_GT(finished(rx.recv_many(batch, capacity)), 0u);
        }
        rx.close();
        EXPECT_LE(this->held(), little) << "closed, with a capacity of " << capacity;
    }
}

// Clause: channel.idle-storage.
TYPED_TEST(storage, a_burst_leaves_little_behind) {
    constexpr std::uint64_t little = std::uint64_t{384} * 1024 + sizeof(std::uint64_t);
    constexpr std::uint64_t values = 100'000;
    constexpr std::uint64_t single_permits = 17'000;
    constexpr std::size_t number_of_waits = 6'000;
    auto [tx, rx] = TypeParam::template open<std::uint64_t>(2 * values);
    for (int round = 0; round < 3; ++round) {
        for (std::uint64_t v = 0; v < values; ++v) ASSERT_TRUE(tx.try_send(v));
        EXPECT_GT(this->held(), values * sizeof(std::uint64_t));
        {
            std::vector<std::uint64_t> batch;
            EXPECT_EQ(finished(rx.recv_many(batch, values)), values);
        }
        EXPECT_LE(this->held(), little) << "after values";
        {
            std::vector<typename decltype(tx.try_reserve())::value_type> permits;
            for (std::uint64_t i = 0; i < single_permits; ++i) permits.push_back(*tx.try_reserve());
        }
        EXPECT_LE(this->held(), little) << "after permits";
        {
            std::vector<decltype(tx.reserve())> waits;
            const auto all = tx.try_reserve_many(tx.capacity());
            waits.reserve(number_of_waits);
            for (std::size_t i = 0; i < number_of_waits; ++i)
                EXPECT_TRUE(pending(waits.emplace_back(tx.reserve()), no_waker()));
        }
        EXPECT_LE(this->held(), little) << "after waits";
    }
}

}  // namespace
}  // namespace tailrace::verify
