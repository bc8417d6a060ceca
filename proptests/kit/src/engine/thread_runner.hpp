// The thread runner: runs concurrent programs on real threads and records their histories.
//
// Threads keep their own logs, with times of one monotonic clock, and share nothing that the program does not share:
// recording does not put the calls of different threads in order. A waker sets a flag of its operation and wakes the
// thread that sleeps on it; the runner counts the threads that are awake. When the count is 0 the program is quiescent,
// and no timeout is needed to know it. Then one thread drops everything, so that each value and permit is accounted
// for. A blocking call sleeps where the runner cannot see it: there the history so far decides whether it may sleep. If
// it may not, and the kernel says that all threads inside calls are asleep and stay so, they will never return: that is
// the failure.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "program/concurrent_program.hpp"
#include "tailrace/model/history.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

struct thread_run {
    model::history history;
    /// A value that was lost or accounted for twice, an exception, or a broken invariant; empty if all is well.
    std::string problem;

    std::size_t slept = 0;                    // waits that slept at some time
    std::size_t woken = 0;                    // of these, woken before quiescence
    std::size_t blocked = 0;                  // calls of blocking forms
    std::size_t passed_over = 0;              // steps
    form_counts forms{};                      // of all tasks, while they ran
    bool stalled = false;                     // a task stopped inside the channel while others went on
    bool stuck = false;                       // a task may never return from its call
    bool left_behind = false;                 // threads may still use what they had
    std::optional<no_answer::why> lost = {};  // the target, which is in another process

    /// One that is like it takes as long.
    [[nodiscard]] bool was_slow() const { return stuck || lost == no_answer::why::late; }
};

/// How a run differs from others of the same program.
struct variation {
    std::uint64_t seed = 0;  // of the perturbation between steps
    enum class noise : unsigned char { none, light, heavy };
    noise inside = noise::none;  // the channel
    bool stalls = false;         // one task stalls at one perturbation inside
};

class thread_runner {
  public:
    thread_runner();
    ~thread_runner();
    thread_runner(const thread_runner&) = delete;
    thread_runner& operator=(const thread_runner&) = delete;

    /// Precondition: the target has `open_tasks`, and can run the program. Does not return if a call never ends while
    /// it is running: watch it from another process.
    [[nodiscard]] thread_run run(const target& t, const concurrent_program& p, variation v);

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace tailrace::verify
