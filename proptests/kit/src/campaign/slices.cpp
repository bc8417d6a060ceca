// Runs the programs of an engine in parts: each in a child process that is watched, several at once, in rounds, until
// all are done, one has failed, or the time is over. After a change here run: ci/test -L proptests -R 'campaign|slices'
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "campaign/crash.hpp"
#include "campaign/slices.hpp"
#include "program/concurrent_program.hpp"
#include "program/generator.hpp"
#include "report/token.hpp"
#include "support/children.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using clock = std::chrono::steady_clock;

/// Programs that one child takes at a time: enough to be worth a process. Those of `exhaustive` are short.
constexpr std::uint64_t slice_programs(const engine_entry& e) {
    return e.is == model::engine::exhaustive ? 250'000 : 5'000;
}

/// Of a budget, at most: the part that measures evidence needs no more, and a run without any decides nothing.
constexpr auto longest_for_evidence = std::chrono::seconds(5);

/// In the numbers of a part: it has left out something. It is not in those of the whole, which say why.
constexpr std::string_view left_over = "left_over";

/// In the numbers of a part: the index behind the last program that it began. It is not in those of the whole.
constexpr std::string_view ended_at = "ended_at";

/// The numbers that generated programs have, for the shards to share.
constexpr std::uint64_t numbers_of_a_seed = 1'000'000'000'000;

/// For making a program smaller. Each attempt at one that hangs takes a second.
constexpr auto longest_for_a_hang = std::chrono::seconds(10);
constexpr auto longest_for_a_crash = std::chrono::seconds(60);

/// Program `at` of the engine, as a token has it; nothing for an engine without programs.
std::optional<concurrent_program> program_of(const engine_entry& e, const target& t, const job& j, std::uint64_t at) {
    switch (e.is) {
        case model::engine::threads: return generate_concurrent(t, j.seed, at, large_programs);
        case model::engine::interleavings:
            if (j.pairs) return program_of_pairs(j, t, at);
            return generate_concurrent(t, j.seed, at, small_programs);
        case model::engine::sequential: {
            generator_options options{.seed = j.seed};
            options.capacity_for = t.capacity_for;
            const model::trace all = interpret(generator(t.capabilities, options)(at));
            concurrent_program p{all.capacity, {}, {{}}};
            for (const model::line& l : all.lines) p.tasks.front().push_back({.step = l.step});
            return p;
        }
        case model::engine::exhaustive: return exhaustive_program(j, t, at);
        default: return std::nullopt;
    }
}

/// Makes a program of one thread that crashes or hangs smaller, and says how much.
std::string shrink_in_place(concurrent_program& p, const target& t, const std::function<bool()>& over) {
    script whole{p.capacity, {}};
    for (const task_step& s : p.tasks.front()) whole.steps.push_back(s.step);
    constexpr std::size_t most_attempts = 2'000;
    const shrunk_script small = shrink_crash(t, whole, most_attempts, over);
    if (small.attempts == 0) return {};
    p = {small.smallest.capacity, {}, {{}}};
    for (const model::step& s : small.smallest.steps) p.tasks.front().push_back({.step = s});
    return fmt::format("  from      {}; shrunk to {}, in {}\n", counted(whole.steps.size(), "step"),
                       small.smallest.steps.size(), counted(small.attempts, "attempt"));
}

/// The failure of a program that hung, crashed or was given up.
failure untimely(const child_end& end, const engine_entry& e, const engine_report& in, const target& t, const job& j,
                 const children_limits& limits) {
    const bool given_up = end.is == child_end::how::given_up;
    const bool hung = end.is == child_end::how::hung || given_up;
    std::optional<concurrent_program> p = program_of(e, t, j, end.at);
    std::string token;
    std::string details;
    if (p) {
        const target& on = takes_all(e, j) ? t : target_for(t, end.at, e.is);
        const auto until = clock::now() + (hung ? longest_for_a_hang : longest_for_a_crash);
        const auto is_over = [&] { return clock::now() >= until || limits.are_over(); };
        if (e.is == model::engine::sequential && !given_up) details = shrink_in_place(*p, on, is_over);
        const verify::token again{std::string(tool_version()), e.is, on.name, *p};
        token = to_string(again);
        details += lines_of(again, on, j.program);
    }
    failure f = failure_of(hung ? failure::kind::hang : failure::kind::crash, in,
                           fmt::format("{} in {} {}{}", how_it_ended(end), in.unit, end.at,
                                       takes_all(e, j) ? "" : fmt::format(" of seed {}", j.seed)),
                           program_place(takes_all(e, j), j.seed, end.at), details);
    f.token = std::move(token);
    return f;
}

engine_report report_of(const child_end& end, const engine_entry& e, const target& t, const job& j,
                        const children_limits& limits) {
    if (end.is == child_end::how::finished) return engine_report_from_json(end.text, e.name());
    if (end.is == child_end::how::threw) throw std::runtime_error(end.text);
    engine_report r;
    r.engine = e.name();
    r.target = t.name;
    r.unit = e.unit;
    if (end.is == child_end::how::given_up) {
        r.numbers = {{std::string(left_over), 1}, {std::string(parts_given_up), 1}};
    }
    r.numbers[std::string(ended_at)] = end.at + (end.is == child_end::how::given_up ? 0 : 1);
    r.failures.push_back(untimely(end, e, r, t, j, limits));
    return r;
}

/// Programs of a job.
struct slice {
    std::uint64_t first = 0;
    std::uint64_t programs = 0;
};

/// At most `number`, none of them empty.
std::vector<slice> slices_of(std::uint64_t first, std::uint64_t end, std::uint64_t number) {
    number = std::min(number, end - first);
    std::vector<slice> parts;
    for (std::uint64_t i = 0; i < number; ++i) {
        const std::uint64_t at = first + (end - first) * i / number;
        parts.push_back({at, first + (end - first) * (i + 1) / number - at});
    }
    return parts;
}

/// Runs the engine; what was left because the time was over is counted.
engine_report run_until(const engine_entry& e, const target& t, job& j, const campaign_progress& tell) {
    bool left = false;
    const auto noted = [&left](bool ends) { return left = left || ends, ends; };
    j.over = [noted, over = j.over] { return noted(over && over()); };
    j.enough = [noted, over = j.over, enough = j.enough] { return noted(over() || (enough && enough())); };
    engine_report r = e.run(j, t, tell);
    r.numbers[std::string(left_over)] = left ? 1 : 0;
    r.numbers[std::string(ended_at)] = j.first + number_of(r, "programs");
    r.engine = e.name();
    r.target = t.name;
    return r;
}

std::vector<engine_report> run_round(const engine_entry& e, const target& t, job& all, const std::vector<slice>& parts,
                                     const children_limits& limits, clock::time_point enough_at,
                                     const children_progress& tell) {
    std::vector<child_work> work;
    for (const slice& part : parts) {
        // The job is the child's own: memory is copied when it is written to, and of the traces nothing is.
        work.push_back([&e, &t, &all, part, enough_at, leads = all.leads && &part == &parts.front()](pulse& p) {
            std::size_t at = 0;
            const auto beat = [&](std::string_view, std::size_t done, std::size_t) {
                at = done;
                p.beat(part.first + done, done);
            };
            all.first = part.first;
            all.programs = part.programs;
            all.leads = leads;
            all.alive = [&] { p.beat(part.first + at, at); };
            all.over = [&] { return p.over(); };
            if (leads) all.enough = [enough_at] { return clock::now() >= enough_at; };
            return to_json(run_until(e, t, all, beat));
        });
    }
    const std::vector<child_end> ends = in_children(work, limits, tell);
    std::vector<engine_report> reports;
    for (const child_end& end : ends) reports.push_back(report_of(end, e, t, all, limits));
    return reports;
}

/// Whether anything was, and why.
void note_what_was_left(engine_report& whole, bool rounds, bool by_signal) {
    const auto at = whole.numbers.find(std::string(left_over));
    const bool parts = at != whole.numbers.end() && at->second > 0;
    if (at != whole.numbers.end()) whole.numbers.erase(at);
    if (rounds || parts) whole.numbers[std::string(by_signal ? interrupted : over_budget)] = 1;
}

/// Where the order of the programs means something: what failed first, and after it nothing else. A difference ends a
/// part: with all before it run, it is a smallest one.
void keep_in_order(std::vector<engine_report>& reports, const std::vector<slice>& parts, bool all_before) {
    bool failed = false;
    for (std::size_t i = 0; i < reports.size(); ++i) {
        engine_report& r = reports[i];
        const std::uint64_t run = number_of(r, "programs");
        if (failed) r.failures.clear();
        if (!failed && !r.failures.empty() && all_before && r.failures.front().is == failure::kind::difference)
            r.numbers.emplace(agreed_before, parts[i].first + run - 1);
        failed = failed || !r.failures.empty();
        all_before = all_before && run == parts[i].programs;
    }
}

/// With which program to go on: with the first that was not run, or behind all that were, if one is as good as another.
std::uint64_t next_after(std::vector<engine_report>& reports, const std::vector<slice>& parts, bool in_order) {
    std::uint64_t next = parts.front().first;
    for (std::size_t i = 0; i < reports.size(); ++i) {
        const std::uint64_t end = reports[i].numbers.extract(std::string(ended_at)).mapped();
        if (!in_order || next == parts[i].first) next = std::max(next, end);
    }
    return next;
}

/// Which programs are to be run here; an engine without any has one part, and the first shard runs it.
slice range_of(const engine_entry& e, const target& t, const job& j, const how_to_run& how) {
    const auto part_of = [&s = how.shard](std::uint64_t n) {
        const std::uint64_t first = n * (s.part - 1) / s.of;
        return slice{first, n * s.part / s.of - first};
    };
    if (e.usual_programs == 0) return {0, how.shard.part == 1 ? 1u : 0u};
    const bool all = takes_all(e, j);
    const std::uint64_t numbers = all ? e.size(j, t) : numbers_of_a_seed;
    const std::uint64_t total = std::min(j.programs == 0 ? e.usual_programs : j.programs, numbers);
    slice mine = part_of(total);
    if (how.goes_on) {
        const slice whole = part_of(numbers);
        const std::uint64_t done = *how.goes_on - std::min(*how.goes_on, whole.first);
        mine.first = whole.first + (done < whole.programs ? done : 0);  // behind the last comes the first again
        mine.programs = std::min(mine.programs, whole.first + whole.programs - mine.first);
    } else if (all) {
        const std::uint64_t left_out = std::min(mine.programs, j.from - std::min(j.from, mine.first));
        mine = {mine.first + left_out, mine.programs - left_out};
    }
    return mine;
}

}  // namespace

bool takes_all(const engine_entry& e, const job& j) {
    return e.is == model::engine::exhaustive || (e.is == model::engine::interleavings && j.pairs);
}

engine_report run_in_slices(const engine_entry& e, const target& t, const job& j, const campaign_progress& tell,
                            const how_to_run& how) {
    job all = j;
    all.leads = how.shard.part == 1;
    const slice range = range_of(e, t, j, how);
    std::uint64_t at = range.first;
    const std::uint64_t end = range.first + range.programs;
    engine_report whole;
    whole.engine = e.name();
    whole.target = t.name;
    if (how.jobs == 0) {
        all.first = at;
        all.programs = end - at;
        all.over = how.interrupted;
        std::vector<engine_report> reports;
        if (at < end) reports.push_back(run_until(e, t, all, tell));
        const std::uint64_t next = at < end ? next_after(reports, {range}, takes_all(e, j)) : at;
        for (engine_report& r : reports) add_to(whole, std::move(r));
        if (how.goes_on) whole.numbers.emplace(goes_on_at, next);
        note_what_was_left(whole, false, how.interrupted && how.interrupted());
        return whole;
    }
    const auto began = clock::now();
    children_limits limits{.patience = how.patience, .over = how.interrupted};
    if (how.budget) limits.deadline = began + *how.budget;
    clock::time_point enough_at = limits.deadline;
    if (how.budget) enough_at -= std::min<clock::duration>(*how.budget / 2, longest_for_evidence);
    const bool in_one = all.most_failures > 1;  // failures are compared with each other
    const std::size_t jobs = in_one || e.usual_programs == 0 ? 1 : how.jobs;
    const std::uint64_t done_before = at;
    const bool in_order = takes_all(e, j);
    std::uint64_t next = at;  // with which another run would go on
    const bool counts_itself = e.usual_programs == 0 && e.size != nullptr;
    const std::uint64_t size = counts_itself && tell && at < end ? e.size(j, t) : 0;
    while (at < end && whole.failures.empty() && number_of(whole, left_over) == 0 && !limits.are_over()) {
        const std::uint64_t round = in_one ? end - at : std::min(end - at, slice_programs(e) * jobs);
        const auto done_so_far = [&](std::uint64_t done) {
            if (!tell) return;
            if (e.usual_programs == 0) return tell(e.unit, done, size);
            tell(e.unit, at - done_before + done, end - done_before);
        };
        const std::vector<slice> parts = slices_of(at, at + round, jobs);
        std::vector<engine_report> reports = run_round(e, t, all, parts, limits, enough_at, done_so_far);
        if (in_order) keep_in_order(reports, parts, range.first == 0 && !in_one);
        next = next_after(reports, parts, in_order);
        for (engine_report& r : reports) add_to(whole, std::move(r));
        all.leads = false;
        at += round;
    }
    const bool rounds_left = at < end && whole.failures.empty();
    if (how.goes_on || (in_order && next < end && whole.failures.empty())) whole.numbers.emplace(goes_on_at, next);
    note_what_was_left(whole, rounds_left, how.interrupted && how.interrupted());
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began);
    whole.numbers["milliseconds"] = static_cast<std::uint64_t>(took.count());
    return whole;
}

}  // namespace tailrace::verify
