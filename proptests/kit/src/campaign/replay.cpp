// Replays sequential and concurrent programs. After a change here run: ci/test -L proptests -R 'replay|corpus'
#include "campaign/replay.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "campaign/crash.hpp"
#include "engine/interleavings.hpp"
#include "engine/sequential.hpp"
#include "engine/threads.hpp"
#include "program/shrink_concurrent.hpp"
#include "support/children.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using example = std::optional<counterexample>;

example once_more(const token& t, const target& on, const job& j) {
    std::vector<model::step> steps;
    for (const task_step& s : t.program.tasks.empty() ? std::vector<task_step>{} : t.program.tasks.front())
        steps.push_back(s.step);
    const std::optional<sequential_failure> f = take_again(on, {t.program.capacity, std::move(steps)});
    return f ? example(example_of(*f, j, on, t.engine)) : std::nullopt;
}

example many_times(const token& t, const target& given, const job& j, std::size_t most, pulse& p) {
    const target on = as_tasks(given);
    if (!on.open_tasks) throw std::runtime_error(fmt::format("replay: {} is for one thread only", on.name));
    if (!can_run(on, blocking_where_needed(on, t.program)))
        throw std::runtime_error(fmt::format("replay: {} lacks a capability that the program needs", on.name));
    threads_options o;
    std::uint64_t runs = 0;
    o.alive = [&](std::uint64_t) { p.beat(0, ++runs); };
    const std::optional<threads_failure> f = run_again(on, t.program, most, o);
    return f ? example(example_of(*f, j, on)) : std::nullopt;
}

example explored(const token& t, const target& on, const job& j) {
    if (!on.is_simulated) throw std::runtime_error(fmt::format("replay: {} is not simulated", on.name));
    if (find_simulator().empty())
        throw std::runtime_error("replay: there is no tailrace-interleavings beside this program");
    const std::optional<interleavings_failure> f = explore_again(on, t.program);
    return f ? example(example_of(*f, j, on)) : std::nullopt;
}

/// As JSON; nothing if it does not fail.
std::string in_child(const token& t, const target& on, const job& j, const replay_options& how, pulse& p) {
    example e;
    switch (t.engine) {
        case model::engine::sequential: e = once_more(t, on, j); break;
        case model::engine::interleavings: e = explored(t, on, j); break;
        default: e = many_times(t, on, j, how.most_runs, p);
    }
    if (!e) return {};
    e->recorded_at = how.from;
    e->program = of_a_token;
    return to_json(*e);
}

replayed failed(failure f, const token& t) {
    f.token = to_string(t);
    return {replayed::end::failed, f.text, std::move(f)};
}

}  // namespace

bool can_replay(model::engine e) noexcept {
    return e == model::engine::sequential || e == model::engine::threads || e == model::engine::interleavings;
}

replayed replay(const token& t, const target& on, const job& j, const replay_options& how) {
    const child_end end = in_children({[&](pulse& p) { return in_child(t, on, j, how, p); }},
                                      children_limits{.patience = how.patience, .over = how.over})
                              .front();
    switch (end.is) {
        case child_end::how::threw: throw std::runtime_error(end.text);
        case child_end::how::given_up:
            return {replayed::end::unknown, fmt::format("UNKNOWN: {} did not end in time\n", on.name), {}};
        case child_end::how::hung:
        case child_end::how::crashed: {
            engine_report in;
            in.engine = model::to_string(t.engine);
            in.target = on.name;
            const std::string from = how.from.empty() ? "" : labelled("  from      ", "corpus " + plain(how.from), 1);
            return failed(failure_of(end.is == child_end::how::hung ? failure::kind::hang : failure::kind::crash, in,
                                     how_it_ended(end), how.from, from + lines_of(t, on, j.program)),
                          t);
        }
        case child_end::how::finished: break;
    }
    if (!end.text.empty()) return failed(failure_of(from_json(end.text, "replay")), t);
    if (t.engine == model::engine::sequential)
        return {replayed::end::gone,
                fmt::format("{} does what the specification says: the failure is gone\n", on.name),
                {}};
    const std::string how_often =
        t.engine == model::engine::threads ? counted(how.most_runs, "run") : "any execution that was explored";
    return {
        replayed::end::unknown,
        fmt::format("UNKNOWN: {} did not fail in {}; that is no proof that the failure is gone\n", on.name, how_often),
        {}};
}

}  // namespace tailrace::verify
