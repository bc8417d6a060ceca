// Litmus tests: programs of a few atomic operations, each with an outcome that the search should or should not find.
// They show that the seam passes on orders unchanged, and where Relacy has blind spots.
//
// A test with another result than expected fails. If a later Relacy has fewer blind spots, everything that was excused
// by them has to be reviewed.
// After a change here run: ci/test -L relacy
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/platform.hpp"
#include "kernel/scenario.hpp"

namespace tailrace::relacy {

enum class sight : unsigned char {
    seen,       // C++ allows the outcome, and the search finds it
    forbidden,  // C++ forbids it, and the search does not find it
    blind,      // C++ allows it, and the search does not find it
    imagined,   // C++ forbids it, and the search finds it
    deadlock    // the outcome is a deadlock, and the search finds it
};

struct enrolled_litmus {
    enrolled_scenario what;
    sight expected = sight::seen;
};

[[nodiscard]] std::vector<enrolled_litmus> all_litmus_tests();
/// Whether there is such a test and it is of a blind spot.
[[nodiscard]] bool is_blind_spot(std::string_view name);

/// Runs the tests whose names match the shell pattern, with both schedulers. True if there is at least one and all have
/// the expected result.
[[nodiscard]] bool run_litmus_tests(const std::string& pattern);

namespace litmus {

using word = relacy_platform::atomic<unsigned>;
using plain = relacy_platform::plain<unsigned>;

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

inline constexpr const char* outcome = "the outcome was seen";

class test : public scenario {
  public:
    void finish() override { expect(!came_out(), outcome); }

  protected:
    /// The tested outcome, from the values read. By default: the flag was seen, but not the data that it guards.
    [[nodiscard]] virtual bool came_out() const { return read_[0] == 1 && read_[1] == 0; }

    word x_{0};
    word y_{0};
    std::array<unsigned, 6> read_{};
};

/// The result only makes the call usable as an initialiser.
bool enroll(enrolled_litmus what);

template <class Test>
bool enroll(sight expected) {
    return enroll({.what = {.name = Test::name,
                            .target = "litmus",
                            .threads = Test::threads,
                            .make = []() -> scenario* { return new Test; }},
                   .expected = expected});
}

}  // namespace litmus
}  // namespace tailrace::relacy
