// The searches of one program.
//
// Histories are judged when a search has ended. If one is refused, the same search, which comes by the same executions
// again, stops where that history turns up, and is explained like any other failure.
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
        if (found.failure.empty()) {
            histories.judge(request.most_nodes);
            if (histories.anything_refused()) {
                found = search(what, how);
                all.refused = !found.failure.empty();
                if (!all.refused) found.failure = "a history is refused, and its execution could not be repeated";
            }
        }
        if (found.complete_to) all.complete_to = found.whole ? how.switches : found.complete_to;
        all.failure = std::move(found.failure);
        all.steps = std::move(found.history);
        return all.failure.empty();
    };
    const bool going_on =
        request.random_executions == 0 ||
        run({.how = scheduler::random, .executions = request.random_executions, .seed = request.seed});
    if (going_on && request.bound_executions > 0) {
        run({.how = scheduler::bound, .executions = request.bound_executions, .switches = request.switches});
    }
    all.microseconds = static_cast<std::uint64_t>(std::clock() - begun) * 1'000'000 / CLOCKS_PER_SEC;
    all.histories = histories.size();
    all.unknown = histories.unknown();
    if (request.show && all.failure.empty()) all.shown = histories.texts();
    if (!all.failure.empty() && performed::running != nullptr) all.history = to_text(*performed::running, p);
    return all;
}

}  // namespace tailrace::relacy
