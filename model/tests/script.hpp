// Runs a script (lines of the trace grammar) on a machine and checks every response.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {

/// Takes each line `step -> outcome`; a line without an arrow is taken whatever it answers.
inline void play(machine& m, std::string_view script) {
    std::size_t number = 0;
    while (!script.empty()) {
        ++number;
        const std::size_t end = std::min(script.find('\n'), script.size());
        std::string_view text = script.substr(0, end);
        script.remove_prefix(std::min(end + 1, script.size()));
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty()) continue;

        const bool judged = text.find("->") != std::string_view::npos;
        const step s = judged ? parse_line(text, "script", number).step : parse_step(text, "script", number);
        const std::optional<std::string> refusal = m.refusal(s);
        ASSERT_FALSE(refusal) << "line " << number << ": " << text << ": " << *refusal;
        const outcome o = m.apply(s);
        if (judged) {
            ASSERT_EQ(to_string(s) + " -> " + to_string(o), text) << "line " << number << ", then " << to_string(m);
        }
        ASSERT_TRUE(m.conserves()) << "line " << number << ": " << text << ": " << to_string(m);
    }
}

/// The machine of this capacity after the script.
inline machine after(std::uint64_t capacity, std::string_view script) {
    machine m(capacity);
    play(m, script);
    return m;
}

}  // namespace tailrace::model
