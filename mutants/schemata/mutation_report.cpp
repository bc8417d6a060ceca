#include "mutation_report.hpp"

#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include <fmt/core.h>
#include <fmt/format.h>

namespace tailrace::schemata {

namespace {

using nlohmann::json;

struct score {
    std::size_t all = 0;
    std::size_t by_programs = 0;  // recorded and generated ones
    std::size_t by_campaign = 0;  // these and the engine `tests`
    std::size_t killed = 0;
    std::size_t unreached = 0;

    void count(const json& result) {
        ++all;
        if (result["outcome"] == "not reached") ++unreached;
        if (result["outcome"] != "killed") return;
        ++killed;
        if (result["kind"] == "programs") ++by_programs;
        if (result["kind"] != "others") ++by_campaign;
    }
    [[nodiscard]] double per_cent(std::size_t part) const {
        return all == 0 ? 100 : 100 * static_cast<double>(part) / static_cast<double>(all);
    }
};

std::string row(const std::string& name, const score& s) {
    return fmt::format("| {:<40} | {:>5} | {:>6.1f} % | {:>6.1f} % | {:>6.1f} % | {:>8} | {:>9} |\n", name, s.all,
                       s.per_cent(s.by_programs), s.per_cent(s.by_campaign), s.per_cent(s.killed),
                       s.all - s.killed - s.unreached, s.unreached);
}

/// The scores of the mutants with each value of a key.
std::string table(const std::vector<json>& results, const std::string& key) {
    std::map<std::string, score> by_value;
    score all;
    for (const auto& result : results) {
        by_value[result[key].get<std::string>()].count(result);
        all.count(result);
    }
    std::string text =
        fmt::format("\n| {:<40} |  run  | programs | campaign | everything | survived | unreached |\n", key);
    text += "|---|---|---|---|---|---|---|\n";
    for (const auto& [value, s] : by_value) text += row(value, s);
    return text + row("all", all);
}

}  // namespace

std::string line_of(const json& result) {
    const auto outcome = result["outcome"].get<std::string>();
    const auto end = outcome == "killed"
                         ? fmt::format("killed by {}, {}, {:.1f} s", result["killer"].get<std::string>(),
                                       result["how"].get<std::string>(), result["seconds"].get<double>())
                         : outcome;
    return fmt::format("{}: {} {}:{} {}: {} => {}", end, result["number"].get<int>(), result["file"].get<std::string>(),
                       result["line"].get<int>(), result["operator"].get<std::string>(),
                       result["before"].get<std::string>(), result["after"].get<std::string>());
}

double report(const std::vector<json>& results, std::size_t equivalent, std::size_t mutants,
              const std::filesystem::path& file) {
    std::string text = fmt::format("\n{} of {} mutants were run; besides, {} are judged equivalent.\n", results.size(),
                                   mutants, equivalent);
    text += table(results, "operator") + table(results, "file");
    std::map<std::string, std::size_t> killers;
    score all;
    std::string survivors;
    for (const auto& result : results) {
        all.count(result);
        if (result["outcome"] == "killed")
            ++killers[result["killer"].get<std::string>()];
        else
            survivors += "- " + line_of(result) + '\n';
    }
    text += "\nKilled by:\n\n";
    for (const auto& [name, number] : killers) text += fmt::format("- {}: {}\n", name, number);
    text += "\nNot killed:\n\n" + survivors;
    fmt::print("{}", text);
    if (!(std::ofstream(file) << text).flush()) throw std::runtime_error("cannot write " + file.string());
    fmt::print("\nThis report is in {}, the results are in results.jsonl beside it.\n", file.string());
    return all.per_cent(all.killed);
}

}  // namespace tailrace::schemata
