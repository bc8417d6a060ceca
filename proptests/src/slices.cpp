// The programs of an engine in parts: each in a child process that is watched, several at once, in rounds, until all are done, one
// has failed, or the time is over. After a change here run: ctest -L proptests -R 'campaign|slices'
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "children.hpp"
#include "engines.hpp"
#include "tailrace/verify/concurrent_program.hpp"
#include "tailrace/verify/generator.hpp"
#include "tailrace/verify/token.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

using clock = std::chrono::steady_clock;

/// Programs that one child takes at a time: enough to be worth a process.
constexpr std::uint64_t slice_programs = 5'000;

/// Of a program that hangs or crashes.
constexpr std::size_t most_lines = 32;

/// Program `at` of the engine, as a token has it; nothing for an engine without programs.
std::optional<concurrent_program> program_of(const engine_entry& e, const target& t, const job& j, std::uint64_t at) {
    switch (e.is) {
        case model::engine::threads: return generate_concurrent(t, j.seed, at, large_programs);
        case model::engine::interleavings: return generate_concurrent(t, j.seed, at, small_programs);
        case model::engine::sequential: {
            generator_options options{.seed = j.seed};
            options.capacity_for = t.capacity_for;
            const model::trace all = interpret(generator(t.capabilities, options)(at));
            concurrent_program p{all.capacity, {}, {{}}};
            for (const model::line& l : all.lines) p.lanes.front().push_back({.step = l.step});
            return p;
        }
        default: return std::nullopt;
    }
}

/// What is known of a program whose end was no answer.
failure untimely(const child_end& end, const engine_entry& e, const engine_report& in, const target& t, const job& j) {
    const bool hung = end.is == child_end::how::hung;
    const std::string how = hung              ? "it hangs"
                            : end.signal != 0 ? fmt::format("it crashes (signal {}, {})", end.signal, strsignal(end.signal))
                                              : "it ends the process";
    const std::optional<concurrent_program> p = program_of(e, t, j, end.at);
    std::string token;
    std::string details;
    if (p) {
        token = to_string(verify::token{std::string(tool_version()), e.is, t.name, *p});
        details = "  program\n";
        std::istringstream lines(to_string(*p));
        std::size_t shown = 0;
        for (std::string line; std::getline(lines, line) && shown <= most_lines; ++shown)
            details += shown == most_lines ? "    ...\n" : fmt::format("    {}\n", cut(line, report_width - 4));
        details += fmt::format("  again     {} replay {}\n", j.program, token);
    }
    failure f = failure_of(hung ? failure::kind::hang : failure::kind::crash, in,
                           fmt::format("{} in {} {} of seed {}", how, in.unit == "trace" ? "trace" : "program", end.at, j.seed),
                           fmt::format("seed-{}-program-{}", j.seed, end.at), details);
    f.token = std::move(token);
    return f;
}

engine_report report_of(const child_end& end, const engine_entry& e, const target& t, const job& j) {
    if (end.is == child_end::how::finished) return engine_report_from_json(end.text, e.name());
    if (end.is == child_end::how::threw) throw std::runtime_error(end.text);
    engine_report r;
    r.engine = e.name();
    r.target = t.name;
    r.unit = e.usual_programs == 0 ? "trace" : "program";
    r.failures.push_back(untimely(end, e, r, t, j));
    return r;
}

std::vector<job> slices_of(const job& all, std::uint64_t first, std::uint64_t end, std::size_t number) {
    std::vector<job> parts;
    for (std::size_t i = 0; i < number; ++i) {
        job part = all;
        part.first = first + (end - first) * i / number;
        part.programs = first + (end - first) * (i + 1) / number - part.first;
        part.leads = all.leads && i == 0;
        if (part.programs > 0) parts.push_back(std::move(part));
    }
    return parts;
}

std::vector<engine_report> run_round(const engine_entry& e, const target& t, const std::vector<job>& parts,
                                     const how_to_run& how, const children_progress& tell) {
    std::vector<child_work> work;
    for (const job& part : parts) {
        work.push_back([&e, &t, &part](pulse& p) {
            std::size_t at = 0;
            const auto beat = [&](std::string_view, std::size_t done, std::size_t) {
                at = done;
                p.beat(part.first + done, done);
            };
            job mine = part;
            mine.alive = [&] { p.beat(part.first + at, at); };
            engine_report r = e.run(mine, t, beat);
            r.engine = e.name();
            r.target = t.name;
            return to_json(r);
        });
    }
    const std::vector<child_end> ends = in_children(work, how.patience, tell);
    std::vector<engine_report> reports;
    for (std::size_t i = 0; i < ends.size(); ++i) reports.push_back(report_of(ends[i], e, t, parts[i]));
    return reports;
}

/// Which programs are to be run here; an engine without any has one part, and the first shard runs it.
std::pair<std::uint64_t, std::uint64_t> range_of(const engine_entry& e, const job& j, const shard& s) {
    if (e.usual_programs == 0) return {0, s.part == 1 ? 1 : 0};
    const std::uint64_t total = j.programs == 0 ? e.usual_programs : j.programs;
    return {total * (s.part - 1) / s.of, total * s.part / s.of};
}

}  // namespace

engine_report run_in_slices(const engine_entry& e, const target& t, const job& j,
                            const campaign_progress& tell, const how_to_run& how) {
    job all = j;
    all.leads = how.shard.part == 1;
    const std::pair<std::uint64_t, std::uint64_t> range = range_of(e, j, how.shard);
    std::uint64_t at = range.first;
    const std::uint64_t end = range.second;
    engine_report whole;
    whole.engine = e.name();
    whole.target = t.name;
    if (how.jobs == 0) {
        all.first = at;
        all.programs = end - at;
        if (at < end) add_to(whole, e.run(all, t, tell));
        return whole;
    }
    const auto began = clock::now();
    const bool in_one = all.most_failures > 1;  // failures are compared with each other
    const std::size_t jobs = in_one || e.usual_programs == 0 ? 1 : how.jobs;
    while (at < end && whole.failures.empty()) {
        const std::uint64_t round = in_one ? end - at : std::min(end - at, slice_programs * jobs);
        const auto done_so_far = [&](std::uint64_t done) {
            if (tell) tell(e.usual_programs == 0 ? "trace" : "program", at + done, end);
        };
        const std::vector<job> parts = slices_of(all, at, at + round, jobs);
        for (engine_report& r : run_round(e, t, parts, how, done_so_far)) add_to(whole, std::move(r));
        all.leads = false;
        at += round;
        if (how.budget && clock::now() - began > *how.budget) break;
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began);
    whole.numbers["milliseconds"] = static_cast<std::uint64_t>(took.count());
    return whole;
}

}  // namespace tailrace::verify
