// Reading JSON from any source: every mistake is one line with the file, the place and what was expected there.
// After a change here run: ci/test -L proptests -R 'counterexample|merge|json'
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "report/counterexample.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {

/// Throws json_error: at what is no JSON, a number that is too large, a member that stands there twice, and what is
/// nested too deep to be anything that is written here. `what` is expected: "a counterexample in JSON".
[[nodiscard]] nlohmann::ordered_json parse_json(std::string_view text, std::string_view file, std::string_view what);

/// A value of a file and where it stands. Whatever it is not throws json_error.
class json_reader {
  public:
    json_reader(const nlohmann::ordered_json& value, std::string where, std::string_view file)
        : value_(&value), where_(std::move(where)), file_(file) {}

    /// Refuses members that are not named. Those that may be missing begin with a question mark.
    void expect_members(std::initializer_list<std::string_view> names) const;
    [[nodiscard]] bool has(std::string_view name) const { return value_->is_object() && value_->contains(name); }
    [[nodiscard]] bool is_null() const { return value_->is_null(); }
    [[nodiscard]] json_reader operator[](std::string_view name) const;

    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::uint64_t number(std::uint64_t least = 0,
                                       std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const;
    [[nodiscard]] std::uint32_t index(std::size_t size, std::string_view of) const;
    /// Which of these names it is.
    template <class Names>
    [[nodiscard]] std::size_t one_of(const Names& names) const {
        const std::string found = text();
        const auto at = std::ranges::find(names, std::string_view(found));
        if (at == std::end(names)) refuse(fmt::format("one of {}", fmt::join(names, ", ")));
        return static_cast<std::size_t>(at - std::begin(names));
    }
    template <class Read>
    [[nodiscard]] auto list(Read read) const {
        if (!value_->is_array()) refuse("a list");
        std::vector<std::invoke_result_t<Read, json_reader>> all;
        for (std::size_t i = 0; i < value_->size(); ++i)
            all.push_back(std::invoke(read, json_reader((*value_)[i], fmt::format("{}[{}]", where_, i), file_)));
        return all;
    }
    /// Every member of an object whose members have names of their own.
    template <std::invocable<const std::string&, json_reader> Read>
    void members(Read read) const {
        if (!value_->is_object()) refuse("an object");
        for (const auto& [name, value] : value_->items()) read(name, (*this)[name]);
    }

    /// Parses text of the grammar.
    template <class Parse>
    [[nodiscard]] auto parsed(Parse parse) const {
        const std::string found = text();
        try {
            return parse(found);
        } catch (const model::parse_error& e) {
            // Its own place is one in a line that this file does not have.
            const std::string_view what = e.what();
            throw_at(what.substr(std::min(what.size(), what.find("expected "))));
        }
    }

    /// "report.json: "runs[0].target"", to begin the messages about what is inside a text with.
    [[nodiscard]] std::string place() const;
    [[noreturn]] void refuse(std::string_view expected) const;
    [[noreturn]] void throw_at(std::string_view problem) const;

  private:
    const nlohmann::ordered_json* value_;
    std::string where_;
    std::string_view file_;
};

}  // namespace tailrace::verify
