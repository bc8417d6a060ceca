// Values as C++ objects: each is destroyed once on every path, whatever its type, and its destructor may use the
// channel.
// After a change here run: ci/test -L conformance
#include <pthread.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <new>

#include "apis.hpp"
#include "tailrace/verify/detail/failing_new.hpp"

namespace tailrace::verify {

namespace {

using std::chrono::milliseconds;

template <class Api>
class values : public ::testing::Test {
  protected:
    using list = destruction_log::list;

    destruction_log destroyed_;
};
TYPED_TEST_SUITE(values, apis, api_names);

struct nothing {};

/// More than one of these overflows a small stack, or makes a ring that is allocated in advance too large.
struct mebibyte {
    std::array<std::uint8_t, std::size_t{1} << 20> bytes;
};

std::unique_ptr<mebibyte> filled(std::uint8_t with) {
    auto big = std::make_unique<mebibyte>();
    big->bytes.fill(with);
    return big;
}

bool is_filled(const mebibyte& big, std::uint8_t with) {
    return std::ranges::all_of(big.bytes, [with](std::uint8_t b) { return b == with; });
}

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr std::size_t enough_stack = std::size_t{8} << 20;
#else
constexpr std::size_t enough_stack = std::size_t{32} << 20;
#endif

/// Runs it on a thread with that much stack, whatever the limit of this process.
void on_a_stack_of_its_own(std::function<void()> body) {
    pthread_attr_t attributes;
    pthread_t thread;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, enough_stack), 0);
    const auto run = [](void* p) -> void* {
        (*static_cast<std::function<void()>*>(p))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, run, &body), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
}

/// Counts the objects at addresses that violate their alignment.
struct alignas(128) over_aligned {
    explicit over_aligned(int n) : number(n) { check(); }
    over_aligned(over_aligned&& other) noexcept : number(other.number) { check(); }
    over_aligned& operator=(over_aligned&&) = delete;
    ~over_aligned() = default;

    void check() const noexcept {
        if (reinterpret_cast<std::uintptr_t>(this) % alignof(over_aligned) != 0) ++misplaced;
    }

    int number;
    static inline int misplaced = 0;
};

/// A value whose move throws on request.
class fragile {
  public:
    struct broken {};

    fragile(destruction_log& destroyed, int id) : life_(destroyed, id) {}
    fragile(fragile&& other) : life_(handle_with_care(other)) {}
    fragile& operator=(fragile&&) = delete;
    ~fragile() = default;

    [[nodiscard]] int id() const noexcept { return life_.id(); }
    static inline int moves_until_it_breaks = 0;  // 0: never

  private:
    static tracked_value&& handle_with_care(fragile& other) {
        if (moves_until_it_breaks > 0 && --moves_until_it_breaks == 0) throw broken{};
        return std::move(other.life_);
    }
    tracked_value life_;
};

/// Makes a send throw at its first move, then at its second, and so on until it succeeds. `check` runs after each
/// attempt.
template <class Attempt, class Check>
void break_at_every_move(Attempt attempt, Check check) {
    for (int move = 1; move < 20; ++move) {
        fragile::moves_until_it_breaks = move;
        bool broke = false;
        try {
            attempt();
        } catch (const fragile::broken&) {
            broke = true;
        }
        fragile::moves_until_it_breaks = 0;
        SCOPED_TRACE("broken at move " + std::to_string(move));
        check(broke);
        if (!broke) return;
    }
    ADD_FAILURE() << "a send moves its value 20 times";
}

}  // namespace

TYPED_TEST(values, a_received_value_dies_with_its_receiver) {
    auto [tx, rx] = TypeParam::template open<tracked_value>(2);
    EXPECT_TRUE(tx.try_send(tracked_value(this->destroyed_, 1)));
    EXPECT_TRUE(finished(tx.send(tracked_value(this->destroyed_, 2))));
    {
        const auto first = rx.try_recv();
        const auto second = finished(rx.recv());
        EXPECT_EQ(first->id(), 1);
        EXPECT_EQ(second->id(), 2);
        EXPECT_TRUE(this->destroyed_.ids().empty());
    }
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{2, 1}));
}

TYPED_TEST(values, a_refused_value_dies_with_the_error) {
    auto [tx, rx] = TypeParam::template open<tracked_value>(1);
    auto clock = TypeParam::clock_of(tx);
    EXPECT_TRUE(tx.try_send(tracked_value(this->destroyed_, 1)));
    const auto refused = [this](auto&& result, int id) {
        EXPECT_FALSE(result);
        EXPECT_EQ(result.error().value.id(), id);
        return this->destroyed_.ids().empty();
    };
    EXPECT_TRUE(refused(tx.try_send(tracked_value(this->destroyed_, 2)), 2));
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{2}));
    (void)finished(tx.send_timeout(tracked_value(this->destroyed_, 3), milliseconds(0), clock));
    (void)tx.blocking_send_timeout(tracked_value(this->destroyed_, 4), milliseconds(0));
    rx.close();
    (void)tx.try_send(tracked_value(this->destroyed_, 5));
    (void)finished(tx.send(tracked_value(this->destroyed_, 6)));
    (void)tx.blocking_send(tracked_value(this->destroyed_, 7));
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(rx.try_recv()->id(), 1);
}

TYPED_TEST(values, a_cancelled_send_destroys_its_value_once) {
    auto [tx, rx] = TypeParam::template open<tracked_value>(1);
    {
        const auto never_polled = tx.send(tracked_value(this->destroyed_, 1));
    }
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1}));
    {
        auto moved_first = tx.send(tracked_value(this->destroyed_, 2));
        const auto never_polled = std::move(moved_first);
    }
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1, 2}));
    auto permit = tx.try_reserve();
    {
        auto waiting = tx.send(tracked_value(this->destroyed_, 3));
        EXPECT_TRUE(pending(waiting, no_waker()));
    }
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1, 2, 3}));
    {
        auto granted = tx.send(tracked_value(this->destroyed_, 4));
        EXPECT_TRUE(pending(granted, no_waker()));
        {
            const auto dropped = std::move(*permit);
        }
    }
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1, 2, 3, 4}));
    EXPECT_EQ(tx.capacity(), 1);
}

TYPED_TEST(values, unreceived_values_are_destroyed_with_the_receiver_in_order) {
    auto [tx, rx] = TypeParam::template open<tracked_value>(4);
    auto permit = tx.try_reserve();
    auto owned = tx.clone().try_reserve_owned();
    EXPECT_TRUE(tx.try_send(tracked_value(this->destroyed_, 1)));
    EXPECT_TRUE(tx.try_send(tracked_value(this->destroyed_, 2)));
    {
        const auto dropped = std::move(rx);
    }
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1, 2}));
    permit->send(tracked_value(this->destroyed_, 3));
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1, 2, 3}));
    (void)std::move(*owned).send(tracked_value(this->destroyed_, 4));
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1, 2, 3, 4}));
    EXPECT_EQ(tx.capacity(), 4);
}

TYPED_TEST(values, values_outlive_all_senders_until_the_receiver_goes) {
    {
        auto [tx, rx] = TypeParam::template open<tracked_value>(3);
        EXPECT_TRUE(tx.try_send(tracked_value(this->destroyed_, 1)));
        EXPECT_TRUE(tx.try_send(tracked_value(this->destroyed_, 2)));
        {
            const auto dropped = std::move(tx);
        }
        EXPECT_TRUE(this->destroyed_.ids().empty());
        EXPECT_EQ(rx.try_recv()->id(), 1);
        EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1}));
    }
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1, 2}));
}

// Clause: receiver-drop.permit-first.
TYPED_TEST(values, a_value_destroyed_with_the_receiver_dies_after_its_permit_went_back) {
    auto [tx, rx] = TypeParam::template open<on_destroy>(3);
    std::vector<std::uint64_t> seen;
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(tx.try_send(on_destroy([&seen, &sender = tx] { seen.push_back(sender.capacity()); })));
    }
    {
        const auto dropped = std::move(rx);
    }
    ASSERT_EQ(seen.size(), 3);
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_GT(seen[i], i);
}

TYPED_TEST(values, a_value_may_hold_the_last_sender_of_its_own_channel) {
    auto [tx, rx] = TypeParam::template open<on_destroy>(2);
    bool closed_at_death = false;
    {
        auto inside = std::make_shared<sender_of<TypeParam, on_destroy>>(tx.clone());
        EXPECT_TRUE(tx.try_send(on_destroy([&closed_at_death, inside] { closed_at_death = inside->is_closed(); })));
    }
    {
        const auto dropped = std::move(tx);
    }
    {
        const auto dropped = std::move(rx);
    }
    EXPECT_TRUE(closed_at_death);
}

TYPED_TEST(values, an_empty_type_is_counted_like_any_other) {
    auto [tx, rx] = TypeParam::template open<nothing>(2);
    EXPECT_TRUE(tx.try_send({}));
    EXPECT_TRUE(finished(tx.send({})));
    EXPECT_FALSE(tx.try_send({}));
    EXPECT_TRUE(rx.try_recv());
    EXPECT_TRUE(finished(rx.recv()));
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
}

// Passing by value needs some stack: at most a thread's worth of it, or four without optimisation
// and with sanitizers.
TYPED_TEST(values, a_type_of_a_mebibyte_goes_through_whole) {
    auto [tx, rx] = TypeParam::template open<mebibyte>(2);
    const auto& sender = tx;
    auto& receiver = rx;
    on_a_stack_of_its_own([&] { EXPECT_TRUE(sender.try_send(std::move(*filled(1)))); });
    on_a_stack_of_its_own([&] { EXPECT_TRUE(sender.blocking_send(std::move(*filled(2)))); });
    on_a_stack_of_its_own([&] {
        const auto result = sender.try_send(std::move(*filled(3)));
        EXPECT_TRUE(is_filled(result.error().value, 3));
    });
    on_a_stack_of_its_own([&] {
        const auto value = receiver.try_recv();
        EXPECT_TRUE(is_filled(*value, 1));
    });
    on_a_stack_of_its_own([&] {
        const auto value = receiver.blocking_recv();
        EXPECT_TRUE(is_filled(*value, 2));
    });
    on_a_stack_of_its_own([&] { sender.try_reserve()->send(std::move(*filled(4))); });
    on_a_stack_of_its_own([&] {
        auto receive = receiver.recv();
        const auto value = receive.poll(no_waker());
        EXPECT_TRUE(is_filled(**value, 4));
    });
}

TYPED_TEST(values, an_over_aligned_type_is_always_aligned) {
    over_aligned::misplaced = 0;
    {
        auto [tx, rx] = TypeParam::template open<over_aligned>(3);
        EXPECT_TRUE(tx.try_send(over_aligned(1)));
        auto early = tx.send(over_aligned(2));
        EXPECT_TRUE(finished(std::move(early)));
        tx.try_reserve()->send(over_aligned(3));
        auto waiting = std::make_unique<decltype(tx.send(over_aligned(4)))>(tx.send(over_aligned(4)));
        EXPECT_TRUE(pending(*waiting, no_waker()));
        for (int n = 1; n <= 3; ++n) EXPECT_EQ(rx.try_recv()->number, n);
        EXPECT_TRUE(finished(*waiting));
        EXPECT_EQ(finished(rx.recv())->number, 4);
        EXPECT_TRUE(tx.try_send(over_aligned(5)));
    }
    EXPECT_EQ(over_aligned::misplaced, 0);
}

// Clause: throw.move-in.
TYPED_TEST(values, a_move_that_throws_in_a_try_send_leaves_the_channel_as_it_was) {
    auto [tx, rx] = TypeParam::template open<fragile>(2);
    break_at_every_move([&, &sender = tx] { (void)sender.try_send(fragile(this->destroyed_, 1)); },
                        [&sender = tx](bool broke) { EXPECT_EQ(sender.capacity(), broke ? 2 : 1); });
    EXPECT_EQ(rx.try_recv()->id(), 1);
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
}

TYPED_TEST(values, a_move_that_throws_in_a_send_leaves_the_channel_as_it_was) {
    auto [tx, rx] = TypeParam::template open<fragile>(2);
    break_at_every_move([&, &sender = tx] { EXPECT_TRUE(finished(sender.send(fragile(this->destroyed_, 1)))); },
                        [&sender = tx](bool broke) { EXPECT_EQ(sender.capacity(), broke ? 2 : 1); });
    EXPECT_EQ(rx.try_recv()->id(), 1);
    EXPECT_EQ(error_of(rx.try_recv()), try_recv_error::empty);
}

TYPED_TEST(values, a_move_that_throws_in_a_permit_send_leaves_the_permit_usable) {
    auto [tx, rx] = TypeParam::template open<fragile>(2);
    auto permit = tx.try_reserve();
    break_at_every_move([&] { permit->send(fragile(this->destroyed_, 1)); },
                        [&](bool broke) { EXPECT_EQ(static_cast<bool>(*permit), broke); });
    EXPECT_EQ(tx.capacity(), 1);
    EXPECT_EQ(rx.try_recv()->id(), 1);

    auto owned = tx.clone().try_reserve_owned();
    break_at_every_move([&] { (void)std::move(*owned).send(fragile(this->destroyed_, 2)); },
                        [&](bool broke) { EXPECT_EQ(static_cast<bool>(*owned), broke); });
    EXPECT_EQ(tx.capacity(), 1);
    EXPECT_EQ(rx.try_recv()->id(), 2);
}

// Clause: throw.move-out.
TYPED_TEST(values, a_move_that_throws_on_the_way_out_destroys_the_value_and_returns_its_capacity) {
    auto [tx, rx] = TypeParam::template open<fragile>(2);
    EXPECT_TRUE(tx.try_send(fragile(this->destroyed_, 1)));
    EXPECT_TRUE(tx.try_send(fragile(this->destroyed_, 2)));
    EXPECT_EQ(tx.capacity(), 0);
    fragile::moves_until_it_breaks = 1;
    EXPECT_THROW((void)rx.try_recv(), fragile::broken);
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1}));
    EXPECT_EQ(tx.capacity(), 1);

    fragile::moves_until_it_breaks = 1;
    {
        auto receive = rx.recv();
        EXPECT_THROW((void)receive.poll(no_waker()), fragile::broken);
    }
    fragile::moves_until_it_breaks = 0;
    EXPECT_EQ(this->destroyed_.ids(), (destruction_log::list{1, 2}));
    EXPECT_EQ(tx.capacity(), 2);
    EXPECT_TRUE(tx.try_send(fragile(this->destroyed_, 3)));
    EXPECT_EQ(rx.try_recv()->id(), 3);
}

/// So large that the storage of a channel for a hundred is made of many pieces.
struct kibibyte {
    explicit kibibyte(int n) : number(n) {}
    int number;
    std::array<std::uint8_t, 1020> rest{};
};

// Clause: alloc.
TYPED_TEST(values, a_failed_allocation_leaves_the_channel_as_it_was_and_what_ends_something_makes_none) {
    if constexpr (std::is_same_v<TypeParam, reference_api>) {
        GTEST_SKIP() << "the reference is not held to alloc: each of its steps allocates";
    }
    auto [tx, rx] = TypeParam::template open<kibibyte>(100);
    int sent = 0;
    const auto try_send = [&, &sender = tx] {
        failing_new::here() = {.before = 0};
        const bool ok = sender.try_send(kibibyte(sent)).has_value();
        failing_new::here() = {};
        sent += ok;
        return ok;
    };
    int failed = 0;
    while (sent < 97) {
        try {
            ASSERT_TRUE(try_send());
        } catch (const std::bad_alloc&) {
            ++failed;
            ASSERT_EQ(rx.len(), sent);
            ASSERT_EQ(tx.capacity(), 100 - sent);
            ASSERT_TRUE(tx.try_send(kibibyte(sent++))) << "now that there is memory";
        }
    }
    EXPECT_GE(failed, 10);

    auto permit = tx.try_reserve();
    auto owned = tx.clone().try_reserve_owned();
    std::optional dropped(*tx.try_reserve());
    auto waiting = std::make_unique<decltype(tx.reserve())>(tx.reserve());
    EXPECT_TRUE(pending(*waiting, no_waker()));
    failing_new::here() = {.before = 0};
    dropped.reset();  // grants the wait
    waiting.reset();  // which gives it back
    permit->send(kibibyte(sent++));
    (void)std::move(*owned).release();
    int received = 0;
    while (received < sent && rx.try_recv()->number == received) ++received;
    rx.close();
    EXPECT_FALSE(failing_new::here().has_failed);
    failing_new::here() = {};
    EXPECT_EQ(received, sent);
    EXPECT_EQ(tx.capacity(), 100);
}

}  // namespace tailrace::verify
