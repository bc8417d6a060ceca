// All programs of one thread with at most so many steps, in order: the shorter ones first.
//
// A program is a sequence of steps that the specification allows. It has no names of its own: what is made gets the
// next number of its kind, and a value that is sent the next number of values. A count is the capacity, a duration one
// millisecond. The observers are no steps here, since they change nothing: `observers` has those that can be asked
// after the last step. Reactions are left out.
//
// No program is left out as equivalent to another one: that two steps commute is a promise of the contract, and the
// channel that breaks it is the one to be found.
// After a change here run: ci/test -L proptests -R 'enumeration|exhaustive'
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// The steps that may be taken in this state, without the observers, in the order of the table of verbs.
[[nodiscard]] std::vector<model::step> next_steps(const model::machine& now, capabilities within);
/// The observers of each handle.
[[nodiscard]] std::vector<model::step> observers(const model::machine& now, capabilities within);

/// The same state for all that differ in names alone.
[[nodiscard]] model::machine without_names(model::machine m);
/// How many programs go on from a state without names, by how many steps they have left.
using known_counts = std::vector<std::unordered_map<model::machine, std::uint64_t>>;

/// The programs of one length that begin in one way, each with the outcomes that the specification wants.
class program_walk {
  public:
    program_walk(capabilities within, std::uint64_t capacity, const std::vector<model::step>& beginning,
                 std::size_t length);

    /// Goes to the next program, at first to the first one. False if there are no more.
    [[nodiscard]] bool next();
    /// Leaves out the first `programs`. Precondition: there are more than that, and `next` was not called.
    void skip(std::uint64_t programs, known_counts& known);

    [[nodiscard]] const std::vector<model::line>& lines() const { return lines_; }
    [[nodiscard]] const model::machine& state() const { return state_; }

  private:
    struct fork {
        model::machine before;
        std::vector<model::step> ways;
        std::size_t next = 0;
    };
    void take(const model::step& s);

    capabilities within_;
    std::size_t length_;
    std::size_t fixed_;        // steps that all programs have
    std::vector<fork> forks_;  // one for each of the others, as far as they are chosen
    std::vector<model::line> lines_;
    model::machine state_;
    bool begun_ = false;
};

/// By length, then by capacity, then in the order of `next_steps`. The program with the smallest index that fails is
/// the smallest that fails.
class all_programs {
  public:
    /// At the capacities 1 and 2, or those that the target has instead.
    all_programs(const target& t, std::size_t depth);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::uint64_t of_length(std::size_t length) const;

    class cursor {
      public:
        cursor(const all_programs& all, std::uint64_t first);
        /// False if there are no more.
        [[nodiscard]] bool next();
        [[nodiscard]] const program_walk& at() const { return walk_; }

      private:
        const all_programs* all_;
        std::size_t group_;
        program_walk walk_;
    };

  private:
    /// Programs that begin in the same way.
    struct group {
        std::uint64_t first;  // the index of the first of them
        std::uint64_t capacity;
        std::size_t length;
        std::vector<model::step> beginning;
    };
    void add_groups(const model::machine& now, std::vector<model::step>& beginning, std::size_t length);
    [[nodiscard]] program_walk walk_of(const group& g) const { return {within_, g.capacity, g.beginning, g.length}; }

    capabilities within_;
    std::vector<group> groups_;
    std::uint64_t size_ = 0;
    mutable known_counts known_;  // more of them never changes what is here
};

}  // namespace tailrace::verify
