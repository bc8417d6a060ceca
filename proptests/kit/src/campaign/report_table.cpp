// The table of clauses, and the summary lines below it.
// After a change here run: ci/test -L proptests
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "campaign/report.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Of each engine on each target.
constexpr std::size_t shown_in_full = 5;
constexpr std::size_t least_for_evidence = 24;

struct columns {
    std::size_t clause;
    std::vector<std::size_t> targets;
    std::size_t evidence;
};

columns layout(const campaign& c) {
    columns w{std::string_view("clause").size(), {}, 0};
    for (const model::clause* clause : c.clauses) w.clause = std::max(w.clause, clause->name.size());
    std::size_t used = w.clause + 2;
    for (const target* t : c.targets) {
        w.targets.push_back(std::max<std::size_t>(t->name.size(), to_string(verdict::skipped).size()));
        used += w.targets.back() + 2;
    }
    w.evidence = std::max(report_width - std::min(report_width, used), least_for_evidence);
    return w;
}

const evidence_item* find_unit(const judgement& j, std::string_view unit) {
    const auto at = std::ranges::find(j.evidence, unit, &evidence_item::unit);
    return at == j.evidence.end() ? nullptr : &*at;
}

/// `57 traces, first core-0.trace:612`; where the targets differ, `57/20 traces, ...`, in the order
/// of their columns.
std::string evidence_of(const std::vector<judgement>& row, const evidence_item& shown, bool with_place) {
    std::string counts;
    bool same = true;
    for (const judgement& j : row) {
        const evidence_item* e = find_unit(j, shown.unit);
        const std::uint64_t count = e == nullptr ? 0 : e->count;
        same = same && count == shown.count;
        counts += (counts.empty() ? "" : "/") + grouped(count);
    }
    std::string text = same ? counted(shown.count, shown.unit) : fmt::format("{} {}", counts, plural(shown.unit));
    if (with_place && !shown.first.empty()) text += ", first " + shown.first;
    return text;
}

/// What stands beside the verdicts: the evidence, and why there is none where there is none.
std::string remarks(const std::vector<judgement>& row, bool with_places) {
    std::vector<std::string> parts;
    std::vector<std::string_view> units;
    const auto add = [&parts](std::string part) {
        if (std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
    };
    for (const judgement& j : row) {
        if (j.is == verdict::fail) add("at " + cut_front(printable(j.why), 60));
    }
    // Of several engines' evidence the first will do, unless it leaves out a target.
    for (const judgement& j : row) {
        if (std::ranges::any_of(units, [&j](std::string_view unit) { return find_unit(j, unit) != nullptr; })) continue;
        if (j.evidence.empty()) continue;
        units.push_back(j.evidence.front().unit);
        add(evidence_of(row, j.evidence.front(), with_places));
    }
    for (const judgement& j : row) {
        if (j.is == verdict::skipped || j.is == verdict::waits) add(j.why);
    }
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string heading(const campaign& c, const columns& w) {
    std::string text = fmt::format("{:<{}}", "clause", w.clause);
    for (std::size_t i = 0; i < c.targets.size(); ++i)
        text += fmt::format("  {:<{}}", c.targets[i]->name, w.targets[i]);
    return text + (c.targets.size() > 1 ? "  evidence (a/b: of one target/the other)\n" : "  evidence\n");
}

std::string totals(const campaign& c) {
    std::string text;
    for (std::size_t t = 0; t < c.targets.size(); ++t) {
        std::array<std::size_t, 4> count{};
        for (const std::vector<judgement>& row : c.judgements) ++count[static_cast<std::size_t>(row[t].is)];
        std::uint64_t beside = 0;
        for (const engine_report& r : c.reports) {
            if (r.target == c.targets[t]->name) beside += failures_beside(r, c.clauses);
        }
        const std::string more = beside == 0
                                     ? ""
                                     : fmt::format(" and {} that {} no clause by name", counted(beside, "failure"),
                                                   beside == 1 ? "breaks" : "break");
        text += labelled("",
                         fmt::format("{}  {}: {} pass, {} FAIL{}, {} skipped, {} wait for an engine",
                                     counted(c.clauses.size(), "clause"), c.targets[t]->name, count[0], count[1], more,
                                     count[2], count[3]),
                         2);
    }
    return text;
}

/// Clauses that need a row: if all were asked for, those that were tested on no target are counted instead.
bool has_row(const campaign& c, const std::vector<judgement>& row) {
    return c.clauses.size() < model::clauses().size() ||
           std::ranges::any_of(row, [](const judgement& j) { return j.is == verdict::pass || j.is == verdict::fail; });
}

/// "skipped (no capability weak): 13 clauses", "waits for tests: 2 clauses"
std::string folded(const campaign& c) {
    std::map<std::string, std::uint64_t> count;
    for (const std::vector<judgement>& row : c.judgements) {
        if (has_row(c, row)) continue;
        const bool skipped = std::ranges::all_of(row, [](const judgement& j) { return j.is == verdict::skipped; });
        const std::string why = remarks(row, false);
        ++count[skipped ? fmt::format("skipped ({})", why) : why];
    }
    std::string text;
    for (const auto& [why, clauses] : count)
        text += labelled("", fmt::format("{}: {}", why, counted(clauses, "clause")), 2);
    if (!text.empty()) text += "--clause shows them one by one\n";
    return text.empty() ? text : '\n' + text;
}

/// Merged reports may hold anything, and a terminal obeys some of it.
std::string printable_lines(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f); }, '?');
    return text;
}

}  // namespace

std::string to_table(const campaign& c) {
    const columns w = layout(c);
    std::string text = heading(c, w);
    for (std::size_t i = 0; i < c.clauses.size(); ++i) {
        const std::vector<judgement>& row = c.judgements[i];
        if (!has_row(c, row)) continue;
        std::string line = fmt::format("{:<{}}", c.clauses[i]->name, w.clause);
        for (std::size_t t = 0; t < row.size(); ++t)
            line += fmt::format("  {:<{}}", to_string(row[t].is), w.targets[t]);
        const std::string all = remarks(row, true);
        const std::string less = remarks(row, false);
        const bool fits = all.size() <= w.evidence || less.size() > w.evidence;
        for (const std::string& part : wrap(fits ? all : less, w.evidence, 4)) {
            text += fmt::format("{}  {}\n", line, part);
            line.assign(line.size(), ' ');
        }
    }
    return text + folded(c) + '\n' + totals(c);
}

std::string to_summary(const campaign& c) {
    std::string text;
    for (const engine_report& r : c.reports) {
        text += labelled(fmt::format("{}  {}: ", r.engine, r.target), r.summary, 3);
        if (r.skipped.empty()) continue;
        std::string skipped;
        std::uint64_t all = 0;
        for (const auto& [name, count] : r.skipped) {
            skipped += fmt::format("{}{} {}", skipped.empty() ? "" : ", ", name, grouped(count));
            all += count;
        }
        text += labelled("        ",
                         fmt::format("skipped {}, by missing capability: {}", counted(all, r.unit), skipped), 3);
    }
    if (!c.record) return text;
    const run_record& r = *c.record;
    text += labelled("\nrun       ",
                     fmt::format("{}, {}.{} s, on {}", r.date, grouped(r.milliseconds / 1'000),
                                 r.milliseconds / 100 % 10, printable(r.machine)),
                     2);
    text += labelled("built by  ", printable(r.compiler), 1);
    return text + labelled("command   ", printable(r.command), 3);
}

std::string to_text(const campaign& c) {
    std::string text;
    for (const engine_report& r : c.reports) {
        for (std::size_t i = 0; i < std::min(r.failures.size(), shown_in_full); ++i) {
            const failure& f = r.failures[i];
            text += printable_lines(f.text);
            if (f.times > 1)
                text +=
                    fmt::format("  found     {} times: other programs became this smallest one\n", grouped(f.times));
            text += '\n';
        }
        if (r.failures.size() > shown_in_full) {
            text += fmt::format("... and {} more on {}\n\n", grouped(r.failures.size() - shown_in_full), r.target);
        }
    }
    text += to_table(c) + '\n' + to_summary(c);
    for (const engine_report& r : c.reports) text += printable_lines(to_meetings(r));
    return text;
}

}  // namespace tailrace::verify
