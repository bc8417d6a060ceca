// State coverage of the storage of a channel: what generated programs do with its blocks.
// After a change here run: ci/test -L proptests -R 'reach|sequential'
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "coverage/reach.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

/// Counts in how many programs a goal is reached, of what is seen of the storage after each step.
class storage_watch {
  public:
    void begin_program();
    /// `buffered`: the number of values.
    void note(const storage& now, std::size_t buffered);
    /// Precondition: the target has geometries. As in reach_counter.
    [[nodiscard]] std::vector<reach> judge(std::size_t max_length) const;

  private:
    struct goal;
    static const std::array<goal, 4> goals;

    std::uint64_t programs_ = 0;
    std::array<std::uint64_t, 4> count_{};

    // In this program.
    std::array<bool, 4> reached_{};
    storage before_;
    std::uint64_t allocated_ = 0;  // blocks
    bool grown_ = false;           // to as many as it ever needs
};

}  // namespace tailrace::verify
