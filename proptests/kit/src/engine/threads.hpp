// The engine `threads`: generated programs of two to four tasks on real threads.
//
// Each performance leaves a history, and the specification has to be able to explain it: one order of the steps, in
// agreement with the times, in which every answer is the contract's, nobody is left asleep whom it would answer, and
// nobody overtakes who was seen waiting. Every value has one fate. The first program that fails is shrunk; a failure
// that comes and goes is looked for many times in each smaller program, and the smallest is told with how often it
// failed. After a change here run: ctest -L proptests -R threads
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coverage/reach.hpp"
#include "engine/oracle.hpp"
#include "engine/stage.hpp"
#include "tailrace/model/linearizability.hpp"

namespace tailrace::verify {

struct threads_options {
    std::uint64_t programs = 4'000;
    std::uint64_t seed = 1;
    std::uint64_t first = 0;                 // index of the first program
    std::uint64_t most_nodes = 100'000;      // of the search for an order
    std::size_t most_attempts = 300;         // programs that shrinking tries
    std::size_t most_performances = 30'000;  // of all of them together
    std::size_t repeats = 1'000;             // performances of each of them at most
    std::size_t keep = 0;                    // histories, to measure evidence with
    /// Told the index of each program, before every performance: whoever watches may count on it.
    std::function<void(std::uint64_t program)> alive = {};
    /// True once no more programs are to be begun: asked before each.
    std::function<bool()> enough = {};
    /// True once the run has to end with what it has: asked before every performance.
    std::function<bool()> over = {};

    [[nodiscard]] bool is_over() const { return over && over(); }
};

/// What one performance came to.
struct threads_judgement {
    model::verdict verdict;
    std::string problem;  // of the performance: an exception, a value's fate

    [[nodiscard]] bool failed() const {
        return !problem.empty() || verdict.is == model::finding::answer || verdict.is == model::finding::asleep;
    }
};

[[nodiscard]] threads_judgement judge(const performance& p, std::uint64_t most_nodes);

struct threads_failure {
    std::uint64_t program = 0;  // its index
    concurrent_program found;
    concurrent_program smallest;
    std::size_t attempts = 0;  // of shrinking
    model::history history;    // of the smallest
    threads_judgement judgement;
    std::size_t failed = 0;  // of so many performances of the smallest
    std::size_t performed = 0;
};

struct threads_result {
    std::string target;
    std::uint64_t programs = 0;
    std::uint64_t histories = 0;
    std::uint64_t events = 0;
    std::uint64_t nodes = 0;
    std::uint64_t unknown = 0;   // histories for which the search was given up
    std::vector<reach> reached;  // empty if there was a failure
    std::vector<model::history> kept;
    std::optional<threads_failure> failure;

    /// No failure, nothing missed, and at most one history in a thousand unknown.
    [[nodiscard]] bool passed() const;
};

/// Precondition: the target has `open_lanes`.
[[nodiscard]] threads_result run_threads(const target& t, const threads_options& options = {},
                                         const progress& tell = {});

/// Performs the program until it fails or `most` performances are over; nothing then.
[[nodiscard]] std::optional<threads_failure> perform_again(const target& t, const concurrent_program& p,
                                                           std::size_t most, const threads_options& options = {});

/// Many messages from several senders to one receiver.
struct long_run {
    std::uint32_t senders = 3;  // at most 32
    std::uint64_t messages = 1'000'000;
    std::uint64_t capacity = 16;
    bool noisy = false;
    std::function<void(std::uint64_t received)> alive = {};  // now and then
    std::function<bool()> over = {};                         // asked as often: true ends it
};

/// What is wrong: the order of one sender's values, a value lost, made up, or received twice. Nothing if all is well.
/// Precondition: the target has `open_lanes`, send, recv and clone, and ends with its senders.
[[nodiscard]] std::string run_in_order(const target& t, const long_run& r);

}  // namespace tailrace::verify
