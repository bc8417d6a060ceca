// Campaigns in child processes: parts, shards, merging; replay; JUnit.
#include "../src/campaign.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "../src/engines.hpp"
#include "../src/merge.hpp"
#include "../src/replay.hpp"
#include "../src/report.hpp"
#include "zoo/deviant_target.hpp"

namespace tailrace::verify {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

const engine_entry* engine_of(std::string_view name) {
    return &*std::ranges::find(engines(), name, &engine_entry::name);
}

job small_job(std::uint64_t programs) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.faults = deviations();
    j.programs = programs;
    j.seed = 1;
    return j;
}

how_to_run in_children_of(std::size_t jobs, shard s = {}) {
    how_to_run how;
    how.jobs = jobs;
    how.shard = s;
    return how;
}

const deviation& deviation_named(std::string_view name) {
    return *std::ranges::find(deviations(), name, &deviation::name);
}

target lying_sequentially() { return deviant_target(deviation_named("barging-try-send")); }

std::uint64_t number(const campaign& c, const char* name) { return c.reports.front().numbers.at(name); }

TEST(campaign, parts_in_children_are_the_same_programs_as_all_in_one) {
    const target& t = *find_target("optimized");
    const campaign one = run_campaign(small_job(3'000), {engine_of("sequential")}, {&t});
    const campaign parts =
        run_campaign(small_job(3'000), {engine_of("sequential")}, {&t}, {}, in_children_of(3));
    EXPECT_EQ(number(one, "programs"), 3'000u);
    EXPECT_EQ(number(parts, "programs"), 3'000u);
    EXPECT_EQ(number(one, "steps"), number(parts, "steps"));
    ASSERT_EQ(one.reports[0].reached.size(), parts.reports[0].reached.size());
    for (std::size_t i = 0; i < one.reports[0].reached.size(); ++i) {
        EXPECT_EQ(one.reports[0].reached[i].programs, parts.reports[0].reached[i].programs)
            << one.reports[0].reached[i].what;
        EXPECT_EQ(one.reports[0].reached[i].verdict, parts.reports[0].reached[i].verdict);
    }
}

TEST(campaign, a_failure_comes_out_of_a_child_whole_and_its_token_repeats_it) {
    const target t = lying_sequentially();
    const campaign c =
        run_campaign(small_job(2'000), {engine_of("sequential")}, {&t}, {}, in_children_of(2));
    ASSERT_TRUE(c.failed());
    const failure& f = c.reports.front().failures.front();
    ASSERT_TRUE(f.example);
    EXPECT_EQ(f.example->target, t.name);
    ASSERT_FALSE(f.token.empty());
    const replayed again = replay(parse_token(f.token), t, 60s);
    EXPECT_TRUE(again.failed());
    EXPECT_NE(again.text.find("try_send"), std::string::npos) << again.text;
    EXPECT_EQ(replay(parse_token(f.token), *find_target("reference"), 60s).is, replayed::end::gone);
}

TEST(campaign, a_channel_that_crashes_or_hangs_is_a_verdict) {
    target t = lying_sequentially();
    t.name = "bomb";
    t.open = [](std::uint64_t) -> std::unique_ptr<session> { _exit(7); };
    const campaign left =
        run_campaign(small_job(10), {engine_of("sequential")}, {&t}, {}, in_children_of(1));
    ASSERT_TRUE(left.failed());
    EXPECT_NE(left.reports[0].failures[0].text.find("ends the process"), std::string::npos);

    t.open = [](std::uint64_t) -> std::unique_ptr<session> {
        for (;;) pause();
    };
    how_to_run impatient = in_children_of(1);
    impatient.patience = 1s;
    const campaign hung =
        run_campaign(small_job(10), {engine_of("sequential")}, {&t}, {}, impatient);
    ASSERT_TRUE(hung.failed());
    EXPECT_NE(hung.reports[0].failures[0].text.find("hangs"), std::string::npos);
}

TEST(campaign, a_budget_ends_it_after_whole_rounds) {
    how_to_run how = in_children_of(1);
    how.budget = 0ms;
    const campaign c = run_campaign(small_job(20'000), {engine_of("sequential")},
                                    {find_target("optimized")}, {}, how);
    EXPECT_EQ(number(c, "programs"), 5'000u);
}

class folders : public testing::Test {
  protected:
    folders() { fs::create_directories(root_); }
    ~folders() override { fs::remove_all(root_); }
    std::string operator()(const std::string& name) const { return (root_ / name).string(); }
    std::string shard_of(std::uint64_t part, std::uint64_t of, std::uint64_t seed = 1) const {
        job j = small_job(2'000);
        j.seed = seed;
        const std::string folder = (*this)(std::to_string(part) + "-" + std::to_string(seed));
        prepare_folder(folder);
        write_files(run_campaign(j, {engine_of("sequential"), engine_of("threads")},
                                 {find_target("optimized")}, {}, in_children_of(1, {part, of})),
                    folder);
        return folder;
    }

  private:
    fs::path root_ = fs::temp_directory_path() / ("tailrace-merge-" + std::to_string(getpid()));
};

using merged_shards = folders;

TEST_F(merged_shards, are_one_campaign) {
    const campaign c = merge({shard_of(2, 2), shard_of(1, 2)}, builtin_targets());
    EXPECT_FALSE(c.failed()) << to_text(c);
    EXPECT_EQ(c.reports.size(), 2u);
    EXPECT_EQ(number(c, "programs"), 2'000u);
    const campaign whole = run_campaign(small_job(2'000), {engine_of("sequential")},
                                        {find_target("optimized")}, {}, in_children_of(1));
    EXPECT_EQ(number(c, "steps"), number(whole, "steps"));
}

TEST_F(merged_shards, that_do_not_belong_together_are_refused_in_one_line) {
    const auto refusal = [](const std::vector<std::string>& some) -> std::string {
        try {
            (void)merge(some, builtin_targets());
        } catch (const std::runtime_error& e) {
            return e.what();
        }
        return "none";
    };
    const std::string first = shard_of(1, 2);
    EXPECT_NE(refusal({first, shard_of(2, 2, 9)}).find("expected seed 1"), std::string::npos);
    EXPECT_NE(refusal({first}).find("shard 2/2 is missing"), std::string::npos);
    EXPECT_NE(refusal({first, first}).find("is already in"), std::string::npos);
    EXPECT_NE(refusal({(*this)("nowhere")}).find("cannot read it"), std::string::npos);
}

TEST(junit, says_what_passed_failed_and_was_skipped_with_everything_escaped) {
    const target t = lying_sequentially();
    campaign c = run_campaign(small_job(500), {engine_of("sequential")}, {&t});
    c.reports[0].failures[0].text = "a < b && \"c\"\n\x01 d";
    c.reports[0].lacking["weak.clone"] = {"no capability weak", true};
    c.reports[0].evidence["max_capacity"] = {3, "program", "p"};
    const std::string xml = to_junit(c);
    EXPECT_NE(xml.find("a &lt; b &amp;&amp; &quot;c&quot;&#10; d"), std::string::npos) << xml;
    EXPECT_NE(xml.find("<skipped message=\"no capability weak\"/>"), std::string::npos);
    EXPECT_NE(xml.find("name=\"max_capacity\"/>"), std::string::npos);
    EXPECT_NE(xml.find("<testsuite name=\"sequential.barging-try-send\""), std::string::npos);
    EXPECT_EQ(std::ranges::count(xml, '\x01'), 0);
}

}  // namespace
}  // namespace tailrace::verify
