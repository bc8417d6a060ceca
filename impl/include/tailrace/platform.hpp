// The platform interface: what the channel needs from the machine below it, as one template parameter.
//
// `std_platform` is for production. The interleaving search has a platform whose every operation is a scheduling point,
// the stress tests one that detects that all threads sleep. A platform provides:
//
//     atomic<T>     load, store, exchange, compare_exchange_strong, fetch_add, _sub, _and, _or, _xor; explicit orders
//     plain<T>      a variable that the protocol never lets two threads access at once: load, store; plain() has no
//                   value yet
//     cell<T>       storage for one T under the same promise: put(T&&), take()
//     mutex         lock, unlock
//     parker        where one thread sleeps: park, park_until, unpark
//     clock         now(), for deadlines of the blocking forms
//     look_until(l) calls l() for a moment, or not at all, until it is true; false if it was not
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
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include "tailrace/async_context.hpp"
#include "tailrace/detail/sleep.hpp"
#include "tailrace/fwd.hpp"

namespace tailrace {

/// The platform of programs: the standard library's atomics and clock, and locks and sleeping threads made of futexes
/// where there are any.
struct std_platform {
    /// An atomic variable.
    template <class T>
    using atomic = std::atomic<T>;

    /// A mutex.
    using mutex = detail::sleeping_mutex;
    /// The clock of the blocking forms.
    using clock = detail::sleep_clock;

    /// A variable that is never accessed by two threads at once.
    template <class T>
    class plain {
      public:
        /// No value yet.
        plain() noexcept {}
        /// With a value.
        explicit plain(T v) noexcept : value_(v) {}
        /// The value.
        [[nodiscard]] T load() const noexcept { return value_; }
        /// Replaces the value.
        void store(T v) noexcept { value_ = v; }

      private:
        union {
            T value_;
        };
    };

    /// Storage for one T that is never accessed by two threads at once.
    template <class T>
    class cell {
      public:
        /// Empty.
        cell() noexcept {}
        /// Must be empty.
        ~cell() {}
        cell(const cell&) = delete;
        cell& operator=(const cell&) = delete;

        /// Fills it.
        void put(T&& v) noexcept { std::construct_at(std::addressof(value_), std::move(v)); }
        /// What is in it.
        [[nodiscard]] T& look() noexcept { return value_; }
        /// Empties it.
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

    /// Where one thread sleeps.
    using parker = detail::sleeping_parker;

    /// Looks until look() is true, for a moment. False: it is time to sleep.
    template <class Look>
    [[nodiscard]] static bool look_until(Look look) {
        return detail::patience::of_this_thread().look_until(std::move(look));
    }

    /// The first turns spin. If the other thread is not done by then, it has probably lost its processor: from here on
    /// this sleeps, each time twice as long, up to a millisecond. A yield is not enough: it may run any other thread.
    static void pause(unsigned turn) noexcept {
        constexpr unsigned busy_turns = 64;
        constexpr unsigned doublings = 10;
        if (turn < busy_turns) return detail::relax();
        const unsigned slept = turn - busy_turns;
        std::this_thread::sleep_for(std::chrono::microseconds(1 << (slept < doublings ? slept : doublings)));
    }

    /// Whether the calling thread is in an async_context.
    [[nodiscard]] static bool in_async_context() noexcept { return async_context::active(); }

    /// The calling thread's own T.
    template <class T>
    [[nodiscard]] static T& of_this_thread() noexcept {
        thread_local T value;
        return value;
    }

    /// The number of the first message.
    static constexpr std::uint64_t first_ticket = 0;
    /// How many slots are allocated at a time.
    static constexpr std::uint64_t block_slots = 8;
    /// A ring of slots up to this size is allocated as a whole.
    static constexpr std::uint64_t ring_bytes = std::uint64_t{32} * 1024;
    /// An idle channel keeps at most this much storage for slots, rounded up to a block.
    static constexpr std::uint64_t kept_bytes = std::uint64_t{256} * 1024;
};

}  // namespace tailrace
