// Tells that everybody sleeps, without a clock: who of a round's workers is awake is counted where
// they fall asleep and where they are woken.
//
// A worker counts as asleep from the moment it lies down without a deadline until somebody rings
// its bed, and both happen under the bed's own mutex: a sleeper that has been rung for is awake. So
// when the last one lies down, nobody is left who could ever wake anybody: the report is exact,
// neither early nor late. After a change here run: ctest -L stress && ci/mutants -R stress
#pragma once

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
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

/// Who of the current round is awake. One round at a time; the thread that starts it is not part of
/// it.
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

    void lies_down() {
        const std::lock_guard guard(mutex_);
        places_[self.number].where = self.doing;
        --awake_;
        judge();
    }
    void is_rung_for(unsigned worker) {
        const std::lock_guard guard(mutex_);
        places_[worker].where = nullptr;
        ++awake_;
    }
    void finishes() {
        const std::lock_guard guard(mutex_);
        places_[self.number].finished = true;
        --awake_;
        judge();
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

    void judge() {
        if (awake_ > 0) return;
        std::string sleepers;
        for (unsigned i = 0; i < workers_; ++i) {
            if (places_[i].finished) continue;
            sleepers += fmt::format("\n  worker {}, a {}: in {}", i, places_[i].role, places_[i].where);
        }
        if (sleepers.empty()) return;  // everybody has finished
        leave("asleep for ever, and everybody else has finished:" + sleepers);
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

/// One sleeper's bed: what everything under the watch sleeps in.
class bed {
  public:
    using clock = std::chrono::steady_clock;
    static constexpr clock::time_point no_deadline = clock::time_point::max();

    /// Sleeps until it is rung for, or the deadline: false. Calls `settled` as soon as no ring can
    /// be missed any more.
    template <class Settled>
    bool sleep(clock::time_point deadline, Settled settled) noexcept {
        std::unique_lock guard(mutex_);
        settled();
        if (!rung_) {
            if (occupied_) the_watch.fail("two threads in one bed");
            occupied_ = true;
            sleeper_ = self.number;
            const auto woken = [this] { return rung_; };
            if (deadline == no_deadline) {
                counted_ = true;
                the_watch.lies_down();
                bell_.wait(guard, woken);
            } else {
                (void)bell_.wait_until(guard, deadline, woken);
            }
            occupied_ = false;
        }
        return std::exchange(rung_, false);
    }

    /// Kept for the next one to lie down, if nobody sleeps here now.
    void ring() noexcept {
        const std::lock_guard guard(mutex_);
        wake();
    }
    /// Lost if nobody sleeps here now.
    void ring_for_sleeper() noexcept {
        const std::lock_guard guard(mutex_);
        if (occupied_) wake();
    }

  private:
    void wake() {
        rung_ = true;
        if (std::exchange(counted_, false)) the_watch.is_rung_for(sleeper_);
        bell_.notify_one();  // under the mutex: the bed may be gone after it
    }

    // All by the mutex.
    std::mutex mutex_;
    std::condition_variable bell_;
    bool rung_ = false;
    bool occupied_ = false;
    bool counted_ = false;  // lies here and is counted as asleep
    unsigned sleeper_ = 0;
};

/// The platforms' parker under watch.
class watched_parker {
  public:
    void park() noexcept { (void)park_until(bed::no_deadline); }
    [[nodiscard]] bool park_until(bed::clock::time_point deadline) noexcept {
        return bed_.sleep(deadline, [] {});
    }
    void unpark() noexcept { bed_.ring(); }

  private:
    bed bed_;
};

/// The platforms' condition variable under watch, for one sleeper, which is how the channels use
/// it. It has no spurious wake-ups, which could hide a missing one.
class watched_condition_variable {
  public:
    template <class Lock>
    void wait(Lock& lock) {
        (void)sleep(lock, bed::no_deadline);
    }
    template <class Lock>
    std::cv_status wait_until(Lock& lock, bed::clock::time_point deadline) {
        return sleep(lock, deadline) ? std::cv_status::no_timeout : std::cv_status::timeout;
    }
    template <class Lock, class Predicate>
    void wait(Lock& lock, Predicate holds) {
        while (!holds()) wait(lock);
    }
    template <class Lock, class Predicate>
    bool wait_until(Lock& lock, bed::clock::time_point deadline, Predicate holds) {
        while (!holds()) {
            if (wait_until(lock, deadline) == std::cv_status::timeout) return holds();
        }
        return true;
    }
    void notify_one() noexcept { bed_.ring_for_sleeper(); }

  private:
    template <class Lock>
    bool sleep(Lock& lock, bed::clock::time_point deadline) {
        const bool rung = bed_.sleep(deadline, [&] { lock.unlock(); });
        lock.lock();
        return rung;
    }

    bed bed_;
};

}  // namespace tailrace::verify::stress
