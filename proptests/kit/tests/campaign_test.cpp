// Campaigns in child processes: parts, shards, merging; replay; JUnit.
#include "campaign/campaign.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaign/engines.hpp"
#include "campaign/merge.hpp"
#include "campaign/replay.hpp"
#include "campaign/report.hpp"
#include "engine/interleavings.hpp"
#include "model_mutants/mutant_target.hpp"
#include "oracle_support.hpp"

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
    j.mutants = mutants();
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

const mutant& mutant_named(std::string_view name) { return *std::ranges::find(mutants(), name, &mutant::name); }

target lying_sequentially() { return mutant_target(mutant_named("barging-try-send")); }

std::uint64_t number(const campaign& c, const char* name) { return c.reports.front().numbers.at(name); }

TEST(campaign, parts_in_children_are_the_same_programs_as_all_in_one) {
    const target& t = *find_target("optimized");
    const campaign one = run_campaign(small_job(3'000), {engine_of("sequential")}, {&t});
    const campaign parts = run_campaign(small_job(3'000), {engine_of("sequential")}, {&t}, {}, in_children_of(3));
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
    const campaign c = run_campaign(small_job(2'000), {engine_of("sequential")}, {&t}, {}, in_children_of(2));
    ASSERT_TRUE(c.failed());
    const failure& f = c.reports.front().failures.front();
    ASSERT_TRUE(f.example);
    EXPECT_EQ(f.example->target, t.name);
    ASSERT_FALSE(f.token.empty());
    job named;
    named.mutants = mutants();
    const replayed again = replay(parse_token(f.token), t, named);
    EXPECT_TRUE(again.failed());
    EXPECT_NE(again.text.find("try_send"), std::string::npos) << again.text;
    EXPECT_NE(again.text.find("\n  breaks    try_send.no-barging: "), std::string::npos) << again.text;
    EXPECT_EQ(replay(parse_token(f.token), *find_target("reference")).is, replayed::end::gone);
}

TEST(campaign, a_replay_that_shows_what_recordings_show_the_opposite_of_names_the_clause) {
    const target t = mutant_target(mutant_named("late-value-lives-on"));
    job j = small_job(0);
    j.traces = judge(recorded_traces());
    const engine_report r = run_oracle(j, t, {});
    ASSERT_FALSE(r.failures.empty());
    for (const failure& f : r.failures)
        EXPECT_EQ(f.clauses, std::vector<std::string_view>{"late-send.destroyed"}) << f.text;
}

TEST(campaign, a_channel_that_crashes_or_hangs_is_a_verdict) {
    target t = lying_sequentially();
    t.name = "bomb";
    t.open = [](std::uint64_t) -> std::unique_ptr<session> { _exit(7); };
    const campaign left = run_campaign(small_job(10), {engine_of("sequential")}, {&t}, {}, in_children_of(1));
    ASSERT_TRUE(left.failed());
    EXPECT_NE(left.reports[0].failures[0].text.find("ends the process"), std::string::npos);

    t.open = [](std::uint64_t) -> std::unique_ptr<session> {
        for (;;) pause();
    };
    how_to_run impatient = in_children_of(1);
    impatient.patience = 1s;
    const campaign hung = run_campaign(small_job(10), {engine_of("sequential")}, {&t}, {}, impatient);
    ASSERT_TRUE(hung.failed());
    EXPECT_NE(hung.reports[0].failures[0].text.find("hangs"), std::string::npos);
}

TEST(campaign, a_budget_that_is_used_up_leaves_everything_and_says_so) {
    how_to_run how = in_children_of(1);
    how.budget = 0ms;
    const campaign c = run_campaign(small_job(20'000), {engine_of("sequential")}, {find_target("optimized")}, {}, how);
    EXPECT_FALSE(c.failed());
    EXPECT_EQ(number(c, "over_budget"), 1u);
    EXPECT_EQ(c.reports[0].summary, "stopped by --budget before anything was run");
}

TEST(campaign, what_is_not_cut_short_does_not_say_so) {
    how_to_run how = in_children_of(1);
    how.budget = 1h;
    const campaign c = run_campaign(small_job(200), {engine_of("sequential")}, {find_target("optimized")}, {}, how);
    EXPECT_EQ(c.reports[0].numbers.count("over_budget") + c.reports[0].numbers.count("left_over"), 0u);
    EXPECT_EQ(c.reports[0].summary.find("stopped"), std::string::npos) << c.reports[0].summary;
}

TEST(campaign, a_part_that_does_not_end_when_the_time_is_over_is_unknown_and_no_pass) {
    target t = *find_target("optimized");
    t.open = [](std::uint64_t) -> std::unique_ptr<session> {
        for (;;) pause();
    };
    how_to_run how = in_children_of(1);
    bool begun = false;
    how.interrupted = [&] { return std::exchange(begun, true); };
    const campaign c = run_campaign(small_job(10), {engine_of("sequential")}, {&t}, {}, how);
    EXPECT_TRUE(c.failed());
    EXPECT_EQ(number(c, "given_up"), 1u);
    EXPECT_NE(c.reports[0].summary.find("UNKNOWN: 1 part did not end"), std::string::npos) << c.reports[0].summary;
    EXPECT_NE(c.reports[0].failures[0].text.find("UNKNOWN whether it hangs"), std::string::npos);
}

TEST(campaign, there_are_no_more_children_than_programs) {
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit few = before;
    few.rlim_cur = 64;  // of 400 children there would be more pipes
    setrlimit(RLIMIT_NOFILE, &few);
    const campaign c =
        run_campaign(small_job(2), {engine_of("sequential")}, {find_target("reference")}, {}, in_children_of(400));
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(number(c, "programs"), 2u);
}

TEST(campaign, every_engine_ends_by_itself_when_it_is_asked_to) {
    constexpr std::uint64_t endless = 1'000'000'000;
    for (const char* engine : {"sequential", "threads", "interleavings"}) {
        if (engine == std::string_view("interleavings") && find_simulator().empty()) continue;
        for (const std::size_t jobs : {0U, 1U}) {
            // A machine that lets nothing run for a while may have a child given up; not again and again.
            bool ended = false;
            for (int i = 0; i < 20 && !ended; ++i) {
                bool asked = false;
                how_to_run how = in_children_of(jobs);
                how.interrupted = [&] { return asked; };
                const campaign c = run_campaign(
                    small_job(endless), {engine_of(engine)}, {find_target("optimized")},
                    [&](std::string_view) { asked = true; }, how);
                EXPECT_EQ(number(c, "interrupted"), 1u) << engine;
                ended = !c.failed() && !c.reports.front().numbers.contains("given_up");
            }
            EXPECT_TRUE(ended) << engine << ", jobs " << jobs;
        }
    }
}

TEST(campaign, says_how_far_it_is_in_words) {
    std::set<std::string> news;
    (void)run_campaign(small_job(3), {engine_of("sequential")}, {find_target("reference")},
                       [&](std::string_view text) { news.emplace(text); });
    EXPECT_TRUE(news.contains("sequential reference: 2 of 3 programs, 0 differences")) << *news.begin();
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
        write_files(run_campaign(j, {engine_of("sequential"), engine_of("threads")}, {find_target("optimized")}, {},
                                 in_children_of(1, {part, of})),
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
    const campaign whole =
        run_campaign(small_job(2'000), {engine_of("sequential")}, {find_target("optimized")}, {}, in_children_of(1));
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

TEST_F(merged_shards, depend_on_what_was_run_alone) {
    const auto run = [&](std::uint64_t part, std::uint64_t of, std::size_t jobs) {
        job j = small_job(0);
        j.depth = 3;
        const std::string folder = (*this)(std::to_string(part) + "-of-" + std::to_string(of));
        prepare_folder(folder);
        campaign c = run_campaign(j, {engine_of("exhaustive")}, {find_target("optimized")}, {},
                                  in_children_of(jobs, {part, of}));
        c.record = record_here();
        c.record->date = folder;
        write_files(c, folder);
        return folder;
    };
    const auto merged = [&](const std::vector<std::string>& shards) {
        const std::string folder = (*this)("merged-" + std::to_string(shards.size()));
        prepare_folder(folder);
        write_files(merge(shards, builtin_targets()), folder);
        std::map<std::string, std::string> files;
        for (const fs::directory_entry& e : fs::directory_iterator(folder)) {
            std::ifstream in(e.path(), std::ios::binary);
            files[e.path().filename()] = {std::istreambuf_iterator<char>(in), {}};
        }
        return files;
    };
    const auto one = merged({run(1, 1, 2)});
    EXPECT_EQ(one.size(), 4U);
    EXPECT_NE(one.at("summary.txt").find("every program of up to 3 steps"), std::string::npos);
    EXPECT_EQ(one, merged({run(2, 3, 1), run(3, 3, 1), run(1, 3, 1)}));
}

TEST_F(merged_shards, say_the_same_in_any_order) {
    const target t = lying_sequentially();
    std::vector<std::string> shards;
    for (const std::uint64_t part : {1U, 2U}) {
        shards.push_back((*this)(std::to_string(part)));
        prepare_folder(shards.back());
        write_files(run_campaign(small_job(2'000), {engine_of("sequential")}, {&t}, {}, in_children_of(1, {part, 2})),
                    shards.back());
    }
    const campaign c = merge(shards, {t});
    EXPECT_TRUE(c.failed());
    std::ranges::reverse(shards);
    EXPECT_EQ(to_text(c), to_text(merge(shards, {t})));
}

TEST_F(merged_shards, that_a_signal_has_ended_are_refused) {
    how_to_run how = in_children_of(1, {2, 2});
    how.interrupted = [] { return true; };
    const std::string folder = (*this)("ended");
    prepare_folder(folder);
    write_files(run_campaign(small_job(2'000), {engine_of("sequential"), engine_of("threads")},
                             {find_target("optimized")}, {}, how),
                folder);
    try {
        (void)merge({shard_of(1, 2), folder}, builtin_targets());
        FAIL() << "it was merged";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string(e.what()).find("shard 2/2 was ended by a signal: run it again, --shard 2/2"),
                  std::string::npos)
            << e.what();
    }
}

TEST_F(merged_shards, that_were_cut_short_say_so_together) {
    const auto cut = [&](std::uint64_t part) {
        const std::string folder = (*this)("cut-" + std::to_string(part));
        prepare_folder(folder);
        how_to_run how = in_children_of(1, {part, 2});
        if (part == 1) how.budget = 0ms;
        write_files(run_campaign(small_job(400), {engine_of("sequential")}, {find_target("optimized")}, {}, how),
                    folder);
        return folder;
    };
    const campaign c = merge({cut(1), cut(2)}, builtin_targets());
    EXPECT_NE(c.reports[0].summary.find("stopped by --budget after 200 programs; 200 programs, "), std::string::npos)
        << c.reports[0].summary;
}

/// Characters that XML 1.0 has, and nothing else; what is in angle brackets is ours.
void expect_xml(const std::string& xml) {
    std::size_t i = 0;
    while (i < xml.size()) {
        const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(xml.at(k)); };
        char32_t c = byte(i);
        const std::size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (size > 1) c &= 0x7fu >> size;
        for (std::size_t k = 1; k < size; ++k) {
            ASSERT_EQ(byte(i + k) & 0xc0u, 0x80u) << i;
            c = c << 6 | (byte(i + k) & 0x3fu);
        }
        const bool legal = c == 0x9 || c == 0xa || c == 0xd || (c >= 0x20 && c <= 0xd7ff) ||
                           (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
        ASSERT_TRUE(legal) << "byte " << i << ": U+" << std::hex << static_cast<std::uint32_t>(c);
        i += size;
    }
}

TEST(junit, is_xml_whatever_the_text) {
    campaign c = run_campaign(small_job(20), {engine_of("sequential")}, {find_target("reference")});
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    const std::vector<std::pair<std::string, std::string>> said{
        {"a\xef\xbf\xbe z", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd z"},                  // U+FFFE
        {"a\xef\xbf\xbf z", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd z"},                  // U+FFFF
        {"a\xed\xa0\x80 z", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd z"},                  // a surrogate, alone
        {"a\xc0\xaf z", "a\xef\xbf\xbd\xef\xbf\xbd z"},                                  // too long a form
        {"a\xf4\x90\x80\x80 z", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd z"},  // above U+10FFFF
        {"a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd"},                                      // cut
        {"a\x1b[31m\x01 z", "a\xef\xbf\xbd[31m\xef\xbf\xbd z"},
        {"]]> <!-- &amp; '", "]]&gt; &lt;!-- &amp;amp; '"},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8c \xef\xbf\xbd",
         "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x8c \xef\xbf\xbd"},
        {all, "!&quot;#$%&amp;'()*+"}};
    for (const auto& [text, shown] : said) {
        failure f;
        f.text = text;
        f.place = text;
        c.reports[0].failures = {f};
        c.reports[0].target = text;
        c.reports[0].lacking["weak.clone"] = {text, true};
        const std::string xml = to_junit(c);
        EXPECT_NE(xml.find(shown), std::string::npos) << xml;
        expect_xml(xml);
    }
}

TEST(junit, says_what_passed_failed_and_was_skipped_with_everything_escaped) {
    const target t = lying_sequentially();
    campaign c = run_campaign(small_job(500), {engine_of("sequential")}, {&t});
    c.reports[0].failures[0].text = "a < b && \"c\"\n\x01 d";
    c.reports[0].lacking["weak.clone"] = {"no capability weak", true};
    c.reports[0].evidence["max_capacity"] = {3, "program", "p"};
    const std::string xml = to_junit(c);
    EXPECT_NE(xml.find("a &lt; b &amp;&amp; &quot;c&quot;&#10;\xef\xbf\xbd d"), std::string::npos) << xml;
    EXPECT_NE(xml.find("<skipped message=\"no capability weak\"/>"), std::string::npos);
    EXPECT_NE(xml.find("name=\"max_capacity\"/>"), std::string::npos);
    EXPECT_NE(xml.find("<testsuite name=\"sequential.barging-try-send\""), std::string::npos);
    EXPECT_EQ(std::ranges::count(xml, '\x01'), 0);
}

}  // namespace
}  // namespace tailrace::verify
