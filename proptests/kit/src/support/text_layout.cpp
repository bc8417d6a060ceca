// Cutting, wrapping and counting text for reports.
// After a change here run: ci/test -L proptests
#include "support/text_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tailrace::verify {
namespace {

constexpr std::string_view dots = "...";

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replace = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replace, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string cut(std::string_view text, std::size_t width) {
    if (text.size() <= width) return std::string(text);
    if (width < dots.size()) return std::string(text.substr(0, width));
    return std::string(text.substr(0, width - dots.size())).append(dots);
}

std::string cut_front(std::string_view text, std::size_t width) {
    if (text.size() <= width) return std::string(text);
    return std::string(dots).append(text.substr(text.size() - (width - dots.size())));
}

std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t most) {
    std::vector<std::string> lines;
    while (text.size() > width && lines.size() + 1 < most) {
        std::size_t at = text.rfind(' ', width);
        if (at == text.npos || at == 0) at = width;
        lines.emplace_back(text.substr(0, at));
        text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ', at)));
    }
    if (!text.empty() || lines.empty()) lines.push_back(cut(text, width));
    return lines;
}

std::string labelled(std::string_view label, std::string_view text, std::size_t most) {
    std::string out;
    for (const std::string& line : wrap(text, report_width - label.size(), most)) {
        out += fmt::format("{:<{}}{}\n", out.empty() ? label : "", label.size(), line);
    }
    return out;
}

std::string first_lines(std::string_view text) {
    constexpr std::size_t most = 32;
    std::string lines;
    for (std::size_t at = 0, n = 0; at < text.size(); ++n) {
        if (n == most) return lines + "    ...\n";
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines += fmt::format("    {}\n", cut(printable(text.substr(at, end - at)), report_width - 4));
        at = end + 1;
    }
    return lines;
}

std::string printable(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return out;
}

std::string in_one_line(std::string_view text) {
    std::string out(text.substr(0, text.find_last_not_of('\n') + 1));
    std::ranges::replace(out, '\n', ' ');
    return out;
}

std::string shell_word(std::string_view word) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_./:+,@%").contains(c);
    };
    const auto is_ascii = [](char c) { return c >= 0x20 && c < 0x7f; };
    if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
    const bool bytes = !std::ranges::all_of(word, is_ascii);
    std::string out = bytes ? "$'" : "'";
    for (const char c : word) {
        if (!is_ascii(c)) {
            out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
        } else if (c == '\'') {
            out += bytes ? "\\'" : "'\\''";
        } else if (c == '\\' && bytes) {
            out += "\\\\";
        } else {
            out += c;
        }
    }
    return out + '\'';
}

std::string grouped(std::uint64_t n) {
    std::string text = std::to_string(n);
    for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
    return text;
}

std::string plural(std::string_view noun) {
    if (noun.ends_with('y')) return fmt::format("{}ies", noun.substr(0, noun.size() - 1));
    return fmt::format("{}s", noun);
}

std::string counted(std::uint64_t n, std::string_view noun) {
    return fmt::format("{} {}", grouped(n), n == 1 ? std::string(noun) : plural(noun));
}

std::string_view nearest(std::string_view typed, const std::vector<std::string_view>& names) {
    std::string_view best;
    std::size_t least = std::max<std::size_t>(2, typed.size() / 3) + 1;
    for (const std::string_view name : names) {
        const std::size_t d = distance(typed, name);
        if (d < least) {
            least = d;
            best = name;
        }
    }
    return best;
}

}  // namespace tailrace::verify
