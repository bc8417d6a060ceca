// The engine `tests` as an entry of the table: the tests of a target's own types.
// After a change here run: ci/test -L proptests -R 'test_programs|campaign'
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

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

}  // namespace

std::string summarise_tests(const engine_report& r) {
    const std::uint64_t tests = number_of(r, "tests");
    if (const std::uint64_t missing = number_of(r, "missing_programs"); missing > 0)
        return fmt::format("not run: {} not built (the build target tailrace-tests)",
                           missing == 1 ? "a program is" : fmt::format("{} programs are", missing));
    if (tests == 0 && r.failures.empty()) return "not run: this target has no tests of its own";
    std::string text = fmt::format("{}, {}", counted(tests, "test"), counted_failures(r, "failure"));
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
        if (tell) tell("test", ended, ended);
    };
    std::map<std::string_view, std::vector<std::string>> passed;  // tests of a clause
    for (const test_result& r : run_test_programs(t.tests, options)) {
        const auto names = cited.find(r.name);
        const std::vector<std::string> none;
        const std::vector<std::string>& clauses = names == cited.end() ? none : names->second;
        ++report.numbers["tests"];
        if (r.is == test_result::end::skipped) ++report.numbers["skipped_tests"];
        if (r.is == test_result::end::passed) {
            for (const std::string& c : clauses) passed[kept(c)].push_back(r.name);
        } else if (r.is != test_result::end::skipped) {
            report.failures.push_back(make_failure(r, report));
            for (const std::string& c : clauses) report.failures.back().clauses.push_back(kept(c));
        }
    }
    for (const model::clause* c : j.clauses) {
        const auto by = passed.find(c->name);
        if (by == passed.end() || !is_observed_by_tests(*c)) continue;
        report.evidence.emplace(c->name, evidence_item{by->second.size(), "test", by->second.front()});
    }
    return report;
}

}  // namespace tailrace::verify
