// Tests of execution contexts that are destroyed while operations wait: handlers are destroyed and not called, values
// stay where they are, nothing leaks. Under AddressSanitizer these see what is used too late.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "support.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/stop.hpp"

namespace tailrace::asio_test {
namespace {

/// A handler that must not be called, and says when it goes.
class never_called {
  public:
    explicit never_called(int& destroyed) : destroyed_(&destroyed) {}
    never_called(never_called&& other) noexcept : destroyed_(std::exchange(other.destroyed_, nullptr)) {}
    never_called& operator=(never_called&&) = delete;
    ~never_called() {
        if (destroyed_ != nullptr) ++*destroyed_;
    }
    template <class Result>
    void operator()(const std::exception_ptr&, Result&&) const {
        FAIL();
    }

  private:
    int* destroyed_;
};

TEST(context, that_is_destroyed_destroys_every_kind_of_operation_that_waits) {
    int destroyed = 0;
    storage_count storage;
    net::cancellation_signal signals[8];
    manual_clock clock;
    const std::stop_source stop;
    auto [tx, rx] = channel<int>(1);
    auto [keeper, empty] = channel<int>(1);
    auto [second_keeper, second_empty] = channel<int>(1);
    std::vector<int> batch;
    ASSERT_TRUE(tx.try_send(1));
    {
        net::io_context context;
        auto token = [&, i = 0]() mutable {
            return associated(context.get_executor(), signals[i++], storage, never_called(destroyed));
        };
        async(tx.send(2), token());
        async(with_timeout(tx.send(3), std::chrono::hours(1), clock), token());
        async(with_stop(tx.reserve(), stop.get_token()), token());
        async(tx.reserve_many(1), token());
        async(tx.clone().reserve_owned(), token());
        async(tx.closed(), token());
        async(empty.recv(), token());
        async(second_empty.recv_many(batch, 1), token());
        EXPECT_EQ(run(context), 0u);
        EXPECT_EQ(storage.live, 8);
    }
    EXPECT_EQ(destroyed, 8);
    EXPECT_EQ(storage.live, 0);
    for (auto& signal : signals) signal.emit(net::cancellation_type::total);
    EXPECT_EQ(tx.strong_count(), 1u);
    EXPECT_EQ(rx.try_recv(), 1);
    EXPECT_EQ(tx.capacity(), 1u) << "no operation waits any more";
    EXPECT_TRUE(keeper.try_send(4));
    EXPECT_EQ(empty.try_recv(), 4);
}

TEST(context, that_is_destroyed_leaves_the_value_of_a_woken_receive_and_passes_a_grant_on) {
    int destroyed = 0;
    auto [tx, rx] = channel<int>(1);
    net::io_context other;
    {
        net::io_context context;
        async(rx.recv(), net::bind_executor(context, never_called(destroyed)));
        ASSERT_TRUE(tx.try_send(1));
    }
    EXPECT_EQ(destroyed, 1);
    std::optional<started<send_operation<int>>> behind;
    {
        net::io_context context;
        async(tx.send(2), net::bind_executor(context, never_called(destroyed)));
        behind.emplace(other, tx.send(3));
        EXPECT_EQ(rx.try_recv(), 1) << "a value is taken when the completion runs";
        EXPECT_EQ(run(other), 0u) << "the grant is that of the first send";
    }
    EXPECT_EQ(destroyed, 2);
    EXPECT_EQ(run(other), 1u);
    EXPECT_TRUE(behind->got.result->has_value());
    EXPECT_EQ(rx.try_recv(), 3);
}

TEST(context, that_is_destroyed_destroys_a_result_that_was_there_at_once) {
    int destroyed = 0;
    auto [tx, rx] = channel<counted>(1);
    ASSERT_TRUE(tx.try_send(counted(1)));
    {
        net::io_context context;
        async(rx.recv(), net::bind_executor(context, never_called(destroyed)));
    }
    EXPECT_EQ(destroyed, 1);
    EXPECT_EQ(counted::alive(), 0);
    EXPECT_EQ(tx.capacity(), 1u);
}

TEST(context, that_is_destroyed_destroys_coroutines_that_own_the_handles_of_each_other) {
    bool ran_on = false;
    {
        net::io_context context;
        auto [tx, rx] = channel<counted>(1);
        auto [back, from_back] = channel<counted>(1);
        const auto relay = [&](receiver<counted> from, sender<counted> to) -> net::awaitable<void> {
            for (;;) {
                auto v = co_await async(from.recv());
                auto sent = co_await async(to.send(std::move(v.value())));
                ran_on = ran_on || !sent;
            }
        };
        ASSERT_TRUE(tx.try_send(counted(1)));
        net::co_spawn(context, relay(std::move(rx), std::move(back)), net::detached);
        net::co_spawn(context, relay(std::move(from_back), std::move(tx)), net::detached);
        for (int i = 0; i < 100; ++i) (void)context.poll_one();
    }
    EXPECT_FALSE(ran_on);
    EXPECT_EQ(counted::alive(), 0);
}

TEST(context, that_is_destroyed_destroys_a_chain_of_handlers_that_wake_each_other) {
    // Each handler owns the sender whose end wakes the next one.
    constexpr int length = 20'000;
    int destroyed = 0;
    {
        net::io_context context;
        auto [first, from] = channel<int>(1);
        auto rx = std::move(from);
        for (int i = 0; i < length; ++i) {
            auto [tx, next] = channel<int>(1);
            auto op = rx.recv();
            async(std::move(op),
                  net::bind_executor(context, [own = std::move(rx), to = std::move(tx), last = never_called(destroyed)](
                                                  const std::exception_ptr&, auto&&) { FAIL(); }));
            rx = std::move(next);
        }
    }
    EXPECT_EQ(destroyed, length);
}

TEST(context, that_is_destroyed_destroys_an_operation_that_a_destructor_starts_then) {
    struct starts_another {
        net::io_context& context;
        receiver<int>& from;
        int& destroyed;
        ~starts_another() { async(from.recv(), net::bind_executor(context, never_called(destroyed))); }
    };
    for (const bool is_posted : {false, true}) {  // then its handler is destroyed later
        int destroyed = 0;
        auto [tx, rx] = channel<int>(1);
        auto [other, first] = channel<int>(1);
        {
            net::io_context context;
            async(first.recv(),
                  net::bind_executor(
                      context, [last = std::unique_ptr<starts_another>(new starts_another{context, rx, destroyed})](
                                   const std::exception_ptr&, auto) { FAIL(); }));
            if (is_posted) (void)other.try_send(1);
        }
        EXPECT_EQ(destroyed, 1);
        EXPECT_TRUE(tx.try_send(1));
        EXPECT_EQ(rx.try_recv(), 1) << "no receive is pending";
    }
}

TEST(context, that_is_destroyed_while_another_thread_sends_loses_no_value) {
    constexpr int rounds = 400;
    constexpr std::size_t width = 16;
    for (int round = 0; round < rounds; ++round) {
        std::vector<sender<int>> senders;
        std::vector<receiver<int>> receivers;
        for (std::size_t i = 0; i < width; ++i) {
            auto [tx, rx] = channel<int>(1);
            senders.push_back(std::move(tx));
            receivers.push_back(std::move(rx));
        }
        int destroyed = 0;
        storage_count storage;
        net::cancellation_signal signals[width];
        std::atomic<bool> go{false};
        std::thread other;
        {
            net::io_context context;
            for (std::size_t i = 0; i < width; ++i) {
                async(receivers[i].recv(),
                      associated(net::make_strand(context), signals[i], storage, never_called(destroyed)));
            }
            other = std::thread([&] {
                while (!go) std::this_thread::yield();
                for (auto& tx : senders) EXPECT_TRUE(tx.try_send(1));
            });
            go = true;
            for (int spins = 0; spins < round % 32; ++spins) std::this_thread::yield();
        }
        other.join();
        EXPECT_EQ(destroyed, static_cast<int>(width));
        EXPECT_EQ(storage.live, 0);
        for (auto& rx : receivers) EXPECT_EQ(rx.try_recv(), 1);
        if (HasFailure()) FAIL() << "round " << round;
    }
}

/// Where another thread is held up while the context ends.
struct checkpoint {
    std::atomic<bool> reached{false};
    std::atomic<bool> open{false};

    void pass() {
        reached = true;
        while (!open) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // so that a context that does not wait is gone
    }
};
/// At the second allocation, that of what is posted.
struct posting {
    checkpoint here;
    std::atomic<int> allocations{0};
};
template <class T>
class held_up_allocator {
  public:
    using value_type = T;

    explicit held_up_allocator(posting& at) noexcept : at_(&at) {}
    template <class U>
    held_up_allocator(const held_up_allocator<U>& other) noexcept : at_(other.at_) {}

    [[nodiscard]] T* allocate(std::size_t n) {
        if (++at_->allocations == 2) at_->here.pass();
        return std::allocator<T>().allocate(n);
    }
    void deallocate(T* p, std::size_t n) noexcept { std::allocator<T>().deallocate(p, n); }
    template <class U>
    friend bool operator==(const held_up_allocator& a, const held_up_allocator<U>& b) noexcept {
        return a.at_ == b.at_;
    }

  private:
    template <class>
    friend class held_up_allocator;
    posting* at_;
};

TEST(context, that_is_destroyed_waits_for_a_completion_that_is_being_posted) {
    int destroyed = 0;
    posting post;
    auto [tx, rx] = channel<int>(1);
    std::thread other;
    {
        net::io_context context;
        async(rx.recv(), net::bind_executor(context, net::bind_allocator(held_up_allocator<std::byte>(post),
                                                                         never_called(destroyed))));
        other = std::thread([&, &to = tx] { EXPECT_TRUE(to.try_send(1)); });
        while (!post.here.reached) std::this_thread::yield();
        post.here.open = true;
    }
    other.join();
    EXPECT_EQ(destroyed, 1);
    EXPECT_EQ(rx.try_recv(), 1);
}

/// Never ends a wait. Its timer is disarmed by the party that does.
struct held_up_clock {
    using duration = std::chrono::steady_clock::duration;
    using time_point = std::chrono::steady_clock::time_point;

    [[nodiscard]] static time_point now() noexcept { return {}; }

    class timer {
      public:
        void arm(held_up_clock& clock, time_point, const waker&) noexcept { at_ = &clock.disarming; }
        [[nodiscard]] bool disarm() noexcept {
            if (at_ != nullptr) std::exchange(at_, nullptr)->pass();
            return true;
        }

      private:
        checkpoint* at_ = nullptr;
    };

    checkpoint disarming;
};

TEST(context, that_is_destroyed_waits_for_a_wait_that_is_being_ended) {
    int destroyed = 0;
    held_up_clock clock;
    auto [tx, rx] = channel<int>(1);
    std::thread other;
    {
        net::io_context context;
        async(with_timeout(rx.recv(), std::chrono::hours(1), clock),
              net::bind_executor(context, never_called(destroyed)));
        other = std::thread([&, &to = tx] { EXPECT_TRUE(to.try_send(1)); });
        while (!clock.disarming.reached) std::this_thread::yield();
        clock.disarming.open = true;
    }
    other.join();
    EXPECT_EQ(destroyed, 1);
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST(context, a_pool_that_ends_with_an_operation_destroys_it) {
    int destroyed = 0;
    auto [tx, rx] = channel<int>(1);
    {
        net::thread_pool pool(2);
        async(rx.recv(), net::bind_executor(pool, never_called(destroyed)));
        pool.stop();
        pool.join();
    }
    EXPECT_EQ(destroyed, 1);
    EXPECT_TRUE(tx.try_send(1));
    EXPECT_EQ(rx.try_recv(), 1);
}

}  // namespace
}  // namespace tailrace::asio_test
