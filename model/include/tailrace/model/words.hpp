// The words of a line, one after another: for the lines that the programs of this project send each other.
// After a change here run: ci/test -R interleavings
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace tailrace::model {

class words {
  public:
    explicit words(std::string_view line) : rest_(line) {}

    /// Empty at the end.
    std::string_view next() {
        const std::size_t end = std::min(rest_.find(' '), rest_.size());
        const std::string_view word = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return word;
    }
    /// Both throw std::runtime_error, one line, if something else is there.
    std::uint64_t number() {
        const std::string_view word = next();
        std::uint64_t n = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
        if (error != std::errc{} || end != word.data() + word.size()) refuse("a number", word);
        return n;
    }
    void expect(std::string_view expected) {
        const std::string_view word = next();
        if (word != expected) refuse(std::string(expected), word);
    }
    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    [[noreturn]] static void refuse(const std::string& expected, std::string_view found) {
        throw std::runtime_error("expected " + expected + ", found '" + std::string(found) + "'");
    }

    std::string_view rest_;
};

}  // namespace tailrace::model
