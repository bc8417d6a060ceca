// The regressions (bugs that channels had): the table is consistent, README.md has the same rows, and each that
// `sequential` has to find is found and becomes small. ci/zoo does the same for both engines, with many seeds.
// Run: ci/test -L proptests -R bugs
#include "bugs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ranges>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "campaign/engines.hpp"
#include "model_mutants/mutant_target.hpp"

namespace tailrace::verify::zoo {
namespace {

using model::engine;

const std::filesystem::path root = std::filesystem::path(TAILRACE_TRACES_DIR) / "../..";
const std::filesystem::path zoo_mutants = root / "mutants/zoo";

std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    EXPECT_TRUE(in) << path;
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(bugs, name_clauses_of_the_contract_and_say_why_if_they_have_no_home) {
    std::string_view previous;
    for (const bug& b : bugs()) {
        EXPECT_LE(previous, b.id) << "in order of ids";
        previous = b.id;
        EXPECT_NE(model::find_clause(b.clause), nullptr) << b.id << " breaks " << b.clause;
        EXPECT_TRUE(b.essence.ends_with('.')) << b.id;
        const bool needs_more = b.most_operations != 8 || b.programs > 0;
        EXPECT_EQ(b.lives.empty() || needs_more, !b.why.empty()) << b.id;
    }
}

TEST(bugs, live_in_mutants_of_the_model_or_of_the_optimised_channel) {
    std::set<std::string_view> at_home;
    for (const bug& b : bugs()) {
        if (b.lives.empty()) continue;
        at_home.insert(b.lives);
        if (b.by == engine::sequential) {
            EXPECT_NE(find_mutant(b.lives), nullptr) << b.id << " lives in " << b.lives;
        } else {
            const std::string mutant = text_of(zoo_mutants / (std::string(b.lives) + ".mutant"));
            EXPECT_NE(mutant.find("bug: " + std::string(b.id) + "\n"), std::string::npos)
                << b.id << " lives in " << b.lives;
        }
    }
    for (const mutant& d : bug_family()) EXPECT_TRUE(at_home.contains(d.name)) << d.name << " is home to no bug";
}

TEST(bugs, that_sequential_has_to_find_are_found_and_become_small) {
    const auto entry = std::ranges::find(engines(), engine::sequential, &engine_entry::is);
    for (const bug& b : bugs()) {
        if (b.lives.empty() || b.by != engine::sequential) continue;
        const target home = mutant_target(*find_mutant(b.lives));
        job j;
        j.mutants = mutants();
        j.programs = entry->usual_programs;
        j.seed = 1;
        j.leads = false;
        const engine_report r = entry->run(j, home, {});
        ASSERT_FALSE(r.failures.empty()) << b.id << ": " << b.essence;
        EXPECT_LE(operations_of(*r.failures.front().example), b.most_operations) << b.id << '\n'
                                                                                 << r.failures.front().text;
    }
}

// ---- README.md

/// The cells of the rows that begin with the id of a bug.
std::vector<std::vector<std::string>> rows_in_readme() {
    std::istringstream in(text_of(root / "proptests/zoo/README.md"));
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("| B")) continue;
        std::vector<std::string> cells;
        for (std::size_t at = 2; at < line.size();) {
            const std::size_t end = line.find(" |", at);
            if (end == std::string::npos) break;
            cells.push_back(line.substr(at, end - at));
            at = end + 3;
        }
        rows.push_back(std::move(cells));
    }
    return rows;
}

TEST(bugs, are_listed_in_the_readme) {
    const auto quoted = [](std::string_view name) { return '`' + std::string(name) + '`'; };
    const std::vector<std::vector<std::string>> rows = rows_in_readme();
    std::size_t listed = 0;
    for (const bug& b : bugs()) {
        const std::string by(model::to_string(b.by));
        std::vector<std::string> wanted{std::string(b.id), std::string(b.source)};
        if (b.lives.empty()) {
            wanted.emplace_back(b.why);
        } else {
            wanted.insert(wanted.end(), {quoted(b.clause), by, quoted(b.lives)});
        }
        const auto agrees = [&](const std::vector<std::string>& row) {
            const bool same =
                row.size() >= wanted.size() && std::ranges::equal(wanted, row | std::views::take(wanted.size()));
            return same && (b.lives.empty() || row.back() == std::to_string(b.most_operations));
        };
        EXPECT_EQ(std::ranges::count_if(rows, agrees), 1) << b.id << " " << b.lives;
        ++listed;
    }
    EXPECT_EQ(rows.size(), listed);
}

}  // namespace
}  // namespace tailrace::verify::zoo
