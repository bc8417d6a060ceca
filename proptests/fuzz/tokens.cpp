// Fuzz target: tokens. An input that begins with `tr` is a word, any other the byte code of one, which gets a right
// checksum. What is read prints back to itself. Its program runs on both channels, step by step: they do what the
// specification says, and all that is thrown is the documented error, that a step is illegal.
// After a change here run: ci/test -R fuzz.tokens && ci/fuzz 60 tokens
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/sequential.hpp"
#include "fuzz.hpp"
#include "program/shrink_concurrent.hpp"
#include "report/token.hpp"
#include "tailrace/verify/target.hpp"

namespace tailrace::fuzz {
namespace {

using namespace verify;

void run(const concurrent_program& p) {
    std::vector<model::step> steps = p.before;
    for (const auto& task : p.tasks)
        for (const task_step& s : task) steps.push_back(s.step);
    for (const target& t : builtin_targets()) {
        try {
            const auto failure = take_again(t, {p.capacity, steps});
            expect(!failure, t.name + " does what the specification says");
        } catch (const std::runtime_error& e) {
            expect_one_line(e.what());
        }
        (void)can_run(t, blocking_where_needed(t, p));
    }
}

}  // namespace

void try_input(std::string_view input) {
    const std::string word = input.starts_with("tr") ? std::string(input) : word_of(std::string(input));
    token t;
    try {
        t = parse_token(word);
    } catch (const token_error& e) {
        return expect_one_line(e.what());
    }
    expect(to_string(t) == word, "a token prints back to itself");
    run(t.program);
}

}  // namespace tailrace::fuzz
