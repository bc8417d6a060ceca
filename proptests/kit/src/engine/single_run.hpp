// One run of a concurrent program on threads, from a new channel to its destruction.
// After a change here run: ci/test -L proptests -R 'threads|foreign'
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/task.hpp"
#include "engine/thread_runner.hpp"
#include "engine/wake_board.hpp"

namespace tailrace::verify {

class single_run {
  public:
    single_run(wake_board& board, std::vector<std::unique_ptr<task>>& tasks, const target& t,
               const concurrent_program& p, variation v)
        : board_(board), tasks_(tasks), target_(t), program_(p), variation_(v) {}

    /// `start` begins the tasks, of which it gets the number.
    [[nodiscard]] thread_run run(const std::function<void(std::size_t)>& start);

  private:
    void course(const std::function<void(std::size_t)>& start);
    void leave_alone();
    void close_sessions();
    model::history& history() { return result_.history; }

    /// The steps before the tasks. The specification decides which are legal, and the names.
    void begin();

    void take(const model::step& s, std::vector<model::event>& log);

    void hand_out();

    /// What borrows a sender goes to the same task; a sender that several tasks borrow stays, for all to use.
    void keep_together(std::vector<std::vector<model::handle>>& given) const;
    /// False if another task has one of them.
    bool take_borrowers(const std::vector<std::vector<model::handle>>& given, std::vector<model::handle>& some,
                        model::handle sender) const;

    [[nodiscard]] model::verb made_by(model::handle h) const;

    /// Waits for quiescence: every task sleeps or has ended, and what the channel has posted wakes none of them.
    void wait_for_quiescence(std::size_t n);

    /// False if there is no quiescence: some tasks sleep inside calls for good, although the specification would wake
    /// them.
    [[nodiscard]] bool reach_quiescence(std::size_t n);

    /// All tasks that are awake are inside calls, asleep in the kernel, and do not run once from the first look to the
    /// last.
    [[nodiscard]] bool sleep_for_good(std::size_t n) const;

    [[nodiscard]] std::uint32_t inside(std::size_t n) const;
    [[nodiscard]] std::uint64_t progress(std::size_t n) const;
    /// The history so far does not fail because a task sleeps that should be awake.
    [[nodiscard]] bool may_rest(std::size_t n);

    /// Everything is dropped, some of it after the buffer has been drained.
    /// False if a task stays inside a call whatever is done.
    [[nodiscard]] bool take_apart(std::size_t n);

    /// Takes back what a task that has ended, or is inside a call, does not use. It will not use it again.
    void collect(task& from);

    /// Used by a task that is inside a call.
    [[nodiscard]] bool is_used(model::handle h) const;

    /// A task inside a call that no drop would end gets a value, or capacity for one. False if that does not wake it.
    [[nodiscard]] bool let_out(std::size_t n);

    /// False if no task needs one, or none is known.
    bool give_a_way_out(std::size_t n);

    void drop_all(std::size_t round);

    void note(const task& l);

    /// Every value that was made is received, handed back or destroyed exactly once.
    void account();

    wake_board& board_;
    std::vector<std::unique_ptr<task>>& tasks_;
    const target& target_;
    const concurrent_program& program_;
    variation variation_;
    std::unique_ptr<task_session> root_;
    bool started_ = false;  // the tasks
    task_books books_;
    model::value_id spare_value_ = wake_board::most_values - 256;  // no program has it
    std::vector<model::value_id> kept_;                            // see task
    thread_run result_;
};

}  // namespace tailrace::verify
