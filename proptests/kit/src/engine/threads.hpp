// The engine `threads`: generated programs of two to four tasks, run on real threads.
//
// Each run leaves a history, which must be linearizable: some order of its steps, consistent with their times, gives
// every answer. In that order no waiting task is left asleep that the specification would wake, waiters are served in
// FIFO order, and every value is delivered, returned or destroyed exactly once. The first program that fails is shrunk.
// A failure may come and go, so each smaller program is run many times; the smallest is reported with how often it
// failed. After a change here run: ci/test -L proptests -R threads
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coverage/reach.hpp"
#include "engine/oracle.hpp"
#include "engine/thread_runner.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::verify {

struct threads_options {
    std::uint64_t programs = 4'000;
    std::uint64_t seed = 1;
    std::uint64_t first = 0;             // index of the first program
    std::uint64_t most_nodes = 100'000;  // of the linearizability search
    std::size_t most_attempts = 300;     // programs that shrinking tries
    std::size_t most_runs = 30'000;      // of all of them together
    std::size_t repeats = 1'000;         // runs of each of them at most
    std::size_t keep = 0;                // histories, to measure evidence with
    /// Called with the index of the program, before every run: a watchdog may rely on it.
    std::function<void(std::uint64_t program)> alive = {};
    /// True once no more programs are to be begun; called before each.
    std::function<bool()> enough = {};
    /// True once the run has to end with what it has; called before every run.
    std::function<bool()> over = {};

    [[nodiscard]] bool is_over() const { return over && over(); }
};

/// The result of one run.
struct threads_judgement {
    model::verdict verdict;
    // Of the run: an exception, a broken invariant, or a value that is lost or accounted for twice.
    std::string problem;
    std::optional<no_answer::why> lost = {};  // the target: the problem says how

    [[nodiscard]] bool failed() const {
        return !problem.empty() || verdict.is == model::finding::answer || verdict.is == model::finding::asleep;
    }
};

[[nodiscard]] threads_judgement judge(const thread_run& p, std::uint64_t most_nodes);

struct threads_failure {
    std::uint64_t program = 0;  // its index
    concurrent_program found;
    concurrent_program smallest;
    std::size_t attempts = 0;  // of shrinking
    model::history history;    // of the smallest
    threads_judgement judgement;
    std::size_t failed = 0;  // of so many runs of the smallest
    std::size_t runs = 0;
};

struct threads_result {
    std::string target;
    std::uint64_t programs = 0;
    std::uint64_t histories = 0;
    std::uint64_t stalled = 0;  // runs in which a task was stalled while others ran
    std::uint64_t events = 0;
    std::uint64_t nodes = 0;
    std::uint64_t unknown = 0;   // histories for which the search was given up
    std::vector<reach> reached;  // empty if there was a failure
    std::vector<model::history> kept;
    std::optional<threads_failure> failure;

    /// No failure, nothing missed, and at most one history in a thousand unknown.
    [[nodiscard]] bool passed() const;
};

/// Precondition: the target has `open_tasks`, and is as_tasks().
[[nodiscard]] threads_result run_threads(const target& t, const threads_options& options = {},
                                         const progress& tell = {});

/// Runs the program until it fails, at most `most` times; empty if it does not.
[[nodiscard]] std::optional<threads_failure> run_again(const target& t, const concurrent_program& p, std::size_t most,
                                                       const threads_options& options = {});

/// Many messages from several senders to one receiver.
struct long_run {
    std::uint32_t senders = 3;  // at most 32
    std::uint64_t messages = 1'000'000;
    std::uint64_t capacity = 16;
    bool noisy = false;
    std::function<void(std::uint64_t received)> alive = {};  // now and then
    std::function<bool()> over = {};                         // called as often: true ends it
};

/// What is wrong: the order of one sender's values, a value lost, made up, or received twice. Nothing if all is well.
/// Precondition: the target has `open_tasks`, send, recv and clone, and ends with its senders.
[[nodiscard]] std::string run_in_order(const target& t, const long_run& r);

}  // namespace tailrace::verify
