// tailrace-mutate: runs the programs of a build with mutants (schemata.cpp) on one mutant after the other, until a
// program fails, and reports which programs kill how many. ci/mutate builds everything and calls it; mutants/README.md
// describes it.
//
// First, all programs run without a mutant, and have to pass. The limits of time are many times what they take then:
// what does not end by then hangs. That run also records which mutants a program reaches; it is not run on the others.
// After a change here run: ci/test -L house
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "judged.hpp"
#include "mutation_report.hpp"
#include "run_program.hpp"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace tailrace::schemata;

constexpr double times_as_long = 6;
constexpr double least_limit = 10;  // seconds

struct options {
    std::string build;
    std::string data;  // the folder with `programs` and `equivalent`
    bool list = false;
    bool all = false;
    std::optional<int> show;
    std::optional<int> only;
    std::optional<std::size_t> sample;
    std::string shard = "1/1";
    double at_least = 0;
};

/// FNV-1a. Not std::hash: a sample is the same everywhere.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t h = 14695981039346656037U;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return h;
}

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + file.string());
    return {std::istreambuf_iterator<char>(in), {}};
}

constexpr std::array kinds{"programs", "tests", "others"};

struct program {
    std::string kind;  // of `kinds`
    std::string name;
    std::string command;
    double seconds = 0;        // without a mutant
    std::string reached = {};  // a byte for each mutant

    [[nodiscard]] bool reaches(int mutant) const { return reached[static_cast<std::size_t>(mutant)] != 0; }
};

/// Lines `KIND NAME: COMMAND`.
std::vector<program> read_programs(const fs::path& file) {
    std::vector<program> all;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line.starts_with('#')) continue;
        const auto space = line.find(' ');
        const auto colon = line.find(": ");
        const auto kind = line.substr(0, space);
        if (std::ranges::find(kinds, kind) == kinds.end() || colon == std::string::npos || colon < space) {
            throw std::runtime_error(file.string() +
                                     ": expected 'KIND NAME: COMMAND', KIND being programs, tests or others: " + line);
        }
        all.push_back(
            {.kind = kind, .name = line.substr(space + 1, colon - space - 1), .command = line.substr(colon + 2)});
    }
    if (all.empty()) throw std::runtime_error("there is no program in " + file.string());
    return all;
}

class runner {
  public:
    explicit runner(const options& o)
        : mutants_(json::parse(read(fs::path(o.build) / "include/mutants.json"))),
          equivalent_(read_judged(fs::path(o.data) / "equivalent")),
          programs_(read_programs(fs::path(o.data) / "programs")),
          // Of these mutants: with others, all results are others.
          results_(fs::absolute(o.build) / fmt::format("results-{:016x}", hash_of(mutants_.dump()))),
          output_(results_ / ("output-" + o.shard.substr(0, o.shard.find('/')))) {
        std::set<std::string> ids;
        for (const auto& m : mutants_) ids.insert(m["id"].get<std::string>());
        for (const auto& [id, reason] : equivalent_) {
            if (!ids.contains(id)) throw std::runtime_error("is judged equivalent, but there is no such mutant: " + id);
        }
        fs::create_directories(results_);
    }

    [[nodiscard]] const json& mutants() const { return mutants_; }
    [[nodiscard]] const json& at(int number) const {
        if (number < 1 || static_cast<std::size_t>(number) > mutants_.size()) {
            throw std::runtime_error(fmt::format("there is no mutant {}, only 1 to {}", number, mutants_.size()));
        }
        return mutants_[static_cast<std::size_t>(number) - 1];
    }
    [[nodiscard]] bool is_equivalent(const json& m) const { return equivalent_.contains(m["id"].get<std::string>()); }

    /// All programs, without a mutant.
    void run_unmutated(const fs::path& build) {
        fs::current_path(build);
        for (auto& p : programs_) {
            const auto file = results_ / ("reached-" + p.name);
            // What former runs reached stays: that is not the same in each run.
            if (!fs::exists(file)) std::ofstream(file, std::ios::binary) << std::string(mutants_.size() + 1, '\0');
            const auto end = run_program("export TAILRACE_MUTANT_REACHED='" + file.string() + "'; " + p.command,
                                         output_.string(), std::chrono::minutes(10));
            if (!end.passed()) {
                throw std::runtime_error(
                    fmt::format("{} fails without a mutant, {}: {}\n{}", p.name, end.how(), p.command, read(output_)));
            }
            p.seconds = end.seconds;
            p.reached = read(file);
            fmt::print("{:<9} {:<28} {:6.1f} s, reaches {}\n", p.kind, p.name, p.seconds,
                       std::count(p.reached.begin(), p.reached.end(), '\1'));
            std::fflush(stdout);
        }
    }

    [[nodiscard]] json run(const json& m) {
        json result = m;
        result["outcome"] = "not reached";
        double seconds = 0;
        for (const auto& p : programs_) {
            if (!p.reaches(m["number"])) continue;
            const auto limit = std::chrono::duration<double>(std::max(times_as_long * p.seconds, least_limit));
            const auto end =
                run_program(fmt::format("export TAILRACE_MUTANT={}; {}", m["number"].get<int>(), p.command),
                            output_.string(), limit);
            seconds += end.seconds;
            result["outcome"] = "survived";
            if (end.passed()) continue;
            result["outcome"] = "killed";
            result["killer"] = p.name;
            result["kind"] = p.kind;
            result["how"] = end.how();
            break;
        }
        result["seconds"] = seconds;
        return result;
    }

    [[nodiscard]] fs::path results() const { return results_ / "results.jsonl"; }
    /// The last one of each mutant.
    [[nodiscard]] std::map<int, json> read_results() const {
        std::map<int, json> all;
        std::ifstream in(results());
        for (std::string line; std::getline(in, line);) {
            const auto result = json::parse(line, nullptr, false);
            if (!result.is_discarded())
                all.insert_or_assign(result["number"].get<int>(), result);  // one may be cut off
        }
        return all;
    }

  private:
    json mutants_;
    std::map<std::string, std::string> equivalent_;
    std::vector<program> programs_;
    fs::path results_;
    fs::path output_;  // of the program that runs; shards may run at once
};

std::vector<json> chosen_of(const runner& r, const options& o) {
    if (o.only) return std::vector<json>(1, r.at(*o.only));
    std::vector<json> all;
    for (const auto& m : r.mutants()) {
        if (!r.is_equivalent(m)) all.push_back(m);
    }
    const auto by_hash = [](const json& m) { return hash_of(m["id"].get<std::string>()); };
    std::ranges::sort(all, {}, by_hash);  // so that the first ones are a sample, too
    if (o.sample && *o.sample < all.size()) all.resize(*o.sample);
    const auto slash = o.shard.find('/');
    const auto part = std::strtoul(o.shard.c_str(), nullptr, 10);
    const auto parts = slash == std::string::npos ? 0 : std::strtoul(o.shard.c_str() + slash + 1, nullptr, 10);
    if (part < 1 || part > parts) throw std::runtime_error("--shard " + o.shard + ": expected I/N, like 1/4");
    std::vector<json> shard;
    for (std::size_t i = part - 1; i < all.size(); i += parts) shard.push_back(all[i]);
    return shard;
}

void print(const json& m) {
    fmt::print("{}  {}:{}\n    {}\n", m["number"].get<int>(), m["file"].get<std::string>(), m["line"].get<int>(),
               m["id"].get<std::string>());
}

int run(const options& o) {
    runner r(o);
    if (o.list || o.show) {
        if (o.show)
            print(r.at(*o.show));
        else
            std::ranges::for_each(r.mutants(), print);
        return 0;
    }
    auto done = r.read_results();
    std::vector<json> chosen = chosen_of(r, o);
    if (!o.only) std::erase_if(chosen, [&](const json& m) { return done.contains(m["number"].get<int>()); });
    const auto file = r.results();
    bool right = true;
    if (!chosen.empty()) r.run_unmutated(o.build);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const json result = r.run(chosen[i]);
        std::ofstream(file, std::ios::app) << result.dump() << '\n';
        done[result["number"].get<int>()] = result;
        fmt::print("{} of {}: {}\n", i + 1, chosen.size(), line_of(result));
        std::fflush(stdout);
        if (r.is_equivalent(result) && result["outcome"] == "killed") {
            fmt::print("    is judged equivalent, and was killed\n");
            right = false;
        }
    }
    std::vector<json> results;
    std::size_t equivalent = 0;
    for (const auto& [number, result] : done) {
        if (r.is_equivalent(result))
            ++equivalent;
        else
            results.push_back(result);
    }
    const auto score = report(results, equivalent, r.mutants().size(), file.parent_path() / "report.md");
    if (score < o.at_least) {
        fmt::print("the score is {:.1f} %, less than {:.1f} %\n", score, o.at_least);
        right = false;
    }
    return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    options o;
    CLI::App app("Runs the programs of a build with mutants on one mutant after the other.");
    app.add_option("--build", o.build, "The build with the mutants")->required();
    app.add_option("--data", o.data, "The folder with the lists `programs` and `equivalent`")->required();
    auto* const what = app.add_option_group("what to do");
    what->add_flag("--list", o.list, "List all mutants");
    what->add_option("--show", o.show, "Print one mutant")->type_name("NUMBER");
    what->add_option("--only", o.only, "Run one mutant, even if that was done")->type_name("NUMBER");
    what->add_option("--sample", o.sample, "Run so many: always the same ones")->type_name("N");
    what->add_flag("--all", o.all, "Run all");
    what->require_option(1);
    app.add_option("--shard", o.shard, "Run one part of them, like 1/4")->type_name("I/N");
    app.add_option("--at-least", o.at_least, "Fail if fewer per cent are killed")->type_name("PERCENT");
    app.footer(
        "What has a result is not run again. Exit status: 0; 1 if the score is less than --at-least, or a mutant is "
        "killed that is\n"
        "judged equivalent; 2 for bad usage, or if a program fails without a mutant.");
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int s) { asked_to_end = s; });
    try {
        app.parse(argc, argv);
        return run(o);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "tailrace-mutate: {}\n", error.what());
        return 2;
    }
}
