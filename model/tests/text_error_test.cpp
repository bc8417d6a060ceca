// Tests of refused text, files and paths: the exact message of each, one line with the place and the reason.
//
// Run: ci/test -L model
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "refusal.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace {

namespace fs = std::filesystem;

std::string refusal_of_path(const fs::path& path) {
    try {
        static_cast<void>(read_traces(path.string()));
    } catch (const std::exception& e) {
        const std::string what = e.what();
        EXPECT_TRUE(what.starts_with(path.string())) << what;
        EXPECT_EQ(what.find('\n'), what.npos) << what;
        return what.substr(std::min(path.string().size(), what.size()));
    }
    return "accepted";
}

/// A new empty directory, removed at the end.
struct scratch {
    scratch() {
        std::string name = testing::TempDir() + "tailrace_text_XXXXXX";
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for the test");
        path = name;
    }
    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;
    ~scratch() { fs::remove_all(path); }

    fs::path write(const std::string& name, std::string_view text) const {
        std::ofstream(path / name, std::ios::binary) << text;
        return path / name;
    }

    fs::path path;
};

// ---- What is refused

struct refused {
    std::string_view text, message;
};

constexpr std::string_view a_step = "expected a step (poll, drop, advance, or a handle and its verb)";

TEST(text, refused_lines) {
    const auto at = [](int column, std::string_view expected, std::string_view found) {
        return fmt::format("1:{}: {}, found {}", column, expected, found);
    };
    EXPECT_EQ(refusal_of_line(""), at(1, a_step, "the end of the line"));
    EXPECT_EQ(refusal_of_line(" poll f0 -> ok"), at(1, a_step, "' poll'"));
    EXPECT_EQ(refusal_of_line("pol f0 -> ok"), at(1, a_step, "'pol'"));
    EXPECT_EQ(refusal_of_line("f0 poll -> ok"), at(1, a_step, "'f0'"));
    EXPECT_EQ(refusal_of_line("r0 close -> ok"), at(1, a_step, "'r0'"));
    EXPECT_EQ(refusal_of_line("s close -> ok"), at(1, a_step, "'s'"));
    EXPECT_EQ(refusal_of_line("x0 close -> ok"), at(1, a_step, "'x0'"));
    EXPECT_EQ(refusal_of_line("\tr close -> ok"), at(1, a_step, "'\\x09r'"));
    EXPECT_EQ(refusal_of_line("r close -> ok\n"), "1:12: expected an answer, found 'ok\\x0a'");
    for (const refused& r : std::initializer_list<refused>{
             // steps
             {"s01 clone -> s1", "1:1: expected a sender without leading zeros, found 's01'"},
             {"s4294967296 clone -> s1", "1:1: expected a sender from s0 to s4294967295, found 's4294967296'"},
             {"s0x clone -> s1", "1:1: expected a sender like s1, found 's0x'"},
             {"s0", "1:3: expected a verb of a sender, found the end of the line"},
             {"s0 ", "1:4: expected a verb of a sender, found the end of the line"},
             {"s0  clone -> s1", "1:4: expected a verb of a sender, found ' clone'"},
             {"s0 recv as f0 -> ok", "1:4: expected a verb of a sender, found 'recv'"},
             {"s0 drop -> ok", "1:4: expected a verb of a sender, found 'drop'"},
             {"p0 close -> ok", "1:4: expected a verb of a permit, found 'close'"},
             {"p0 release -> ok", "1:4: expected a verb of a permit, found 'release'"},
             {"r send v1 as f0 -> ok", "1:3: expected a verb of the receiver, found 'send'"},
             {"w0 send v1 as f0 -> ok", "1:4: expected a verb of a weak sender, found 'send'"},
             {"i0 send v1 -> ok", "1:4: expected a verb of an iterator, found 'send'"},
             {"o0 next -> ok", "1:4: expected a verb of an owned permit, found 'next'"},
             {"poll s0 -> ok", "1:6: expected an operation like f1, found 's0'"},
             {"poll f -> ok", "1:6: expected an operation like f1, found 'f'"},
             {"poll", "1:5: expected an operation like f1, found the end of the line"},
             {"drop v1 -> ok", "1:6: expected a handle like s0, r or f0, found 'v1'"},
             {"drop -> ok", "1:6: expected a handle like s0, r or f0, found '->'"},
             {"advance 5 -> ok", "1:9: expected a duration like 1ms, found '5'"},
             {"advance 5s -> ok", "1:9: expected a duration like 1ms, found '5s'"},
             {"advance -5ms -> ok", "1:9: expected a duration like 1ms, found '-5ms'"},
             {"advance ms -> ok", "1:9: expected a duration like 1ms, found 'ms'"},
             {"advance 05ms -> ok", "1:9: expected a duration without leading zeros, found '05ms'"},
             {"advance 1000000000001ms -> ok",
              "1:9: expected a duration from 0ms to 1000000000000ms, found '1000000000001ms'"},
             {"r recv_timeout 99999999999999999999ms as f0 -> created",
              "1:16: expected a duration from 0ms to 1000000000000ms, found "
              "'99999999999999999999ms'"},
             {"s0 try_send 1 -> ok", "1:13: expected a value like v1, found '1'"},
             {"s0 try_send -> ok", "1:13: expected a value like v1, found '->'"},
             {"s0 try_send v+1 -> ok", "1:13: expected a value like v1, found 'v+1'"},
             {"s0 try_send v18446744073709551616 -> ok",
              "1:13: expected a value from v0 to v18446744073709551615, found "
              "'v18446744073709551616'"},
             {"s0 try_reserve_many 00 -> full", "1:21: expected a count without leading zeros, found '00'"},
             {"s0 try_reserve_many -> full", "1:21: expected a count like 1, found '->'"},
             {"s0 send_timeout v1 as f0 -> ok", "1:20: expected a duration like 1ms, found 'as'"},
             {"s0 send v1 -> ok", "1:12: expected 'as', found '->'"},
             {"s0 send v1 as -> ok", "1:15: expected an operation like f1, found '->'"},
             {"s0 try_send v1 as f0 -> ok", "1:16: expected '->', found 'as'"},
             {"p0 send v1 as f0 -> ok", "1:12: expected '->', found 'as'"},
             {"r close", "1:8: expected '->', found the end of the line"},
             {"r close- > ok", "1:3: expected a verb of the receiver, found 'close-'"},
             // answers
             {"r close ->", "1:11: expected an answer, found the end of the line"},
             {"r close -> fine", "1:12: expected an answer, found 'fine'"},
             {"r close -> OK", "1:12: expected an answer, found 'OK'"},
             {"r close -> r", "1:12: expected an answer, found 'r'"},
             {"r close -> f0", "1:12: expected an answer, found 'f0'"},
             {"r close -> v1", "1:12: expected an answer, found 'v1'"},
             {"r close -> -1", "1:12: expected an answer, found '-1'"},
             {"r close -> !", "1:12: expected an answer, found '!'"},
             {"r len -> 1x", "1:10: expected a number like 1, found '1x'"},
             {"r len -> 01", "1:10: expected a number without leading zeros, found '01'"},
             {"r len -> 18446744073709551616",
              "1:10: expected a number from 0 to 18446744073709551615, found "
              "'18446744073709551616'"},
             {"poll f0 -> p00", "1:12: expected a permit without leading zeros, found 'p00'"},
             {"poll f0 -> i0", "1:14: expected a number of permits like 1, found the end of the line"},
             {"poll f0 -> p0 1", "1:15: expected '!', '~' or the end of the line, found '1'"},
             {"poll f0 -> some", "1:16: expected a value like v1, found the end of the line"},
             {"poll f0 -> some v1 v2", "1:20: expected '!', '~' or the end of the line, found 'v2'"},
             {"poll f0 -> full v", "1:17: expected a value like v1, found 'v'"},
             {"poll f0 -> full f1", "1:17: expected a value, '!', '~' or the end of the line, found 'f1'"},
             {"poll f0 -> full  v1", "1:17: expected a value, '!', '~' or the end of the line, found ' v1'"},
             {"poll f0 -> many v1 2", "1:20: expected a value, '!', '~' or the end of the line, found '2'"},
             {"r close -> ok ", "1:14: expected '!', '~' or the end of the line, found ' '"},
             {"r close -> ok  ", "1:15: expected '!', '~' or the end of the line, found ' '"},
             {"r close -> ok v1", "1:15: expected '!', '~' or the end of the line, found 'v1'"},
             {"r close -> ok\r", "1:12: expected an answer, found 'ok\\x0d'"},
             // wakes and destructions
             {"r close -> ok !", "1:16: expected an operation like f1, found the end of the line"},
             {"r close -> ok ! s0", "1:17: expected an operation like f1, found 's0'"},
             {"r close -> ok ! f0 s0", "1:20: expected an operation, '~' or the end of the line, found 's0'"},
             {"r close -> ok ! f0 ! f1", "1:20: expected an operation, '~' or the end of the line, found '!'"},
             {"r close -> ok ~", "1:16: expected a value like v1, found the end of the line"},
             {"r close -> ok ~ v1 ! f0", "1:20: expected a value or the end of the line, found '!'"},
             {"r close -> ok ~ v1 ", "1:19: expected a value or the end of the line, found ' '"},
             {"r close -> ok ~v1", "1:15: expected '!', '~' or the end of the line, found '~v1'"},
         })
        EXPECT_EQ(refusal_of_line(r.text), r.message) << r.text;

    EXPECT_EQ(refusal([] { static_cast<void>(parse_step("r close -> ok", "f", 7)); }, "f"),
              "7:9: expected the end of the line, found '->'");
}

TEST(text, refused_files) {
    constexpr std::string_view nothing_follows = "expected the end of the line, found";
    for (const auto& [text, message] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", "1:1: expected 'trace <id> capacity <n>', found the end of the file"},
             {"#\n\n", "3:1: expected 'trace <id> capacity <n>', found the end of the file"},
             {"# no", "1:5: expected 'trace <id> capacity <n>', found the end of the file"},
             {"\v\n", "1:1: expected 'trace <id> capacity <n>', found '\\x0b'"},
             {std::string(1, '\0'), "1:1: expected 'trace <id> capacity <n>', found '\\x00'"},
             {"\r\r\n", "1:1: expected 'trace <id> capacity <n>', found '\\x0d'"},
             {"end\n", "1:1: expected 'trace <id> capacity <n>', found 'end'"},
             {"r close -> ok\n", "1:1: expected 'trace <id> capacity <n>', found 'r'"},
             {" trace 1 capacity 1\nend\n", "1:1: expected 'trace <id> capacity <n>', found ' trace'"},
             {"\xef\xbb\xbftrace 1 capacity 1\nend\n",
              "1:1: expected 'trace <id> capacity <n>', found '\\xef\\xbb\\xbftrace'"},
             {"trace 1 capacity 1\nend\nr close -> ok\n", "3:1: expected 'trace <id> capacity <n>', found 'r'"},
             {"trace 1 capacity 1\nend\nend\n", "3:1: expected 'trace <id> capacity <n>', found 'end'"},
             {"trace\nend\n",
              "1:6: expected a trace id (1 to 128 printable ASCII characters), "
              "found the end of the line"},
             {"trace \xc3\xa9 capacity 1\nend\n",
              "1:7: expected a trace id (1 to 128 printable ASCII characters), "
              "found '\\xc3\\xa9'"},
             {"trace " + std::string(129, 'a') + " capacity 1\nend\n",
              "1:7: expected a trace id (1 to 128 printable ASCII characters), found '" + std::string(32, 'a') +
                  "'..."},
             {"trace 1 1\nend\n", "1:9: expected 'capacity', found '1'"},
             {"trace 1 capacity\nend\n", "1:17: expected a capacity like 1, found the end of the line"},
             {"trace 1 capacity x\nend\n", "1:18: expected a capacity like 1, found 'x'"},
             {"trace 1 capacity -1\nend\n", "1:18: expected a capacity like 1, found '-1'"},
             {"trace 1 capacity 04\nend\n", "1:18: expected a capacity without leading zeros, found '04'"},
             {"trace 1 capacity 0\nend\n", "1:18: expected a capacity from 1 to 67108863, found '0'"},
             {"trace 1 capacity 67108864\nend\n", "1:18: expected a capacity from 1 to 67108863, found '67108864'"},
             {"trace 1 capacity 36893488147419103233\nend\n",
              "1:18: expected a capacity from 1 to 67108863, found '36893488147419103233'"},
             {"trace 1 capacity 1 \nend\n", fmt::format("1:19: {} ' '", nothing_follows)},
             {"trace 1 capacity 1\nend x\n", fmt::format("2:5: {} 'x'", nothing_follows)},
             {"trace 1 capacity 1\nend ", fmt::format("2:4: {} ' '", nothing_follows)},
             {"trace 1 capacity 1\nend\r",
              "2:1: expected a step (poll, drop, advance, or a handle and its verb), "
              "found 'end\\x0d'"},
             {"#\ntrace 1 capacity 1\nr close -> ok\ntrace 2 capacity 1\nend\n",
              "4:1: expected a step or 'end' (trace 1 began in line 2), found 'trace'"},
             {"trace 1 capacity 1\nr close -> ok\n",
              "3:1: expected a step or 'end' (trace 1 began in line 1), found the end of the file"},
             {"trace 1 capacity 1\nr close -> ok",
              "2:14: expected a step or 'end' (trace 1 began in line 1), "
              "found the end of the file"},
             {"trace 1 capacity 1\n\n#\r\nr close -> fine\nend\n", "4:12: expected an answer, found 'fine'"},
             {"trace 1 capacity 1\nadvance 1000000000000ms -> ok\nadvance 1ms -> ok\nend\n",
              "3:9: expected a clock of at most 1000000000000ms in all, found '1ms'"},
         })
        EXPECT_EQ(refusal_of_file(text), message) << text;
    EXPECT_EQ(parse_traces("trace 1 capacity 67108863\nadvance 1000000000000ms -> ok\nend\n"
                           "trace 1 capacity 1\nadvance 1000000000000ms -> ok\nend\n",
                           "f")
                  .size(),
              2U);
}

TEST(text, found_text_is_short_and_printable) {
    using namespace std::string_literals;
    EXPECT_EQ(refusal_of_line("a'\\\0\x1b\x7f\x80\xff"s),
              fmt::format("1:1: {}, found 'a\\'\\\\\\x00\\x1b\\x7f\\x80\\xff'", a_step));
    const std::string shortened = fmt::format("1:1: {}, found '{}'...", a_step, std::string(32, 'x'));
    EXPECT_EQ(refusal_of_line(std::string(33, 'x')), shortened);
    EXPECT_EQ(refusal_of_line(std::string(10'000'000, 'x')), shortened);
    EXPECT_NE(refusal_of_line(std::string(32, 'x')), shortened);
    EXPECT_EQ(refusal_of_line("s0 try_reserve_many " + std::string(10'000'000, '9') + " -> full"),
              "1:21: expected a count from 0 to 18446744073709551615, found '" + std::string(32, '9') + "'...");
    EXPECT_EQ(refusal_of_line("r close -> ok" + std::string(10'000'000, ' ')),
              "1:15: expected '!', '~' or the end of the line, found '" + std::string(32, ' ') + "'...");
    // A name of a file may hold anything; it does not break the line, and stays legible.
    EXPECT_STREQ(parse_error("\xc3\xa9\n", 1, 2, "x").what(), "\xc3\xa9\\x0a:1:2: x");
}

// ---- Files and directories

TEST(text, a_directory_is_read_in_order_of_name) {
    const scratch here;
    here.write("b.trace", "trace 2 capacity 1\nend\ntrace 3 capacity 1\nend\n");
    const fs::path first = here.write("a.trace", "trace 1 capacity 1\nend\n");
    here.write("a.txt", "not a trace");
    fs::create_directory(here.path / "below");
    here.write("below/c.trace", "not read");
    std::string ids;
    for (const trace& t : read_traces(here.path.string())) ids += t.id;
    EXPECT_EQ(ids, "123");
    EXPECT_EQ(read_traces(here.path.string()).front().file, first.string());

    here.write("c.trace", "trace 1 capacity 0\nend\n");
    EXPECT_EQ(refusal_of_path(here.path), "/c.trace:1:18: expected a capacity from 1 to 67108863, found '0'");
    here.write("c.trace", "");
    EXPECT_EQ(refusal_of_path(here.path),
              "/c.trace:1:1: expected 'trace <id> capacity <n>', "
              "found the end of the file");
}

TEST(text, refused_paths) {
    const scratch here;
    constexpr std::string_view expected = ": expected a trace file or a directory of them";
    EXPECT_EQ(refusal_of_path(here.path), ": expected at least one *.trace file in it, found none");
    EXPECT_EQ(refusal_of_path(here.path / "nowhere"), fmt::format("{}: No such file or directory", expected));
    EXPECT_EQ(refusal_of_path(here.write("file", "") / "below"), fmt::format("{}: Not a directory", expected));
    EXPECT_EQ(refusal_of_path("/dev/null"), fmt::format("{}, found neither", expected));

    fs::create_directory(here.path / "d.trace");
    EXPECT_EQ(refusal_of_path(here.path), "/d.trace: expected a trace file, found something else");
    fs::create_symlink("nowhere", here.path / "a.trace");
    EXPECT_EQ(refusal_of_path(here.path), "/a.trace: expected a trace file: No such file or directory");
    // A file that opens and cannot be read, for whomever runs this.
    EXPECT_EQ(refusal_of_path("/proc/self/mem"), ": expected a file that can be read: Input/output error");
}

}  // namespace
}  // namespace tailrace::model
