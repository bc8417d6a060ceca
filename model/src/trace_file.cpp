// Whole traces: the frame around the lines, files and directories of them, and the form of errors.
// After a change here run: ci/test -L model
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <system_error>

#include "cursor.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace detail {
namespace {

constexpr bool printable(char c) { return c >= 0x20 && c < 0x7f; }

void put_hex(std::string& out, char c) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

// For the names of files, which are often not ASCII: only what could break the line is escaped.
std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            put_hex(out, c);
        else
            out += c;
    }
    return out;
}

std::string quote(std::string_view text) {
    constexpr std::size_t most = 32;
    std::string out = "'";
    for (const char c : text.substr(0, most)) {
        if (c == '\'' || c == '\\')
            (out += '\\') += c;
        else if (printable(c))
            out += c;
        else
            put_hex(out, c);
    }
    out += text.size() > most ? "'..." : "'";
    return out;
}

}  // namespace detail

namespace {

using detail::cursor;
using detail::numeral;

constexpr std::string_view header_form = "'trace <id> capacity <n>'";
constexpr numeral capacity_form{"a capacity", "", "", 1, largest_capacity};

/// The lines of a text without their ends, and where the text ends.
class line_reader {
  public:
    explicit line_reader(std::string_view text) : rest_(text) {}

    bool next() {
        if (rest_.empty()) return false;
        const std::size_t length = rest_.find('\n');
        ended_ = length != rest_.npos;
        line_ = rest_.substr(0, length);
        rest_.remove_prefix(ended_ ? length + 1 : rest_.size());
        if (ended_ && line_.ends_with('\r')) line_.remove_suffix(1);
        ++number_;
        return true;
    }

    [[nodiscard]] std::string_view line() const { return line_; }
    [[nodiscard]] std::size_t number() const { return number_; }

    [[nodiscard]] bool says_nothing() const {
        return line_.starts_with('#') || line_.find_first_not_of(" \t") == line_.npos;
    }

    /// Once there is no next line: refuses the end of the file.
    [[noreturn]] void fail_at_end(std::string_view file, std::string_view expected) const {
        throw parse_error(file, ended_ ? number_ + 1 : number_, ended_ ? 1 : line_.size() + 1,
                          fmt::format("expected {}, found the end of the file", expected));
    }

  private:
    std::string_view rest_;
    std::string_view line_;
    std::size_t number_ = 0;
    bool ended_ = true;  // the line read last had a line end
};

trace parse_header(std::string_view text, std::string_view file, std::size_t number) {
    constexpr std::string_view id = "a trace id (1 to 128 printable ASCII characters)";
    cursor in(text, file, number);
    trace t;
    if (in.word(header_form) != "trace") in.fail(header_form);
    t.id = in.word(id);
    if (t.id.size() > 128 || !std::ranges::all_of(t.id, detail::printable)) in.fail(id);
    in.literal("capacity");
    t.capacity = in.number(capacity_form);
    in.finish("the end of the line");
    t.file = file;
    t.number = number;
    return t;
}

/// The lines of `t` up to its end.
void parse_body(line_reader& from, trace& t) {
    const std::string or_end = fmt::format("a step or 'end' (trace {} began in line {})", t.id, t.number);
    duration clock{0};
    while (from.next()) {
        if (from.says_nothing()) continue;
        cursor in(from.line(), t.file, from.number());
        const std::string_view first = in.peek();
        if (first == "end") {
            in.literal("end");
            in.finish("the end of the line");
            return;
        }
        if (first == "trace") {
            in.literal("trace");
            in.fail(or_end);
        }
        const line& l = t.lines.emplace_back(parse_line(from.line(), t.file, from.number()));
        if (l.step.what != verb::advance) continue;
        clock += l.step.time;
        if (clock <= largest_duration) continue;
        in.literal("advance");
        static_cast<void>(in.word(""));
        in.fail(fmt::format("a clock of at most {}ms in all", largest_duration.count()));
    }
    from.fail_at_end(t.file, or_end);
}

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view problem) {
    throw std::runtime_error(fmt::format("{}: {}", detail::escape(path.string()), problem));
}

struct closer {
    void operator()(std::FILE* f) const { static_cast<void>(std::fclose(f)); }
};

std::string read_file(const std::filesystem::path& path) {
    const auto give_up = [&] {
        const int error = errno;
        fail(path, fmt::format("expected a file that can be read: {}", std::generic_category().message(error)));
    };
    const std::unique_ptr<std::FILE, closer> file(std::fopen(path.c_str(), "rb"));
    if (!file) give_up();
    std::string text;
    std::array<char, 1 << 16> block;
    while (const std::size_t n = std::fread(block.data(), 1, block.size(), file.get())) text.append(block.data(), n);
    if (std::ferror(file.get()) != 0) give_up();
    return text;
}

/// The files to read. Neither pipes nor devices: those may never end.
std::vector<std::filesystem::path> files_at(const std::filesystem::path& path) {
    namespace fs = std::filesystem;
    constexpr std::string_view expected = "expected a trace file or a directory of them";
    std::error_code error;
    const fs::file_status found = fs::status(path, error);
    if (fs::is_regular_file(found)) return {path};
    if (error) fail(path, fmt::format("{}: {}", expected, error.message()));
    if (!fs::is_directory(found)) fail(path, fmt::format("{}, found neither", expected));

    std::vector<fs::path> files;
    fs::directory_iterator entry(path, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error))
        if (entry->path().extension() == ".trace") files.push_back(entry->path());
    if (error) fail(path, fmt::format("expected a directory that can be read: {}", error.message()));
    if (files.empty()) fail(path, "expected at least one *.trace file in it, found none");
    std::ranges::sort(files);
    for (const fs::path& file : files) {
        const fs::file_status kind = fs::status(file, error);
        if (error) fail(file, fmt::format("expected a trace file: {}", error.message()));
        if (!fs::is_regular_file(kind)) fail(file, "expected a trace file, found something else");
    }
    return files;
}

}  // namespace

parse_error::parse_error(std::string_view file, std::size_t at_line, std::size_t at_column, std::string_view problem)
    : std::runtime_error(fmt::format("{}:{}:{}: {}", detail::escape(file), at_line, at_column, problem)),
      line(at_line),
      column(at_column) {}

std::string to_string(const trace& t) {
    std::string out = fmt::format("trace {} capacity {}\n", t.id, t.capacity);
    for (const line& l : t.lines) (out += to_string(l)) += '\n';
    out += "end\n";
    return out;
}

std::vector<trace> parse_traces(std::string_view text, std::string_view file) {
    std::vector<trace> traces;
    line_reader from(text);
    while (from.next()) {
        if (from.says_nothing()) continue;
        traces.push_back(parse_header(from.line(), file, from.number()));
        parse_body(from, traces.back());
    }
    if (traces.empty()) from.fail_at_end(file, header_form);
    return traces;
}

std::vector<trace> read_traces(const std::string& path) {
    std::vector<trace> traces;
    for (const std::filesystem::path& file : files_at(path)) {
        std::vector<trace> more = parse_traces(read_file(file), file.string());
        traces.insert(traces.end(), std::move_iterator(more.begin()), std::move_iterator(more.end()));
    }
    return traces;
}

}  // namespace tailrace::model
