// Tests of cancellation by the handler's slot: at every point of an operation, in random schedules on one thread and on
// several. Whatever is cancelled when, each value has one fate: it is received, or handed back to its sender.
#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <random>
#include <thread>
#include <vector>

#include "support.hpp"
#include "tailrace/channel.hpp"

namespace tailrace::asio_test {
namespace {

// ---- What ends a wait.

/// A waker that disarms its interrupter, as another party of the wait may at that moment.
struct disarming {
    detail::async_interrupter interrupter;
    int calls = 0;
    bool silent = true;
    [[nodiscard]] waker as_waker() noexcept {
        return {[](void* p) noexcept {
                    auto& self = *static_cast<disarming*>(p);
                    ++self.calls;
                    self.silent = self.interrupter.disarm();
                },
                this};
    }
};

TEST(interrupter, fires_once_and_is_not_silent_then) {
    disarming d;
    EXPECT_EQ(d.interrupter.arm(d.as_waker()), detail::arming::armed);
    d.interrupter.fire();
    d.interrupter.fire();
    EXPECT_EQ(d.calls, 1);
    EXPECT_FALSE(d.silent) << "its wake-up has come";
    EXPECT_FALSE(d.interrupter.disarm());
}

TEST(interrupter, that_was_disarmed_stays_silent) {
    disarming d;
    EXPECT_EQ(d.interrupter.arm(d.as_waker()), detail::arming::armed);
    EXPECT_TRUE(d.interrupter.disarm());
    d.interrupter.fire();
    EXPECT_EQ(d.calls, 0);
    EXPECT_TRUE(d.interrupter.disarm());
}

TEST(interrupter, that_was_fired_before_it_is_armed_is_due) {
    disarming d;
    EXPECT_TRUE(d.interrupter.disarm());
    d.interrupter.fire();
    EXPECT_EQ(d.interrupter.arm(d.as_waker()), detail::arming::due);
    EXPECT_EQ(d.calls, 0);
}

// ---- At each point.

TEST(cancel, before_the_start_has_no_effect) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    net::cancellation_signal signal;
    signal.emit(net::cancellation_type::total);
    outcome_of<recv_operation<int>> got;
    async(rx.recv(), net::bind_executor(context, net::bind_cancellation_slot(signal.slot(), got.handler())));
    EXPECT_EQ(run(context), 0u);
    signal.emit(net::cancellation_type::total);
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(got.result->error(), stop_error::stopped);
}

TEST(cancel, after_the_start_every_operation_stops_and_gives_back_what_it_has) {
    for (const auto how : {net::cancellation_type::total, net::cancellation_type::partial,
                           net::cancellation_type::terminal, net::cancellation_type::all}) {
        net::io_context context;
        auto [tx, rx] = channel<std::unique_ptr<int>>(1);
        auto [keeper, empty] = channel<int>(1);
        ASSERT_TRUE(tx.try_send(nullptr));
        std::vector<int> batch;
        started send(context, tx.send(std::make_unique<int>(1)));
        started reserve(context, tx.reserve());
        started reserve_many(context, tx.reserve_many(1));
        started reserve_owned(context, tx.clone().reserve_owned());
        started closed(context, tx.closed());
        started receive(context, empty.recv());
        EXPECT_EQ(run(context), 0u);
        send.cancel(how);
        reserve.cancel(how);
        reserve_many.cancel(how);
        reserve_owned.cancel(how);
        closed.cancel(how);
        receive.cancel(how);
        EXPECT_FALSE(send.done()) << "not inside of the emission";
        EXPECT_EQ(run(context), 6u);
        EXPECT_EQ(send.got.result->error().reason, stop_error::stopped);
        EXPECT_EQ(*send.got.result->error().value, 1);
        EXPECT_EQ(reserve.got.result->error(), stop_error::stopped);
        EXPECT_EQ(reserve_many.got.result->error(), stop_error::stopped);
        EXPECT_EQ(reserve_owned.got.result->error(), stop_error::stopped);
        EXPECT_FALSE(*closed.got.result);
        EXPECT_EQ(receive.got.result->error(), stop_error::stopped);
        started receive_many(context, empty.recv_many(batch, 1));
        receive_many.cancel(how);
        EXPECT_EQ(run(context), 1u);
        EXPECT_EQ(receive_many.got.result->error(), stop_error::stopped);
        EXPECT_EQ(tx.strong_count(), 1u) << "the sender of reserve_owned is gone";
        EXPECT_TRUE(rx.try_recv().has_value());
        EXPECT_EQ(tx.capacity(), 1u);
    }
}

TEST(cancel, with_a_type_that_asks_for_nothing_has_no_effect) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    started receive(context, rx.recv());
    receive.cancel(net::cancellation_type::none);
    EXPECT_EQ(run(context), 0u);
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(receive.got.result->value(), 1);
}

TEST(cancel, of_an_operation_with_a_deadline_is_not_taken_for_the_deadline) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    steady_timer_clock clock(context.get_executor());
    ASSERT_TRUE(tx.try_send(1));
    started send(context, with_timeout(tx.send(2), std::chrono::hours(1), clock));
    send.cancel();
    context.restart();
    context.run();
    EXPECT_EQ(send.got.result->error().reason, interrupt_error::stopped);
    EXPECT_EQ(send.got.result->error().value, 2);
}

TEST(cancel, while_granted_is_beaten_by_the_grant) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    ASSERT_TRUE(tx.try_send(1));
    started send(context, tx.send(2));
    EXPECT_EQ(rx.try_recv(), 1);
    send.cancel();
    EXPECT_EQ(run(context), 1u);
    EXPECT_TRUE(send.got.result->has_value());
    EXPECT_EQ(rx.try_recv(), 2);
}

TEST(cancel, of_a_receive_that_was_woken_is_beaten_by_the_value) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    started receive(context, rx.recv());
    ASSERT_TRUE(tx.try_send(1));
    receive.cancel();
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(receive.got.result->value(), 1);
}

TEST(cancel, of_a_result_that_was_there_at_once_has_no_effect) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    started send(context, tx.send(1));
    send.cancel();
    EXPECT_EQ(run(context), 1u);
    EXPECT_TRUE(send.got.result->has_value());
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST(cancel, a_value_that_comes_after_it_stays_in_the_channel) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    started receive(context, rx.recv());
    receive.cancel();
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(receive.got.result->error(), stop_error::stopped);
    EXPECT_EQ(rx.try_recv(), 1);
}

TEST(cancel, at_completion_the_slot_is_clear_before_the_handler_runs) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    net::cancellation_signal signal;
    bool connected_before = false;
    bool clear_inside = false;
    async(rx.recv(),
          net::bind_executor(context, net::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, auto) {
                                 clear_inside = !signal.slot().has_handler();
                                 signal.emit(net::cancellation_type::total);
                             })));
    connected_before = signal.slot().has_handler();
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(run(context), 1u);
    EXPECT_TRUE(connected_before);
    EXPECT_TRUE(clear_inside);
}

TEST(cancel, twice_is_once) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    started receive(context, rx.recv());
    receive.cancel();
    receive.cancel();
    EXPECT_EQ(run(context), 1u);
    receive.cancel();
    EXPECT_EQ(run(context), 0u);
    EXPECT_EQ(receive.got.calls, 1);
}

TEST(cancel, passes_the_hold_of_a_batch_on_to_the_next_waiter) {
    net::io_context context;
    auto [tx, rx] = channel<int>(2);
    ASSERT_TRUE(tx.try_send(1));
    started batch(context, tx.reserve_many(2));
    started behind(context, tx.send(2));
    EXPECT_EQ(run(context), 0u);
    batch.cancel();
    EXPECT_EQ(run(context), 2u);
    EXPECT_EQ(batch.got.result->error(), stop_error::stopped);
    EXPECT_TRUE(behind.got.result->has_value());
}

TEST(cancel, a_signal_that_is_destroyed_first_leaves_the_operation_alone) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    auto signal = std::make_unique<net::cancellation_signal>();
    outcome_of<recv_operation<int>> got;
    // The slot goes with its signal, so the handler has none from here on.
    async(rx.recv(), net::bind_executor(context, net::bind_cancellation_slot(signal->slot(), got.handler())));
    signal.reset();
    ASSERT_TRUE(tx.try_send(1));
    EXPECT_EQ(run(context), 1u);
    EXPECT_EQ(got.result->value(), 1);
}

TEST(cancel, a_coroutine_that_looks_at_the_result_goes_on) {
    net::io_context context;
    auto [tx, rx] = channel<int>(1);
    net::cancellation_signal signal;
    bool stopped = false;
    net::co_spawn(
        context,
        [&]() -> net::awaitable<void> {
            co_await net::this_coro::reset_cancellation_state(net::enable_total_cancellation());
            co_await net::this_coro::throw_if_cancelled(false);
            auto v = co_await async(rx.recv());
            stopped = v.error() == stop_error::stopped;
            v = co_await async(rx.recv());
            EXPECT_EQ(v.value(), 1);
        },
        net::bind_cancellation_slot(signal.slot(), net::detached));
    run(context);
    signal.emit(net::cancellation_type::total);
    run(context);
    EXPECT_TRUE(stopped);
    ASSERT_TRUE(tx.try_send(1));
    run(context);
    EXPECT_TRUE(context.stopped());
}

// ---- Random schedules.

/// Where the values went, of which there are `count`.
class fates {
  public:
    explicit fates(int count) : times_(static_cast<std::size_t>(count)) {}
    void received(const counted& v) { ++times_[static_cast<std::size_t>(v.number())]; }
    void handed_back(const counted& v) {
        ++times_[static_cast<std::size_t>(v.number())];
        ++back_;
    }
    void expect_one_each() const {
        for (std::size_t i = 0; i < times_.size(); ++i) EXPECT_EQ(times_[i], 1) << "value " << i;
    }
    [[nodiscard]] int back() const { return back_; }

  private:
    std::vector<std::atomic<int>> times_;
    std::atomic<int> back_{0};
};

/// One thread: start, cancel, receive, run one handler, in any order.
TEST(cancel, in_random_schedules_on_one_thread_loses_no_value_and_leaks_nothing) {
    constexpr int rounds = 3000;
    constexpr int values = 12;
    std::mt19937 random(20240801);  // NOLINT(cert-msc51-cpp): the same schedules each time
    const auto any = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    int cancelled = 0;
    for (int round = 0; round < rounds; ++round) {
        storage_count storage;
        fates fate(values);
        {
            net::io_context context;
            auto [tx, rx] = channel<counted>(1 + static_cast<std::size_t>(any(2)));
            std::vector<std::unique_ptr<net::cancellation_signal>> signals;
            net::cancellation_signal receive_signal;
            std::vector<counted> batch;
            bool receiving = false;
            int next = 0;
            const auto ended = [&](auto result) {
                if (!result) fate.handed_back(result.error().value);
            };
            const auto send = [&] {
                signals.push_back(std::make_unique<net::cancellation_signal>());
                const auto token = [&](auto handler) {
                    return associated(context.get_executor(), *signals.back(), storage, std::move(handler));
                };
                if (any(3) != 0) {
                    async(tx.send(counted(next++)), token([&](std::exception_ptr, auto r) { ended(std::move(r)); }));
                    return;
                }
                async(tx.reserve_many(1 + static_cast<std::uint64_t>(any(2))),
                      token([&, n = next++](std::exception_ptr, auto permits) {
                          counted v(n);
                          if (!permits) return fate.handed_back(v);
                          permits->next()->send(std::move(v));
                      }));
            };
            const auto receive = [&] {
                if (receiving) return;
                receiving = true;
                if (any(2) == 0) {
                    async(rx.recv(),
                          associated(context.get_executor(), receive_signal, storage, [&](std::exception_ptr, auto v) {
                              receiving = false;
                              if (v) fate.received(*v);
                          }));
                } else {
                    async(rx.recv_many(batch, 2),
                          associated(context.get_executor(), receive_signal, storage, [&](std::exception_ptr, auto n) {
                              receiving = false;
                              if (!n) return;
                              for (const auto& v : batch) fate.received(v);
                              batch.clear();
                          }));
                }
            };
            const int close_at = any(4) == 0 ? any(60) : -1;
            for (int step = 0; step < 60; ++step) {
                if (step == close_at) rx.close();
                switch (any(6)) {
                    case 0:
                        if (next < values) send();
                        break;
                    case 1: receive(); break;
                    case 2:
                        if (!signals.empty()) {
                            signals[static_cast<std::size_t>(any(static_cast<int>(signals.size())))]->emit(
                                net::cancellation_type::total);
                        }
                        break;
                    case 3:
                        if (receiving) receive_signal.emit(net::cancellation_type::partial);
                        break;
                    case 4:
                        context.restart();
                        (void)context.poll_one();
                        break;
                    default:
                        if (receiving) break;
                        if (auto v = rx.try_recv()) fate.received(*v);
                }
            }
            while (next < values) send();
            for (int left = 0; left < 3 * values; ++left) {
                receive();
                run(context);
            }
            receive_signal.emit(net::cancellation_type::total);
            run(context);
            EXPECT_EQ(tx.capacity(), rx.is_closed() ? tx.capacity() : tx.max_capacity());
        }
        fate.expect_one_each();
        EXPECT_EQ(storage.live, 0);
        EXPECT_EQ(counted::alive(), 0);
        cancelled += fate.back();
        if (HasFailure()) FAIL() << "round " << round;
    }
    EXPECT_GT(cancelled, rounds) << "the schedules cancel something";
    EXPECT_LT(cancelled, rounds * values / 2) << "and not everything";
}

/// Several threads run the context, each operation has a strand, on which it is cancelled; this thread makes the
/// channel's own wake-ups meanwhile.
TEST(cancel, in_random_schedules_on_several_threads_loses_no_value_and_leaks_nothing) {
    constexpr int rounds = 300;
    constexpr int values = 40;
    std::mt19937 random(20240802);  // NOLINT(cert-msc51-cpp): the same starting points each time
    const auto any = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    storage_count storage;
    for (int round = 0; round < rounds; ++round) {
        fates fate(values);
        {
            net::io_context context;
            auto keep = std::make_optional(net::make_work_guard(context));
            std::array<std::thread, 2> threads;
            for (auto& t : threads) t = std::thread([&] { context.run(); });
            auto [tx, rx] = channel<counted>(1 + static_cast<std::size_t>(any(3)));

            // The receiver: a receive after the other, on its strand, until the end.
            struct receiving {
                decltype(net::make_strand(context)) strand;
                receiver<counted> from;
                net::cancellation_signal signal;
                fates& fate;
                storage_count& storage;
                bool ended = false;
                void next() {
                    async(from.recv(), associated(strand, signal, storage, [this](std::exception_ptr, auto v) {
                              if (v) fate.received(*v);
                              if (!v && v.error() == stop_error::closed) {
                                  ended = true;
                                  return;
                              }
                              next();
                          }));
                }
            } receiver{net::make_strand(context), std::move(rx), {}, fate, storage};
            net::post(receiver.strand, [&] { receiver.next(); });

            std::vector<std::unique_ptr<net::cancellation_signal>> signals;
            const int close_at = any(3) == 0 ? any(values) : -1;
            for (int i = 0; i < values; ++i) {
                const auto strand = net::make_strand(context);
                signals.push_back(std::make_unique<net::cancellation_signal>());
                auto& signal = *signals.back();
                auto value = std::make_shared<counted>(i);
                net::post(strand, [&, strand, value, to = tx.clone()]() mutable {
                    auto op = to.send(std::move(*value));
                    async(std::move(op),
                          associated(strand, signal, storage, [&, to = std::move(to)](std::exception_ptr, auto r) {
                              if (!r) fate.handed_back(r.error().value);
                          }));
                });
                if (any(3) == 0) {
                    net::post(strand, [&signal] { signal.emit(net::cancellation_type::total); });
                }
                if (any(3) == 0) {
                    net::post(receiver.strand, [&] { receiver.signal.emit(net::cancellation_type::terminal); });
                }
                if (i == close_at) net::post(receiver.strand, [&] { receiver.from.close(); });
            }
            {
                const auto last = std::move(tx);
            }
            keep.reset();
            for (auto& t : threads) t.join();
            EXPECT_TRUE(receiver.ended);
        }
        fate.expect_one_each();
        EXPECT_EQ(storage.live, 0);
        EXPECT_EQ(counted::alive(), 0);
        if (HasFailure()) FAIL() << "round " << round;
    }
}

/// One receive at a time, whose value and whose cancellation come from two threads at the same moment.
TEST(cancel, beside_a_send_of_another_thread_either_leaves_the_value_or_takes_it) {
    constexpr int rounds = 3000;
    net::io_context context;
    const auto strand = net::make_strand(context);
    auto [tx, rx] = channel<int>(1);
    net::cancellation_signal signal;
    storage_count storage;
    std::atomic<int> turn{0};
    std::thread other([&] {
        for (int i = 1; i <= rounds; ++i) {
            while (turn.load() < i) std::this_thread::yield();
            EXPECT_TRUE(tx.try_send(i));
        }
    });
    int taken = 0;
    for (int i = 1; i <= rounds; ++i) {
        std::optional<std::expected<int, stop_error>> got;
        async(rx.recv(), associated(strand, signal, storage, [&](std::exception_ptr, auto v) { got = v; }));
        net::post(strand, [&] {
            turn = i;
            for (int spins = 0; spins < i % 64; ++spins) std::atomic_signal_fence(std::memory_order_seq_cst);
            signal.emit(net::cancellation_type::total);
        });
        context.restart();
        context.run();
        ASSERT_TRUE(got);
        if (*got) {
            ++taken;
            ASSERT_EQ(got->value(), i);
        } else {
            ASSERT_EQ(got->error(), stop_error::stopped);
            ASSERT_EQ(rx.blocking_recv(), i);
        }
    }
    other.join();
    EXPECT_EQ(storage.live, 0);
    RecordProperty("taken", taken);
}

}  // namespace
}  // namespace tailrace::asio_test
