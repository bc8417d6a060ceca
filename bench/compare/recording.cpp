// Recordings as JSON lines.
// After a change here run: ci/test -L bench
#include "compare/recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

namespace bench {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::pair<role, const char*>, 4> role_names = {
    {{role::ours, "ours"}, {role::peer, "peer"}, {role::reference, "reference"}, {role::floor, "floor"}}};

const char* name_of(role r) {
    return std::ranges::find(role_names, r, [](const auto& pair) { return pair.first; })->second;
}
role role_of(const std::string& name) {
    const auto found = std::ranges::find_if(role_names, [&](const auto& pair) { return pair.second == name; });
    if (found == role_names.end()) throw bad_input(fmt::format("no role '{}'", name));
    return found->first;
}

contestant_entry contestant_of(const json& j) {
    return {j.at("name"), role_of(j.at("role")), j.value("about", ""), j.value("version", ""), j.value("absent", "")};
}

row row_of(const json& j) {
    row r;
    r.id = j.at("id");
    r.title = j.value("title", r.id);
    r.group = j.value("group", r.id);
    r.unit = j.at("unit");
    r.series = j.value("series", "");
    r.x = j.value("x", 0.0);
    r.priority = j.value("priority", "");
    r.contestants = j.at("contestants").get<std::vector<std::string>>();
    r.without = j.value("without", std::vector<std::string>());
    if (r.unit != "ns" && r.unit != "bytes") throw bad_input(fmt::format("no unit '{}'", r.unit));
    return r;
}

round_entry round_of(const json& j) {
    round_entry r{j.at("row"), j.at("number"), {}};
    for (const json& s : j.at("samples")) {
        r.samples.push_back({s.at(0), s.at(1), s.at(2)});
        if (r.samples.back().count == 0) {
            throw bad_input(fmt::format("a sample of {} is of nothing", r.samples.back().contestant));
        }
    }
    return r;
}

class reader {
  public:
    void take(const json& j) {
        if (!j.is_object() || j.size() != 1) throw bad_input("expected an object with one key");
        const std::string& key = j.begin().key();
        const json& value = j.begin().value();
        if (!started_ && key != "run") throw bad_input("expected \"run\" first");
        if (key == "run") {
            if (started_) throw bad_input("a second \"run\"");
            started_ = true;
            into.run = value.get<std::map<std::string, std::string>>();
        } else if (key == "contestant") {
            into.contestants.push_back(contestant_of(value));
        } else if (key == "row") {
            into.rows.push_back(row_of(value));
            for (const std::string& c : into.rows.back().contestants) require_contestant(c);
            if (!rows_.insert(into.rows.back().id).second) throw bad_input("a second row of this name");
        } else if (key == "round") {
            round_entry r = round_of(value);
            require_row(r.row);
            for (const sample& s : r.samples) require_contestant(s.contestant);
            into.rounds.push_back(std::move(r));
        } else if (key == "failure") {
            into.failures.push_back({value.at("row"), value.at("contestant"), value.at("what")});
            require_row(into.failures.back().row);
            require_contestant(into.failures.back().contestant);
        } else if (key == "end") {
            into.end = value.get<std::map<std::string, std::string>>();
        } else {
            throw bad_input(fmt::format("unknown key \"{}\"", key));
        }
    }
    [[nodiscard]] bool started() const { return started_; }

    recording into;

  private:
    void require_contestant(const std::string& name) const {
        if (into.find(name) == nullptr) throw bad_input(fmt::format("no contestant '{}' stands before", name));
    }
    void require_row(const std::string& id) const {
        if (!rows_.contains(id)) throw bad_input(fmt::format("no row '{}' stands before", id));
    }

    bool started_ = false;
    std::set<std::string> rows_;
};

std::string wrapped(const char* key, json value) { return json{{key, std::move(value)}}.dump(); }

}  // namespace

const contestant_entry* recording::find(const std::string& contestant) const {
    const auto found = std::ranges::find(contestants, contestant, &contestant_entry::name);
    return found == contestants.end() ? nullptr : &*found;
}

recording read_recording(std::istream& in, const std::string& name) {
    reader r;
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty()) continue;
        try {
            r.take(json::parse(line));
        } catch (const json::exception& e) {
            throw bad_input(fmt::format("{}:{}: not a line of a recording: {}", name, number, e.what()));
        } catch (const bad_input& e) {
            throw bad_input(fmt::format("{}:{}: {}", name, number, e.what()));
        }
    }
    if (!r.started()) throw bad_input(fmt::format("{}: nothing is recorded there", name));
    return std::move(r.into);
}

std::string run_line(const std::map<std::string, std::string>& run) { return wrapped("run", run); }
std::string end_line(const std::map<std::string, std::string>& end) { return wrapped("end", end); }
std::string line_of(const contestant_entry& c) {
    json j = {{"name", c.name}, {"role", name_of(c.role)}, {"about", c.about}, {"version", c.version}};
    if (!c.absent.empty()) j["absent"] = c.absent;
    return wrapped("contestant", std::move(j));
}
std::string line_of(const row& r) {
    json j = {{"id", r.id}, {"title", r.title}, {"group", r.group}, {"unit", r.unit}};
    if (!r.series.empty()) {
        j["series"] = r.series;
        j["x"] = r.x;
    }
    j["priority"] = r.priority;
    j["contestants"] = r.contestants;
    j["without"] = r.without;
    return wrapped("row", std::move(j));
}
std::string line_of(const round_entry& r) {
    json samples = json::array();
    for (const sample& s : r.samples) samples.push_back(json::array({s.contestant, s.count, s.amount}));
    return wrapped("round", {{"row", r.row}, {"number", r.number}, {"samples", std::move(samples)}});
}
std::string line_of(const failure_entry& f) {
    return wrapped("failure", {{"row", f.row}, {"contestant", f.contestant}, {"what", f.what}});
}

}  // namespace bench
