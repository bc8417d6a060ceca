// The clauses as data: well formed, findable, and the same in model/README.md.
//
// Run: ci/test -L model
#include "tailrace/model/clauses.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <istream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tailrace::model {
namespace {

/// Name and section of every clause, in order.
using listing = std::vector<std::pair<std::string, int>>;

/// The rows of those tables of a contract that are headed "| clause | promise |".
listing rows_of(std::istream& contract) {
    listing rows;
    int section = 0;
    bool inside = false;
    for (std::string line; std::getline(contract, line);) {
        if (line.starts_with("## ")) section = std::stoi(line.substr(3));
        if (line.starts_with("| clause | promise |")) inside = true;
        if (line.empty()) inside = false;
        if (inside && line.starts_with("| `")) {
            rows.emplace_back(line.substr(3, line.find('`', 3) - 3), section);
        }
    }
    return rows;
}

listing all_clauses() {
    listing all;
    for (const clause& c : clauses()) all.emplace_back(c.name, c.section);
    return all;
}

/// "name (section)" of each that is in `these` and not in `those`.
std::string only_in(const listing& these, const listing& those) {
    std::string text;
    for (const auto& entry : these) {
        if (std::ranges::find(those, entry) != those.end()) continue;
        text += entry.first + " (section " + std::to_string(entry.second) + ") ";
    }
    return text;
}

TEST(clauses, are_the_rows_of_the_contract_in_its_order_and_in_its_sections) {
    const auto path = std::filesystem::path(__FILE__).parent_path() / "../README.md";
    std::ifstream contract(path);
    ASSERT_TRUE(contract) << path;
    const listing rows = rows_of(contract);
    const listing all = all_clauses();
    ASSERT_EQ(only_in(all, rows), "") << "has no row in model/README.md";
    ASSERT_EQ(only_in(rows, all), "") << "has a row in model/README.md but is no clause";
    EXPECT_TRUE(rows == all) << "the order differs, or a row stands twice";
}

TEST(clauses, have_names_of_their_own) {
    std::set<std::string_view> seen;
    for (const clause& c : clauses()) {
        EXPECT_TRUE(seen.insert(c.name).second) << c.name << " stands twice";
        EXPECT_EQ(c.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.-"), std::string_view::npos) << c.name;
    }
    EXPECT_GT(seen.size(), 150U);
}

TEST(clauses, promise_one_short_sentence) {
    for (const clause& c : clauses()) {
        EXPECT_TRUE(c.promise.ends_with('.')) << c.name;
        EXPECT_LE(c.promise.size(), 100U) << c.name;
        EXPECT_EQ(c.promise.substr(0, c.promise.size() - 1).find(". "), std::string_view::npos) << c.name;
    }
}

TEST(clauses, are_each_observed_by_somebody) {
    for (const clause& c : clauses()) {
        EXPECT_FALSE(c.observed_by.empty()) << c.name;
        const std::set<engine> distinct(c.observed_by.begin(), c.observed_by.end());
        EXPECT_EQ(distinct.size(), c.observed_by.size()) << c.name;
        for (const engine e : {engine::oracle, engine::tests}) {
            EXPECT_EQ(c.is_observed_by(e), distinct.contains(e)) << c.name;
        }
        // Whatever a recorded step can show, a generated one can.
        EXPECT_TRUE(!c.is_observed_by(engine::oracle) || c.is_observed_by(engine::sequential)) << c.name;
    }
}

TEST(clauses, that_no_trace_of_the_original_can_show_do_not_name_its_engine) {
    for (const std::string_view name :
         {"late-send.destroyed", "late-send.capacity", "blocking_send.delivers", "alloc"}) {
        ASSERT_NE(find_clause(name), nullptr) << name;
        EXPECT_FALSE(find_clause(name)->is_observed_by(engine::oracle)) << name;
    }
}

TEST(clauses, are_found_by_their_whole_name_only) {
    for (const clause& c : clauses()) EXPECT_EQ(find_clause(c.name), &c);
    EXPECT_EQ(find_clause("try_send"), nullptr);
    EXPECT_EQ(find_clause("try_send.no-barging "), nullptr);
    EXPECT_EQ(find_clause(""), nullptr);
}

TEST(engines, have_names) {
    EXPECT_EQ(to_string(engine::oracle), "oracle");
    EXPECT_EQ(to_string(engine::sequential), "sequential");
    EXPECT_EQ(to_string(engine::threads), "threads");
    EXPECT_EQ(to_string(engine::interleavings), "interleavings");
    EXPECT_EQ(to_string(engine::tests), "tests");
}

TEST(globs, match_as_in_a_shell) {
    const auto matches = [](std::string_view glob, std::string_view name) { return matches_glob(glob, name); };
    EXPECT_TRUE(matches("close.drains", "close.drains"));
    EXPECT_TRUE(matches("*", "close.drains"));
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("close.*", "close.drains"));
    EXPECT_TRUE(matches("*.closed*", "try_send.closed-beats-full"));
    EXPECT_TRUE(matches("*a*b*", "ab"));
    EXPECT_TRUE(matches("*ab", "aab"));
    EXPECT_TRUE(matches("a*b*c", "a.b.b.c"));
    EXPECT_TRUE(matches("try_????.full", "try_send.full"));
    EXPECT_TRUE(matches("", ""));

    EXPECT_FALSE(matches("close", "close.drains"));
    EXPECT_FALSE(matches("close.drains", "close"));
    EXPECT_FALSE(matches("close.?", "close.drains"));
    EXPECT_FALSE(matches("close.*", "closed.all"));
    EXPECT_FALSE(matches("*ab", "aba"));
    EXPECT_FALSE(matches("a*b*c", "a.c.b"));
    EXPECT_FALSE(matches("?", ""));
    EXPECT_FALSE(matches("", "a"));
}

TEST(globs, are_quick_even_when_full_of_stars) {
    const std::string name(2000, 'a');
    std::string glob;
    for (int i = 0; i < 500; ++i) glob += "*a";
    EXPECT_TRUE(matches_glob(glob, name));
    EXPECT_FALSE(matches_glob(glob + "b", name));
}

}  // namespace
}  // namespace tailrace::model
