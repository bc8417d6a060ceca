// The goals of forms.
// After a change here run: ci/test -L proptests -R 'reach|sequential|forms'
#include "coverage/reach_forms.hpp"

#include <array>
#include <string_view>

#include "program/generator.hpp"

namespace tailrace::verify {
namespace {

struct goal {
    std::string_view what;
    std::uint64_t per_10000;
};

/// In the order of form_event; the last of these does not come on one thread. Less than half of what was measured over
/// 2,000 programs of seed 1, on `optimized` with its geometries.
constexpr std::array<goal, form_event_count - 1> goals{
    goal{"an operation has a stop token inside of a deadline", 1500},
    goal{"an operation has a deadline inside of a stop token", 1000},
    goal{"a waiting operation is stopped where the program drops it", 350},
    goal{"a waiting operation times out where the program drops it", 80},
    goal{"an executor resumes a suspended coroutine", 400},
    goal{"a suspended coroutine is destroyed", 120},
    goal{"a coroutine is destroyed that the executor was about to resume", 280},
    goal{"an operation is woken through its second waker or a later one", 380},
    goal{"a handle goes while a finished operation is still there", 1500},
    goal{"an allocation fails, and nothing else happens", 1500},
};

}  // namespace

void form_watch::note(const std::optional<form_counts>& of_the_program) {
    ++programs_;
    if (!of_the_program) return;
    for (std::size_t i = 0; i < goals.size(); ++i) {
        const std::uint64_t times = (*of_the_program)[i];
        all_[i] += times;
        in_programs_[i] += times > 0 ? 1 : 0;
    }
}

std::vector<reach> form_watch::judge(std::size_t max_length) const {
    std::vector<reach> all;
    for (std::size_t i = 0; i < goals.size(); ++i) {
        reach r{goals[i].what,      in_programs_[i],           0, reach_verdict::unknown, programs_,
                goals[i].per_10000, max_length >= usual_length};
        add_to(r, {});
        all.push_back(r);
    }
    return all;
}

}  // namespace tailrace::verify
