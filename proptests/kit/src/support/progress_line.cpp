// The progress line on a terminal or in a log.
// After a change here run: ci/test -L proptests -R progress_line
#include "support/progress_line.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

constexpr auto between_lines = std::chrono::minutes(1);
constexpr std::string_view erase_line = "\r\x1b[K";

}  // namespace

progress_line::progress_line(std::FILE* to, std::function<std::optional<std::size_t>()> columns,
                             std::function<clock::time_point()> now)
    : to_(to), columns_(std::move(columns)), now_(std::move(now)), said_(now_()) {}

void progress_line::operator()(std::string_view news) {
    const std::string text = printable(news);
    if (const std::optional<std::size_t> columns = columns_()) {
        // A character in the last column would move some terminals on to the next line.
        fmt::print(to_, "{}{}", erase_line, cut(text, *columns > 0 ? *columns - 1 : 0));
        shown_ = true;
    } else {
        const clock::time_point now = now_();
        if (now - said_ < between_lines) return;
        said_ = now;
        fmt::print(to_, "{}\n", text);
    }
    std::fflush(to_);
}

void progress_line::clear() {
    if (!std::exchange(shown_, false)) return;
    fmt::print(to_, "{}", erase_line);
    std::fflush(to_);
}

std::optional<std::size_t> columns_of(std::FILE* stream) {
    // Nothing changes the environment.
    const auto variable = [](const char* name) -> std::string_view {
        const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
        return value == nullptr ? "" : value;
    };
    const int fd = fileno(stream);
    if (isatty(fd) == 0 || variable("TERM").empty() || variable("TERM") == "dumb") return std::nullopt;
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const int columns = std::atoi(std::string(variable("COLUMNS")).c_str());
    return columns > 0 ? static_cast<std::size_t>(columns) : 80;
}

}  // namespace tailrace::verify
