// Runs the searches of one program.
//
// Histories are judged when a search has ended. If one is rejected, the same search runs again with the same executions
// and stops at that history, which is then reported like any other failure.
#include "explorer/explore.hpp"

#include <ctime>
#include <utility>

#include "explorer/notebook.hpp"
#include "kernel/search.hpp"

namespace tailrace::relacy {

std::vector<player>& players() {
    static std::vector<player> all;
    return all;
}

exploration explore(const player& on, const plan& p, const exploration_request& request) {
    const std::clock_t begun = std::clock();
    notebook histories;
    histories.begin(p);
    performed::program = &p;
    performed::histories = &histories;
    performed::running = nullptr;
    const enrolled_scenario what{"generated", on.target, threads_for(p), on.make};

    exploration all;
    const auto run = [&](const search_request& how) {
        search_result found = search(what, how);
        all.executions += found.executions;
        all.stalled += found.stalled;
        if (found.failure.empty()) {
            histories.judge(request.most_nodes);
            if (histories.anything_refused()) {
                found = search(what, how);
                all.refused = !found.failure.empty();
                if (!all.refused) found.failure = "a history is rejected, and its execution could not be repeated";
            }
        }
        if (found.exhaustive_up_to) all.exhaustive_up_to = found.exhaustive ? how.preemptions : found.exhaustive_up_to;
        all.failure = std::move(found.failure);
        all.steps = std::move(found.steps);
        return all.failure.empty();
    };
    const auto sample = [&](scheduler how, std::uint64_t executions) {
        return executions == 0 || run({.how = how, .executions = executions, .seed = request.seed});
    };
    if (sample(scheduler::random, request.random_executions) && sample(scheduler::stall, request.stall_executions) &&
        request.bound_executions > 0) {
        run({.how = scheduler::bound, .executions = request.bound_executions, .preemptions = request.preemptions});
    }
    all.microseconds = static_cast<std::uint64_t>(std::clock() - begun) * 1'000'000 / CLOCKS_PER_SEC;
    all.histories = histories.size();
    all.unknown = histories.unknown();
    if (request.show && all.failure.empty()) all.shown = histories.texts();
    if (!all.failure.empty() && performed::running != nullptr) all.history = to_text(*performed::running, p);
    return all;
}

}  // namespace tailrace::relacy
