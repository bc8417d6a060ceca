// Fuzz target: a file of a corpus, a failure or a state. What is refused is refused in one line; what is not, means the
// same when it is written again.
// After a change here run: ci/test -R fuzz.corpus && ci/fuzz 60 corpus
#include "campaign/corpus.hpp"

#include <stdexcept>
#include <string>

#include "fuzz.hpp"
#include "report/counterexample.hpp"

namespace tailrace::fuzz {

void try_input(std::string_view input) {
    try {
        const verify::token t = verify::read_failure(input, "input");
        expect(verify::read_failure(to_string(t), "input") == t, "a failure is read as it was written");
    } catch (const std::runtime_error& e) {
        expect_one_line(e.what());
    }
    try {
        const std::string text = to_json(verify::state_from_json(input, "input"));
        expect(to_json(verify::state_from_json(text, "input")) == text, "a state is read as it was written");
    } catch (const verify::json_error& e) {
        expect_one_line(e.what());
    }
}

}  // namespace tailrace::fuzz
