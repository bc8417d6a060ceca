// The text form of the vocabulary: the grammar of the traces. Parser and printer are inverses.
//
//     trace 7 capacity 4
//     s0 send_timeout v3 5ms as f1 -> created
//     poll f1 -> timeout v3 ! f8 ~ v5
//     end
//
// After a change here run: ci/test -L model
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/model/vocabulary.hpp"

namespace tailrace::model {

// The grammar, one line of text per line (`..` repeats the word before it):
//
//     trace <id> capacity <n>     begins a trace; <id> is 1 to 128 printable ASCII characters
//     <step> -> <answer> [! f0 ..] [~ v1 ..]
//     end                         ends it
//
//     <step>: [<occasion>] <act>
//     <occasion>: `|` [`|` ..] when f0 woken: | `|` [`|` ..] when v1 destroyed:
//     <act>: <handle> <verb> [v1] [3] [5ms] [as f0] | poll f0 | drop <handle> | advance 5ms
//     <answer>: ok | created | pending | full [v1] | closed [v1] | timeout [v1] | done | some v1
//         | many [v1 ..] | none | empty | disconnected | s0 | w0 | p0 | o0 | i0 3 | 3 | true
//         | false
//
// A step with an occasion is a reaction: foreign code takes it inside the call of the last step before it with one `|`
// less, when that call wakes the operation or destroys the value.
//
// Which verbs a handle has, and what follows them, is the table of verbs.hpp. Words are
// separated by exactly one space, with none before the first or after the last, and numbers have
// neither signs nor leading zeros, so that each value has one spelling. The parser accepts only
// that spelling, and beyond it exactly this:
//
//   - blank lines (nothing but spaces and tabs) and lines that start with `#`, anywhere in a file;
//   - CRLF for LF, and no line end at the end of the file.
//
// Limits: handles 2^32 - 1; values, counts and numbers 2^64 - 1; capacities and durations the
// constants of vocabulary.hpp, and the `advance`s of one trace together no more than one duration.
// The same trace id may appear twice. The parser does not check two things: whether a handle exists
// or a name is new (machine::refusal), and whether an answer fits its step.

// Printing. Precondition: the value has a text form (not: an answer that made a receiver, a boolean
// of 2, a negative or too long duration, a trace id with a space in it, ...).

[[nodiscard]] std::string to_string(handle h);
[[nodiscard]] std::string to_string(const step& s);
[[nodiscard]] std::string to_string(const answer& a);
/// `<answer> [! f..] [~ v..]`
[[nodiscard]] std::string to_string(const outcome& o);

/// A step and its expected effects.
struct line {
    model::step step;
    model::outcome expected;
    std::size_t number = 0;  // in its file, from 1; not part of the value

    friend bool operator==(const line& a, const line& b) { return a.step == b.step && a.expected == b.expected; }
};

[[nodiscard]] std::string to_string(const line& l);

struct trace {
    std::string id;
    std::uint64_t capacity = 1;
    std::vector<line> lines;
    std::string file;
    std::size_t number = 0;  // the line of its header in the file

    friend bool operator==(const trace& a, const trace& b) {
        return a.id == b.id && a.capacity == b.capacity && a.lines == b.lines;
    }
};

/// Header, lines and `end`, each with its line end.
[[nodiscard]] std::string to_string(const trace& t);

/// Malformed text: where, and what was expected there. what() is one line of printable text:
///
///     <file>:<line>:<column>: expected <what>, found '<text>'
///
/// Columns count bytes, from 1. The text begins at the column and is the word there, with the
/// spaces before it if there should be none. Its quotes, backslashes and bytes outside printable
/// ASCII are escaped, and it is cut after 32 bytes, shown by `...` after the quote. Where no text
/// is left, it reads `found the end of the line` (or `of the file`), without quotes.
class parse_error : public std::runtime_error {
  public:
    parse_error(std::string_view file, std::size_t line, std::size_t column, std::string_view problem);

    std::size_t line;
    std::size_t column;
};

/// Parses `<step> -> <outcome>`, without a line end. Throws parse_error naming `file` and `number`.
[[nodiscard]] line parse_line(std::string_view text, std::string_view file = "<text>", std::size_t number = 1);
/// Parses `<step>` alone.
[[nodiscard]] step parse_step(std::string_view text, std::string_view file = "<text>", std::size_t number = 1);

/// Parses a whole file of traces. Throws parse_error; a file without any trace is an error too.
[[nodiscard]] std::vector<trace> parse_traces(std::string_view text, std::string_view file);

/// Reads and parses one file, or every *.trace file of a directory (not of those below it) in order
/// of name. Throws parse_error, or std::runtime_error for a path that cannot be read, is neither a
/// file nor a directory, or is a directory without such files.
[[nodiscard]] std::vector<trace> read_traces(const std::string& path);

}  // namespace tailrace::model
