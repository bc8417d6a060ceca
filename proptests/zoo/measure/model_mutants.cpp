// tailrace-model-mutants: which mutants of the model the answers of a live target refute, and after how many programs.
//
// Each program is taken by the target and by the specification, up to their first difference. Until then every answer
// of the target is held against each mutant: the first that the mutant would not have given catches it.
// Exit status: 0 if those are left that are known to be, 1 if not, 2 for bad usage, or a target that does not answer.
// After a change here run: ci/foreign rust --programs 5000
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/oracle.hpp"
#include "model_mutants/mutant.hpp"
#include "program/generator.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/clauses.hpp"
#include "target/exec_target.hpp"

namespace tailrace::verify {
namespace {

struct request {
    std::string command;
    std::string left;                 // a file: the mutants that it does not catch
    std::uint64_t programs = 20'000;  // enough for all that can be caught on tokio
};

/// The best that has happened to it.
enum class fate_of_mutant : unsigned char {
    never_differs,  // from the specification, within what the target can do
    hidden,         // it differed only where the target had differed before
    lived,          // the target did the same
    caught
};

struct suspect {
    const mutant* is;
    fate_of_mutant fate = fate_of_mutant::never_differs;
    std::uint64_t programs = 0;  // until then
    std::string at = {};
};

/// What the target answers, step by step, to its first difference from the specification; that is in it too.
std::vector<model::outcome> answers(const target& t, const model::trace& specified) {
    std::vector<model::step> steps;
    for (const model::line& l : specified.lines) steps.push_back(l.step);
    std::vector<model::outcome> all;
    if (steps.empty()) return all;
    const std::unique_ptr<session> live = t.open(specified.capacity);
    live->foresee(steps);
    for (const model::line& l : specified.lines) {
        all.push_back(comparable(l.step, live->apply(l.step)));
        if (all.back() != l.expected) break;
    }
    return all;
}

/// Follows the program to the first step that the mutant takes in another way than the specification.
void try_to_catch(suspect& s, const target& t, const model::trace& specified, const std::vector<model::outcome>& live) {
    const auto note = [&s](fate_of_mutant now) { s.fate = std::max(s.fate, now); };
    model::machine m(specified.capacity);
    for (std::size_t i = 0; i < specified.lines.size(); ++i) {
        const model::line& l = specified.lines[i];
        std::optional<model::outcome> altered;
        if (!m.refusal(l.step)) altered = comparable(l.step, as_shown(t.capabilities, l.step, s.is->apply(m, l.step)));
        if (altered == l.expected) continue;
        if (i >= live.size()) return note(fate_of_mutant::hidden);
        if (live[i] != l.expected) return note(live[i] == altered ? fate_of_mutant::lived : fate_of_mutant::hidden);
        s.at = fmt::format("{} -> {}, with the mutant {}", model::to_string(l.step), model::to_string(live[i]),
                           altered ? model::to_string(*altered) : "impossible");
        return note(fate_of_mutant::caught);
    }
}

std::vector<suspect> hunt(const target& t, std::uint64_t programs) {
    std::vector<suspect> all;
    for (const mutant& d : mutants()) {
        if (model::find_clause(d.clause)->is_observed_by(model::engine::sequential)) all.push_back({&d});
    }
    const generator generate(t.capabilities);
    for (std::uint64_t i = 0; i < programs; ++i) {
        model::trace specified = interpret(generate(i));
        for (model::line& l : specified.lines)
            l.expected = comparable(l.step, as_shown(t.capabilities, l.step, std::move(l.expected)));
        const std::vector<model::outcome> live = answers(t, specified);
        for (suspect& s : all) {
            if (s.fate == fate_of_mutant::caught) continue;
            s.programs = i + 1;
            try_to_catch(s, t, specified, live);
        }
    }
    return all;
}

std::string_view family_of(const suspect& s) { return s.is->clause.substr(0, s.is->clause.find('.')); }

/// One row for each family, with the mutant that lived longest of those that were caught.
void tell_families(const std::vector<suspect>& all) {
    fmt::print("| family | caught | the last of them | programs | where |\n|---|---|---|---|---|\n");
    std::set<std::string_view> told;
    for (const suspect& first : all) {
        if (!told.insert(family_of(first)).second) continue;
        std::vector<const suspect*> caught;
        std::size_t possible = 0;
        for (const suspect& s : all) {
            if (family_of(s) != family_of(first) || s.fate == fate_of_mutant::never_differs) continue;
            ++possible;
            if (s.fate == fate_of_mutant::caught) caught.push_back(&s);
        }
        if (possible == 0) continue;
        if (caught.empty()) {
            fmt::print("| `{}` | 0 of {} | | | |\n", family_of(first), possible);
            continue;
        }
        const suspect& last = **std::ranges::max_element(caught, {}, &suspect::programs);
        fmt::print("| `{}` | {} of {} | `{}` | {} | `{}` |\n", family_of(first), caught.size(), possible, last.is->name,
                   grouped(last.programs), last.at);
    }
}

/// Those that were not caught, and why; true if they are those that are `known`.
bool tell_left(const std::vector<suspect>& all, const std::set<std::string>& known) {
    fmt::print("\n| not caught | breaks | for |\n|---|---|---|\n");
    std::set<std::string> left;
    std::size_t never = 0;
    for (const suspect& s : all) {
        never += s.fate == fate_of_mutant::never_differs ? 1 : 0;
        if (s.fate == fate_of_mutant::never_differs || s.fate == fate_of_mutant::caught) continue;
        left.emplace(s.is->name);
        fmt::print("| `{}` | `{}` | {} |\n", s.is->name, s.is->clause,
                   s.fate == fate_of_mutant::lived ? "the target does the same"
                                                   : "where it shows, the target differs from both");
    }
    fmt::print("\n{} mutants show nothing within what the target can do.\n", never);
    if (left == known) return true;
    fmt::print(stderr, "tailrace-model-mutants: expected these to be left: {}\n", fmt::join(known, " "));
    return false;
}

std::set<std::string> words_of(const std::string& path) {
    std::ifstream in(path);
    if (!in) throw std::runtime_error(path + ": cannot be read");
    return {std::istream_iterator<std::string>(in), {}};
}

request parse(int argc, const char* const* argv) {
    request r;
    CLI::App app("Holds the answers of a live target against the mutants of the model.");
    app.add_option("command", r.command, "of the target")->required();
    app.add_option("--left", r.left, "a file with the names of the mutants that are not caught")->required();
    app.add_option("--programs", r.programs, "generated ones")->check(CLI::Range(1, 1'000'000));
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        std::exit(app.exit(e) == 0 ? 0 : 2);
    }
    return r;
}

}  // namespace
}  // namespace tailrace::verify

int main(int argc, char** argv) {
    using namespace tailrace::verify;
    const request r = parse(argc, argv);
    try {
        const std::set<std::string> known = words_of(r.left);
        const target t = make_exec_target({.command = r.command, .patience = std::chrono::seconds(5)});
        const std::vector<suspect> all = hunt(t, r.programs);
        tell_families(all);
        return tell_left(all, known) ? 0 : 1;
    } catch (const std::exception& e) {
        fmt::print(stderr, "tailrace-model-mutants: {}\n", e.what());
        return 2;
    }
}
