// Talks to the simulator in the lines of relacy/explorer/explore_lines.cpp.
// After a change here run: ci/test -L proptests -R interleavings
#include "engine/simulator.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "support/text_layout.hpp"
#include "tailrace/model/happens_before.hpp"
#include "tailrace/model/text.hpp"
#include "tailrace/model/words.hpp"

namespace tailrace::verify {
namespace {

using model::event;
using model::step;
using model::words;

std::string request(const std::string& target, const concurrent_program& p, const interleavings_options& o, bool show) {
    // The same executions of a program whatever it was generated from, or a token could not repeat what was found.
    constexpr unsigned seed = 1;
    std::string text = fmt::format("explore {} capacity {} random {} stall {} seed {} switches {} bound {} show {}\n",
                                   target, p.capacity, o.random_executions, o.stall_executions, seed, o.preemptions,
                                   o.bound_executions, show ? 1 : 0);
    for (const step& s : p.before) text += fmt::format("before {}\n", model::to_string(s));
    for (const auto& task : p.tasks) {
        text += "task\n";
        for (const task_step& t : task) {
            text += fmt::format("step {} {} {}\n", t.waits ? 1 : 0, t.step.operation, model::to_string(t.step));
        }
    }
    return text + "go\n";
}

/// The answer in `... -> answer`; nothing if there is none.
std::optional<model::answer> answer_of(const step& s, std::string_view text) {
    if (text.empty()) return std::nullopt;
    return model::parse_line(fmt::format("{} -> {}", model::to_string(s), text), "an answer").expected.answer;
}

/// What the lines `event` and `after` say.
class history_reader {
  public:
    explicit history_reader(const concurrent_program& p) : program_(p) {
        history_.events.capacity = p.capacity;
        history_.events.tasks.resize(p.tasks.size());
        history_.first.resize(p.tasks.size());
    }

    /// `before 0 -> ok`, `0 1 3 6 0 2 -> ok`
    void event_line(std::string_view line) {
        const std::size_t arrow = line.find("-> ");
        if (arrow == line.npos) throw std::runtime_error("an event without an answer");
        words w(line.substr(0, arrow));
        const std::string_view answered = line.substr(arrow + 3);
        if (line.starts_with("before")) {
            (void)w.next();
            const step& s = program_.before.at(w.number());
            history_.events.before.push_back({s, false, answer_of(s, answered), 0, 0});
            return;
        }
        const std::size_t task = w.number();
        const task_step& t = program_.tasks.at(task).at(w.number());
        event e{t.step, t.waits, answer_of(t.step, answered), 0, model::never};
        e.invoked = w.number();
        const model::instant ended = w.number();
        last_ = std::max({last_, e.invoked, ended});
        if (e.answer) e.returned = ended;
        std::vector<std::uint32_t> row;
        for (std::size_t k = 0; k < program_.tasks.size(); ++k) row.push_back(static_cast<std::uint32_t>(w.number()));
        history_.events.tasks.at(task).push_back(std::move(e));
        history_.first.at(task).push_back(std::move(row));
    }
    /// `0 2 1`
    void ended_line(std::string_view line) {
        words w(line);
        const std::size_t task = w.number();
        std::vector<std::uint32_t> row;
        for (std::size_t k = 0; k < program_.tasks.size(); ++k) row.push_back(static_cast<std::uint32_t>(w.number()));
        history_.first.at(task).push_back(std::move(row));
    }
    void after_line(std::string_view line) {
        model::line l = model::parse_line(line, "an answer");
        after_.push_back({l.step, false, std::move(l.expected.answer), 0, 0});
    }

    void rested() { rested_ = true; }

    [[nodiscard]] partial_history take() && {
        model::instant now = last_ + 1;
        if (rested_) history_.events.rest = now;
        for (event& e : after_) {
            e.invoked = ++now;
            e.returned = ++now;
        }
        history_.events.after = std::move(after_);
        return std::move(history_);
    }

  private:
    const concurrent_program& program_;
    partial_history history_;
    std::vector<event> after_;
    model::instant last_ = 0;
    bool rested_ = false;  // otherwise it failed in the middle
};

atomic_access access_of(std::string_view line) {
    words w(line);
    atomic_access a;
    a.task = static_cast<std::uint32_t>(w.number());
    a.event = static_cast<std::uint32_t>(w.number());
    a.stale = w.number() != 0;
    a.order = w.next();
    const std::string_view rest = w.rest();
    const std::size_t end = std::min(rest.find("; "), rest.size());
    a.value = rest.substr(0, end);
    a.site = rest.substr(std::min(end + 2, rest.size()));
    return a;
}

}  // namespace

std::string find_simulator() {
    namespace fs = std::filesystem;
    if (const char* named = std::getenv("TAILRACE_INTERLEAVINGS"); named != nullptr) return named;
    std::error_code ignored;
    const fs::path here = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& p : {here / "tailrace-interleavings", here / "../../relacy/tailrace-interleavings",
                              here / "../libexec/tailrace/tailrace-interleavings"}) {
        if (fs::is_regular_file(p, ignored)) return p.string();
    }
    return {};
}

simulator::simulator(std::string program) : program_(std::move(program)) { start(); }

void simulator::start() { with_ = std::make_unique<dialogue>("exec \"$0\"", program_); }

std::string simulator::start_again() {
    constexpr std::chrono::seconds awhile{5};  // its output has ended
    const std::optional<int> status = with_->wait(dialogue::clock::now() + awhile);
    if (status && was_not_there(*status)) throw std::runtime_error(fmt::format("cannot run '{}'", program_));
    std::string how = status ? how_it_ended(*status) : "it closed its output, and goes on";
    if (!with_->errors().empty()) how += fmt::format("; it wrote: {}", printable(with_->errors()));
    start();
    return how;
}

std::optional<std::string> simulator::read_line(const std::function<bool()>& over) {
    using enum dialogue::heard;
    constexpr std::chrono::milliseconds between_looks{50};
    std::string text;
    for (;;) {
        switch (with_->listen(text, dialogue::clock::now() + between_looks)) {
            case line: return text;
            case end: return std::nullopt;
            case too_long: throw std::runtime_error("expected an answer, found a line that is too long");
            case nothing:
                if (over && over()) return std::nullopt;
        }
    }
}

namespace {

/// Reads everything that the simulator reports about one program.
class answer_reader {
  public:
    answer_reader(const concurrent_program& p, unsigned preemptions) : program_(p), preemptions_(preemptions) {}

    /// True at the end.
    bool line(std::string_view text) {
        words w(text);
        const std::string_view what = w.next();
        if (what == "refused") throw std::runtime_error(std::string(w.rest()));
        if (what == "done") {
            counts(w);
        } else if (what == "failed") {
            by_history_ = w.next() == "history";
            counts(w);
            failed_ = true;
        } else if (what == "what") {
            if (!by_history_) failure_.problem = w.rest();
            history_.emplace(program_);
        } else if (what == "history") {
            finish_history();
            history_.emplace(program_);
        } else if (what == "event" && history_) {
            history_->event_line(w.rest());
        } else if (what == "ended" && history_) {
            history_->ended_line(w.rest());
        } else if (what == "rested" && history_) {
            history_->rested();
        } else if (what == "after" && history_) {
            history_->after_line(w.rest());
        } else if (what == "access") {
            failure_.accesses.push_back(access_of(w.rest()));
        } else if (what == "end") {
            return true;
        } else {
            throw std::runtime_error(fmt::format("expected an answer, found '{}'", text));
        }
        return false;
    }

    [[nodiscard]] exploration take() && {
        if (!failed_) {
            finish_history();
            return std::move(result_);
        }
        return std::move(*this).fail_with(std::move(failure_.problem));
    }
    /// What went wrong, if the failure is not in the history.
    [[nodiscard]] exploration fail_with(std::string problem) && {
        if (!history_) history_.emplace(program_);
        failure_.problem = std::move(problem);
        failure_.history = std::move(*history_).take();
        failure_.verdict = failure_.history.judge();
        if (by_history_ && failure_.verdict.is == model::finding::allowed) {
            model::order_check orders = model::check_orders(failure_.history.events, failure_.history.first);
            failure_.clause = orders.broken;
            failure_.problem = std::move(orders.missing);
        }
        failure_.executions = result_.executions;
        failure_.smallest = failure_.found = program_;
        result_.failure = std::move(failure_);
        return std::move(result_);
    }

  private:
    void counts(words& w) {
        w.expect("executions");
        result_.executions = w.number();
        w.expect("stalled");
        result_.stalled = w.number();
        w.expect("histories");
        result_.histories = w.number();
        w.expect("unknown");
        result_.unknown = w.number();
        w.expect("complete");
        result_.complete = w.next() == std::to_string(preemptions_);
        w.expect("microseconds");
        result_.microseconds = w.number();
    }
    void finish_history() {
        if (history_) result_.all.push_back(std::move(*history_).take());
        history_.reset();
    }

    const concurrent_program& program_;
    unsigned preemptions_;
    exploration result_;
    interleavings_failure failure_;
    std::optional<history_reader> history_;
    bool failed_ = false;
    bool by_history_ = false;
};

}  // namespace

exploration simulator::explore(const std::string& target, const concurrent_program& p,
                               const interleavings_options& options, bool show_histories) try {
    with_->say(request(target, p, options, show_histories));
    answer_reader answer(p, options.preemptions);
    while (const std::optional<std::string> line = read_line(options.over)) {
        if (answer.line(*line)) return std::move(answer).take();
    }
    if (options.over && options.over()) {
        start();
        exploration e;
        e.cut = true;
        return e;
    }
    return answer_reader(p, options.preemptions).fail_with(fmt::format("CRASH ({})", start_again()));
} catch (const std::runtime_error& e) {
    throw std::runtime_error(fmt::format("the simulator: {}", e.what()));
}

}  // namespace tailrace::verify
