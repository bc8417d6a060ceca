// tailrace-relacy: runs or lists the scenarios, audits the memory orders with them, and runs the litmus tests.
//
// Exit status: 0 nothing was found, 1 a scenario failed or an order is unexplained, 2 bad usage.
// After a change here run: ci/test -L relacy && ci/mutants -R scenarios
#include <fnmatch.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "audit/audit.hpp"
#include "audit/ordered_operations.hpp"
#include "kernel/budget.hpp"
#include "kernel/order_seam.hpp"
#include "kernel/scenario.hpp"
#include "kernel/search.hpp"
#include "litmus/litmus.hpp"

namespace tailrace::relacy {
namespace {

constexpr int nothing_found = 0;
constexpr int found = 1;
constexpr int bad_usage = 2;

struct options {
    std::string scenario = "*";
    std::string target;     // empty: both
    std::string scheduler;  // empty: random and bound
    std::optional<std::uint64_t> iterations;
    std::uint64_t seed = 1;
    bool deep = false;
    std::vector<std::string> weaken;
    std::vector<std::string> sites;
};

std::vector<scheduler> chosen_schedulers(const options& o) {
    if (o.scheduler == "random") return {scheduler::random};
    if (o.scheduler == "stall") return {scheduler::stall};
    if (o.scheduler == "bound") return {scheduler::bound};
    return {scheduler::random, scheduler::bound};
}

std::vector<enrolled_scenario> chosen_scenarios(const options& o) {
    std::vector<enrolled_scenario> chosen;
    for (const enrolled_scenario& s : all_scenarios()) {
        if (!o.target.empty() && s.target != o.target) continue;
        if (::fnmatch(o.scenario.c_str(), s.name.c_str(), 0) == 0) chosen.push_back(s);
    }
    return chosen;
}

search_request request_for(scheduler how, const options& o) {
    const budget& b = o.deep ? deep_budget : usual_budget;
    const bool random = how != scheduler::bound;
    return {.how = how,
            .executions = o.iterations.value_or(random ? b.random_executions : b.bound_executions),
            .seed = o.seed,
            .preemptions = b.bound_preemptions,
            .least_executions = random ? 0 : std::min(b.least_executions, o.iterations.value_or(b.least_executions))};
}

/// What a search without a failure has covered.
std::string extent(const search_request& request, const search_result& result) {
    if (request.how != scheduler::bound) return "sampled";
    if (result.exhaustive) return "exhaustive";
    if (!result.exhaustive_up_to) return "sampled, not exhaustive even without preemptions";
    if (*result.exhaustive_up_to >= request.preemptions)
        return fmt::format("exhaustive up to {} preemptions", *result.exhaustive_up_to);
    return fmt::format("exhaustive up to {} preemptions, sampled beyond", *result.exhaustive_up_to);
}

/// True if it passed.
bool run_one(const enrolled_scenario& what, const search_request& request, const options& o) {
    // Printed before the search, so that a crash can be attributed to it.
    fmt::print("{:<52} {:<9} {:<6} ", what.name, what.target, name_of(request.how));
    std::fflush(stdout);
    const search_result result = search(what, request);
    const std::string summary =
        result.failure.empty() ? extent(request, result) + ", passed" : "FAILED: " + result.failure;
    fmt::print("{:>9} executions in {:6.2f} s  {}\n", result.executions, result.seconds, summary);
    if (!result.failure.empty()) {
        const std::string how_far = request.how != scheduler::bound
                                        ? fmt::format(" --seed {} --iterations 1", result.seed)
                                    : o.deep ? " --deep"
                                             : "";
        std::string weaker;
        for (const std::string& w : o.weaken) weaker += fmt::format(" --weaken {}", w);
        fmt::print("{}  again: tailrace-relacy --scenario '{}' --target {} --scheduler {}{}{} run\n",
                   to_text(result.steps), what.name, what.target, name_of(request.how), how_far, weaker);
    }
    std::fflush(stdout);
    return result.failure.empty();
}

std::vector<planned_search> plan(const options& o, const std::vector<enrolled_scenario>& scenarios) {
    std::vector<planned_search> searches;
    for (const enrolled_scenario& s : scenarios) {
        for (const scheduler how : chosen_schedulers(o)) searches.push_back({.what = s, .how = request_for(how, o)});
    }
    return searches;
}

int run_all(const options& o, const std::vector<planned_search>& searches) {
    if (!o.weaken.empty()) {
        const auto operations = ordered_operations(TAILRACE_HEADERS);
        std::vector<weakening> weaker;
        for (const std::string& w : o.weaken) weaker.push_back(parse_weakening(operations, w).as_weakening());
        order_seam::weaken(weaker);
    }
    unsigned failures = 0;
    for (const planned_search& s : searches) {
        if (!run_one(s.what, s.how, o)) ++failures;
    }
    fmt::print("{} searches, {} failed\n", searches.size(), failures);
    return failures == 0 ? nothing_found : found;
}

int audit_all(const options& o, const std::vector<planned_search>& searches) {
    const auto operations = ordered_operations(TAILRACE_HEADERS);
    for (const std::string& s : o.sites) require_site(operations, s);
    return audit(operations, o.sites, searches) ? nothing_found : found;
}

int list_all(const std::vector<enrolled_scenario>& scenarios) {
    for (const enrolled_scenario& s : scenarios) fmt::print("{} {}\n", s.name, s.target);
    return nothing_found;
}

int main_of(int count, char** arguments) {
    options o;
    CLI::App app("Searches the executions of small programs on the channels for one that breaks the contract.",
                 "tailrace-relacy");
    app.footer(
        "Examples:\n"
        "  tailrace-relacy run\n"
        "  tailrace-relacy --scenario 'waiting_send.*' --target optimized --deep run\n"
        "  tailrace-relacy --scenario '*.two_senders.driven' --scheduler random --iterations "
        "1000000 --seed 7 run\n"
        "  tailrace-relacy --site 15 audit\n"
        "  tailrace-relacy --weaken 15=relaxed --target optimized run\n"
        "Exit status: 0 nothing was found, 1 a scenario failed or an order is unexplained, 2 bad "
        "usage.");
    app.add_option("--scenario", o.scenario, "Run the scenarios whose name matches this shell pattern")
        ->type_name("GLOB");
    app.add_option("--target", o.target, "Run on one of the two channels only")
        ->check(CLI::IsMember({"reference", "optimized"}));
    app.add_option("--scheduler", o.scheduler, "Run with one scheduler only; stall runs only if it is asked for")
        ->check(CLI::IsMember({"random", "stall", "bound"}));
    app.add_option("--iterations", o.iterations, "Run at most so many executions in each search")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 50));
    app.add_option("--seed", o.seed, "Seed of the first random execution")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 50));
    app.add_flag("--deep", o.deep, "Run many more executions, with one more preemption");
    app.add_option("--weaken", o.weaken, "Run with a memory order that is weaker than in the sources")
        ->type_name("SITE=ORDER");
    app.add_option("--site", o.sites,
                   "Audit only the orders of one operation: FILE:LINE, or its number in impl/DESIGN.md")
        ->type_name("SITE");
    const CLI::App* run = app.add_subcommand("run", "Run the scenarios")->fallthrough();
    const CLI::App* list = app.add_subcommand("list", "List the names and targets of the scenarios")->fallthrough();
    const CLI::App* audited =
        app.add_subcommand("audit", "Weaken each memory order by one step and report which search fails")
            ->fallthrough();
    const CLI::App* litmus =
        app.add_subcommand("litmus", "Run the litmus tests, which show what the search covers of the memory model")
            ->fallthrough();
    try {
        app.parse(count, arguments);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);  // 0
    } catch (const CLI::ParseError& error) {
        fmt::print(stderr, "tailrace-relacy: {} (--help shows what there is)\n", error.what());
        return bad_usage;
    }
    if (run->parsed() + list->parsed() + audited->parsed() + litmus->parsed() != 1) {
        fmt::print(stderr,
                   "tailrace-relacy: expected one of run, list, audit and litmus (--help shows what "
                   "there is)\n");
        return bad_usage;
    }
    if ((!o.weaken.empty() && !run->parsed()) || (!o.sites.empty() && !audited->parsed()) ||
        (audited->parsed() && o.target == "reference")) {
        fmt::print(stderr,
                   "tailrace-relacy: --weaken goes with run, --site with audit, and the audit is of "
                   "the optimized channel\n");
        return bad_usage;
    }
    if (litmus->parsed()) return run_litmus_tests(o.scenario) ? nothing_found : found;
    if (audited->parsed()) o.target = "optimized";
    const std::vector<enrolled_scenario> scenarios = chosen_scenarios(o);
    if (scenarios.empty()) {
        fmt::print(stderr, "tailrace-relacy: no scenario matches '{}'{} ('tailrace-relacy list' names all)\n",
                   o.scenario, o.target.empty() ? "" : " on " + o.target);
        return bad_usage;
    }
    if (list->parsed()) return list_all(scenarios);
    try {
        return run->parsed() ? run_all(o, plan(o, scenarios)) : audit_all(o, plan(o, scenarios));
    } catch (const std::invalid_argument& error) {
        fmt::print(stderr, "tailrace-relacy: {}\n", error.what());
        return bad_usage;
    }
}

}  // namespace
}  // namespace tailrace::relacy

int main(int count, char** arguments) {
    try {
        return tailrace::relacy::main_of(count, arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
        return tailrace::relacy::bad_usage;
    }
}
