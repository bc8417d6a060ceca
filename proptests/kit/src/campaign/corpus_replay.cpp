// Replays the failures of a corpus. After a change here run: ci/test -L proptests -R corpus
#include "campaign/corpus_replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "campaign/corpus.hpp"
#include "campaign/replay.hpp"
#include "report/failure_report.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

/// The target or the one of its geometries that has the name; null if none has.
const target* named(const target& t, std::string_view name) {
    if (t.name == name) return &t;
    const auto at = std::ranges::find(t.geometries, name, &target::name);
    return at == t.geometries.end() ? nullptr : &*at;
}

bool is_over(const how_to_run& how) { return how.interrupted && how.interrupted(); }

/// What became of it. A failure goes into the report.
std::string outcome_of(const kept_failure& k, const target& on, engine_report& r, const job& j, const how_to_run& how) {
    replayed again;
    try {
        if (!is_over(how))
            again = replay(k.again, on, j, {.patience = how.patience, .from = k.file, .over = how.interrupted});
    } catch (const std::runtime_error& e) {
        return "skipped: " + plain(e.what());
    }
    if (!again.failed() && is_over(how)) {
        r.numbers[std::string(interrupted)] = 1;
        return "skipped: interrupted";
    }
    ++r.numbers["programs"];
    if (again.is == replayed::end::gone) return std::string(entry_passed);
    if (again.is == replayed::end::unknown) return "not seen again";
    r.failures.push_back(*std::move(again.found));
    return "failed again";
}

}  // namespace

std::vector<engine_report> replay_corpus(const corpus& kept, const std::vector<const target*>& targets, const job& j,
                                         const how_to_run& how, const campaign_news& tell) {
    std::vector<engine_report> reports;
    for (const target* t : targets) {
        engine_report& r = reports.emplace_back();
        r.engine = corpus_engine;
        r.target = t->name;
        r.unit = "program";
    }
    if (how.shard.part > 1 || reports.empty()) return reports;
    std::size_t done = 0;
    for (const kept_failure& k : kept.failures()) {
        if (tell) tell(fmt::format("corpus: {} of {}", grouped(done++), counted(kept.failures().size(), "failure")));
        const target* on = nullptr;
        std::size_t at = 0;
        while (at < targets.size() && (on = named(*targets[at], k.again.target)) == nullptr) ++at;
        engine_report& r = reports[on == nullptr ? 0 : at];
        r.entries[k.file] =
            on != nullptr ? outcome_of(k, *on, r, j, how)
                          : fmt::format("skipped: of the target {}, which does not run here", plain(k.again.target));
    }
    return reports;
}

std::string summarise_corpus(const engine_report& r) {
    std::map<std::string, std::uint64_t> count;
    for (const auto& [file, outcome] : r.entries) ++count[outcome];
    std::string text;
    for (const auto& [outcome, n] : count)
        text += fmt::format("{}{} {}", text.empty() ? ": " : ", ", grouped(n), printable(outcome));
    return count.empty() ? "nothing to replay" : counted(r.entries.size(), "failure") + " kept" + text;
}

}  // namespace tailrace::verify
