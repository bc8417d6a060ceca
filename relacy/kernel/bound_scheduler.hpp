// A scheduler for Relacy that runs every execution with a bounded number of switches, in order.
//
// A switch is counted when a thread that could go on is left for another one, or for a deadline
// that comes. Leaving a thread that sleeps, has ended, or lets the others go on is free. A thread
// that lets the others go on is not chosen again before each of them that can has been: so spinning
// ends. Relacy has such a scheduler itself; in that one a deadline cannot come while yet another
// thread sleeps, and the choices it makes in vain double the search at every step.
// After a change here run: ctest -L relacy && ci/mutants -R scenarios
#pragma once

#include <array>
#include <cstddef>

#include "kernel/relacy.hpp"

namespace tailrace::relacy {

struct bound_search {
    /// Whether the bound has kept any thread from being left: if not, there are no other executions.
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

    /// Whether freed memory is used again at once is a choice like any other to Relacy, and doubles
    /// the search each time. Here it is not used for a while; the random search tries both.
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

    /// Those that wait for nobody else's turn; all, if that leaves none and no deadline can come.
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
    std::array<unsigned, static_cast<std::size_t>(Threads)> before_{};  // whose turn is before its
};

}  // namespace tailrace::relacy
