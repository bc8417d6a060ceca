// The thread runner: its threads, and the start of a run.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#include "engine/thread_runner.hpp"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "engine/single_run.hpp"

namespace tailrace::verify {

struct thread_runner::state {
    state() {
        for (std::size_t l = 0; l < most_tasks; ++l) tasks.push_back(std::make_unique<task>(board));
        for (std::size_t l = 0; l < most_tasks; ++l) {
            threads.emplace_back([this, l](const std::stop_token& s) { serve(l, s); });
        }
    }
    ~state() {
        for (std::jthread& t : threads) t.request_stop();
        start(0);
    }

    /// A thread takes part in a run if the start signal has a task for it. A thread without a task may be late and see
    /// the signal of the next run first, so the run and its number of tasks are one value.
    void serve(std::size_t l, const std::stop_token& s) {
        std::uint32_t seen = 0;
        for (;;) {
            start_signal.wait(seen, std::memory_order_acquire);
            seen = start_signal.load(std::memory_order_acquire);
            if (s.stop_requested()) return;
            if (l >= seen % run_stride) continue;
            wait_for_the_others(seen % run_stride);
            tasks[l]->run();
        }
    }

    /// All tasks begin together; a thread spins for a while before it sleeps.
    void wait_for_the_others(std::size_t running) {
        constexpr unsigned awhile = 2'000;
        if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == running) arrived.notify_all();
        unsigned looks = 0;
        for (std::size_t n = arrived.load(std::memory_order_acquire); n < running;
             n = arrived.load(std::memory_order_acquire)) {
            if (++looks > awhile) arrived.wait(n, std::memory_order_acquire);
        }
    }

    /// Precondition: all threads of the last run have arrived; none of them reads `arrived` again.
    void start(std::size_t tasks_running) {
        arrived.store(0, std::memory_order_relaxed);
        turn += run_stride;
        start_signal.store(turn + static_cast<std::uint32_t>(tasks_running), std::memory_order_release);
        start_signal.notify_all();
    }

    wake_board board;
    std::vector<std::unique_ptr<task>> tasks;
    std::atomic<std::size_t> arrived{0};
    static constexpr std::uint32_t run_stride = 8;  // more than there are tasks
    static_assert(most_tasks < run_stride);
    std::uint32_t turn = 0;                      // of the run
    std::atomic<std::uint32_t> start_signal{0};  // the turn, and the number of tasks
    std::vector<std::jthread> threads;           // last: they use the rest
};

thread_runner::thread_runner() : state_(std::make_unique<state>()) {}
thread_runner::~thread_runner() = default;

thread_run thread_runner::run(const target& t, const concurrent_program& p, variation v) {
    thread_run was = single_run(state_->board, state_->tasks, t, p, v).run([this](std::size_t n) { state_->start(n); });
    if (was.left_behind) {
        (void)state_.release();  // a thread that never returns still uses it
        state_ = std::make_unique<state>();
    }
    return was;
}

}  // namespace tailrace::verify
