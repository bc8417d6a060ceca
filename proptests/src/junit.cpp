// JUnit XML, as CI servers read it: a suite for each engine and target, a case for each clause.
//
// A clause that the engine has evidence for, or found broken, is a case of its suite; so is one that cannot be seen on the target, as
// skipped. A failure that concerns no clause is a case of its own. No times: the same campaign gives the same file.
// After a change here run: ctest -L proptests -R junit
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "report.hpp"

namespace tailrace::verify {
namespace {

/// XML has no control characters but these three, escaped or not.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\n': out += "&#10;"; break;
            case '\t':
            case '\r': out += ' '; break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
        }
    }
    return out;
}

struct suite {
    std::string cases;
    std::size_t tests = 0, failures = 0, skipped = 0;

    void add(const std::string& of, std::string_view name, std::string_view inside) {
        ++tests;
        cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escaped(of), escaped(name));
        cases += inside.empty() ? std::string("/>\n") : fmt::format(">\n      {}\n    </testcase>\n", inside);
    }
};

std::string failure_of(const failure& f, std::string_view engine, std::string_view law) {
    return fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", engine, escaped(law), escaped(f.text));
}

suite suite_of(const campaign& c, const engine_report& r) {
    suite s;
    const std::string of = fmt::format("{}.{}", r.engine, r.target);
    for (const model::clause* clause : c.clauses) {
        const auto concerns = [&](const failure& f) {
            return std::ranges::find(f.clauses, clause->name) != f.clauses.end();
        };
        const auto failed = std::ranges::find_if(r.failures, concerns);
        if (failed != r.failures.end()) {
            ++s.failures;
            s.add(of, clause->name, failure_of(*failed, r.engine, clause->promise));
        } else if (r.evidence.contains(clause->name)) {
            s.add(of, clause->name, {});
        } else if (const auto l = r.lacking.find(clause->name); l != r.lacking.end()) {
            ++s.skipped;
            s.add(of, clause->name, fmt::format("<skipped message=\"{}\"/>", escaped(l->second.why)));
        }
    }
    for (const failure& f : r.failures) {
        const bool shown = std::ranges::any_of(f.clauses, [&](std::string_view name) {
            return std::ranges::find(c.clauses, name, &model::clause::name) != c.clauses.end();
        });
        if (shown) continue;
        ++s.failures;
        s.add(of, f.place, failure_of(f, r.engine, f.place));
    }
    return s;
}

}  // namespace

std::string to_junit(const campaign& c) {
    std::string suites;
    std::size_t tests = 0;
    std::size_t failures = 0;
    for (const engine_report& r : c.reports) {
        const suite s = suite_of(c, r);
        tests += s.tests;
        failures += s.failures;
        suites += fmt::format("  <testsuite name=\"{}.{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{}  </testsuite>\n",
                              r.engine, escaped(r.target), s.tests, s.failures, s.skipped, s.cases);
    }
    return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tailrace\" tests=\"{}\" failures=\"{}\">\n{}</testsuites>\n",
                       tests, failures, suites);
}

}  // namespace tailrace::verify
