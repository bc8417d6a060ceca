// Running a campaign, and judging each clause by what it found.
// After a change here run: ci/test -L proptests
#include "campaign/campaign.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>
#include <thread>
#include <utility>

#include "campaign/corpus.hpp"
#include "campaign/corpus_replay.hpp"
#include "campaign/slices.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

using clock = std::chrono::steady_clock;

/// ", about 2 minutes left", by the time that the programs before have taken.
std::string time_left(clock::duration so_far, std::size_t done, std::size_t of) {
    const double seconds = std::chrono::duration<double>(so_far).count();
    if (seconds < 5 || done == 0 || done >= of) return {};
    const double left = seconds * static_cast<double>(of - done) / static_cast<double>(done);
    return left < 90 ? fmt::format(", about {:.0f} s left", left)
                     : fmt::format(", about {:.0f} minutes left", left / 60);
}

bool can_run(model::engine e, const target& t) {
    switch (e) {
        case model::engine::threads: return static_cast<bool>(t.open_tasks);
        case model::engine::interleavings: return t.is_simulated;
        case model::engine::tests: return !t.tests.empty();
        default: return true;
    }
}

/// A clause without evidence waits for the first engine that can observe it and has not run; if none can run on the
/// target, it is skipped.
judgement without_evidence(const model::clause& c, const target& t, const std::vector<const engine_entry*>& ran) {
    std::vector<std::string_view> needed;
    for (const model::engine e : c.observed_by) {
        if (!can_run(e, t)) {
            needed.push_back(model::to_string(e));
        } else if (std::ranges::find(ran, e, &engine_entry::is) == ran.end()) {
            return {verdict::waits, {}, fmt::format("waits for {}", model::to_string(e))};
        }
    }
    if (needed.size() == c.observed_by.size())
        return {
            verdict::skipped, {}, fmt::format("only {} can show it, and cannot run here", fmt::join(needed, " or "))};
    return {verdict::waits, {}, "waits for evidence: no engine that ran has seen any"};
}

judgement judge_clause(const model::clause& c, const target& t, const campaign& all) {
    judgement j;
    for (const engine_report& r : all.reports) {
        if (r.target != t.name) continue;
        for (const failure& f : r.failures) {
            if (std::ranges::find(f.clauses, c.name) == f.clauses.end()) continue;
            if (j.is != verdict::fail) j.why = f.place;
            j.is = verdict::fail;
        }
        if (const auto e = r.evidence.find(c.name); e != r.evidence.end()) j.evidence.push_back(e->second);
        if (const auto l = r.lacking.find(c.name); l != r.lacking.end() && j.is != verdict::fail) {
            if (j.is == verdict::waits || l->second.essential) j.why = l->second.why;
            j.is = verdict::skipped;
        }
    }
    if (j.is == verdict::fail) return j;
    if (!j.evidence.empty()) return {verdict::pass, std::move(j.evidence), {}};
    return j.is == verdict::waits ? without_evidence(c, t, all.engines) : j;
}

}  // namespace

run_record record_here() {
    utsname system{};
    uname(&system);
    std::string processor = "an unknown processor";
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("model name") || line.find(": ") == line.npos) continue;
        processor = line.substr(line.find(": ") + 2);
        break;
    }
    run_record r;
    r.machine = fmt::format("{}, {}, {} {} {}", counted(std::thread::hardware_concurrency(), "core"), processor,
                            system.sysname, system.release, system.machine);
#ifdef __clang__
    r.compiler = __VERSION__;
#else
    r.compiler = "g++ " __VERSION__;
#endif
    return r;
}

std::string_view to_string(verdict v) noexcept {
    switch (v) {
        case verdict::pass: return "pass";
        case verdict::fail: return "FAIL";
        case verdict::skipped: return "skipped";
        case verdict::waits: return "waits";
    }
    return "?";
}

bool campaign::failed() const {
    return std::ranges::any_of(reports, [](const engine_report& r) { return !r.failures.empty(); });
}

void judge_clauses(campaign& c) {
    c.judgements.clear();
    for (const model::clause* clause : c.clauses) {
        std::vector<judgement>& row = c.judgements.emplace_back();
        for (const target* t : c.targets) row.push_back(judge_clause(*clause, *t, c));
    }
}

campaign run_campaign(const job& j, std::vector<const engine_entry*> engines, std::vector<const target*> targets,
                      const campaign_news& tell, const how_to_run& how) {
    campaign c;
    c.engines = std::move(engines);
    c.targets = std::move(targets);
    c.clauses = j.clauses;
    c.sources = j.sources;
    c.programs = j.programs;
    c.seed = j.seed;
    c.program = j.program;
    c.shards = {how.shard};
    if (how.kept != nullptr) c.reports = replay_corpus(*how.kept, c.targets, j, how, tell);
    for (engine_report& r : c.reports) finish(r);
    for (const engine_entry* e : c.engines) {
        for (const target* t : c.targets) {
            campaign_progress labelled;
            if (tell) {
                labelled = [&, began = clock::now()](std::string_view unit, std::size_t done, std::size_t of) {
                    // Of several failures only the engine knows yet; without --failures the first ends it.
                    tell(fmt::format("{} {}: {} of {}{}{}", e->name(), t->name, grouped(done), counted(of, unit),
                                     j.most_failures == 1 ? ", 0 differences" : "",
                                     time_left(clock::now() - began, done, of)));
                };
            }
            how_to_run here = how;
            if (how.kept != nullptr && e->usual_programs > 0) here.goes_on = how.kept->next(*e, *t, j, how.shard);
            engine_report& r = c.reports.emplace_back(run_in_slices(*e, *t, j, labelled, here));
            if (how.kept != nullptr) how.kept->keep(r, *e, *t, j, how.shard);
            finish(r);
        }
    }
    judge_clauses(c);
    return c;
}

}  // namespace tailrace::verify
