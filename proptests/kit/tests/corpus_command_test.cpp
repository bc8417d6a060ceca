// `--corpus` as its users type it: from the first failure to the mended target, and what is refused.
#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "command_line_support.hpp"

namespace tailrace::verify {
namespace {

class corpus_command : public command_line_fixture {
  protected:
    std::vector<fs::path> failures() const {
        std::vector<fs::path> all;
        for (const fs::directory_entry& e : fs::directory_iterator(folder_ / "corpus")) {
            if (e.path().extension() == ".failure") all.push_back(e.path());
        }
        return all;
    }
    std::string only_state() const {
        const fs::directory_iterator first(folder_ / "corpus/state");
        return text_of(first->path());
    }
};

constexpr std::string_view faulty = " --target 'mine=exec:" TAILRACE_SPOKEN_REFERENCE " garbles'";
constexpr std::string_view mended = " --target 'mine=exec:" TAILRACE_SPOKEN_REFERENCE "'";

TEST_F(corpus_command, a_found_failure_comes_first_until_it_is_mended_and_stays_after_that) {
    const std::string options = "run --engine sequential --corpus corpus --report report --programs ";
    const run_result found = run(options + "500" + std::string(faulty));
    EXPECT_EQ(found.status, 1) << found.error;
    EXPECT_NE(found.out.find("\ncorpus  mine: nothing to replay\n"), std::string::npos) << found.out;
    ASSERT_EQ(failures().size(), 1U);
    const std::string file = "corpus/" + failures().front().filename().string();
    const std::string kept = text_of(folder_ / file);
    EXPECT_TRUE(kept.starts_with("# sequential fails on mine: r close: its answer:2:12: expected 'ok'")) << kept;

    const run_result again = run(options + "1" + std::string(faulty));
    EXPECT_EQ(again.status, 1) << again.error;
    EXPECT_TRUE(again.out.starts_with("sequential fails on mine (capacity 1): r close: ")) << again.out;
    EXPECT_NE(again.out.find("\n  from      corpus " + file + "\n"), std::string::npos) << again.out;
    EXPECT_NE(again.out.find("\ncorpus  mine: 1 failure kept: 1 failed again\n"), std::string::npos) << again.out;
    EXPECT_EQ(failures().size(), 1U);

    const run_result passed = run(options + "20 --junit own.xml" + std::string(mended));
    EXPECT_EQ(passed.status, 0) << passed.error << passed.out;
    EXPECT_NE(passed.out.find("\ncorpus  mine: 1 failure kept: 1 passed\n"), std::string::npos) << passed.out;
    EXPECT_EQ(text_of(folder_ / file), kept);
    for (const std::string_view report : {"own.xml", "report/junit.xml"}) {
        EXPECT_NE(text_of(folder_ / report).find("<testcase classname=\"corpus.mine\" name=\"" + file + "\"/>"),
                  std::string::npos);
    }
    EXPECT_NE(text_of(folder_ / "report/report.json").find("\"" + file + "\": \"passed\""), std::string::npos);

    const std::string before = only_state();
    const run_result further = run(options + "20" + std::string(mended));
    EXPECT_EQ(further.status, 0) << further.error << further.out;
    EXPECT_NE(further.out.find("20 programs, "), std::string::npos) << further.out;
    const auto next_in = [](const std::string& state) {
        const std::string_view label = "\"seed 1\": ";
        return std::stoul(state.substr(state.find(label) + label.size()));
    };
    EXPECT_EQ(next_in(only_state()), next_in(before) + 20);
}

TEST_F(corpus_command, a_folder_that_is_no_corpus_is_refused_before_anything_runs) {
    write("file", "");
    expect_refused("run --corpus file",
                   "file: expected a place to keep the corpus in, and cannot write there: Not a directory");
    expect_refused("run --corpus /dev/null/corpus",
                   "/dev/null/corpus: expected a place to keep the corpus in, and cannot write there: Not a directory");
    write("in/notes.txt", "");
    expect_refused("run --corpus in --report report",
                   "in/notes.txt: expected *.failure and 'state' in a corpus, found something else: move it elsewhere");
    EXPECT_FALSE(fs::exists(folder_ / "report"));
    fs::create_directories(folder_ / "corpus");
    write("corpus/x.failure", "# broken\ntr1.x\n");
    expect_refused("run --corpus corpus",
                   "corpus/x.failure:2: token: expected a whole token, found one that is cut or mistyped");
    EXPECT_EQ(text_of(folder_ / "corpus/x.failure"), "# broken\ntr1.x\n");
    write("corpus/x.failure", "");
    expect_refused("run --corpus corpus", "corpus/x.failure:1: expected a token, found the end of the file");
}

}  // namespace
}  // namespace tailrace::verify
