// tailrace-bench: measures, and reports what was measured.
// After a change here run: ci/test -L bench && ci/bench --rows W1
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "compare/judgement.hpp"
#include "compare/measure.hpp"
#include "compare/page.hpp"
#include "compare/process.hpp"
#include "compare/recording.hpp"
#include "compare/table.hpp"

namespace {

std::ofstream open_for_writing(const std::filesystem::path& path) {
    std::ofstream file(path);
    if (!file) throw bench::bad_input(fmt::format("{}: cannot be written", path.string()));
    return file;
}
std::ifstream open_for_reading(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw bench::bad_input(fmt::format("{}: cannot be read", path));
    return file;
}

/// The names of the files in the folder of a run.
struct paths {
    std::filesystem::path folder;
    std::string targets;

    [[nodiscard]] std::string recording() const { return folder / "recording.jsonl"; }
    [[nodiscard]] std::string table() const { return folder / "table.txt"; }
    [[nodiscard]] std::string page() const { return folder / "report.html"; }
};

void write(const std::string& path, const std::string& text) {
    auto file = open_for_writing(path);
    file << text;
    if (!file.flush()) throw bench::bad_input(fmt::format("{}: cannot be written", path));
}

/// Returns the number of contestants that failed.
std::size_t report(const paths& p) {
    auto in = open_for_reading(p.recording());
    const bench::recording r = bench::read_recording(in, p.recording());
    auto targets = open_for_reading(p.targets);
    const bench::judgement j = bench::judge(r, bench::read_targets(targets, p.targets));
    const std::string table = bench::table_of(r, j);
    fmt::print("{}", table);
    write(p.table(), table);
    write(p.page(), bench::page_of(r, j));
    return r.failures.size();
}

/// Nothing is overwritten before there is something to write.
void measure(const bench::settings& s, const paths& p) {
    std::ofstream out;
    const auto keep = [&](const std::string& line) {
        if (!out.is_open()) {
            std::filesystem::create_directories(p.folder);
            out = open_for_writing(p.recording());
        }
        out << line << '\n' << std::flush;  // a run may be ended
    };
    bench::measure(s, keep, [](const std::string& remark) { fmt::print(stderr, "{}\n", remark); });
    if (!out) throw bench::bad_input(fmt::format("{}: cannot be written", p.recording()));
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Compares tailrace with other channels. bench/README.md says how to read the result.",
                 "tailrace-bench");
    app.require_subcommand(1);
    paths p;
    p.targets = TAILRACE_BENCH_TARGETS;

    bench::settings s;
    s.programs = std::filesystem::path(argv[0]).parent_path().parent_path().string();
    bool full = false, normal = false;
    std::int64_t sample = 0;
    auto* run = app.add_subcommand("run", "measures, and reports");
    run->add_option("--out", p.folder, "the folder for recording.jsonl, table.txt and report.html")->required();
    run->add_option("--programs", s.programs, "the folder with the programs of the contestants");
    run->add_flag("--full,!--quick", full, "all rows, and more rounds of longer samples");
    run->add_option("--rows", s.rows, "only rows in whose name this regular expression is found");
    run->add_option("--contestants", s.contestants, "only contestants in whose name this regular expression is found");
    run->add_option("--rounds", s.rounds, "rounds of each row: 5, or 9")->check(CLI::Range(1, 1000));
    run->add_option("--sample", sample, "milliseconds of each sample: 60, or 250")->check(CLI::Range(1, 10'000));
    run->add_option("--commit", s.commit, "what is measured");
    run->add_flag("--normal-priority", normal, "do not use real-time priority, even where it is allowed");
    auto* again = app.add_subcommand("report", "reports what was measured before");
    again->add_option("folder", p.folder, "a folder with a recording.jsonl; the other files are written anew")
        ->required();
    for (auto* command : {run, again}) command->add_option("--targets", p.targets, "the targets, JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    try {
        if (run->parsed()) {
            s.form = full ? bench::form::full : bench::form::quick;
            if (full && run->count("--rounds") == 0) s.rounds = 9;
            s.sample = std::chrono::milliseconds(sample != 0 ? sample : full ? 250 : 60);
            s.real_time = !normal;
            bench::end_on_signals();
            measure(s, p);
        }
        const std::size_t failures = report(p);
        if (const int signal = bench::interrupted(); signal != 0) return 128 + signal;
        return failures == 0 ? 0 : 1;
    } catch (const std::exception& e) {
        fmt::print(stderr, "tailrace-bench: {}\n", e.what());
        return 2;
    }
}
