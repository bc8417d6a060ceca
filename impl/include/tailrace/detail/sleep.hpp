// Sleeping until a word changes, and what std_platform builds on it: a mutex of four bytes, a parker, and how long a
// thread looks before it sleeps. No system call unless a thread sleeps. On 64-bit Linux the word is a futex; elsewhere,
// or with TAILRACE_NO_FUTEX, a table of condition variables stands in for it.
//
//     mutex   free ──lock──▶ taken ──lock of another──▶ contended        unlock: free; wakes one if it was contended
//     parker  none ──park──▶ sleeping ──unpark──▶ token ──▶ none         unpark() may come first
//
// After a change here run: ci/test -L impl && ci/test -L stress
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

#if defined(__linux__) && defined(__LP64__) && !defined(TAILRACE_NO_FUTEX)
#define TAILRACE_FUTEX
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>
#else
#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#endif

namespace tailrace::detail {

/// The hint to the processor that this is a spin loop.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

using sleep_word = std::atomic<std::uint32_t>;
using sleep_clock = std::chrono::steady_clock;

#ifdef TAILRACE_FUTEX

/// Sleeps if the word has this value. Returns after wake_one, at the deadline, or for no reason.
inline void sleep_while(const sleep_word& word, std::uint32_t value, sleep_clock::time_point deadline) noexcept {
    static_assert(sizeof(sleep_word) == sizeof(std::uint32_t));
    timespec until{};
    const bool timed = deadline != sleep_clock::time_point::max();
    if (timed) {
        const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
        if (since < 0) return;
        until.tv_sec = static_cast<std::time_t>(since / 1'000'000'000);
        until.tv_nsec = static_cast<long>(since % 1'000'000'000);
    }
    (void)syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value, timed ? &until : nullptr, nullptr,
                  FUTEX_BITSET_MATCH_ANY);
}
/// Uses the address only: the word may be gone.
inline void wake_one(const sleep_word& word) noexcept {
    (void)syscall(SYS_futex, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

#else

struct sleepers {
    std::mutex mutex;
    std::condition_variable woken;

    static sleepers& of(const sleep_word& word) {
        static std::array<sleepers, 64> table;
        return table[reinterpret_cast<std::uintptr_t>(&word) / alignof(std::max_align_t) % table.size()];
    }
};
inline void sleep_while(const sleep_word& word, std::uint32_t value, sleep_clock::time_point deadline) noexcept {
    sleepers& here = sleepers::of(word);
    std::unique_lock guard(here.mutex);
    if (word.load(std::memory_order_relaxed) != value) return;
    // A day at a time: the sum of now and the rest may be more than a clock of the system can count.
    (void)here.woken.wait_until(guard, std::min(deadline, sleep_clock::now() + std::chrono::hours(24)));
}
inline void wake_one(const sleep_word& word) noexcept {
    sleepers& here = sleepers::of(word);
    {
        const std::lock_guard after_its_look(here.mutex);
    }
    here.woken.notify_all();  // others may sleep here
}

#endif

class sleeping_mutex {
  public:
    sleeping_mutex() = default;
    sleeping_mutex(const sleeping_mutex&) = delete;
    sleeping_mutex& operator=(const sleeping_mutex&) = delete;

    void lock() noexcept {
        if (!try_lock()) [[unlikely]]
            wait();
    }
    [[nodiscard]] bool try_lock() noexcept {
        std::uint32_t was = free;
        // acquire, as below: partner of the release in unlock.
        return word_.compare_exchange_strong(was, taken, std::memory_order_acquire, std::memory_order_relaxed);
    }
    /// The next owner may destroy this as soon as it is free.
    void unlock() noexcept {
        if (word_.exchange(free, std::memory_order_release) == contended) [[unlikely]]
            wake_one(word_);
    }

  private:
    static constexpr std::uint32_t free = 0;
    static constexpr std::uint32_t taken = 1;
    static constexpr std::uint32_t contended = 2;  // a thread may sleep

    [[gnu::noinline]] void wait() noexcept {
        for (unsigned turn = 0; turn < 64; ++turn) {
            relax();
            if (word_.load(std::memory_order_relaxed) == free && try_lock()) return;
        }
        while (word_.exchange(contended, std::memory_order_acquire) != free) {
            sleep_while(word_, contended, sleep_clock::time_point::max());
        }
    }

    sleep_word word_{free};
};

/// Where one thread sleeps. A token: unpark() may come before park().
///
/// The sleeper may be destroyed as soon as park() has returned: of a woken one unpark() uses the address only.
class sleeping_parker {
  public:
    void park() noexcept { (void)park_until(sleep_clock::time_point::max()); }

    /// False if the deadline came first; a token that comes later stays valid.
    [[nodiscard]] bool park_until(sleep_clock::time_point deadline) noexcept {
        std::uint32_t was = none;
        if (word_.compare_exchange_strong(was, sleeping, std::memory_order_relaxed)) {
            do {
                sleep_while(word_, sleeping, deadline);
            } while (word_.load(std::memory_order_relaxed) == sleeping && sleep_clock::now() < deadline);
        }
        // acquire: what the waker did before it gave the token (the release in unpark).
        return word_.exchange(none, std::memory_order_acquire) == token;
    }

    void unpark() noexcept {
        if (word_.exchange(token, std::memory_order_release) == sleeping) wake_one(word_);
    }

  private:
    static constexpr std::uint32_t none = 0;
    static constexpr std::uint32_t token = 1;
    static constexpr std::uint32_t sleeping = 2;

    sleep_word word_{none};
};

/// How long a thread looks for what it waits for before it sleeps: twice as long after each time that it paid, half as
/// long after a time that it did not. Where the other thread cannot go on meanwhile, for it has no processor, it hardly
/// looks; but every now and then as long as it may, to find out when looking pays again.
///
/// It never yields: a yield gives a whole time slice to any ready thread, so the duration of a hand-off would depend on
/// the busy threads beside it. A sleeping thread runs soon after it is woken.
class patience {
  public:
    [[nodiscard]] static patience& of_this_thread() noexcept {
        constinit thread_local patience value;
        return value;
    }

    /// Looks until look() is true, for a bounded time, more and more seldom.
    template <class Look>
    [[nodiscard]] bool look_until(Look look) {
        if (look()) {
            if (batch_ < longest_pause) ++batch_;
            return true;
        }
        const bool tries = ++times_ % 64 == 0;
        const unsigned most = times_ % 32 == 0 ? most_turns : turns_;
        unsigned pause = first_pause(std::exchange(batch_, 1), tries);
        for (unsigned turn = 0; turn < most; turn += pause, pause = pause < longest_pause ? 2 * pause : pause) {
            for (unsigned i = 0; i < pause; ++i) relax();
            if (!look()) continue;
            turns_ = turns_ < most_turns / 2 ? 2 * turns_ : most_turns;
            return true;
        }
        turns_ = turns_ > 2 * least_turns ? turns_ / 2 : least_turns;
        return false;
    }

  private:
    // Every look takes a cache line from the thread that works. Where one look was followed by several that were true
    // at once, the next is the later: so the other thread gets ahead, and what it does comes in batches.
    [[nodiscard]] static unsigned first_pause(unsigned batch, bool tries) noexcept {
        if (batch == 1) return tries ? 8 : 1;
        return batch < longest_pause / 2 ? 2 * batch : longest_pause;
    }

    static constexpr unsigned least_turns = 8;
    static constexpr unsigned most_turns = 1024;
    static constexpr unsigned longest_pause = 64;

    unsigned turns_ = 256;
    unsigned times_ = 0;
    unsigned batch_ = 1;
};

}  // namespace tailrace::detail
