// Reports of shards that no run of ours wrote: each is refused in one line that says where and what, and one that is
// only strange is merged and shown without harm.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "campaign/merge.hpp"
#include "campaign/report.hpp"
#include "campaign_pages.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

class bad_report : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("tailrace-report-" + std::to_string(getpid()));
        fs::create_directories(folder_);
        if (intact.is_null()) {
            prepare_folder(folder_.string());
            write_files(run_campaign(small_job({}, 100), {engine_of("sequential")}, {find_target("optimized")}),
                        folder_.string());
            std::ifstream in(folder_ / "report.json");
            intact = json::parse(in);
        }
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string refusal_of_text(std::string_view text) {
        std::ofstream(folder_ / "report.json", std::ios::binary) << text;
        try {
            (void)to_html(merge({folder_.string()}, builtin_targets()));
        } catch (const json_error& e) {
            std::string said = e.what();
            const std::string file = (folder_ / "report.json").string() + ": ";
            EXPECT_TRUE(said.starts_with(file)) << said;
            EXPECT_EQ(said.find('\n'), said.npos) << said;
            EXPECT_LT(said.size(), file.size() + 400) << said;
            return said.substr(std::min(said.size(), file.size()));
        }
        return "merged";
    }
    std::string refusal_of(const std::function<void(json&)>& spoil) {
        json spoilt = intact;
        spoil(spoilt);
        return refusal_of_text(spoilt.dump());
    }
    /// With a text put in place of one that stands there once.
    std::string refusal_of(std::string_view what, const std::string& instead) {
        std::string text = intact.dump();
        const std::size_t at = text.find(what);
        EXPECT_NE(at, text.npos) << what;
        return refusal_of_text(text.replace(at, what.size(), instead));
    }
    static std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

    fs::path folder_;
    static inline json intact;
};

TEST_F(bad_report, is_merged_if_it_is_as_it_was) {
    EXPECT_EQ(refusal_of([](json&) {}), "merged");
}

TEST_F(bad_report, shards_that_no_run_has_are_refused) {
    const auto shards = [&](const json& all) { return refusal_of([&](json& r) { r["shards"] = all; }); };
    const auto one = [&](const json& part, const json& of) { return shards({{{"part", part}, {"of", of}}}); };
    EXPECT_EQ(one(5, ~std::uint64_t{0}),
              "\"shards[0].of\": expected a number from 1 to 1000000, found 18446744073709551615");
    EXPECT_EQ(one(1, std::uint64_t{1} << 40),
              "\"shards[0].of\": expected a number from 1 to 1000000, found 1099511627776");
    EXPECT_EQ(one(-1, -1), "\"shards[0].of\": expected a number, found -1");
    EXPECT_EQ(one(1.5, 1.5), "\"shards[0].of\": expected a number, found 1.5");
    EXPECT_EQ(one(0, 0), "\"shards[0].of\": expected a number from 1 to 1000000, found 0");
    EXPECT_EQ(one(0, 1), "\"shards[0].part\": expected a number from 1 to 1, found 0");
    EXPECT_EQ(one(2, 1), "\"shards[0].part\": expected a number from 1 to 1, found 2");
    EXPECT_EQ(one(1, 1'000'000), "shard 2/1000000 is missing: run what this one is of with --shard 2/1000000");
    EXPECT_EQ(one("1", 1), "\"shards[0].part\": expected a number, found \"1\"");
    EXPECT_EQ(shards(json::array()), "\"shards\": expected at least one shard, found []");
    EXPECT_EQ(shards(5), "\"shards\": expected a list, found 5");
    EXPECT_EQ(shards({5}), "\"shards[0]\": expected an object, found 5");
    EXPECT_EQ(shards({{{"part", 1}}}), "\"shards[0]\": expected a member 'of', found none");
}

TEST_F(bad_report, nothing_in_it_is_twice_or_an_empty_whole) {
    EXPECT_EQ(refusal_of([](json& r) { r["runs"].push_back(r["runs"][0]); }),
              "\"runs\": expected each engine once on each target, found sequential on optimized twice");
    EXPECT_EQ(refusal_of("\"seed\":1", "\"seed\":1,\"seed\":2"),
              "the whole: expected each member once, found \"seed\" twice");
    EXPECT_EQ(refusal_of("\"unit\":\"program\"", "\"unit\":\"program\",\"unit\":\"program\""),
              "\"runs[0]\": expected each member once, found \"unit\" twice");
    const fs::path twin = folder_ / "twin";
    fs::create_directories(twin);
    std::ofstream(twin / "report.json") << intact.dump();
    std::ofstream(folder_ / "report.json") << intact.dump();
    EXPECT_THROW((void)merge({folder_.string(), twin.string()}, builtin_targets()), json_error);
}

TEST_F(bad_report, every_member_has_to_be_there_and_of_its_kind) {
    for (const char* member : {"program", "version", "seed", "programs", "shards", "traces", "runs", "clauses"}) {
        EXPECT_EQ(refusal_of([&](json& r) { r.erase(member); }),
                  fmt::format("the whole: expected a member '{}', found none", member));
        EXPECT_NE(refusal_of([&](json& r) { r[member] = nullptr; }).find(fmt::format("\"{}\": expected a", member)),
                  std::string::npos);
        EXPECT_NE(refusal_of([&](json& r) {
                      r[member] = json::object({{"a", "b"}});
                  }).find(fmt::format("\"{}\": expected a", member)),
                  std::string::npos);
    }
    for (const auto& [member, value] : intact["runs"][0].items()) {
        if (member == "summary") continue;  // made again
        EXPECT_EQ(refusal_of([&, m = member](json& r) { r["runs"][0].erase(m); }),
                  fmt::format("\"runs[0]\": expected a member '{}', found none", member));
        EXPECT_NE(refusal_of([&, m = member](json& r) {
                      r["runs"][0][m] = 5;
                  }).find(fmt::format("\"runs[0].{}\": expected a", member)),
                  std::string::npos);
    }
    EXPECT_EQ(refusal_of([](json& r) { r["program"] = 5; }), "\"program\": expected a text, found 5");
    EXPECT_EQ(refusal_of([](json& r) { r["seed"] = "x"; }), "\"seed\": expected a number, found \"x\"");
    EXPECT_EQ(refusal_of([](json& r) { r["traces"] = {5}; }), "\"traces[0]\": expected a text, found 5");
    EXPECT_EQ(refusal_of([](json& r) { r["clauses"] = {{{"x", 1}}}; }),
              "\"clauses[0]\": expected a member 'clause', found none");
    EXPECT_EQ(refusal_of([](json& r) { r["clauses"][0]["clause"] = "no.such"; }),
              "\"clauses[0].clause\": expected a clause of the contract, found \"no.such\"");
    EXPECT_EQ(refusal_of([](json& r) { r["runs"][0]["engine"] = "steam"; }), "there is no engine 'steam'");
    EXPECT_EQ(refusal_of([](json& r) { r["runs"][0]["target"] = "a\nb"; }), "there is no target 'a?b'");
    EXPECT_EQ(refusal_of([](json& r) { r["runs"][0]["numbers"]["programs"] = ~std::uint64_t{0}; }),
              "\"runs[0].numbers.programs\": expected a number from 0 to 1000000000000000, found 18446744073709551615");
    EXPECT_EQ(refusal_of([](json& r) {
                  r["runs"][0]["failures"] = {{{"kind", "difference"},
                                               {"what", ""},
                                               {"times", 1},
                                               {"place", ""},
                                               {"text", ""},
                                               {"token", ""},
                                               {"clauses", {5}}}};
              }),
              "\"runs[0].failures[0].clauses[0]\": expected a text, found 5");
    EXPECT_NE(refusal_of([](json& r) {
                  r["runs"][0]["failures"] = {{{"kind", "difference"},
                                               {"what", ""},
                                               {"times", 1},
                                               {"place", ""},
                                               {"text", ""},
                                               {"token", ""},
                                               {"clauses", json::array()},
                                               {"example", "{"}}};
              })
                  .find("\"runs[0].failures[0].example\": line 1, column 2: expected a counterexample in JSON, found "
                        "the end of the file"),
              std::string::npos);
}

TEST_F(bad_report, what_is_no_json_is_refused_where_it_stops_to_be_some) {
    EXPECT_EQ(refusal_of_text(""), "line 1, column 1: expected the report of a shard, found the end of the file");
    EXPECT_EQ(refusal_of_text("{\n  \"seed\": nan}"),
              "line 2, column 12: expected the report of a shard, found something else");
    EXPECT_EQ(refusal_of("\"seed\":1", "\"seed\":1e400").substr(0, 8), "line 1, ");
    EXPECT_TRUE(refusal_of("\"seed\":1", "\"seed\":1e400")
                    .ends_with("expected the report of a shard, found 1e400, which is too large a number"));
    EXPECT_EQ(refusal_of("\"seed\":1", "\"seed\":18446744073709551616").substr(0, 26), "\"seed\": expected a number,");
    EXPECT_EQ(refusal_of_text(std::string("{\"seed\": \"\xff\"}")).substr(0, 18), "line 1, column 11:");
    EXPECT_EQ(refusal_of_text("[]"), "the whole: expected an object, found []");
    fs::remove(folder_ / "report.json");
    fs::create_directory(folder_ / "report.json");
    EXPECT_THROW((void)merge({folder_.string()}, builtin_targets()), json_error);
}

TEST_F(bad_report, what_is_nested_too_deep_is_refused_however_deep) {
    const std::string deep = nested(200'000);
    const std::string levels = "expected at most 32 levels, found more";
    EXPECT_NE(refusal_of_text(deep).find(levels), std::string::npos);
    EXPECT_NE(refusal_of_text(std::string(1'000'000, '[')).find(levels), std::string::npos);
    EXPECT_NE(refusal_of("\"runs\":[", "\"runs\":[" + deep + ",").find(levels), std::string::npos);
    EXPECT_NE(refusal_of("\"seed\":1", "\"more\":" + deep + ",\"seed\":1").find(levels), std::string::npos);
    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    EXPECT_NE(refusal_of_text(objects).find(levels), std::string::npos);
    EXPECT_THROW((void)from_json(deep), json_error);
}

TEST_F(bad_report, damaged_at_random_is_refused_in_a_line_or_merged) {
    std::mt19937 dice(1);
    const std::string whole = intact.dump(1);
    std::size_t refused = 0;
    for (int round = 0; round < 300; ++round) {
        std::string text = whole;
        const std::size_t from = dice() % text.size();
        switch (dice() % 4) {
            case 0: text[from] = static_cast<char>(dice()); break;
            case 1: text.erase(from, 1 + dice() % 40); break;
            case 2: text.insert(from, whole.substr(dice() % whole.size(), 1 + dice() % 40)); break;
            default: text[from] = "0123456789{}[]\",:-e."[dice() % 20]; break;
        }
        if (refusal_of_text(text) != "merged") ++refused;
    }
    EXPECT_GT(refused, 200U);
}

// ---- Texts that mean harm

constexpr std::string_view evil =
    "</script><script>alert(1)</script><!-- ]]> & \xe2\x80\xa8 \xef\xbf\xbf \xef\xbf\xbe \x01 \x1b[31mRED {0} %s "
    "@DATA@ @LOG@ \"'";

TEST_F(bad_report, hostile_texts_become_no_markup_and_no_control_characters) {
    json hostile = intact;
    hostile["program"] = "tailrace-verify; echo " + std::string(evil);
    hostile["traces"] = {evil};
    hostile["runs"][0]["failures"] = {{{"clauses", {"close.drains", evil}},
                                       {"text", std::string(evil) + std::string(evil)},
                                       {"place", evil},
                                       {"kind", "difference"},
                                       {"what", evil},
                                       {"times", 1},
                                       {"token", ""}}};
    std::ofstream(folder_ / "report.json", std::ios::binary) << hostile.dump();
    const campaign c = merge({folder_.string()}, builtin_targets());

    const std::string page = page_of("hostile-shard", c);
    const auto count = [&page](std::string_view what) {
        std::size_t n = 0;
        for (std::size_t at = page.find(what); at != page.npos; at = page.find(what, at + 1)) ++n;
        return n;
    };
    EXPECT_EQ(count("<script"), 2U);
    EXPECT_EQ(count("</script"), 2U);
    EXPECT_EQ(count("<!--"), 0U);
    EXPECT_EQ(page.find("\xe2\x80\xa8", page.find("application/json")), page.npos) << "a line end to older scripts";
    EXPECT_NE(page.find("\\u003c/script>\\u003cscript>alert(1)"), page.npos);

    const std::string xml = to_junit(c);
    EXPECT_EQ(xml.find("<script"), xml.npos);
    for (const std::string_view none : {"\xef\xbf\xbf", "\xef\xbf\xbe", "\x01", "\x1b"})
        EXPECT_EQ(xml.find(none), xml.npos);
    EXPECT_TRUE(
        std::ranges::none_of(to_text(c), [](char k) { return k != '\n' && static_cast<unsigned char>(k) < 0x20; }));
    write_files(c, folder_.string());
    std::ifstream again(folder_ / "report.json");
    EXPECT_EQ(json::parse(again)["runs"][0]["failures"][0]["text"], std::string(evil) + std::string(evil))
        << "and it is kept as it is";
}

// ---- Words for a shell

TEST(shell_word, is_taken_by_a_shell_for_what_it_was) {
    EXPECT_EQ(shell_word("out/a-1.trace"), "out/a-1.trace");
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("$HOME a"), "'$HOME a'");
    EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_word("a\nb"), "$'a\\012b'");
    EXPECT_EQ(shell_word("it's\\\t\xff"), "$'it\\'s\\\\\\011\\377'");
    for (const std::string word : {"a b", "$(echo x)", "`x`", "\"q\" 'r'", "~", "*", "!h", "\\", "a\nb", "a'\nb\\c",
                                   "\x1b[31m", "\xff\xfe", "-n", "#c", "A=b", "caf\xc3\xa9"}) {
        const std::string quoted = shell_word(word);
        EXPECT_TRUE(std::ranges::all_of(quoted, [](char c) { return c >= 0x20 && c < 0x7f; })) << quoted;
        const std::string command = "bash -c 'printf %s. \"$0\"' " + quoted;
        const std::string script = (fs::temp_directory_path() / ("tailrace-word-" + std::to_string(getpid()))).string();
        std::ofstream(script) << command;
        std::FILE* const out = popen(("bash " + script).c_str(), "r");
        std::string said;
        for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) said += static_cast<char>(c);
        pclose(out);
        fs::remove(script);
        EXPECT_EQ(said, word + ".") << command;
    }
}

}  // namespace
}  // namespace tailrace::verify
