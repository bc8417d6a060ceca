// Litmus tests: programs of a few atomic operations, and an outcome that the search comes upon or
// does not. They say that the seam hands orders on as they are, and where Relacy is blind.
//
// A test that turns out otherwise than it says here fails: when a later Relacy sees more, what was
// excused by its blindness has to be looked at again.
// After a change here run: ctest -L relacy
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/platform.hpp"
#include "kernel/scenario.hpp"

namespace tailrace::relacy {

enum class sight : unsigned char {
    seen,       // C++ allows the outcome, and the search shows it
    forbidden,  // C++ forbids it, and the search does not show it
    blind,      // C++ allows it, and the search does not show it
    imagined,   // C++ forbids it, and the search shows it
    deadlock    // it is that somebody sleeps for ever, and the search shows it
};

struct enrolled_litmus {
    enrolled_scenario what;
    sight expected = sight::seen;
};

[[nodiscard]] std::vector<enrolled_litmus> all_litmus_tests();
/// Whether that is a test, and of a blind spot.
[[nodiscard]] bool is_blind_spot(std::string_view name);

/// Runs them with both schedulers; `pattern` is a shell pattern for their names. True if there are
/// some, and all turn out as they say.
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
    /// The outcome that it is about, from what was read: usually a flag, and not what it is the flag of.
    [[nodiscard]] virtual bool came_out() const { return read_[0] == 1 && read_[1] == 0; }

    word x_{0};
    word y_{0};
    std::array<unsigned, 6> read_{};
};

/// The result is worth nothing; it gives the call a place to stand.
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
