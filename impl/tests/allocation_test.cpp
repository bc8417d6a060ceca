// Tests of the allocations of the channel: none in the steady state, few when idle, and a failed allocation changes
// nothing.
//
// A separate executable, because it replaces the global operator new by one that counts and can fail on request.
// After a change here run: ci/test -R 'impl\.(allocation|.*waiting_operation)'
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <new>
#include <optional>
#include <semaphore>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/select.hpp"
#include "tailrace/stop.hpp"
#include "tailrace/timer.hpp"

namespace {

// Of all threads.
std::atomic<std::uint64_t> allocations{0};
std::atomic<std::uint64_t> deallocations{0};
std::atomic<std::uint64_t> bytes{0};
std::atomic<std::uint64_t> held{0};     // bytes that are not given back
std::atomic<std::uint64_t> fail_in{0};  // the so-maniest from now fails; 0: none
std::atomic<bool> all_fail{false};

void* allocate(std::size_t size, std::size_t alignment) {
    if (all_fail) return nullptr;
    if (fail_in != 0) {
        --fail_in;
        if (fail_in == 0) return nullptr;
    }
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    void* const p = std::aligned_alloc(alignment, rounded != 0 ? rounded : alignment);
    if (p != nullptr) {
        ++allocations;
        bytes += size;
        held += malloc_usable_size(p);
    }
    return p;
}

void* allocate_or_throw(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
    void* const p = allocate(size, alignment);
    if (p == nullptr) throw std::bad_alloc();
    return p;
}

void deallocate(void* p) noexcept {
    if (p != nullptr) ++deallocations;
    held -= malloc_usable_size(p);
    std::free(p);
}

}  // namespace

// All of them: a sanitizer has its own for those that are left out.
void* operator new(std::size_t n) { return allocate_or_throw(n); }
void* operator new[](std::size_t n) { return allocate_or_throw(n); }
void* operator new(std::size_t n, std::align_val_t a) { return allocate_or_throw(n, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return allocate_or_throw(n, static_cast<std::size_t>(a)); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, alignof(std::max_align_t)); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, alignof(std::max_align_t)); }
void operator delete(void* p) noexcept { deallocate(p); }
void operator delete[](void* p) noexcept { deallocate(p); }
void operator delete(void* p, std::size_t) noexcept { deallocate(p); }
void operator delete[](void* p, std::size_t) noexcept { deallocate(p); }
void operator delete(void* p, std::align_val_t) noexcept { deallocate(p); }
void operator delete[](void* p, std::align_val_t) noexcept { deallocate(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { deallocate(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { deallocate(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { deallocate(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { deallocate(p); }

namespace tailrace {
namespace {

using namespace std::chrono_literals;

using value = std::uint64_t;
template <class T>
using ends = decltype(channel<T>(1));

constexpr std::size_t rounds = 16;

/// How many allocations `round` makes, many times, once it has run.
template <class Round>
[[nodiscard]] std::uint64_t steady_allocations(Round round) {
    round();
    const std::uint64_t before = allocations;
    for (std::size_t i = 0; i < rounds; ++i) round();
    return allocations - before;
}

/// No allocation succeeds while it lives.
struct out_of_memory {
    out_of_memory() { all_fail = true; }
    out_of_memory(const out_of_memory&) = delete;
    out_of_memory& operator=(const out_of_memory&) = delete;
    ~out_of_memory() { all_fail = false; }
};

// ---- The steady state: every operation, in every form, that has nothing to wait for, waits, is
// cancelled, is interrupted.

/// An operation, and the situations it gets into. `ready`: it has nothing to wait for; `obstruct`:
/// it waits until `help`; `reset` goes back to the beginning.
class sending {
  protected:
    [[nodiscard]] auto& tx() { return ends_.first; }
    [[nodiscard]] auto& rx() { return ends_.second; }

  public:
    void ready() {}
    void obstruct() {
        while (tx().try_send(0)) {
        }
    }
    void help() { EXPECT_TRUE(rx().try_recv()); }
    void reset() {
        while (rx().try_recv()) {
        }
    }

  private:
    ends<value> ends_ = channel<value>(2);
};

struct send : sending {
    [[nodiscard]] auto make() { return tx().send(1); }
};
struct send_many : sending {
    [[nodiscard]] auto make() {
        rest_ = values_;
        return tx().send_many(rest_);
    }

  private:
    std::array<value, 2> values_{};
    std::span<value> rest_;
};
struct reserve : sending {
    [[nodiscard]] auto make() { return tx().reserve(); }
};
struct reserve_many : sending {
    void obstruct() { EXPECT_TRUE(tx().try_send(0)); }  // it will hold one and wait for the other
    [[nodiscard]] auto make() { return tx().reserve_many(2); }
};
struct reserve_owned : sending {
    [[nodiscard]] auto make() { return tx().clone().reserve_owned(); }
};
struct recv : sending {
    void ready() { EXPECT_TRUE(tx().try_send(1)); }
    void obstruct() {}
    void help() { ready(); }
    [[nodiscard]] auto make() { return rx().recv(); }
};
struct recv_many : recv {
    recv_many() { into_.reserve(2); }
    void reset() {
        recv::reset();
        into_.clear();
    }
    [[nodiscard]] auto make() { return rx().recv_many(into_, 2); }

  private:
    std::vector<value> into_;
};
/// A channel closes once, so there are many, made before anything is counted.
class closed {
  public:
    closed() {
        for (std::size_t i = 0; i < 4 * (rounds + 1); ++i) channels_.push_back(channel<value>(2));
    }
    void ready() { channels_[current_].second.close(); }
    void obstruct() {}
    void help() { ready(); }
    void reset() { current_ += channels_[current_].first.is_closed() ? 1 : 0; }
    [[nodiscard]] auto make() { return channels_[current_].first.closed(); }

  private:
    std::deque<ends<value>> channels_;
    std::size_t current_ = 0;
};

/// What is put around an operation, and what then interrupts it.
struct plain {
    template <class Operation>
    [[nodiscard]] Operation around(Operation op) {
        return op;
    }
};
class timeout_on_manual_clock {
  public:
    template <class Operation>
    [[nodiscard]] auto around(Operation op) {
        return with_timeout(std::move(op), 1h, clock_);
    }
    template <class Operation>
    [[nodiscard]] auto to_be_interrupted(Operation op) {
        return around(std::move(op));
    }
    void interrupt() { clock_.advance(1h); }

  private:
    manual_clock clock_;
};
class timeout_on_timer_thread {
  public:
    template <class Operation>
    [[nodiscard]] auto around(Operation op) {
        return with_timeout(std::move(op), 24h, clock_);
    }
    template <class Operation>
    [[nodiscard]] auto to_be_interrupted(Operation op) {
        return with_timeout(std::move(op), 100us, clock_);
    }
    void interrupt() {}  // it comes

  private:
    timer_thread clock_;
};
/// A source stops once, so there are many. Their shared state is an allocation of the caller's.
class stop_token {
  public:
    template <class Operation>
    [[nodiscard]] auto around(Operation op) {
        return with_stop(std::move(op), sources_[current_].get_token());
    }
    template <class Operation>
    [[nodiscard]] auto to_be_interrupted(Operation op) {
        return around(std::move(op));
    }
    void interrupt() { sources_[current_++].request_stop(); }

  private:
    std::deque<std::stop_source> sources_ = std::deque<std::stop_source>(2 * (rounds + 1));
    std::size_t current_ = 0;
};

template <class Form>
concept interrupting = requires(Form& form) { form.interrupt(); };

/// Wake-ups, of which some may come late, to an operation that has gone.
std::counting_semaphore<> wake_ups{0};
constexpr waker counts_wake_ups = {[](void*) noexcept { wake_ups.release(); }, nullptr};

template <class Operation>
void poll_until_finished(Operation& op) {
    while (!op.poll(counts_wake_ups)) wake_ups.acquire();
}

template <class Situation, class Form>
void drive(Situation& s, Form& form) {
    s.ready();
    {
        auto op = form.around(s.make());
        EXPECT_TRUE(op.poll(counts_wake_ups));
    }
    s.reset();
    s.obstruct();
    {
        auto op = form.around(s.make());
        EXPECT_FALSE(op.poll(counts_wake_ups));
        s.help();
        poll_until_finished(op);
    }
    s.reset();
    s.obstruct();
    {
        auto op = form.around(s.make());
        EXPECT_FALSE(op.poll(counts_wake_ups));
    }
    {
        const auto never_polled = form.around(s.make());
    }
    if constexpr (interrupting<Form>) {
        auto op = form.to_be_interrupted(s.make());
        auto result = op.poll(counts_wake_ups);
        form.interrupt();
        if (!result) poll_until_finished(op);
    }
    s.reset();
}

/// A coroutine, one at a time, whose frame is no allocation.
class task {
  public:
    class promise_type {
      public:
        promise_type() { finished = false; }
        static void* operator new(std::size_t size) {
            if (size > frame.size()) std::abort();
            return frame.data();
        }
        static void operator delete(void*) noexcept {}
        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            struct announcement : std::suspend_always {
                // Not inlined: the frame may be gone before it returns.
                [[gnu::noinline]] void await_suspend(std::coroutine_handle<>) const noexcept {
                    finished = true;
                    finished.notify_one();
                }
            };
            return announcement{};
        }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };

    task(const task&) = delete;
    task& operator=(const task&) = delete;
    ~task() { self_.destroy(); }

    [[nodiscard]] bool has_finished() const { return finished; }
    void wait() const { finished.wait(false); }

  private:
    explicit task(std::coroutine_handle<promise_type> self) : self_(self) {}

    alignas(std::max_align_t) static inline std::array<std::byte, 8192> frame;
    static inline std::atomic<bool> finished{false};
    std::coroutine_handle<promise_type> self_;
};

template <class Situation, class Form>
task awaiting(Situation& s, Form& form) {
    (void)co_await form.around(s.make());
}
template <class Situation, class Form>
task awaiting_interruption(Situation& s, Form& form) {
    (void)co_await form.to_be_interrupted(s.make());
}

template <class Situation, class Form>
void await(Situation& s, Form& form) {
    s.ready();
    {
        const task t = awaiting(s, form);
        EXPECT_TRUE(t.has_finished());
    }
    s.reset();
    s.obstruct();
    {
        const task t = awaiting(s, form);
        EXPECT_FALSE(t.has_finished());
        s.help();
        EXPECT_TRUE(t.has_finished());
    }
    s.reset();
    s.obstruct();
    {
        const task t = awaiting(s, form);
        EXPECT_FALSE(t.has_finished());
    }
    if constexpr (interrupting<Form>) {
        const task t = awaiting_interruption(s, form);
        form.interrupt();
        t.wait();
    }
    s.reset();
}

/// Does something on a thread of its own as soon as an operation waits.
class helper {
  public:
    helper() : thread_([this] { run(); }) {}
    helper(const helper&) = delete;
    helper& operator=(const helper&) = delete;
    ~helper() {
        go_.release();
        thread_.join();
    }

    template <class Operation>
    struct observed : Operation {
        observed(Operation&& op, helper& h) : Operation(std::move(op)), observer(&h) {}
        [[nodiscard]] auto poll(const waker& w) {
            helper* const here = observer;  // while it waits it may be finished, and gone
            auto result = Operation::poll(w);
            if (!result) here->go_.release();
            return result;
        }
        helper* observer;
    };
    template <class Operation>
    [[nodiscard]] observed<Operation> observe(Operation op) {
        return {std::move(op), *this};
    }

    /// Blocks on what `make` makes and does `what` meanwhile.
    template <class Make, class What>
    void during(Make make, What what) {
        what_ = [](void* w) { (*static_cast<What*>(w))(); };
        context_ = &what;
        (void)block_on(make());
        done_.acquire();
    }

  private:
    void run() {
        for (;;) {
            go_.acquire();
            if (what_ == nullptr) return;
            std::exchange(what_, nullptr)(context_);
            done_.release();
        }
    }

    void (*what_)(void*) = nullptr;
    void* context_ = nullptr;
    std::counting_semaphore<> go_{0};
    std::counting_semaphore<> done_{0};
    std::thread thread_;
};

template <class Situation, class Form>
void block(Situation& s, Form& form, helper& other) {
    s.ready();
    (void)block_on(form.around(s.make()));
    s.reset();
    s.obstruct();
    other.during([&] { return form.around(other.observe(s.make())); }, [&] { s.help(); });
    s.reset();
    if constexpr (interrupting<Form>) {
        s.obstruct();
        other.during([&] { return form.to_be_interrupted(other.observe(s.make())); }, [&] { form.interrupt(); });
        s.reset();
    }
}

template <class Situation, class Form>
[[nodiscard]] std::uint64_t when_driven() {
    Situation s;
    Form form;
    return steady_allocations([&] { drive(s, form); });
}
template <class Situation, class Form>
[[nodiscard]] std::uint64_t when_awaited() {
    Situation s;
    Form form;
    return steady_allocations([&] { await(s, form); });
}
template <class Situation, class Form>
[[nodiscard]] std::uint64_t when_blocked_on() {
    Situation s;
    Form form;
    helper other;
    return steady_allocations([&] { block(s, form, other); });
}

template <class Situation>
class waiting_operation : public testing::Test {};
struct names {
    template <class Situation>
    static std::string GetName(int) {
        if constexpr (std::is_same_v<Situation, send>) return "send";
        if constexpr (std::is_same_v<Situation, send_many>) return "send_many";
        if constexpr (std::is_same_v<Situation, reserve>) return "reserve";
        if constexpr (std::is_same_v<Situation, reserve_many>) return "reserve_many";
        if constexpr (std::is_same_v<Situation, reserve_owned>) return "reserve_owned";
        if constexpr (std::is_same_v<Situation, closed>) return "closed";
        if constexpr (std::is_same_v<Situation, recv>) return "recv";
        if constexpr (std::is_same_v<Situation, recv_many>) return "recv_many";
    }
};
using situations = testing::Types<send, send_many, reserve, reserve_many, reserve_owned, closed, recv, recv_many>;
TYPED_TEST_SUITE(waiting_operation, situations, names);

TYPED_TEST(waiting_operation, allocates_nothing_when_driven) { EXPECT_EQ((when_driven<TypeParam, plain>()), 0u); }
TYPED_TEST(waiting_operation, allocates_nothing_when_driven_with_a_timeout_on_a_manual_clock) {
    EXPECT_EQ((when_driven<TypeParam, timeout_on_manual_clock>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_driven_with_a_timeout_on_a_timer_thread) {
    EXPECT_EQ((when_driven<TypeParam, timeout_on_timer_thread>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_driven_with_a_stop_token) {
    EXPECT_EQ((when_driven<TypeParam, stop_token>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_awaited) { EXPECT_EQ((when_awaited<TypeParam, plain>()), 0u); }
TYPED_TEST(waiting_operation, allocates_nothing_when_awaited_with_a_timeout_on_a_manual_clock) {
    EXPECT_EQ((when_awaited<TypeParam, timeout_on_manual_clock>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_awaited_with_a_timeout_on_a_timer_thread) {
    EXPECT_EQ((when_awaited<TypeParam, timeout_on_timer_thread>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_awaited_with_a_stop_token) {
    EXPECT_EQ((when_awaited<TypeParam, stop_token>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_blocked_on) {
    EXPECT_EQ((when_blocked_on<TypeParam, plain>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_blocked_on_with_a_timeout_on_a_manual_clock) {
    EXPECT_EQ((when_blocked_on<TypeParam, timeout_on_manual_clock>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_blocked_on_with_a_timeout_on_a_timer_thread) {
    EXPECT_EQ((when_blocked_on<TypeParam, timeout_on_timer_thread>()), 0u);
}
TYPED_TEST(waiting_operation, allocates_nothing_when_blocked_on_with_a_stop_token) {
    EXPECT_EQ((when_blocked_on<TypeParam, stop_token>()), 0u);
}

// ---- The steady state: what does not wait

TEST(allocation, is_counted_and_fails_on_request) {
    const auto one = [] { ::operator delete(::operator new(8)); };
    const std::uint64_t before = allocations;
    one();
    EXPECT_EQ(allocations - before, 1u);
    fail_in = 2;
    one();
    EXPECT_THROW(one(), std::bad_alloc);
    one();
    const out_of_memory here;
    EXPECT_THROW(one(), std::bad_alloc);
}

TEST(allocation, is_none_for_try_send_and_try_recv) {
    auto [tx, rx] = channel<value>(4);
    EXPECT_EQ(steady_allocations([&] {
                  for (value i = 0; i < 4; ++i) EXPECT_TRUE(tx.try_send(i));
                  EXPECT_FALSE(tx.try_send(4));
                  for (value i = 0; i < 4; ++i) EXPECT_EQ(rx.try_recv(), i);
                  EXPECT_FALSE(rx.try_recv());
              }),
              0u);
}

TEST(allocation, is_none_for_permits_that_are_sent_or_released) {
    auto [tx, rx] = channel<value>(4);
    EXPECT_EQ(steady_allocations([&] {
                  tx.try_reserve()->send(1);
                  EXPECT_EQ(rx.try_recv(), 1u);
                  {
                      const auto dropped = tx.try_reserve();
                  }
                  auto permits = tx.try_reserve_many(4);
                  EXPECT_FALSE(tx.try_reserve());
                  EXPECT_FALSE(tx.try_reserve_many(1));
                  permits->next()->send(2);
                  for (auto& p : *permits) {
                      p.send(3);
                      break;
                  }
                  permits = tx.try_reserve_many(0);
                  EXPECT_EQ(rx.try_recv(), 2u);
                  EXPECT_EQ(rx.try_recv(), 3u);
              }),
              0u);
}

TEST(allocation, is_none_for_owned_permits_that_are_sent_or_released) {
    auto [tx, rx] = channel<value>(2);
    EXPECT_EQ(steady_allocations([&] {
                  auto permit = tx.clone().try_reserve_owned();
                  auto back = std::move(*permit).send(1);
                  permit = std::move(back).try_reserve_owned();
                  EXPECT_FALSE(tx.clone().try_reserve_owned());
                  back = std::move(*permit).release();
                  {
                      const auto dropped = std::move(back).try_reserve_owned();
                  }
                  EXPECT_EQ(rx.try_recv(), 1u);
              }),
              0u);
    EXPECT_EQ(tx.strong_count(), 1u);
}

TEST(allocation, is_none_for_clones_and_weak_senders) {
    auto [tx, rx] = channel<value>(2);
    EXPECT_EQ(steady_allocations([&] {
                  const auto clone = tx.clone();
                  const auto weak = clone.downgrade();
                  EXPECT_TRUE(weak.upgrade()->try_send(1));
                  EXPECT_EQ(rx.try_recv(), 1u);
              }),
              0u);
}

TEST(allocation, is_none_for_the_blocking_members_whether_they_wait_or_not) {
    auto [tx, rx] = channel<value>(1);
    std::vector<value> into;
    into.reserve(4);
    std::counting_semaphore<> ask_for_value{0};
    std::atomic<bool> stopping = false;
    std::thread sender([&] {
        for (ask_for_value.acquire(); !stopping; ask_for_value.acquire()) {
            EXPECT_TRUE(tx.blocking_send(7));
        }
    });
    EXPECT_EQ(steady_allocations([&] {
                  EXPECT_TRUE(tx.blocking_send(1));
                  EXPECT_FALSE(tx.blocking_send_timeout(2, 0ms));
                  EXPECT_FALSE(tx.blocking_reserve_timeout(0ms));
                  EXPECT_EQ(rx.blocking_recv(), 1u);
                  EXPECT_FALSE(rx.blocking_recv_timeout(0ms));
                  tx.blocking_reserve()->send(3);
                  EXPECT_EQ(rx.blocking_recv_many(into, 4), 1u);
                  into.clear();
                  tx.blocking_reserve_timeout(1h)->send(4);
                  EXPECT_EQ(rx.blocking_recv_timeout(1h), 4u);
                  EXPECT_TRUE(tx.blocking_send_timeout(5, 1h));
                  ask_for_value.release(3);  // the first of them waits
                  EXPECT_EQ(rx.blocking_recv(), 5u);
                  EXPECT_EQ(rx.blocking_recv(), 7u);
                  EXPECT_EQ(rx.blocking_recv_timeout(1h), 7u);
                  EXPECT_EQ(rx.blocking_recv_many(into, 4), 1u);
                  into.clear();
              }),
              0u);
    stopping = true;
    ask_for_value.release();
    sender.join();
}

TEST(allocation, is_none_for_send_timeout_and_recv_timeout) {
    auto [tx, rx] = channel<value>(1);
    manual_clock clock;
    EXPECT_EQ(steady_allocations([&] {
                  EXPECT_TRUE(tx.send_timeout(1, 1h, clock).poll({}));
                  auto late = tx.send_timeout(2, 1h, clock);
                  EXPECT_FALSE(late.poll({}));
                  clock.advance(1h);
                  EXPECT_FALSE(late.poll({})->has_value());
                  EXPECT_EQ(rx.recv_timeout(1h, clock).poll({})->value(), 1u);
              }),
              0u);
}

/// A batch makes room at most once, only where there is too little, and then for twice as much, so that many small
/// batches in one buffer cost few allocations.
TEST(allocation, of_a_batch_is_one_if_the_buffer_has_too_little_room_and_none_if_it_has_just_enough) {
    for (const std::size_t had : {0u, 1u, 3u}) {
        for (const std::size_t reserved : {0u, 1u, 2u, 3u, 8u}) {
            for (const std::size_t buffered : {1u, 2u, 3u}) {
                for (const std::size_t limit : {1u, 2u, 9u}) {
                    auto [tx, rx] = channel<value>(4);
                    for (value v = 0; v < buffered; ++v) ASSERT_TRUE(tx.try_send(v));
                    std::vector<value> into(had, 77);
                    into.reserve(had + reserved);
                    const std::size_t room = into.capacity();
                    const auto* const place = into.data();
                    const std::size_t batch = std::min(buffered, limit);
                    const std::uint64_t before = allocations;
                    EXPECT_EQ(rx.recv_many(into, limit).poll({}), batch);
                    const bool enough = had + batch <= room;
                    EXPECT_EQ(allocations - before, enough ? 0u : 1u) << batch << " into " << had << " of " << room;
                    if (enough) {
                        EXPECT_EQ(into.data(), place);
                    } else {
                        EXPECT_EQ(into.capacity(), std::max(2 * room, had + batch));
                    }
                    EXPECT_EQ(into.size(), had + batch);
                    EXPECT_EQ(into.back(), batch - 1);
                }
            }
        }
    }
}

// Clause: channel.allocation.
TEST(allocation, is_none_for_100000_messages_through_a_few_places_of_a_million) {
    auto [tx, rx] = channel<value>(1'000'000);
    value sent = 0;
    value received = 0;
    const auto pass = [&](value messages) {
        for (const value end = sent + messages; sent < end;) {
            for (int i = 0; i < 20; ++i) EXPECT_TRUE(tx.try_send(sent++));
            while (auto v = rx.try_recv()) EXPECT_EQ(*v, received++);
        }
    };
    pass(1'000);
    const std::uint64_t before = allocations;
    const std::uint64_t freed_before = deallocations;
    pass(100'000);
    EXPECT_EQ(allocations - before, 0u);
    EXPECT_EQ(deallocations - freed_before, 0u);
    EXPECT_EQ(received, 101'000u);
}

// Clause: channel.allocation.
TEST(allocation, of_an_idle_channel_is_at_most_512_bytes_whatever_its_capacity) {
    for (const std::size_t capacity : {1u, 64u, 1'024u, 1'000'000u}) {
        const std::uint64_t before = bytes;
        const auto idle = channel<value>(capacity);
        const std::uint64_t used = bytes - before;
        RecordProperty("bytes_at_capacity_" + std::to_string(capacity), std::to_string(used));
        EXPECT_LE(used, 512u) << "capacity " << capacity;
    }
}

// ---- Storage that goes back

constexpr std::uint64_t burst = 500'000;
/// What a channel of such values may hold when it is idle.
constexpr std::uint64_t kept = std_platform::kept_bytes * 3 / 2;

class idle_again : public testing::Test {
  protected:
    /// More than is kept, whatever is meant to go back.
    void expect_much() const { EXPECT_GT(held - before_, burst * 8); }
    void expect_little() const { EXPECT_LE(held - before_, kept); }

  private:
    const std::uint64_t before_ = held;

  protected:
    ends<value> ends_ = channel<value>(burst);
    decltype(ends_.first)& tx_ = ends_.first;
    decltype(ends_.second)& rx_ = ends_.second;
};

TEST_F(idle_again, gives_back_what_permits_needed_that_were_dropped) {
    auto permits = tx_.try_reserve_many(burst);
    expect_much();
    permits = tx_.try_reserve_many(0);
    expect_little();
    EXPECT_EQ(tx_.capacity(), burst);
    EXPECT_TRUE(tx_.try_send(1));
    EXPECT_EQ(rx_.try_recv(), 1u);
}

TEST_F(idle_again, gives_back_what_single_permits_needed) {
    {
        std::vector<permit<value>> permits;
        for (std::uint64_t i = 0; i < burst; ++i) permits.push_back(*tx_.try_reserve());
        expect_much();
    }
    expect_little();
}

TEST_F(idle_again, gives_back_what_values_needed_once_they_are_received) {
    for (value v = 0; v < burst; ++v) ASSERT_TRUE(tx_.try_send(v));
    expect_much();
    for (value v = 0; v < burst; ++v) ASSERT_EQ(rx_.try_recv(), v);
    expect_little();
    for (value v = 0; v < 100; ++v) {
        ASSERT_TRUE(tx_.try_send(v));
        ASSERT_EQ(rx_.try_recv(), v);
    }
}

TEST_F(idle_again, gives_back_what_a_batch_needed_once_it_is_received) {
    for (value v = 0; v < burst; ++v) ASSERT_TRUE(tx_.try_send(v));
    {
        std::vector<value> into;
        EXPECT_EQ(rx_.recv_many(into, burst).poll({}), burst);
    }
    expect_little();
}

TEST_F(idle_again, gives_back_what_a_wait_has_prepared_that_is_dropped) {
    auto one = tx_.try_reserve();
    {
        auto all = tx_.reserve_many(burst);
        EXPECT_FALSE(all.poll({}));
        expect_much();
        {
            const auto dropped = std::move(one);
        }  // and so grants it
    }
    expect_little();
    EXPECT_EQ(tx_.capacity(), burst);
}

TEST_F(idle_again, gives_back_after_each_of_many_bursts_with_messages_between_them) {
    for (value v = 0; v < 40; ++v) {
        (void)tx_.try_reserve_many(burst);
        expect_little();
        ASSERT_TRUE(tx_.try_send(v));
        ASSERT_EQ(rx_.try_recv(), v);
    }
}

template <std::size_t Size>
struct value_of_size {
    std::byte bytes[Size];
};

// AddressSanitizer gives every copy in a call a place of its own, and the stack is full with ten.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t largest_on_the_stack = 400'000;
#elif defined(__has_feature)
constexpr std::size_t largest_on_the_stack = __has_feature(address_sanitizer) ? 400'000 : 1'000'000;
#else
constexpr std::size_t largest_on_the_stack = 1'000'000;
#endif

template <class T>
void expect_little_after_a_burst(std::uint64_t messages) {
    const std::uint64_t before = held;
    auto [tx, rx] = channel<T>(messages);
    for (int round = 0; round < 3; ++round) {
        for (std::uint64_t i = 0; i < messages; ++i) ASSERT_TRUE(tx.try_send(T{}));
        EXPECT_GT(held - before, messages * sizeof(T));
        for (std::uint64_t i = 0; i < messages; ++i) ASSERT_TRUE(rx.try_recv());
        EXPECT_LE(held - before, std::uint64_t{384} * 1024 + sizeof(T)) << "values of " << sizeof(T) << " bytes";
    }
}

// Clause: channel.idle-storage.
TEST(idle_storage, is_at_most_384_kib_and_one_value_after_a_burst_of_values_of_any_size) {
    expect_little_after_a_burst<std::uint8_t>(500'000);
    expect_little_after_a_burst<value>(300'000);
    expect_little_after_a_burst<value_of_size<100>>(20'000);
    expect_little_after_a_burst<value_of_size<5'000>>(1'000);
    expect_little_after_a_burst<value_of_size<200'000>>(20);
    expect_little_after_a_burst<value_of_size<largest_on_the_stack>>(5);
}

TEST_F(idle_again, gives_back_after_each_of_many_bursts_of_permits_without_a_message) {
    for (int i = 0; i < 40; ++i) {
        (void)tx_.try_reserve_many(burst);
        expect_little();
    }
}

TEST_F(idle_again, is_not_so_while_a_permit_is_out) {
    auto one = tx_.try_reserve();
    (void)tx_.try_reserve_many(burst - 1);
    expect_much();
    one.value().send(1);
    expect_much();
    EXPECT_EQ(rx_.try_recv(), 1u);
    expect_little();
}

// ---- Failing allocations

/// Calls `attempt` with its first allocation failing, then its second and so on, until it does
/// nothing that fails; after each failure nothing of it may be left, which `unchanged` looks at.
/// How many failed.
template <class Attempt, class Unchanged>
std::uint64_t fail_each_allocation(Attempt attempt, Unchanged unchanged) {
    for (std::uint64_t k = 1;; ++k) {
        fail_in = k;
        try {
            attempt();
            const bool failed_unseen = fail_in == 0;
            fail_in = 0;
            EXPECT_FALSE(failed_unseen) << "allocation " << k << " failed and was not reported";
            return k - 1;
        } catch (const std::bad_alloc&) {
            EXPECT_EQ(fail_in, 0u) << "std::bad_alloc, from nowhere";
            fail_in = 0;
        } catch (...) {
            fail_in = 0;
            throw;
        }
        unchanged();
        if (testing::Test::HasFailure()) return k;  // to go on might hang
    }
}

/// Its move might throw, so it travels in a box.
struct boxed {
    explicit boxed(int v) : number(v) {}
    boxed(boxed&& other) noexcept(false) : number(other.number) {}
    boxed& operator=(boxed&&) = delete;
    int number;
};

/// So large that the storage of a short channel is made of many pieces.
struct wide {
    explicit wide(int v) : number(v) {}
    int number;
    std::array<char, 1020> rest{};
};

TEST(allocation, that_fails_while_a_channel_is_made_leaves_nothing_behind) {
    for (const std::size_t capacity : {1u, 64u, 1'000'000u}) {
        const std::uint64_t live = allocations - deallocations;
        EXPECT_GE(fail_each_allocation([&] { const auto ends = channel<value>(capacity); },
                                       [&] { EXPECT_EQ(allocations - deallocations, live); }),
                  1u);
        EXPECT_EQ(allocations - deallocations, live);
    }
}

template <class T>
class failing_allocation : public testing::Test {};
using wide_and_boxed = testing::Types<wide, boxed>;
TYPED_TEST_SUITE(failing_allocation, wide_and_boxed);

// Clause: alloc.
TYPED_TEST(failing_allocation, in_try_send_leaves_the_channel_as_it_was) {
    auto [tx, rx] = channel<TypeParam>(100);
    std::uint64_t failed = 0;
    int calls = 0;
    int received = 0;
    int sent = 0;
    const auto unchanged = [&] {
        EXPECT_EQ(tx.len(), static_cast<std::uint64_t>(sent - received));
        EXPECT_EQ(rx.len(), tx.len());
        EXPECT_EQ(tx.capacity(), 100 - tx.len());
        if (++calls % 2 == 0) return;  // the next attempt finds it untouched
        EXPECT_TRUE(tx.try_send(TypeParam(sent++)));
        EXPECT_EQ(rx.try_recv()->number, received++);
    };
    while (tx.capacity() > 0) {
        bool full = false;
        failed += fail_each_allocation([&] { full = !tx.try_send(TypeParam(sent)).has_value(); }, unchanged);
        ASSERT_FALSE(this->HasFailure());
        if (!full) ++sent;
    }
    EXPECT_GE(failed, 10u);
    while (auto v = rx.try_recv()) EXPECT_EQ(v->number, received++);
    EXPECT_EQ(received, sent);
}

/// A channel whose permits are all out, and whose storage falls short of what waiting needs.
class crowded {
  public:
    [[nodiscard]] auto& tx() { return ends_.first; }
    [[nodiscard]] auto& rx() { return ends_.second; }
    void make_room() { last_.reset(); }
    /// Unchanged, with an empty queue; and the channel still works.
    void expect_unchanged() {
        EXPECT_EQ(tx().capacity(), 0u);
        EXPECT_EQ(tx().len(), 0u);
        make_room();
        EXPECT_EQ(tx().capacity(), 1u) << "an operation is still queued";
        EXPECT_TRUE(tx().try_send(wide(7)));
        EXPECT_EQ(rx().try_recv()->number, 7);
        last_.emplace(*tx().try_reserve());
    }
    void expect_all_room_but(std::uint64_t taken) {
        {
            const auto dies = std::move(most_);
        }
        EXPECT_EQ(tx().capacity(), 101 - taken);
    }

  private:
    ends<wide> ends_ = channel<wide>(101);
    permit_iterator<wide, std_platform> most_ = *ends_.first.try_reserve_many(101);
    std::optional<permit<wide, std_platform>> last_ = most_.next();
};

// Clause: alloc.
TEST(failing_allocations, in_the_first_poll_of_a_send_leave_the_channel_and_the_value) {
    crowded c;
    auto op = c.tx().send(wide(8));
    EXPECT_GE(fail_each_allocation([&] { EXPECT_FALSE(op.poll(counts_wake_ups)); }, [&] { c.expect_unchanged(); }), 1u);
    c.make_room();
    EXPECT_TRUE(op.poll({})->has_value());
    c.expect_all_room_but(1);
    EXPECT_EQ(c.rx().try_recv()->number, 8);
    EXPECT_FALSE(c.rx().try_recv());
}

// Clause: alloc.
TEST(failing_allocations, in_the_first_poll_of_a_reserve_leave_the_channel) {
    crowded c;
    auto op = c.tx().reserve();
    EXPECT_GE(fail_each_allocation([&] { EXPECT_FALSE(op.poll(counts_wake_ups)); }, [&] { c.expect_unchanged(); }), 1u);
    c.make_room();
    const auto permit = op.poll({});
    EXPECT_TRUE(permit->has_value());
    c.expect_all_room_but(1);
}

// Clause: alloc.
TEST(failing_allocations, in_the_first_poll_of_a_reserve_many_leave_the_channel) {
    auto [tx, rx] = channel<wide>(101);
    ASSERT_TRUE(tx.try_send(wide(0)));
    int n = 0;
    {
        auto op = tx.reserve_many(101);
        EXPECT_GE(fail_each_allocation([&] { EXPECT_FALSE(op.poll(counts_wake_ups)); },
                                       [&] {
                                           EXPECT_EQ(tx.capacity(), 100u);
                                           EXPECT_TRUE(tx.try_send(wide(n + 1)));
                                           EXPECT_EQ(rx.try_recv()->number, n++);
                                       }),
                  10u);
        EXPECT_EQ(tx.capacity(), 0u);
        EXPECT_EQ(rx.try_recv()->number, n);
        EXPECT_TRUE(op.poll({})->has_value());
    }
    EXPECT_EQ(tx.capacity(), 101u);
    {
        auto [far, end] = channel<wide>(101);
        auto op = far.reserve_many(101);  // has nothing to wait for, and needs storage all the same
        EXPECT_GE(fail_each_allocation([&] { EXPECT_TRUE(op.poll({})->has_value()); },
                                       [&] { EXPECT_EQ(far.capacity(), 101u); }),
                  10u);
    }
}

// Clauses: alloc, select.losers-took-nothing.
TEST(failing_allocations, in_the_wait_of_a_select_finish_it_and_its_arms_are_cancelled_with_it) {
    crowded c;
    auto [tx, rx] = channel<value>(3);
    const auto out = tx.try_reserve();
    tailrace::kept receive(rx.recv());
    int woken = 0;
    const waker counts = {[](void* n) noexcept { ++*static_cast<int*>(n); }, &woken};
    const auto poll = [&] {
        auto first = select(tx.reserve_many(3), receive, c.tx().reserve());
        try {
            EXPECT_FALSE(first.poll(counts));
        } catch (const std::bad_alloc&) {
            EXPECT_EQ(tx.capacity(), 0u) << "the first arm holds the rest";
            EXPECT_THROW((void)first.poll(counts), std::logic_error) << "it has finished";
            throw;
        }
    };
    EXPECT_GE(fail_each_allocation(poll,
                                   [&] {
                                       c.expect_unchanged();
                                       EXPECT_EQ(tx.capacity(), 2u);
                                       EXPECT_TRUE(tx.try_send(7));
                                       EXPECT_EQ(woken, 0) << "what is kept wakes a select that is gone";
                                       EXPECT_EQ(std::get<0>(*try_select(receive)), 7) << "it has waited on";
                                       receive.restart(rx.recv());
                                   }),
              1u);
}

// Clause: alloc.
TEST(failing_allocations, in_a_send_of_a_type_that_travels_boxed_come_before_the_operation) {
    auto [tx, rx] = channel<boxed>(2);
    EXPECT_EQ(fail_each_allocation([&] { EXPECT_TRUE(tx.send(boxed(1)).poll({})->has_value()); },
                                   [&] { EXPECT_EQ(tx.capacity(), 2u); }),
              1u);
    EXPECT_EQ(rx.try_recv()->number, 1);
}

// Clause: alloc.
TEST(failing_allocations, in_a_reserve_for_a_type_that_travels_boxed_leave_the_channel) {
    auto [tx, rx] = channel<boxed>(3);
    const auto unchanged = [&] {
        EXPECT_EQ(tx.capacity(), 3u);
        EXPECT_EQ(tx.strong_count(), 1u);
    };
    EXPECT_EQ(fail_each_allocation([&] { tx.reserve().poll({})->value().send(boxed(1)); }, unchanged), 1u);
    EXPECT_EQ(rx.try_recv()->number, 1);
    EXPECT_EQ(fail_each_allocation([&] { tx.try_reserve()->send(boxed(2)); }, unchanged), 1u);
    EXPECT_EQ(rx.try_recv()->number, 2);
    EXPECT_EQ(fail_each_allocation([&] { EXPECT_EQ(tx.reserve_many(3).poll({})->value().size(), 3u); }, unchanged), 4u);
    EXPECT_EQ(fail_each_allocation([&] { EXPECT_EQ(tx.try_reserve_many(3)->size(), 3u); }, unchanged), 4u);
    EXPECT_EQ(fail_each_allocation([&] { tx = std::move(std::move(tx).reserve_owned().poll({})->value()).release(); },
                                   [&] {
                                       ASSERT_TRUE(tx) << "a failed reserve_owned has taken the sender";
                                       unchanged();
                                   }),
              1u);
    EXPECT_EQ(fail_each_allocation([&] { tx = std::move(*std::move(tx).try_reserve_owned()).release(); },
                                   [&] {
                                       ASSERT_TRUE(tx) << "a failed try_reserve_owned has taken the sender";
                                       unchanged();
                                   }),
              1u);
    unchanged();
    EXPECT_FALSE(rx.try_recv());
}

// Clause: alloc.
TEST(failing_allocations, in_the_buffer_of_a_recv_many_leave_every_value_in_the_channel) {
    auto [tx, rx] = channel<value>(8);
    for (value i = 0; i < 6; ++i) ASSERT_TRUE(tx.try_send(i));
    std::vector<value> into{77};
    const auto unchanged = [&] {
        EXPECT_EQ(rx.len(), 6u);
        EXPECT_EQ(tx.capacity(), 2u);
        EXPECT_EQ(into, std::vector<value>{77});
    };
    {
        auto op = rx.recv_many(into, 4);
        EXPECT_EQ(fail_each_allocation([&] { EXPECT_EQ(op.poll({}), 4u); }, unchanged), 1u);
    }
    EXPECT_EQ(into, (std::vector<value>{77, 0, 1, 2, 3}));
    EXPECT_EQ(tx.capacity(), 6u);
    into = std::vector<value>{77};
    ASSERT_TRUE(tx.try_send(6));
    ASSERT_TRUE(tx.try_send(7));
    ASSERT_TRUE(tx.try_send(8));
    ASSERT_TRUE(tx.try_send(9));
    EXPECT_EQ(fail_each_allocation([&] { EXPECT_EQ(rx.blocking_recv_many(into, 9), 6u); }, unchanged), 1u);
    EXPECT_EQ(into, (std::vector<value>{77, 4, 5, 6, 7, 8, 9}));
    EXPECT_FALSE(rx.try_recv()) << "or the receive that failed would still be unfinished";
}

// Clause: alloc.
TEST(failing_allocations, of_the_storage_of_a_batch_leave_every_value_in_the_span) {
    auto [tx, rx] = channel<value>(1000);
    std::vector<value> values(100, 7);
    std::span<value> rest(values);
    const auto unchanged = [&] {
        EXPECT_EQ(rest.size(), 100u);
        EXPECT_EQ(tx.capacity(), 1000u);
        EXPECT_EQ(rx.len(), 0u);
    };
    {
        auto op = tx.send_many(rest);
        EXPECT_GE(fail_each_allocation([&] { EXPECT_EQ(op.poll({}), 100u); }, unchanged), 1u);
    }
    EXPECT_EQ(rx.len(), 100u);
    EXPECT_TRUE(rest.empty());
}

// ---- Without any memory

/// What must go on without memory, for one type of values.
template <class T>
void live_without_memory() {
    auto [tx, rx] = channel<T>(101);
    auto few = *tx.try_reserve();
    auto owned = *tx.clone().try_reserve_owned();
    auto to_release = *tx.clone().try_reserve_owned();
    auto to_drop = *tx.clone().try_reserve_owned();
    auto many = *tx.try_reserve_many(97);
    auto waiting_send = tx.send(T(200));
    auto waiting_reserve = tx.reserve();
    auto cancelled = std::optional(tx.reserve());
    auto waiting_many = tx.reserve_many(2);
    auto left = std::optional(tx.send(T(300)));
    auto listener = tx.closed();
    ASSERT_FALSE(waiting_send.poll(counts_wake_ups));
    ASSERT_FALSE(waiting_reserve.poll(counts_wake_ups));
    ASSERT_FALSE(cancelled->poll(counts_wake_ups));
    ASSERT_FALSE(waiting_many.poll(counts_wake_ups));
    ASSERT_FALSE(left->poll(counts_wake_ups));
    ASSERT_FALSE(listener.poll(counts_wake_ups));

    const out_of_memory here;
    few.send(T(0));
    auto back = std::move(owned).send(T(1));
    int n = 2;
    for (auto& p : many) p.send(T(n++));
    auto released = std::move(to_release).release();  // to waiting_send
    EXPECT_TRUE(waiting_send.poll({})->has_value());
    {
        const auto dies = std::move(to_drop);
    }  // to waiting_reserve
    auto permit = std::move(*waiting_reserve.poll({})->operator->());
    cancelled.reset();
    for (int i = 0; i < 50; ++i) EXPECT_EQ(rx.try_recv()->number, i);  // to waiting_many and left
    {
        auto two = std::move(*waiting_many.poll({})->operator->());
        two.next()->send(T(201));
    }
    left.reset();
    rx.close();
    EXPECT_TRUE(listener.poll({}));
    permit.send(T(202));
    for (int i = 50; i < 99; ++i) EXPECT_EQ(rx.try_recv()->number, i);
    for (int i = 200; i < 203; ++i) EXPECT_EQ(rx.try_recv()->number, i);
    EXPECT_FALSE(rx.try_recv());
}

/// The receiver goes first; permits outlive it and their values die at once.
template <class T>
void die_without_memory() {
    auto ends = std::optional(channel<T>(101));
    auto sender = ends->first;
    auto other = sender;
    auto late = *sender.try_reserve();
    auto iterator = *sender.try_reserve_many(80);
    auto owned = *sender.clone().try_reserve_owned();
    for (int i = 0; i < 19; ++i) ASSERT_TRUE(sender.try_send(T(i)));
    auto waiting = std::optional(sender.send(T(100)));
    ASSERT_FALSE(waiting->poll(counts_wake_ups));
    const auto weak = sender.downgrade();

    const out_of_memory here;
    ends.reset();
    for (int i = 0; i < 40; ++i) iterator.next()->send(T(i));
    late.send(T(40));
    {
        const auto dies = std::move(owned);
    }
    {
        const auto dies = std::move(iterator);
    }
    waiting.reset();
    EXPECT_EQ(sender.capacity(), 101u);
    {
        const auto dies = std::move(other);
    }
    {
        const auto dies = std::move(sender);
    }
    EXPECT_FALSE(weak.upgrade());
}

// Clause: alloc.
TEST(without_memory, permits_are_sent_and_released_and_waiters_served_and_channels_closed) {
    // Values of the boxed type get their boxes with the permits.
    live_without_memory<wide>();
    live_without_memory<boxed>();
}

TEST(without_memory, a_channel_and_all_that_belongs_to_it_is_destroyed) {
    die_without_memory<wide>();
    die_without_memory<boxed>();
}

}  // namespace
}  // namespace tailrace
