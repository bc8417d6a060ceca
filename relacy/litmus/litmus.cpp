// Runs the litmus tests.
#include "litmus/litmus.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fnmatch.h>

#include <fmt/format.h>

#include "kernel/budget.hpp"
#include "kernel/search.hpp"

namespace tailrace::relacy {
namespace {

/// The programs are so small that this bound is exhaustive, or nearly.
constexpr unsigned most_preemptions = 4;

std::vector<enrolled_litmus>& list() {
    static std::vector<enrolled_litmus> tests;
    return tests;
}

const char* name_of(sight s) noexcept {
    switch (s) {
        case sight::seen: return "seen";
        case sight::forbidden: return "forbidden, and not seen";
        case sight::blind: return "allowed, and not seen";
        case sight::imagined: return "forbidden, and seen";
        case sight::deadlock: return "deadlock, seen";
    }
    return "?";
}

bool run_one(const enrolled_litmus& test) {
    bool seen = false;
    std::uint64_t executions = 0;
    for (const scheduler how : {scheduler::bound, scheduler::random}) {
        const bool random = how == scheduler::random;
        const search_result result =
            search(test.what, {.how = how,
                               .executions = random ? usual_budget.random_executions : usual_budget.bound_executions,
                               .preemptions = most_preemptions});
        executions += result.executions;
        if (result.failure.empty()) continue;
        if (!result.failure.contains(test.expected == sight::deadlock ? "DEADLOCK" : litmus::outcome)) {
            fmt::print("{:<42} FAILED: {}\n{}", test.what.name, result.failure, to_text(result.steps));
            return false;
        }
        seen = true;
    }
    const bool as_expected = seen == (test.expected != sight::forbidden && test.expected != sight::blind);
    fmt::print("{:<42} {:>7} executions  {}\n", test.what.name, executions,
               as_expected ? name_of(test.expected)
               : seen      ? fmt::format("FAILED: SEEN, expected: {}", name_of(test.expected))
                           : "FAILED: NOT SEEN, although expected");
    return as_expected;
}

}  // namespace

std::vector<enrolled_litmus> all_litmus_tests() {
    std::vector<enrolled_litmus> sorted = list();
    std::ranges::sort(sorted, {}, [](const enrolled_litmus& t) { return t.what.name; });
    return sorted;
}

bool is_blind_spot(std::string_view name) {
    return std::ranges::any_of(
        list(), [&](const enrolled_litmus& t) { return t.what.name == name && t.expected == sight::blind; });
}

bool run_litmus_tests(const std::string& pattern) {
    unsigned run = 0;
    unsigned failed = 0;
    for (const enrolled_litmus& test : all_litmus_tests()) {
        if (::fnmatch(pattern.c_str(), test.what.name.c_str(), 0) != 0) continue;
        ++run;
        if (!run_one(test)) ++failed;
        std::fflush(stdout);
    }
    fmt::print("{} litmus tests, {} failed\n", run, failed);
    return run > 0 && failed == 0;
}

bool litmus::enroll(enrolled_litmus what) {
    list().push_back(std::move(what));
    return true;
}

}  // namespace tailrace::relacy
