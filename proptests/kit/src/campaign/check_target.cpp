// Tries the protocol of a target: introduction, programs that are sent ahead and step by step, the end of the input.
// After a change here run: ci/test -L proptests -R check_target
#include "campaign/check_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/oracle.hpp"
#include "engine/threads.hpp"
#include "program/generator.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

constexpr std::uint64_t programs_to_try = 500;
constexpr std::size_t shown = 16;  // steps, of a program that fails

std::string list_of(capabilities these, bool has) {
    std::string text;
    for (std::size_t i = 0; i < capability_count; ++i) {
        const auto c = static_cast<capability>(i);
        if (these.has(c) == has) text += fmt::format("{}{}", text.empty() ? "" : " ", to_string(c));
    }
    return text.empty() ? "nothing" : text;
}

/// How many there are, and the first.
struct tally {
    std::size_t count = 0;
    std::string first;

    void add(std::string one) {
        if (count++ == 0) first = std::move(one);
    }
};

class protocol_check {
  public:
    protocol_check(const exec_command& c, std::FILE* to) : link_(std::make_shared<exec_link>(c)), to_(to) {}

    bool run() try {
        meet();
        trying("an empty program");
        sent_ = {"end"};
        link_->begin(1);
        link_->say("", true);
        link_->expect(header());
        link_->finish();
        passed();
        trying("every form of step that it can, in whole programs");
        take_programs();
        trying("the same programs step by step");
        take_again();
        if (tasks_ != capabilities()) take_tasks();
        trying("the end of its input ends it");
        (void)link_->meet();  // another one, if the last program was given up
        link_->part();
        passed();
        return true;
    } catch (const no_answer& e) {
        print("FAIL  {}: {}\n", tried_, e.what());
        if (std::string_view(e.what()).starts_with("no answer"))
            print("      does it flush its output after 'flush', 'end' and 'ready'?\n");
        if (!e.errors().empty()) print("its standard error:\n{}", first_lines(e.errors()));
        if (!sent_.empty()) print("it was sent, and '>' is where it failed:\n{}", what_was_sent());
        if (!several_.empty()) print("its tasks:\n{}", several_);
        return false;
    }

  private:
    template <class... Args>
    void print(fmt::format_string<Args...> text, Args&&... args) {
        fmt::print(to_, text, std::forward<Args>(args)...);
    }
    void trying(std::string what) { tried_ = std::move(what); }
    void passed(const std::string& more = {}) {
        print("ok    {}{}\n", tried_, more);
        sent_.clear();
        several_.clear();
    }

    void meet() {
        trying("it introduces itself");
        const introduction& said = link_->meet();
        can_ = said.capabilities;
        tasks_ = said.tasks;
        passed(fmt::format(": {} {}", said.name, said.version));
        print("{}", labelled("      can    ", list_of(can_, true), 8));
        print("{}", labelled("      lacks  ", list_of(can_, false), 8));
        print("{}", labelled("      tasks  ", list_of(tasks_, true), 8));
    }

    [[nodiscard]] std::string header() const { return fmt::format("trace {} capacity {}", link_->number(), capacity_); }

    /// Up to what belongs to the line of the answer that was heard last.
    [[nodiscard]] std::string what_was_sent() const {
        const std::size_t failed = std::min(std::max<std::size_t>(link_->line(), 1) - 1, sent_.size());
        const std::size_t left_out = failed - std::min(failed, shown);
        std::string text = fmt::format("  {} {}\n", failed == 0 ? '>' : ' ', header());
        if (left_out > 0) text += fmt::format("    ... {}\n", counted(left_out, "step"));
        for (std::size_t i = left_out; i < failed; ++i)
            text += fmt::format("  {} {}\n", i + 1 == failed ? '>' : ' ', sent_[i]);
        return text;
    }

    /// Gives the answers up to the first that is not the specification's, and hears the others. What follows that one
    /// may mean nothing to the target: it may refuse it, and need not bear it.
    std::vector<model::outcome> take(const model::trace& program, bool ahead) {
        capacity_ = program.capacity;
        sent_.clear();
        std::vector<model::step> steps;
        for (const model::line& l : program.lines) {
            steps.push_back(l.step);
            sent_.push_back(model::to_string(l.step));
        }
        sent_.emplace_back("end");
        const std::unique_ptr<session> one = open_exec_session(link_, program.capacity);
        if (ahead) one->foresee(steps);
        std::vector<model::outcome> got;
        bool agrees = true;
        try {
            for (const model::line& l : program.lines) {
                model::outcome o = one->apply(l.step);
                if (!agrees) continue;
                const model::outcome expected = as_shown(can_, l.step, l.expected);
                agrees = comparable(l.step, o) == comparable(l.step, expected);
                if (!agrees && ahead)
                    strange_.add(fmt::format("'{}' was answered by '{}'; legal: '{}'", model::to_string(l.step),
                                             model::to_string(o), model::to_string(expected)));
                got.push_back(std::move(o));
            }
        } catch (const no_answer& e) {
            const bool gives_up = e.is() == no_answer::why::refused || e.is() == no_answer::why::ended;
            if (agrees || !gives_up) throw;
            if (ahead) given_up_.add(e.what());
        }
        return got;
    }

    void take_programs() {
        const generator generate(can_);
        for (std::uint64_t i = 0; i < programs_to_try; ++i) {
            programs_.push_back(interpret(generate(i)));
            answers_.push_back(take(programs_.back(), true));
        }
        passed(fmt::format(": {}", counted(programs_.size(), "program")));
        note("{} of them: an answer that the contract does not allow; the engine sequential shows it. The first: {}",
             strange_);
        note("{} of these: a later step has no answer. The first: {}", given_up_);
    }

    void note(fmt::format_string<std::string, const std::string&> text, const tally& t) {
        if (t.count > 0) print("{}", labelled("note  ", printable(fmt::format(text, grouped(t.count), t.first)), 4));
    }

    void take_again() {
        constexpr std::size_t some = 20;
        for (std::size_t i = 0; i < std::min(programs_.size(), some); ++i) {
            const std::vector<model::outcome> got = take(programs_[i], false);
            const auto differs = std::ranges::mismatch(got, answers_[i]);
            if (differs.in1 == got.end() && differs.in2 == answers_[i].end()) continue;
            const auto at = static_cast<std::size_t>(differs.in1 - got.begin());
            sent_.resize(at + 1);
            const auto text = [at](const std::vector<model::outcome>& all) {
                return at < all.size() ? model::to_string(all[at]) : "nothing";
            };
            link_->misspoke(fmt::format("'{}' was answered by '{}' in a whole program, and alone by '{}'",
                                        model::to_string(programs_[i].lines[at].step), text(answers_[i]), text(got)));
        }
        passed();
    }

    void take_tasks() {
        trying("programs of several tasks at once");
        const target t = as_tasks(make_exec_target(link_));
        thread_runner on;
        std::size_t strange = 0;
        for (std::uint64_t i = 0; i < programs_to_try; ++i) {
            const concurrent_program p = generate_concurrent(t, 1, i);
            several_ = to_string(p);
            const thread_run was = on.run(t, p, {.seed = i});
            if (was.lost) throw no_answer(*was.lost, was.problem, {});
            constexpr std::uint64_t most_nodes = 100'000;
            strange += judge(was, most_nodes).failed() ? 1 : 0;
        }
        passed(fmt::format(": {}", counted(programs_to_try, "program")));
        if (strange > 0) {
            print("note  {} of them: a history that the contract does not allow; the engine threads shows it\n",
                  grouped(strange));
        }
    }

    std::shared_ptr<exec_link> link_;
    std::FILE* to_;
    capabilities can_;
    capabilities tasks_;
    std::string tried_;
    std::uint64_t capacity_ = 1;     // of the program that is under way
    std::vector<std::string> sent_;  // its steps, and `end`
    std::string several_;            // the same of a program of several tasks
    tally strange_;                  // answers that the contract does not allow, one a program
    tally given_up_;                 // programs that are refused, or crash, after such an answer
    std::vector<model::trace> programs_;
    std::vector<std::vector<model::outcome>> answers_;
};

}  // namespace

bool check_target(const exec_command& c, std::FILE* to) { return protocol_check(c, to).run(); }

}  // namespace tailrace::verify
