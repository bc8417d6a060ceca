// Tests with foreign code that runs inside a call (a resumption, a waker, a destructor, a move) and destroys the object
// that made the call: the operation, the coroutine, the handle, the channel. A sanitizer reports accesses afterwards,
// and the platform of these tests the use of a mutex that has gone, which AddressSanitizer does not see.
// After a change here run: ci/test -R impl.foreign_code, and with a sanitizer: ci/sanitize
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "support.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/stop.hpp"

namespace tailrace {
namespace {

using namespace std::chrono_literals;

/// Its mutexes know which of them are alive.
struct watched_platform : std_platform {
    class mutex {
      public:
        mutex() { all().insert(this); }
        mutex(const mutex&) = delete;
        mutex& operator=(const mutex&) = delete;
        ~mutex() { all().erase(this); }
        void lock() {
            all().expect(this);
            mutex_.lock();
        }
        void unlock() {
            all().expect(this);
            mutex_.unlock();
        }

      private:
        class registry {
          public:
            void insert(const mutex* m) {
                const std::lock_guard here(guard_);
                alive_.insert(m);
            }
            void erase(const mutex* m) {
                const std::lock_guard here(guard_);
                alive_.erase(m);
            }
            void expect(const mutex* m) {
                const std::lock_guard here(guard_);
                if (alive_.contains(m)) return;
                ADD_FAILURE() << "a mutex is used that has been destroyed";
                std::abort();
            }

          private:
            std::mutex guard_;
            std::set<const mutex*> alive_;
        };
        static registry& all() {
            static registry r;
            return r;
        }
        std::mutex mutex_;
    };
};
// Here, channels and handles are those of that platform.
template <class T>
auto channel(std::size_t capacity) {
    return tailrace::channel<T, watched_platform>(capacity);
}
template <class T>
using sender = tailrace::sender<T, watched_platform>;
template <class T>
using receiver = tailrace::receiver<T, watched_platform>;
template <class T>
using permit = tailrace::permit<T, watched_platform>;
template <class T>
using owned_permit = tailrace::owned_permit<T, watched_platform>;

template <class F>
waker calling(F& f) {
    return {[](void* p) noexcept { (*static_cast<F*>(p))(); }, &f};
}

// ---- An operation that is destroyed by what its own poll wakes

TEST(foreign_code, a_send_may_be_destroyed_by_the_receive_that_its_poll_wakes) {
    auto [tx, rx] = channel<int>(1);
    auto receive = rx.recv();
    std::optional sending(tx.send(1));
    auto destroy = [&] { sending.reset(); };
    ASSERT_FALSE(receive.poll(calling(destroy)));
    EXPECT_TRUE(sending->poll({})->has_value());
    EXPECT_FALSE(sending);
    EXPECT_EQ(**receive.poll({}), 1);
}

TEST(foreign_code, a_send_with_a_deadline_and_a_stop_token_may_be_destroyed_by_the_receive_that_its_poll_wakes) {
    auto [tx, rx] = channel<int>(1);
    manual_clock clock;
    std::stop_source stop;
    auto receive = rx.recv();
    std::optional sending(with_stop(tx.send_timeout(1, 5ms, clock), stop.get_token()));
    auto destroy = [&] { sending.reset(); };
    ASSERT_FALSE(receive.poll(calling(destroy)));
    EXPECT_TRUE(sending->poll({})->has_value());
    EXPECT_FALSE(sending);
    clock.advance(5ms);
    stop.request_stop();
}

TEST(foreign_code, a_receive_may_be_destroyed_by_the_send_that_its_poll_wakes) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    auto sending = tx.send(2);
    std::optional receive(rx.recv());
    auto destroy = [&] { receive.reset(); };
    ASSERT_FALSE(sending.poll(calling(destroy)));
    EXPECT_EQ(**receive->poll({}), 1);
    EXPECT_FALSE(receive);
}

TEST(foreign_code, a_batch_may_be_destroyed_by_the_send_that_its_poll_wakes) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    auto sending = tx.send(2);
    std::vector<int> into;
    std::optional receive(rx.recv_many(into, 3));
    auto destroy = [&] { receive.reset(); };
    ASSERT_FALSE(sending.poll(calling(destroy)));
    EXPECT_EQ(receive->poll({}), 1u);
    EXPECT_EQ(into, std::vector{1});
}

/// A reservation that failed, and holds the last permit but for its poll, which wakes the closed receiver.
template <class Make>
void fail_and_be_destroyed(Make make) {
    auto [tx, rx] = channel<int>(2);
    auto permit = tx.try_reserve();
    std::optional waiting(make(tx));
    ASSERT_FALSE(waiting->poll({}));
    rx.close();
    permit.value().send(1);
    ASSERT_EQ(rx.try_recv(), 1);
    auto receive = rx.recv();
    auto destroy = [&] { waiting.reset(); };
    ASSERT_FALSE(receive.poll(calling(destroy))) << "a hold is out";
    EXPECT_FALSE((*waiting->poll({})).has_value()) << "closed";
    EXPECT_FALSE(waiting) << "the end of its hold was the end of the channel";
    EXPECT_FALSE(receive.poll({})->has_value());
}
TEST(foreign_code, a_failed_reservation_may_be_destroyed_by_the_receive_that_its_hold_wakes) {
    fail_and_be_destroyed([](auto& tx) { return tx.reserve_many(2); });
}

TEST(foreign_code, a_granted_send_that_finds_the_channel_closed_may_be_destroyed_by_the_receive_that_its_permit_wakes) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    std::optional sending(tx.send(2));
    ASSERT_FALSE(sending->poll({}));
    ASSERT_EQ(rx.try_recv(), 1);  // granted
    rx.close();
    auto receive = rx.recv();
    auto destroy = [&] { sending.reset(); };
    ASSERT_FALSE(receive.poll(calling(destroy)));
    EXPECT_EQ(sending->poll({})->error().value, 2);
    EXPECT_FALSE(sending);
}

TEST(foreign_code, a_failed_owned_reservation_may_be_destroyed_by_the_receive_that_its_sender_ends) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    std::optional waiting(std::move(tx).reserve_owned());
    ASSERT_FALSE(waiting->poll({}));
    ASSERT_EQ(rx.try_recv(), 1);  // granted
    rx.close();
    auto receive = rx.recv();
    auto destroy = [&] { waiting.reset(); };
    ASSERT_FALSE(receive.poll(calling(destroy)));
    EXPECT_FALSE(waiting->poll({})->has_value());
    EXPECT_FALSE(waiting);
}

TEST(foreign_code, an_owned_reservation_that_is_stopped_may_be_destroyed_by_the_receive_that_its_sender_ends) {
    auto [tx, rx] = channel<int>(1);
    std::stop_source stop;
    auto permit = *tx.clone().try_reserve_owned();
    std::optional waiting(with_stop(std::move(tx).reserve_owned(), stop.get_token()));
    ASSERT_FALSE(waiting->poll({}));
    (void)std::move(permit).send(1);
    {
        const auto last_but_one = std::move(permit);
    }
    ASSERT_EQ(rx.try_recv(), 1);  // granted: a success beats the stop, so the next is what is stopped
    EXPECT_TRUE(waiting->poll({})->has_value());
}

// ---- A coroutine that is destroyed by what its own operation resumes

TEST(foreign_code, a_coroutine_may_be_destroyed_by_the_consumer_that_its_send_resumes) {
    auto [tx, rx] = channel<int>(1);
    std::optional<task> producer;
    bool went_on = false;
    const auto consume = [](auto& from, auto& other) -> task {
        const auto v = co_await from.recv();
        EXPECT_EQ(v, 1);
        other.reset();  // it has what it wanted
    };
    const auto produce = [](auto& to, bool& flag) -> task {
        co_await start_later{};
        (void)co_await to.send(1);
        flag = true;
    };
    const task consumer = consume(rx, producer);
    producer.emplace(produce(tx, went_on));
    const auto frame = producer->frame;
    frame.resume();
    EXPECT_FALSE(producer);
    EXPECT_FALSE(went_on);
    EXPECT_TRUE(consumer.done());
}

TEST(foreign_code, a_coroutine_may_be_destroyed_by_the_consumer_that_its_send_with_a_deadline_resumes) {
    auto [tx, rx] = channel<int>(1);
    manual_clock clock;
    std::stop_source stop;
    std::optional<task> producer;
    const auto consume = [](auto& from, auto& other) -> task {
        const auto v = co_await from.recv();
        EXPECT_EQ(v, 1);
        other.reset();
    };
    const auto produce = [](auto& to, auto& time, std::stop_token token) -> task {
        co_await start_later{};
        (void)co_await with_stop(to.send_timeout(1, 5ms, time), token);
        ADD_FAILURE() << "it was destroyed";
    };
    const task consumer = consume(rx, producer);
    producer.emplace(produce(tx, clock, stop.get_token()));
    const auto frame = producer->frame;
    frame.resume();
    EXPECT_FALSE(producer);
    clock.advance(5ms);
    stop.request_stop();
}

/// X holds one of two permits and waits for the other; a stop or a deadline ends its wait; its permit goes to Z, which
/// destroys X.
template <class Wait, class End>
void the_next_in_line_destroys_the_interrupted(Wait wait, End end) {
    auto [tx, rx] = channel<int>(2);
    const auto permit = tx.try_reserve();
    bool resumed = false;
    bool got = false;
    std::optional<task> x;
    const auto interrupted = [](auto& to, auto& how, bool& flag) -> task {
        const auto p = co_await how(to);
        EXPECT_FALSE(p.has_value());
        flag = true;
    };
    const auto next = [](auto& to, auto& other, bool& flag) -> task {
        const auto p = co_await to.reserve();
        flag = p.has_value();
        other.reset();  // the loser of the race
    };
    x.emplace(interrupted(tx, wait, resumed));
    const task z = next(tx, x, got);
    end();
    EXPECT_TRUE(got);
    EXPECT_FALSE(x);
    EXPECT_TRUE(resumed) << "a stop and a deadline always resume";
    EXPECT_EQ(tx.capacity(), 1u);
}
TEST(foreign_code, a_wait_that_a_stop_has_ended_may_be_destroyed_by_the_next_in_line) {
    std::stop_source stop;
    the_next_in_line_destroys_the_interrupted([&](auto& tx) { return with_stop(tx.reserve_many(2), stop.get_token()); },
                                              [&] { stop.request_stop(); });
}
TEST(foreign_code, a_wait_that_a_deadline_has_ended_may_be_destroyed_by_the_next_in_line) {
    manual_clock clock;
    the_next_in_line_destroys_the_interrupted([&](auto& tx) { return with_timeout(tx.reserve_many(2), 5ms, clock); },
                                              [&] { clock.advance(5ms); });
}
TEST(foreign_code, a_driven_wait_that_a_stop_has_ended_may_be_destroyed_by_the_next_in_line) {
    auto [tx, rx] = channel<int>(2);
    const auto permit = tx.try_reserve();
    std::stop_source stop;
    std::optional x(with_stop(tx.reserve_many(2), stop.get_token()));
    auto z = tx.reserve();
    auto destroy = [&] { x.reset(); };
    ASSERT_FALSE(x->poll({}));
    ASSERT_FALSE(z.poll(calling(destroy)));
    stop.request_stop();
    EXPECT_EQ(x->poll({})->error(), stop_error::stopped);
    EXPECT_FALSE(x);
    EXPECT_TRUE(z.poll({})->has_value());
}
/// The owner is resumed before the next in line is woken.
template <class Wait, class End>
void the_interrupted_ends_the_channel_with_the_next_in_line(Wait wait, End end) {
    auto [t, r] = channel<int>(2);
    std::optional tx(std::move(t));
    std::optional rx(std::move(r));
    std::optional permit(*tx->try_reserve());
    std::optional next(tx->reserve());
    int woken = 0;
    auto count = [&] { ++woken; };
    auto end_all = [&] {
        next.reset();
        permit.reset();
        tx.reset();
        rx.reset();
    };
    const auto interrupted = [](auto& to, auto& how, auto& then) -> task {
        {
            const auto p = co_await how(*to);
            EXPECT_FALSE(p.has_value());
        }
        then();
    };
    const task x = interrupted(tx, wait, end_all);
    ASSERT_FALSE(next->poll(calling(count)));
    end();
    EXPECT_TRUE(x.done());
    EXPECT_FALSE(tx);
    EXPECT_EQ(woken, 0) << "it has gone";
}
TEST(foreign_code, a_wait_that_a_stop_has_ended_may_end_the_channel_with_the_next_in_line) {
    std::stop_source stop;
    the_interrupted_ends_the_channel_with_the_next_in_line(
        [&](auto& tx) { return with_stop(tx.reserve_many(2), stop.get_token()); }, [&] { stop.request_stop(); });
}
TEST(foreign_code, a_wait_that_a_deadline_has_ended_may_end_the_channel_with_the_next_in_line) {
    manual_clock clock;
    the_interrupted_ends_the_channel_with_the_next_in_line(
        [&](auto& tx) { return with_timeout(tx.reserve_many(2), 5ms, clock); }, [&] { clock.advance(5ms); });
}
TEST(foreign_code, a_wait_that_is_cancelled_may_end_the_channel_with_the_next_in_line) {
    auto [t, r] = channel<int>(2);
    std::optional tx(std::move(t));
    std::optional rx(std::move(r));
    std::optional permit(*tx->try_reserve());
    std::optional x(tx->reserve_many(2));
    std::optional y(tx->reserve());
    std::optional z(tx->reserve());
    auto end_all = [&] {
        y.reset();
        z.reset();
        permit.reset();
        tx.reset();
        rx.reset();
    };
    ASSERT_FALSE(x->poll({}));
    ASSERT_FALSE(y->poll(calling(end_all)));
    ASSERT_FALSE(z->poll({}));
    x.reset();
    EXPECT_FALSE(tx);
}

TEST(foreign_code, a_stop_that_is_requested_by_the_waker_has_a_wake_of_its_own) {
    auto [tx, rx] = channel<int>(1);
    std::stop_source stop;
    int woken = 0;
    auto count_and_stop = [&] {
        ++woken;
        stop.request_stop();
    };
    auto receive = with_stop(rx.recv(), stop.get_token());
    ASSERT_FALSE(receive.poll(calling(count_and_stop)));
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(woken, 2) << "the value's, and the stop's";
    EXPECT_EQ(receive.poll({})->value(), 1) << "success beats a stop";
}

// ---- A channel that ends inside a call

TEST(foreign_code, a_listener_that_close_resumes_may_let_go_of_both_halves) {
    struct both {
        sender<int> tx;
        std::optional<receiver<int>> rx;
    };
    auto [tx, rx] = channel<int>(1);
    auto pair = std::make_unique<both>(both{std::move(tx), std::move(rx)});
    const auto listen = [](std::unique_ptr<both>& of) -> task {
        co_await of->tx.closed();
        of.reset();
    };
    const task listener = listen(pair);
    receiver<int>& closing = *pair->rx;
    closing.close();
    EXPECT_FALSE(pair);
}

TEST(foreign_code, the_first_of_two_that_a_permit_wakes_may_end_the_channel) {
    auto [t, r] = channel<int>(2);
    std::optional tx(std::move(t));
    std::optional rx(std::move(r));
    std::optional permits(*tx->try_reserve_many(2));
    std::optional first(tx->reserve());
    std::optional second(tx->reserve());
    auto end_all = [&] {
        first.reset();
        second.reset();
        tx.reset();
        rx.reset();
    };
    ASSERT_FALSE(first->poll(calling(end_all)));
    ASSERT_FALSE(second->poll({}));
    permits.reset();
    EXPECT_FALSE(tx);
}

TEST(foreign_code, a_value_sent_after_the_receiver_is_gone_may_hold_the_last_sender) {
    struct message {
        std::optional<sender<message>> inside;
    };
    auto [tx, rx] = channel<message>(2);
    auto permit = *tx.try_reserve();
    {
        const auto gone = std::move(rx);
    }
    permit.send(message{std::move(tx)});
}

// ---- The borrow ends before anything foreign runs

TEST(foreign_code, the_consumer_that_a_permit_wakes_may_let_go_of_the_last_sender) {
    for (int how = 0; how < 4; ++how) {
        auto [t, rx] = channel<int>(2);
        std::optional tx(std::move(t));
        auto drop_last = [&] { tx.reset(); };
        if (how < 2) {  // send, or drop after a close
            auto permit = *tx->try_reserve();
            if (how == 1) rx.close();
            auto receive = rx.recv();
            ASSERT_FALSE(receive.poll(calling(drop_last)));
            if (how == 0) permit.send(1);
        } else if (how == 2) {  // an iterator
            auto permits = *tx->try_reserve_many(2);
            rx.close();
            auto receive = rx.recv();
            ASSERT_FALSE(receive.poll(calling(drop_last)));
            {
                const auto gone = std::move(permits);
            }
            EXPECT_FALSE(tx);
            continue;
        } else {  // a cancelled operation that was granted
            ASSERT_TRUE(tx->try_send(1));
            ASSERT_TRUE(tx->try_send(2));
            std::optional reserve(tx->reserve());
            ASSERT_FALSE(reserve->poll({}));
            EXPECT_EQ(rx.try_recv(), 1);
            EXPECT_EQ(rx.try_recv(), 2);
            rx.close();
            auto receive = rx.recv();
            ASSERT_FALSE(receive.poll(calling(drop_last)));
            reserve.reset();
        }
        EXPECT_EQ(tx.has_value(), how == 1);
    }
}

TEST(foreign_code, the_waiter_that_a_dropped_permit_serves_may_let_go_of_the_last_sender) {
    auto [t, rx] = channel<int>(1);
    std::optional tx(std::move(t));
    std::optional permit(*tx->try_reserve());
    const auto send_and_go = [](auto& from) -> task {
        (void)co_await from->send(1);
        from.reset();
    };
    const task waiter = send_and_go(tx);
    permit.reset();
    EXPECT_FALSE(tx);
    EXPECT_EQ(rx.try_recv(), 1);
}

// ---- Assigning over a handle

TEST(foreign_code, what_the_end_of_the_old_channel_resumes_may_assign_to_the_same_sender) {
    auto [first, from_first] = channel<int>(1);
    auto [second, from_second] = channel<int>(1);
    auto [third, from_third] = channel<int>(1);
    sender<int> slot = std::move(first);
    const auto reconnect = [](auto& from, auto& to, auto& fresh) -> task {
        while (auto v = co_await from.recv()) ADD_FAILURE();
        to = std::move(fresh);
    };
    const task consumer = reconnect(from_first, slot, second);
    slot = std::move(third);
    EXPECT_TRUE(consumer.done());
    EXPECT_EQ(from_third.sender_strong_count(), 0u) << "assigned over meanwhile";
    EXPECT_EQ(from_second.sender_strong_count(), 1u) << "the later assignment";
    EXPECT_TRUE(slot.try_send(1));
    EXPECT_EQ(from_second.try_recv(), 1);
}

TEST(foreign_code, what_the_end_of_the_old_channel_resumes_may_destroy_the_sender_that_is_assigned_to) {
    auto [first, from_first] = channel<int>(1);
    auto [second, from_second] = channel<int>(1);
    auto slot = std::make_unique<sender<int>>(std::move(first));
    auto receive = from_first.recv();
    auto destroy = [&] { slot.reset(); };
    ASSERT_FALSE(receive.poll(calling(destroy)));
    *slot = std::move(second);
    EXPECT_EQ(from_second.sender_strong_count(), 0u);
}

TEST(foreign_code, what_a_receiver_that_is_assigned_over_resumes_may_destroy_it) {
    auto [tx, rx] = channel<int>(1);
    auto [other_tx, other_rx] = channel<int>(1);
    auto slot = std::make_unique<receiver<int>>(std::move(rx));
    auto closed = tx.closed();
    auto destroy = [&] { slot.reset(); };
    ASSERT_FALSE(closed.poll(calling(destroy)));
    *slot = std::move(other_rx);
    EXPECT_FALSE(slot);
    EXPECT_TRUE(other_tx.is_closed());
}

TEST(foreign_code, what_a_permit_that_is_assigned_over_serves_may_destroy_it) {
    auto [tx, rx] = channel<int>(1);
    auto [other_tx, other_rx] = channel<int>(1);
    auto permits = std::make_unique<permit<int>>(*tx.try_reserve());
    auto owned = std::make_unique<owned_permit<int>>(*other_tx.clone().try_reserve_owned());
    auto waiting = tx.reserve();
    auto destroy = [&] { permits.reset(); };
    ASSERT_FALSE(waiting.poll(calling(destroy)));
    auto other_waiting = other_tx.reserve();
    auto destroy_owned = [&] { owned.reset(); };
    ASSERT_FALSE(other_waiting.poll(calling(destroy_owned)));
    auto [third_tx, third_rx] = channel<int>(2);
    *permits = *third_tx.try_reserve();
    EXPECT_FALSE(permits);
    *owned = *third_tx.clone().try_reserve_owned();
    EXPECT_FALSE(owned);
    EXPECT_EQ(third_tx.capacity(), 2u);
}

// ---- Receiving inside a receive

TEST(foreign_code, what_a_try_recv_resumes_may_receive) {
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    std::optional<int> inner;
    const auto produce = [](auto& to, auto& from, std::optional<int>& got) -> task {
        (void)co_await to.send(2);
        if (auto v = from.try_recv()) got = *v;
    };
    const task producer = produce(tx, rx, inner);
    EXPECT_EQ(rx.try_recv(), 1);
    producer.rethrow();
    EXPECT_EQ(inner, 2);
}

TEST(foreign_code, what_a_try_recv_resumes_may_end_the_channel) {
    auto [t, r] = channel<int>(1);
    std::optional tx(std::move(t));
    std::optional rx(std::move(r));
    ASSERT_TRUE(tx->try_send(1));
    std::optional sending(tx->send(2));
    auto end_all = [&] {
        sending.reset();
        tx.reset();
        rx.reset();
    };
    ASSERT_FALSE(sending->poll(calling(end_all)));
    receiver<int>& receiving = *rx;
    EXPECT_EQ(receiving.try_recv(), 1);
    EXPECT_FALSE(rx);
}

// ---- A move that throws while a clock is armed

/// "It has come, or is on its way on another thread": fire() takes the timer off its list, as a clock's thread does,
/// and a thread calls the waker a moment later.
struct late_clock {
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<late_clock, duration>;

    class timer {
      public:
        timer() = default;
        timer(const timer&) = delete;
        timer& operator=(const timer&) = delete;
        ~timer() { (void)disarm(); }
        void arm(late_clock& c, time_point, const waker& w) {
            waker_ = w;
            clock_ = &c;
            c.armed = this;
            if (c.when_armed) std::exchange(c.when_armed, nullptr)();
        }
        bool disarm() noexcept {
            if (clock_ == nullptr) return true;
            if (!fired_) clock_->armed = nullptr;
            clock_ = nullptr;
            return !std::exchange(fired_, false);
        }

      private:
        friend late_clock;
        late_clock* clock_ = nullptr;
        waker waker_;
        bool fired_ = false;
    };

    [[nodiscard]] static time_point now() { return {}; }
    void fire() {
        if (armed == nullptr) return;
        armed->fired_ = true;
        thread = std::thread([w = armed->waker_] {
            std::this_thread::yield();
            w();
        });
        armed = nullptr;
    }
    timer* armed = nullptr;
    std::function<void()> when_armed;  // what another task does meanwhile
    std::thread thread;
};

struct thrower {
    explicit thrower(int v) : value(v) {}
    thrower(thrower&& other) noexcept(false) : value(other.value) {
        if (moves_left > 0 && --moves_left == 0) {
            clock->fire();
            throw std::runtime_error("move");
        }
    }
    int value;
    static inline int moves_left = 0;  // 0: any number
    static inline late_clock* clock = nullptr;
};

TEST(foreign_code, a_move_that_throws_out_of_a_receive_with_a_deadline_waits_for_the_clock) {
    late_clock clock;
    thrower::clock = &clock;
    int thrown_with_a_wake_up_on_its_way = 0;
    for (int moves = 1; moves < 12; ++moves) {
        auto [tx, rx] = channel<thrower>(4);
        // A value that is there at once arms no clock.
        clock.when_armed = [&s = tx] {
            const int left = std::exchange(thrower::moves_left, 0);
            ASSERT_TRUE(s.try_send(thrower(1)));
            thrower::moves_left = left;
        };
        const auto receive = [](auto& from, auto& time) -> task { (void)co_await from.recv_timeout(5ms, time); };
        {
            thrower::moves_left = moves;
            const task t = receive(rx, clock);
            thrower::moves_left = 0;
        }
        if (clock.thread.joinable()) {
            ++thrown_with_a_wake_up_on_its_way;
            clock.thread.join();
        }
        EXPECT_EQ(tx.capacity(), 4u);
    }
    EXPECT_GE(thrown_with_a_wake_up_on_its_way, 3) << "into the answer, into the result, and into the awaiter";
}

/// Its loops that wait for another thread are seen, and are what makes that thread go on.
struct paused_platform : std_platform {
    static inline std::vector<unsigned> turns{};
    static inline waker under_way{};
    static void pause(unsigned turn) {
        turns.push_back(turn);
        if (turns.size() == 5) under_way();
    }
};
/// Whose every wake-up is under way.
struct clock_under_way {
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<clock_under_way, duration>;
    struct timer {
        static void arm(const clock_under_way& c, time_point, const waker& w) {
            paused_platform::under_way = w;
            c.when_armed();
        }
        static bool disarm() noexcept { return false; }
    };
    [[nodiscard]] static time_point now() { return {}; }
    std::function<void()> when_armed;
};
struct never_moves_out {
    never_moves_out() = default;
    never_moves_out(never_moves_out&&) noexcept(false) {
        if (throws) throw std::runtime_error("move");
    }
    static inline bool throws = false;
};

TEST(foreign_code, a_wait_for_a_clock_that_is_under_way_pauses_longer_with_each_turn) {
    auto [tx, rx] = tailrace::channel<never_moves_out, paused_platform>(1);
    // Not before: a value that is there at once need not arm the clock.
    clock_under_way clock{[&s = tx] {
        EXPECT_TRUE(s.try_send(never_moves_out{}));
        never_moves_out::throws = true;
    }};
    paused_platform::turns.clear();
    const auto receive = [](auto& from, auto& time) -> task { (void)co_await from.recv_timeout(5ms, time); };
    const task t = receive(rx, clock);
    never_moves_out::throws = false;
    EXPECT_THROW(t.rethrow(), std::runtime_error);
    EXPECT_EQ(paused_platform::turns, (std::vector{0u, 1u, 2u, 3u, 4u}));
}

// ---- A receiver that goes before its receive

template <class Go>
void the_receiver_goes_before_its_receive(Go go) {
    for (const bool a_permit_is_out : {false, true}) {
        auto [tx, rx] = channel<int>(1);
        std::optional<permit<int>> out;
        if (a_permit_is_out) out.emplace(*tx.try_reserve());
        int woken = 0;
        auto count = [&] { ++woken; };
        auto receive = rx.recv();
        ASSERT_FALSE(receive.poll(calling(count)));
        go(rx);
        EXPECT_TRUE(tx.is_closed());
        if (out) out->send(1);
        EXPECT_EQ(woken, 0) << "it is not resumed";
        const auto answer = receive.poll({});
        ASSERT_TRUE(answer.has_value());
        EXPECT_FALSE(answer->has_value()) << "none";
    }
}
TEST(receiver_end, a_pending_receive_says_none_when_its_receiver_is_destroyed) {
    the_receiver_goes_before_its_receive([](auto& rx) { const auto gone = std::move(rx); });
}
TEST(receiver_end, a_pending_receive_says_none_when_its_receiver_is_assigned_over) {
    auto [tx, rx] = channel<int>(1);
    the_receiver_goes_before_its_receive(
        [&receiver = rx](auto& slot) { slot = std::exchange(receiver, channel<int>(1).second); });
}
TEST(receiver_end, a_receive_that_was_not_polled_may_outlive_its_receiver_and_its_channel) {
    auto [tx, rx] = channel<int>(1);
    auto receive = rx.recv();
    {
        const auto gone = std::move(rx);
    }
    {
        const auto gone = std::move(tx);
    }
    auto moved = std::move(receive);
    EXPECT_FALSE(moved.poll({})->has_value());
}
TEST(receiver_end, a_receive_that_was_woken_is_resumed_and_says_none) {
    auto [tx, rx] = channel<int>(1);
    int woken = 0;
    auto count = [&] { ++woken; };
    auto receive = rx.recv();
    ASSERT_FALSE(receive.poll(calling(count)));
    ASSERT_TRUE(tx.try_send(1));
    {
        const auto gone = std::move(rx);
    }
    EXPECT_EQ(woken, 1);
    EXPECT_FALSE(receive.poll({})->has_value()) << "the value was destroyed with the receiver";
}
TEST(receiver_end, a_coroutine_that_receives_may_be_destroyed_after_the_receiver) {
    struct service {
        explicit service(std::pair<sender<int>, receiver<int>> both) : running{}, rx(std::move(both.second)) {
            running.emplace(work(rx));
        }
        static task work(receiver<int>& from) {
            (void)co_await from.recv();
            ADD_FAILURE() << "it is not resumed";
        }
        std::optional<task> running;
        receiver<int> rx;  // goes first
    };
    auto [tx, rx] = channel<int>(1);
    const auto out = tx.try_reserve();
    {
        const service s({tx, std::move(rx)});
    }
}
TEST(receiver_end, a_deadline_still_ends_a_receive_whose_receiver_has_gone) {
    auto [tx, rx] = channel<int>(1);
    manual_clock clock;
    std::optional<timeout_error> got;
    const auto receive = [](auto& from, auto& time, auto& to) -> task {
        const auto v = co_await from.recv_timeout(5ms, time);
        to = v.error();
    };
    const task waiting = receive(rx, clock, got);
    {
        const auto gone = std::move(rx);
    }
    EXPECT_FALSE(got);
    clock.advance(5ms);
    EXPECT_EQ(got, timeout_error::timeout);
}

}  // namespace
}  // namespace tailrace
