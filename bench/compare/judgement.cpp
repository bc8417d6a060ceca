// Medians, ratios and verdicts.
// After a change here run: ci/test -L bench
#include "compare/judgement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

namespace bench {

namespace {

using json = nlohmann::json;

/// The figures of a row by round and contestant.
using rounds_of_row = std::vector<std::map<std::string, double>>;

rounds_of_row rounds_of(const recording& r, const row& of) {
    rounds_of_row rounds;
    for (const round_entry& entry : r.rounds) {
        if (entry.row != of.id) continue;
        auto& round = rounds.emplace_back();
        for (const sample& s : entry.samples) round.emplace(s.contestant, s.each());
    }
    return rounds;
}

std::vector<double> values_of(const rounds_of_row& rounds, const std::string& contestant) {
    std::vector<double> values;
    for (const auto& round : rounds) {
        if (const auto found = round.find(contestant); found != round.end()) values.push_back(found->second);
    }
    return values;
}

std::optional<double> ratio(const rounds_of_row& rounds, const std::string& of, const std::string& to) {
    std::vector<double> ratios;
    for (const auto& round : rounds) {
        const auto a = round.find(of), b = round.find(to);
        if (a != round.end() && b != round.end() && b->second > 0) ratios.push_back(a->second / b->second);
    }
    if (ratios.empty()) return std::nullopt;
    return spread_of(std::move(ratios)).median;
}

figure figure_of(const recording& r, const row& of, const rounds_of_row& rounds, const contestant_entry& c) {
    figure f{c.name, c.role, standing::measured, "", {}, {}, {}};
    const auto failed = std::ranges::find_if(
        r.failures, [&](const failure_entry& e) { return e.row == of.id && e.contestant == c.name; });
    const std::vector<double> values = values_of(rounds, c.name);
    if (failed != r.failures.end()) {
        f.standing = standing::failed;
        f.why = failed->what;
    } else if (!c.absent.empty()) {
        f.standing = standing::absent;
        f.why = c.absent;
    } else if (std::ranges::find(of.without, c.name) != of.without.end()) {
        f.standing = standing::without;
    } else if (values.empty()) {
        f.standing = standing::absent;
        f.why = "the run ended before";
    } else {
        f.each = spread_of(values);
    }
    return f;
}

verdict judge_row(const target& t, const judged_row& row, const rounds_of_row& rounds) {
    verdict v{row.row->id, t, outcome::open, 0, t.to == "best" ? row.best : t.to, ""};
    const auto is_measured = [&](const std::string& name) {
        return std::ranges::any_of(
            row.figures, [&](const figure& f) { return f.contestant == name && f.standing == standing::measured; });
    };
    std::optional<double> value;
    if (!is_measured(t.contestant)) {
        v.why = fmt::format("{} has no result", t.contestant);
    } else if (t.to.empty()) {
        value = spread_of(values_of(rounds, t.contestant)).median;
    } else if (v.against.empty() || !is_measured(v.against)) {
        v.why = v.against.empty() ? "no peer has a result" : fmt::format("{} has no result", v.against);
    } else {
        value = ratio(rounds, t.contestant, v.against);
        if (!value) v.why = "there is no round with both";
    }
    if (value) {
        v.measured = *value;
        v.outcome = *value <= t.at_most ? outcome::met : outcome::missed;
    }
    return v;
}

judged_row judge_row(const recording& r, const row& of, const std::vector<target>& targets) {
    judged_row out;
    out.row = &of;
    const rounds_of_row rounds = rounds_of(r, of);
    for (const contestant_entry& c : r.contestants) {
        if (c.role == role::floor) {
            if (!values_of(rounds, c.name).empty()) out.line = figure_of(r, of, rounds, c);
        } else if (std::ranges::find(of.contestants, c.name) != of.contestants.end()) {
            out.figures.push_back(figure_of(r, of, rounds, c));
        }
    }
    std::ranges::stable_sort(out.figures, {}, [](const figure& f) {
        return std::pair(f.standing, f.standing == standing::measured ? f.each.median : 0.0);
    });
    for (const figure& f : out.figures) {
        if (f.role != role::peer || f.standing != standing::measured) continue;
        out.best = f.contestant;
        break;
    }
    for (figure& f : out.figures) {
        if (f.standing != standing::measured) continue;
        f.to_tokio = ratio(rounds, f.contestant, "tokio");
        if (!out.best.empty()) f.to_best = ratio(rounds, f.contestant, out.best);
    }
    for (const target& t : targets) {
        if (!t.to.empty() && t.to != "best" && r.find(t.to) == nullptr) continue;  // it was not asked for
        if (t.series.empty() && std::regex_match(of.id, std::regex(t.rows)) &&
            std::ranges::find(of.contestants, t.contestant) != of.contestants.end()) {
            out.verdicts.push_back(judge_row(t, out, rounds));
        }
    }
    return out;
}

/// The largest median of a series by its smallest.
verdict judge_series(const target& t, const judgement& j) {
    verdict v{t.series, t, outcome::open, 0, "", ""};
    std::vector<double> medians;
    for (const judged_row& row : j.rows) {
        if (row.row->series != t.series) continue;
        const auto f = std::ranges::find(row.figures, t.contestant, &figure::contestant);
        if (f == row.figures.end() || f->standing != standing::measured) {
            v.why = fmt::format("{} has no result in '{}'", t.contestant, row.row->id);
            return v;
        }
        medians.push_back(f->each.median);
    }
    if (medians.size() < 2) {
        v.why = "fewer than two rows of it were measured";
        return v;
    }
    v.measured = std::ranges::max(medians) / std::ranges::min(medians);
    v.outcome = v.measured <= t.at_most ? outcome::met : outcome::missed;
    return v;
}

}  // namespace

spread spread_of(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t n = values.size();
    return {values.front(), (values[(n - 1) / 2] + values[n / 2]) / 2, values.back()};
}

std::vector<target> read_targets(std::istream& in, const std::string& name) {
    std::vector<target> targets;
    try {
        const json all = json::parse(in);
        for (const json& j : all.at("targets")) {
            target t;
            t.rows = j.value("rows", "");
            t.series = j.value("series", "");
            t.to = j.value("to", "");
            t.at_most = j.at("at_most");
            if (t.rows.empty() == t.series.empty()) throw bad_input("a target has either rows or a series");
            if (!t.series.empty() && !t.to.empty()) throw bad_input("a target of a series has no ratio");
            [[maybe_unused]] const std::regex valid(t.rows);
            for (const json& c : j.at("contestants")) {
                t.contestant = c;
                targets.push_back(t);
            }
        }
        if (targets.empty()) throw bad_input("there is no target");
    } catch (const json::exception& e) {
        throw bad_input(fmt::format("{}: not a list of targets: {}", name, e.what()));
    } catch (const std::regex_error& e) {
        throw bad_input(fmt::format("{}: not a regular expression: {}", name, e.what()));
    } catch (const bad_input& e) {
        throw bad_input(fmt::format("{}: {}", name, e.what()));
    }
    return targets;
}

judgement judge(const recording& r, const std::vector<target>& targets) {
    judgement j;
    for (const row& of : r.rows) j.rows.push_back(judge_row(r, of, targets));
    for (const target& t : targets) {
        const bool is_there =
            std::ranges::any_of(r.rows, [&](const row& of) { return !t.series.empty() && of.series == t.series; });
        if (is_there) j.of_series.push_back(judge_series(t, j));
    }
    return j;
}

std::vector<const verdict*> judgement::all(outcome o) const {
    std::vector<const verdict*> found;
    const auto take = [&](const std::vector<verdict>& from) {
        for (const verdict& v : from) {
            if (v.outcome == o) found.push_back(&v);
        }
    };
    for (const judged_row& row : rows) take(row.verdicts);
    take(of_series);
    return found;
}

std::string text_of(const target& t) {
    if (!t.series.empty()) return fmt::format("flat within {:g}", t.at_most);
    if (t.to.empty()) return fmt::format("at most {:g}", t.at_most);
    return fmt::format("{:g} of {}", t.at_most, t.to == "best" ? "the best" : t.to);
}

std::string text_of(outcome o) {
    switch (o) {
        case outcome::met: return "met";
        case outcome::missed: return "missed";
        case outcome::open: break;
    }
    return "not judged";
}

}  // namespace bench
