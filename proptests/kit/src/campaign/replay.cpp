// Replays sequential and concurrent programs. After a change here run: ci/test -L proptests -R replay
#include "campaign/replay.hpp"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "campaign/stepwise.hpp"
#include "engine/interleavings.hpp"
#include "engine/sequential.hpp"
#include "engine/threads.hpp"
#include "program/shrink_concurrent.hpp"
#include "report/failure_report.hpp"
#include "support/children.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// What failed, without the seed and the index that it had once.
std::string log_of(counterexample c) {
    c.program = of_a_token;
    return to_log(c);
}

std::string once_more(const token& t, const target& on, const std::string& command) {
    std::vector<model::step> steps;
    for (const task_step& s : t.program.tasks.empty() ? std::vector<task_step>{} : t.program.tasks.front())
        steps.push_back(s.step);
    const std::optional<sequential_failure> f = take_again(on, {t.program.capacity, std::move(steps)});
    job j;
    j.program = command;
    j.mutants = mutants();
    return f ? log_of(example_of(*f, j, on, t.engine)) : std::string();
}

std::string many_times(const token& t, const target& given, const std::string& command, std::size_t most, pulse& p) {
    const target on = as_tasks(given);
    if (!on.open_tasks) throw std::runtime_error(fmt::format("replay: {} is for one thread only", on.name));
    if (!can_run(on, blocking_where_needed(on, t.program)))
        throw std::runtime_error(fmt::format("replay: {} lacks a capability that the program needs", on.name));
    threads_options o;
    std::uint64_t runs = 0;
    o.alive = [&](std::uint64_t) { p.beat(0, ++runs); };
    const std::optional<threads_failure> f = run_again(on, t.program, most, o);
    return f ? log_of(example_of(*f, on, command)) : std::string();
}

std::string explored(const token& t, const target& on, const std::string& command) {
    if (!on.is_simulated) throw std::runtime_error(fmt::format("replay: {} is not simulated", on.name));
    if (find_simulator().empty())
        throw std::runtime_error("replay: there is no tailrace-interleavings beside this program");
    const std::optional<interleavings_failure> f = explore_again(on, t.program);
    return f ? log_of(example_of(*f, on, command)) : std::string();
}

}  // namespace

replayed replay(const token& t, const target& on, std::chrono::milliseconds patience, const std::string& command,
                std::size_t most_runs) {
    const std::vector<child_end> ends = in_children({[&](pulse& p) {
                                                        switch (t.engine) {
                                                            case model::engine::sequential:
                                                                return once_more(t, on, command);
                                                            case model::engine::interleavings:
                                                                return explored(t, on, command);
                                                            default: return many_times(t, on, command, most_runs, p);
                                                        }
                                                    }},
                                                    patience);
    const child_end& end = ends.front();
    switch (end.is) {
        case child_end::how::threw: throw std::runtime_error(end.text);
        case child_end::how::given_up:
        case child_end::how::hung: return {replayed::end::failed, fmt::format("{} hangs\n", on.name)};
        case child_end::how::crashed:
            return {replayed::end::failed,
                    fmt::format("{} crashes ({})\n", on.name, end.signal != 0 ? strsignal(end.signal) : "it left")};
        case child_end::how::finished: break;
    }
    if (!end.text.empty()) return {replayed::end::failed, end.text};
    if (t.engine == model::engine::sequential)
        return {replayed::end::gone,
                fmt::format("{} does what the specification says: the failure is gone\n", on.name)};
    const std::string how_often =
        t.engine == model::engine::threads ? counted(most_runs, "run") : "any execution that was explored";
    return {
        replayed::end::unknown,
        fmt::format("UNKNOWN: {} did not fail in {}; that is no proof that the failure is gone\n", on.name, how_often)};
}

}  // namespace tailrace::verify
