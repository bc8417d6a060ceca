// Fuzz target: counterexamples in JSON. What is refused is refused in one line; what is read is written and read again
// as the same; and every form of the failure can be made of it, within its limits.
// After a change here run: ci/test -R fuzz.json && ci/fuzz 60 json
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "report/failure_report.hpp"

namespace tailrace::fuzz {
namespace {

using namespace verify;

void expect_log(const std::string& log) {
    const std::vector<std::string> lines = pieces(log, "\n");
    expect(lines.size() <= 41 && lines.back().empty(), "a log has at most 40 lines");
    for (const std::string& l : lines) expect_report_line(l);
}

}  // namespace

void try_input(std::string_view input) {
    counterexample c;
    try {
        c = from_json(input, "input");
    } catch (const json_error& e) {
        return expect_one_line(e.what());
    }
    expect(from_json(to_json(c)) == c, "what is written is read as the same");
    expect_log(to_log(c));
    expect_one_line(what_went_wrong(c));
    expect(to_html(c).size() < 2'000'000, "a page has less than 2 MB");
    expect(!to_regression_test(c).empty(), "there is a test to paste");
}

}  // namespace tailrace::fuzz
