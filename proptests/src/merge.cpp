// Reading report.json back, and what has to agree.
// After a change here run: ctest -L proptests -R 'merge|command_line'
#include "merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "engines.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::ordered_json;

struct shard_report {
    std::string file;
    json content;
    std::vector<shard> shards;
};

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
    throw std::runtime_error(fmt::format("{}: {}", printable(file), why));
}

shard_report read(const std::string& folder) {
    shard_report r;
    r.file = (std::filesystem::path(folder) / "report.json").string();
    std::ifstream in(r.file, std::ios::binary);
    if (!in) refuse(r.file, "expected the report of a shard, and cannot read it");
    std::ostringstream text;
    text << in.rdbuf();
    try {
        r.content = json::parse(text.str());
        for (const json& s : r.content.at("shards")) r.shards.push_back({s.at("part"), s.at("of")});
        for (const char* key : {"version", "seed", "programs", "runs", "clauses", "traces"})
            (void)r.content.at(key);
    } catch (const json::exception& e) {
        refuse(r.file, fmt::format("expected the report of a shard, found {}", printable(e.what())));
    }
    return r;
}

std::vector<std::string> clause_names(const json& report) {
    std::vector<std::string> names;
    for (const json& row : report.at("clauses")) names.push_back(row.at("clause"));
    return names;
}

void expect_same(const shard_report& first, const shard_report& other) {
    for (const char* key : {"version", "seed", "programs"}) {
        if (first.content[key] == other.content[key]) continue;
        refuse(other.file, fmt::format("expected {} {}, as in {}, found {}", key, first.content[key].dump(),
                                       printable(first.file), other.content[key].dump()));
    }
    if (clause_names(first.content) != clause_names(other.content))
        refuse(other.file, fmt::format("expected the same clauses as in {}", printable(first.file)));
}

void expect_all(const std::vector<shard_report>& reports) {
    const std::uint64_t of = reports.front().shards.empty() ? 0 : reports.front().shards.front().of;
    std::vector<std::string> seen(of + 1);
    for (const shard_report& r : reports) {
        for (const shard& s : r.shards) {
            if (s.of != of) refuse(r.file, fmt::format("expected a shard of {}, found {}/{}", of, s.part, s.of));
            if (s.part == 0 || s.part > of) refuse(r.file, fmt::format("there is no shard {}/{}", s.part, s.of));
            if (!seen[s.part].empty())
                refuse(r.file, fmt::format("shard {}/{} is already in {}", s.part, s.of, printable(seen[s.part])));
            seen[s.part] = r.file;
        }
    }
    for (std::uint64_t part = 1; part <= of; ++part) {
        if (seen[part].empty()) refuse(reports.front().file, fmt::format("shard {}/{} is missing", part, of));
    }
}

void add(campaign& c, const shard_report& r) {
    for (const json& row : r.content.at("runs")) {
        engine_report one = engine_report_from_json(row.dump(), r.file);
        // What was reached is judged anew, of the whole.
        std::erase_if(one.failures, [](const failure& f) { return f.is == failure::kind::too_seldom; });
        const auto same = [&](const engine_report& known) {
            return known.engine == one.engine && known.target == one.target;
        };
        const auto at = std::ranges::find_if(c.reports, same);
        if (at != c.reports.end()) {
            add_to(*at, std::move(one));
        } else {
            c.reports.push_back(std::move(one));
        }
    }
}

}  // namespace

campaign merge(const std::vector<std::string>& folders, const std::vector<target>& targets) {
    std::vector<shard_report> reports;
    for (const std::string& folder : folders) reports.push_back(read(folder));
    for (const shard_report& r : reports) expect_same(reports.front(), r);
    expect_all(reports);

    campaign c;
    const json& first = reports.front().content;
    c.seed = first.at("seed");
    c.program = first.at("program");
    c.programs = first.at("programs");
    for (const json& source : first.at("traces")) c.sources.push_back(source);
    for (const std::string& name : clause_names(first)) {
        const model::clause* clause = model::find_clause(name);
        if (clause == nullptr) refuse(reports.front().file, fmt::format("there is no clause '{}'", printable(name)));
        c.clauses.push_back(clause);
    }
    for (const shard_report& r : reports) {
        add(c, r);
        c.shards.insert(c.shards.end(), r.shards.begin(), r.shards.end());
    }
    c.shards = {{1, 1}};  // whole again
    for (engine_report& r : c.reports) {
        const auto entry = std::ranges::find(engines(), r.engine, &engine_entry::name);
        const auto of = std::ranges::find(targets, r.target, &target::name);
        if (entry == engines().end()) refuse(reports.front().file, fmt::format("there is no engine '{}'", printable(std::string(r.engine))));
        if (of == targets.end()) refuse(reports.front().file, fmt::format("there is no target '{}'", printable(r.target)));
        if (std::ranges::find(c.engines, &*entry) == c.engines.end()) c.engines.push_back(&*entry);
        if (std::ranges::find(c.targets, &*of) == c.targets.end()) c.targets.push_back(&*of);
        finish(r);
    }
    judge_clauses(c);
    return c;
}

}  // namespace tailrace::verify
