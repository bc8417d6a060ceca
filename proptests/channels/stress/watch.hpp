// Detects without a clock that all workers of a round sleep: it counts the workers that are awake.
//
// A worker counts as asleep from the moment it goes to sleep without a deadline until another worker notifies it. Both
// changes are made under the mutex of the worker's sleep_slot, so a notified worker counts as awake. When the count
// reaches zero, no worker is left that could wake another: the report is exact, neither early nor late.
// After a change here run: ci/test -L stress && ci/mutants -R stress
#pragma once

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace tailrace::verify::stress {

inline constexpr unsigned most_workers = 6;

/// What a worker thread says about itself. `doing` is a literal.
struct worker_self {
    unsigned number = 0;
    const char* doing = "";
};

inline thread_local worker_self self;

/// Counts the workers of the current round that are awake. One round at a time; the thread that starts the round is
/// not counted.
class watch {
  public:
    /// `headline` says in every report how to get this round again.
    void begin(std::string headline, unsigned workers) {
        const std::lock_guard guard(mutex_);
        headline_ = std::move(headline);
        workers_ = workers;
        awake_ = workers;
        places_.fill({});
    }
    void plays(const char* role) {
        const std::lock_guard guard(mutex_);
        places_[self.number].role = role;
    }

    void falls_asleep() {
        const std::lock_guard guard(mutex_);
        places_[self.number].where = self.doing;
        --awake_;
        check_for_deadlock();
    }
    void is_woken(unsigned worker) {
        const std::lock_guard guard(mutex_);
        places_[worker].where = nullptr;
        ++awake_;
    }
    void finishes() {
        const std::lock_guard guard(mutex_);
        places_[self.number].finished = true;
        --awake_;
        check_for_deadlock();
    }

    /// Ends the program: a check of this round failed.
    [[noreturn]] void fail(std::string_view what) {
        const std::lock_guard guard(mutex_);
        leave(what);
    }

  private:
    struct place {
        const char* role = "";
        const char* where = nullptr;  // what it sleeps in
        bool finished = false;
    };

    void check_for_deadlock() {
        if (awake_ > 0) return;
        std::string sleepers;
        for (unsigned i = 0; i < workers_; ++i) {
            if (places_[i].finished) continue;
            sleepers += fmt::format("\n  worker {}, a {}: in {}", i, places_[i].role, places_[i].where);
        }
        if (sleepers.empty()) return;  // every worker has finished
        leave("asleep for ever, and every other worker has finished:" + sleepers);
    }
    [[noreturn]] void leave(std::string_view what) const {
        fmt::print("{}\n  {}\n", headline_, what);
        std::fflush(nullptr);
        std::_Exit(1);  // the others are still there
    }

    std::mutex mutex_;
    std::string headline_;
    unsigned workers_ = 0;
    unsigned awake_ = 0;  // workers that are neither asleep without a deadline nor finished
    std::array<place, most_workers> places_;
};

inline watch the_watch;

/// Where one worker sleeps: the base of the parker and the condition variable under watch.
class sleep_slot {
  public:
    using clock = std::chrono::steady_clock;
    static constexpr clock::time_point no_deadline = clock::time_point::max();

    /// Sleeps until it is notified, or until the deadline: then false. Calls `settled` as soon as no notification can
    /// be missed any more.
    template <class Settled>
    bool sleep(clock::time_point deadline, Settled settled) noexcept {
        std::unique_lock guard(mutex_);
        settled();
        if (!notified_) {
            if (occupied_) the_watch.fail("two threads sleep in one slot");
            occupied_ = true;
            sleeper_ = self.number;
            const auto woken = [this] { return notified_; };
            if (deadline == no_deadline) {
                counted_ = true;
                the_watch.falls_asleep();
                condition_.wait(guard, woken);
            } else {
                (void)condition_.wait_until(guard, deadline, woken);
            }
            occupied_ = false;
        }
        return std::exchange(notified_, false);
    }

    /// Kept for the next sleeper, if no worker sleeps here now.
    void notify() noexcept {
        const std::lock_guard guard(mutex_);
        wake();
    }
    /// Lost if no worker sleeps here now.
    void notify_sleeper() noexcept {
        const std::lock_guard guard(mutex_);
        if (occupied_) wake();
    }

  private:
    void wake() {
        notified_ = true;
        if (std::exchange(counted_, false)) the_watch.is_woken(sleeper_);
        condition_.notify_one();  // under the mutex: the slot may be destroyed right after
    }

    // All by the mutex.
    std::mutex mutex_;
    std::condition_variable condition_;
    bool notified_ = false;
    bool occupied_ = false;
    bool counted_ = false;  // a worker sleeps here and is counted as asleep
    unsigned sleeper_ = 0;
};

/// The slot of a thread that sleeps until the word at this address changes: kept, for the word may go before its
/// wake-up is done.
inline sleep_slot& slot_at(const void* word) {
    static std::mutex mutex;
    static std::map<const void*, sleep_slot> slots;
    const std::lock_guard guard(mutex);
    return slots[word];
}

/// The platforms' parker under watch.
class watched_parker {
  public:
    void park() noexcept { (void)park_until(sleep_slot::no_deadline); }
    [[nodiscard]] bool park_until(sleep_slot::clock::time_point deadline) noexcept {
        return slot_.sleep(deadline, [] {});
    }
    void unpark() noexcept { slot_.notify(); }

  private:
    sleep_slot slot_;
};

/// The platforms' condition variable under watch, for one sleeper, which is how the channels use
/// it. It has no spurious wake-ups, which could hide a missing one.
class watched_condition_variable {
  public:
    template <class Lock>
    void wait(Lock& lock) {
        (void)sleep(lock, sleep_slot::no_deadline);
    }
    template <class Lock>
    std::cv_status wait_until(Lock& lock, sleep_slot::clock::time_point deadline) {
        return sleep(lock, deadline) ? std::cv_status::no_timeout : std::cv_status::timeout;
    }
    template <class Lock, class Predicate>
    void wait(Lock& lock, Predicate holds) {
        while (!holds()) wait(lock);
    }
    template <class Lock, class Predicate>
    bool wait_until(Lock& lock, sleep_slot::clock::time_point deadline, Predicate holds) {
        while (!holds()) {
            if (wait_until(lock, deadline) == std::cv_status::timeout) return holds();
        }
        return true;
    }
    void notify_one() noexcept { slot_.notify_sleeper(); }

  private:
    template <class Lock>
    bool sleep(Lock& lock, sleep_slot::clock::time_point deadline) {
        const bool notified = slot_.sleep(deadline, [&] { lock.unlock(); });
        lock.lock();
        return notified;
    }

    sleep_slot slot_;
};

}  // namespace tailrace::verify::stress
