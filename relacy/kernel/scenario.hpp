// A scenario: a few threads, a few operations each, and what must hold in every execution.
//
// It is built before the threads start, and finished and destroyed after all of them have ended; in
// between each thread runs once, in every order that the search comes upon. A scenario that waits
// for something that cannot come is a deadlock, and fails. The same scenario is enrolled once for
// each target it runs against.
// After a change here run: ctest -L relacy
#pragma once

#include <string>
#include <vector>

namespace tailrace::relacy {

class scenario {
  public:
    scenario() = default;
    scenario(const scenario&) = delete;
    scenario& operator=(const scenario&) = delete;
    virtual ~scenario() = default;

    /// What simulated thread `index` does.
    virtual void thread(unsigned index) = 0;
    /// What is looked at when all threads have ended. Nothing may wait here.
    virtual void finish() {}
};

struct enrolled_scenario {
    std::string name;    // family.scenario.form
    std::string target;  // reference or optimized
    unsigned threads = 2;
    scenario* (*make)() = nullptr;
};

/// All scenarios of this program, by name and then by target.
[[nodiscard]] std::vector<enrolled_scenario> all_scenarios();

/// Called while the program starts. The result is worth nothing; it gives the call a place to
/// stand.
bool enroll(enrolled_scenario what);

/// Enrolls Scenario<Target, Form>, which says its name (with the family) and its number of threads.
template <template <class, class> class Scenario, class Target, class Form>
bool enroll() {
    using made = Scenario<Target, Form>;
    return enroll({.name = std::string(made::name).append(1, '.').append(Form::name),
                   .target = Target::name,
                   .threads = made::threads,
                   .make = []() -> scenario* { return new made; }});
}

}  // namespace tailrace::relacy
