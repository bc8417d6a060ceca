// Folders that are no corpus, and files that are not of one: each is refused in one line, and left alone.
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "corpus_support.hpp"
#include "report/token.hpp"

namespace tailrace::verify {
namespace {

using bad_corpus = corpus_fixture;

TEST_F(bad_corpus, a_file_that_is_no_failure_is_refused_with_its_line) {
    const std::string good = to_string(token{"0.1.0", model::engine::sequential, "queue", {1, {}, {{}}}});
    EXPECT_EQ(refusal(), "none") << "it is made";
    const auto refused = [&](std::string_view text) {
        write("x.failure", text);
        return refusal();
    };
    EXPECT_EQ(refused("# a comment\r\n\r\n  \n" + good + " \r\n"), "none");
    EXPECT_EQ(refused(good), "none");
    EXPECT_EQ(refused(""), "corpus/x.failure:1: expected a token, found the end of the file");
    EXPECT_EQ(refused("# a\n# b\n"), "corpus/x.failure:3: expected a token, found the end of the file");
    EXPECT_EQ(refused("#\n" + good + "\n" + good + "\n"),
              "corpus/x.failure:3: expected one token in a file, found a second line without '#'");
    EXPECT_EQ(refused("<<<<<<< HEAD\n" + good + "\n"),
              "corpus/x.failure:1: token: expected a word that begins with 'tr1.', as a report has it under 'again'");
    EXPECT_EQ(refused("#\n" + good.substr(0, good.size() - 2)),
              "corpus/x.failure:2: token: expected a whole token, found one that is cut or mistyped");
    EXPECT_EQ(refused("tr2." + good.substr(4)),
              "corpus/x.failure:1: token: expected one of format tr1, found format tr2: replay it with the version "
              "that made it");
    EXPECT_EQ(refused(to_string(token{"0.1.0", model::engine::oracle, "queue", {1, {}, {{}}}})),
              "corpus/x.failure:1: expected a token that can be replayed, found one of the engine oracle");
    write("x.failure", good);
    write(".gitattributes", "* text\n");
    EXPECT_EQ(refusal(), "none");
    write("x.failure.orig", good);
    EXPECT_EQ(refusal(),
              "corpus/x.failure.orig: expected *.failure and 'state' in a corpus, found something else: move it "
              "elsewhere");
}

TEST_F(bad_corpus, a_state_that_is_none_is_refused_and_left_alone) {
    (void)run(queue_with(), job_of(20));
    const std::string file = files("state").front();
    const std::string name = fs::path(file).filename();
    const std::string good = read_file(file, "a state");
    const auto refused = [&](std::string_view what, std::string_view by) {
        std::string text = good;
        text.replace(text.find(what), what.size(), by);
        write("state/" + name, text);
        const std::string why = refusal();
        EXPECT_EQ(read_file(file, "a state"), text);
        return why.substr(why.find(": ") + 2);
    };
    EXPECT_EQ(refused("{", "["), "line 2, column 10: expected the state of a corpus, found something else");
    EXPECT_EQ(refused("\"format\": 1", "\"format\": 2"),
              "\"format\": expected 1, as this version writes it: a newer one has written this, found 2");
    EXPECT_EQ(refused("\"programs\": 20", "\"programs\": -20"), "\"programs\": expected a number, found -20");
    EXPECT_EQ(refused("\"programs\"", "\"program\""), "the whole: expected a member 'programs', found none");
    EXPECT_TRUE(refused("\"target\": \"queue\"", "\"target\": \"other\"")
                    .starts_with("expected this state in the file corpus/state/other-sequential-"));
    write("state/" + name, good);
    write("state/notes.txt", "");
    EXPECT_EQ(refusal(),
              "corpus/state/notes.txt: expected *.json in a corpus, found something else: move it elsewhere");
}

TEST_F(bad_corpus, what_is_not_a_folder_or_cannot_be_written_is_refused) {
    write_file(folder(), "");
    EXPECT_EQ(refusal(), "corpus: expected a place to keep the corpus in, and cannot write there: Not a directory");
    fs::remove(folder());
    fs::create_directories(fs::path(folder()) / "state" / ".trial");
    EXPECT_EQ(refusal(),
              "corpus/state/.trial: expected a place to keep the corpus in, and cannot write there: Is a "
              "directory");
}

TEST_F(bad_corpus, what_cannot_be_added_any_more_is_said_at_the_end) {
    const target faulty = queue_with("barging-try-send");
    corpus kept(folder());
    fs::remove_all(folder());
    const campaign c = run_campaign(job_of(2'000), {engine_of("sequential")}, {&faulty}, {}, {.kept = &kept});
    EXPECT_TRUE(c.failed());
    EXPECT_THROW(kept.throw_problem(), std::runtime_error);
}

}  // namespace
}  // namespace tailrace::verify
