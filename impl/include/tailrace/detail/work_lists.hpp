// Which resumption a worker of a pool runs next, and which workers sleep. (The pool is in thread_pool.hpp.)
//
//     ready on a worker ──▶ its list ──▶ resumed by that worker, or by the one on watch, which takes half of the list
//     ready elsewhere ──▶ the inbox ──▶ the list of the first worker that looks
//
//                     no work, no watch             finds work
//     busy ──────────────────────────────▶ on watch ───────────▶ busy; the watch goes to a sleeper
//       │ no work                             │ all others sleep
//       └──────────▶ asleep ◀─────────────────┘                  asleep ──(called)──▶ looks again
//
// At most one worker is on watch. It looks at the lists of the others for a moment, then every now and then, between
// short sleeps. A list of one node is left to its own worker, which will come to it soon: so what a send has woken
// stays on its processor and finds all that was sent by then. Only if that worker has begun no other resumption
// between two looks, the node is taken. All other workers without work sleep until they are called.
//
// Taking half of a list does not always pay. What was taken from tasks that share a channel is soon woken on the
// processor that it came from: then both have moved cache lines for nothing. So a worker that has nothing left soon
// after it took nodes makes all workers wait before they take again, twice as long each time; and as soon as a worker
// was kept busy, they take at once again. What is held up by a long resumption is taken meanwhile, too.
//
//   W-1  a worker sleeps only while its own list is empty, and while another one is on watch or all others sleep
//   W-2  while the inbox is not empty, a worker that was called for it has not looked yet, or no worker sleeps or is on
//        watch; every worker that has the lock looks at the inbox
//   W-3  while workers sleep and others run, one is on watch, or no node has become ready since the last time all slept
//        but those that woken workers took out of the inbox, one each
//
// So no ready node waits for ever while a worker has nothing to do: W-2 for the inbox, W-3 for the lists.
//
// The locks order all of this, and every atomic is a copy for threads without the lock, so all orders are relaxed; the
// comment at each says why it may be. The locks are taken in this order: lock_, the lock of the list that nodes leave,
// the lock of the list that they join.
//
// After a change here run: ci/test -L impl && ci/test -R relacy.pool && ci/mutants -R pool
#pragma once

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "tailrace/detail/lock.hpp"
#include "tailrace/detail/run_list.hpp"
#include "tailrace/waker.hpp"

namespace tailrace::detail {

/// A list that several threads use. Nothing is called under its lock.
template <class Platform>
class shared_list {
  public:
    /// Returns how many nodes there are now.
    std::size_t push(run_node& n) noexcept {
        const scoped_lock<Platform> guard(lock_);
        nodes_.push(n);
        return add(1);
    }
    /// Unlinks the first node, and returns what it runs; a null waker if there is none.
    [[nodiscard]] waker take_first() noexcept {
        const scoped_lock<Platform> guard(lock_);
        if (nodes_.empty()) return {};
        const waker action = nodes_.front().action;
        nodes_.remove(nodes_.front());
        (void)add(-1);
        return action;
    }
    /// Moves nodes of another list to the end of this, the first ones first: all, or the larger half.
    /// Returns how many.
    std::size_t take_all(shared_list& other) noexcept { return take(other, 1); }
    std::size_t take_half(shared_list& other) noexcept { return take(other, 2); }

    /// Unlinks a node, if it is here. No other thread moves it meanwhile.
    bool remove(run_node& n) noexcept {
        if (n.list != &nodes_) return false;
        const scoped_lock<Platform> guard(lock_);
        nodes_.remove(n);
        (void)add(-1);
        return true;
    }

    /// relaxed: a hint for a thread that looks again later; exact under the lock that orders the pushes.
    [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  private:
    std::size_t take(shared_list& other, std::size_t part) noexcept {
        const scoped_lock<Platform> theirs(other.lock_);
        const scoped_lock<Platform> mine(lock_);
        const std::size_t n = (other.size() + part - 1) / part;
        for (std::size_t i = 0; i < n; ++i) {
            run_node& first = other.nodes_.front();
            other.nodes_.remove(first);
            nodes_.push(first);
        }
        (void)other.add(-static_cast<std::ptrdiff_t>(n));
        (void)add(static_cast<std::ptrdiff_t>(n));
        return n;
    }
    std::size_t add(std::ptrdiff_t n) noexcept TAILRACE_REQUIRES(lock_) {
        const std::size_t now = size() + static_cast<std::size_t>(n);
        // relaxed: changed under the lock only, and a hint without it.
        size_.store(now, std::memory_order_relaxed);
        return now;
    }

    mutex<Platform> lock_;
    node_list nodes_ TAILRACE_GUARDED_BY(lock_);
    typename Platform::template atomic<std::size_t> size_{std::size_t{0}};
};

template <class Platform>
class work_lists {
  public:
    /// What belongs to a worker. Each thread that runs resumptions has one of these.
    class alignas(64) worker {
        friend class work_lists;

        shared_list<Platform> ready_;
        // Written by its worker, read by the one on watch. relaxed: a number only. With a stale one a node is taken
        // over too early or too late.
        typename Platform::template atomic<unsigned> turns_{0U};
        unsigned turns_seen_ = 0;  // of the worker on watch
        // What it has taken last from another list, and when; 0: nothing, or it is known whether that paid.
        std::size_t taken_ = 0;
        typename Platform::clock::time_point taken_at_{};
        typename Platform::parker parker_;
        worker* next_asleep_ = nullptr;  // under lock_
        bool asleep_ = false;            // under lock_
    };

    explicit work_lists(std::size_t workers) : workers_(std::make_unique<worker[]>(workers)), count_(workers) {}
    work_lists(const work_lists&) = delete;
    work_lists& operator=(const work_lists&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] worker& operator[](std::size_t i) noexcept { return workers_[i]; }

    /// A resumption is ready. By a worker, while it runs another one.
    void push(worker& here, run_node& n) noexcept {
        const std::size_t size = here.ready_.push(n);
        // relaxed: it becomes `unwatched` only where all workers sleep, so before the caller was woken, under the lock.
        // Of the other values a stale one only makes the watch come later.
        const help now = help_.load(std::memory_order_relaxed);
        if (now == help::unwatched || (now == help::dozes && size > 1)) [[unlikely]]
            call_watch();
    }

    /// A resumption is ready. By any other thread.
    ///
    /// The node is published under lock_, which a worker needs to take it and stop() to stop the workers. So the pool
    /// is not destroyed before lock_ is free, and nothing here is touched afterwards.
    void push_from_outside(run_node& n) noexcept {
        const scoped_lock<Platform> guard(lock_);
        if (inbox_.push(n) > 1) return;  // the worker that was called for the first one takes all (W-2)
        if (watch_ != nullptr) {
            watch_->parker_.unpark();
        } else if (sleepers_ != nullptr) {
            (void)wake_one();
            announce();
        }
    }

    /// Unlinks a node that is ready.
    ///
    /// By any thread, but only while no worker can take the node: all of them have stopped, or run something else. So
    /// the node does not move meanwhile.
    void forget(run_node& n) noexcept {
        bool found = inbox_.remove(n);
        for (std::size_t i = 0; i < count_ && !found; ++i) found = workers_[i].ready_.remove(n);
        assert(found && "a coroutine was destroyed while a thread of its pool was about to resume it");
        (void)found;
    }

    /// The next resumption of this worker, unlinked. Sleeps while there is none. Null: the workers are to stop.
    [[nodiscard]] waker next(worker& me) noexcept {
        // relaxed: it only says stop; the thread that destroys the pool waits for the end of this one.
        while (!stopping_.load(std::memory_order_relaxed)) {
            const unsigned turn = me.turns_.load(std::memory_order_relaxed) + 1;
            me.turns_.store(turn, std::memory_order_relaxed);
            if (turn % inbox_turn == 0 && inbox_.size() != 0) look_into_inbox(me);
            const waker found = me.ready_.take_first();
            if (found.wake != nullptr) return found;
            find_work(me);
        }
        return {};
    }

    /// From now on next() returns null. The resumptions that are ready stay where they are.
    void stop() noexcept {
        const scoped_lock<Platform> guard(lock_);
        stopping_.store(true, std::memory_order_relaxed);
        while (sleepers_ != nullptr) (void)wake_one();
        if (watch_ != nullptr) watch_->parker_.unpark();
    }

  private:
    using clock = typename Platform::clock;
    using microseconds = std::chrono::microseconds;

    // Whether a worker that has a node to spare has to call.
    enum class help : unsigned char {
        unneeded,   // a worker looks, or none sleeps; or the one that dozes may not take yet
        dozes,      // a worker is on watch, between two looks, and may take
        unwatched,  // some sleep, and none is on watch
    };

    // After so many resumptions a worker looks into the inbox, even if it has others.
    static constexpr unsigned inbox_turn = 64;
    // The sleeps of the watch between two looks. A node whose worker is held up by a long resumption waits so long.
    static constexpr microseconds shortest_doze{64};
    static constexpr microseconds longest_doze{1024};
    // Taking has paid if the worker was busy for so long afterwards, and so long for each node.
    static constexpr microseconds least_gain{64};
    static constexpr microseconds least_gain_of_a_node{1};
    // After it has not: how long no worker takes.
    static constexpr microseconds shortest_restraint{64};
    static constexpr microseconds longest_restraint{4096};

    /// Returns when there may be something on the worker's list, or when the workers are to stop.
    void find_work(worker& me) noexcept {
        const scoped_lock<Platform> guard(lock_);
        if (me.taken_ != 0) judge(me);
        microseconds doze = shortest_doze;
        bool found = me.ready_.take_all(inbox_) != 0;
        while (!found && !stopping_.load(std::memory_order_relaxed)) {
            if (asleep_ + 1 == count_) {
                // Then no list has a node: those of sleepers are empty (W-1).
                watch_ = nullptr;
            } else if (watch_ == nullptr) {
                watch_ = &me;
            }
            if (watch_ != &me) {
                sleep(me);
                doze = shortest_doze;
            } else {
                found = watch(me, doze);
                doze = doze < longest_doze ? 2 * doze : doze;
            }
            found = me.ready_.take_all(inbox_) != 0 || found;
        }
        leave(me);
    }

    /// Looks at the other lists, dozes, and looks again. True: there is something on the list of `me`.
    bool watch(worker& me, microseconds doze) noexcept TAILRACE_REQUIRES(lock_) {
        announce();
        const auto restrained = restrained_until_;
        lock_.unlock();
        const bool may_take = clock::now() >= restrained;
        const bool at_once = Platform::look_until([&] { return inbox_.size() != 0 || (may_take && take(me)); });
        lock_.lock();
        if (at_once || inbox_.size() != 0 || stopping_.load(std::memory_order_relaxed)) return me.ready_.size() != 0;
        dozing_ = may_take;
        announce();
        lock_.unlock();
        for (std::size_t i = 0; i < count_; ++i)
            workers_[i].turns_seen_ = workers_[i].turns_.load(std::memory_order_relaxed);
        (void)me.parker_.park_until(clock::now() + doze);
        const bool found = (clock::now() >= restrained && take(me)) || take_what_is_held_up(me);
        lock_.lock();
        dozing_ = false;
        return found;
    }

    /// Takes half of the first other list that has more than one node.
    bool take(worker& me) noexcept {
        me.taken_ = take_from(me, [](const worker& other) { return other.ready_.size() > 1; });
        if (me.taken_ == 0) return false;
        me.taken_at_ = clock::now();
        return true;
    }
    /// The same, even of a single node, of a worker that has begun nothing since the watch dozed off.
    bool take_what_is_held_up(worker& me) noexcept {
        return take_from(me, [](const worker& other) {
                   const bool stands = other.turns_.load(std::memory_order_relaxed) == other.turns_seen_;
                   return stands && other.ready_.size() != 0;
               }) != 0;
    }
    template <class Has>
    std::size_t take_from(worker& me, Has has) noexcept {
        std::size_t taken = 0;
        for (std::size_t i = 0; i < count_ && taken == 0; ++i)
            if (&workers_[i] != &me && has(workers_[i])) taken = me.ready_.take_half(workers_[i].ready_);
        return taken;
    }
    /// The worker has nothing left to do. Did it pay to take what it took?
    void judge(worker& me) noexcept TAILRACE_REQUIRES(lock_) {
        const auto now = clock::now();
        const auto taken = static_cast<microseconds::rep>(std::exchange(me.taken_, std::size_t{0}));
        const microseconds gain = std::max(least_gain, taken * least_gain_of_a_node);
        if (now - me.taken_at_ >= gain) {
            restraint_ = microseconds::zero();
            return;
        }
        restraint_ = std::clamp(2 * restraint_, shortest_restraint, longest_restraint);
        restrained_until_ = now + restraint_;
    }

    void sleep(worker& me) noexcept TAILRACE_REQUIRES(lock_) {
        me.asleep_ = true;
        me.next_asleep_ = sleepers_;
        sleepers_ = &me;
        ++asleep_;
        announce();
        // A token that was meant for its watch may wake it too early.
        while (me.asleep_) {
            lock_.unlock();
            me.parker_.park();
            lock_.lock();
        }
    }

    /// The worker has found work, or stops. A watch does not end while others sleep: it goes on to one of them.
    void leave(worker& me) noexcept TAILRACE_REQUIRES(lock_) {
        const bool watched = watch_ == &me;
        if (watched) watch_ = nullptr;
        if (watch_ == nullptr && sleepers_ != nullptr && (watched || me.ready_.size() > 1)) watch_ = wake_one();
        announce();
    }

    [[gnu::noinline]] void call_watch() noexcept {
        const scoped_lock<Platform> guard(lock_);
        if (watch_ != nullptr) {
            watch_->parker_.unpark();
        } else if (sleepers_ != nullptr) {
            watch_ = wake_one();
        }
        dozing_ = false;
        announce();
    }
    [[gnu::noinline]] void look_into_inbox(worker& me) noexcept {
        const scoped_lock<Platform> guard(lock_);
        (void)me.ready_.take_all(inbox_);
        leave(me);
    }

    /// Precondition: one sleeps. It was the last to fall asleep: what it used is still near its processor.
    worker* wake_one() noexcept TAILRACE_REQUIRES(lock_) {
        worker* const woken = sleepers_;
        sleepers_ = woken->next_asleep_;
        woken->asleep_ = false;
        --asleep_;
        // Under the lock: the worker takes it before it goes on, so it is not gone meanwhile.
        woken->parker_.unpark();
        return woken;
    }

    void announce() noexcept TAILRACE_REQUIRES(lock_) {
        help now = help::unneeded;
        if (watch_ != nullptr) {
            if (dozing_) now = help::dozes;
        } else if (sleepers_ != nullptr) {
            now = help::unwatched;
        }
        help_.store(now, std::memory_order_relaxed);
    }

    const std::unique_ptr<worker[]> workers_;
    const std::size_t count_;

    alignas(64) mutex<Platform> lock_;
    shared_list<Platform> inbox_;                            // filled and emptied under lock_
    worker* watch_ TAILRACE_GUARDED_BY(lock_) = nullptr;     // the worker on watch, perhaps not awake yet
    bool dozing_ TAILRACE_GUARDED_BY(lock_) = false;         // the worker on watch is between two looks
    worker* sleepers_ TAILRACE_GUARDED_BY(lock_) = nullptr;  // the one that fell asleep last
    std::size_t asleep_ TAILRACE_GUARDED_BY(lock_) = 0;      // how many these are
    microseconds restraint_ TAILRACE_GUARDED_BY(lock_){};    // after the last time that taking did not pay
    typename Platform::clock::time_point restrained_until_ TAILRACE_GUARDED_BY(lock_){};
    typename Platform::template atomic<bool> stopping_{false};  // changed under lock_
    // A copy of the above for push(), on a line of its own: changed under lock_.
    alignas(64) typename Platform::template atomic<help> help_{help::unneeded};
};

}  // namespace tailrace::detail
