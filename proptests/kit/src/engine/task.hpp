// One task of a concurrent program, as a thread runs it: its part of the program, its handles, its log.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/wake_board.hpp"
#include "program/concurrent_program.hpp"
#include "tailrace/model/history.hpp"
#include "tailrace/verify/detail/noise.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// The present time on the clock of histories.
[[nodiscard]] model::instant time_now();

/// Takes a step that does not wait. Where it drops an operation that finishes first, `s` becomes a poll.
[[nodiscard]] model::answer take_step(task_session& on, model::step& s);

class task final : private stalling {
  public:
    explicit task(wake_board& b) : board_(b) {}

    void prepare(const std::vector<task_step>& part, std::unique_ptr<task_session> s, task_books books,
                 std::uint64_t seed, bool heavy, bool hands_back);
    /// In the next run it stalls at its n-th perturbation inside the channel; 0: nowhere. After prepare().
    void stall_at(std::uint64_t n) { until_stall_ = n; }

    void run();

    /// Has it begun an event that waits? It may sleep in it.
    [[nodiscard]] bool under_way() const { return progress_.load(std::memory_order_acquire) % 2 == 1; }
    [[nodiscard]] bool in_call() const { return in_call_.load(std::memory_order_acquire); }
    /// Its sleep, if it sleeps, is that of a stall, and ends by itself.
    [[nodiscard]] bool stalls() const { return stalls_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint32_t written() const { return progress_.load(std::memory_order_acquire) / 2; }
    /// The events until now; one that is under way has no response.
    [[nodiscard]] std::vector<model::event> log() const;
    [[nodiscard]] task_session& session() { return *session_; }
    [[nodiscard]] task_books& books() { return books_; }
    [[nodiscard]] const std::string& problem() const { return problem_; }
    [[nodiscard]] const std::vector<model::value_id>& kept() const { return kept_; }
    /// The handle that the present call uses.
    [[nodiscard]] std::optional<model::handle> in_use() const {
        if (!in_call()) return std::nullopt;
        session_->look_inside();
        return called_on_;
    }
    void close_session() { session_.reset(); }
    [[nodiscard]] pid_t thread() const { return thread_.load(std::memory_order_relaxed); }

    std::size_t slept = 0, woken = 0, blocked = 0, passed_over = 0;
    form_counts forms{};
    std::optional<no_answer::why> lost;
    std::atomic<bool> stalled = false;  // while another task was awake; written inside calls

  private:
    /// False if the task is to end here.
    bool take(const task_step& t);

    bool wait(std::uint32_t operation, model::answer& a);

    /// A channel that keeps the value of a failed send answers as the contract says, but for that.
    void complete(std::uint32_t operation, model::answer& a);

    bool call(model::event& e);

    // The step and the time of the event are written. release: for log().
    void publish_that_it_waits() { progress_.store(written() * 2 + 1, std::memory_order_release); }
    // All of it is. release: the same.
    void publish() { progress_.store((written() + 1) * 2, std::memory_order_release); }

    /// Schedule perturbation between two steps: most often none.
    void noise_between();

    /// Sleeps until the other tasks have ended or sleep, but not for long: some may wait for this one in a way that the
    /// board cannot see.
    void stall() noexcept override;

    wake_board& board_;
    const std::vector<task_step>* part_ = nullptr;
    std::unique_ptr<task_session> session_;
    task_books books_;
    std::uint64_t seed_ = 1;
    std::uint64_t until_stall_ = 0;
    std::atomic<bool> stalls_ = false;
    bool heavy_ = false;
    bool hands_back_ = true;
    std::map<std::uint32_t, model::value_id> sent_;  // by operation
    std::vector<model::value_id> kept_;              // by the channel, of sends that failed
    std::vector<model::event> log_;
    /// Twice the events that are written, and one more while the next is under way. One number, so that log() never
    /// looks for an event that does not exist. Changed by the task alone.
    std::atomic<std::uint32_t> progress_{0};
    std::atomic<bool> in_call_{false};
    model::handle called_on_;
    std::atomic<pid_t> thread_{0};
    std::string problem_;
};

}  // namespace tailrace::verify
