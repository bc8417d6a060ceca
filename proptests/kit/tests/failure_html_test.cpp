// The page of a counterexample as text: whole, self-contained, and never too large. What a browser
// makes of it: ci/test -L browser.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "counterexample_support.hpp"
#include "report/failure_report.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::json;

json data_of(const std::string& page) {
    constexpr std::string_view begin = R"(id="data">)";
    const std::size_t at = page.find(begin) + begin.size();
    return json::parse(page.substr(at, page.find("</script>", at) - at));
}

TEST(failure_html, of_every_kind_of_run_is_golden) {
    expect_golden("barging.html", to_html(barging_example()));
    expect_golden("swapped.html", to_html(swapped_example()));
    expect_golden("asleep.html", to_html(asleep_example()));
    expect_golden("accesses.html", to_html(accesses_example()));
    expect_golden("race.html", to_html(race_example()));
}

TEST(failure_html, is_the_same_when_it_is_made_again_from_the_file) {
    for (const counterexample& c : {barging_example(), swapped_example(), accesses_example()})
        EXPECT_EQ(to_html(from_json(to_json(c))), to_html(c));
}

TEST(failure_html, has_the_points_in_their_order_and_the_refused_one_apart) {
    const json data = data_of(to_html(swapped_example()));
    EXPECT_EQ(data["lanes"].size(), 3U);
    ASSERT_EQ(data["points"].size(), 4U);
    EXPECT_EQ(data["points"][0]["text"], "r recv as f200 -> pending");
    EXPECT_EQ(data["points"][0]["request"], true);
    ASSERT_EQ(data["refused"].size(), 1U);
    EXPECT_EQ(data["refused"][0]["text"], "f200 -> some v101");
    EXPECT_EQ(data["refused"][0]["lane"], 1);
}

TEST(failure_html, an_event_that_returns_when_another_begins_overlaps_it) {
    model::history h;
    h.tasks = {events_of("10 20 s0 try_send v100 -> ok\n"), events_of("20 30 r is_empty -> true\n")};
    model::verdict v;
    v.is = model::finding::answer;
    const json tasks = data_of(to_html(concurrent_example(h, v)))["lanes"];
    EXPECT_LT(tasks[1]["events"][0]["from"], tasks[0]["events"][0]["to"]);
}

TEST(failure_html, needs_no_network) {
    const std::string page = to_html(accesses_example());
    EXPECT_NE(page.find("default-src 'none'"), page.npos);
    for (const std::string_view word : {"src=", "@import", "url(", "fetch(", "https:"})
        EXPECT_EQ(page.find(word), page.npos) << word;
    // The one address is the name of SVG, which is never looked up.
    const std::size_t at = page.find("http:");
    EXPECT_EQ(page.substr(at, 26), "http://www.w3.org/2000/svg");
    EXPECT_EQ(page.find("http:", at + 1), page.npos);
}

TEST(failure_html, what_a_target_says_stays_text) {
    counterexample c = barging_example();
    c.target = "</script><script>alert(1)</script>@DATA@";
    c.property = "@SCRIPT@ <b> & \xff";
    const std::string page = to_html(c);
    EXPECT_EQ(page.find("<script>alert"), page.npos);
    const std::string tag = "<script";
    std::size_t scripts = 0;
    for (std::size_t at = page.find(tag); at != page.npos; at = page.find(tag, at + 1)) ++scripts;
    EXPECT_EQ(scripts, 2U);
    EXPECT_EQ(data_of(page)["target"], c.target);
}

TEST(failure_html, the_longest_program_fits_and_says_what_is_left_out) {
    std::string lines;
    for (int i = 1; i <= 5'000; ++i) lines += fmt::format("s0 try_send v{} -> ok\n", 1'000'000'000'000'000 + i);
    counterexample c = sequential_example(6'000, lines, "closed v1", {aspect::answer});
    for (taken_step& s : std::get<sequential_run>(c.run).steps) s.target.assign(2'000, '<');
    const std::string page = to_html(c);
    EXPECT_LT(page.size(), 2'000'000U);
    EXPECT_EQ(data_of(page)["left_out"][0], "the first 4,520 steps");
}

TEST(failure_html, the_largest_history_fits_and_shows_the_end_of_it) {
    model::history h;
    h.capacity = 9;
    model::verdict v;
    v.is = model::finding::answer;
    for (std::uint32_t task = 0; task < 40; ++task) {
        std::string events;
        for (std::uint32_t i = 0; i < 100; ++i)
            events +=
                fmt::format("{} {} s0 try_reserve_many {} -> full\n", 10 * i, 10 * i + 5, 4'000'000'000'000'000'000);
        h.tasks.push_back(events_of(events));
    }
    for (std::uint32_t i = 0; i < 99; ++i)
        for (std::uint32_t task = 0; task < 40; ++task) v.order.push_back(point_of(task, i, "full"));
    v.refused.push_back(point_of(3, 99, "full"));
    counterexample c = concurrent_example(h, v);
    auto& run = std::get<concurrent_run>(c.run);
    run.accesses.assign(100'000, {3, 99, std::string(500, 's'), "acq_rel", "1", true});
    for (explained_point& p : run.order) p.specification.assign(4'000, 'x');
    const std::string page = to_html(c);
    EXPECT_LT(page.size(), 2'000'000U);
    const json data = data_of(page);
    EXPECT_EQ(data["refused"].size(), 1U);
    EXPECT_EQ(data["left_out"].size(), 4U) << data["left_out"];
}

}  // namespace
}  // namespace tailrace::verify
