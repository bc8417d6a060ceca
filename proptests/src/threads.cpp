// Performing, judging, shrinking, counting.
// After a change here run: ctest -L proptests -R threads
#include "tailrace/verify/threads.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "smaller_concurrent.hpp"

namespace tailrace::verify {
namespace {

using model::event;
using model::handle_kind;
using model::history;
using model::place;
using model::point;
using model::status;
using model::step;
using model::verb;

using noise = variation::noise;

/// Performances of one program, one after another.
variation various(std::uint64_t seed, std::uint64_t number) {
    constexpr std::array kinds{noise::light, noise::heavy, noise::none, noise::light};
    return {seed + number / kinds.size(), kinds[number % kinds.size()]};
}

/// Shrinks a program that fails now and then.
class shrinker {
  public:
    shrinker(stage& on, const target& t, const threads_options& o)
        : stage_(on), target_(t), options_(o) {}

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
    /// True if the candidate fails, too: then it is the best.
    bool fails(const concurrent_program& p) {
        if (best_.attempts >= options_.most_attempts || performed_ >= options_.most_performances)
            return false;
        ++best_.attempts;
        for (std::size_t i = 0; i < enough_; ++i) {
            if (!perform(p)) continue;
            best_.smallest = p;
            estimate();
            return true;
        }
        return false;
    }

    /// True if it failed: then the history is that of the best.
    bool perform(const concurrent_program& p) {
        if (options_.alive) options_.alive(best_.program);
        performance was = stage_.perform(target_, p, various(options_.seed, performed_++));
        threads_judgement j = judge(was, options_.most_nodes);
        if (!j.failed()) return false;
        best_.history = std::move(was.history);
        best_.judgement = std::move(j);
        return true;
    }

    /// How often the best has to be performed until it fails says how often a smaller one is worth a
    /// try: one that fails less often by much is not better.
    void estimate() {
        constexpr std::size_t failures = 4;
        constexpr std::size_t generosity = 5;
        std::size_t failed = 0;
        std::size_t performed = 0;
        while (failed < failures && performed < options_.repeats) {
            failed += perform(best_.smallest) ? 1 : 0;
            ++performed;
        }
        enough_ = std::min(options_.repeats, generosity * (performed / std::max<std::size_t>(failed, 1) + 1));
    }

    /// Empty tasks go, and how often it fails is counted.
    void measure() {
        std::erase_if(best_.smallest.lanes, [](const auto& lane) { return lane.empty(); });
        std::erase_if(best_.history.lanes, [](const auto& lane) { return lane.empty(); });
        best_.judgement.verdict = model::check(best_.history);  // its places are of these lanes
        best_.performed = options_.repeats;
        for (std::size_t i = 0; i < options_.repeats; ++i) {
            best_.failed += perform(best_.smallest) ? 1 : 0;
        }
    }

    stage& stage_;
    const target& target_;
    const threads_options& options_;
    threads_failure best_;
    std::size_t enough_ = 0;  // performances of one candidate
    std::size_t performed_ = 0;
};

// ---- What histories reached

bool is_receive(verb v) {
    return v == verb::recv || v == verb::recv_timeout || v == verb::recv_many;
}

const event& event_at(const history& h, const place& p) {
    switch (p.of) {
        case place::part::before: return h.before[p.index];
        case place::part::after: return h.after[p.index];
        case place::part::lanes: break;
    }
    return h.lanes[p.lane][p.index];
}

/// One requirement: what has been seen, by one order that explains the history.
struct requirement {
    std::string_view what;
    std::uint64_t per_10000;  // histories
    bool (*seen)(const history& h, const performance& p, const model::verdict& v);
};

/// Does something hold for a step of a lane, and the state before it?
template <class Holds>
bool any_step(const history& h, const model::verdict& v, Holds holds) {
    return std::ranges::any_of(v.order, [&](const point& p) {
        return p.at.of == place::part::lanes && holds(event_at(h, p.at), p);
    });
}

bool overlapped(const history& h) {
    for (std::size_t a = 0; a < h.lanes.size(); ++a) {
        for (std::size_t b = a + 1; b < h.lanes.size(); ++b) {
            for (const event& x : h.lanes[a]) {
                for (const event& y : h.lanes[b]) {
                    if (x.invoked < y.returned && y.invoked < x.returned) return true;
                }
            }
        }
    }
    return false;
}

template <verb What, handle_kind On>
bool waited(const history&, const event& e, const point& p) {
    return e.waits && e.step.what == What && e.step.subject.kind == On && p.follow_up;
}

constexpr auto receiver_answers = [](const history& h, const model::verdict& v, status s) {
    return any_step(h, v, [&](const event& e, const point& p) {
        return e.step.subject.kind == handle_kind::receiver && p.by_specification.answer.status == s;
    });
};

/// Half of what was measured over 20,000 programs on two cores under load.
constexpr std::array requirements{
    requirement{"steps of two tasks overlapped", 1'000,
                [](const history& h, const performance&, const model::verdict&) {
                    return overlapped(h);
                }},
    requirement{"a task slept and was woken", 300,
                [](const history&, const performance& p, const model::verdict&) {
                    return p.woken > 0;
                }},
    requirement{"a task slept until the end, rightly", 300,
                [](const history&, const performance& p, const model::verdict&) {
                    return p.slept > p.woken;
                }},
    requirement{"a waiting send was granted by another task, and finished", 100,
                [](const history& h, const performance&, const model::verdict& v) {
                    return any_step(h, v, [&](const event& e, const point& p) {
                        return waited<verb::send, handle_kind::sender>(h, e, p) &&
                               e.answer && e.answer->status == status::ok;
                    });
                }},
    requirement{"a waiting receive got a value", 50,
                [](const history& h, const performance&, const model::verdict& v) {
                    return any_step(h, v, [&](const event& e, const point& p) {
                        return is_receive(e.step.what) && p.follow_up && e.answer &&
                               (e.answer->status == status::some ||
                                e.answer->status == status::many);
                    });
                }},
    requirement{"a waiter was cancelled", 200,
                [](const history& h, const performance&, const model::verdict& v) {
                    return any_step(h, v, [](const event& e, const point&) {
                        return e.step.what == verb::drop &&
                               e.step.subject.kind == handle_kind::operation;
                    });
                }},
    requirement{"closed or the receiver dropped beside other tasks", 400,
                [](const history& h, const performance&, const model::verdict& v) {
                    return any_step(h, v, [](const event& e, const point&) {
                        return e.step.subject.kind == handle_kind::receiver &&
                               (e.step.what == verb::close || e.step.what == verb::drop);
                    });
                }},
    requirement{"a waiting send failed because the channel closed", 40,
                [](const history& h, const performance&, const model::verdict& v) {
                    return any_step(h, v, [&](const event& e, const point& p) {
                        return waited<verb::send, handle_kind::sender>(h, e, p) && e.answer &&
                               e.answer->status == status::closed;
                    });
                }},
    requirement{"a permit was used", 200,
                [](const history& h, const performance&, const model::verdict& v) {
                    return any_step(h, v, [](const event& e, const point&) {
                        return e.step.what == verb::send &&
                               e.step.subject.kind == handle_kind::permit;
                    });
                }},
    requirement{"a permit was dropped", 100,
                [](const history& h, const performance&, const model::verdict& v) {
                    return any_step(h, v, [](const event& e, const point&) {
                        return e.step.what == verb::drop &&
                               e.step.subject.kind == handle_kind::permit;
                    });
                }},
    requirement{"try_recv answered empty beside other tasks", 300,
                [](const history& h, const performance&, const model::verdict& v) {
                    return receiver_answers(h, v, status::empty);
                }},
    requirement{"a receive answered none beside other tasks", 5,
                [](const history& h, const performance&, const model::verdict& v) {
                    return receiver_answers(h, v, status::none);
                }},
};

class run {
  public:
    run(const target& t, const threads_options& o) : target_(t), options_(o) {
        result_.target = t.name;
    }

    threads_result all(const progress& tell) && {
        for (std::uint64_t i = 0; i < options_.programs && !result_.failure; ++i) {
            if (tell) tell(i, options_.programs);
            one(options_.first + i);
        }
        if (!result_.failure) {
            for (std::size_t r = 0; r < requirements.size(); ++r) {
                reach one{requirements[r].what, reached_[r], 0, reach_verdict::unknown,
                          result_.histories, requirements[r].per_10000,
                          target_.capabilities == capabilities::all()};
                add_to(one, {});
                result_.reached.push_back(one);
            }
        }
        return std::move(result_);
    }

  private:
    /// Twice: with little noise inside the channel, and with none or much.
    void one(std::uint64_t index) {
        const concurrent_program p =
            generate_concurrent(target_.capabilities, options_.seed, index);
        ++result_.programs;
        const auto other = index % 4 == 0 ? noise::none : noise::heavy;
        for (const noise inside : {noise::light, other}) {
            if (options_.alive) options_.alive(index);
            performance was = stage_.perform(target_, p, {options_.seed + index, inside});
            threads_judgement j = judge(was, options_.most_nodes);
            ++result_.histories;
            for (const auto& lane : was.history.lanes) result_.events += lane.size();
            result_.nodes += j.verdict.nodes;
            if (j.failed()) return fail(index, p, std::move(was), std::move(j));
            if (j.verdict.is == model::finding::unknown) {
                ++result_.unknown;
                continue;
            }
            for (std::size_t r = 0; r < requirements.size(); ++r) {
                reached_[r] += requirements[r].seen(was.history, was, j.verdict) ? 1 : 0;
            }
            if (result_.kept.size() < options_.keep) {
                result_.kept.push_back(std::move(was.history));
            }
        }
    }

    void fail(std::uint64_t index, const concurrent_program& p, performance&& was,
              threads_judgement&& j) {
        threads_failure first;
        first.program = index;
        first.history = std::move(was.history);
        first.judgement = std::move(j);
        result_.failure = shrinker(stage_, target_, options_).smallest_of(p, std::move(first));
    }

    stage stage_;
    const target& target_;
    const threads_options& options_;
    std::array<std::uint64_t, requirements.size()> reached_{};
    threads_result result_;
};

}  // namespace

threads_judgement judge(const performance& p, std::uint64_t most_nodes) {
    threads_judgement j;
    j.problem = p.problem;
    model::check_options o;
    o.most_nodes = most_nodes;
    j.verdict = model::check(p.history, o);
    return j;
}

bool threads_result::passed() const {
    return !failure && unknown * 1'000 <= histories &&
           std::ranges::all_of(reached, [](const reach& r) {
               return r.verdict == reach_verdict::reached;
           });
}

threads_result run_threads(const target& t, const threads_options& options, const progress& tell) {
    return run(t, options).all(tell);
}

std::optional<threads_failure> perform_again(const target& t, const concurrent_program& p,
                                             std::size_t most, const threads_options& options) {
    stage on;
    for (std::size_t i = 0; i < most; ++i) {
        if (options.alive) options.alive(0);
        performance was = on.perform(t, p, various(options.seed, i));
        threads_judgement j = judge(was, options.most_nodes);
        if (!j.failed()) continue;
        threads_failure f;
        f.found = p;
        f.smallest = p;
        f.history = std::move(was.history);
        f.judgement = std::move(j);
        f.failed = 1;
        f.performed = i + 1;
        return f;
    }
    return std::nullopt;
}

}  // namespace tailrace::verify
