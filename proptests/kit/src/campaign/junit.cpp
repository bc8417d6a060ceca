// JUnit XML, as CI servers read it: a suite for each engine and target, a case for each clause.
//
// A clause that the engine has evidence for, or found broken, is a case of its suite; so is one that cannot be seen on
// the target, as skipped. A failure that concerns no clause is a case of its own; so is, as skipped, what a signal or
// the budget cut off. Without a record of the run the same campaign gives the same file.
// After a change here run: ci/test -L proptests -R junit
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "campaign/corpus_replay.hpp"
#include "campaign/report.hpp"

namespace tailrace::verify {
namespace {

/// How many bytes the character at the front takes, if it is one that XML 1.0 has and its UTF-8 is right; otherwise 0.
std::size_t xml_character(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
    char32_t c = first & (0x7fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0u) != 0x80u) return 0;
        c = c << 6 | (byte(i) & 0x3fu);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = c >= 0xd800 && c <= 0xdfff;
    return c < least[size] || surrogate || c == 0xfffe || c == 0xffff || c > 0x10ffff ? 0 : size;
}

/// Whatever the text: what XML cannot say, escaped or not, is replaced.
std::string escaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t size = xml_character(text);
        switch (text.front()) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\n': out += "&#10;"; break;
            case '\t':
            case '\r': out += ' '; break;
            default: out += size == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, size);
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

/// When it ran, for an attribute; and on what, for a list of properties. Both empty if nothing is known.
std::string timestamp(const campaign& c) {
    if (!c.record || c.record->date.size() < 19) return {};
    return fmt::format(" timestamp=\"{}T{}\"", escaped(c.record->date.substr(0, 10)),
                       escaped(c.record->date.substr(11, 8)));
}
std::string properties(const campaign& c) {
    if (!c.record) return {};
    const auto property = [](std::string_view name, std::string_view value) {
        return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, escaped(value));
    };
    return "    <properties>\n" + property("machine", c.record->machine) + property("compiler", c.record->compiler) +
           property("command", c.record->command) + "    </properties>\n";
}
/// In seconds; of a suite if it was measured.
std::string time_of(std::uint64_t milliseconds) {
    return milliseconds == 0 ? "" : fmt::format(" time=\"{:.3f}\"", static_cast<double>(milliseconds) / 1'000);
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

std::string failure_of(const failure& f, std::string_view engine) {
    return fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", escaped(engine), escaped(f.what),
                       escaped(f.text));
}

std::string skipped(std::string_view why) { return fmt::format("<skipped message=\"{}\"/>", escaped(why)); }

/// A case for each file of a corpus. What was not seen again is no pass.
suite suite_of_entries(const engine_report& r) {
    suite s;
    for (const auto& [file, outcome] : r.entries) {
        const auto failed = std::ranges::find(r.failures, file, &failure::place);
        const bool passed = outcome == entry_passed;
        s.failures += failed != r.failures.end() ? 1 : 0;
        s.skipped += failed == r.failures.end() && !passed ? 1 : 0;
        s.add(fmt::format("{}.{}", r.engine, r.target), file,
              failed != r.failures.end() ? failure_of(*failed, r.engine)
              : passed                   ? ""
                                         : skipped(outcome));
    }
    return s;
}

suite suite_of(const campaign& c, const engine_report& r) {
    if (r.engine == corpus_engine) return suite_of_entries(r);
    suite s;
    const std::string of = fmt::format("{}.{}", r.engine, r.target);
    for (const model::clause* clause : c.clauses) {
        const auto concerns = [&](const failure& f) {
            return std::ranges::find(f.clauses, clause->name) != f.clauses.end();
        };
        const auto failed = std::ranges::find_if(r.failures, concerns);
        if (failed != r.failures.end()) {
            ++s.failures;
            s.add(of, clause->name, failure_of(*failed, r.engine));
        } else if (r.evidence.contains(clause->name)) {
            s.add(of, clause->name, {});
        } else if (const auto l = r.lacking.find(clause->name); l != r.lacking.end()) {
            ++s.skipped;
            s.add(of, clause->name, skipped(l->second.why));
        }
    }
    for (const failure& f : r.failures) {
        const bool shown = std::ranges::any_of(c.clauses, [&](const model::clause* clause) {
            return std::ranges::find(f.clauses, clause->name) != f.clauses.end();
        });
        if (shown) continue;
        ++s.failures;
        s.add(of, f.place, failure_of(f, r.engine));
    }
    if (!cut_short(r).empty()) {
        ++s.skipped;
        s.add(of, "the rest of the run", skipped(r.summary));
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
        const auto ms = r.numbers.find("milliseconds");
        suites += fmt::format(
            "  <testsuite name=\"{}.{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"{}{}>\n{}{}  "
            "</testsuite>\n",
            escaped(r.engine), escaped(r.target), s.tests, s.failures, s.skipped, timestamp(c),
            c.record && ms != r.numbers.end() ? time_of(ms->second) : "", properties(c), s.cases);
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tailrace\" tests=\"{}\" "
        "failures=\"{}\"{}>\n{}</testsuites>\n",
        tests, failures, c.record ? time_of(c.record->milliseconds) : "", suites);
}

}  // namespace tailrace::verify
