// The list of scenarios, filled during static initialisation.
#include "kernel/scenario.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tailrace::relacy {
namespace {

std::vector<enrolled_scenario>& list() {
    static std::vector<enrolled_scenario> scenarios;
    return scenarios;
}

}  // namespace

std::vector<enrolled_scenario> all_scenarios() {
    std::vector<enrolled_scenario> sorted = list();
    std::ranges::sort(
        sorted, [](const auto& a, const auto& b) { return std::tie(a.name, a.target) < std::tie(b.name, b.target); });
    return sorted;
}

bool enroll(enrolled_scenario what) {
    list().push_back(std::move(what));
    return true;
}

}  // namespace tailrace::relacy
