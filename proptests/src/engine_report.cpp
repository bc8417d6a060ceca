// Reports of parts of a run: as text and back, put together, and finished.
// After a change here run: ctest -L proptests -R 'campaign|report'
#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "engines.hpp"
#include "tailrace/model/clauses.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::ordered_json;

failure too_seldom(const engine_report& r, const reach& missed) {
    failure f;
    f.place = fmt::format("{}: {}", plural(r.unit), missed.what);
    f.text = fmt::format("too few {} on {} reached: {}\n  {} of {}, where {} were required\n",
                         plural(r.unit), r.target, missed.what, grouped(missed.programs),
                         grouped(missed.run), grouped(missed.required));
    return f;
}

json to_json(const failure& f) {
    json j{{"place", f.place}, {"text", f.text}, {"trace", f.trace}, {"token", f.token}};
    j["clauses"] = json::array();
    for (const std::string_view c : f.clauses) j["clauses"].push_back(c);
    if (f.example) j["example"] = to_json(*f.example);
    return j;
}

failure failure_from(const json& j, std::string_view from) {
    failure f;
    f.place = j.at("place");
    f.text = j.at("text");
    f.trace = j.at("trace");
    f.token = j.at("token");
    for (const std::string name : j.at("clauses")) f.clauses.push_back(kept(name));
    if (j.contains("example")) f.example = from_json(j.at("example").get<std::string>(), from);
    return f;
}

json to_json(const reach& r) {
    return {{"what", r.what},
            {"reached", r.programs},
            {"required", r.required},
            {"of", r.run},
            {"per_10000", r.per_10000},
            {"certain", r.certain}};
}

reach reach_from(const json& j) {
    reach r{kept(j.at("what").get<std::string>()), j.at("reached"), 0, reach_verdict::unknown,
            j.at("of"), j.at("per_10000"), j.at("certain")};
    add_to(r, {});
    return r;
}

}  // namespace

std::uint64_t number_of(const engine_report& r, std::string_view name) {
    const auto at = r.numbers.find(std::string(name));
    return at == r.numbers.end() ? 0 : at->second;
}

std::string_view kept(std::string_view word) {
    static std::mutex mutex;
    static std::set<std::string, std::less<>> words;
    const std::lock_guard guard(mutex);
    return *words.emplace(word).first;
}

std::string to_json(const engine_report& r) {
    json j{{"engine", r.engine}, {"target", r.target}, {"unit", r.unit}, {"numbers", r.numbers},
           {"skipped", r.skipped}};
    j["failures"] = json::array();
    for (const failure& f : r.failures) j["failures"].push_back(to_json(f));
    j["evidence"] = json::object();
    for (const auto& [clause, e] : r.evidence)
        j["evidence"][std::string(clause)] = {{"count", e.count}, {"unit", e.unit}, {"first", e.first}};
    j["lacking"] = json::object();
    for (const auto& [clause, l] : r.lacking)
        j["lacking"][std::string(clause)] = {{"why", l.why}, {"essential", l.essential}};
    j["reached"] = json::array();
    for (const reach& one : r.reached) j["reached"].push_back(to_json(one));
    return j.dump(-1, ' ', true, json::error_handler_t::replace);
}

engine_report engine_report_from_json(std::string_view text, std::string_view from) {
    try {
        const json j = json::parse(text);
        engine_report r;
        r.engine = kept(j.at("engine").get<std::string>());
        r.target = j.at("target");
        r.unit = kept(j.at("unit").get<std::string>());
        r.numbers = j.at("numbers").get<std::map<std::string, std::uint64_t>>();
        r.skipped = j.at("skipped").get<std::map<std::string, std::uint64_t>>();
        for (const json& f : j.at("failures")) r.failures.push_back(failure_from(f, from));
        for (const auto& [clause, e] : j.at("evidence").items())
            r.evidence[kept(clause)] = {e.at("count"), kept(e.at("unit").get<std::string>()), e.at("first")};
        for (const auto& [clause, l] : j.at("lacking").items())
            r.lacking[kept(clause)] = {l.at("why"), l.at("essential")};
        for (const json& one : j.at("reached")) r.reached.push_back(reach_from(one));
        return r;
    } catch (const json::exception& e) {
        throw std::runtime_error(fmt::format("{}: expected the report of an engine, found {}", from,
                                             printable(e.what())));
    }
}

void add_to(engine_report& one, engine_report&& other) {
    if (one.unit.empty()) one.unit = other.unit;
    for (const auto& [name, n] : other.numbers) one.numbers[name] += n;
    for (const auto& [name, n] : other.skipped) one.skipped[name] += n;
    std::ranges::move(other.failures, std::back_inserter(one.failures));
    for (const auto& [clause, e] : other.evidence) {
        evidence_item& mine = one.evidence.try_emplace(clause, evidence_item{0, e.unit, e.first}).first->second;
        mine.count += e.count;
    }
    for (const auto& [clause, l] : other.lacking) one.lacking.emplace(clause, l);
    if (one.reached.size() != other.reached.size()) {
        if (one.reached.empty()) one.reached = std::move(other.reached);
        return;  // a part that failed says nothing about what was reached
    }
    for (std::size_t i = 0; i < one.reached.size(); ++i) add_to(one.reached[i], other.reached[i]);
}

void finish(engine_report& r) {
    const auto entry = std::ranges::find(engines(), r.engine, &engine_entry::name);
    const bool failed = !r.failures.empty();
    if (entry != engines().end()) r.summary = entry->summarise(r);
    if (r.reached.empty() || failed) return;
    std::size_t reached = 0;
    std::size_t unknown = 0;
    for (const reach& one : r.reached) {
        reached += one.verdict == reach_verdict::reached ? 1 : 0;
        unknown += one.verdict == reach_verdict::unknown ? 1 : 0;
        if (one.verdict == reach_verdict::missed) r.failures.push_back(too_seldom(r, one));
    }
    r.summary += fmt::format("; {} of {} required states reached", reached, r.reached.size());
    if (unknown > 0) r.summary += fmt::format(", {} UNKNOWN (too few {} to tell)", unknown, plural(r.unit));
    r.numbers.insert({{"states_required", r.reached.size()},
                      {"states_reached", reached},
                      {"states_unknown", unknown}});
}

}  // namespace tailrace::verify
