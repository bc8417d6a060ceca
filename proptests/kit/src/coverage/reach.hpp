// State coverage: how often generated programs reach the states and answers that are worth testing.
//
// A check that never reaches the interesting state passes silently. So every goal is counted, in programs, and a run
// that reaches one less often than required fails. The coverage goals are one table (reach_table.hpp): every verb with
// every answer it can have, and the states in which channels go wrong. Goals that a target's capabilities rule out are
// not required of it.
// After a change here run: ci/test -L proptests -R 'reach|sequential'
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::verify {

enum class reach_verdict : unsigned char {
    reached,
    missed,
    unknown  // too few programs to tell, or others than those it was measured for
};

[[nodiscard]] std::string_view to_string(reach_verdict v) noexcept;

struct reach {
    std::string_view what;       // "try_send -> closed", "granted, then cancelled"
    std::uint64_t programs = 0;  // that reached it
    std::uint64_t required = 0;  // of as many as were run
    reach_verdict verdict = reach_verdict::unknown;
    std::uint64_t run = 0;        // programs
    std::uint64_t per_10000 = 0;  // required
    bool certain = true;          // else too few are unknown, not missed
};

/// The same goal in two parts of a run: the result of both together.
void add_to(reach& one, const reach& other) noexcept;

/// Below this many programs, reached or required, chance decides: there is no verdict.
inline constexpr std::uint64_t least_for_verdict = 10;

/// The verdict on a goal that `per_10000` programs have to reach, and that `programs` of `run` reached.
[[nodiscard]] reach_verdict judge_reach(std::uint64_t programs, std::uint64_t run, std::uint64_t per_10000) noexcept;

/// A step of the specification, with the states before and after it.
struct moment {
    moment(const model::machine& before, const model::step& s);

    const model::step* step;
    const model::outcome* outcome = nullptr;
    const model::machine* after = nullptr;

    // Before the step.
    bool closed;
    bool receiver_gone;
    bool asleep;  // a receive is parked and has not been woken
    std::uint64_t available;
    std::uint64_t outstanding;
    std::uint64_t held;
    std::uint64_t strong;
    std::size_t queued;
    std::size_t listening;
    std::size_t buffered;
    std::optional<model::operation> op;  // polled or dropped here
    std::size_t place;                   // of `op` in the queue; `queued` if it is not there

    // In this program, the step included.
    std::uint64_t delivered = 0;  // values that entered the buffer
};

/// Counts which goals are reached as the specification takes the steps of programs.
class reach_counter {
  public:
    explicit reach_counter(capabilities within);

    void begin_program();
    /// `around` was made before the step; the machine has taken it since.
    void note(moment& around, const model::machine& after, const model::outcome& out);
    /// An outermost call with reactions.
    void note_reactions(std::span<const model::line> call);

    [[nodiscard]] std::uint64_t programs() const { return programs_; }
    /// Every goal within the capabilities. The numbers were measured for programs of the usual length and for targets
    /// with the basic capabilities; for others a goal that is not reached is unknown, not missed.
    [[nodiscard]] std::vector<reach> judge(std::size_t max_length) const;

  private:
    void count(std::size_t row);

    bool has_basics_;
    std::vector<bool> required_;        // by row: within the capabilities
    std::vector<std::uint64_t> count_;  // by row: programs
    std::vector<std::uint64_t> last_;   // by row: the last program counted, from 1
    std::uint64_t programs_ = 0;
    std::uint64_t delivered_ = 0;
};

}  // namespace tailrace::verify
