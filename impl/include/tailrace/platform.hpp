// The platform interface: what the channel needs from the machine below it, as one template parameter.
//
// `std_platform` is for production. The interleaving search has a platform whose every operation is a scheduling point,
// the stress tests one that detects that all threads sleep. A platform provides:
//
//     atomic<T>     load, store, exchange, compare_exchange_strong, fetch_add, _sub, _and, _or, _xor; explicit orders
//     plain<T>      a variable that the protocol never lets two threads access at once: load, store
//     cell<T>       storage for one T under the same promise: put(T&&), take()
//     mutex         lock, unlock
//     parker        where one thread sleeps: park, park_until, unpark
//     clock         now(), for deadlines of the blocking forms
//     pause(n)      the n-th turn of a loop that waits for a few steps of another thread: busy at first, then asleep
//     in_async_context()
//     of_this_thread<T>()  the calling thread's own T
//     first_ticket  the number of the first message; in tests just below 2^36, where the numbers wrap around
//     block_slots   how many slots are allocated at a time, a power of two
//     ring_bytes    a ring of slots up to this size is allocated as a whole
//     kept_bytes    an idle channel keeps at most this much storage for slots, rounded up to a block
//
// After a change here run: ci/test -L impl
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "tailrace/async_context.hpp"
#include "tailrace/detail/deadline_after.hpp"
#include "tailrace/fwd.hpp"

namespace tailrace {

struct std_platform {
    template <class T>
    using atomic = std::atomic<T>;

    using mutex = std::mutex;
    using clock = std::chrono::steady_clock;

    template <class T>
    class plain {
      public:
        explicit plain(T v) noexcept : value_(v) {}
        [[nodiscard]] T load() const noexcept { return value_; }
        void store(T v) noexcept { value_ = v; }

      private:
        T value_;
    };

    template <class T>
    class cell {
      public:
        cell() noexcept {}
        ~cell() {}
        cell(const cell&) = delete;
        cell& operator=(const cell&) = delete;

        void put(T&& v) noexcept { std::construct_at(std::addressof(value_), std::move(v)); }
        [[nodiscard]] T take() noexcept {
            T v = std::move(value_);
            std::destroy_at(std::addressof(value_));
            return v;
        }

      private:
        union {
            T value_;
        };
    };

    /// Spins for a moment, then sleeps. A token: unpark() may come before park().
    ///
    /// It never yields: a yield gives a whole time slice to any ready thread, so the duration of a hand-off would
    /// depend on the busy threads beside it. A sleeping thread runs soon after it is woken.
    ///
    /// The sleeper may be destroyed as soon as park() has returned: unpark() touches the mutex only of a sleeper that
    /// cannot leave before that mutex is released.
    class parker {
      public:
        void park() noexcept { (void)park_until(clock::time_point::max()); }

        /// False if the deadline came first; a token that comes later stays valid.
        [[nodiscard]] bool park_until(clock::time_point deadline) noexcept {
            unsigned& turns = spin_turns();
            for (unsigned turn = 0; turn < turns; ++turn) {
                if (take_token()) {
                    if (turns < most_turns) turns *= 2;
                    return true;
                }
                relax();
            }
            if (turns > least_turns) turns /= 2;
            std::unique_lock guard(mutex_);
            auto expected = token::none;
            // Partner: the exchange in unpark. acquire, for a failure: the token carries what the waker did before it.
            if (!state_.compare_exchange_strong(expected, token::asleep, std::memory_order_acquire)) {
                state_.store(token::none, std::memory_order_relaxed);
                return true;
            }
            const auto woken = [this] { return delivered_; };
            if (deadline == clock::time_point::max()) {
                sleeper_.wait(guard, woken);
            } else if (!sleep_until(guard, deadline, woken)) {
                expected = token::asleep;
                if (state_.compare_exchange_strong(expected, token::none, std::memory_order_relaxed,
                                                   std::memory_order_relaxed)) {
                    return false;
                }
                sleeper_.wait(guard, woken);  // the waker has committed itself and is on its way to the mutex
            }
            delivered_ = false;
            state_.store(token::none, std::memory_order_relaxed);
            return true;
        }

        void unpark() noexcept {
            // release: what happened before the wake-up happens before the return of park.
            if (state_.exchange(token::given, std::memory_order_release) != token::asleep) return;
            const std::lock_guard guard(mutex_);
            delivered_ = true;
            sleeper_.notify_one();
        }

      private:
        enum class token : unsigned char { none, given, asleep };
        // How long this thread spins: twice as long after each time that it paid, half as long after a time that it did
        // not: so where two threads share a processor, and the other cannot go on before this is over, it hardly
        // spins. Two threads that have both come to that go on to sleep, also where spinning would pay again.
        static constexpr unsigned least_turns = 8;
        static constexpr unsigned most_turns = 1024;
        [[nodiscard]] static unsigned& spin_turns() noexcept {
            constinit thread_local unsigned turns = 64;
            return turns;
        }

        template <class Predicate>
        bool sleep_until(std::unique_lock<std::mutex>& guard, clock::time_point deadline, Predicate woken) {
            while (!sleeper_.wait_until(guard, detail::within_a_day<clock>(deadline), woken)) {
                if (clock::now() >= deadline) return false;
            }
            return true;
        }

        bool take_token() noexcept {
            // The load is cheap; the exchange is acquire, partner of unpark, and takes one token only.
            return state_.load(std::memory_order_relaxed) == token::given &&
                   state_.exchange(token::none, std::memory_order_acquire) == token::given;
        }

        std::atomic<token> state_{token::none};
        std::mutex mutex_;
        std::condition_variable sleeper_;
        bool delivered_ = false;  // by the mutex
    };

    /// The first turns spin. If the other thread is not done by then, it has probably lost its processor: from here on
    /// this sleeps, each time twice as long, up to a millisecond. A yield is not enough: it may run any other thread.
    static void pause(unsigned turn) noexcept {
        constexpr unsigned busy_turns = 64;
        constexpr unsigned doublings = 10;
        if (turn < busy_turns) return relax();
        const unsigned slept = turn - busy_turns;
        std::this_thread::sleep_for(std::chrono::microseconds(1 << (slept < doublings ? slept : doublings)));
    }

    [[nodiscard]] static bool in_async_context() noexcept { return async_context::active(); }

    template <class T>
    [[nodiscard]] static T& of_this_thread() noexcept {
        thread_local T value;
        return value;
    }

    static constexpr std::uint64_t first_ticket = 0;
    static constexpr std::uint64_t block_slots = 8;
    static constexpr std::uint64_t ring_bytes = std::uint64_t{32} * 1024;
    static constexpr std::uint64_t kept_bytes = std::uint64_t{256} * 1024;

  private:
    /// The hint to the processor that this is a spin loop.
    static void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }
};

}  // namespace tailrace
