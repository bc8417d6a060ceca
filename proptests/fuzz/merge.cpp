// Fuzz target: the reports of shards, each a JSON text, with a line `=` between them. What is refused is refused in one
// line; what is merged can be shown in every form.
// After a change here run: ci/test -R fuzz.merge && ci/fuzz 60 merge
#include "campaign/merge.hpp"

#include <string>
#include <vector>

#include "campaign/report.hpp"
#include "fuzz.hpp"
#include "report/counterexample.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::fuzz {

void try_input(std::string_view input) {
    std::vector<verify::report_text> texts;
    for (std::string& text : pieces(input, "\n=\n")) texts.push_back({"input", std::move(text)});
    verify::campaign c;
    try {
        c = verify::merge_texts(texts, verify::builtin_targets());
    } catch (const verify::json_error& e) {
        return expect_one_line(e.what());
    }
    for (const std::string& line : pieces(to_text(c), "\n")) expect_report_line(line);
    expect(to_html(c).size() < 2'000'000, "a page has less than 2 MB");
    expect(!to_junit(c).empty(), "there is a report for CI servers");
}

}  // namespace tailrace::fuzz
