// A counterexample as one HTML page. The data it shows is made here; how it is shown is in page/.
//
// Both kinds of runs become tasks with events, and the points of a linearization: a program on one thread is one task.
// Instants become ranks, as the page has no use for the lengths of times.
// After a change here run: ci/test -L proptests -R failure_html && ci/test -L browser
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "program/named_machine.hpp"
#include "report/failure_report.hpp"
#include "report/page/page.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::ordered_json;
using part = model::place::part;

// What a page holds at most: a program that is shrunk has a hundredth of it.
constexpr std::size_t most_tasks_shown = 16;
constexpr std::size_t most_events = 480;  // in all tasks together
constexpr std::size_t most_accesses = 2'000;
constexpr std::size_t most_reasons = 32;
constexpr std::size_t most_reasons_shown = 60;
constexpr std::size_t long_text = 300;
constexpr std::size_t short_text = 160;
constexpr std::size_t longest_test = 200'000;
constexpr std::size_t longest_command = 100'000;

/// The events of one task that are shown: a run of them.
struct window {
    std::size_t first = 0;
    std::size_t last = 0;  // behind it

    [[nodiscard]] bool holds(std::size_t i) const { return i >= first && i < last; }
};

// ---- Runs on one thread

void add_run(json& page, const sequential_run& run) {
    const std::size_t size = run.steps.size();
    const window w{size - std::min(size, most_events), size};
    json events = json::array();
    for (std::size_t i = w.first; i < w.last; ++i) {
        const taken_step& s = run.steps[i];
        const bool last = i == run.at;
        const std::size_t at = 2 * (i - w.first);
        const std::string got = run.got ? model::to_string(*run.got) : "threw";
        events.push_back({{"label", cut(model::to_string(s.step), short_text)},
                          {"answer", cut(last ? got : model::to_string(s.expected), short_text)},
                          {"from", at},
                          {"to", at + 1},
                          {"waits", false}});
        json point{
            {"lane", 0},
            {"event", i - w.first},
            {"request", false},
            {"text", cut(fmt::format("{} -> {}", model::to_string(s.step), last ? got : model::to_string(s.expected)),
                         long_text)},
            {"state", cut(s.specification, long_text)},
            {"target", cut(s.target, long_text)}};
        page[last ? "refused" : "points"].push_back(std::move(point));
    }
    page["lanes"].push_back({{"name", "program"}, {"events", std::move(events)}});
    if (w.first > 0) page["left_out"].push_back(fmt::format("the first {}", counted(w.first, "step")));
}

// ---- Runs of several tasks

/// Ranks of instants: what was invoked at the instant when something returned overlapped it.
class instants {
  public:
    explicit instants(const model::history& h) : first_(2 * h.before.size()) {
        for (const auto& task : h.tasks) add(task);
        add(h.after);
        if (h.rest != model::never) all_.push_back({h.rest, 2});
        std::ranges::sort(all_);
        const auto repeated = std::ranges::unique(all_);
        all_.erase(repeated.begin(), repeated.end());
    }
    [[nodiscard]] json invoked(model::instant t) const { return rank({t, 0}); }
    [[nodiscard]] json returned(model::instant t) const { return at(t, 1); }
    [[nodiscard]] json rest(model::instant t) const { return at(t, 2); }

  private:
    using key = std::pair<model::instant, int>;

    void add(const std::vector<model::event>& events) {
        for (const model::event& e : events) {
            all_.emplace_back(e.invoked, 0);
            if (e.returned != model::never) all_.emplace_back(e.returned, 1);
        }
    }
    [[nodiscard]] json at(model::instant t, int kind) const {
        return t == model::never ? json() : json(rank({t, kind}));
    }
    [[nodiscard]] std::size_t rank(const key& k) const {
        const auto place = std::ranges::lower_bound(all_, k);
        return first_ + static_cast<std::size_t>(place - all_.begin());
    }

    std::size_t first_;  // those before the tasks come before all others
    std::vector<key> all_;
};

/// The tasks as the page has them: before, the tasks, after; those without events are left out.
class shown_tasks {
  public:
    explicit shown_tasks(const concurrent_run& run);

    [[nodiscard]] json write() const;
    [[nodiscard]] bool has(const model::place& at) const {
        const row* r = find(at);
        return r != nullptr && r->shown.holds(at.index);
    }
    /// The number of the task on the page. Precondition: has(at).
    [[nodiscard]] std::size_t task_of(const model::place& at) const {
        return static_cast<std::size_t>(find(at) - rows_.data());
    }
    [[nodiscard]] std::size_t event_of(const model::place& at) const { return at.index - find(at)->shown.first; }
    [[nodiscard]] std::size_t left_out() const { return left_out_; }
    [[nodiscard]] std::size_t tasks_left_out() const { return tasks_left_out_; }

  private:
    struct row {
        part of;
        std::uint32_t task;
        const std::vector<model::event>* events;
        window shown;
    };
    [[nodiscard]] const row* find(const model::place& at) const {
        const auto same = [&at](const row& r) { return r.of == at.of && (at.of != part::tasks || r.task == at.task); };
        const auto found = std::ranges::find_if(rows_, same);
        return found == rows_.end() ? nullptr : &*found;
    }
    void add(part of, std::uint32_t task, const std::vector<model::event>& events);

    const model::history& history_;
    std::vector<row> rows_;
    std::size_t left_out_ = 0;
    std::size_t tasks_left_out_ = 0;
};

shown_tasks::shown_tasks(const concurrent_run& run) : history_(run.history) {
    const model::history& h = history_;
    add(part::before, 0, h.before);
    for (std::uint32_t i = 0; i < h.tasks.size(); ++i) {
        if (i < most_tasks_shown) {
            add(part::tasks, i, h.tasks[i]);
        } else {
            ++tasks_left_out_;
        }
    }
    add(part::after, 0, h.after);
    // Of long tasks, what lies around the impossible point.
    const std::size_t each = most_events / std::max<std::size_t>(1, rows_.size());
    for (row& r : rows_) {
        const std::size_t size = r.events->size();
        std::size_t reached = 0;
        for (const auto* points : {&run.order, &run.refused})
            for (const explained_point& p : *points)
                if (find(p.point.at) == &r) reached = std::max<std::size_t>(reached, p.point.at.index);
        const std::size_t last = std::min(size, std::max(each, reached + 1 + each / 4));
        r.shown = {last - std::min(last, each), last};
        left_out_ += size - (r.shown.last - r.shown.first);
    }
}

void shown_tasks::add(part of, std::uint32_t task, const std::vector<model::event>& events) {
    if (!events.empty() || of == part::tasks) rows_.push_back({of, task, &events, {}});
}

json shown_tasks::write() const {
    const instants when(history_);
    json tasks = json::array();
    for (const row& r : rows_) {
        json events = json::array();
        for (std::size_t i = r.shown.first; i < r.shown.last; ++i) {
            const model::event& e = (*r.events)[i];
            const bool early = r.of == part::before;
            events.push_back({{"label", cut(model::to_string(e.step), short_text)},
                              {"answer", e.answer || !e.waits ? json(cut(answer_of(e), short_text)) : json()},
                              {"from", early ? json(2 * i) : when.invoked(e.invoked)},
                              {"to", early ? json(2 * i + 1) : when.returned(e.returned)},
                              {"waits", e.waits}});
        }
        tasks.push_back({{"name", r.of == part::before  ? "before"
                                  : r.of == part::after ? "after"
                                                        : fmt::format("task {}", r.task + 1)},
                         {"events", std::move(events)}});
    }
    return tasks;
}

json point_of(const concurrent_run& run, const shown_tasks& tasks, const explained_point& p, bool refused) {
    const model::event& e = event_at(run.history, p.point.at);
    const std::string got = answer_of(e);
    const model::status by_specification = p.point.by_specification.answer.status;
    std::string text = to_string(run.history, p.point);
    if (refused) text = fmt::format("{} -> {}", subject_of(run.history, p.point), got);
    return {{"lane", tasks.task_of(p.point.at)},
            {"event", tasks.event_of(p.point.at)},
            {"request", e.waits && by_specification == model::status::pending && !refused},
            {"text", cut(text, long_text)},
            {"state", cut(p.specification, long_text)},
            {"target", ""}};
}

void add_run(json& page, const concurrent_run& run) {
    const shown_tasks tasks(run);
    page["lanes"] = tasks.write();
    for (const explained_point& p : run.order)
        if (tasks.has(p.point.at)) page["points"].push_back(point_of(run, tasks, p, false));
    for (const explained_point& p : run.refused)
        if (tasks.has(p.point.at)) page["refused"].push_back(point_of(run, tasks, p, true));
    page["rest"] = instants(run.history).rest(run.history.rest);
    for (const atomic_access& a : std::span(run.accesses).first(std::min(run.accesses.size(), most_accesses))) {
        const model::place at{part::tasks, a.task, a.event};
        if (!tasks.has(at)) continue;
        page["accesses"].push_back({{"lane", tasks.task_of(at)},
                                    {"event", tasks.event_of(at)},
                                    {"site", cut(a.site, short_text)},
                                    {"order", cut(a.order, 40)},
                                    {"value", cut(a.value, 40)},
                                    {"stale", a.stale}});
    }
    json& left_out = page["left_out"];
    if (tasks.tasks_left_out() > 0) left_out.push_back(counted(tasks.tasks_left_out(), "task"));
    if (tasks.left_out() > 0) left_out.push_back(counted(tasks.left_out(), "event"));
    if (run.accesses.size() > most_accesses)
        left_out.push_back(counted(run.accesses.size() - most_accesses, "memory access"));
}

// ---- The whole

json clauses_of(const counterexample& c) {
    json all = json::array();
    for (const std::string& name : c.clauses) {
        const model::clause* known = model::find_clause(name);
        all.push_back(
            {{"name", cut(name, short_text)}, {"promise", known == nullptr ? std::string_view() : known->promise}});
        if (all.size() == most_reasons) break;
    }
    return all;
}

json reasons_of(const counterexample& c) {
    json all = json::array();
    for (const reason& r : reasons(c)) {
        json because = json::array();
        for (const std::string& b : r.because) {
            if (because.size() < most_reasons_shown) because.push_back(cut(b, short_text));
        }
        json legal = json::array();
        for (const std::string& l : r.legal) legal.push_back(cut(l, short_text));
        all.push_back({{"where", r.where},
                       {"asked", cut(r.invoked, short_text)},
                       {"got", cut(r.got, long_text)},
                       {"legal", std::move(legal)},
                       {"because", std::move(because)}});
        if (all.size() == most_reasons) break;
    }
    return all;
}

json page_of(const counterexample& c) {
    std::string test = to_regression_test(c);
    json page{{"tool", cut(c.tool, 40)},
              {"engine", model::to_string(c.engine)},
              {"target", cut(c.target, 100)},
              {"what", cut(what_went_wrong(c), long_text)},
              {"property", cut(c.property, long_text)},
              {"origin", cut(origin_of(c), long_text)},
              {"capacity", c.capacity},
              {"clauses", clauses_of(c)},
              {"lanes", json::array()},
              {"points", json::array()},
              {"refused", json::array()},
              {"rest", nullptr},
              {"accesses", json::array()},
              {"left_out", json::array()}};
    std::visit([&page](const auto& run) { add_run(page, run); }, c.run);
    page["reasons"] = reasons_of(c);
    std::string command = replay_command(shell_word(c.command), c.option, token_of(c));
    if (command.size() > longest_command) {
        page["left_out"].push_back("the token, which is in token.txt");
        command = "too long for a page";
    }
    page["command"] = std::move(command);
    if (test.size() > longest_test) {
        page["left_out"].push_back("the test to paste");
        test = "too long for a page\n";
    }
    page["regression"] = std::move(test);
    return page;
}

}  // namespace

std::string to_html(const counterexample& c) {
    return fill(failure_html, {.style = failure_css,
                               .script = std::string(shared_js) + std::string(failure_js),
                               .log = to_log(c),
                               .data = page_of(c)});
}

}  // namespace tailrace::verify
