// The token of a failure: one word that repeats its program, and needs no file and no generator.
//
//     tr1.BTAuMS4wAQlvcHRpbWl6ZWQBAAEFAQIA...
//
// `tr1` is the format; the rest, in the URL's own alphabet, is a byte code of the program with what
// it ran on, and a checksum. It holds the program itself, shrunk, so that a generator that changes
// does not take it away. After a change here run: ci/test -L proptests -R token
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "program/concurrent_program.hpp"
#include "report/counterexample.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {

struct token {
    std::string tool;  // the version that made it; any version with this format can read it
    model::engine engine = model::engine::sequential;
    std::string target;
    concurrent_program program;  // on one thread: one task, and nothing before

    friend bool operator==(const token&, const token&) = default;
};

/// What a token cannot be read for, in one line.
class token_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// One word of letters, digits, '.', '-' and '_'.
[[nodiscard]] std::string to_string(const token& t);
[[nodiscard]] std::string token_of(const counterexample& c);
[[nodiscard]] concurrent_program program_of(const counterexample& c);
/// What is typed to repeat it. `option`: that of the target (counterexample::option).
[[nodiscard]] std::string replay_command(std::string_view program, std::string_view option, std::string_view token);
/// The byte code as a word, with its checksum. The bytes need not be those of any program.
[[nodiscard]] std::string word_of(std::string bytes);
/// Whether this program has the engine and the target is for the caller to see. Throws token_error.
[[nodiscard]] token parse_token(std::string_view word);

}  // namespace tailrace::verify
