// A difference on the terminal.
// After a change here run: ctest -L proptests
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "report.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

constexpr std::size_t history_length = 10;

// The longest report has 40 lines: title 2, step 2, expected 3, got 3, differs 2, breaks 2, note 4,
// again 1, history 11, and 5 for each state.
constexpr std::size_t most_for_outcome = 3;
constexpr std::size_t most_for_notes = 4;
constexpr std::size_t most_for_state = 4;

std::string name_of(model::handle h) { return model::to_string(h); }
std::string name_of(model::value_id v) { return fmt::format("v{}", v); }

template <class Element>
std::string missing_from(std::vector<Element> all, std::vector<Element> some) {
    std::ranges::sort(all);
    std::ranges::sort(some);
    std::vector<Element> missing;
    std::ranges::set_difference(all, some, std::back_inserter(missing));
    std::string text;
    for (const Element& e : missing) text += ' ' + name_of(e);
    return text;
}

template <class Element>
std::string list_difference(std::string_view what, const std::vector<Element>& expected,
                            const std::vector<Element>& got) {
    const std::string missing = missing_from(expected, got);
    const std::string extra = missing_from(got, expected);
    if (missing.empty() && extra.empty()) {
        const auto at = std::ranges::mismatch(expected, got);
        return fmt::format("{} (in another order: {} in place {}, expected {})", what,
                           name_of(*at.in2), at.in1 - expected.begin() + 1, name_of(*at.in1));
    }
    return fmt::format("{} ({}{}{}{}{})", what, missing.empty() ? "" : "missing", missing,
                       missing.empty() || extra.empty() ? "" : ", ",
                       extra.empty() ? "" : "not expected", extra);
}

std::string differing(const difference& d) {
    std::string text;
    for (const aspect a : d.differs) {
        if (!text.empty()) text += ", ";
        if (a == aspect::woken) {
            text += list_difference("woken", d.expected.woken, d.got->woken);
        } else if (a == aspect::destroyed) {
            text += list_difference("destroyed", d.expected.destroyed, d.got->destroyed);
        } else {
            text += to_string(a);
        }
    }
    return text;
}

std::string joined(const std::vector<std::string>& notes) {
    std::string text;
    for (const std::string& note : notes) text += (text.empty() ? "" : "; ") + note;
    return text;
}

std::string history(const model::trace& t) {
    const std::size_t last = t.lines.size() - 1;
    if (last == 0) return "  no step before it\n";
    const std::size_t first = last - std::min(last, history_length);
    std::string text = fmt::format("  the {} before it\n", counted(last - first, "step"));
    for (std::size_t i = first; i < last; ++i) {
        text += cut(fmt::format("    {:>6}  {}", t.lines[i].number, model::to_string(t.lines[i])),
                    report_width) +
                '\n';
    }
    return text;
}

}  // namespace

std::string to_text(const difference& d, std::span<const std::string_view> clauses) {
    const model::line& line = d.line();
    const std::string place = fmt::format("{}:{}", printable(d.recorded.file), line.number);
    std::string text = cut(fmt::format("difference on {}, trace {} (capacity {})", d.target,
                                       d.recorded.id, d.recorded.capacity),
                           report_width);
    text += '\n';
    text += "  at        " + cut_front(place, report_width - 12) + '\n';
    text += labelled("  step      ", model::to_string(line), 2);
    text += labelled("  expected  ", model::to_string(d.expected), most_for_outcome);
    text +=
        labelled("  got       ", d.got ? model::to_string(*d.got) : "nothing", most_for_outcome);
    text += labelled("  differs   ", differing(d), 2);
    if (!clauses.empty())
        text += labelled("  breaks    ", fmt::format("{}", fmt::join(clauses, ", ")), 2);
    if (!d.notes.empty()) text += labelled("  note      ", joined(d.notes), most_for_notes);
    // A command is shown whole or not at all.
    if (!d.again.empty() && d.again.size() <= report_width - 12)
        text += "  again     " + d.again + '\n';
    text += history(d.recorded);
    text +=
        "  the specification before the step\n" + labelled("    ", d.specification, most_for_state);
    if (!d.state.empty())
        text += fmt::format("  {} after the step\n", cut(d.target, 60)) +
                labelled("    ", d.state, most_for_state);
    return text;
}

}  // namespace tailrace::verify
