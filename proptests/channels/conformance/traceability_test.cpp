// Checks the list of rows in README.md: it agrees with the sources, and everything that the sources cite exists. A
// comment `// Original: row, row.` or `// Clause: name.` above a test is a citation.
// After a change here run: ci/test -L conformance
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "engine/test_programs.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {

namespace {

using names = std::set<std::string>;
using rows = std::map<std::string, names>;  // the original's row: the tests that implement it

const std::filesystem::path folder = std::filesystem::path(__FILE__).parent_path();

std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    EXPECT_TRUE(in) << file;
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        // The head of a test with a long name is on two lines.
        if (!lines.empty() && lines.back().find("TEST") != line.npos && lines.back().ends_with(',')) {
            lines.back() += ' ' + line.substr(line.find_first_not_of(' '));
        } else {
            lines.push_back(line);
        }
    }
    return lines;
}

/// All matches of the first group.
names found(const std::string& text, const std::regex& what) {
    names all;
    for (std::sregex_iterator at(text.begin(), text.end(), what), end; at != end; ++at) all.insert((*at)[1]);
    return all;
}

struct citations {
    rows tests_of_row;
    names tests;
};

citations read_sources() {
    static const std::regex citation("^// Original: ([^ ,]+(, [^ ,]+)*)\\.( .*)?$");
    static const std::regex test("^(?:TEST|TEST_P|TYPED_TEST)\\(\\w+, (\\w+)\\).*$");
    static const std::regex each("([^ ,]+)");
    citations all;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (!entry.path().string().ends_with("_test.cpp")) continue;
        names original;
        for (const std::string& line : lines_of(entry.path())) {
            std::smatch m;
            if (std::regex_match(line, m, citation)) {
                original.merge(found(m[1], each));
            } else if (std::regex_match(line, m, test)) {
                EXPECT_TRUE(all.tests.insert(m[1]).second) << "two tests are called " << m[1];
                for (const std::string& row : original) all.tests_of_row[row].insert(m[1]);
            }
            if (!line.starts_with("//")) original.clear();
        }
    }
    return all;
}

struct tables {
    rows tests_of_row;       // of "Rows: ..."
    names left_out;          // first column of "Left out"
    rows tests_of_scenario;  // of "Beyond the original"; the key is prose
};

tables read_readme() {
    static const std::regex name("`([^`]+)`");
    static const std::regex row("^\\| (.+) \\| (.+) \\|$");
    tables all;
    std::string section;
    for (const std::string& line : lines_of(folder / "README.md")) {
        std::smatch m;
        if (line.starts_with("## ")) section = line.substr(3);
        if (!std::regex_match(line, m, row) || found(m[0], name).empty()) continue;
        if (section == "Left out") {
            all.left_out.merge(found(m[1], name));
        } else if (section == "Beyond the original") {
            all.tests_of_scenario[m[1]].merge(found(m[2], name));
        } else if (section.starts_with("Rows: ")) {
            for (const std::string& original : found(m[1], name)) {
                all.tests_of_row[original].merge(found(m[2], name));
            }
        }
    }
    return all;
}

}  // namespace

TEST(traceability, the_list_of_rows_says_what_the_tests_say) {
    const rows in_sources = read_sources().tests_of_row;
    const rows in_readme = read_readme().tests_of_row;
    EXPECT_GT(in_sources.size(), 100);
    for (const auto& [row, tests] : in_sources) {
        const auto listed = in_readme.find(row);
        if (listed == in_readme.end()) {
            ADD_FAILURE() << row << " has a test, and is not in README.md";
        } else {
            EXPECT_EQ(listed->second, tests) << row;
        }
    }
    for (const auto& [row, tests] : in_readme) {
        EXPECT_TRUE(in_sources.contains(row)) << row << " is in README.md, and no test cites it";
    }
}

TEST(traceability, no_row_is_both_tested_and_left_out) {
    const tables listed = read_readme();
    EXPECT_FALSE(listed.left_out.empty());
    for (const std::string& row : listed.left_out) EXPECT_FALSE(listed.tests_of_row.contains(row)) << row;
}

TEST(traceability, every_scenario_beyond_the_original_names_tests_that_exist) {
    const names tests = read_sources().tests;
    const tables listed = read_readme();
    EXPECT_FALSE(listed.tests_of_scenario.empty());
    for (const auto& [scenario, named] : listed.tests_of_scenario) {
        for (const std::string& test : named) EXPECT_TRUE(tests.contains(test)) << scenario << ": " << test;
    }
}

TEST(traceability, every_clause_that_a_test_cites_exists) {
    const std::filesystem::path root = folder / "../../..";
    for (const char* const tests : {"proptests/channels/conformance", "impl/tests"}) {
        const cited_clauses cited = cited_in((root / tests).string());
        EXPECT_FALSE(cited.empty()) << tests;
        for (const auto& [test, clauses] : cited) {
            for (const std::string& clause : clauses) {
                EXPECT_NE(model::find_clause(clause), nullptr) << clause << ", cited by " << test;
            }
        }
    }
}

}  // namespace tailrace::verify
