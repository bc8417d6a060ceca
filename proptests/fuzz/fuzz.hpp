// A fuzz target: a function of one input, which throws where something does not hold that has to hold for every input.
//
// Each target is a program of its own. With libFuzzer it generates inputs (generate.cpp); without, it goes through
// those that are kept (replay.cpp). After a change here run: ci/test -L fuzz && ci/fuzz
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::fuzz {

/// Defined by each target.
void try_input(std::string_view input);

/// Throws: std::logic_error, a finding.
inline void expect(bool holds, const std::string& what) {
    if (!holds) throw std::logic_error("expected that " + what);
}

/// Every message about bad input is one line without control characters. What it quotes need not be ASCII.
inline void expect_one_line(std::string_view message) {
    expect(!message.empty(), "a message says something");
    expect(std::ranges::none_of(message, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }),
           "a message is one line: " + std::string(message));
}

/// Reports are plain ASCII, in lines of at most 100 columns.
inline void expect_report_line(std::string_view line) {
    expect(line.size() <= 100, "a line of a report has at most 100 columns: " + std::string(line));
    expect(std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 0x7f; }),
           "a line of a report is ASCII: " + std::string(line));
}

/// The pieces between the lines that are `separator`.
inline std::vector<std::string> pieces(std::string_view text, std::string_view separator) {
    std::vector<std::string> all;
    for (;;) {
        const std::size_t end = text.find(separator);
        all.emplace_back(text.substr(0, end));
        if (end == text.npos) return all;
        text.remove_prefix(end + separator.size());
    }
}

}  // namespace tailrace::fuzz
