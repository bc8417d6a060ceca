// Every public function of the library, called once: as a program without exceptions and without
// run-time types, with all warnings on. A new public function is called here.
// After a change here run: ci/test -R impl.compile
#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <span>
#include <stop_token>
#include <streambuf>
#include <type_traits>
#include <utility>
#include <vector>

#include "tailrace/async_context.hpp"
#include "tailrace/blocking.hpp"
#include "tailrace/channel.hpp"
#include "tailrace/deadline.hpp"
#include "tailrace/errors.hpp"
#include "tailrace/manual_clock.hpp"
#include "tailrace/operations.hpp"
#include "tailrace/permit.hpp"
#include "tailrace/platform.hpp"
#include "tailrace/receive_operations.hpp"
#include "tailrace/receiver.hpp"
#include "tailrace/sender.hpp"
#include "tailrace/stop.hpp"
#include "tailrace/timer.hpp"
#include "tailrace/waker.hpp"
#include "tailrace/weak_sender.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this is to be compiled without exceptions and without run-time types"
#endif

namespace {

using namespace std::chrono_literals;

void expect(bool what, int line) {
    if (what) return;
    std::fprintf(stderr, "every_function.cpp:%d: not as expected\n", line);
    std::exit(1);
}
#define EXPECT(...) expect(static_cast<bool>(__VA_ARGS__), __LINE__)

/// The kinds of values that travel differently: of no interest, not to be copied, with a move that
/// may throw.
struct number {
    explicit number(int v) : n(v) {}
    int n;
};
struct unique {
    explicit unique(int v) : n(std::make_unique<int>(v)) {}
    std::unique_ptr<int> n;
};
struct boxed {
    explicit boxed(int v) : n(v) {}
    boxed(boxed&& other) noexcept(false) : n(other.n) {}
    boxed& operator=(boxed&& other) noexcept(false) {
        n = other.n;
        return *this;
    }
    int n;
};

struct task {
    struct promise_type {
        task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::abort(); }
    };
};

class run_queue {
  public:
    void execute(const tailrace::waker& w) noexcept { waiting_.push_back(w); }
    void run() {
        for (const auto& w : std::exchange(waiting_, {})) w();
    }

  private:
    std::vector<tailrace::waker> waiting_;
};

struct nowhere : std::streambuf {
    int overflow(int c) override { return c; }
};

template <class X>
concept printable = requires(std::ostream& out, const X& x) { out << x; };

template <class T>
void without_waiting() {
    nowhere buffer;
    std::ostream out(&buffer);

    auto [tx, rx] = tailrace::channel<T>(4);
    EXPECT(tx && rx);
    auto other = tx;
    other = tx;
    other = tx.clone();
    auto moved = std::move(other);
    other = std::move(moved);
    EXPECT(other.same_channel(tx) && !moved);
    EXPECT(tx.capacity() == 4 && tx.max_capacity() == 4 && tx.len() == 0 && !tx.is_closed());
    EXPECT(tx.strong_count() == 2 && tx.weak_count() == 0);

    auto weak = tx.downgrade();
    auto weak2 = weak;
    weak2 = weak;
    auto weak3 = std::move(weak2);
    weak2 = std::move(weak3);
    EXPECT(weak && weak2 && weak.upgrade()->same_channel(tx));
    EXPECT(weak.strong_count() == 2 && weak.weak_count() == 2);
    out << tx << rx << weak;

    if constexpr (std::is_nothrow_move_constructible_v<T>) {
        std::array<T, 2> values{T(1), T(2)};
        std::span<T> rest(values);
        EXPECT(tx.try_send_many(rest) == 2 && rest.empty());
        EXPECT(rx.try_recv() && rx.try_recv());
        EXPECT(tx.try_send_many(rest) == 0);
    }
    EXPECT(tx.try_send(T(1)));
    auto permit = *tx.try_reserve();
    permit = *tx.try_reserve();
    EXPECT(permit);
    permit.send(T(2));
    EXPECT(!permit);
    auto many = *tx.try_reserve_many(2);
    many = *tx.try_reserve_many(0);
    many = *tx.try_reserve_many(2);
    EXPECT(many && many.size() == 2);
    many.next()->send(T(3));
    for (auto& p : many) p.send(T(4));
    EXPECT(many.begin() == many.end());
    auto full = tx.try_send(T(5));
    EXPECT(full.error().reason == tailrace::try_error::full);
    out << full.error() << full.error().reason;
    EXPECT(tx.try_reserve().error() == tailrace::try_reserve_error::full);
    auto refused = std::move(other).try_reserve_owned();
    out << refused.error();
    other = std::move(refused.error().sender);

    auto rx2 = std::move(rx);
    rx = std::move(rx2);
    EXPECT(rx.len() == 4 && !rx.is_empty() && rx.capacity() == 0 && rx.max_capacity() == 4);
    EXPECT(rx.sender_strong_count() == 2 && rx.sender_weak_count() == 2 && !rx.is_closed());
    EXPECT(rx.try_peek() != nullptr && rx.len() == 4);
    for (int i = 0; i < 4; ++i) EXPECT(rx.try_recv());
    EXPECT(rx.try_peek() == nullptr);
    const auto empty = rx.try_recv();
    EXPECT(empty.error() == tailrace::try_recv_error::empty);
    out << empty.error();

    auto owned = *std::move(other).try_reserve_owned();
    EXPECT(owned);
    other = std::move(owned).release();
    owned = *std::move(other).try_reserve_owned();
    other = std::move(owned).send(T(6));
    rx.close();
    EXPECT(tx.is_closed() && rx.is_closed() && rx.try_recv());
    EXPECT(rx.try_recv().error() == tailrace::try_recv_error::disconnected);
}

template <class T>
void driven() {
    auto [tx, rx] = tailrace::channel<T>(1);
    int woken = 0;
    const tailrace::waker w = {[](void* n) noexcept { ++*static_cast<int*>(n); }, &woken};
    EXPECT(w == w);
    tailrace::waker{}();

    EXPECT(*tx.send(T(1)).poll(w));
    EXPECT(*rx.peek().poll(w) != nullptr);
    {
        auto second = tx.send(T(2));
        EXPECT(!second.poll(w) && rx.recv().poll(w) && woken == 1 && *second.poll(w));
        auto stopped = tx.send(T(3));
        EXPECT(!stopped.poll(w));
        typename decltype(stopped)::owed_wakes owed;
        EXPECT(stopped.stop_waiting(owed) == tailrace::detail::stopped::undecided);
    }
    EXPECT(rx.recv().poll(w));
    if constexpr (std::is_nothrow_move_constructible_v<T>) {
        std::array<T, 1> values{T(1)};
        std::span<T> rest(values);
        EXPECT(tx.send_many(rest).poll(w) == 1 && rest.empty());
        EXPECT(rx.recv().poll(w));
        rest = values;
        EXPECT(tx.blocking_send_many(rest) == 1);
        EXPECT(rx.recv().poll(w));
    }
    EXPECT(*tx.reserve().poll(w));
    EXPECT(*tx.reserve_many(1).poll(w));
    EXPECT(*tx.clone().reserve_owned().poll(w));
    std::vector<T> into;
    EXPECT(!rx.recv_many(into, 2).poll(w));
    EXPECT(tx.try_send(T(4)));
    EXPECT(rx.recv_many(into, 2).poll(w) == 1);
    auto closed = tx.closed();
    EXPECT(!closed.poll(w));
    rx.close();
    EXPECT(closed.poll(w));
    auto refused = *tx.send(T(5)).poll(w);
    EXPECT(!refused);
    nowhere buffer;
    std::ostream(&buffer) << refused.error() << (*tx.reserve().poll(w)).error();
    EXPECT((*tx.reserve().poll(w)).error() == tailrace::closed_error{});
}

template <class T>
void interrupted() {
    auto [tx, rx] = tailrace::channel<T>(1);
    tailrace::manual_clock clock;
    EXPECT(clock.now() == tailrace::manual_clock::time_point{});
    tailrace::manual_clock::timer timer;
    timer.arm(clock, clock.now() + 1h, {});
    EXPECT(timer.disarm());
    EXPECT(*tx.send_timeout(T(1), 1h, clock).poll({}));
    auto late = tx.send_timeout(T(2), 1h, clock);
    EXPECT(!late.poll({}));
    clock.advance(1h);
    auto timed_out = *late.poll({});
    EXPECT(timed_out.error().reason == tailrace::timeout_error::timeout);
    nowhere buffer;
    std::ostream(&buffer) << timed_out.error() << timed_out.error().reason;
    EXPECT(*rx.recv_timeout(1h, clock).poll({}));
    EXPECT(*tailrace::with_timeout(tx.reserve(), 1h, clock).poll({}));
    EXPECT(*tailrace::with_timeout(tx.reserve_many(1), 1h, clock).poll({}));
    EXPECT(*tailrace::with_timeout(tx.clone().reserve_owned(), 1h, clock).poll({}));
    EXPECT(!tailrace::with_timeout(tx.closed(), 1h, clock).poll({}));

    EXPECT(tx.send_timeout(T(3), 1h).poll({}));
    EXPECT(rx.recv_timeout(1h).poll({}));
    EXPECT(!tailrace::with_timeout(rx.recv(), 1h).poll({}));
    tailrace::timer_thread own;
    tailrace::timer_thread::timer of_own;
    of_own.arm(own, own.now() + 1h, {});
    EXPECT(of_own.disarm());
    (void)tailrace::default_timer().now();

    std::stop_source source;
    auto stoppable = tailrace::with_stop(rx.recv(), source.get_token());
    EXPECT(!stoppable.poll({}));
    source.request_stop();
    const auto stopped = *stoppable.poll({});
    EXPECT(stopped.error() == tailrace::stop_error::stopped);
    std::ostream(&buffer) << stopped.error();
    std::vector<T> into;
    EXPECT(!*tailrace::with_stop(rx.recv_many(into, 1), source.get_token()).poll({}));
}

template <class T>
void blocking() {
    auto [tx, rx] = tailrace::channel<T>(1);
    EXPECT(tx.blocking_send(T(1)));
    EXPECT(!tx.blocking_send_timeout(T(2), 0ms));
    EXPECT(!tx.blocking_reserve_timeout(0ms));
    EXPECT(rx.blocking_recv());
    EXPECT(!rx.blocking_recv_timeout(0ms));
    tx.blocking_reserve()->send(T(3));
    std::vector<T> into;
    EXPECT(rx.blocking_recv_many(into, 2) == 1);
    EXPECT(tailrace::block_on(tx.send(T(4))));
    EXPECT(tailrace::block_on(tailrace::with_stop(rx.recv(), {})));
    EXPECT(!tailrace::async_context::active());
    const tailrace::async_context here;
    EXPECT(tailrace::async_context::active());
}

template <class T>
task awaiting(tailrace::sender<T, tailrace::std_platform> tx, tailrace::receiver<T, tailrace::std_platform> rx,
              run_queue& queue, int& done) {
    EXPECT(co_await tx.send(T(1)));
    EXPECT(co_await rx.recv());
    EXPECT(co_await tx.reserve());
    EXPECT(co_await tx.reserve_many(1));
    EXPECT(co_await tx.clone().reserve_owned());
    EXPECT(co_await tailrace::resume_on(queue, tx.send_timeout(T(2), 1h)));
    std::vector<T> into;
    EXPECT((co_await rx.recv_many(into, 1)) == 1);
    std::stop_source source;
    source.request_stop();
    EXPECT(!co_await tailrace::resume_on(queue, tailrace::with_stop(rx.recv(), source.get_token())));
    rx.close();
    (void)co_await tx.closed();
    ++done;
}

template <class T>
task receiving(tailrace::receiver<T, tailrace::std_platform> rx, run_queue& queue, int& received) {
    while (auto v = co_await tailrace::resume_on(queue, rx.recv())) ++received;
}

template <class T>
void awaited() {
    run_queue queue;
    int done = 0;
    auto [tx, rx] = tailrace::channel<T>(1);
    (void)awaiting(tx, std::move(rx), queue, done);
    EXPECT(done == 1);

    auto ends = tailrace::channel<T>(1);
    int received = 0;
    (void)receiving(std::move(ends.second), queue, received);
    EXPECT(ends.first.try_send(T(1)) && received == 0);
    queue.run();
    EXPECT(received == 1);
    {
        const auto last = std::move(ends.first);
    }
    queue.run();
}

template <class T>
void all() {
    without_waiting<T>();
    driven<T>();
    interrupted<T>();
    blocking<T>();
    awaited<T>();
}

static_assert(printable<tailrace::closed_error> && printable<tailrace::send_error<unique>>);
static_assert(tailrace::executor<run_queue>);
static_assert(tailrace::waiting_operation<tailrace::recv_operation<unique, tailrace::std_platform>>);

}  // namespace

int main() {
    all<number>();
    all<unique>();
    all<boxed>();
}
