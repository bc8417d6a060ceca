// A scheduler that stalls a thread: at a random one of its accesses it stops, and goes on when every other thread has
// finished, is blocked, or spins. All else is random.
//
// A thread may stop between any two accesses for as long as the others run: a publisher between claim and publication,
// a waker between its last look and its wake-up. The other schedulers seldom leave a thread behind for so long. A
// stalled thread is not blocked, so a deadlock is detected as usual. The choices depend on the number of the execution
// only.
// After a change here run: ci/test -L relacy && ci/mutants -R explorer
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>

#include "kernel/relacy.hpp"

namespace tailrace::relacy {

struct stall_search {
    /// The executions in which another thread ran while one was stalled.
    static inline std::uint64_t stalled = 0;
};

template <rl::thread_id_t Threads>
class stall_scheduler : public rl::scheduler<stall_scheduler<Threads>, rl::scheduler_thread_info, Threads> {
    using base = rl::scheduler<stall_scheduler, rl::scheduler_thread_info, Threads>;

  public:
    using base::base;
    struct task_t {};

    rl::thread_id_t iteration_begin_impl() {
        constexpr unsigned few = 4;  // accesses
        constexpr unsigned doublings = 4;
        random_.seed(this->iter_);
        stalls_ = static_cast<rl::thread_id_t>(below(Threads));
        accesses_left_ = 1 + below(few << below(doublings));
        spins_left_ = longest_spin;
        counted_ = false;
        return choose_runnable();
    }
    bool iteration_end_impl() { return this->iter_ == this->params_.iteration_count; }
    rl::iteration_t iteration_count_impl() { return this->params_.iteration_count; }

    rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned yield) {
        reason = rl::unpark_reason_normal;
        const bool can_go_on = this->thread_->state_ == rl::thread_state_running;
        if (can_go_on && this->thread_->index_ == stalls_ && accesses_left_ > 0) --accesses_left_;
        if (is_stalled() && yield > 0) --spins_left_;
        if (const unsigned timed = number(this->timed_thread_count_); timed > 0) {
            const unsigned chosen = below(this->running_threads_count > 0 ? 4 * timed : timed);
            if (chosen < timed) {
                const rl::thread_id_t to = this->timed_threads_[chosen]->index_;
                this->unpark_thread(to);
                reason = rl::unpark_reason_timeout;
                return to;
            }
        }
        return choose_runnable();
    }

    unsigned rand_impl(unsigned limit, rl::sched_type) { return below(limit); }
    void on_thread_block(rl::thread_id_t, bool) {}
    void get_state_impl(std::ostream&) {}
    void set_state_impl(std::istream&) {}

  private:
    /// Turns of the others' spin loops, after which the stalled thread goes on: more than any loop of the channel has
    /// before it sleeps.
    static constexpr unsigned longest_spin = 100;

    template <class Number>
    static unsigned number(Number n) {
        return static_cast<unsigned>(n);
    }
    unsigned below(unsigned limit) { return random_.rand() % limit; }
    [[nodiscard]] bool is_stalled() const { return accesses_left_ == 0 && spins_left_ > 0; }

    rl::thread_id_t choose_runnable() {
        const auto& running = this->running_threads;
        const auto count = static_cast<std::size_t>(this->running_threads_count);
        const auto stalled = std::find(running.begin(), running.end(), stalls_);
        if (!is_stalled() || stalled == running.end()) return running[below(number(count))];
        if (count == 1) {
            spins_left_ = 0;  // the stall is over
            return stalls_;
        }
        if (!std::exchange(counted_, true)) ++stall_search::stalled;
        const auto at = static_cast<std::size_t>(stalled - running.begin());
        return running[(at + 1 + below(number(count) - 1)) % count];
    }

    rl::random_generator random_{};
    rl::thread_id_t stalls_ = 0;
    unsigned accesses_left_ = 0;  // of that thread, until it stalls
    unsigned spins_left_ = 0;     // of the others, while it is stalled
    bool counted_ = false;
};

}  // namespace tailrace::relacy
