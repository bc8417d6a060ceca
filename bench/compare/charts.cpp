// The pictures, as SVG. Values lie on logarithmic scales: the contestants differ by factors.
// After a change here run: ci/test -L bench, and look at the page that ci/bench writes
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "compare/page.hpp"
#include "compare/table.hpp"

namespace bench {

namespace {

template <class... Args>
void put(std::string& svg, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(svg), format, std::forward<Args>(args)...);
}

/// A logarithmic scale from pixel `from` to pixel `to`.
class log_scale {
  public:
    log_scale(double least, double most, double from, double to)
        : least_(std::log10(least)), most_(std::max(std::log10(most), least_ + 0.1)), from_(from), to_(to) {}
    [[nodiscard]] double at(double value) const {
        return from_ + (std::log10(value) - least_) / (most_ - least_) * (to_ - from_);
    }
    /// 1, 10, 100, ... and where there are few of them also 2 and 5, or 2, 3, 5 and 7.
    [[nodiscard]] std::vector<double> ticks() const {
        std::vector<double> found;
        const double decades = most_ - least_;
        const auto digits = decades > 2.5   ? std::vector{1.0}
                            : decades > 0.8 ? std::vector{1.0, 2.0, 5.0}
                                            : std::vector{1.0, 1.5, 2.0, 3.0, 5.0, 7.0};
        for (int power = static_cast<int>(std::floor(least_)); power <= static_cast<int>(std::ceil(most_)); ++power) {
            for (const double digit : digits) {
                const double value = digit * std::pow(10.0, power);
                if (std::log10(value) >= least_ - 1e-9 && std::log10(value) <= most_ + 1e-9) found.push_back(value);
            }
        }
        return found;
    }

  private:
    double least_, most_, from_, to_;
};

/// A round number: 0.05, 20, 1,000.
std::string tick_text(double value) { return value < 100 ? fmt::format("{:g}", value) : number_text(value); }

void put_vertical_grid(std::string& svg, const log_scale& x, double top, double bottom) {
    double free = 0;  // labels do not lie upon each other
    for (const double t : x.ticks()) {
        put(svg, "<line class='grid' x1='{0:.1f}' x2='{0:.1f}' y1='{1:.0f}' y2='{2:.0f}'/>", x.at(t), top, bottom);
        const double half = 4.0 * static_cast<double>(tick_text(t).size());
        if (x.at(t) - half < free) continue;
        free = x.at(t) + half;
        put(svg, "<text class='tick' x='{:.1f}' y='{:.0f}' text-anchor='middle'>{}</text>", x.at(t), bottom + 14,
            tick_text(t));
    }
}

void put_mark(std::string& svg, std::string_view look, double x, double y, const std::string& title) {
    put(svg, "<g class='mark {}'><title>{}</title>", look, escaped(title));
    if (look == "form") {
        put(svg, "<path d='M{:.1f} {:.1f}l5 5 -5 5 -5 -5z'/>", x, y - 5);
    } else {
        put(svg, "<circle cx='{:.1f}' cy='{:.1f}' r='4.5'/>", x, y);
    }
    svg += "</g>";
}

std::string start(double width, double height, const std::string& label) {
    return fmt::format(
        "<svg viewBox='0 0 {0:.0f} {1:.0f}' width='{0:.0f}' height='{1:.0f}' role='img' aria-label='{2}'>", width,
        height, escaped(label));
}

/// "tailrace 0.46, the best crossbeam 0.03"
std::string ratios_of(const judged_row& row) {
    std::string text;
    for (const figure& f : row.figures) {
        if (f.contestant == "tailrace" && f.to_tokio) text = "tailrace " + number_text(*f.to_tokio);
    }
    for (const figure& f : row.figures) {
        if (f.contestant != row.best || !f.to_tokio) continue;
        text += (text.empty() ? "" : ", ") + fmt::format("the best: {} {}", f.contestant, number_text(*f.to_tokio));
    }
    return text;
}

}  // namespace

std::string overview_chart(const judgement& j) {
    std::vector<const judged_row*> rows;
    double least = 0.5, most = 2;
    for (const judged_row& row : j.rows) {
        if (row.row->unit != "ns" || !row.row->series.empty()) continue;
        bool has = false;
        for (const figure& f : row.figures) {
            if (!f.to_tokio || (f.role != role::ours && f.contestant != row.best)) continue;
            has = has || f.role == role::ours;
            least = std::min(least, *f.to_tokio);
            most = std::max(most, *f.to_tokio);
        }
        if (has) rows.push_back(&row);
    }
    if (rows.empty()) return "";
    constexpr double width = 1180, left = 150, right = 320, step = 24, top = 12;
    const double bottom = top + step * static_cast<double>(rows.size());
    const log_scale x(least / 1.15, most * 1.15, left, width - right);
    std::string svg = start(width, bottom + 24, "ratio to tokio, by row");
    put_vertical_grid(svg, x, top, bottom);
    put(svg, "<line class='one' x1='{0:.1f}' x2='{0:.1f}' y1='{1:.0f}' y2='{2:.0f}'/>", x.at(1), top, bottom);
    double y = top + step / 2;
    for (const judged_row* row : rows) {
        put(svg, "<text class='name' x='{:.0f}' y='{:.1f}' text-anchor='end'>{}</text>", left - 10, y + 4,
            escaped(row->row->id));
        put(svg, "<line class='rail' x1='{:.0f}' x2='{:.0f}' y1='{:.1f}' y2='{:.1f}'/>", left, width - right, y, y);
        put(svg, "<text class='value peer' x='{:.0f}' y='{:.1f}'>{}</text>", width - right + 16, y + 4,
            escaped(ratios_of(*row)));
        for (const verdict& v : row->verdicts) {
            if (v.target.to != "tokio" || v.target.at_most >= 1) continue;
            put(svg, "<g class='goal'><title>{}: {}</title><path d='M{:.1f} {:.1f}v16'/></g>",
                escaped(v.target.contestant), escaped(text_of(v.target)), x.at(v.target.at_most), y - 8);
        }
        const auto put_figure = [&](const figure& f, std::string_view look) {
            if (!f.to_tokio) return;
            put_mark(svg, look, x.at(*f.to_tokio), y,
                     fmt::format("{}: {} of tokio, {} ns", f.contestant, number_text(*f.to_tokio),
                                 number_text(f.each.median)));
        };
        for (const figure& f : row->figures) {
            if (f.contestant == row->best && f.contestant != "tokio") put_figure(f, "peer");
        }
        for (const figure& f : row->figures) {
            if (f.role == role::ours && f.contestant != "tailrace") put_figure(f, "form");
        }
        for (const figure& f : row->figures) {
            if (f.contestant == "tailrace") put_figure(f, "ours");
        }
        y += step;
    }
    return svg + "</svg>";
}

std::string row_chart(const judged_row& row) {
    constexpr double width = 440, left = 132, right = 86, step = 20, top = 6;
    double least = 1e300, most = 0;
    for (const figure& f : row.figures) {
        if (f.standing != standing::measured || f.each.least <= 0) continue;
        least = std::min(least, f.each.least);
        most = std::max(most, f.each.most);
    }
    const bool nothing = most <= 0;
    const log_scale x(nothing ? 1 : least / 1.1, nothing ? 10 : most * 1.1, left, width - right);
    const auto drawn =
        std::ranges::count_if(row.figures, [](const figure& f) { return f.standing != standing::without; });
    const double bottom = top + step * static_cast<double>(drawn);
    std::string svg = start(width, bottom + 22, row.row->id);
    put_vertical_grid(svg, x, top, bottom);
    double y = top + step / 2;
    for (const figure& f : row.figures) {
        if (f.standing == standing::without) continue;
        const std::string_view look = look_of(f.contestant, f.role);
        put(svg, "<text class='name {}' x='{:.0f}' y='{:.1f}' text-anchor='end'>{}</text>", look, left - 10, y + 4,
            escaped(f.contestant));
        if (f.standing == standing::measured) {
            if (f.each.least > 0) {
                put(svg, "<line class='spread {}' x1='{:.1f}' x2='{:.1f}' y1='{:.1f}' y2='{:.1f}'/>", look,
                    x.at(f.each.least), x.at(f.each.most), y, y);
                put_mark(svg, look, x.at(f.each.median), y,
                         fmt::format("{}: {} to {} {}", f.contestant, number_text(f.each.least),
                                     number_text(f.each.most), row.row->unit));
            }
            put(svg, "<text class='value {}' x='{:.0f}' y='{:.1f}' text-anchor='end'>{}</text>", look, width - 4, y + 4,
                number_text(f.each.median));
        } else {
            const bool failed = f.standing == standing::failed;
            put(svg, "<text class='value {}' x='{:.0f}' y='{:.1f}' text-anchor='end'><title>{}</title>{}</text>",
                failed ? "wrong" : "peer", width - 4, y + 4, escaped(absence_of(f)), failed ? "FAILED" : "not here");
        }
        y += step;
    }
    return svg + "</svg>";
}

std::string series_chart(const judgement& j, const std::string& series) {
    struct line {
        std::string_view look;
        std::vector<std::pair<double, double>> points;
        double label = 0;
    };
    std::map<std::string, line> lines;
    double least = 1e300, most = 0, first = 1e300, last = 0;
    for (const judged_row& row : j.rows) {
        if (row.row->series != series) continue;
        for (const figure& f : row.figures) {
            if (f.standing != standing::measured || f.each.median <= 0) continue;
            auto& l = lines[f.contestant];
            l.look = look_of(f.contestant, f.role);
            l.points.emplace_back(row.row->x, f.each.median);
            least = std::min(least, f.each.median);
            most = std::max(most, f.each.median);
            first = std::min(first, row.row->x);
            last = std::max(last, row.row->x);
        }
    }
    if (lines.empty() || first == last) return "";
    constexpr double width = 620, left = 70, right = 150, top = 10;
    const double height = std::max(330.0, 16.0 * static_cast<double>(lines.size()) + 170), bottom = height - 26;
    const log_scale y(least / 1.2, most * 1.2, bottom, top);
    const bool counts = first == 0;  // a scale of 0, 1, 2, ... is not logarithmic
    const log_scale log_x(std::max(first, 1.0), last, left, width - right);
    const auto x = [&](double value) {
        return counts ? left + (value - first) / (last - first) * (width - right - left) : log_x.at(value);
    };
    std::string svg = start(width, height, series);
    for (const double t : y.ticks()) {
        put(svg, "<line class='grid' x1='{:.0f}' x2='{:.0f}' y1='{:.1f}' y2='{:.1f}'/>", left, width - right, y.at(t),
            y.at(t));
        put(svg, "<text class='tick' x='{:.0f}' y='{:.1f}' text-anchor='end'>{}</text>", left - 8, y.at(t) + 4,
            tick_text(t));
    }
    for (const auto& [value, unused] :
         std::ranges::max_element(lines, {}, [](const auto& l) { return l.second.points.size(); })->second.points) {
        put(svg, "<text class='tick' x='{:.1f}' y='{:.0f}' text-anchor='middle'>{}</text>", x(value), bottom + 16,
            tick_text(value));
    }
    std::vector<std::pair<std::string, line*>> order;
    for (auto& [name, l] : lines) {
        l.label = y.at(l.points.back().second);
        order.emplace_back(name, &l);
    }
    std::ranges::sort(order, {}, [](const auto& o) { return o.second->label; });
    double free = top;  // labels do not lie upon each other
    for (auto& [name, l] : order) {
        l->label = std::max(l->label, free);
        free = l->label + 14;
    }
    for (double limit = bottom + 4; auto& [name, l] : order | std::views::reverse) {
        l->label = std::min(l->label, limit);
        limit = l->label - 14;
    }
    for (const auto& [name, l] : order) {
        std::string path;
        for (const auto& [px, py] : l->points) put(path, "{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x(px), y.at(py));
        put(svg, "<path class='line {}' d='{}'/>", l->look, path);
        for (const auto& [px, py] : l->points) {
            put_mark(svg, l->look, x(px), y.at(py),
                     fmt::format("{} at {}: {} ns", name, tick_text(px), number_text(py)));
        }
        put(svg, "<path class='lead {}' d='M{:.1f} {:.1f}L{:.1f} {:.1f}'/>", l->look, x(l->points.back().first) + 6,
            y.at(l->points.back().second), width - right + 16, l->label);
        put(svg, "<text class='name {}' x='{:.0f}' y='{:.1f}'>{}</text>", l->look, width - right + 20, l->label + 4,
            escaped(name));
    }
    return svg + "</svg>";
}

}  // namespace bench
