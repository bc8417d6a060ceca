// A corpus: what it keeps, and how a run goes on with it.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/corpus_replay.hpp"
#include "campaign/merge.hpp"
#include "corpus_support.hpp"
#include "foreign_queue.hpp"

namespace tailrace::verify {
namespace {

using kept_corpus = corpus_fixture;

std::uint64_t number(const campaign& c, std::string_view name) { return number_of(c.reports.back(), name); }

// ---- A failure

TEST_F(kept_corpus, a_failure_is_kept_replayed_first_and_stays_when_it_is_mended) {
    const target faulty = queue_that_refuses_to_close();
    const campaign found = run(faulty, job_of(2'000));
    ASSERT_TRUE(found.failed());
    EXPECT_TRUE(found.reports.front().entries.empty());
    EXPECT_EQ(found.reports.front().summary, "nothing to replay");
    ASSERT_EQ(files().size(), 1U);
    const std::string file = files().front();
    const std::string text = read_file(file, "a failure");
    EXPECT_TRUE(text.starts_with("# sequential fails on queue: ")) << text;
    EXPECT_NE(text.find("\n# breaks "), text.npos) << text;
    EXPECT_NE(text.find("\n#\n# capacity 1\n# task 1\n#   r close\ntr1."), text.npos) << text;
    EXPECT_EQ(read_failure(text, file), parse_token(found.reports.back().failures.front().token));

    const campaign again = run(faulty, job_of(1));
    ASSERT_TRUE(again.failed());
    const engine_report& replayed = again.reports.front();
    EXPECT_EQ(replayed.engine, corpus_engine);
    EXPECT_EQ(replayed.entries, (std::map<std::string, std::string>{{file, "failed again"}}));
    ASSERT_EQ(replayed.failures.size(), 1U);
    const failure& f = replayed.failures.front();
    EXPECT_EQ(f.place, file);
    EXPECT_NE(f.text.find("\n  from      corpus " + file), f.text.npos) << f.text;
    EXPECT_EQ(f.clauses, found.reports.back().failures.front().clauses);
    EXPECT_EQ(f.token, found.reports.back().failures.front().token);
    EXPECT_TRUE(to_text(again).starts_with("sequential fails on queue")) << to_text(again);

    const campaign mended = run(queue_with(), job_of(300));
    EXPECT_FALSE(mended.failed()) << to_text(mended);
    EXPECT_EQ(mended.reports.front().entries, (std::map<std::string, std::string>{{file, "passed"}}));
    EXPECT_EQ(mended.reports.front().summary, "1 failure kept: 1 passed");
    EXPECT_EQ(files(), texts{file});
    EXPECT_EQ(read_file(file, "a failure"), text);
}

TEST_F(kept_corpus, a_failure_that_is_found_again_is_no_second_one) {
    const target faulty = queue_that_refuses_to_close();
    for (const std::uint64_t seed : {1U, 2U, 3U}) EXPECT_TRUE(run(faulty, job_of(2'000, seed)).failed());
    ASSERT_EQ(files().size(), 1U);
    fs::rename(files().front(), fs::path(folder()) / "by-hand.failure");
    EXPECT_TRUE(run(faulty, job_of(2'000, 4)).failed());
    EXPECT_EQ(files().size(), 1U);
    EXPECT_TRUE(run(queue_with("newest-first"), job_of(2'000)).failed());
    EXPECT_EQ(files().size(), 2U);
}

TEST_F(kept_corpus, a_failure_under_other_names_is_no_second_one) {
    const target faulty = queue_with("newest-first");
    (void)run(faulty, job_of(2'000));
    token t = corpus(folder()).failures().front().again;
    for (task_step& s : t.program.tasks.front()) s.step.value += s.step.value > 0 ? 6 : 0;
    fs::remove_all(folder());
    write("renamed.failure", to_string(t));
    EXPECT_EQ(run(faulty, job_of(2'000)).reports.front().failures.size(), 1U);
    EXPECT_EQ(files().size(), 1U);
}

TEST_F(kept_corpus, a_count_is_no_name) {
    const auto nameless = [](std::string_view step) { return without_names({1, {model::parse_step(step)}, {}}); };
    EXPECT_NE(nameless("r recv_many 12 as f0"), nameless("r recv_many 15 as f0"));
    EXPECT_EQ(nameless("r recv_many 12 as f0"), nameless("r recv_many 12 as f17"));
    EXPECT_EQ(nameless("s0 send v1 as f0"), nameless("s3 send v1 as f17"));
}

TEST_F(kept_corpus, two_machines_write_the_same_file_for_the_same_failure) {
    const target faulty = queue_that_refuses_to_close();
    (void)run(faulty, job_of(2'000, 1));
    const std::string file = files().front();
    const std::string text = read_file(file, "a failure");
    fs::remove_all(folder());
    job j = job_of(2'000);
    j.depth = 2;
    (void)run(faulty, j, "exhaustive");
    EXPECT_EQ(files(), texts{file});
    EXPECT_EQ(read_file(file, "a failure"), text);
}

TEST_F(kept_corpus, two_runs_at_once_lose_no_failure) {
    const target one = queue_with("barging-try-send");
    const target other = queue_with("newest-first");
    corpus first(folder());
    corpus second(folder());
    (void)run_campaign(job_of(2'000), {engine_of("sequential")}, {&one}, {}, {.kept = &first});
    (void)run_campaign(job_of(2'000), {engine_of("sequential")}, {&other}, {}, {.kept = &second});
    EXPECT_EQ(corpus(folder()).failures().size(), 2U);
}

TEST_F(kept_corpus, a_crash_is_kept_without_a_word_of_how_it_was_found) {
    target bomb = queue_with();
    bomb.open = [](std::uint64_t) -> std::unique_ptr<session> { _exit(7); };
    const campaign found = run(bomb, job_of(10), "sequential", {.jobs = 1});
    ASSERT_TRUE(found.failed());
    ASSERT_EQ(files().size(), 1U);
    EXPECT_TRUE(read_file(files().front(), "a failure").starts_with("# sequential fails on queue: it crashes\n"));
    EXPECT_EQ(state().next, (std::map<std::string, std::uint64_t>{{"seed 1", 1}}));
    const campaign again = run(bomb, job_of(1), "sequential", {.jobs = 1});
    ASSERT_EQ(again.reports.front().failures.size(), 1U);
    EXPECT_EQ(again.reports.front().failures.front().is, failure::kind::crash);
    EXPECT_NE(again.reports.front().failures.front().text.find("from      corpus " + files().front()),
              std::string::npos);
    EXPECT_EQ(files().size(), 1U);
}

TEST_F(kept_corpus, a_failure_that_comes_and_goes_is_no_pass_when_it_is_not_seen) {
    const target sound = make_target<foreign::api<foreign::mistake::none>>("queue", "sound");
    token t{"0.1.0", model::engine::threads, "queue", {}};
    t.program.tasks.resize(2);
    t.program.tasks[0].push_back({model::parse_step("s0 try_send v1")});
    write("rare.failure", to_string(t) + "\n");
    const campaign c = run(sound, job_of(20));
    EXPECT_FALSE(c.failed()) << to_text(c);
    EXPECT_EQ(c.reports.front().summary, "1 failure kept: 1 not seen again");
    EXPECT_NE(to_junit(c).find("rare.failure\">\n      <skipped message=\"not seen again\"/>"), std::string::npos);
}

TEST_F(kept_corpus, failures_of_targets_that_do_not_run_are_skipped_by_name) {
    (void)run(queue_with("barging-try-send"), job_of(2'000));
    target other = queue_with();
    other.name = "other";
    const campaign c = run(other, job_of(20));
    EXPECT_FALSE(c.failed());
    EXPECT_EQ(c.reports.front().summary, "1 failure kept: 1 skipped: of the target queue, which does not run here");
    target geometry = queue_with("barging-try-send");
    other.geometries.push_back(geometry);
    EXPECT_TRUE(run(other, job_of(20)).failed()) << "a geometry is of its target";
    target less = queue_with();
    less.open_tasks = {};
    token t{"0.1.0", model::engine::threads, "queue", {}};
    write("threads.failure", to_string(t));
    EXPECT_NE(run(less, job_of(20)).reports.front().summary.find("1 skipped: replay: queue is for one thread only"),
              std::string::npos);
}

TEST_F(kept_corpus, every_form_of_the_report_names_the_files) {
    const target faulty = queue_that_refuses_to_close();
    (void)run(faulty, job_of(2'000));
    const campaign c = run(faulty, job_of(1));
    const std::string file = files().front();
    const std::string xml = to_junit(c);
    EXPECT_NE(xml.find("<testsuite name=\"corpus.queue\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""),
              xml.npos);
    EXPECT_NE(xml.find("name=\"" + file + "\">\n      <failure type=\"corpus\""), xml.npos) << xml;
    EXPECT_NE(to_html(c).find("corpus " + file), std::string::npos);
    EXPECT_NE(to_text(c).find("\ncorpus  queue: 1 failure kept: 1 failed again\n"), std::string::npos) << to_text(c);
    const std::string report = (root_ / "report").string();
    prepare_folder(report);
    write_files(c, report);
    EXPECT_NE(read_file(report + "/report.json", "a report").find("\"" + file + "\": \"failed again\""),
              std::string::npos);
    EXPECT_EQ(read_file(report + "/difference-1.token", "a token"), c.reports.front().failures.front().token + '\n');

    const campaign passed = run(queue_with(), job_of(1));
    EXPECT_NE(to_junit(passed).find("name=\"" + file + "\"/>"), std::string::npos);
}

// ---- Going on

TEST_F(kept_corpus, a_run_goes_on_behind_the_last_one) {
    const target t = queue_with();
    const campaign whole = run_campaign(job_of(300), {engine_of("sequential")}, {&t});
    const campaign first = run(t, job_of(100));
    const campaign second = run(t, job_of(200));
    EXPECT_EQ(number(first, "steps") + number(second, "steps"), number(whole, "steps"));
    EXPECT_NE(number(first, "steps") * 2, number(second, "steps"));
    EXPECT_EQ(state().next, (std::map<std::string, std::uint64_t>{{"seed 1", 300}}));
    EXPECT_EQ(number(second, programs_since), 300U);
    const engine_report& r = second.reports.back();
    ASSERT_EQ(r.since.size(), whole.reports.back().reached.size());
    for (std::size_t i = 0; i < r.since.size(); ++i) {
        EXPECT_EQ(r.since[i].programs, whole.reports.back().reached[i].programs) << r.since[i].what;
        EXPECT_EQ(r.since[i].run, 300U);
        EXPECT_EQ(r.since[i].verdict, whole.reports.back().reached[i].verdict);
    }
    EXPECT_NE(r.summary.find("; since the corpus began 300 programs, "), std::string::npos) << r.summary;
    for (const auto& [clause, e] : r.evidence) {
        EXPECT_GE(std::stoul(e.first.substr(std::string_view("seed-1-program-").size())), 100U)
            << clause << ": evidence is of what this run has run";
    }
}

TEST_F(kept_corpus, parts_in_children_go_on_like_all_in_one) {
    const target t = queue_with();
    const campaign whole = run_campaign(job_of(400), {engine_of("sequential")}, {&t});
    const campaign first = run(t, job_of(150), "sequential", {.jobs = 2});
    const campaign second = run(t, job_of(250), "sequential", {.jobs = 3});
    EXPECT_EQ(number(first, "steps") + number(second, "steps"), number(whole, "steps"));
    EXPECT_EQ(state().next.at("seed 1"), 400U);
}

TEST_F(kept_corpus, each_seed_has_a_place_of_its_own_and_the_coverage_is_of_all) {
    const target t = queue_with();
    (void)run(t, job_of(100, 1));
    (void)run(t, job_of(30, 7));
    const campaign c = run(t, job_of(10, 1));
    EXPECT_EQ(state().next, (std::map<std::string, std::uint64_t>{{"seed 1", 110}, {"seed 7", 30}}));
    EXPECT_EQ(number(c, programs_since), 140U);
    EXPECT_EQ(c.reports.back().since.front().run, 140U);
}

TEST_F(kept_corpus, a_failing_program_is_not_run_again) {
    const target faulty = queue_with("barging-try-send");
    const campaign first = run(faulty, job_of(2'000));
    const std::uint64_t next = state().next.at("seed 1");
    EXPECT_EQ(next, first.reports.back().failures.front().example->program + 1);
    const campaign second = run(faulty, job_of(2'000));
    EXPECT_GE(second.reports.back().failures.front().example->program, next);
}

TEST_F(kept_corpus, exhaustive_goes_on_to_the_last_program_and_begins_anew) {
    const target t = queue_with();
    job j = job_of(200);
    j.depth = 2;
    const std::uint64_t all = count_exhaustive(j, t);
    ASSERT_GT(all, 400U);
    std::uint64_t programs = 0;
    std::uint64_t steps = 0;
    while (programs < all) {
        const campaign c = run(t, j, "exhaustive");
        ASSERT_GT(number(c, "programs"), 0U);
        programs += number(c, "programs");
        steps += number(c, "steps");
    }
    EXPECT_EQ(programs, all);
    job whole = j;
    whole.programs = 0;
    const campaign once = run_campaign(whole, {engine_of("exhaustive")}, {&t});
    EXPECT_EQ(steps, number(once, "steps"));
    const campaign anew = run(t, j, "exhaustive");
    EXPECT_EQ(number(anew, "programs"), 200U);
    EXPECT_EQ(state().next.begin()->second, 200U);
    job deeper = j;
    deeper.depth = 3;
    (void)run(t, deeper, "exhaustive");
    EXPECT_EQ(state().next.size(), 2U) << "of another depth the programs have other numbers";
}

TEST_F(kept_corpus, a_run_that_is_interrupted_keeps_what_was_done) {
    const target t = queue_with();
    std::uint64_t asked = 0;
    const campaign c = run(t, job_of(1'000'000), "sequential", {.interrupted = [&] { return ++asked > 500; }});
    EXPECT_EQ(number(c, "interrupted"), 1U);
    const std::uint64_t done = number(c, "programs");
    EXPECT_GT(done, 0U);
    EXPECT_LT(done, 1'000'000U);
    EXPECT_EQ(state().next.at("seed 1"), done);
    EXPECT_EQ(state().programs, done);

    (void)run(queue_with("barging-try-send"), job_of(2'000));
    const engine_state before = state();
    const campaign none = run(t, job_of(100), "sequential", {.interrupted = [] { return true; }});
    EXPECT_EQ(none.reports.front().summary, "interrupted before anything was run") << none.reports.front().summary;
    EXPECT_EQ(none.reports.front().entries.begin()->second, "skipped: interrupted");
    EXPECT_EQ(state().next, before.next);
    EXPECT_EQ(state().programs, before.programs);
}

TEST_F(kept_corpus, shards_have_their_own_numbers_and_the_first_replays) {
    const target faulty = queue_with("barging-try-send");
    (void)run(faulty, job_of(2'000));
    const target t = queue_with();
    texts reports;
    for (const std::uint64_t part : {1U, 2U}) {
        const campaign c = run(t, job_of(100), "sequential", {.jobs = 1, .shard = {part, 2}});
        EXPECT_EQ(c.reports.front().entries.size(), part == 1 ? 1U : 0U);
        EXPECT_EQ(number(c, "programs"), 50U);
        reports.push_back((root_ / std::to_string(part)).string());
        prepare_folder(reports.back());
        write_files(c, reports.back());
    }
    EXPECT_EQ(files("state").size(), 3U);
    const corpus kept(folder());
    EXPECT_EQ(kept.next(*engine_of("sequential"), t, job_of(100), {1, 2}), 50U);
    EXPECT_EQ(kept.next(*engine_of("sequential"), t, job_of(100), {2, 2}), 500'000'000'050U);
    const std::vector<target> targets{t};
    const campaign merged = merge(reports, targets);
    EXPECT_EQ(merged.reports.front().summary, "1 failure kept: 1 passed");
    EXPECT_EQ(number(merged, programs_since), 100U);
    EXPECT_EQ(merged.reports.back().since.front().run, 100U);
    EXPECT_EQ(merged.engines.size(), 1U);
}

}  // namespace
}  // namespace tailrace::verify
