// Alternating measurement.
// After a change here run: ci/test -L bench && ci/bench --rows W1
#include "compare/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "compare/machine.hpp"
#include "compare/process.hpp"

namespace bench {

namespace {

using json = nlohmann::json;
using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto longest_sample = 30s;
constexpr std::uint64_t most_messages = 1'000'000'000;

/// A contestant that is here, with the workloads that its program lists.
struct present {
    std::string path;
    std::set<std::string> workloads;
};

/// A sample, or what went wrong.
struct attempt {
    sample result;
    std::string wrong;
};

attempt read_result(const std::string& contestant, const child_result& child) {
    attempt a;
    a.result.contestant = contestant;
    a.wrong = child.wrong;
    if (!a.wrong.empty()) return a;
    try {
        const json j = json::parse(child.out);
        a.result.count = j.at("count");
        a.result.amount = j.contains("bytes") ? j.at("bytes") : j.at("nanoseconds");
        if (a.result.count == 0) a.wrong = "it counted nothing";
    } catch (const json::exception&) {
        a.wrong = fmt::format("no result in its output '{}'", child.out.substr(0, child.out.find('\n')));
    }
    return a;
}

class run {
  public:
    run(const settings& s, const std::function<void(const std::string&)>& keep,
        const std::function<void(const std::string&)>& say)
        : settings_(s), keep_(keep), say_(say), real_time_(s.real_time && real_time_is_allowed()) {}

    void all() {
        const std::vector<planned_row> rows = chosen_rows();
        const auto start = clock::now();
        describe();
        find_contestants();
        for (const planned_row& row : rows) {
            if (interrupted() != 0) return;
            measure_row(row);
        }
        if (interrupted() != 0) return;
        const auto seconds = std::chrono::duration<double>(clock::now() - start).count();
        keep_(end_line({{"date", now()}, {"load", load()}, {"seconds", fmt::format("{:.0f}", seconds)}}));
    }

  private:
    std::vector<planned_row> chosen_rows() const {
        std::vector<planned_row> rows = planned_rows(settings_.form);
        const std::regex wanted(settings_.rows);
        std::erase_if(rows, [&](const planned_row& r) {
            return !settings_.rows.empty() && !std::regex_search(r.row.id, wanted);
        });
        if (rows.empty()) throw bad_input(fmt::format("no row matches '{}'", settings_.rows));
        return rows;
    }

    void describe() {
        std::map<std::string, std::string> about = machine();
        about["date"] = now();
        about["load"] = load();
        about["commit"] = settings_.commit.empty() ? "not known" : settings_.commit;
        about["form"] = settings_.form == form::quick ? "quick" : "full";
        about["rounds"] = std::to_string(settings_.rounds);
        about["sample"] = fmt::format("{} ms", settings_.sample.count());
        about["priority"] = real_time_            ? "real-time (SCHED_RR), but for W10 and memory"
                            : settings_.real_time ? "normal: real-time is not allowed here"
                                                  : "normal, as was asked";
        keep_(run_line(about));
    }

    /// Asks each program what it has.
    void find_contestants() {
        std::vector<std::string> packages;
        std::map<std::string, child_result> programs;
        for (const known_contestant& c : known_contestants()) {
            if (!c.package.empty()) packages.push_back(c.package);
            const std::string path = path_of(c);
            if (!programs.contains(path) && std::filesystem::exists(path)) {
                programs[path] = run_child({path, "list"}, 10s);
            }
        }
        const auto versions = versions_of(packages);
        const std::regex wanted(settings_.contestants);
        for (const known_contestant& c : known_contestants()) {
            if (c.role != role::floor && !settings_.contestants.empty() && !std::regex_search(c.name, wanted)) continue;
            contestant_entry entry{c.name, c.role, c.about, "", ""};
            if (const auto v = versions.find(c.package); v != versions.end()) entry.version = v->second;
            const auto program = programs.find(path_of(c));
            entry.absent =
                program == programs.end() ? fmt::format("{} is not built", c.program) : take(c, program->second);
            if (const auto compiler = compilers_.find(c.name); compiler != compilers_.end()) {
                entry.version += (entry.version.empty() ? "" : ", ") + compiler->second;
            }
            if (!entry.absent.empty()) say_(fmt::format("{} is not here: {}", c.name, entry.absent));
            keep_(line_of(entry));
            contestants_.push_back(entry);
        }
    }

    /// Returns why the contestant is not here.
    std::string take(const known_contestant& c, const child_result& listing) {
        if (!listing.wrong.empty()) return fmt::format("{} list: {}", c.program, listing.wrong);
        std::istringstream lines(listing.out);
        for (std::string line; std::getline(lines, line);) {
            const json j = json::parse(line, nullptr, false);
            if (j.is_discarded() || j.value("contestant", "") != c.name) continue;
            present_[c.name] = {path_of(c), j.value("workloads", std::set<std::string>())};
            compilers_[c.name] = j.value("compiler", "");
            return "";
        }
        return fmt::format("{} does not have it", c.program);
    }

    [[nodiscard]] std::string path_of(const known_contestant& c) const { return settings_.programs + "/" + c.program; }

    void measure_row(const planned_row& planned) {
        row r = planned.row;
        r.priority = real_time_ && !planned.normal_priority ? "real-time" : "normal";
        const std::regex only(planned.only);
        std::vector<std::string> able;
        for (const contestant_entry& c : contestants_) {
            if (c.role == role::floor || (!planned.only.empty() && !std::regex_match(c.name, only))) continue;
            const auto p = present_.find(c.name);
            const bool has = p != present_.end() && p->second.workloads.contains(planned.workload);
            // A form of ours that is made for other rows is not missing here.
            if (!has && c.role == role::ours && c.name != "tailrace") continue;
            r.contestants.push_back(c.name);
            if (has) able.push_back(c.name);
            if (p != present_.end() && !has) r.without.push_back(c.name);
        }
        keep_(line_of(r));

        const auto start = clock::now();
        const bool line = planned.two_threads && present_.contains("cache-line");
        std::map<std::string, std::uint64_t> messages;
        std::erase_if(able, [&](const std::string& name) {
            const auto found = find_messages(planned, name);
            if (found) messages[name] = *found;
            return !found;
        });
        const std::uint64_t rounds = planned.once ? 1 : settings_.rounds;
        for (std::uint64_t n = 0; n < rounds && !able.empty() && interrupted() == 0; ++n) {
            one_round(planned, n, line, able, messages);
        }
        say_(fmt::format("{}: {:.1f} s", r.id, std::chrono::duration<double>(clock::now() - start).count()));
    }

    void one_round(const planned_row& planned, std::uint64_t number, bool line, std::vector<std::string>& able,
                   const std::map<std::string, std::uint64_t>& messages) {
        round_entry round{planned.row.id, number, {}};
        if (line) {
            const attempt a = try_once("cache-line", "line", {{"messages", 10'000}}, real_time_);
            if (a.wrong.empty()) round.samples.push_back(a.result);
        }
        std::vector<std::string> order = able;
        std::ranges::rotate(order, order.begin() + static_cast<std::ptrdiff_t>(number % order.size()));
        for (const std::string& name : order) {
            if (interrupted() != 0) return;  // half a round is none
            const attempt a = try_with(planned, name, messages.at(name));
            if (a.wrong.empty()) {
                round.samples.push_back(a.result);
            } else {
                fail(planned, name, a.wrong);
                std::erase(able, name);
            }
        }
        keep_(line_of(round));
    }

    /// So many messages that a sample takes as long as it should. Nothing if the contestant fails.
    std::optional<std::uint64_t> find_messages(const planned_row& planned, const std::string& name) {
        if (!planned.counted) return 0;
        const double wanted = std::chrono::duration<double, std::nano>(settings_.sample).count();
        std::uint64_t n = std::max<std::uint64_t>(planned.least_messages, 1000);
        for (;;) {
            const attempt a = try_with(planned, name, n);
            if (interrupted() != 0) return std::nullopt;
            if (!a.wrong.empty()) {
                fail(planned, name, a.wrong);
                return std::nullopt;
            }
            const double took = static_cast<double>(a.result.amount);
            if (took > wanted / 15 || n >= most_messages) {
                const double right = static_cast<double>(a.result.count) * wanted / std::max(took, 1.0);
                return std::clamp(static_cast<std::uint64_t>(right), planned.least_messages, most_messages);
            }
            n *= took < wanted / 500 ? 32 : 8;
        }
    }

    attempt try_with(const planned_row& planned, const std::string& name, std::uint64_t messages) {
        auto parameters = planned.parameters;
        if (planned.counted) parameters["messages"] = messages;
        if (!planned.counted && planned.row.unit == "ns") {
            parameters["milliseconds"] = static_cast<std::uint64_t>(settings_.sample.count());
        }
        return try_once(name, planned.workload, parameters, real_time_ && !planned.normal_priority);
    }

    attempt try_once(const std::string& name, const std::string& workload,
                     const std::map<std::string, std::uint64_t>& parameters, bool real_time) {
        std::vector<std::string> command = {present_.at(name).path, name, workload};
        for (const auto& [key, value] : parameters) command.push_back(fmt::format("{}={}", key, value));
        return read_result(name, run_child(command, longest_sample, real_time));
    }

    void fail(const planned_row& planned, const std::string& name, const std::string& what) {
        if (interrupted() != 0) return;
        keep_(line_of(failure_entry{planned.row.id, name, what}));
        say_(fmt::format("{} FAILED in {}: {}", name, planned.row.id, what));
    }

    const settings& settings_;
    const std::function<void(const std::string&)>& keep_;
    const std::function<void(const std::string&)>& say_;
    bool real_time_;
    std::vector<contestant_entry> contestants_;
    std::map<std::string, present> present_;
    std::map<std::string, std::string> compilers_;
};

}  // namespace

void measure(const settings& s, const std::function<void(const std::string& line)>& keep,
             const std::function<void(const std::string& remark)>& say) {
    run(s, keep, say).all();
}

}  // namespace bench
