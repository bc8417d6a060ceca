// Running generated programs on a target beside the specification. The rules are in sequential.hpp.
// After a change here run: ci/test -L proptests -R 'sequential|shrink'
#include "engine/sequential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <compare>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coverage/reach_forms.hpp"
#include "coverage/reach_storage.hpp"
#include "engine/findings.hpp"
#include "engine/pair_of_channels.hpp"
#include "program/shrink.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/player.hpp"

namespace tailrace::verify {
namespace {

/// What a step does: its verb, and that of the operation which it polls or drops.
struct question {
    model::verb what;
    model::verb about;

    question(std::span<const model::line> program, std::size_t at)
        : what(program[at].step.what), about(program[at].step.what) {
        const model::step& s = program[at].step;
        if (what == model::verb::advance || s.subject.kind != model::handle_kind::operation) return;
        for (const model::line& l : program.first(at)) {
            const bool creates = model::creates_operation(l.step.what, l.step.subject.kind);
            if (creates && l.step.operation == s.subject.number) about = l.step.what;
        }
    }
    friend auto operator<=>(const question&, const question&) = default;
};

/// What a failure looks like before anything is known about it.
struct failure_kind {
    question asked;
    std::vector<aspect> differs;
    model::status expected;
    std::optional<model::status> got;

    explicit failure_kind(const pair_of_channels& after)
        : asked(after.specification().lines(), after.difference()->at),
          differs(after.difference()->differs),
          expected(after.difference()->expected.answer.status) {
        if (after.difference()->got) got = after.difference()->got->answer.status;
    }
    friend auto operator<=>(const failure_kind&, const failure_kind&) = default;
};

std::string name_of(const failure_kind& k) {
    std::string name = fmt::format("{} {} {}", static_cast<int>(k.asked.what), static_cast<int>(k.asked.about),
                                   static_cast<int>(k.expected));
    if (k.got) name += fmt::format(" {}", static_cast<int>(*k.got));
    for (const aspect a : k.differs) name += fmt::format(" {}", to_string(a));
    return name;
}

struct stumble {
    std::size_t last = 0;  // the step that has to be kept, with all before it
    failure_kind kind;
};

std::vector<model::step> steps_of(const model::trace& t) {
    std::vector<model::step> steps;
    for (const model::line& l : t.lines) steps.push_back(l.step);
    return steps;
}

/// The steps of a script that will be taken, for a target that wants to see them before.
std::vector<model::step> foreseen(const target& t, const script& s) {
    std::vector<model::step> steps;
    if (!t.foresees) return steps;
    model::player p(s.capacity);
    for (const model::step& one : s.steps) {
        if (!p.go_to(one.at) || p.refusal(one)) continue;
        if (!is_prompt(t.capabilities, p.state(), one)) break;
        p.take(one);
        steps.push_back(one);
    }
    return steps;
}

/// The steps of a script on both. `prepare(step)` is called before the specification takes it; false ends the walk, and
/// so does a difference.
template <class Prepare>
void walk(pair_of_channels& both, const std::vector<model::step>& steps, Prepare prepare) {
    model::player& p = both.specification();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const model::step& s = steps[i];
        if (p.go_to(s.at) && !p.refusal(s)) {
            if (!prepare(s)) return;
            p.take(s);
        }
        const bool ends = i + 1 == steps.size() || steps[i + 1].at.depth == 0;
        if (!ends) continue;
        p.finish();
        if (!both.call().empty() && !both.agree()) return;
    }
}

bool reacts(const script& s) {
    return std::ranges::any_of(s.steps, [](const model::step& one) { return one.at.depth > 0; });
}

std::optional<stumble> first_difference(const target& t, const script& s) {
    pair_of_channels both(t, s.capacity, reacts(s));
    both.foresee(foreseen(t, s));
    walk(both, s.steps,
         [&](const model::step& next) { return is_prompt(t.capabilities, both.specification().state(), next); });
    if (!both.difference()) return std::nullopt;
    return stumble{both.difference()->last, failure_kind(both)};
}

/// The state before the call and after, and so on: only once it is known that the last call fails.
void explain(const target& t, const script& s, sequential_failure& f) {
    f.trace.capacity = s.capacity;
    pair_of_channels both(t, s.capacity, reacts(s));
    both.foresee(foreseen(t, s));
    std::string before;
    walk(both, s.steps, [&](const model::step& next) {
        if (next.at.depth == 0) before = model::to_string(both.specification().state());
        return true;
    });
    f.trace.lines = both.specification().lines();
    for (model::line& l : f.trace.lines) {
        l.expected = comparable(l.step, as_shown(t.capabilities, l.step, std::move(l.expected)));
    }
    if (both.difference()) {
        f.last = both.parted(std::move(before));
        return;
    }
    f.last.at = f.trace.lines.size() - 1;
    f.last.notes.emplace_back("the target agreed when the same steps were taken again");
}

class sequential_search {
  public:
    sequential_search(const target& t, const sequential_options& options)
        : target_(t),
          options_(options),
          generate_(t.capabilities, {options.seed, options.max_length, options.left_out, t.capacity_for}),
          reach_(t.capabilities) {
        result_.target = t.name;
    }

    [[nodiscard]] sequential_result all(const progress& tell) && {
        for (std::uint64_t i = 0; i < options_.programs && !found_enough() && !(options_.enough && options_.enough());
             ++i) {
            if (tell) tell(i, options_.programs);
            one(options_.first + i);
        }
        result_.forms = forms_.all();
        if (found_.size() == 0) {
            result_.reached = reach_.judge(options_.max_length);
            if (!target_.geometries.empty()) {
                std::ranges::move(stored_.judge(options_.max_length), std::back_inserter(result_.reached));
                std::ranges::move(forms_.judge(options_.max_length), std::back_inserter(result_.reached));
            }
        }
        for (sequential_failure& one : std::move(found_).all()) {
            if (result_.failure) {
                result_.more.push_back(std::move(one));
            } else {
                result_.failure = std::move(one);
            }
        }
        return std::move(result_);
    }

  private:
    void one(std::uint64_t index) {
        const program p = generate_(index);
        ++result_.programs;
        result_.reacting += p.reacts ? 1 : 0;
        reach_.begin_program();
        stored_.begin_program();
        const target& on = target_for(target_, index, model::engine::sequential);
        pair_of_channels both(on, p.capacity, p.reacts);
        if (on.foresees) both.foresee(steps_of(interpret(p)));
        model::player& all = both.specification();
        interpreter steps(p);
        std::optional<moment> around;  // the outermost step that was taken last
        for (bool more = true; more;) {
            const std::optional<model::step> s = steps.next(all);
            more = s.has_value();
            const bool call_ended = !both.call().empty() && all.depth() == 0;
            if (call_ended) {
                note(*around, both);
                const bool agree = both.agree();
                if (both.storage()) stored_.note(*both.storage(), all.state().buffer.size());
                if (!agree) return fail(on, index, both);
            }
            if (!more) break;
            if (all.depth() == 0) around.emplace(all.state(), *s);
            all.take(*s);
        }
        forms_.note(both.forms());
        count(both);
    }

    void note(moment& around, const pair_of_channels& both) {
        const std::span<const model::line> call = both.call();
        if (call.size() == 1) {
            around.step = &call.front().step;
            reach_.note(around, both.specification().state(), call.front().expected);
        } else {
            reach_.note_reactions(call);
        }
    }

    void count(const pair_of_channels& both) {
        result_.steps += both.specification().lines().size();
        result_.conservation_checks += both.conservation_checks();
    }

    void fail(const target& on, std::uint64_t index, const pair_of_channels& both) {
        count(both);
        script failing{both.specification().state().max, {}};
        for (const model::line& l : both.specification().lines()) failing.steps.push_back(l.step);
        failing.steps.resize(both.difference()->last + 1);
        result_.agreed.emplace(index, both.difference()->at);
        fail(on, index, failing, *both.difference(), failure_kind(both));
    }

    [[nodiscard]] bool found_enough() const { return found_.size() >= options_.most_failures; }

    /// One of several failures is shrunk within its kind: a deep one would end as a shallow one.
    void fail(const target& on, std::uint64_t index, const script& failing, const line_difference& at_first,
              const failure_kind& kind) {
        if (++shrinks_[kind] > options_.shrinks_of_a_kind) return;
        const bool any_kind = options_.most_failures == 1;
        const auto fails = [&](const script& s) -> std::optional<std::size_t> {
            if (reachable(on, s.capacity) != s.capacity) return std::nullopt;
            const std::optional<stumble> one = first_difference(on, s);
            if (!one || !(any_kind || one->kind == kind)) return std::nullopt;
            return one->last;
        };
        constexpr std::size_t most_attempts = 20'000;
        const bool hangs = std::ranges::find(kind.differs, aspect::late) != kind.differs.end();
        const auto until = std::chrono::steady_clock::now() + most_time_for_a_hang;
        const auto over = [&] {
            return (options_.over && options_.over()) || (hangs && std::chrono::steady_clock::now() >= until);
        };
        const shrunk_script small = shrink(failing, on.capabilities, fails, most_attempts, over);
        sequential_failure f;
        f.program = index;
        f.length = failing.steps.size();
        f.attempts = small.attempts;
        f.trace.id = fmt::format("seed-{}-program-{}", options_.seed, index);
        explain(on, small.smallest, f);
        if (f.last.differs.empty()) {
            for (const aspect a : at_first.differs) f.last.notes.push_back(fmt::format("at first: {}", to_string(a)));
            f.last.notes.insert(f.last.notes.end(), at_first.notes.begin(), at_first.notes.end());
        }
        found_.add(options_.classify ? options_.classify(f) : std::vector{name_of(kind)}, std::move(f));
    }

    const target& target_;
    sequential_options options_;
    generator generate_;
    reach_counter reach_;
    storage_watch stored_;
    form_watch forms_;
    std::map<failure_kind, std::size_t> shrinks_;
    findings found_;
    sequential_result result_;
};

}  // namespace

std::vector<reach> sequential_result::with(reach_verdict v) const {
    std::vector<reach> some;
    std::ranges::copy_if(reached, std::back_inserter(some), [&](const reach& r) { return r.verdict == v; });
    return some;
}

bool sequential_result::passed() const {
    return !failure && std::ranges::all_of(reached, [](const reach& r) { return r.verdict == reach_verdict::reached; });
}

void abandon(std::unique_ptr<session> failed) {
    static auto* const all = new std::vector<std::unique_ptr<session>>;
    all->push_back(std::move(failed));
}

sequential_failure explained(const target& t, const script& failing) {
    sequential_failure f;
    f.length = failing.steps.size();
    f.trace.id = "replayed";
    explain(t, failing, f);
    return f;
}

std::optional<sequential_failure> take_again(const target& t, const script& s) {
    model::player p(s.capacity);
    for (const model::step& one : s.steps) {
        if (!p.go_to(one.at)) throw std::runtime_error("the program of the token is illegal: a reaction never comes");
        if (const std::optional<std::string> refusal = p.refusal(one)) {
            throw std::runtime_error("the program of the token is illegal: " + *refusal);
        }
        p.take(one);
    }
    const std::optional<stumble> at = first_difference(t, s);
    if (!at) return std::nullopt;
    script failing = s;
    failing.steps.resize(at->last + 1);
    return explained(t, failing);
}

sequential_result run_sequential(const target& t, const sequential_options& options, const progress& tell) {
    return sequential_search(t, options).all(tell);
}

}  // namespace tailrace::verify
