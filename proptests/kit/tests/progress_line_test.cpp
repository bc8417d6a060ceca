// How far a run is, on terminals of every width and in logs.
#include "support/progress_line.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using namespace std::chrono_literals;

/// What is written to a file.
class written {
  public:
    written() : file_(std::tmpfile()) {}
    ~written() { std::fclose(file_); }
    [[nodiscard]] std::FILE* to() const { return file_; }
    [[nodiscard]] std::string text() const {
        std::string all(static_cast<std::size_t>(std::ftell(file_)), '\0');
        std::rewind(file_);
        EXPECT_EQ(std::fread(all.data(), 1, all.size(), file_), all.size());
        return all;
    }

  private:
    std::FILE* file_;
};

constexpr std::string_view news = "sequential optimized: 120,000 of 200,000 programs, 0 differences";

TEST(progress_line, is_written_over_and_never_as_wide_as_the_terminal_is_just_then) {
    const written out;
    std::size_t columns = 200;
    {
        progress_line line(out.to(), [&] { return std::optional(columns); });
        line(news);
        for (columns = 64; columns > 0; columns /= 2) line(news);
        columns = 0;
        line(news);
    }
    const std::string erase = "\r\x1b[K";
    std::string expected = erase + std::string(news);
    for (const std::size_t width : {64U, 32U, 16U, 8U, 4U, 2U, 1U}) expected += erase + cut(news, width - 1);
    EXPECT_EQ(out.text(), expected + erase + erase) << "and it is taken away in the end";
}

TEST(progress_line, is_a_plain_line_a_minute_where_there_is_no_terminal) {
    const written out;
    progress_line::clock::time_point now{};
    {
        progress_line line(out.to(), [] { return std::nullopt; }, [&] { return now; });
        for (int second = 0; second <= 150; ++second, now += 1s)
            line(second < 60 ? "early" : second < 120 ? "one\x1b" : "two");
    }
    EXPECT_EQ(out.text(), "one?\ntwo\n");
}

TEST(progress_line, asks_the_terminal_itself) {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(master, 0);
    ASSERT_EQ(grantpt(master), 0);
    ASSERT_EQ(unlockpt(master), 0);
    std::FILE* const terminal = std::fopen(ptsname(master), "w");
    ASSERT_NE(terminal, nullptr);
    setenv("TERM", "xterm", 1);
    winsize size{};
    size.ws_col = 31;
    ioctl(master, TIOCSWINSZ, &size);
    EXPECT_EQ(columns_of(terminal), 31U);
    size.ws_col = 0;  // it does not know
    ioctl(master, TIOCSWINSZ, &size);
    setenv("COLUMNS", "47", 1);
    EXPECT_EQ(columns_of(terminal), 47U);
    unsetenv("COLUMNS");
    EXPECT_EQ(columns_of(terminal), 80U);
    setenv("TERM", "dumb", 1);
    EXPECT_EQ(columns_of(terminal), std::nullopt) << "it could not write a line over";
    std::fclose(terminal);
    close(master);
    const written file;
    setenv("TERM", "xterm", 1);
    EXPECT_EQ(columns_of(file.to()), std::nullopt);
}

}  // namespace
}  // namespace tailrace::verify
