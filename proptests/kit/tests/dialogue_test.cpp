// A dialogue with a child: whatever the child does, no call waits for ever or keeps more than it should.
#include "support/dialogue.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace tailrace::verify {
namespace {

using heard = dialogue::heard;

dialogue::clock::time_point soon() { return dialogue::clock::now() + std::chrono::milliseconds(20); }
/// The child does what it has to long before.
dialogue::clock::time_point late() { return dialogue::clock::now() + std::chrono::minutes(5); }

TEST(dialogue, lines_go_to_the_child_and_come_back) {
    dialogue d("while read -r line; do echo \"<$line>\"; done");
    d.say("one\ntwo\n");
    std::string line;
    ASSERT_EQ(d.listen(line, late()), heard::line);
    EXPECT_EQ(line, "<one>");
    ASSERT_EQ(d.listen(line, late()), heard::line);
    EXPECT_EQ(line, "<two>");
    d.hang_up();
    EXPECT_EQ(d.listen(line, late()), heard::end);
    EXPECT_EQ(d.wait(late()), 0);
}

TEST(dialogue, a_command_that_is_not_there_ends_with_127_and_the_words_of_the_shell) {
    dialogue d("/nowhere/target");
    std::string line;
    EXPECT_EQ(d.listen(line, late()), heard::end);
    const std::optional<int> status = d.wait(late());
    ASSERT_TRUE(status);
    EXPECT_EQ(how_it_ended(*status), "exit status 127");
    EXPECT_NE(d.errors().find("/nowhere/target"), std::string::npos) << d.errors();
}

TEST(dialogue, a_silent_child_is_waited_for_until_the_time_is_over_and_then_killed) {
    dialogue d("read -r forever; sleep 1000 & wait");
    d.say("\n");
    std::string line;
    EXPECT_EQ(d.listen(line, soon()), heard::nothing);
    EXPECT_EQ(d.wait(soon()), std::nullopt);
}

TEST(dialogue, a_child_that_reads_nothing_is_no_obstacle) {
    dialogue d("echo hello; sleep 1000");
    d.say(std::string(std::size_t{8} << 20, 'x'));
    std::string line;
    EXPECT_EQ(d.listen(line, late()), heard::line);
    EXPECT_EQ(line, "hello");
    EXPECT_EQ(d.listen(line, soon()), heard::nothing);
}

TEST(dialogue, a_line_without_an_end_is_too_long) {
    dialogue d("yes | tr -d '\\n'");
    std::string line;
    EXPECT_EQ(d.listen(line, late()), heard::too_long);
}

TEST(dialogue, of_endless_errors_the_end_is_kept) {
    dialogue d("yes 'no!' >&2");
    std::string line;
    EXPECT_EQ(d.listen(line, soon()), heard::nothing);
    dialogue one("yes 'no!' | head -n 5000 >&2; echo last >&2; echo said");
    EXPECT_EQ(one.listen(line, late()), heard::line);
    EXPECT_EQ(one.listen(line, late()), heard::end);
    (void)one.wait(late());
    EXPECT_EQ(one.errors().size(), dialogue::kept_errors);
    EXPECT_TRUE(one.errors().ends_with("no!\nlast\n"));
}

TEST(dialogue, a_command_may_be_anything_that_a_shell_takes) {
    for (const std::string command :
         {"printf hello\\\\n", "A=hello; echo $A", "A=hello sh -c 'echo $A'", "echo hello | cat", "exec echo hello"}) {
        dialogue d(command);
        std::string line;
        EXPECT_EQ(d.listen(line, late()), heard::line) << command;
        EXPECT_EQ(line, "hello") << command;
    }
}

TEST(dialogue, a_signal_that_ended_a_child_has_its_name) {
    dialogue d("kill -SEGV $$");
    std::string line;
    EXPECT_EQ(d.listen(line, late()), heard::end);
    const std::optional<int> status = d.wait(late());
    ASSERT_TRUE(status);
    EXPECT_EQ(how_it_ended(*status), "signal 11, Segmentation fault");
}

}  // namespace
}  // namespace tailrace::verify
