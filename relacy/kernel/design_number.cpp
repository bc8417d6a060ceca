// Reads the number in brackets from a comment.
#include "kernel/design_number.hpp"

#include <algorithm>
#include <cctype>

namespace tailrace::relacy {
namespace {

std::string first_number(std::string_view comment) {
    for (std::size_t i = comment.find('('); i != std::string_view::npos; i = comment.find('(', i + 1)) {
        std::size_t end = i + 1;
        while (end < comment.size() && std::isdigit(static_cast<unsigned char>(comment[end])) != 0) ++end;
        if (end > i + 1) return std::string(comment.substr(i + 1, end - i - 1));
    }
    return {};
}

}  // namespace

std::size_t line_begin(std::string_view text, std::size_t at) noexcept {
    const std::size_t end_before = at == 0 ? text.npos : text.rfind('\n', at - 1);
    return end_before == text.npos ? 0 : end_before + 1;
}

std::string_view line_at(std::string_view text, std::size_t begin) noexcept {
    return text.substr(begin, text.find('\n', begin) - begin);
}

std::string design_number(std::string_view text, std::size_t begin, std::size_t end) {
    const std::string_view own = line_at(text, line_begin(text, end));
    if (std::string n = first_number(own.substr(std::min(own.find("//"), own.size()))); !n.empty()) return n;
    std::string above;
    while (begin > 0) {
        begin = line_begin(text, begin - 1);
        const std::string_view line = line_at(text, begin);
        const std::size_t first = line.find_first_not_of(' ');
        if (first == line.npos || !line.substr(first).starts_with("//")) break;
        above.insert(0, line);
    }
    return first_number(above);
}

}  // namespace tailrace::relacy
