// The table of a recording, as text.
// After a change here run: ci/test -L bench
#include "compare/table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace bench {

namespace {

std::string ratio_text(const std::optional<double>& ratio) { return ratio ? number_text(*ratio) : ""; }

std::string verdicts_of(const judged_row& row, const std::string& contestant) {
    std::string text;
    for (const verdict& v : row.verdicts) {
        if (v.target.contestant != contestant) continue;
        if (!text.empty()) text += "; ";
        text += fmt::format("{}: {}", text_of(v.target), text_of(v.outcome));
    }
    return text;
}

void add_row(std::string& text, const judged_row& row) {
    fmt::format_to(std::back_inserter(text), "\n{}: {} ({})\n", row.row->id, row.row->title, row.row->unit);
    fmt::format_to(std::back_inserter(text), "  {:<20} {:>9}  {:<21} {:>8} {:>8}  {}\n", "contestant", "median",
                   "least to most", "to tokio", "to best", "target");
    for (const figure& f : row.figures) {
        if (f.standing != standing::measured) {
            fmt::format_to(std::back_inserter(text), "  {:<20} {:>9}  {}\n", f.contestant, "-",
                           f.standing == standing::without ? "" : absence_of(f));
            continue;
        }
        std::string line =
            fmt::format("  {:<20} {:>9}  {:<21} {:>8} {:>8}  {}", f.contestant, number_text(f.each.median),
                        number_text(f.each.least) + " to " + number_text(f.each.most), ratio_text(f.to_tokio),
                        ratio_text(f.to_best), verdicts_of(row, f.contestant));
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    if (row.line) {
        fmt::format_to(std::back_inserter(text), "  {:<20} {:>9}  {} to {}, there and back, in the same rounds\n",
                       "[a cache line]", number_text(row.line->each.median), number_text(row.line->each.least),
                       number_text(row.line->each.most));
    }
}

void add_verdicts(std::string& text, const judgement& j, outcome o, const char* heading) {
    const auto all = j.all(o);
    if (all.empty()) return;
    fmt::format_to(std::back_inserter(text), "\n{}\n", heading);
    for (const verdict* v : all) {
        std::string found = v->why;
        if (v->outcome != outcome::open) {
            found = number_text(v->measured);
            if (v->target.to == "best") found += " (" + v->against + ")";
        }
        fmt::format_to(std::back_inserter(text), "  {:<28} {:<20} {:<22} {}\n", v->where, v->target.contestant,
                       text_of(v->target), found);
    }
}

}  // namespace

std::string number_text(double value) {
    if (value == 0) return "0";
    if (value < 0.1) return fmt::format("{:.3f}", value);
    if (value < 10) return fmt::format("{:.2f}", value);
    if (value < 100) return fmt::format("{:.1f}", value);
    std::string digits = fmt::format("{:.0f}", value);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

std::string absence_of(const figure& f) {
    switch (f.standing) {
        case standing::failed: return "FAILED: " + f.why;
        case standing::absent: return "not here: " + f.why;
        case standing::without: return "has no such form";
        case standing::measured: break;
    }
    return "";
}

std::vector<std::string> remarks_of(const recording& r, const judgement& j) {
    std::vector<std::string> remarks;
    for (const auto& [key, value] : r.run) remarks.push_back(fmt::format("{}: {}", key, value));
    for (const auto& [key, value] : r.end) remarks.push_back(fmt::format("{} at the end: {}", key, value));
    if (r.end.empty()) remarks.push_back("The run was ended before all rows were measured.");
    for (const contestant_entry& c : r.contestants) {
        if (!c.absent.empty()) remarks.push_back(fmt::format("{} is not here: {}", c.name, c.absent));
    }
    for (const failure_entry& f : r.failures) {
        remarks.push_back(fmt::format("{} FAILED in {}: {}", f.contestant, f.row, f.what));
    }
    std::string moved;
    for (const judged_row& row : j.rows) {
        if (row.line && row.line->each.most > 1.5 * row.line->each.least) {
            moved += (moved.empty() ? "" : ", ") + row.row->id;
        }
    }
    if (!moved.empty()) {
        remarks.push_back("The time of a cache line moved by more than half while these rows were measured: " + moved);
    }
    return remarks;
}

std::string table_of(const recording& r, const judgement& j) {
    std::string text;
    for (const judged_row& row : j.rows) add_row(text, row);
    add_verdicts(text, j, outcome::missed, "Targets that are missed");
    add_verdicts(text, j, outcome::open, "Targets that are not judged");
    fmt::format_to(std::back_inserter(text), "\n{} targets met, {} missed, {} not judged\n\n",
                   j.all(outcome::met).size(), j.all(outcome::missed).size(), j.all(outcome::open).size());
    for (const std::string& remark : remarks_of(r, j)) text += remark + '\n';
    text.erase(0, 1);
    return text;
}

}  // namespace bench
