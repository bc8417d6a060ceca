// The page: what the run was, the ratios to tokio, the targets, the series, each row.
// After a change here run: ci/test -L bench, and look at the page that ci/bench writes
#include "compare/page.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <vector>

#include "compare/table.hpp"

namespace bench {

namespace {

template <class... Args>
void put(std::string& html, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(html), format, std::forward<Args>(args)...);
}

std::string value_of(const recording& r, const std::string& key) {
    const auto found = r.run.find(key);
    return found == r.run.end() ? "not known" : found->second;
}

void put_legend(std::string& html) {
    html += "<div class='legend'>";
    const auto item = [&](const char* shape, const char* what) {
        put(html, "<span><svg viewBox='0 0 14 14' aria-hidden='true'>{}</svg>{}</span>", shape, what);
    };
    item("<g class='mark ours'><circle cx='7' cy='7' r='5'/></g>", "tailrace");
    item("<g class='mark form'><path d='M7 2l5 5 -5 5 -5 -5z'/></g>", "tailrace in another form");
    item("<g class='mark tokio'><circle cx='7' cy='7' r='5'/></g>", "tokio");
    item("<g class='mark peer'><circle cx='7' cy='7' r='5'/></g>", "another channel");
    item("<g class='mark reference'><circle cx='7' cy='7' r='4.5'/></g>", "the reference channel");
    html += "</div>";
}

void put_header(std::string& html, const recording& r, const judgement& j) {
    put(html,
        "<header><h1>tailrace beside other channels</h1><p class='soft'>commit {}, {}, {} form: {} rounds of {}</p>",
        escaped(value_of(r, "commit")), escaped(value_of(r, "date")), escaped(value_of(r, "form")),
        escaped(value_of(r, "rounds")), escaped(value_of(r, "sample")));
    put(html,
        "<div class='counts'><span class='met'><b>{}</b> targets met</span><span class='missed'><b>{}</b> missed</span>"
        "<span class='soft'><b>{}</b> not judged</span>{}</div></header>",
        j.all(outcome::met).size(), j.all(outcome::missed).size(), j.all(outcome::open).size(),
        r.failures.empty() ? "" : fmt::format("<span class='wrong'><b>{}</b> failures</span>", r.failures.size()));
}

void put_overview(std::string& html, const judgement& j) {
    const std::string chart = overview_chart(j);
    if (chart.empty()) return;
    html +=
        "<h2>Time per message, as a ratio to tokio</h2><p class='soft'>Left is faster. The line is tokio, a green bar "
        "a target, a "
        "grey dot the best other channel of the row; point at a mark to see what it is.</p><div class='card wide fit'>";
    put_legend(html);
    html += chart + "</div>";
}

void put_verdicts(std::string& html, const judgement& j) {
    html +=
        "<h2>Targets</h2><div class='card wide'><table><thead><tr><th>row<th>contestant<th>at "
        "most<th>measured<th></tr></thead>"
        "<tbody>";
    for (const outcome o : {outcome::missed, outcome::open, outcome::met}) {
        for (const verdict* v : j.all(o)) {
            std::string measured = o == outcome::open ? escaped(v->why) : number_text(v->measured);
            if (o != outcome::open && v->target.to == "best") measured += " of " + escaped(v->against);
            put(html, "<tr><td>{}<td>{}<td>{}<td>{}<td class='{}'>{}</tr>", escaped(v->where),
                escaped(v->target.contestant), escaped(text_of(v->target)), measured,
                o == outcome::met      ? "met"
                : o == outcome::missed ? "missed"
                                       : "soft",
                text_of(o));
        }
    }
    html += "</tbody></table></div>";
}

void put_series(std::string& html, const judgement& j) {
    const std::vector<std::pair<const char*, const char*>> all = {
        {"capacity", "Cost against capacity: try_send and try_recv on one thread, ns"},
        {"waiting", "Cost against waiting senders: tasks on one thread, capacity 1, ns a message"},
        {"W10", "Hand-offs beside busy threads: ns a hand-off, by the number of busy threads"}};
    std::string charts;
    for (const auto& [name, title] : all) {
        const std::string chart = series_chart(j, name);
        if (!chart.empty()) put(charts, "<figure class='card'><h3>{}</h3>{}</figure>", title, chart);
    }
    if (!charts.empty())
        html += "<h2>What has to stay flat, and busy threads</h2><div class='rows series'>" + charts + "</div>";
}

void put_rows(std::string& html, const judgement& j) {
    html +=
        "<h2>All rows</h2><p class='soft'>Median, and the least and the most of all rounds. The scales are "
        "logarithmic.</p>";
    html += "<div class='rows'>";
    for (const judged_row& row : j.rows) {
        if (!row.row->series.empty()) continue;
        put(html, "<figure class='card'><h3>{}</h3><p class='soft'>{}, {}</p>{}", escaped(row.row->id),
            escaped(row.row->title), row.row->unit, row_chart(row));
        if (row.line) {
            put(html, "<figcaption>A cache line, there and back, in the same rounds: {} ns ({} to {})</figcaption>",
                number_text(row.line->each.median), number_text(row.line->each.least),
                number_text(row.line->each.most));
        }
        std::string without;
        for (const figure& f : row.figures) {
            if (f.standing == standing::without) without += (without.empty() ? "" : ", ") + f.contestant;
        }
        if (!without.empty()) put(html, "<figcaption>Without such a form: {}</figcaption>", escaped(without));
        html += "</figure>";
    }
    html += "</div>";
}

void put_facts(std::string& html, const recording& r, const judgement& j) {
    html += "<h2>The run</h2><div class='card'>";
    for (const std::string& remark : remarks_of(r, j)) put(html, "<p>{}</p>", escaped(remark));
    html += "</div><h2>The contestants</h2><div class='card'><dl>";
    for (const contestant_entry& c : r.contestants) {
        put(html, "<dt>{}<dd>{}{}{}{}", escaped(c.name), escaped(c.about), c.version.empty() ? "" : "; ",
            escaped(c.version),
            c.absent.empty() ? "" : "; <span class='wrong'>not here: " + escaped(c.absent) + "</span>");
    }
    html += "</dl></div>";
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&': safe += "&amp;"; break;
            case '<': safe += "&lt;"; break;
            case '>': safe += "&gt;"; break;
            case '\'': safe += "&#39;"; break;
            case '"': safe += "&quot;"; break;
            default: safe += c;
        }
    }
    return safe;
}

std::string_view look_of(const std::string& contestant, role r) {
    if (contestant == "tailrace") return "ours";
    if (contestant == "tokio") return "tokio";
    return r == role::ours ? "form" : r == role::reference ? "reference" : "peer";
}

std::string page_of(const recording& r, const judgement& j) {
    std::string html =
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' "
        "content='width=device-width, initial-scale=1'><meta name='color-scheme' content='light dark'>"
        "<title>tailrace beside other channels</title><style>";
    html += page_style;
    html += "</style></head><body>";
    put_header(html, r, j);
    html += "<main>";
    put_overview(html, j);
    put_series(html, j);
    put_rows(html, j);
    put_verdicts(html, j);
    put_facts(html, r, j);
    return html +
           "<p class='soft'>bench/README.md says how to read this, and what it does not "
           "show.</p></main></body></html>\n";
}

}  // namespace bench
