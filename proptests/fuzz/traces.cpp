// Fuzz target: files of traces. What is refused is refused in one line; what is read prints as the input does, without
// what says nothing; and the machine takes the steps that it does not refuse, and keeps every permit.
// After a change here run: ci/test -R fuzz.traces && ci/fuzz 60 traces
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "tailrace/model/machine.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::fuzz {
namespace {

/// Without comments and blank lines, and with line ends of one character.
std::string normal_form(std::string_view input) {
    std::string out;
    for (std::string& line : pieces(input, "\n")) {
        if (line.starts_with('#') || line.find_first_not_of(" \t\r") == line.npos) continue;
        if (line.ends_with('\r')) line.pop_back();
        (out += line) += '\n';
    }
    return out;
}

std::string print(const std::vector<model::trace>& traces) {
    std::string out;
    for (const model::trace& t : traces) out += to_string(t);
    return out;
}

void take_steps(const model::trace& t) {
    model::machine m(t.capacity);
    for (const model::line& l : t.lines) {
        if (const auto why = m.refusal(l.step)) return expect_one_line(*why);
        const std::string outcome = to_string(m.apply(l.step));
        expect(m.conserves(), "every permit is somewhere after " + to_string(l.step));
        expect(to_string(model::parse_line(to_string(l.step) + " -> " + outcome).expected) == outcome,
               "an outcome of the machine can be read: " + outcome);
    }
    expect(!to_string(m).empty(), "a machine can be printed");
}

}  // namespace

void try_input(std::string_view input) {
    std::vector<model::trace> traces;
    try {
        traces = model::parse_traces(input, "input");
    } catch (const model::parse_error& e) {
        expect(e.line > 0 && e.column > 0, "an error has a place");
        return expect_one_line(e.what());
    }
    const std::string text = print(traces);
    expect(text == normal_form(input), "what is read prints as it was written");
    expect(model::parse_traces(text, "input") == traces, "what is printed is read as the same");
    for (const model::trace& t : traces) take_steps(t);
}

}  // namespace tailrace::fuzz
