// A scheduler for Relacy that enumerates every execution with a bounded number of preemptions.
//
// A preemption is a switch from a thread that could continue, to another thread or to a deadline that expires. A switch
// away from a thread that is blocked, has finished or yields is not a preemption. A thread that yields is not scheduled
// again until every other runnable thread has been scheduled, so spin loops end. Relacy has a similar scheduler. There
// a deadline cannot expire while another thread sleeps, and redundant choices double the search at every step.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <cstddef>

#include "kernel/relacy.hpp"

namespace tailrace::relacy {

struct bound_search {
    /// Whether the bound has prevented a preemption. If not, every execution has been run.
    static inline bool cut_off = false;
};

template <rl::thread_id_t Threads>
class bound_scheduler : public rl::tree_search_scheduler<bound_scheduler<Threads>,
                                                         rl::tree_search_scheduler_thread_info<Threads>, Threads> {
    using info = rl::tree_search_scheduler_thread_info<Threads>;
    using base = rl::tree_search_scheduler<bound_scheduler, info, Threads>;

  public:
    using base::base;

    rl::thread_id_t iteration_begin_impl() {
        remaining_ = this->params_.context_bound;
        before_.fill(0);
        return base::iteration_begin_impl();
    }

    rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned yield) {
        const info& from = *this->thread_;
        const bool can_go_on = from.state_ == rl::thread_state_running;
        reason = rl::unpark_reason_normal;
        if (can_go_on && yield > 0) before_[at(from.index_)] = runnable() & ~bit(from.index_);
        const bool free = !can_go_on || yield > 0;
        if (!free && remaining_ == 0) {
            bound_search::cut_off |= this->running_threads_count > 1 || this->timed_thread_count_ > 0;
            return went_on(from.index_);
        }

        std::array<rl::thread_id_t, 2 * static_cast<std::size_t>(Threads)> choices{};
        unsigned count = choose_runnable(choices);
        const unsigned awake = count;
        for (rl::thread_id_t i = 0; i != this->timed_thread_count_; ++i) {
            choices[count++] = this->timed_threads_[i]->index_;
        }
        const unsigned chosen = count == 1 ? 0 : this->rand(count, rl::sched_type_sched);
        const rl::thread_id_t to = choices[chosen];
        if (chosen >= awake) {
            this->unpark_thread(to);
            reason = rl::unpark_reason_timeout;
        }
        if (!free && to != from.index_) --remaining_;
        return went_on(to);
    }

    /// For Relacy the immediate reuse of freed memory is one more choice, which doubles the search each time. Here
    /// freed memory is never reused immediately; the random search tries both.
    unsigned rand(unsigned limit, rl::sched_type what) {
        return what == rl::sched_type_mem_realloc ? 0 : base::rand(limit, what);
    }

    double iteration_count_approx() { return 1; }

  private:
    static std::size_t at(rl::thread_id_t thread) { return static_cast<std::size_t>(thread); }
    static unsigned bit(rl::thread_id_t thread) { return 1U << thread; }

    [[nodiscard]] unsigned runnable() const {
        unsigned set = 0;
        for (rl::thread_id_t i = 0; i != this->running_threads_count; ++i) {
            set |= bit(this->running_threads[at(i)]);
        }
        return set;
    }

    /// The runnable threads that need not let another one run first. All runnable threads if there is none and no
    /// deadline can expire.
    template <class Choices>
    unsigned choose_runnable(Choices& choices) {
        const unsigned can = runnable();
        unsigned count = 0;
        for (rl::thread_id_t t = 0; t != Threads; ++t) {
            if ((can & bit(t)) != 0 && (before_[at(t)] & can) == 0) choices[count++] = t;
        }
        if (count > 0 || this->timed_thread_count_ > 0) return count;
        for (rl::thread_id_t t = 0; t != Threads; ++t) {
            if ((can & bit(t)) != 0) choices[count++] = t;
        }
        return count;
    }

    rl::thread_id_t went_on(rl::thread_id_t thread) {
        for (unsigned& waited_for : before_) waited_for &= ~bit(thread);
        return thread;
    }

    unsigned remaining_ = 0;
    std::array<unsigned, static_cast<std::size_t>(Threads)> before_{};  // the threads that have to run before it
};

}  // namespace tailrace::relacy
