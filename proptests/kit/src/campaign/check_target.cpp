// Tries the protocol of a target: introduction, programs that are sent ahead and step by step, the end of the input.
// After a change here run: ci/test -L proptests -R check_target
#include "campaign/check_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/oracle.hpp"
#include "program/generator.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

constexpr std::uint64_t programs_to_try = 500;

std::string list_of(capabilities these, bool has) {
    std::string text;
    for (std::size_t i = 0; i < capability_count; ++i) {
        const auto c = static_cast<capability>(i);
        if (these.has(c) == has) text += fmt::format("{}{}", text.empty() ? "" : " ", to_string(c));
    }
    return text.empty() ? "nothing" : text;
}

class protocol_check {
  public:
    protocol_check(const exec_command& c, std::FILE* to) : link_(std::make_shared<exec_link>(c)), to_(to) {}

    bool run() try {
        meet();
        trying("an empty program");
        link_->begin(1);
        link_->say("", true);
        link_->expect(fmt::format("trace {} capacity 1", link_->number()));
        link_->finish();
        passed();
        trying("every form of step that it can, in whole programs");
        take_programs();
        trying("the same programs step by step");
        take_again();
        trying("the end of its input ends it");
        link_->part();
        passed();
        return true;
    } catch (const no_answer& e) {
        print("FAIL  {}: {}\n", tried_, e.what());
        if (!e.errors().empty()) print("{}", "its standard error:\n" + first_lines(e.errors()));
        if (!sent_.empty()) print("{}", "it was sent:\n" + first_lines(sent_));
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
    }

    void meet() {
        trying("it introduces itself");
        const introduction& said = link_->meet();
        can_ = said.capabilities;
        passed(fmt::format(": {} {}", said.name, said.version));
        print("{}", labelled("      can    ", list_of(can_, true), 8));
        print("{}", labelled("      lacks  ", list_of(can_, false), 8));
    }

    /// Up to the first answer that is not the specification's: after that, what follows may mean nothing. False there.
    bool take(const model::trace& program, bool ahead, std::vector<model::outcome>& got) {
        sent_ = fmt::format("trace {} capacity {}\n", link_->number() + 1, program.capacity);
        std::vector<model::step> steps;
        for (const model::line& l : program.lines) {
            steps.push_back(l.step);
            sent_ += model::to_string(l.step) + '\n';
        }
        const std::unique_ptr<session> one = open_exec_session(link_, program.capacity);
        if (ahead) one->foresee(steps);
        for (const model::line& l : program.lines) {
            got.push_back(one->apply(l.step));
            const model::outcome expected = as_shown(can_, l.step, l.expected);
            if (comparable(l.step, got.back()) != comparable(l.step, expected)) return false;
        }
        return true;
    }

    void take_programs() {
        const generator generate(can_);
        std::size_t strange = 0;
        for (std::uint64_t i = 0; i < programs_to_try; ++i) {
            programs_.push_back(interpret(generate(i)));
            if (!take(programs_.back(), true, answers_.emplace_back())) ++strange;
        }
        passed(fmt::format(": {}", counted(programs_.size(), "program")));
        if (strange > 0) {
            print("note  {} of them: an answer that the contract does not allow; the engine sequential shows it\n",
                  grouped(strange));
        }
    }

    void take_again() {
        constexpr std::size_t some = 20;
        for (std::size_t i = 0; i < std::min(programs_.size(), some); ++i) {
            std::vector<model::outcome> got;
            (void)take(programs_[i], false, got);
            const auto differs = std::ranges::mismatch(got, answers_[i]);
            if (differs.in1 == got.end() && differs.in2 == answers_[i].end()) continue;
            const auto at = static_cast<std::size_t>(differs.in1 - got.begin());
            const auto text = [at](const std::vector<model::outcome>& all) {
                return at < all.size() ? model::to_string(all[at]) : "nothing";
            };
            link_->misspoke(fmt::format("'{}' was answered by '{}' in a whole program, and alone by '{}'",
                                        model::to_string(programs_[i].lines[at].step), text(answers_[i]), text(got)));
        }
        passed();
    }

    std::shared_ptr<exec_link> link_;
    std::FILE* to_;
    capabilities can_;
    std::string tried_;
    std::string sent_;  // the program that is under way
    std::vector<model::trace> programs_;
    std::vector<std::vector<model::outcome>> answers_;
};

}  // namespace

bool check_target(const exec_command& c, std::FILE* to) { return protocol_check(c, to).run(); }

}  // namespace tailrace::verify
