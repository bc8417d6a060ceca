// A counterexample as a log for the terminal: the program with the state beside each step.
//
// A program on one thread has one column; of concurrent tasks, each task has its own, in
// the longest prefix of a linearization. After a change here run: ci/test -L proptests -R failure_log
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "program/named_machine.hpp"
#include "report/failure_report.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {
namespace {

// Forty lines: title 2, origin 1, property 1, breaks 2, rows and their two frames 18, last step 4, why 7,
// again 5.
constexpr std::size_t most_lines = 40;
constexpr std::size_t most_rows = 16;
constexpr std::size_t most_because = 4;
constexpr std::size_t most_refused = 3;
constexpr std::size_t most_token_lines = 4;

constexpr std::size_t most_columns = 4;  // of tasks; more of them stand below each other
constexpr std::size_t least_for_state = 40;
constexpr std::size_t least_for_text = 8;
constexpr std::size_t least_stride = 9;

struct row {
    std::string at;  // in front: a number, a mark
    std::size_t column = 0;
    std::string text;
    std::string state;
};

/// Without the capacity, which the title has, and the sender that every channel begins with.
std::string_view short_state(std::string_view state) {
    constexpr std::string_view usual = " | senders s0";
    const std::size_t at = state.find("available");
    if (state.starts_with("max ") && at != state.npos) state.remove_prefix(at);
    if (state.ends_with(usual)) state.remove_suffix(usual.size());
    return state;
}

struct table {
    std::vector<std::string> headings;  // of the columns
    std::vector<row> rows;              // the last ones stay, whatever is cut
};

/// Columns may overlap, as a row has text in one of them; the last ends where the states begin.
struct layout {
    std::size_t width = 0;   // of a text
    std::size_t stride = 0;  // from one column to the next
    std::size_t state = 0;   // where the states begin
};

layout layout_of(const table& t) {
    constexpr std::size_t margin = 6;
    constexpr std::size_t room = report_width - margin - least_for_state;
    const std::size_t others = t.headings.size() - 1;
    layout l;
    for (const row& r : t.rows) l.width = std::max(l.width, r.text.size());
    l.width = std::clamp(l.width, least_for_text, room - others * least_stride);
    if (others > 0) l.stride = std::min(l.width + 2, (room - l.width) / others);
    l.state = margin + others * l.stride + l.width + 2;
    return l;
}

void pad(std::string& line, std::size_t to) {
    if (line.size() < to) line.append(to - line.size(), ' ');
}

std::string to_text(const table& t) {
    const layout l = layout_of(t);
    std::string text = "      ";
    for (std::size_t i = 0; i < t.headings.size(); ++i) {
        pad(text, 6 + i * l.stride);
        text += t.headings[i];
    }
    pad(text, l.state);
    text += "the specification after it\n";
    const std::size_t left_out = t.rows.size() - std::min(t.rows.size(), most_rows);
    if (left_out > 0) text += fmt::format("      ... {} before\n", counted(left_out, "step"));
    for (std::size_t i = left_out; i < t.rows.size(); ++i) {
        const row& r = t.rows[i];
        std::string line = fmt::format("{:>4}  ", r.at);
        pad(line, 6 + r.column * l.stride);
        line += cut(r.text, l.width);
        if (!r.state.empty()) {
            pad(line, l.state);
            line += short_state(r.state);
        }
        text += cut(plain(line), report_width) + '\n';
    }
    return text;
}

// ---- The rows

table rows_of(const sequential_run& run) {
    table t;
    t.headings = {"step"};
    for (std::size_t i = 0; i < run.steps.size(); ++i) {
        const taken_step& s = run.steps[i];
        const bool last = i == run.at;
        t.rows.push_back({fmt::format("{}{}", last ? ">" : "", i + 1), 0,
                          last ? model::to_string(s.step) : model::to_string(model::line{s.step, s.expected, 0}),
                          s.specification});
    }
    return t;
}

std::string recorded(const model::history& h, const model::point& p) {
    const model::event& e = event_at(h, p.at);
    return fmt::format("{} -> {}", subject_of(h, p), answer_of(e));
}

table rows_of(const concurrent_run& run) {
    const model::history& h = run.history;
    const std::size_t tasks = h.tasks.size();
    const bool columns = tasks >= 1 && tasks <= most_columns;
    table t;
    for (std::size_t i = 0; i < tasks && columns; ++i) t.headings.push_back(fmt::format("task {}", i + 1));
    if (t.headings.empty()) t.headings = {"tasks"};
    const auto add = [&](const explained_point& p, std::string at, const std::string& text, std::string_view state) {
        const bool in_task = p.point.at.of == model::place::part::tasks;
        const bool own_column = in_task && columns;
        t.rows.push_back(
            {std::move(at), own_column ? p.point.at.task : 0,
             in_task ? (columns ? text : fmt::format("{}: {}", p.point.at.task + 1, text))
                     : fmt::format("{} {}", p.point.at.of == model::place::part::before ? "before:" : "after:", text),
             std::string(state)});
    };
    std::size_t number = 0;
    for (const explained_point& p : run.order) add(p, std::to_string(++number), to_string(h, p.point), p.specification);
    for (std::size_t i = 0; i < std::min(run.refused.size(), most_refused); ++i)
        add(run.refused[i], ">", recorded(h, run.refused[i].point), "impossible here");
    return t;
}

// ---- The rest

std::string joined(const std::vector<std::string>& all, std::string_view between) {
    return plain(fmt::format("{}", fmt::join(all, between)));
}

/// What is particular to a program on one thread.
std::string last_step(const sequential_run& run) {
    std::string text;
    if (!run.differs.empty()) text += labelled("  differs   ", plain(differing(run)), 1);
    if (!run.notes.empty()) text += labelled("  note      ", joined(run.notes, "; "), 2);
    const std::string& words = run.steps.empty() ? std::string() : run.failing().target;
    if (!words.empty()) text += labelled("  target    ", plain(words), 1);
    return text;
}

std::string last_step(const concurrent_run& run) {
    std::size_t events = run.history.before.size() + run.history.after.size();
    for (const auto& task : run.history.tasks) events += task.size();
    return labelled(
        "  searched  ",
        fmt::format("{} in {}: {}", counted(events, "event"), counted(run.nodes, "node"),
                    run.finding == model::finding::allowed  ? "this order is a linearization; the failure is elsewhere"
                    : run.finding == model::finding::asleep ? "in every linearization a task is left asleep"
                                                            : "no linearization; the longest prefix of one is above"),
        2);
}

std::string why(const std::vector<reason>& all) {
    std::string text;
    const std::size_t shown = std::min(all.size(), most_refused);
    const std::size_t each = shown > 1 ? 1 : most_because;
    for (std::size_t i = 0; i < shown; ++i) {
        const reason& r = all[i];
        text += labelled(i == 0 ? "  why       " : "            ",
                         plain(fmt::format("{}: {} -> {}; legal: {}", r.where, r.invoked, r.got,
                                           r.legal.empty() ? "nothing yet" : joined(r.legal, ", or "))),
                         shown > 1 ? 1 : 2);
        for (std::size_t b = 0; b < std::min(r.because.size(), each); ++b) {
            const bool more = b + 1 == each && r.because.size() > each;
            const std::string rest = more ? fmt::format(" (and {} more)", r.because.size() - each) : std::string();
            text += fmt::format("  because   {}{}\n", cut(plain(r.because[b]), report_width - 12 - rest.size()), rest);
        }
    }
    return text;
}

/// The end of the execution, access by access, as far as there is room. Of plain data and locks only what ended it.
std::string executed(const concurrent_run& run, std::size_t room) {
    std::vector<std::string> lines;
    for (const atomic_access& a : run.accesses) {
        const bool last = &a == &run.accesses.back();
        if (a.order == "-" && !last) continue;
        lines.push_back(cut(plain(fmt::format("task {} step {}  {:<46} {:<7} {}{}", a.task + 1, a.event + 1, a.site,
                                              a.order == "-" ? "" : a.order, a.value, a.stale ? "  STALE VALUE" : "")),
                            report_width - 12));
    }
    if (lines.empty() || room == 0) return {};
    const std::size_t left_out = lines.size() - std::min(lines.size(), room);
    std::string text;
    for (std::size_t i = left_out; i < lines.size(); ++i) {
        text += fmt::format("{}{}\n", i == left_out ? "  executed  " : "            ", lines[i]);
    }
    return text;
}

std::string executed(const sequential_run&, std::size_t) { return {}; }

/// A clause that is broken, with its promise; or the names of several.
std::string broken(const counterexample& c) {
    const model::clause* one = c.clauses.size() == 1 ? model::find_clause(c.clauses.front()) : nullptr;
    if (one != nullptr) return fmt::format("{}: {}", one->name, one->promise);
    return c.clauses.empty() ? "no clause by name" : joined(c.clauses, ", ");
}

/// A recording is run again from its file.
std::string recorded_again(const counterexample& c) {
    const std::string file = c.recorded_at.substr(0, c.recorded_at.rfind(':'));
    const std::string command =
        fmt::format("{} run --engine oracle {} --traces {}", shell_word(c.command),
                    c.option.empty() ? fmt::format("--target {}", shell_word(c.target)) : c.option, shell_word(file));
    if (command.size() > report_width - 12)
        return "  again     the command does not fit here: run --engine oracle on this recording\n";
    return fmt::format("  again     {}\n", plain(command));
}

/// A word that does not fit goes over several lines, which a shell joins.
std::string again(const counterexample& c) {
    if (!has_token(c.engine)) return recorded_again(c);
    const std::string token = token_of(c);
    const std::string program = shell_word(c.command);
    constexpr std::size_t width = report_width - 1;
    std::string command =
        fmt::format("  again     {} replay ", program.size() <= 60 ? program : cut(printable(c.command), 40));
    if (!c.option.empty()) command += fmt::format("\\\n{} ", c.option.size() < width ? c.option : "--target ...");
    if (c.option.empty() && command.size() + token.size() <= report_width) return fmt::format("{}{}\n", command, token);
    if (token.size() > width * most_token_lines)
        return "  again     the token does not fit here: it is on the page, and in token.txt\n";
    std::string text = fmt::format("{}\\\n", command);
    for (std::size_t at = 0; at < token.size(); at += width) {
        text += token.substr(at, width);
        text += at + width < token.size() ? "\\\n" : "\n";
    }
    return text;
}

}  // namespace

std::string to_log(const counterexample& c) {
    std::string text = labelled("",
                                plain(fmt::format("{} fails on {} (capacity {}): {}", model::to_string(c.engine),
                                                  c.target, c.capacity, what_went_wrong(c))),
                                2);
    text += labelled("  from      ", plain(origin_of(c)), 1);
    text += labelled("  property  ", plain(c.property), 1);
    text += labelled("  breaks    ", broken(c), 2);
    text += std::visit([](const auto& run) { return to_text(rows_of(run)) + last_step(run); }, c.run);
    const std::string end = why(reasons(c)) + again(c);
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n') + std::ranges::count(end, '\n'));
    const std::size_t room = most_lines - std::min(lines, most_lines);
    return text + std::visit([&](const auto& run) { return executed(run, room); }, c.run) + end;
}

}  // namespace tailrace::verify
