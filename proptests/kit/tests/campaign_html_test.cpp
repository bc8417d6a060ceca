// The page of a campaign as text: whole, self-contained, and never too large. What a browser makes
// of it: ci/test -L browser.
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

#include "campaign_pages.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

json data_of(const std::string& page) {
    constexpr std::string_view begin = R"(id="data">)";
    const std::size_t at = page.find(begin) + begin.size();
    return json::parse(page.substr(at, page.find("</script>", at) - at));
}

json data_of(const campaign& c) { return data_of(to_html(c)); }

std::size_t count_of(std::string_view word, std::string_view text) {
    std::size_t n = 0;
    for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++n;
    return n;
}

/// The whole contract, in order: what else the rows hold is another matter.
void expect_every_clause(const json& rows) {
    ASSERT_EQ(rows.size(), model::clauses().size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i]["name"], model::clauses()[i].name);
        EXPECT_EQ(rows[i]["promise"], model::clauses()[i].promise);
    }
}

TEST(campaign_html, shows_every_clause_on_every_target_with_the_evidence_of_each_engine) {
    const campaign& c = passing_campaign();
    const json data = data_of(page_of("passing", c));
    EXPECT_EQ(data["failed"], false);
    EXPECT_EQ(data["left_out"], json::array());
    expect_every_clause(data["clauses"]);
    std::size_t of_both = 0;
    for (std::size_t i = 0; i < c.clauses.size(); ++i) {
        for (std::size_t t = 0; t < 2; ++t) {
            const json& on = data["clauses"][i]["targets"][t];
            EXPECT_EQ(on["verdict"], to_string(c.judgements[i][t].is)) << c.clauses[i]->name;
            of_both += on["evidence"].size() == 2 ? 1 : 0;
            for (const json& e : on["evidence"]) {
                const std::size_t r = (e["engine"] == "oracle" ? 0 : 2) + t;
                EXPECT_EQ(e["count"], c.reports[r].evidence.at(c.clauses[i]->name).count);
                EXPECT_NE(e["first"], "");
            }
        }
    }
    EXPECT_GT(of_both, 100U);
}

TEST(campaign_html, counts_the_verdicts_of_each_target_as_the_last_lines_do) {
    const campaign& c = passing_campaign();
    const json data = data_of(c);
    const std::string text = to_text(c);
    for (const json& t : data["targets"]) {
        const json& n = t["counts"];
        const std::string line = fmt::format("clauses  {}: {} pass, {} FAIL, {} skipped, {} wait for an engine\n",
                                             t["name"].get<std::string>(), n["pass"].get<int>(), n["FAIL"].get<int>(),
                                             n["skipped"].get<int>(), n["waits"].get<int>());
        EXPECT_NE(text.find(line), text.npos) << line << text;
        EXPECT_EQ(t["verdict"], "pass");
    }
    EXPECT_GT(data["targets"][1]["counts"]["skipped"], 0);
    EXPECT_EQ(data["runs"][1]["skipped"]["weak"], 1);
}

TEST(campaign_html, a_failure_comes_with_what_went_wrong_its_clauses_its_log_and_what_repeats_it) {
    const campaign c = failing_campaign();
    const json data = data_of(page_of("failing", c));
    EXPECT_EQ(data["failed"], true);
    EXPECT_EQ(data["failures_in_all"], 3);
    ASSERT_EQ(data["failures"].size(), 3U);
    const json& recorded = data["failures"][0];
    const json& generated = data["failures"][1];
    EXPECT_EQ(recorded["place"], "t.trace:6");
    EXPECT_EQ(recorded["log"], c.reports[1].failures[0].text);
    EXPECT_EQ(recorded["command"], "tailrace-verify run --engine oracle --target barging --traces difference-1.trace");
    EXPECT_EQ(generated["what"], c.reports[3].failures[0].what);
    const model::clause* broken = model::find_clause(c.reports[3].failures[0].clauses[0]);
    EXPECT_EQ(generated["clauses"][0], json({{"name", broken->name}, {"promise", broken->promise}}));
    const std::string command = generated["command"];
    const std::string before = "tailrace-verify replay ";
    ASSERT_TRUE(command.starts_with(before)) << command;
    EXPECT_EQ(parse_token(command.substr(before.size())).target, "barging");
    EXPECT_EQ(data["failures"][2]["command"], "tailrace-verify replay \"$(cat difference-3.token)\"");
    EXPECT_EQ(data["targets"][0]["verdict"], "pass");
    EXPECT_EQ(data["targets"][1]["verdict"], "FAIL");
}

TEST(campaign_html, what_is_not_known_is_counted_by_target) {
    const json data = data_of(failing_campaign());
    const json& said = data["targets"][1]["unknown"];
    const auto has = [&said](const std::string& text) { return std::ranges::find(said, json(text)) != said.end(); };
    EXPECT_TRUE(has("threads: 3 of 80,000 histories")) << said;
    EXPECT_TRUE(has("threads: 1 of 3 coverage goals")) << said;
}

TEST(campaign_html, what_falls_short_is_first_among_the_required_states) {
    const json run = data_of(failing_campaign())["runs"].back();
    EXPECT_EQ(run["rates"], json::array({"40,000 histories per second"}));
    EXPECT_EQ(run["state_counts"], json({{"reached", 1}, {"MISSED", 1}, {"UNKNOWN", 1}}));
    const json& states = run["states"];
    EXPECT_EQ(states[0], json({{"what", "granted, then cancelled"},
                               {"reached", 3},
                               {"required", 20},
                               {"of", 4'000},
                               {"verdict", "MISSED"}}));
    EXPECT_EQ(states[1]["verdict"], "UNKNOWN");
    EXPECT_EQ(states[2]["verdict"], "reached");
}

TEST(campaign_html, links_and_commands_name_only_files_that_are_written) {
    const fs::path folder = fs::temp_directory_path() / ("tailrace-campaign-" + std::to_string(getpid()));
    prepare_folder(folder.string());
    write_files(failing_campaign(), folder.string());
    std::ifstream in(folder / "report.html", std::ios::binary);
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    std::set<std::string> named{"report.html", "report.json", "junit.xml", "summary.txt"};
    const json data = data_of(page);
    for (const json& f : data["failures"]) {
        for (const json& link : f["links"]) named.insert(link["file"].get<std::string>());
        const std::string command = f["command"];
        const std::size_t at = command.find("difference-");
        if (at != command.npos) named.insert(command.substr(at, command.find(')', at) - at));
    }
    EXPECT_GE(named.size(), 4U + 3U * 3U);
    for (const std::string& file : named) EXPECT_TRUE(fs::exists(folder / file)) << file;
    std::set<std::string> written;
    for (const fs::directory_entry& e : fs::directory_iterator(folder)) {
        // A token that is short stands in the command itself.
        if (e.path().extension() != ".token") written.insert(e.path().filename().string());
    }
    for (const std::string& file : written) EXPECT_TRUE(named.contains(file)) << file;
    prepare_folder(folder.string());
    EXPECT_FALSE(fs::exists(folder / "report.html")) << "of a campaign that is not finished";
    fs::remove_all(folder);
}

TEST(campaign_html, needs_no_network) {
    const std::string page = to_html(failing_campaign());
    EXPECT_NE(page.find("default-src 'none'"), page.npos);
    for (const std::string_view word : {"src=", "@import", "url(", "fetch(", "https:", "http:"})
        EXPECT_EQ(page.find(word), page.npos) << word;
}

TEST(campaign_html, what_a_target_says_stays_text) {
    const std::string name = "</script><script>alert('1')</script>@DATA@";
    campaign c = failing_campaign(name);
    failure& f = c.reports.back().failures.front();
    f.text = "@SCRIPT@ </pre><script> & \xff";
    f.what = "<!--<script>";
    f.token.clear();
    f.example.reset();
    c.reports.back().summary = "</style></title>";
    const std::string page = page_of("hostile", c);
    EXPECT_EQ(count_of("<script", page), 2U);
    EXPECT_EQ(count_of("</script", page), 2U);
    EXPECT_EQ(count_of("</style", page), 2U);  // one for those without scripts
    EXPECT_EQ(count_of("<!--", page), 0U);
    const json data = data_of(page);
    EXPECT_EQ(data["targets"][1]["name"], name);
    EXPECT_EQ(data["failures"][2]["log"], "@SCRIPT@ </pre><script> & \xef\xbf\xbd");
    EXPECT_EQ(data["runs"].back()["summary"], "</style></title>");
    EXPECT_EQ(data["failures"][2]["command"],
              "tailrace-verify run --engine threads --target "
              R"('</script><script>alert('\''1'\'')</script>@DATA@' --seed 1 --programs 500)");
}

TEST(campaign_html, the_largest_campaign_fits_and_says_what_is_left_out) {
    const campaign c = largest_campaign(70, 40, 'x');
    const std::string page = page_of("largest", c);
    EXPECT_LT(page.size(), 2'000'000U);
    EXPECT_GT(page.size(), 1'000'000U) << "there would be room for more";
    const json data = data_of(page);
    expect_every_clause(data["clauses"]);
    const std::size_t in_all = 12 * engines().size() * 40;
    EXPECT_EQ(data["failures_in_all"], in_all);
    EXPECT_EQ(data["targets_in_all"], 70);
    const json& left_out = data["left_out"];
    const auto has = [&left_out](const std::string& text) {
        return std::ranges::find(left_out, json(text)) != left_out.end();
    };
    const std::size_t failures = data["failures"].size();
    const std::size_t clauses = failures * (model::clauses().size() - 32);
    EXPECT_TRUE(has(counted(70 - data["targets"].size(), "target"))) << left_out;
    EXPECT_TRUE(has(counted(in_all - failures, "failure"))) << left_out;
    EXPECT_TRUE(has("the end of " + counted(failures, "log"))) << left_out;
    EXPECT_TRUE(has(counted(clauses, "clause") + " that failures break")) << left_out;
    EXPECT_TRUE(has("the end of the summary")) << left_out;
    EXPECT_EQ(left_out.size(), 6U) << left_out;
}

TEST(campaign_html, of_too_many_targets_those_that_fail_are_shown) {
    const json data = data_of(largest_campaign(70, 1, 'x'));
    std::size_t failing = 0;
    for (const json& t : data["targets"]) failing += t["verdict"] == "FAIL" ? 1 : 0;
    EXPECT_EQ(failing, std::min<std::size_t>(12, data["targets"].size()));
    EXPECT_EQ(data["clauses"][0]["targets"].size(), data["targets"].size());
}

TEST(campaign_html, it_fits_whatever_the_targets_say) {
    for (const char letter : {'<', '\x01', '\xff', '&'}) {
        EXPECT_LT(to_html(largest_campaign(13, 3, letter)).size(), 2'000'000U) << static_cast<int>(letter);
    }
}

TEST(campaign_html, names_the_sections_as_the_contract_does) {
    const fs::path tests = fs::path(__FILE__).parent_path();
    std::ifstream in(tests / "../../../model/README.md");
    const std::string contract{std::istreambuf_iterator<char>(in), {}};
    const json sections = data_of(passing_campaign())["sections"];
    for (const model::clause& c : model::clauses()) {
        const std::string title = sections.at(static_cast<std::size_t>(c.section) - 1);
        const std::string heading = fmt::format("\n## {}. {}\n", c.section, title);
        EXPECT_NE(contract.find(heading), contract.npos) << heading;
    }
}

}  // namespace
}  // namespace tailrace::verify
