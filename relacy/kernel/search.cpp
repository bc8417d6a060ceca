// Implements the search with Relacy's contexts and schedulers.
//
// Relacy needs a suite type that is known at compile time. Here one suite for each number of threads runs the scenario
// that it is given at run time, so that Relacy's templates are compiled in this file only. A failing execution is run
// again with logging.
#include "kernel/search.hpp"

#include <chrono>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>

#include "kernel/bound_scheduler.hpp"
#include "kernel/budget.hpp"
#include "kernel/history.hpp"
#include "kernel/relacy.hpp"
#include "kernel/simulation.hpp"
#include "kernel/stall_scheduler.hpp"

namespace tailrace::relacy {
namespace {

/// The scenario that the suites run. One search runs at a time.
struct assignment {
    scenario* (*make)() = nullptr;
    scheduler how = scheduler::random;
    std::uint64_t executions = 0;
    std::uint64_t most_executions = 0;
};
assignment current;

template <unsigned Threads>
struct suite : rl::test_suite<suite<Threads>, static_cast<rl::thread_id_t>(Threads)> {
    scenario* running = nullptr;

    void before() {
        if (current.executions == current.most_executions) rl::ctx().rl_until("enough", {});
        ++current.executions;
        simulation::begin();
        exception_state::clear();
        running = current.make();
    }
    void thread(unsigned index) {
        exception_state::clear();
        running->thread(index);
    }
    void after() {
        exception_state::clear();
        running->finish();
        delete running;
    }
};

template <unsigned Threads>
rl::test_result_e run_once(rl::test_params& params, std::ostream& state, bool again) {
    using suite_type = suite<Threads>;
    constexpr auto threads = suite_type::params::thread_count;
    switch (current.how) {
        case scheduler::random: return rl::run_test<suite_type, rl::random_scheduler<threads>>(params, state, again);
        case scheduler::stall: return rl::run_test<suite_type, stall_scheduler<threads>>(params, state, again);
        default: return rl::run_test<suite_type, bound_scheduler<threads>>(params, state, again);
    }
}

rl::test_result_e run_threads(unsigned threads, rl::test_params& params, std::ostream& state, bool again) {
    switch (threads) {
        case 2: return run_once<2>(params, state, again);
        case 3: return run_once<3>(params, state, again);
        case 4: return run_once<4>(params, state, again);
        default: throw std::logic_error("tailrace-relacy: a scenario has 2 to 4 threads");
    }
}

/// One run of Relacy, with its parameters and its report.
class attempt {
  public:
    attempt(const enrolled_scenario& what, const search_request& request, unsigned preemptions)
        : what_(what), how_(request.how) {
        params_.output_stream = &report_;
        params_.progress_stream = &nowhere_;
        params_.execution_depth_limit = longest_execution;
        params_.context_bound = preemptions;
        // For Relacy a scheduler that stalls is a random one.
        params_.search_type = request.how == scheduler::bound ? rl::sched_bound : rl::sched_random;
        if (request.how != scheduler::bound) {
            params_.initial_state = rl::string(std::to_string(request.seed).c_str());
            params_.iteration_count = request.seed + request.executions - 1;
        }
    }

    rl::test_result_e run(std::uint64_t most_executions) {
        bound_search::cut_off = false;
        stall_search::stalled = 0;
        current = {.make = what_.make, .how = how_, .executions = 0, .most_executions = most_executions};
        const exception_state outside;
        result_ = run_threads(what_.threads, params_, state_, false);
        outside.restore();
        return result_;
    }

    /// After a failure: runs that execution again with logging.
    void explain(search_result& found) {
        found.seed = params_.stop_iteration;
        params_.initial_state = state_.str();
        params_.collect_history = true;
        current.executions = 0;
        rl::ostringstream unused;
        const exception_state outside;
        const rl::test_result_e again = run_threads(what_.threads, params_, unused, true);
        outside.restore();
        if (again == result_) {
            account readable = account_of(report_.str().c_str());
            found.failure = std::move(readable.failure);
            found.steps = std::move(readable.steps);
        } else {
            found.failure = std::string(rl::test_result_str(result_)) +
                            " (could not be repeated: the scenario depends on more than the schedule)";
        }
    }

  private:
    const enrolled_scenario& what_;
    const scheduler how_;
    rl::ostringstream report_;  // Relacy's own stream type, which does not use the simulated allocator
    rl::ostringstream state_;
    std::ostream nowhere_{nullptr};
    rl::test_params params_;
    rl::test_result_e result_ = rl::test_result_success;
};

}  // namespace

search_result search(const enrolled_scenario& what, const search_request& request) {
    const auto begun = std::chrono::steady_clock::now();
    search_result found;
    const unsigned last = request.how == scheduler::bound ? request.preemptions : 0;
    for (unsigned preemptions = 0;; ++preemptions) {
        const std::uint64_t most = preemptions > last ? request.least_executions : request.executions;
        if (found.executions >= most) break;
        attempt a(what, request, preemptions);
        const rl::test_result_e result = a.run(most - found.executions);
        found.executions += current.executions;
        found.stalled = stall_search::stalled;
        if (result == rl::test_result_until_condition_hit) break;
        if (result != rl::test_result_success) {
            a.explain(found);
            break;
        }
        if (request.how != scheduler::bound) break;
        found.exhaustive_up_to = preemptions;
        found.exhaustive = !bound_search::cut_off;
        if (found.exhaustive) break;
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    found.seconds = taken.count();
    return found;
}

}  // namespace tailrace::relacy
