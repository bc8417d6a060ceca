// Reports of parts of a run: as text and back, put together, and finished.
// After a change here run: ci/test -L proptests -R 'campaign|report'
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <set>

#include "campaign/corpus_replay.hpp"
#include "campaign/engines.hpp"
#include "campaign/stepwise.hpp"
#include "report/failure_report.hpp"
#include "report/json_reader.hpp"
#include "report/token.hpp"
#include "support/text_layout.hpp"
#include "tailrace/model/clauses.hpp"

namespace tailrace::verify {
namespace {

using json = nlohmann::ordered_json;

/// In words, by kind.
constexpr std::array kinds{"difference", "hang", "crash", "unknown", "too_seldom"};

failure too_seldom(const engine_report& r, const reach& missed) {
    return failure_of(failure::kind::too_seldom, r, fmt::format("too few {} reached: {}", plural(r.unit), missed.what),
                      fmt::format("{}: {}", plural(r.unit), missed.what),
                      fmt::format("  {} of {}, where {} were required\n", grouped(missed.programs), grouped(missed.run),
                                  grouped(missed.required)));
}

json to_json(const failure& f) {
    json j{{"kind", to_string(f.is)}, {"what", f.what},   {"place", f.place},
           {"text", f.text},          {"token", f.token}, {"times", f.times}};
    j["clauses"] = json::array();
    for (const std::string_view c : f.clauses) j["clauses"].push_back(c);
    if (f.example) j["example"] = to_json(*f.example);
    return j;
}

failure failure_from(const json_reader& in) {
    failure f;
    f.is = static_cast<failure::kind>(in["kind"].one_of(kinds));
    f.what = in["what"].text();
    f.place = in["place"].text();
    f.text = in["text"].text();
    f.token = in["token"].text();
    f.times = in["times"].number();
    for (const std::string& name : in["clauses"].list(&json_reader::text)) f.clauses.push_back(kept(name));
    if (in.has("example")) f.example = from_json(in["example"].text(), in["example"].place());
    return f;
}

/// The program of a failure, whatever its values and handles are called; what was read from a file is one of its own.
std::string program_of(const failure& f) {
    return f.example && f.example->recorded_at.empty() ? without_names(program_of(*f.example)) : f.token;
}

/// Another program breaks the same. Recordings are all shown.
bool is_alike(const failure& f, const failure& known) {
    if (f.is != known.is || !f.example || !known.example || !f.example->recorded_at.empty()) return false;
    const std::vector<std::string> breaks = class_of(*f.example);
    return !breaks.empty() && breaks == class_of(*known.example);
}

/// What was cut short says so, first of all.
void add_what_was_left(engine_report& r) {
    const std::string_view why = cut_short(r);
    if (why.empty()) return;
    const std::string_view unit = r.numbers.contains("traces")  ? "trace"
                                  : r.numbers.contains("tests") ? "test"
                                                                : "program";
    const std::uint64_t done = number_of(r, plural(unit));
    if (done == 0 && r.failures.empty()) {
        r.summary = fmt::format("{} before anything was run", why);
        return;
    }
    std::string first = fmt::format("{} after {}; ", why, counted(done, unit));
    if (const std::uint64_t n = number_of(r, parts_given_up); n > 0)
        first += fmt::format("UNKNOWN: {} did not end when it was asked to; ", counted(n, "part"));
    r.summary = first + r.summary;
}

json to_json(const reach& r) {
    return {{"what", r.what}, {"reached", r.programs},    {"required", r.required},
            {"of", r.run},    {"per_10000", r.per_10000}, {"certain", r.certain}};
}

/// More than any run has, and far from where sums overflow.
std::uint64_t count_in(const json_reader& in) { return in.number(0, 1'000'000'000'000'000); }

reach reach_from(const json_reader& in) {
    reach r{kept(in["what"].text()),           count_in(in["reached"]), 0, reach_verdict::unknown, count_in(in["of"]),
            in["per_10000"].number(0, 10'000), in["certain"].boolean()};
    add_to(r, {});
    return r;
}

}  // namespace

std::string_view to_string(failure::kind k) noexcept { return kinds[static_cast<std::size_t>(k)]; }

failure failure_of(counterexample c) {
    failure f;
    f.what = what_went_wrong(c);
    f.text = to_log(c);
    f.place = c.recorded_at.empty() ? program_place(c.in_order.has_value(), c.seed, c.program) : c.recorded_at;
    for (const std::string& name : c.clauses) f.clauses.push_back(kept(name));
    if (const auto* one = std::get_if<sequential_run>(&c.run)) {
        if (std::ranges::count(one->differs, aspect::late) > 0) f.is = failure::kind::hang;
        if (std::ranges::count(one->differs, aspect::ended) > 0) f.is = failure::kind::crash;
    }
    if (has_token(c.engine)) f.token = token_of(c);
    f.example = std::move(c);
    return f;
}

failure failure_of(failure::kind is, const engine_report& in, const std::string& what, std::string place,
                   const std::string& details) {
    failure f;
    f.is = is;
    f.what = what;
    f.place = std::move(place);
    f.text = labelled("", fmt::format("{} fails on {}: {}", in.engine, plain(in.target), plain(what)), 3) + details;
    return f;
}

failure too_many_unknown(const engine_report& in, std::uint64_t unknown, std::uint64_t histories) {
    return failure_of(
        failure::kind::unknown, in,
        fmt::format("{} of {} histories are UNKNOWN: the search was given up", grouped(unknown), grouped(histories)),
        "the search for a linearization");
}

std::string why_smallest(const engine_report& r) {
    const auto before = r.numbers.find(std::string(agreed_before));
    if (before == r.numbers.end()) return {};
    return fmt::format(", a smallest one: {} before it {}, every shorter one among them",
                       counted(before->second, "program"), before->second == 1 ? "agrees" : "agree");
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
        text += fmt::format(", {} reached too seldom", counted(n, "coverage goal"));
    return text;
}

std::uint64_t failures_beside(const engine_report& r, std::span<const model::clause* const> clauses) {
    return static_cast<std::uint64_t>(std::ranges::count_if(r.failures, [&](const failure& f) {
        return std::ranges::none_of(
            clauses, [&](const model::clause* c) { return std::ranges::find(f.clauses, c->name) != f.clauses.end(); });
    }));
}

std::uint64_t number_of(const engine_report& r, std::string_view name) {
    const auto at = r.numbers.find(std::string(name));
    return at == r.numbers.end() ? 0 : at->second;
}

std::string_view cut_short(const engine_report& r) {
    if (number_of(r, interrupted) > 0) return "interrupted";
    return number_of(r, over_budget) > 0 ? "stopped by --budget" : "";
}

std::string_view kept(std::string_view word) {
    static std::mutex mutex;
    static std::set<std::string, std::less<>> words;
    const std::lock_guard guard(mutex);
    return *words.emplace(word).first;
}

std::string to_json(const engine_report& r) {
    json j{
        {"engine", r.engine}, {"target", r.target}, {"unit", r.unit}, {"numbers", r.numbers}, {"skipped", r.skipped}};
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
    for (const reach& one : r.since) j["since"].push_back(to_json(one));
    if (!r.entries.empty()) j["entries"] = r.entries;
    return j.dump(-1, ' ', true, json::error_handler_t::replace);
}

engine_report engine_report_from_json(std::string_view text, std::string_view from) {
    const json whole = parse_json(text, from, "the report of an engine");
    return engine_report_from(json_reader(whole, {}, from));
}

engine_report engine_report_from(const json_reader& in) {
    engine_report r;
    r.engine = kept(in["engine"].text());
    r.target = in["target"].text();
    r.unit = kept(in["unit"].text());
    in["numbers"].members([&](const std::string& name, const json_reader& n) { r.numbers[name] = count_in(n); });
    in["skipped"].members([&](const std::string& name, const json_reader& n) { r.skipped[name] = count_in(n); });
    r.failures = in["failures"].list(failure_from);
    in["evidence"].members([&](const std::string& clause, const json_reader& e) {
        r.evidence[kept(clause)] = {count_in(e["count"]), kept(e["unit"].text()), e["first"].text()};
    });
    in["lacking"].members([&](const std::string& clause, const json_reader& l) {
        r.lacking[kept(clause)] = {l["why"].text(), l["essential"].boolean()};
    });
    r.reached = in["reached"].list(reach_from);
    if (in.has("since")) r.since = in["since"].list(reach_from);
    if (in.has("entries"))
        in["entries"].members([&](const std::string& file, const json_reader& e) { r.entries[file] = e.text(); });
    return r;
}

namespace {

void add_to(std::vector<reach>& one, std::vector<reach>&& other) {
    if (one.size() != other.size()) {
        if (one.empty()) one = std::move(other);
        return;  // the coverage of a part that failed means nothing
    }
    for (std::size_t i = 0; i < one.size(); ++i) add_to(one[i], other[i]);
}

/// "; since the corpus began 3,000 programs, 180 of 191 coverage goals"
std::string since_the_corpus_began(const engine_report& r) {
    const std::uint64_t programs = number_of(r, programs_since);
    if (programs == 0) return {};
    const auto reached = std::ranges::count(r.since, reach_verdict::reached, &reach::verdict);
    return fmt::format("; since the corpus began {}{}", counted(programs, "program"),
                       r.since.empty() ? "" : fmt::format(", {} of {} coverage goals", reached, r.since.size()));
}

}  // namespace

void add_to(engine_report& one, engine_report&& other) {
    if (one.unit.empty()) one.unit = other.unit;
    for (const auto& [name, n] : other.numbers) {
        std::uint64_t& mine = one.numbers[name];
        mine = name != goes_on_at ? mine + n : mine == 0 ? n : std::min(mine, n);
    }
    for (const auto& [name, n] : other.skipped) one.skipped[name] += n;
    for (failure& f : other.failures) {
        const auto same = [&, program = program_of(f)](const failure& known) {
            return !program.empty() && known.is == f.is && known.clauses == f.clauses && program_of(known) == program;
        };
        if (const auto at = std::ranges::find_if(one.failures, same); at != one.failures.end()) {
            at->times += f.times;
        } else if (std::ranges::none_of(one.failures, [&f](const failure& known) { return is_alike(f, known); })) {
            one.failures.push_back(std::move(f));
        }
    }
    for (const auto& [clause, e] : other.evidence) {
        evidence_item& mine = one.evidence.try_emplace(clause, evidence_item{0, e.unit, e.first}).first->second;
        mine.count += e.count;
    }
    for (const auto& [clause, l] : other.lacking) one.lacking.emplace(clause, l);
    one.entries.merge(other.entries);
    add_to(one.reached, std::move(other.reached));
    add_to(one.since, std::move(other.since));
}

void finish(engine_report& r) {
    const auto entry = std::ranges::find(engines(), r.engine, &engine_entry::name);
    const bool judged = !r.reached.empty() && r.failures.empty();
    for (const char* counted_below : {"states_required", "states_reached", "states_unknown"})
        r.numbers.erase(counted_below);
    std::size_t reached = 0;
    std::size_t unknown = 0;
    for (const reach& one : r.reached) {
        reached += one.verdict == reach_verdict::reached ? 1 : 0;
        unknown += one.verdict == reach_verdict::unknown ? 1 : 0;
        if (judged && one.verdict == reach_verdict::missed) r.failures.push_back(too_seldom(r, one));
    }
    if (entry != engines().end()) r.summary = entry->summarise(r);
    if (r.engine == corpus_engine) r.summary = summarise_corpus(r);
    add_what_was_left(r);
    if (judged) {
        r.summary += fmt::format("; {} of {} coverage goals reached", reached, r.reached.size());
        if (unknown > 0) r.summary += fmt::format(", {} UNKNOWN (too few {} to tell)", unknown, plural(r.unit));
        r.numbers.insert(
            {{"states_required", r.reached.size()}, {"states_reached", reached}, {"states_unknown", unknown}});
    }
    r.summary += since_the_corpus_began(r);
}

}  // namespace tailrace::verify
