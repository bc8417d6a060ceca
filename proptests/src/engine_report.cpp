// Reports of parts of a run: as text and back, put together, and finished.
// After a change here run: ctest -L proptests -R 'campaign|report'
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "engines.hpp"
#include "failure_report.hpp"
#include "tailrace/model/clauses.hpp"
#include "tailrace/verify/token.hpp"
#include "text_layout.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::ordered_json;

/// In words, by kind.
constexpr std::array kinds{"difference", "hang", "crash", "unknown", "too_seldom"};

failure::kind kind_from(const std::string& name) {
    const auto at = std::ranges::find(kinds, name);
    if (at == kinds.end()) throw std::runtime_error(fmt::format("there is no kind of failure '{}'", printable(name)));
    return static_cast<failure::kind>(at - kinds.begin());
}

failure too_seldom(const engine_report& r, const reach& missed) {
    return failure_of(failure::kind::too_seldom, r,
                      fmt::format("too few {} reached: {}", plural(r.unit), missed.what),
                      fmt::format("{}: {}", plural(r.unit), missed.what),
                      fmt::format("  {} of {}, where {} were required\n", grouped(missed.programs), grouped(missed.run),
                                  grouped(missed.required)));
}

json to_json(const failure& f) {
    json j{{"kind", to_string(f.is)}, {"what", f.what}, {"place", f.place}, {"text", f.text}, {"token", f.token}, {"times", f.times}};
    j["clauses"] = json::array();
    for (const std::string_view c : f.clauses) j["clauses"].push_back(c);
    if (f.example) j["example"] = to_json(*f.example);
    return j;
}

failure failure_from(const json& j, std::string_view from) {
    failure f;
    f.is = kind_from(j.at("kind"));
    f.what = j.at("what");
    f.place = j.at("place");
    f.text = j.at("text");
    f.token = j.at("token");
    f.times = j.at("times");
    for (const std::string name : j.at("clauses")) f.clauses.push_back(kept(name));
    if (j.contains("example")) f.example = from_json(j.at("example").get<std::string>(), from);
    return f;
}

/// Each name, a letter and a number, by when it comes first.
std::string renamed(const std::string& text, std::map<std::string, std::size_t>& names) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find_first_not_of("0123456789", at + 1);
        const std::string word = text.substr(at, end - at);
        const bool begins = at == 0 || text[at - 1] == ' ';
        if (begins && word.size() > 1) {
            out += word.front() + std::to_string(names.try_emplace(word, names.size()).first->second);
        } else {
            out += word;
        }
        at += word.size();
    }
    return out;
}

/// The program of a failure, whatever its values and handles are called; a recording is one of its own.
std::string program_of(const failure& f) {
    if (!f.example || !f.example->recorded_at.empty()) return f.token;
    std::map<std::string, std::size_t> names;
    std::string text = fmt::format("capacity {}\n", f.example->capacity);
    const auto add = [&](const model::step& s, bool waits) { text += renamed(model::to_string(s), names) + (waits ? " waits\n" : "\n"); };
    if (const auto* one = std::get_if<sequential_run>(&f.example->run)) {
        for (const taken_step& s : one->steps) add(s.step, false);
        return text;
    }
    const model::history& h = std::get<concurrent_run>(f.example->run).history;
    for (const model::event& e : h.before) add(e.step, e.waits);
    for (const auto& lane : h.lanes) {
        text += "task\n";
        for (const model::event& e : lane) add(e.step, e.waits);
    }
    return text;
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

std::string_view to_string(failure::kind k) noexcept { return kinds[static_cast<std::size_t>(k)]; }

failure failure_of(counterexample c) {
    failure f;
    f.what = what_went_wrong(c);
    f.text = to_log(c);
    f.place = c.recorded_at.empty() ? fmt::format("seed-{}-program-{}", c.seed, c.program) : c.recorded_at;
    for (const std::string& name : c.clauses) f.clauses.push_back(kept(name));
    // A recording is replayed from its file.
    if (c.recorded_at.empty()) f.token = token_of(c);
    f.example = std::move(c);
    return f;
}

failure failure_of(failure::kind is, const engine_report& in, const std::string& what, std::string place, const std::string& details) {
    failure f;
    f.is = is;
    f.what = what;
    f.place = std::move(place);
    f.text = labelled("", fmt::format("{} fails on {}: {}", in.engine, plain(in.target), plain(what)), 3) + details;
    return f;
}

failure too_many_unknown(const engine_report& in, std::uint64_t unknown, std::uint64_t histories) {
    return failure_of(failure::kind::unknown, in,
                      fmt::format("{} of {} histories are UNKNOWN: the search was given up", grouped(unknown), grouped(histories)),
                      "the search for an order");
}

std::string counted_failures(const engine_report& r, std::string_view noun) {
    const auto count = [&r](failure::kind k) {
        return static_cast<std::uint64_t>(std::ranges::count(r.failures, k, &failure::is));
    };
    std::string text = counted(count(failure::kind::difference), noun);
    const auto add = [&](failure::kind k, std::string_view one) {
        if (const std::uint64_t n = count(k); n > 0) text += ", " + counted(n, one);
    };
    add(failure::kind::hang, "hang");
    add(failure::kind::crash, "crash");
    if (count(failure::kind::unknown) > 0) text += ", too many UNKNOWN";
    if (const std::uint64_t n = count(failure::kind::too_seldom); n > 0)
        text += fmt::format(", {} reached too seldom", counted(n, "required state"));
    return text;
}

std::uint64_t failures_beside(const engine_report& r, std::span<const model::clause* const> clauses) {
    return static_cast<std::uint64_t>(std::ranges::count_if(r.failures, [&](const failure& f) {
        return std::ranges::none_of(clauses, [&](const model::clause* c) {
            return std::ranges::find(f.clauses, c->name) != f.clauses.end();
        });
    }));
}

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
    for (failure& f : other.failures) {
        const auto same = [&, program = program_of(f)](const failure& known) {
            return !program.empty() && known.is == f.is && known.clauses == f.clauses && program_of(known) == program;
        };
        if (const auto at = std::ranges::find_if(one.failures, same); at != one.failures.end()) {
            at->times += f.times;
        } else {
            one.failures.push_back(std::move(f));
        }
    }
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
    const bool judged = !r.reached.empty() && r.failures.empty();
    std::size_t reached = 0;
    std::size_t unknown = 0;
    for (const reach& one : r.reached) {
        reached += one.verdict == reach_verdict::reached ? 1 : 0;
        unknown += one.verdict == reach_verdict::unknown ? 1 : 0;
        if (judged && one.verdict == reach_verdict::missed) r.failures.push_back(too_seldom(r, one));
    }
    if (entry != engines().end()) r.summary = entry->summarise(r);
    if (!judged) return;
    r.summary += fmt::format("; {} of {} required states reached", reached, r.reached.size());
    if (unknown > 0) r.summary += fmt::format(", {} UNKNOWN (too few {} to tell)", unknown, plural(r.unit));
    r.numbers.insert({{"states_required", r.reached.size()},
                      {"states_reached", reached},
                      {"states_unknown", unknown}});
}

}  // namespace tailrace::verify
