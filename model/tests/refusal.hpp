// The message of the parser for refused text. For the tests of the text form.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tailrace/model/text.hpp"

namespace tailrace::model {

/// What the call throws, which must be a parse_error that agrees with its own message, in one
/// printable line of a readable length.
template <class Call>
[[nodiscard]] std::string refusal(Call call, const std::string& file) {
    try {
        call();
    } catch (const parse_error& e) {
        const std::string what = e.what();
        EXPECT_TRUE(what.starts_with(fmt::format("{}:{}:{}: expected ", file, e.line, e.column)));
        EXPECT_NE(what.find(", found "), what.npos) << what;
        EXPECT_LT(what.size(), 400U) << what;
        EXPECT_TRUE(std::ranges::all_of(what, [](char c) { return c >= 0x20 && c < 0x7f; }));
        return what.substr(file.size() + 1);
    }
    return "accepted";
}

inline std::string refusal_of_line(std::string_view text) {
    return refusal([&] { static_cast<void>(parse_line(text, "f", 1)); }, "f");
}

inline std::string refusal_of_file(std::string_view text) {
    return refusal([&] { static_cast<void>(parse_traces(text, "f")); }, "f");
}

}  // namespace tailrace::model
