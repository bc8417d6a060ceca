// The engine `threads`: running programs, checking their histories, shrinking, counting.
// After a change here run: ci/test -L proptests -R threads
#include "engine/threads.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "coverage/reach_histories.hpp"
#include "program/shrink.hpp"
#include "program/shrink_concurrent.hpp"

namespace tailrace::verify {
namespace {

using noise = variation::noise;

/// The variations of the runs of one program, one after another. One in eight stalls.
variation various(std::uint64_t seed, std::uint64_t number) {
    constexpr std::array kinds{noise::light, noise::heavy, noise::none, noise::light};
    return {seed + number / kinds.size(), kinds[number % kinds.size()], number % 8 == 1};
}

/// Shrinks a program that fails now and then.
class shrinker {
  public:
    shrinker(thread_runner& on, const target& t, const threads_options& o) : runner_(on), target_(t), options_(o) {}

    threads_failure smallest_of(const concurrent_program& p, threads_failure first) {
        best_ = std::move(first);
        best_.found = p;
        best_.smallest = p;
        estimate();
        (void)smallest(p, [this](const concurrent_program& smaller) { return fails(smaller); });
        measure();
        return std::move(best_);
    }

  private:
    [[nodiscard]] bool is_over() const {
        return options_.is_over() || (until_ && std::chrono::steady_clock::now() >= *until_);
    }

    /// True if the candidate fails, too: then it is the best.
    bool fails(const concurrent_program& p) {
        if (best_.attempts >= options_.most_attempts || runs_ >= options_.most_runs || is_over() ||
            !can_run(target_, p))
            return false;
        ++best_.attempts;
        for (std::size_t i = 0; i < enough_ && !is_over(); ++i) {
            if (!run_once(p)) continue;
            best_.smallest = p;
            estimate();
            return true;
        }
        return false;
    }

    /// True if it failed: then the history is that of the best.
    bool run_once(const concurrent_program& p) {
        if (options_.alive) options_.alive(best_.program);
        thread_run was = runner_.run(target_, p, various(options_.seed, runs_++));
        threads_judgement j = judge(was, options_.most_nodes);
        if (!j.failed()) return false;
        if (was.was_slow() || was.left_behind || was.lost) repeats_ = std::min(repeats_, repeats_if_stuck);
        if (was.was_slow() && target_.foresees && !until_)
            until_ = std::chrono::steady_clock::now() + most_time_for_a_hang;
        best_.history = std::move(was.history);
        best_.judgement = std::move(j);
        return true;
    }

    /// How often the best has to be run until it fails decides how often a smaller one is tried: one that fails much
    /// less often is not better.
    void estimate() {
        constexpr std::size_t failures = 4;
        constexpr std::size_t generosity = 5;
        std::size_t failed = 0;
        std::size_t runs = 0;
        while (failed < failures && runs < repeats_ && !is_over()) {
            failed += run_once(best_.smallest) ? 1 : 0;
            ++runs;
        }
        enough_ = std::min(repeats_, generosity * (runs / std::max<std::size_t>(failed, 1) + 1));
    }

    /// Removes empty tasks, and counts how often the program fails.
    void measure() {
        std::erase_if(best_.smallest.tasks, [](const auto& task) { return task.empty(); });
        std::erase_if(best_.history.tasks, [](const auto& task) { return task.empty(); });
        best_.judgement.verdict = model::check(best_.history);  // its places are of these tasks
        const auto wants_more = [this] {
            return best_.runs < repeats_ || (best_.failed == 0 && best_.runs < options_.repeats);
        };
        for (; wants_more() && !is_over(); ++best_.runs) {
            best_.failed += run_once(best_.smallest) ? 1 : 0;
        }
        if (best_.runs == 0) best_.failed = best_.runs = 1;  // there is only the one that was found
    }

    thread_runner& runner_;
    const target& target_;
    const threads_options& options_;
    threads_failure best_;
    /// One that never returns takes long to be sure of, and one that crashes needs a new process.
    static constexpr std::size_t repeats_if_stuck = 10;
    std::optional<std::chrono::steady_clock::time_point> until_;
    std::size_t repeats_ = options_.repeats;  // of one candidate at most
    std::size_t enough_ = 0;                  // runs of one candidate
    std::size_t runs_ = 0;
};

/// States that show in the run only, not in its history. Half of what was measured over 20,000 programs on two cores
/// under load, as in the table of histories.
struct run_state {
    std::string_view what;
    std::uint64_t per_10000;  // histories
    bool (*seen)(const thread_run& p);
    bool of_forms = false;  // other than the polled one, which geometries have
};
template <form_event What>
bool has_come(const thread_run& p) {
    return p.forms[static_cast<std::size_t>(What)] > 0;
}
constexpr std::array run_states{
    run_state{"a task slept and was woken", 300, [](const thread_run& p) { return p.woken > 0; }},
    run_state{"a task slept until the end, rightly", 300, [](const thread_run& p) { return p.slept > p.woken; }},
    run_state{"a waiting operation was stopped", 12, has_come<form_event::stopped>, true},
    run_state{"a waiting operation timed out", 1, has_come<form_event::timed_out>, true},
    run_state{"an operation finished before its interruption came", 1, has_come<form_event::finished_first>, true},
    run_state{"an executor resumed a coroutine that another task had woken", 80, has_come<form_event::resumed>, true},
};

class threads_search {
  public:
    threads_search(const target& t, const threads_options& o) : target_(t), options_(o) { result_.target = t.name; }

    threads_result all(const progress& tell) && {
        for (std::uint64_t i = 0; i < options_.programs && !result_.failure && !(options_.enough && options_.enough());
             ++i) {
            if (tell) tell(i, options_.programs);
            one(options_.first + i);
        }
        if (!result_.failure) {
            for (std::size_t r = 0; r < run_states.size() && meets(target_.capabilities, {can_sleep}); ++r) {
                if (run_states[r].of_forms && target_.geometries.empty()) continue;
                tell_reach(run_states[r].what, run_states_seen_[r], run_states[r].per_10000);
            }
            for (std::size_t r = 0; r < history_states().size(); ++r) {
                const history_state& h = history_states()[r];
                if (h.per_10000_threads > 0 && meets(target_.capabilities, h.needs))
                    tell_reach(h.what, reached_[r], h.per_10000_threads);
            }
        }
        return std::move(result_);
    }

  private:
    /// Runs it twice: with light perturbation inside the channel, and with none or heavy.
    void one(std::uint64_t index) {
        const concurrent_program p = generate_concurrent(target_, options_.seed, index);
        ++result_.programs;
        const target& on = target_for(target_, index, model::engine::threads);
        const auto other = index % 4 == 0 ? noise::none : noise::heavy;
        for (const noise inside : {noise::light, other}) {
            if (options_.alive) options_.alive(index);
            const bool stalls = inside == noise::heavy && index % 4 == 1;  // one run in eight
            thread_run was = runner_.run(on, p, {options_.seed + index, inside, stalls});
            threads_judgement j = judge(was, options_.most_nodes);
            ++result_.histories;
            result_.stalled += was.stalled ? 1 : 0;
            for (const auto& task : was.history.tasks) result_.events += task.size();
            result_.nodes += j.verdict.nodes;
            if (j.failed()) return fail(on, index, p, std::move(was), std::move(j));
            if (j.verdict.is == model::finding::unknown) {
                ++result_.unknown;
                continue;
            }
            for (std::size_t r = 0; r < run_states.size(); ++r) {
                run_states_seen_[r] += run_states[r].seen(was) ? 1 : 0;
            }
            for (std::size_t r = 0; r < history_states().size(); ++r) {
                reached_[r] += history_states()[r].is_seen(was.history, j.verdict) ? 1 : 0;
            }
            if (result_.kept.size() < options_.keep) {
                result_.kept.push_back(std::move(was.history));
            }
        }
    }

    void tell_reach(std::string_view what, std::uint64_t histories, std::uint64_t per_10000) {
        reach one{what,
                  histories,
                  0,
                  reach_verdict::unknown,
                  result_.histories,
                  per_10000,
                  target_.capabilities == capabilities::all()};
        add_to(one, {});
        result_.reached.push_back(one);
    }

    void fail(const target& on, std::uint64_t index, const concurrent_program& p, thread_run&& was,
              threads_judgement&& j) {
        threads_failure first;
        first.program = index;
        first.history = std::move(was.history);
        first.judgement = std::move(j);
        result_.failure = shrinker(runner_, on, options_).smallest_of(p, std::move(first));
    }

    thread_runner runner_;
    const target& target_;
    const threads_options& options_;
    std::array<std::uint64_t, run_states.size()> run_states_seen_{};
    std::vector<std::uint64_t> reached_ = std::vector<std::uint64_t>(history_states().size());
    threads_result result_;
};

}  // namespace

threads_judgement judge(const thread_run& p, std::uint64_t most_nodes) {
    threads_judgement j;
    j.problem = p.problem;
    j.lost = p.lost;
    model::check_options o;
    o.most_nodes = most_nodes;
    j.verdict = model::check(p.history, o);
    return j;
}

bool threads_result::passed() const {
    return !failure && unknown * 1'000 <= histories &&
           std::ranges::all_of(reached, [](const reach& r) { return r.verdict == reach_verdict::reached; });
}

threads_result run_threads(const target& t, const threads_options& options, const progress& tell) {
    return threads_search(t, options).all(tell);
}

std::optional<threads_failure> run_again(const target& t, const concurrent_program& program, std::size_t most,
                                         const threads_options& options) {
    const concurrent_program p = blocking_where_needed(t, program);
    thread_runner on;
    for (std::size_t i = 0; i < most; ++i) {
        if (options.alive) options.alive(0);
        thread_run was = on.run(t, p, various(options.seed, i));
        threads_judgement j = judge(was, options.most_nodes);
        if (!j.failed()) continue;
        threads_failure f;
        f.found = p;
        f.smallest = p;
        f.history = std::move(was.history);
        f.judgement = std::move(j);
        f.failed = 1;
        f.runs = i + 1;
        return f;
    }
    return std::nullopt;
}

}  // namespace tailrace::verify
