// All small programs of two tasks, in order: those with fewer steps first.
//
// They begin in every state that a few steps reach, each state once, whatever its handles and values are called; then
// one task takes some operations and another takes some. An operation is a step that the state allows: one that waits
// is awaited, and one that was begun before is polled or dropped. A task of one operation may observe instead: two
// that observe disturb each other no more than one does. Time is left out, which is not simulated. A handle that is no
// sender belongs to one of the tasks; so does a sender that one of them uses up.
// After a change here run: ci/test -L proptests -R 'enumeration|interleavings'
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "program/concurrent_program.hpp"
#include "tailrace/model/machine.hpp"

namespace tailrace::verify {

struct concurrent_size {
    std::size_t before = 2;  // steps that lead to the states, at most
    std::size_t first = 1;   // operations of one task, at most
    std::size_t second = 2;  // of the other, at least as many
};

/// The state in which the operations of a program meet, in a few words: the columns of the table.
[[nodiscard]] std::string_view kind_of_state(const model::machine& m);
/// All of them.
[[nodiscard]] std::span<const std::string_view> kinds_of_states();

class all_concurrent_programs {
  public:
    all_concurrent_programs(capabilities within, const concurrent_size& size);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::size_t states() const { return states_.size(); }
    /// Precondition: `index < size()`. Neighbours are found fast.
    [[nodiscard]] concurrent_program at(std::uint64_t index) const;

  private:
    struct state {
        std::vector<model::step> before;
        model::machine now;
    };
    using operations = std::vector<task_step>;
    /// Of one state and one number of operations of each task.
    struct group {
        std::uint64_t first;
        std::size_t state;
        std::size_t lengths[2];
    };
    void find_states(std::uint64_t capacity, std::size_t most);
    [[nodiscard]] std::vector<operations> tasks_in(const model::machine& m, std::size_t length, std::size_t task) const;
    [[nodiscard]] std::vector<std::pair<operations, operations>> pairs_of(const group& g) const;

    capabilities within_;
    std::vector<state> states_;
    std::vector<group> groups_;
    std::uint64_t size_ = 0;
    mutable std::size_t known_ = ~std::size_t{0};  // the group of which these are the pairs
    mutable std::vector<std::pair<operations, operations>> pairs_;
};

}  // namespace tailrace::verify
