// The report as files: report.html, report.json, junit.xml, summary.txt, and the forms of each
// counterexample.
// After a change here run: ci/test -L proptests
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "campaign/report.hpp"
#include "report/failure_report.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

[[noreturn]] void refuse(const fs::path& path, std::string_view purpose, const std::error_code& why) {
    throw std::runtime_error(fmt::format("{}: expected a place to {}, and cannot write there: {}",
                                         printable(path.string()), purpose, why.message()));
}

/// The files of a folder. One that cannot be written does not keep the others from it.
class files_in {
  public:
    explicit files_in(fs::path folder) : folder_(std::move(folder)) {}

    void write(const fs::path& name, std::string_view text) {
        try {
            write_file((folder_ / name).string(), text);
        } catch (const std::runtime_error& e) {
            if (problem_.empty()) problem_ = e.what();
        }
    }
    void throw_problem() const {
        if (!problem_.empty()) throw std::runtime_error(problem_);
    }

  private:
    fs::path folder_;
    std::string problem_;
};

json to_json(const evidence_item& e) {
    json j{{"count", e.count}, {"unit", e.unit}};
    if (!e.first.empty()) j["first"] = e.first;
    return j;
}

json to_json(const run_record& r) {
    return {{"date", r.date},
            {"milliseconds", r.milliseconds},
            {"machine", r.machine},
            {"compiler", r.compiler},
            {"command", r.command}};
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
        rows.push_back(
            {{"clause", c.clauses[i]->name}, {"promise", c.clauses[i]->promise}, {"targets", std::move(targets)}});
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
            row["failures"][i]["file"] = files_of(++number) + ".trace";
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
void write_failure(files_in& to, const failure& f, const std::string& name) {
    if (!f.example) return;
    if (const std::optional<model::trace> t = trace_of(*f.example)) to.write(name + ".trace", model::to_string(*t));
    to.write(name + ".history.json", to_json(*f.example));
    to.write(name + ".log", to_log(*f.example));
    to.write(name + ".html", to_html(*f.example));
    to.write(name + ".cpp", to_regression_test(*f.example));
    if (!f.token.empty()) to.write(name + ".token", f.token + '\n');
}

}  // namespace

bool has_files(const failure& f) { return f.example.has_value(); }

std::string files_of(std::size_t number) { return fmt::format("difference-{}", number); }

void make_folder(const std::string& folder, std::string_view purpose) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (!error && !fs::is_directory(folder, error)) error = std::make_error_code(std::errc::not_a_directory);
    if (error) refuse(folder, purpose, error);
}

void prepare_folder(const std::string& folder) {
    make_folder(folder, to_report);
    std::error_code error;
    std::vector<fs::path> old;
    for (const fs::directory_entry& e : fs::directory_iterator(folder, error)) {
        if (e.path().filename().string().starts_with("difference-")) old.push_back(e.path());
    }
    for (const char* name : {"report.html", "report.json", "junit.xml"}) old.push_back(fs::path(folder) / name);
    for (const fs::path& path : old) {
        fs::remove(path, error);
        if (error) refuse(path, to_report, error);
    }
    write_file((fs::path(folder) / "summary.txt").string(), "unfinished\n");
}

std::string read_file(const std::string& path, std::string_view what) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
    if (!in || !text)
        throw std::runtime_error(fmt::format("{}: expected {}, and cannot read it", printable(path), what));
    return std::move(text).str();
}

void write_file(const std::string& path, std::string_view text, std::string_view purpose) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    int error = file == nullptr ? errno : 0;
    if (file != nullptr && std::fwrite(text.data(), 1, text.size(), file) != text.size()) error = errno;
    if (file != nullptr && std::fclose(file) != 0 && error == 0) error = errno;
    if (error != 0) refuse(path, purpose, {error, std::generic_category()});
}

void replace_file(const std::string& path, std::string_view text, std::string_view purpose) {
    const fs::path place(path);
    const fs::path beside = place.parent_path() / fmt::format(".{}.{}", place.filename().string(), getpid());
    write_file(beside.string(), text, purpose);
    std::error_code error;
    fs::rename(beside, place, error);
    if (!error) return;
    std::error_code ignored;
    fs::remove(beside, ignored);
    refuse(place, purpose, error);
}

void write_files(const campaign& c, const std::string& folder) {
    files_in files(folder);
    std::size_t number = 0;
    for (const engine_report& r : c.reports) {
        for (const failure& f : r.failures) {
            if (has_files(f)) write_failure(files, f, files_of(++number));
        }
    }
    json report{{"program", c.program},    {"version", tool_version()}, {"failed", c.failed()},
                {"traces", c.sources},     {"programs", c.programs},    {"seed", c.seed},
                {"shards", shard_rows(c)}, {"runs", run_rows(c)},       {"clauses", clause_rows(c)}};
    if (c.record) report["run"] = to_json(*c.record);
    // What comes from a trace file may hold any bytes; they are replaced, not refused.
    files.write("report.json", report.dump(2, ' ', false, json::error_handler_t::replace) + '\n');
    files.write("report.html", to_html(c));
    files.write("junit.xml", to_junit(c));
    files.write("summary.txt", to_text(c));
    files.throw_problem();
}

}  // namespace tailrace::verify
