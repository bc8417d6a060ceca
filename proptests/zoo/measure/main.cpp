// tailrace-zoo: looks for each bug of the regression table with the engine that has to find it, and reports
// how long that took. Exit status: 0 each was found and became small, and both channels pass with the
// same seeds; 1 otherwise; 2 bad usage.
// After a change here run: ci/test -L proptests -R 'zoo|bugs' && ci/zoo
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify::zoo {
namespace {

struct request {
    std::vector<model::engine> engines;
    std::vector<std::string> ids;  // none: all
    measuring how;
    bool text = false;
    bool sound = true;  // run the channels themselves as well

    [[nodiscard]] bool asks_for(const bug& b) const {
        const bool by = std::ranges::find(engines, b.by) != engines.end();
        return by && (ids.empty() || std::ranges::find(ids, b.id) != ids.end());
    }
};

struct spread {
    std::uint64_t least = 0;
    std::uint64_t median = 0;
    std::uint64_t most = 0;
};

spread spread_of(std::vector<std::uint64_t> n) {
    std::ranges::sort(n);
    return {n.front(), n[n.size() / 2], n.back()};
}

std::string to_string(const spread& s) {
    if (s.least == s.most) return grouped(s.median);
    return fmt::format("{} ({} to {})", grouped(s.median), grouped(s.least), grouped(s.most));
}

/// One row of the table; true if the bug was found by every seed, and became small.
bool report(const bug& b, const std::vector<sighting_of_bug>& seen, const request& r) {
    std::vector<std::uint64_t> programs;
    std::vector<std::uint64_t> operations;
    for (const sighting_of_bug& s : seen) {
        if (s.found) programs.push_back(s.programs);
        if (s.operations > 0) operations.push_back(s.operations);
    }
    const bool found = programs.size() == seen.size();
    const bool is_small = !operations.empty() && spread_of(operations).median <= b.most_operations;
    std::string until = found ? to_string(spread_of(programs))
                              : fmt::format("NOT FOUND by {} of {} seeds", seen.size() - programs.size(), seen.size());
    std::string size = operations.empty() ? "-" : to_string(spread_of(operations));
    if (!operations.empty() && operations.size() < programs.size())
        size += fmt::format("; {} hung or crashed", programs.size() - operations.size());
    if (!is_small && !operations.empty()) size += fmt::format(", ABOVE {}", b.most_operations);
    fmt::print("| {} | {} | `{}` | {} | `{}` | {} | {} | {} |\n", b.id, b.source, b.clause, model::to_string(b.by),
               b.lives, until, size, b.most_operations);
    if (r.text) {
        for (const sighting_of_bug& s : seen) fmt::print("{}\n", s.text);
    }
    std::fflush(stdout);
    return found && is_small;
}

bool find_bugs(const request& r) {
    bool good = true;
    fmt::print(
        "| bug | seen in | breaks | engine | lives as | programs until found, median of {} "
        "seeds | operations of the shrunk program | at most |\n|---|---|---|---|---|---|---|---|\n",
        r.how.seeds);
    for (const bug& b : bugs()) {
        if (b.lives.empty() || !r.asks_for(b)) continue;
        const target home = home_of(b);
        const std::uint64_t budget = b.programs > 0 ? b.programs : usual_budget(b.by);
        good &= report(b, measure(home, b.by, budget, r.how), r);
    }
    return good;
}

void list_absent(const request& r) {
    bool first = true;
    for (const bug& b : bugs()) {
        if (!b.lives.empty() || !r.asks_for(b)) continue;
        if (std::exchange(first, false)) fmt::print("\n| bug | seen in | cannot exist here |\n|---|---|---|\n");
        fmt::print("| {} | {} | {} |\n", b.id, b.source, b.why);
    }
}

/// With the same seeds and budgets nothing is found in the channels themselves.
bool pass_the_sound(const request& r) {
    bool good = true;
    fmt::print("\n");
    for (const model::engine e : r.engines) {
        const std::uint64_t programs = sound_budget(e);
        for (const target& t : builtin_targets()) {
            const std::vector<sighting_of_bug> seen = measure(t, e, programs, r.how);
            const auto failed = std::ranges::count(seen, true, &sighting_of_bug::found);
            good &= failed == 0;
            fmt::print("{} {}: {} of {} seeds find nothing in {} programs each\n", model::to_string(e), t.name,
                       seen.size() - static_cast<std::size_t>(failed), seen.size(), grouped(programs));
            for (const sighting_of_bug& s : seen) {
                if (s.found) fmt::print("{}\n", s.text);
            }
            std::fflush(stdout);
        }
    }
    return good;
}

request parse(int argc, const char* const* argv) {
    request r;
    std::string engine = "all";
    CLI::App app("Looks for each bug of the regression table in a channel that has it.");
    app.add_option("--engine", engine, "sequential, threads, or all")
        ->check(CLI::IsMember({"sequential", "threads", "all"}));
    app.add_option("--bug", r.ids, "these only, by their ids: B30");
    app.add_option("--seeds", r.how.seeds, "the number of seeds")->check(CLI::Range(1, 10'000));
    app.add_option("--jobs", r.how.jobs, "processes at once")->check(CLI::Range(1, 256));
    app.add_flag("--text", r.text, "print each counterexample");
    app.add_flag("!--skip-correct", r.sound, "leave out the channels without a bug");
    try {
        app.parse(argc, argv);
        for (const std::string& id : r.ids) {
            if (std::ranges::find(bugs(), id, &bug::id) == bugs().end())
                throw CLI::ValidationError("--bug", fmt::format("there is no bug {}", printable(id)));
        }
    } catch (const CLI::ParseError& e) {
        std::exit(app.exit(e) == 0 ? 0 : 2);
    }
    if (engine != "threads") r.engines.push_back(model::engine::sequential);
    if (engine != "sequential") r.engines.push_back(model::engine::threads);
    return r;
}

}  // namespace
}  // namespace tailrace::verify::zoo

int main(int argc, char** argv) {
    namespace zoo = tailrace::verify::zoo;
    const zoo::request r = zoo::parse(argc, argv);
    try {
        bool good = zoo::find_bugs(r);
        zoo::list_absent(r);
        if (r.sound) good &= zoo::pass_the_sound(r);
        return good ? 0 : 1;
    } catch (const std::exception& e) {
        fmt::print(stderr, "tailrace-zoo: {}\n", e.what());
        return 2;
    }
}
