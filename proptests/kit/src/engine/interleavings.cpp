// The engine `interleavings`: exploring, shrinking, counting.
// After a change here run: ci/test -L proptests -R interleavings
#include "engine/interleavings.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "coverage/reach_histories.hpp"
#include "engine/simulator.hpp"
#include "program/shrink_concurrent.hpp"

namespace tailrace::verify {
namespace {

class run {
  public:
    run(const target& t, const interleavings_options& o) : simulator_(find_simulator()), target_(t), options_(o) {
        if (o.all == nullptr) return;
        constexpr std::uint64_t more_than_any_has = 100'000'000;
        options_.random_executions = options_.stall_executions = 0;
        options_.bound_executions = more_than_any_has;
    }

    interleavings_result all(const progress& tell) && {
        for (std::uint64_t i = 0; i < options_.programs && !result_.failure && !(options_.enough && options_.enough());
             ++i) {
            if (tell) tell(i, options_.programs);
            one(options_.first + i);
        }
        if (!result_.failure && options_.all == nullptr) count_states();
        return std::move(result_);
    }

    [[nodiscard]] exploration explore(const concurrent_program& p, bool show = false) {
        if (options_.alive) options_.alive(at_);
        return simulator_.explore(on_->name, p, options_, show);
    }

  private:
    void one(std::uint64_t index) {
        at_ = index;
        const bool all = options_.all != nullptr;
        if (!all) on_ = &target_for(target_, index, model::engine::interleavings);
        const concurrent_program p =
            all ? options_.all->at(index)
                : generate_concurrent(target_.capabilities, options_.seed, index, small_programs);
        const bool show = result_.kept.size() < options_.keep;
        exploration e = explore(p, show);
        if (e.cut) return;
        ++result_.programs;
        result_.executions += e.executions;
        result_.stalled += e.stalled;
        result_.histories += e.histories;
        result_.unknown += e.unknown;
        result_.complete += e.complete ? 1 : 0;
        if (is_typical(p)) {
            result_.waiting.executions += e.executions;
            result_.waiting.microseconds += e.microseconds;
        }
        if (e.failure) return fail(p, std::move(*e.failure));
        if (all && e.complete) note_meetings(p);
        constexpr std::size_t of_one_program = 2;  // those of one program are alike
        for (std::size_t i = 0; i < std::min(e.all.size(), of_one_program); ++i) {
            e.all[i].program = index;
            if (result_.kept.size() < options_.keep) result_.kept.push_back(std::move(e.all[i]));
        }
    }

    void note_meetings(const concurrent_program& p) {
        model::machine m(p.capacity);
        for (const model::step& s : p.before) m.apply(s);
        for (const task_step& a : p.tasks.front()) {
            for (const task_step& b : p.tasks.back()) {
                const auto [one, other] = std::minmax(
                    {meeting::operation{a.step.subject.kind, a.step.what}, {b.step.subject.kind, b.step.what}});
                ++result_.met[{kind_of_state(m), one, other}];
            }
        }
    }

    static constexpr std::uint64_t no_program = ~std::uint64_t{0};

    /// One of the programs that the reported speed is measured with.
    static bool is_typical(const concurrent_program& p) {
        return p.tasks.size() == 3 && std::ranges::any_of(p.tasks, [](const auto& task) {
                   return std::ranges::any_of(task, &task_step::waits);
               });
    }

    /// Programs, of those with a history that is kept. Not histories: those of one program are alike, and a verdict on
    /// a goal needs a number of cases that are independent.
    void count_states() {
        std::vector<std::uint64_t> seen(history_states().size());
        std::vector<std::uint64_t> last(seen.size(), no_program);
        std::uint64_t programs = 0;
        std::uint64_t before = no_program;
        for (const partial_history& h : result_.kept) {
            if (options_.is_over()) return;
            programs += std::exchange(before, h.program) != h.program ? 1 : 0;
            const model::verdict v = h.judge();
            for (std::size_t r = 0; r < seen.size(); ++r) {
                if (last[r] == h.program || !history_states()[r].is_seen(h.events, v, &h.first)) continue;
                last[r] = h.program;
                ++seen[r];
            }
            if (options_.alive) options_.alive(at_);
        }
        for (std::size_t r = 0; r < seen.size(); ++r) {
            const history_state& s = history_states()[r];
            if (s.per_10000_interleavings == 0) continue;
            reach one{s.what,
                      seen[r],
                      0,
                      reach_verdict::unknown,
                      programs,
                      s.per_10000_interleavings,
                      target_.capabilities == capabilities::all()};
            add_to(one, {});
            result_.reached.push_back(one);
        }
    }

    void fail(const concurrent_program& found, interleavings_failure&& first) {
        interleavings_failure best = std::move(first);
        std::size_t attempts = 0;
        if (options_.all == nullptr)
            (void)smallest(found, [&](const concurrent_program& smaller) {
                if (attempts >= options_.most_attempts || options_.is_over()) return false;
                ++attempts;
                exploration e = explore(smaller);
                if (!e.failure) return false;
                best = std::move(*e.failure);
                return true;
            });
        without_empty_tasks(best);
        best.program = at_;
        best.found = found;
        best.attempts = attempts;
        result_.failure = std::move(best);
    }

    /// Empty tasks do nothing, but without them there may be a thread less to simulate.
    void without_empty_tasks(interleavings_failure& best) {
        concurrent_program p = best.smallest;
        std::erase_if(p.tasks, [](const auto& task) { return task.empty(); });
        if (p.tasks.size() == best.smallest.tasks.size() || options_.is_over()) return;
        exploration e = explore(p);
        if (e.failure) best = std::move(*e.failure);
    }

    simulator simulator_;
    const target& target_;
    const target* on_ = &target_;  // or one of its geometries
    interleavings_options options_;
    std::uint64_t at_ = 0;
    interleavings_result result_;
};

}  // namespace

model::verdict partial_history::judge() const {
    model::check_options o;
    o.first = &first;
    return model::check(events, o);
}

bool interleavings_result::passed() const {
    return !failure && unknown * 1'000 <= histories &&
           std::ranges::none_of(reached, [](const reach& r) { return r.verdict == reach_verdict::missed; });
}

interleavings_result run_interleavings(const target& t, const interleavings_options& options, const progress& tell) {
    return run(t, options).all(tell);
}

std::optional<interleavings_failure> explore_again(const target& t, const concurrent_program& p,
                                                   const interleavings_options& options) {
    return run(t, options).explore(p).failure;
}

}  // namespace tailrace::verify
