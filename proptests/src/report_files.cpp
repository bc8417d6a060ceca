// The report as files: report.html, report.json, junit.xml, summary.txt, and the forms of each
// counterexample.
// After a change here run: ctest -L proptests
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "failure_report.hpp"
#include "report.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

[[noreturn]] void refuse(const fs::path& path) {
    throw std::runtime_error(fmt::format(
        "{}: expected a place to write the report to, and cannot write there", path.string()));
}

void write(const fs::path& path, std::string_view text) {
    std::ofstream out(path, std::ios::binary);
    out << text << std::flush;
    if (!out) refuse(path);
}

fs::path difference_file(const fs::path& folder, std::size_t number) {
    return folder / (files_of(number) + ".trace");
}

json to_json(const evidence_item& e) {
    json j{{"count", e.count}, {"unit", e.unit}};
    if (!e.first.empty()) j["first"] = e.first;
    return j;
}

json to_json(const run_record& r) {
    return {{"date", r.date}, {"milliseconds", r.milliseconds}, {"machine", r.machine}, {"compiler", r.compiler}, {"command", r.command}};
}

json clause_rows(const campaign& c) {
    json rows = json::array();
    for (std::size_t i = 0; i < c.clauses.size(); ++i) {
        json targets = json::object();
        for (std::size_t t = 0; t < c.targets.size(); ++t) {
            const judgement& j = c.judgements[i][t];
            json cell{{"verdict", to_string(j.is)}, {"evidence", json::array()}};
            for (const evidence_item& e : j.evidence) cell["evidence"].push_back(to_json(e));
            if (!j.why.empty()) cell["why"] = j.why;
            targets[c.targets[t]->name] = std::move(cell);
        }
        rows.push_back({{"clause", c.clauses[i]->name},
                        {"promise", c.clauses[i]->promise},
                        {"targets", std::move(targets)}});
    }
    return rows;
}

json run_rows(const campaign& c) {
    json rows = json::array();
    std::size_t number = 0;
    for (const engine_report& r : c.reports) {
        json row = json::parse(to_json(r));
        row["summary"] = r.summary;
        for (std::size_t i = 0; i < r.failures.size(); ++i) {
            if (!has_files(r.failures[i])) continue;
            row["failures"][i]["file"] = difference_file({}, ++number).string();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

json shard_rows(const campaign& c) {
    json rows = json::array();
    for (const shard& s : c.shards) rows.push_back({{"part", s.part}, {"of", s.of}});
    return rows;
}

/// A counterexample in all its forms.
void write_failure(const failure& f, const fs::path& trace) {
    if (!f.example) return;
    if (const std::optional<model::trace> t = trace_of(*f.example)) write(trace, model::to_string(*t));
    const auto beside = [&](std::string_view extension) {
        return fs::path(trace).replace_extension(extension);
    };
    write(beside(".history.json"), to_json(*f.example));
    write(beside(".log"), to_log(*f.example));
    write(beside(".html"), to_html(*f.example));
    write(beside(".cpp"), to_regression_test(*f.example));
    if (!f.token.empty()) write(beside(".token"), f.token + '\n');
}

}  // namespace

bool has_files(const failure& f) { return f.example.has_value(); }

std::string files_of(std::size_t number) { return fmt::format("difference-{}", number); }

void prepare_folder(const std::string& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error || !fs::is_directory(folder, error)) refuse(folder);
    for (const fs::directory_entry& e : fs::directory_iterator(folder, error)) {
        if (e.path().filename().string().starts_with("difference-")) fs::remove(e.path(), error);
    }
    for (const char* name : {"report.html", "report.json", "junit.xml"})
        fs::remove(fs::path(folder) / name, error);
    write(fs::path(folder) / "summary.txt", "unfinished\n");
}

void write_files(const campaign& c, const std::string& folder) {
    std::size_t number = 0;
    for (const engine_report& r : c.reports) {
        for (const failure& f : r.failures) {
            if (has_files(f)) write_failure(f, difference_file(folder, ++number));
        }
    }
    json report{
        {"program", c.program}, {"version", tool_version()}, {"failed", c.failed()},
        {"traces", c.sources},          {"programs", c.programs},    {"seed", c.seed},
        {"shards", shard_rows(c)},      {"runs", run_rows(c)},       {"clauses", clause_rows(c)}};
    if (c.record) report["run"] = to_json(*c.record);
    // What comes from a trace file may hold any bytes; they are replaced, not refused.
    write(fs::path(folder) / "report.json",
          report.dump(2, ' ', false, json::error_handler_t::replace) + '\n');
    write(fs::path(folder) / "report.html", to_html(c));
    write(fs::path(folder) / "junit.xml", to_junit(c));
    write(fs::path(folder) / "summary.txt", to_text(c));
}

}  // namespace tailrace::verify
