// Running every program on a target. The rules are in exhaustive.hpp.
// After a change here run: ci/test -L proptests -R 'enumeration|exhaustive'
#include "engine/exhaustive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/findings.hpp"

namespace tailrace::verify {
namespace {

class exhaustive_run {
  public:
    exhaustive_run(const target& t, const exhaustive_options& options) : target_(t), options_(options) {}

    exhaustive_result through(const all_programs& all, const progress& tell) && {
        all_programs::cursor each(all, options_.first);
        while (result_.programs < options_.programs && found_.size() < options_.most_failures &&
               !(options_.enough && options_.enough()) && each.next()) {
            if (tell) tell(result_.programs, options_.programs);
            one(each.at());
            ++result_.programs;
        }
        result_.failures = std::move(found_).all();
        return std::move(result_);
    }

  private:
    void one(const program_walk& program) {
        std::unique_ptr<session> on;
        steps_.clear();
        bool agrees = false;
        try {
            on = target_.open(program.state().max);
            on->expect_reactions(false);
            if (target_.foresees) on->foresee(all_steps_of(program));
            agrees = take(*on, program.lines()) && look(*on, program.state());
        } catch (...) {  // the step that was taken last: `fail` takes it again
        }
        if (!agrees) fail(std::move(on), program);
    }

    /// With the observers at the end.
    std::vector<model::step> all_steps_of(const program_walk& program) const {
        std::vector<model::step> steps;
        for (const model::line& l : program.lines()) steps.push_back(l.step);
        std::ranges::copy(observers(program.state(), target_.capabilities), std::back_inserter(steps));
        return steps;
    }

    /// False if anything differs; `steps_` then ends with the step that shows it.
    bool take(session& on, const std::vector<model::line>& lines) {
        for (const model::line& l : lines) {
            steps_.push_back(l.step);
            ++result_.steps;
            if (!agrees(on, l.step, l.expected)) return false;
        }
        return true;
    }

    /// After the last step.
    bool look(session& on, const model::machine& m) {
        if (const std::optional<std::uint64_t> free = on.observe_capacity()) {
            if (*free + m.buffer.size() + m.outstanding() + m.held() != m.max) return false;
        }
        // `sequential` allows less than 15 messages between two times that a channel is idle to give a block back: no
        // program here has as many.
        if (const std::optional<storage> s = on.observe_storage()) {
            if (!m.closed && m.idle() && s->blocks > s->kept_blocks) return false;
        }
        model::machine specification = m;
        for (const model::step& s : observers(m, target_.capabilities)) {
            ++result_.observations;
            steps_.push_back(s);
            if (!agrees(on, s, specification.apply(s))) return false;
            steps_.pop_back();
        }
        return true;
    }

    bool agrees(session& on, const model::step& s, const model::outcome& expected) {
        const model::outcome got = on.apply(s);
        if (s.what != model::verb::advance && s.what != model::verb::poll) return got == expected;
        return comparable(s, got) == comparable(s, as_shown(target_.capabilities, s, expected));
    }

    void fail(std::unique_ptr<session> failed, const program_walk& program) {
        abandon(std::move(failed));
        ++result_.failed;
        const script small{program.state().max, steps_};
        // Its beginning has failed as a program of its own, if it fails always.
        const bool known = steps_.size() < program.lines().size() && options_.most_failures > 1;
        if (known && take_again(target_, small)) return;
        sequential_failure f = explained(target_, small);
        f.program = options_.first + result_.programs;
        f.length = std::min(steps_.size(), program.lines().size());  // without an observer
        const std::string kind = look_of(f);
        constexpr std::size_t most_of_a_kind = 8;
        if (++kinds_[kind] > most_of_a_kind) return;
        if (std::optional<sequential_failure> same = with_less_capacity(small, kind)) {
            same->program = f.program;
            f = *std::move(same);
        }
        found_.add(options_.classify ? options_.classify(f) : std::vector{kind}, std::move(f));
    }

    static bool is_program(const script& s) {
        model::machine m(s.capacity);
        return std::ranges::all_of(s.steps, [&m](const model::step& one) {
            const bool legal = !m.refusal(one);
            if (legal) m.apply(one);
            return legal;
        });
    }

    /// The same failure of the same steps: there it is plainer, and may be known.
    std::optional<sequential_failure> with_less_capacity(const script& failing, const std::string& kind) const {
        for (script less{1, failing.steps}; less.capacity < failing.capacity; ++less.capacity) {
            if (reachable(target_, less.capacity) != less.capacity || !is_program(less)) continue;
            std::optional<sequential_failure> f = take_again(target_, less);
            if (f && f->trace.lines.size() == failing.steps.size() && look_of(*f) == kind) return f;
        }
        return std::nullopt;
    }

    /// What a failure looks like.
    static std::string look_of(const sequential_failure& f) {
        std::string text(model::shape_of(f.trace.lines[f.last.at].step.what).spelling);
        text += fmt::format(" {}", static_cast<int>(f.last.expected.answer.status));
        if (f.last.got) text += fmt::format(" {}", static_cast<int>(f.last.got->answer.status));
        for (const aspect a : f.last.differs) text += fmt::format(" {}", to_string(a));
        return text;
    }

    const target& target_;
    const exhaustive_options& options_;
    std::vector<model::step> steps_;  // that the target has taken in the program that runs
    std::map<std::string, std::size_t> kinds_;
    findings found_;
    exhaustive_result result_;
};

}  // namespace

exhaustive_result run_exhaustive(const target& t, const all_programs& all, const exhaustive_options& options,
                                 const progress& tell) {
    return exhaustive_run(t, options).through(all, tell);
}

}  // namespace tailrace::verify
