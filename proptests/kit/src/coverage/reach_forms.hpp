// State coverage of the forms of operations, and of allocations that fail.
// After a change here run: ci/test -L proptests -R 'reach|sequential|forms'
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coverage/reach.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// Counts how often each event came, and in how many programs.
class form_watch {
  public:
    /// After a program.
    void note(const std::optional<form_counts>& of_the_program);
    /// Precondition: the target has geometries. As in reach_counter.
    [[nodiscard]] std::vector<reach> judge(std::size_t max_length) const;
    [[nodiscard]] const form_counts& all() const { return all_; }

  private:
    std::uint64_t programs_ = 0;
    form_counts all_{};
    form_counts in_programs_{};
};

}  // namespace tailrace::verify
