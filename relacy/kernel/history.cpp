// Makes Relacy's report of a failing execution readable. Nothing here runs inside a simulation.
#include "kernel/history.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "kernel/budget.hpp"
#include "kernel/design_number.hpp"

namespace tailrace::relacy {
namespace {

std::string_view next_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

/// The name before the first parenthesis that is not inside template arguments.
std::string_view short_function(std::string_view pretty) {
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < pretty.size(); ++i) {
        const char c = pretty[i];
        if (c == '<') ++depth;
        if (c == '>') --depth;
        if (depth > 0) continue;
        if (c == '(') return pretty.substr(begin, i - begin);
        const bool part_of_name = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '~';
        if (!part_of_name) begin = i + 1;
    }
    return pretty;
}

/// Replaces every address by a number and prints other long numbers in hexadecimal, so that the fields of a packed
/// state word can be read. Replaces Relacy's mark of a stale value.
class namer {
  public:
    std::string rename(std::string_view event) {
        std::string text;
        while (!event.empty()) {
            const bool hexadecimal = event.starts_with("0x");
            const std::string_view digits = event.substr(hexadecimal ? 2 : 0);
            std::uint64_t number = 0;
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), number, hexadecimal ? 16 : 10);
            if (error != std::errc{} || end == digits.data()) {
                text += event.front();
                event.remove_prefix(1);
                continue;
            }
            event.remove_prefix(static_cast<std::size_t>(end - event.data()));
            if (number >= first_address && number < last_address) {
                text += fmt::format("@{}", number_of(number));
            } else {
                text += number < short_number ? fmt::format("{}", number) : fmt::format("{:#x}", number);
            }
        }
        std::erase_if(text, [](char c) { return c == '<' || c == '>'; });
        constexpr std::string_view not_current = "[NOT CURRENT]";
        if (const std::size_t at = text.find(not_current); at != text.npos) {
            text.replace(at, not_current.size(), stale_mark);
        }
        return text;
    }

  private:
    static constexpr std::uint64_t short_number = 100'000;
    static constexpr std::uint64_t first_address = std::uint64_t{1} << 40;
    static constexpr std::uint64_t last_address = std::uint64_t{1} << 48;

    std::size_t number_of(std::uint64_t address) {
        auto at = std::ranges::find(addresses_, address);
        if (at == addresses_.end()) at = addresses_.insert(at, address);
        return static_cast<std::size_t>(at - addresses_.begin()) + 1;
    }

    std::vector<std::uint64_t> addresses_;
};

/// One step of Relacy's report: "[12] 1: what happened, in function, file(line)".
struct step {
    std::string_view thread;
    std::string_view event;
    std::string_view function;
    std::string_view path;
    std::string_view line;
};

step parse(std::string_view text) {
    step s;
    text.remove_prefix(std::min(text.find("] "), text.size() - 2) + 2);
    const std::size_t colon = std::min(text.find(": "), text.size());
    s.thread = text.substr(0, colon);
    text.remove_prefix(std::min(colon + 2, text.size()));
    const std::size_t in = std::min(text.find(", in "), text.size());
    s.event = text.substr(0, in);
    text.remove_prefix(std::min(in + 5, text.size()));
    const std::size_t comma = text.rfind(", ");
    if (comma == std::string_view::npos) return s;
    s.function = short_function(text.substr(0, comma));
    text.remove_prefix(comma + 2);
    const std::size_t open = std::min(text.rfind('('), text.size());
    s.path = text.substr(0, open);
    text.remove_prefix(open);
    s.line = text.substr(std::min<std::size_t>(1, text.size()), text.size() < 2 ? 0 : text.size() - 2);
    return s;
}

/// The sources, if they are still where they were compiled. They name the accessed object better than an address does.
class sources {
  public:
    void describe(const step& s, logged_step& t) {
        const std::string& text = file(std::string(s.path));
        std::size_t line = 0;
        (void)std::from_chars(s.line.data(), s.line.data() + s.line.size(), line);
        const std::optional<std::size_t> begin = begin_of(text, line);
        if (!begin) return;
        t.object = object_in(line_at(text, *begin));
        if (t.object.empty()) return;
        const std::string number = design_number(text, *begin, *begin);
        if (!number.empty()) t.number = '(' + number + ')';
    }

  private:
    const std::string& file(const std::string& path) {
        const auto [at, fresh] = files_.try_emplace(path);
        if (!fresh) return at->second;
        std::ifstream in(path);
        at->second.assign(std::istreambuf_iterator<char>(in), {});
        return at->second;
    }
    /// Empty if the text has no such line. Lines count from 1.
    static std::optional<std::size_t> begin_of(const std::string& text, std::size_t line) {
        if (line == 0) return std::nullopt;
        std::size_t begin = 0;
        while (--line > 0) {
            begin = text.find('\n', begin);
            if (begin == text.npos) return std::nullopt;
            ++begin;
        }
        return begin;
    }
    /// The expression before the operation: letters, digits, and `.`, `->`, `_` between them.
    static std::string object_in(std::string_view line) {
        constexpr std::array operations{".load(",   ".store(", ".exchange(", ".compare_exchange_strong(",
                                        ".fetch_",  ".put(",   ".take()",    ".lock()",
                                        ".unlock()"};
        std::size_t dot = line.npos;
        for (const char* o : operations) dot = std::min(dot, line.find(o));
        if (dot == line.npos) return {};
        std::size_t begin = dot;
        while (begin > 0) {
            const char c = line[begin - 1];
            const bool part = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '>' ||
                              (c == '-' && line[begin] == '>');
            if (!part) break;
            --begin;
        }
        std::string object(line.substr(begin, dot - begin));
        if (!object.empty() && object.front() == '.') object.erase(0, 1);
        return object;
    }

    std::map<std::string, std::string> files_;
};

bool worth_showing(const step& s, bool about_memory) {
    if (s.event.starts_with("memory ")) return about_memory;
    constexpr std::array bookkeeping{"unblocking thread", "[CTOR", "[BEFORE", "[AFTER", "[DTOR", "[THREAD"};
    return std::ranges::none_of(bookkeeping, [&](const char* b) { return s.event.starts_with(b); });
}

}  // namespace

account account_of(std::string_view report) {
    account a;
    a.failure = next_line(report);
    const bool about_memory = a.failure.contains("LEAK") || a.failure.contains("FREE");
    report.remove_prefix(std::min(report.find("execution history"), report.size()));
    (void)next_line(report);

    namer names;
    sources read;
    while (!report.empty()) {
        const std::string_view line = next_line(report);
        if (!line.starts_with('[')) break;
        const step s = parse(line);
        if (s.event.starts_with("[BEFORE END]")) a.steps.clear();  // the constructor is part of the program's text
        if (!worth_showing(s, about_memory)) continue;
        const std::string_view file = s.path.substr(s.path.rfind('/') + 1);
        logged_step t{std::string(s.thread), fmt::format("{}:{}", file, s.line), std::string(s.function), {}, {},
                      names.rename(s.event)};
        read.describe(s, t);
        a.steps.push_back(std::move(t));
    }
    return a;
}

std::string to_text(const std::vector<logged_step>& steps) {
    const std::size_t left_out = steps.size() > shown_steps ? steps.size() - shown_steps : 0;
    std::string text = left_out > 0 ? fmt::format("  ({} steps before)\n", left_out) : "";
    for (std::size_t i = left_out; i < steps.size(); ++i) {
        const logged_step& s = steps[i];
        const std::string what = s.object.empty() ? s.event : fmt::format("{} {} {}", s.object, s.number, s.event);
        text += fmt::format("  thread {}  {:<34} {}\n", s.thread, fmt::format("{} {}", s.place, s.function), what);
    }
    return text;
}

}  // namespace tailrace::relacy
