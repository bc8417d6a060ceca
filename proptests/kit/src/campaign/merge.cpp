// Merging the reports of shards: reads each report.json, and checks that they agree.
// After a change here run: ci/test -L proptests -R 'merge|command_line'
#include "campaign/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "campaign/corpus_replay.hpp"
#include "campaign/engines.hpp"
#include "campaign/report.hpp"
#include "report/json_reader.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

struct shard_report {
    std::string file;  // as messages name it
    std::string program;
    std::string version;
    std::uint64_t seed = 0;
    std::uint64_t programs = 0;
    std::vector<shard> shards;
    std::vector<std::string> traces;
    std::vector<std::string> clauses;
    std::vector<engine_report> runs;
};

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
    throw json_error(fmt::format("{}: {}", file, why));
}

using run_name = std::pair<std::string_view, std::string>;  // engine, target

/// What ran on what, in order.
std::vector<run_name> ran(const shard_report& r) {
    std::vector<run_name> all;
    for (const engine_report& one : r.runs) all.emplace_back(one.engine, one.target);
    return all;
}

shard shard_from(const json_reader& in) {
    const std::uint64_t of = in["of"].number(1, most_shards);
    return {in["part"].number(1, of), of};
}

report_text text_of(const std::string& folder) {
    const std::string path = (std::filesystem::path(folder) / "report.json").string();
    const std::string file = printable(path);
    try {
        return {file, read_file(path, "the report of a shard")};
    } catch (const std::runtime_error& e) {
        throw json_error(fmt::format("{}: one that was killed has to be run again", e.what()));
    }
}

shard_report read(const report_text& from) {
    shard_report r;
    r.file = from.file;
    const auto whole = parse_json(from.text, r.file, "the report of a shard");
    const json_reader in(whole, {}, r.file);
    r.program = in["program"].text();
    r.version = in["version"].text();
    r.seed = in["seed"].number();
    r.programs = in["programs"].number();
    r.shards = in["shards"].list(shard_from);
    if (r.shards.empty()) in["shards"].refuse("at least one shard");
    r.traces = in["traces"].list(&json_reader::text);
    r.clauses = in["clauses"].list([](const json_reader& row) {
        std::string name = row["clause"].text();
        if (model::find_clause(name) == nullptr) row["clause"].refuse("a clause of the contract");
        return name;
    });
    r.runs = in["runs"].list(engine_report_from);
    std::set<run_name> names;
    for (const run_name& name : ran(r)) {
        if (!names.insert(name).second)
            in["runs"].throw_at(fmt::format("expected each engine once on each target, found {} on {} twice",
                                            printable(name.first), printable(name.second)));
    }
    return r;
}

template <class Value>
void expect_same(std::string_view what, const shard_report& first, const shard_report& other,
                 Value shard_report::* value) {
    if (first.*value == other.*value) return;
    refuse(other.file, fmt::format("expected {} {}, as in {}, found {}", what, first.*value, first.file,
                                   printable(fmt::format("{}", other.*value))));
}

void expect_same(const shard_report& first, const shard_report& other) {
    expect_same("version", first, other, &shard_report::version);
    expect_same("seed", first, other, &shard_report::seed);
    expect_same("programs", first, other, &shard_report::programs);
    if (first.clauses != other.clauses)
        refuse(other.file, fmt::format("expected the same clauses as in {}", first.file));
    if (ran(first) != ran(other))
        refuse(other.file, fmt::format("expected runs of the same engines and targets as in {}", first.file));
    for (std::size_t i = 0; i < first.runs.size(); ++i) {
        const std::vector<reach>& one = first.runs[i].reached;
        const std::vector<reach>& two = other.runs[i].reached;
        // The coverage of a part that failed means nothing.
        if (one.size() == two.size() && !std::ranges::equal(one, two, {}, &reach::what, &reach::what))
            refuse(other.file, fmt::format("expected the same coverage goals as in {}", first.file));
    }
}

void expect_all(const std::vector<shard_report>& reports) {
    const std::uint64_t of = reports.front().shards.front().of;
    std::map<std::uint64_t, std::string> seen;
    for (const shard_report& r : reports) {
        for (const shard& s : r.shards) {
            if (s.of != of) refuse(r.file, fmt::format("expected a shard of {}, found {}/{}", of, s.part, s.of));
            const auto [at, is_new] = seen.emplace(s.part, r.file);
            if (!is_new) refuse(r.file, fmt::format("shard {}/{} is already in {}", s.part, s.of, at->second));
            if (std::ranges::any_of(r.runs, [](const engine_report& e) { return number_of(e, interrupted) > 0; }))
                refuse(r.file,
                       fmt::format("shard {0}/{1} was ended by a signal: run it again, --shard {0}/{1}", s.part, s.of));
        }
    }
    for (std::uint64_t part = 1; part <= of; ++part) {
        if (!seen.contains(part))
            refuse(reports.front().file,
                   fmt::format("shard {0}/{1} is missing: run what this one is of with --shard {0}/{1}", part, of));
    }
}

/// The entry of that name; `noun` is what there has to be one of.
template <class Range, class Name>
auto& known(const std::string& file, std::string_view noun, const Range& all, std::string_view name, Name of) {
    const auto at = std::ranges::find(all, name, of);
    if (at == all.end()) refuse(file, fmt::format("there is no {} '{}'", noun, printable(name)));
    return *at;
}

template <class Value>
void add_once(std::vector<const Value*>& to, const Value& one) {
    if (std::ranges::find(to, &one) == to.end()) to.push_back(&one);
}

}  // namespace

campaign merge(const std::vector<std::string>& folders, const std::vector<target>& targets) {
    std::vector<report_text> texts;
    for (const std::string& folder : folders) texts.push_back(text_of(folder));
    return merge_texts(texts, targets);
}

campaign merge_texts(const std::vector<report_text>& texts, const std::vector<target>& targets) {
    std::vector<shard_report> reports;
    for (const report_text& t : texts) reports.push_back(read(t));
    for (const shard_report& r : reports) expect_same(reports.front(), r);
    expect_all(reports);
    std::ranges::sort(reports, {}, [](const shard_report& r) { return r.shards.front().part; });

    campaign c;
    shard_report& first = reports.front();
    c.seed = first.seed;
    c.program = first.program;
    c.programs = first.programs;
    c.sources = first.traces;
    for (const std::string& name : first.clauses) c.clauses.push_back(model::find_clause(name));
    for (shard_report& r : reports) {
        for (std::size_t i = 0; i < r.runs.size(); ++i) {
            for (const char* time : {"milliseconds", "waiting_microseconds"}) r.runs[i].numbers.erase(time);
            // State coverage is judged anew, of the whole.
            std::erase_if(r.runs[i].failures, [](const failure& f) { return f.is == failure::kind::too_seldom; });
            if (c.reports.size() < r.runs.size()) {
                c.reports.push_back(std::move(r.runs[i]));
            } else {
                add_to(c.reports[i], std::move(r.runs[i]));
            }
        }
    }
    c.shards = {{1, 1}};  // whole again
    const std::vector<const target*> all = with_geometries(targets);
    for (engine_report& r : c.reports) {
        if (r.engine != corpus_engine)
            add_once(c.engines,
                     known(first.file, "engine", engines(), r.engine, [](const engine_entry& e) { return e.name(); }));
        add_once(c.targets, *known(first.file, "target", all, r.target,
                                   [](const target* t) -> std::string_view { return t->name; }));
        finish(r);
    }
    judge_clauses(c);
    return c;
}

}  // namespace tailrace::verify
