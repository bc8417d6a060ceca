// The cursor: reads one line of text word by word, and knows the position of a wrong word.
//
// Words are separated by exactly one space: the cursor refuses a second one, and one at either end. After a change here
// run: ci/test -L model
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "tailrace/model/text.hpp"

namespace tailrace::model::detail {

/// The spelling of a number: its digits between a prefix and a suffix.
struct numeral {
    std::string_view noun;  // with its article
    std::string_view prefix, suffix;
    std::uint64_t least = 0;
    std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
};

/// Text as it may appear in an error: `escape` for a whole, `quote` for a beginning in quotes.
[[nodiscard]] std::string escape(std::string_view text);
[[nodiscard]] std::string quote(std::string_view text);

class cursor {
  public:
    cursor(std::string_view text, std::string_view file, std::size_t line) : text_(text), file_(file), line_(line) {}

    /// Takes the next word.
    std::string_view word(std::string_view expected) {
        const std::string_view taken = peek();
        const std::size_t start = next_start();
        if (taken.empty()) fail_at(std::min(start, text_.size()), expected);
        word_ = start;
        rest_ = start + taken.size();
        return taken;
    }

    /// The next word, or nothing where there is none.
    [[nodiscard]] std::string_view peek() const {
        if (next_start() >= text_.size()) return {};
        const std::string_view rest = text_.substr(next_start());
        return rest.substr(0, rest.find(' '));
    }

    void literal(std::string_view spelling) {
        const std::string expected = fmt::format("'{}'", spelling);
        if (word(expected) != spelling) fail(expected);
    }

    /// Takes the next word, a number.
    std::uint64_t number(const numeral& form) { return number_in(word(example_of(form)), form); }

    /// The number in the word taken last.
    [[nodiscard]] std::uint64_t number_in(std::string_view word, const numeral& form) const {
        if (!word.starts_with(form.prefix)) fail(example_of(form));
        word.remove_prefix(form.prefix.size());
        if (!word.ends_with(form.suffix)) fail(example_of(form));
        word.remove_suffix(form.suffix.size());
        if (word.empty() || word.find_first_not_of("0123456789") != word.npos) fail(example_of(form));
        if (word.size() > 1 && word.front() == '0') fail(fmt::format("{} without leading zeros", form.noun));
        std::uint64_t n = 0;
        const std::from_chars_result r = std::from_chars(word.data(), word.data() + word.size(), n);
        if (r.ec != std::errc{} || n < form.least || n > form.largest)
            fail(fmt::format("{0} from {1}{2}{4} to {1}{3}{4}", form.noun, form.prefix, form.least, form.largest,
                             form.suffix));
        return n;
    }

    /// Checks that nothing follows.
    void finish(std::string_view expected) const {
        if (rest_ == text_.size()) return;
        // A single space at the end is itself what is wrong; otherwise it is what follows a space.
        fail_at(next_start() == text_.size() ? rest_ : next_start(), expected);
    }

    /// Refuses the word taken last.
    [[noreturn]] void fail(std::string_view expected) const { fail_at(word_, expected); }

  private:
    [[nodiscard]] static std::string example_of(const numeral& form) {
        return fmt::format("{} like {}{}{}", form.noun, form.prefix, std::max<std::uint64_t>(form.least, 1),
                           form.suffix);
    }

    /// Where the next word starts; beyond the end of the text if there is none.
    [[nodiscard]] std::size_t next_start() const { return rest_ == 0 ? 0 : rest_ + 1; }

    [[noreturn]] void fail_at(std::size_t position, std::string_view expected) const {
        std::string found = "the end of the line";
        if (position < text_.size()) {
            const std::size_t word = std::min(text_.find_first_not_of(' ', position), text_.size());
            const std::size_t stop = std::min(text_.find(' ', word), text_.size());
            found = quote(text_.substr(position, stop - position));
        }
        throw parse_error(file_, line_, position + 1, fmt::format("expected {}, found {}", expected, found));
    }

    std::string_view text_;
    std::string_view file_;
    std::size_t line_;
    std::size_t word_ = 0;  // where the word taken last starts
    std::size_t rest_ = 0;  // where it ends
};

}  // namespace tailrace::model::detail
