// Traces that are refused: each with its place and with what was expected, before any target has
// run.
//
// Here through the library, so that the sanitizers see it; command_line_test does the same with the
// program.
#include <filesystem>
#include <fstream>
#include <random>

#include "oracle_support.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;

/// Why this text is refused; nothing if it is not.
std::string refusal_of(std::string_view text) {
    try {
        static_cast<void>(judge(model::parse_traces(text, "x.trace")));
    } catch (const model::parse_error& e) {
        return e.what();
    }
    return {};
}

/// The same for the lines of one trace of capacity 2; the first is line 2.
std::string refusal_of_lines(std::string_view lines) {
    return refusal_of("trace t capacity 2\n" + std::string(lines) + "end\n");
}

TEST(bad_input, a_truncated_trace_is_refused_where_the_text_ends) {
    EXPECT_EQ(refusal_of("trace t capacity 2\ns0 try_send v1 -> ok\n"),
              "x.trace:3:1: expected a step or 'end' (trace t began in line 1), found the end of "
              "the file");
    EXPECT_EQ(refusal_of("trace t capacity 2\ns0 try_send v1 -> ok"),
              "x.trace:2:21: expected a step or 'end' (trace t began in line 1), found the end of "
              "the file");
    EXPECT_EQ(refusal_of("trace t capacity 2\ns0 try_send v1 ->"),
              "x.trace:2:18: expected an answer, found the end of the line");
    EXPECT_EQ(refusal_of("trace t capacity 2\ns0 try_send v1 -> ok\ntrace u capacity 2\nend\n"),
              "x.trace:3:1: expected a step or 'end' (trace t began in line 1), found 'trace'");
    EXPECT_EQ(refusal_of(""), "x.trace:1:1: expected 'trace <id> capacity <n>', found the end of the file");
}

TEST(bad_input, every_beginning_of_a_recording_is_refused_or_a_whole_number_of_traces) {
    const std::string text = model::to_string(recorded_traces().front()).substr(0, 1'500);
    for (std::size_t length = 0; length < text.size(); ++length)
        EXPECT_NE(refusal_of(text.substr(0, length)), "") << length;
}

TEST(bad_input, an_unknown_verb_is_refused) {
    EXPECT_EQ(refusal_of_lines("s0 try_sned v1 -> ok\n"), "x.trace:2:4: expected a verb of a sender, found 'try_sned'");
    EXPECT_EQ(refusal_of_lines("destroy s0 -> ok\n"),
              "x.trace:2:1: expected a step (poll, drop, advance, or a handle and its verb), found "
              "'destroy'");
}

TEST(bad_input, an_answer_for_a_handle_that_does_not_exist_is_refused) {
    EXPECT_EQ(refusal_of_lines("poll f9 -> ok\n"),
              "x.trace:2:6: expected a legal step, found 'poll f9': f9 does not exist");
    EXPECT_EQ(refusal_of_lines("s1 try_send v1 -> ok\n"),
              "x.trace:2:1: expected a legal step, found 's1 try_send v1': s1 does not exist");
}

TEST(bad_input, a_dropped_handle_used_again_is_refused) {
    EXPECT_EQ(refusal_of_lines("drop s0 -> ok\ns0 try_send v1 -> ok\n"),
              "x.trace:3:1: expected a legal step, found 's0 try_send v1': s0 is gone: it was "
              "dropped, consumed or has finished");
    EXPECT_EQ(refusal_of_lines("drop r -> ok\ndrop r -> ok\n"),
              "x.trace:3:6: expected a legal step, found 'drop r': r is gone: it was dropped, "
              "consumed or has finished");
    EXPECT_EQ(refusal_of_lines("s0 send v1 as f0 -> created\npoll f0 -> ok\npoll f0 -> ok\n").substr(0, 46),
              "x.trace:4:6: expected a legal step, found 'pol");
    EXPECT_EQ(refusal_of_lines("s0 reserve_owned as f0 -> created\ns0 capacity -> 2\n").substr(0, 14),
              "x.trace:3:1: e");
}

TEST(bad_input, a_sender_dropped_while_something_borrows_it_is_refused) {
    EXPECT_EQ(refusal_of_lines("s0 try_reserve -> p0\ndrop s0 -> ok\n"),
              "x.trace:3:6: expected a legal step, found 'drop s0': s0 is borrowed by p0, which "
              "has to end before it");
    EXPECT_EQ(refusal_of_lines("s0 closed as f0 -> created\ns0 try_reserve_owned -> o0\n"),
              "x.trace:3:1: expected a legal step, found 's0 try_reserve_owned': s0 is borrowed by "
              "f0, which has to end before it");
    EXPECT_NE(refusal_of_lines("s0 try_reserve_many 0 -> i0 0\ndrop s0 -> ok\n"), "");
}

TEST(bad_input, a_second_receive_and_a_name_used_twice_are_refused) {
    EXPECT_EQ(refusal_of_lines("r recv as f0 -> created\nr try_recv -> empty\n"),
              "x.trace:3:1: expected a legal step, found 'r try_recv': r is in use by f0: one "
              "receive at a time");
    EXPECT_EQ(refusal_of_lines("s0 send v1 as f0 -> created\ns0 send v2 as f0 -> created\n"),
              "x.trace:3:15: expected a legal step, found 's0 send v2 as f0': f0 was used before: "
              "the next new operation is f1");
    EXPECT_EQ(refusal_of_lines("s0 send v1 as f0 -> created\ns0 try_send v1 -> ok\n"),
              "x.trace:3:13: expected a legal step, found 's0 try_send v1': v1 was used before: "
              "the next new value is v2");
    EXPECT_NE(refusal_of_lines("s0 send v1 as f4294967295 -> created\n"), "");
    EXPECT_NE(refusal_of_lines("s0 try_send v18446744073709551615 -> ok\n"), "");
}

TEST(bad_input, a_capacity_that_no_channel_has_is_refused) {
    EXPECT_EQ(refusal_of("trace t capacity 0\nend\n"),
              "x.trace:1:18: expected a capacity from 1 to 67108863, found '0'");
    EXPECT_EQ(refusal_of("trace t capacity 67108864\nend\n"),
              "x.trace:1:18: expected a capacity from 1 to 67108863, found '67108864'");
    EXPECT_NE(refusal_of("trace t capacity 99999999999999999999999\nend\n"), "");
    EXPECT_EQ(refusal_of("trace t capacity 67108863\nend\n"), "");
}

TEST(bad_input, one_bad_trace_refuses_all_of_them) {
    std::vector<model::trace> traces = recorded_traces();
    traces.push_back(trace_of(1, "poll f0 -> ok\n"));
    EXPECT_THROW(static_cast<void>(judge(std::move(traces))), model::parse_error);
}

TEST(bad_input, an_illegal_step_behind_a_difference_is_not_judged) {
    EXPECT_EQ(refusal_of_lines("s0 try_send v1 -> full v1\npoll f9 -> ok\n"), "");
    EXPECT_NE(refusal_of_lines("s0 try_send v1 -> ok\npoll f9 -> ok\n"), "");
}

TEST(bad_input, extreme_numbers_that_are_legal_are_replayed) {
    constexpr std::string_view lines =
        "s0 reserve_many 18446744073709551615 as f0 -> created\n"
        "poll f0 -> closed\n"
        "s0 try_reserve_many 18446744073709551615 -> full\n"
        "r recv_many 18446744073709551615 as f1 -> created\n"
        "s0 send_timeout v1 1000000000000ms as f2 -> created\n"
        "poll f2 -> ok\n"
        "poll f1 -> many v1\n"
        "advance 1000000000000ms -> ok\n";
    EXPECT_EQ(refusal_of_lines(lines), "");
    EXPECT_EQ(differing_line(*find_target("reference"), trace_of(67'108'863, lines)), std::nullopt);
}

// ---- Files

class bad_file : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("tailrace-" + std::to_string(std::random_device{}()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    static std::string refusal_of_path(const fs::path& path) {
        try {
            static_cast<void>(judge(model::read_traces(path.string())));
        } catch (const std::runtime_error& e) {
            return e.what();
        }
        return {};
    }

    fs::path folder_;
};

TEST_F(bad_file, an_empty_directory_is_refused) {
    EXPECT_EQ(refusal_of_path(folder_), folder_.string() + ": expected at least one *.trace file in it, found none");
}

TEST_F(bad_file, a_missing_file_is_refused) {
    const fs::path path = folder_ / "none.trace";
    EXPECT_EQ(refusal_of_path(path),
              path.string() + ": expected a trace file or a directory of them: No such file or directory");
}

TEST_F(bad_file, random_bytes_are_refused_with_a_position_and_without_a_crash) {
    std::mt19937 bytes(1);
    for (int round = 0; round < 200; ++round) {
        const fs::path path = folder_ / "random.trace";
        std::string text(1 + bytes() % 3'000, '\0');
        for (char& c : text) c = static_cast<char>(bytes());
        std::ofstream(path, std::ios::binary) << text;
        EXPECT_TRUE(refusal_of_path(path).starts_with(path.string() + ":1:")) << refusal_of_path(path);
    }
}

/// Damaged recordings: whatever the damage, they are refused in a line of text, differ, or are as
/// they were.
TEST(bad_input, recordings_with_random_damage_never_crash) {
    std::mt19937 dice(1);
    const std::string whole = model::to_string(recorded_traces()[200]);
    std::size_t refused = 0;
    std::size_t replayed = 0;
    for (int round = 0; round < 2'000; ++round) {
        std::string text = whole;
        const std::size_t from = dice() % text.size();
        switch (dice() % 4) {
            case 0: text[from] = static_cast<char>(dice()); break;
            case 1: text.erase(from, 1 + dice() % 40); break;
            case 2: text.insert(from, whole.substr(dice() % whole.size(), 1 + dice() % 40)); break;
            default: text[from] = "0123456789 vfspiowr!~->\n"[dice() % 24]; break;
        }
        try {
            static_cast<void>(replay(*find_target("reference"), judge(model::parse_traces(text, "x.trace"))));
            ++replayed;
        } catch (const model::parse_error& e) {
            EXPECT_TRUE(std::string_view(e.what()).starts_with("x.trace:")) << e.what();
            EXPECT_EQ(std::string_view(e.what()).find('\n'), std::string_view::npos) << e.what();
            ++refused;
        }
    }
    EXPECT_GT(refused, 500U);
    EXPECT_GT(replayed, 20U);
}

}  // namespace
}  // namespace tailrace::verify
