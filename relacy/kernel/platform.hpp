// The simulated platform: atomics, mutexes, parkers and a clock, on which the channels' headers run unchanged.
//
// Every operation is a scheduling point and carries the source position of its caller, by which order_seam.hpp can
// weaken its order. A shadow detects races on plain data. Sleeping is a state of the simulation. If no thread is left
// that could wake a sleeper, that is a deadlock, so a lost wake-up is detected. Time is not simulated: a deadline
// expires whenever the search chooses.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "kernel/order_seam.hpp"
#include "kernel/relacy.hpp"
#include "kernel/shadow.hpp"
#include "kernel/simulation.hpp"

namespace tailrace::relacy {

/// The Platform for tailrace::channel, tailrace::model::reference_channel and any other channel that takes one.
struct relacy_platform {
    using where = std::source_location;

    /// Like std::atomic, for integers, enumerations, pointers and bool. Every order must be given, so that no channel
    /// uses a default one by accident.
    template <class T>
    class atomic {
      public:
        using value_type = T;
        static constexpr bool is_always_lock_free = true;

        atomic(where at = where::current()) : atomic(T{}, at) {}
        explicit atomic(T v, where at = where::current()) {
            const rl::preemption_disabler not_shared_yet(rl::ctx());
            word_.store(to_word(v), rl::mo_relaxed, site(at));
        }
        atomic(const atomic&) = delete;
        atomic& operator=(const atomic&) = delete;

        [[nodiscard]] T load(std::memory_order order, where at = where::current()) const {
            const scheduling_point here;
            return from_word(word_.load(order_at(order, at), site(at)));
        }
        void store(T v, std::memory_order order, where at = where::current()) {
            const scheduling_point here;
            word_.store(to_word(v), order_at(order, at), site(at));
        }
        T exchange(T v, std::memory_order order, where at = where::current()) {
            const scheduling_point here;
            return from_word(word_.exchange(to_word(v), order_at(order, at), site(at)));
        }
        bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure,
                                     where at = where::current()) {
            return compare_exchange<false>(expected, desired, success, failure, at);
        }
        bool compare_exchange_strong(T& expected, T desired, std::memory_order order, where at = where::current()) {
            return compare_exchange<false>(expected, desired, order, after_failure(order), at);
        }
        /// May fail spuriously under the random scheduler.
        bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order failure,
                                   where at = where::current()) {
            return compare_exchange<true>(expected, desired, success, failure, at);
        }
        bool compare_exchange_weak(T& expected, T desired, std::memory_order order, where at = where::current()) {
            return compare_exchange<true>(expected, desired, order, after_failure(order), at);
        }
        T fetch_add(T v, std::memory_order order, where at = where::current()) {
            const scheduling_point here;
            return word_.fetch_add(v, order_at(order, at), site(at));
        }
        T fetch_sub(T v, std::memory_order order, where at = where::current()) {
            const scheduling_point here;
            return word_.fetch_sub(v, order_at(order, at), site(at));
        }
        T fetch_and(T v, std::memory_order order, where at = where::current()) {
            const scheduling_point here;
            return word_.fetch_and(v, order_at(order, at), site(at));
        }
        T fetch_or(T v, std::memory_order order, where at = where::current()) {
            const scheduling_point here;
            return word_.fetch_or(v, order_at(order, at), site(at));
        }
        T fetch_xor(T v, std::memory_order order, where at = where::current()) {
            const scheduling_point here;
            return word_.fetch_xor(v, order_at(order, at), site(at));
        }

        /// Returns only when a load has seen another value. A thread that is not notified sleeps for ever, which is a
        /// deadlock if no other thread runs.
        void wait(T old, std::memory_order order, where at = where::current()) const {
            while (load(order, at) == old) {
                const scheduling_point here;
                // The last check before the sleep sees the newest value, like the kernel's.
                word_type newest = to_word(old);
                if (word_.compare_exchange(rl::bool_t<false>(), newest, newest, rl::mo_relaxed, rl::mo_relaxed,
                                           site(at))) {
                    (void)word_.wait(rl::ctx(), false, true, site(at));
                }
            }
        }
        void notify_one(where at = where::current()) {
            const scheduling_point here;
            rl::ctx().sched();
            (void)word_.wake(rl::ctx(), 1, site(at));
        }
        void notify_all(where at = where::current()) {
            const scheduling_point here;
            rl::ctx().sched();
            (void)word_.wake(rl::ctx(), static_cast<rl::thread_id_t>(most_threads), site(at));
        }

      private:
        static rl::memory_order order_at(std::memory_order order, const where& at) noexcept {
            return relacy_order(order_seam::pass(order, order_role::operation, at));
        }
        static constexpr std::memory_order after_failure(std::memory_order order) noexcept {
            switch (order) {
                case std::memory_order_acq_rel: return std::memory_order_acquire;
                case std::memory_order_release: return std::memory_order_relaxed;
                default: return order;
            }
        }
        template <bool Weak>
        bool compare_exchange(T& expected, T desired, std::memory_order success, std::memory_order failure,
                              const where& at) {
            success = order_seam::pass(success, order_role::operation, at);
            failure = order_seam::pass(failure, order_role::failure, at);
            // Relacy ignores the failure order if the success order does not acquire.
            const bool acquires = success != std::memory_order_relaxed && success != std::memory_order_release;
            expect(acquires || failure == std::memory_order_relaxed, unsimulated_orders, at);
            const scheduling_point here;
            word_type seen = to_word(expected);
            const bool done = word_.compare_exchange(rl::bool_t<Weak>(), seen, to_word(desired), relacy_order(success),
                                                     relacy_order(failure), site(at));
            expected = from_word(seen);
            return done;
        }

        // Relacy prints what it stores, so enumerators, pointers and characters are stored as numbers.
        static constexpr bool is_number = std::is_integral_v<T> && std::numeric_limits<T>::digits > 8;
        using word_type =
            std::conditional_t<is_number, T, std::conditional_t<std::is_pointer_v<T>, std::uintptr_t, unsigned>>;

        static word_type to_word(T v) noexcept {
            if constexpr (std::is_pointer_v<T>) {
                return reinterpret_cast<word_type>(v);
            } else {
                return static_cast<word_type>(v);
            }
        }
        static T from_word(word_type w) noexcept {
            if constexpr (std::is_pointer_v<T>) {
                return reinterpret_cast<T>(w);
            } else {
                return static_cast<T>(w);
            }
        }

        mutable rl::atomic<word_type> word_;
    };

    /// With the default orders of std::atomic, for channels that were not written for this platform.
    template <class T>
    class std_atomic : public atomic<T> {
        static constexpr auto strongest = std::memory_order_seq_cst;
        using order_type = std::memory_order;

      public:
        using atomic<T>::atomic;

        [[nodiscard]] T load(order_type order = strongest, where at = where::current()) const {
            return atomic<T>::load(order, at);
        }
        void store(T v, order_type order = strongest, where at = where::current()) { atomic<T>::store(v, order, at); }
        T exchange(T v, order_type order = strongest, where at = where::current()) {
            return atomic<T>::exchange(v, order, at);
        }
        using atomic<T>::compare_exchange_strong;
        bool compare_exchange_strong(T& expected, T desired, where at = where::current()) {
            return atomic<T>::compare_exchange_strong(expected, desired, strongest, at);
        }
        using atomic<T>::compare_exchange_weak;
        bool compare_exchange_weak(T& expected, T desired, where at = where::current()) {
            return atomic<T>::compare_exchange_weak(expected, desired, strongest, at);
        }
        T fetch_add(T v, order_type order = strongest, where at = where::current()) {
            return atomic<T>::fetch_add(v, order, at);
        }
        T fetch_sub(T v, order_type order = strongest, where at = where::current()) {
            return atomic<T>::fetch_sub(v, order, at);
        }
        T fetch_and(T v, order_type order = strongest, where at = where::current()) {
            return atomic<T>::fetch_and(v, order, at);
        }
        T fetch_or(T v, order_type order = strongest, where at = where::current()) {
            return atomic<T>::fetch_or(v, order, at);
        }
        T fetch_xor(T v, order_type order = strongest, where at = where::current()) {
            return atomic<T>::fetch_xor(v, order, at);
        }
        void wait(T old, order_type order = strongest, where at = where::current()) const {
            atomic<T>::wait(old, order, at);
        }
    };

    static void fence(std::memory_order order, where at = where::current()) {
        const scheduling_point here;
        rl::atomic_thread_fence(relacy_order(order), site(at));
    }

    /// A variable that is not atomic. The search reports a race on it.
    template <class T>
    class plain {
      public:
        plain() = default;
        explicit plain(T v) : value_(v) {}
        plain(const plain&) = delete;
        plain& operator=(const plain&) = delete;

        [[nodiscard]] T load(where at = where::current()) const {
            shadow_.load(at);
            return value_;
        }
        void store(T v, where at = where::current()) {
            shadow_.store(at);
            value_ = v;
        }

      private:
        T value_{};
        mutable shadow shadow_;
    };

    /// Reserved storage for one T, with the same race detection. It also reports a value that overwrites another one,
    /// and a take from empty storage.
    template <class T>
    class cell {
      public:
        cell() {}
        ~cell() {}
        cell(const cell&) = delete;
        cell& operator=(const cell&) = delete;

        void put(T&& v, where at = where::current()) {
            shadow_.store(at);
            expect(!full_, "a value was put where another one still is", at);
            full_ = true;
            std::construct_at(&value_, std::move(v));
        }
        [[nodiscard]] T& look(where at = where::current()) {
            shadow_.load(at);
            expect(full_, "a value was looked at where there is none", at);
            return value_;
        }
        [[nodiscard]] T take(where at = where::current()) {
            shadow_.store(at);
            expect(full_, "a value was taken where there is none", at);
            full_ = false;
            T v = std::move(value_);
            std::destroy_at(&value_);
            return v;
        }

      private:
        union {
            T value_;
        };
        bool full_ = false;
        shadow shadow_;
    };

    class mutex {
      public:
        mutex() = default;
        mutex(const mutex&) = delete;
        mutex& operator=(const mutex&) = delete;

        void lock(where at = where::current()) {
            const scheduling_point here;
            mutex_.lock(site(at));
        }
        [[nodiscard]] bool try_lock(where at = where::current()) {
            const scheduling_point here;
            return mutex_.try_lock(site(at));
        }
        void unlock(where at = where::current()) {
            const scheduling_point here;
            mutex_.unlock(site(at));
        }

      private:
        rl::mutex mutex_;
    };

    /// May wake spuriously under the random scheduler.
    class condition_variable {
      public:
        condition_variable(where at = where::current()) { variable_.init(true, site(at)); }
        ~condition_variable() { variable_.deinit(site(where::current())); }
        condition_variable(const condition_variable&) = delete;
        condition_variable& operator=(const condition_variable&) = delete;

        void wait(std::unique_lock<mutex>& guard, where at = where::current()) {
            const scheduling_point here;
            adapter lock{guard};
            (void)variable_.wait(lock, false, site(at));
        }
        template <class Predicate>
        void wait(std::unique_lock<mutex>& guard, Predicate done, where at = where::current()) {
            while (!done()) wait(guard, at);
        }
        template <class TimePoint>
        std::cv_status wait_until(std::unique_lock<mutex>& guard, TimePoint deadline, where at = where::current()) {
            const scheduling_point here;
            adapter lock{guard};
            if (variable_.wait(lock, true, site(at)) != rl::sema_wakeup_reason_timeout)
                return std::cv_status::no_timeout;
            simulation::pass_time(deadline.time_since_epoch());
            return std::cv_status::timeout;
        }
        template <class TimePoint, class Predicate>
        bool wait_until(std::unique_lock<mutex>& guard, TimePoint deadline, Predicate done,
                        where at = where::current()) {
            while (!done()) {
                if (wait_until(guard, deadline, at) == std::cv_status::timeout) return done();
            }
            return true;
        }
        template <class Rep, class Period, class... Predicate>
        auto wait_for(std::unique_lock<mutex>& guard, std::chrono::duration<Rep, Period> time, Predicate... done) {
            return wait_until(guard, clock::now() + time, std::move(done)...);
        }
        void notify_one(where at = where::current()) {
            const scheduling_point here;
            variable_.notify_one(site(at));
        }
        void notify_all(where at = where::current()) {
            const scheduling_point here;
            variable_.notify_all(site(at));
        }

      private:
        struct adapter {
            std::unique_lock<mutex>& guard;
            void lock(const rl::debug_info&) { guard.lock(); }
            void unlock(const rl::debug_info&) { guard.unlock(); }
        };
        struct tag;
        rl::condvar<tag> variable_;
    };

    /// The clock of the execution. It stands still, and jumps to a deadline when that expires.
    struct clock {
        using duration = std::chrono::nanoseconds;
        using rep = duration::rep;
        using period = duration::period;
        using time_point = std::chrono::time_point<clock>;
        static constexpr bool is_steady = true;
        [[nodiscard]] static time_point now() noexcept { return time_point(simulation::now()); }
    };

    /// Blocks one thread until a token is there. park never returns without the token, so a lost wake-up is a deadlock.
    class parker {
      public:
        parker(where at = where::current()) : token_(at) {}
        parker(const parker&) = delete;
        parker& operator=(const parker&) = delete;

        void park(where at = where::current()) { (void)sleep(false, at); }
        [[nodiscard]] bool park_until(clock::time_point deadline, where at = where::current()) {
            const bool timed = deadline != clock::time_point::max();
            if (sleep(timed, at)) return true;
            simulation::pass_time(deadline.time_since_epoch());
            return false;
        }
        void unpark(where at = where::current()) {
            const scheduling_point here;
            (void)token_.exchange(1, rl::mo_release, site(at));
            (void)token_.wake(rl::ctx(), 1, site(at));  // no other thread runs between these two
        }

      private:
        struct word : rl::atomic<unsigned> {
            explicit word(const where& at) {
                const rl::preemption_disabler not_shared_yet(rl::ctx());
                store(0, rl::mo_relaxed, site(at));
            }
        };

        /// False if the deadline expired first.
        bool sleep(bool timed, const where& at) {
            const scheduling_point here;
            bool due = false;
            for (;;) {
                if (token_.exchange(0, rl::mo_acquire, site(at)) != 0) return true;
                if (due) return false;
                due = token_.wait(rl::ctx(), timed, false, site(at)) == rl::unpark_reason_timeout;
            }
        }

        word token_;
    };

    /// Yields to the other threads. A spin loop ends only because of them.
    static void pause(unsigned /*turn*/, where at = where::current()) {
        const scheduling_point here;
        rl::yield(1, site(at));
    }

    /// Not for a moment: what it would find, the polls that follow find too.
    template <class Look>
    [[nodiscard]] static bool look_until(Look /*look*/) {
        return false;
    }

    [[nodiscard]] static bool in_async_context() { return simulation::async_depth() > 0; }

    /// One object for each simulated thread, created anew for each execution. It must hold ordinary data only, because
    /// the old object is destroyed after its execution.
    template <class T>
    [[nodiscard]] static T& of_this_thread() {
        static std::array<std::optional<T>, most_threads> values;
        static std::uint64_t execution = 0;
        if (std::exchange(execution, simulation::number()) != simulation::number()) {
            for (std::optional<T>& v : values) v.reset();
        }
        std::optional<T>& mine = values[rl::thread_index()];
        return mine ? *mine : mine.emplace();
    }

    // Small blocks, so that a few operations cross from one block to the next. The ring reuses its blocks in place.
    static constexpr std::uint64_t first_ticket = 0;
    static constexpr std::uint64_t block_slots = 2;
    static constexpr std::uint64_t ring_bytes = std::uint64_t{64} * 1024;
    static constexpr std::uint64_t kept_bytes = std::uint64_t{64} * 1024;
};

/// The same with the storage of a channel of large capacity: every receive frees a block, which is reused at the far
/// end.
struct recycling_platform : relacy_platform {
    static constexpr std::uint64_t block_slots = 1;
    static constexpr std::uint64_t ring_bytes = 0;
    static constexpr std::uint64_t kept_bytes = 0;
};

}  // namespace tailrace::relacy
