// The engine `threads` as an entry of the table: histories, their evidence, and their counterexamples.
// After a change here run: ci/test -L proptests -R 'threads|campaign'
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "campaign/concurrent_evidence.hpp"
#include "campaign/engines.hpp"
#include "engine/threads.hpp"
#include "evidence/attribution.hpp"
#include "report/failure_report.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// Histories that evidence is measured with.
constexpr std::size_t most_histories_for_evidence = 1'000;
/// The longest run is a million messages; a small campaign makes a shorter one.
constexpr std::uint64_t most_messages = 1'000'000;
constexpr std::uint64_t messages_per_program = 200;

failure make_failure(const threads_failure& t, const job& j, const target& in) {
    const target& on = target_for(in, t.program, model::engine::threads);
    counterexample c = example_of(t, j, on);
    c.shrunk = shrinking{length_of(t.found), length_of(t.smallest), t.attempts};
    failure f = failure_of(std::move(c));
    if (t.judgement.lost == no_answer::why::ended) f.is = failure::kind::crash;
    if (t.judgement.lost == no_answer::why::late) f.is = failure::kind::hang;
    f.token = to_string(token{std::string(tool_version()), model::engine::threads, on.name, t.smallest});
    return f;
}

bool can_run_long(const target& t) {
    const capabilities& c = t.capabilities;
    return c.has(capability::send) && c.has(capability::recv) && c.has(capability::clone) &&
           c.has(capability::sender_drop);
}

void run_long(engine_report& report, const job& j, const target& t) {
    for (const bool noisy : {false, true}) {
        if (j.is_over()) return;
        long_run r;
        r.messages = std::min(most_messages, j.programs * messages_per_program) / (noisy ? 10 : 1);
        r.noisy = noisy;
        std::uint64_t received = 0;
        r.alive = [&](std::uint64_t so_far) {
            received = so_far;
            j.breathe();
        };
        bool ended = false;
        r.over = [&] { return ended = j.is_over(); };
        const std::string problem = run_in_order(t, r);
        report.numbers["messages"] += ended ? received : r.messages;
        if (problem.empty()) continue;
        const std::string place = fmt::format("a run of {} from {} senders", counted(r.messages, "message"), r.senders);
        failure f = failure_of(failure::kind::difference, report, fmt::format("{}, in {}", problem, place), place);
        f.clauses = {"recv.order"};
        report.failures.push_back(std::move(f));
    }
}

/// The clauses that nothing but several tasks can show, and this target cannot.
void add_lacking(engine_report& report, const job& j, const target& t) {
    for (const model::clause* c : j.clauses) {
        if (!c->is_observed_by(model::engine::threads) || c->is_observed_by(model::engine::sequential)) continue;
        if (!t.open_tasks) report.lacking.emplace(c->name, lack{"it is for one thread only", true});
        for (std::size_t i = 0; i < capability_count && !can_break(t.capabilities, c->name); ++i) {
            const auto more = static_cast<capability>(i);
            if (!can_break(t.capabilities.with({more}), c->name)) continue;
            report.lacking[c->name] = {fmt::format("no capability {}", to_string(more)), true};
            break;
        }
    }
}

}  // namespace

counterexample example_of(const threads_failure& t, const job& j, const target& on) {
    counterexample c;
    c.engine = model::engine::threads;
    c.target = on.name;
    c.adapter = on.adapter;
    c.option = on.option;
    c.command = j.program;
    c.property = t.judgement.lost ? "Every step is answered, unless it waits."
                 : !t.judgement.problem.empty()
                     ? "Every value is delivered, returned or destroyed exactly once, and nothing throws."
                 : t.judgement.verdict.is == model::finding::asleep
                     ? "No waiting task is left asleep that the specification would wake."
                     : "The history is linearizable against the specification.";
    c.capacity = t.smallest.capacity;
    c.repeated = repetition{t.failed, t.runs};
    if (t.judgement.problem.empty())
        c.clauses = clauses_of(t.history, t.judgement.verdict, {}, c.engine, j, on.capabilities);
    c.seed = j.seed;
    c.program = t.program;
    concurrent_run run = run_of(t.history, t.judgement.verdict);
    run.problem = t.judgement.problem;
    c.run = std::move(run);
    return c;
}

std::string summarise_threads(const engine_report& r) {
    const auto number = [&](const char* name) { return number_of(r, name); };
    if (number("programs") == 0 && r.failures.empty()) return "not run: the target says that it is for one thread only";
    std::string text = fmt::format("{}, {} ({} with a stalled task), {}", counted(number("programs"), "program"),
                                   counted(number("histories"), "history"), grouped(number("stalled")),
                                   counted_failures(r, "failure"));
    if (number("unknown") > 0) text += fmt::format(", {} UNKNOWN", grouped(number("unknown")));
    if (number("messages") > 0) text += fmt::format("; {} in order", counted(number("messages"), "message"));
    return text;
}

engine_report run_threads_engine(const job& j, const target& given, const campaign_progress& tell) {
    engine_report report;
    report.engine = model::to_string(model::engine::threads);
    report.target = given.name;
    report.unit = "history";
    add_lacking(report, j, given);
    if (!given.open_tasks) return report;
    const target t = as_tasks(given);
    threads_options options;
    options.programs = j.programs;
    options.seed = j.seed;
    options.first = j.first;
    options.keep = j.leads ? std::min<std::size_t>(most_histories_for_evidence, 2 * j.programs) : 0;
    std::uint64_t at = 0;
    if (tell) options.alive = [&](std::uint64_t) { tell("program", at, j.programs); };
    options.enough = j.enough;
    options.over = j.over;
    const threads_result r = run_threads(t, options, [&](std::size_t done, std::size_t) { at = done; });
    report.numbers = {{"programs", r.programs}, {"histories", r.histories}, {"stalled", r.stalled},
                      {"events", r.events},     {"nodes", r.nodes},         {"unknown", r.unknown}};
    report.reached = r.reached;
    if (r.failure) {
        report.failures.push_back(make_failure(*r.failure, j, t));
        return report;
    }
    if (r.unknown * 1'000 > r.histories) {
        report.failures.push_back(too_many_unknown(report, r.unknown, r.histories));
    }
    if (!j.leads) return report;
    if (can_run_long(t) && !(j.enough && j.enough())) run_long(report, j, t);  // evidence is worth more
    std::vector<explained_history> all;
    for (std::size_t i = 0; i < r.kept.size() && !j.is_over(); ++i) {
        j.breathe();
        all.push_back({r.kept[i], model::check(r.kept[i]), j.first + i / 2});
    }
    add_evidence(report, model::engine::threads, all, j);
    return report;
}

}  // namespace tailrace::verify
