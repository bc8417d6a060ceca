// The engine `exhaustive` as an entry of the table: every program, its evidence and its counterexamples.
// After a change here run: ci/test -L proptests -R 'exhaustive|campaign'
#include "engine/exhaustive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "campaign/engines.hpp"
#include "campaign/stepwise.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Counted once for all parts: these are forked from the process that asks for the size.
const all_programs& all_programs_of(const job& j, const target& t) {
    static std::map<std::pair<std::string, std::size_t>, all_programs> known;
    return known.try_emplace({t.name, j.depth}, t, j.depth).first->second;
}

/// Of programs `first` to `end` so many, at equal distances; with the observers at the end, as they are asked.
std::vector<model::trace> some_of(const all_programs& all, std::uint64_t first, std::uint64_t end, std::uint64_t number,
                                  const job& j, capabilities within, bool observed) {
    std::vector<model::trace> traces;
    number = std::min(number, end - first);
    for (std::uint64_t i = 0; i < number && !j.is_over(); ++i) {
        j.breathe();
        const std::uint64_t index = first + (end - first) * i / number;
        all_programs::cursor one(all, index);
        if (!one.next()) break;
        model::trace& t = traces.emplace_back(fmt::format("program-{}", index), one.at().state().max, one.at().lines());
        model::machine m = one.at().state();
        for (const model::step& s : observed ? observers(m, within) : std::vector<model::step>())
            t.lines.push_back({s, m.apply(s), t.lines.size() + 1});
    }
    return traces;
}

/// Evidence that a few programs have; then, of the mutants that they do not show, that of many more.
void add_evidence_of(engine_report& report, const all_programs& all, job j, const target& t) {
    const std::uint64_t short_ones = all.of_length(1) + all.of_length(2);
    const auto add = [&](std::uint64_t first, std::uint64_t end, std::uint64_t number, bool observed) {
        if (!j.is_over() && first < end)
            add_evidence(report, some_of(all, first, end, number, j, t.capabilities, observed), j, t,
                         model::engine::exhaustive);
    };
    constexpr std::uint64_t few = 2'000;
    constexpr std::uint64_t many = 20'000;
    add(0, short_ones, short_ones, true);
    add(short_ones, all.size(), few, false);
    std::vector<mutant> wanted;
    std::ranges::copy_if(j.mutants, std::back_inserter(wanted),
                         [&](const mutant& d) { return !report.evidence.contains(d.clause); });
    j.mutants = wanted;
    add(short_ones, short_ones + all.of_length(3), many, false);
    add(short_ones + all.of_length(3), all.size(), many, false);
}

}  // namespace

concurrent_program exhaustive_program(const job& j, const target& t, std::uint64_t at) {
    all_programs::cursor one(all_programs_of(j, t), at);
    concurrent_program p{1, {}, {{}}};
    if (!one.next()) return p;
    p.capacity = one.at().state().max;
    for (const model::line& l : one.at().lines()) p.tasks.front().push_back({.step = l.step});
    return p;
}

std::uint64_t count_exhaustive(const job& j, const target& t) { return all_programs_of(j, t).size(); }

std::string summarise_exhaustive(const engine_report& r) {
    const std::uint64_t done = number_of(r, "programs");
    const std::uint64_t all = number_of(r, "all");
    const std::string depth = fmt::format("up to {}", counted(number_of(r, "depth"), "step"));
    std::string text = done == all ? fmt::format("every program of {}: {}", depth, counted(done, "program"))
                       : all == 0  ? counted(done, "program")  // of a shard that is not the first
                                   : fmt::format("{} of the {} of {}", grouped(done), counted(all, "program"), depth);
    text += fmt::format(", {}{}; {}, {}", counted_failures(r, "difference"), why_smallest(r),
                        counted(number_of(r, "steps"), "step"), counted(number_of(r, "observations"), "observation"));
    if (const std::uint64_t failed = number_of(r, "failed"); failed > 0)
        text += fmt::format("; {} failed", counted(failed, "program"));
    if (const std::uint64_t next = number_of(r, goes_on_at); next > 0) text += fmt::format("; --from {} goes on", next);
    return text;
}

engine_report run_exhaustive_engine(const job& j, const target& t, const campaign_progress& tell) {
    const all_programs& all = all_programs_of(j, t);
    exhaustive_options options;
    options.first = j.first;
    options.programs = j.programs;
    options.most_failures = j.most_failures;
    options.enough = j.enough;
    options.classify = [&](const sequential_failure& f) { return class_of(f, j, t, model::engine::exhaustive); };
    const exhaustive_result r = run_exhaustive(t, all, options, [&tell, &all, &j](std::size_t done, std::size_t) {
        if (tell) tell("program", done, std::min(j.programs, all.size()));
    });

    engine_report report;
    report.unit = "program";
    report.numbers = {{"programs", r.programs}, {"steps", r.steps}, {"observations", r.observations}};
    if (r.failed > 0 && j.most_failures > 1) report.numbers.emplace("failed", r.failed);
    for (const sequential_failure& f : r.failures)
        report.failures.push_back(failure_of(example_of(f, j, t, model::engine::exhaustive)));
    if (!j.leads) return report;
    report.numbers.insert({{"all", all.size()}, {"depth", j.depth}});
    if (r.failures.empty()) add_evidence_of(report, all, j, t);
    return report;
}

}  // namespace tailrace::verify
