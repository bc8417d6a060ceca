// A scenario: a few threads with a few operations each, and the properties that hold in every execution.
//
// It is constructed before the threads start, and finished and destroyed after all of them have ended. In between each
// thread runs once, in every interleaving that the search tries. A scenario that waits for an event that cannot come is
// a deadlock and fails. The same scenario is enrolled once for each target.
// After a change here run: ci/test -L relacy
#pragma once

#include <string>
#include <vector>

namespace tailrace::relacy {

class scenario {
  public:
    /// A scenario with three declares that.
    static constexpr unsigned threads = 2;

    scenario() = default;
    scenario(const scenario&) = delete;
    scenario& operator=(const scenario&) = delete;
    virtual ~scenario() = default;

    /// The body of simulated thread `index`.
    virtual void thread(unsigned index) = 0;
    /// Checks after all threads have ended. Nothing may wait here.
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

/// Called during static initialisation. The result only makes the call usable as an initialiser.
bool enroll(enrolled_scenario what);

/// Enrolls Scenario<Target, Form>, which declares its name, with the family.
template <template <class, class> class Scenario, class Target, class Form>
bool enroll() {
    using made = Scenario<Target, Form>;
    return enroll({.name = std::string(made::name).append(1, '.').append(Form::name),
                   .target = Target::name,
                   .threads = made::threads,
                   .make = []() -> scenario* { return new made; }});
}

}  // namespace tailrace::relacy
