// The engine `tests` as an entry of the table: the tests of a target's own types.
// After a change here run: ci/test -L proptests -R 'test_programs|campaign'
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/engines.hpp"
#include "engine/test_programs.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

bool is_observed_by_tests(const model::clause& c) {
    return std::ranges::find(c.observed_by, model::engine::tests) != c.observed_by.end();
}

cited_clauses clauses_of_tests(const target& t) {
    cited_clauses all;
    for (const test_program& p : t.tests) {
        if (!p.sources.empty()) all.merge(cited_in(p.sources));
    }
    return all;
}

failure make_failure(const test_result& r, const engine_report& in) {
    const bool crashed = r.is == test_result::end::crashed;
    const bool hung = r.is == test_result::end::hung;
    const std::string details = first_lines(r.text) + fmt::format("  again     {}\n", r.again);
    return failure_of(crashed ? failure::kind::crash
                      : hung  ? failure::kind::hang
                              : failure::kind::difference,
                      in,
                      fmt::format("{} {}", r.name,
                                  crashed ? "crashes"
                                  : hung  ? "hangs"
                                          : "fails"),
                      r.name, details);
}

/// What a test has said when it skipped itself: the line after the one with its place.
std::string why_skipped(const test_result& r) {
    constexpr std::string_view place = ": Skipped\n";
    const std::size_t at = r.text.find(place);
    if (at == r.text.npos) return {};
    const std::string said = r.text.substr(at + place.size());
    return said.substr(0, said.find('\n'));
}

/// A clause passes if each test that names it has passed. `skipped`: what each of those has said that skipped itself.
void add_evidence(engine_report& report, const job& j, const cited_clauses& cited, const std::set<std::string>& passed,
                  const std::map<std::string, std::string>& skipped) {
    std::map<std::string_view, std::vector<std::string_view>> tests;
    for (const auto& [test, clauses] : cited) {
        for (const std::string& c : clauses) tests[c].push_back(test);
    }
    for (const model::clause* c : j.clauses) {
        const auto of_clause = tests.find(c->name);
        if (of_clause == tests.end() || !is_observed_by_tests(*c)) continue;
        const std::vector<std::string_view>& all = of_clause->second;
        const auto missing = static_cast<std::size_t>(
            std::ranges::count_if(all, [&](std::string_view t) { return !passed.contains(std::string(t)); }));
        if (missing == 0) {
            report.evidence.emplace(c->name, evidence_item{all.size(), "test", std::string(all.front())});
        } else {
            std::string why = fmt::format("{} of {} not run", missing, counted(all.size(), "test"));
            for (const std::string_view t : all) {
                const auto said = skipped.find(std::string(t));
                if (said == skipped.end() || said->second.empty()) continue;
                why = said->second;
                break;
            }
            report.lacking.emplace(c->name, lack{std::move(why), false});
        }
    }
}

}  // namespace

std::uint64_t count_tests(const job& /*j*/, const target& t) { return clauses_of_tests(t).size(); }

std::string summarise_tests(const engine_report& r) {
    const std::uint64_t missing = number_of(r, "missing_programs");
    if (missing > 0)
        return fmt::format("not run: {} not built (the build target tailrace-tests)",
                           missing == 1 ? "a program is" : fmt::format("{} programs are", missing));
    if (number_of(r, "without_tests") > 0) return "not run: this target has no tests of its own";
    std::string text = fmt::format("{}, {}", counted(number_of(r, "tests"), "test"), counted_failures(r, "failure"));
    if (const std::uint64_t skipped = number_of(r, "skipped_tests"); skipped > 0)
        text += fmt::format(" ({} skipped)", grouped(skipped));
    return text;
}

engine_report run_tests_engine(const job& j, const target& t, const campaign_progress& tell) {
    engine_report report;
    report.engine = model::to_string(model::engine::tests);
    report.target = t.name;
    report.unit = "test";
    if (const std::vector<std::string> missing = missing_programs(t.tests); !missing.empty()) {
        report.numbers = {{"missing_programs", missing.size()}};
        return report;
    }
    if (t.tests.empty()) {
        report.numbers = {{"without_tests", 1}};
        for (const model::clause* c : j.clauses) {
            if (is_observed_by_tests(*c)) report.lacking.emplace(c->name, lack{"no tests of its own", false});
        }
        return report;
    }
    const cited_clauses cited = clauses_of_tests(t);
    test_options options;
    options.over = j.over;
    options.alive = [&](std::uint64_t ended) {
        j.breathe();
        if (tell) tell("test", ended, std::max<std::uint64_t>(ended, cited.size()));  // types and parameters make more
    };
    std::set<std::string> passed;
    std::set<std::string> others;  // of several types or parameters, one has not passed
    std::map<std::string, std::string> skipped;
    for (const test_result& r : run_test_programs(t.tests, options)) {
        if (r.is_test) ++report.numbers["tests"];
        if (r.is == test_result::end::skipped) {
            ++report.numbers["skipped_tests"];
            others.insert(r.name);
            skipped.emplace(r.name, why_skipped(r));
        } else if (r.is == test_result::end::passed) {
            passed.insert(r.name);
        } else {
            others.insert(r.name);
            report.failures.push_back(make_failure(r, report));
            if (const auto at = cited.find(r.name); at != cited.end()) {
                for (const std::string& c : at->second) report.failures.back().clauses.push_back(kept(c));
            }
        }
    }
    for (const std::string& name : others) passed.erase(name);
    add_evidence(report, j, cited, passed, skipped);
    return report;
}

}  // namespace tailrace::verify
