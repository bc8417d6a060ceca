// Reading a corpus, and adding to it.
// After a change here run: ci/test -L proptests -R corpus && ci/test -R fuzz.corpus
#include "campaign/corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <stdexcept>

#include "campaign/replay.hpp"
#include "campaign/report.hpp"
#include "campaign/slices.hpp"
#include "program/concurrent_program.hpp"
#include "report/failure_report.hpp"
#include "report/json_reader.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

constexpr std::uint64_t state_format = 1;  // of the states; tokens have their own
constexpr std::string_view purpose = "keep the corpus in";
constexpr std::string_view failure_file = ".failure";

/// FNV-1a.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    return hash;
}

/// `<target>-<engine>-<hash>`. The hash tells apart what the rest does not.
std::string name_for(std::string_view target, std::string_view engine, std::string_view hashed) {
    std::string readable(target.substr(0, 60));
    std::ranges::replace_if(readable, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '-');
    return fmt::format("{}-{}-{:016x}", readable, engine, hash_of(hashed));
}

/// What a file of the corpus says of a failure. Two machines that find it write the same text, so it has no seed, and
/// nothing of the way in which it was found.
std::string text_of(const failure& f, const token& t) {
    const std::string what = f.example ? f.what : f.is == failure::kind::hang ? "it hangs" : "it crashes";
    const std::string clauses = f.clauses.empty() ? "no clause by name" : fmt::format("{}", fmt::join(f.clauses, ", "));
    std::string text = fmt::format("# {} fails on {}: {}\n# breaks {}\n#\n", model::to_string(t.engine),
                                   plain(t.target), plain(what), plain(clauses));
    const std::string program = to_string(t.program);
    for (std::size_t at = 0; at < program.size();) {
        const std::size_t end = program.find('\n', at);
        text += fmt::format("# {}\n", program.substr(at, end - at));
        at = end + 1;
    }
    return text + to_string(t) + '\n';
}

/// A replay of one is a replay of the other.
bool is_same(const token& one, const token& other) {
    return one.engine == other.engine && one.target == other.target &&
           without_names(one.program) == without_names(other.program);
}

/// What the numbers of programs mean: the same programs, as long as this is the same.
std::string numbering_of(const engine_entry& e, const target& t, const job& j) {
    if (!takes_all(e, j)) return fmt::format("seed {}", j.seed);
    const std::string which =
        j.pairs ? fmt::format("{} steps, then {}:{}", j.pairs->before, j.pairs->first, j.pairs->second)
                : fmt::format("{}", counted(j.depth, "step"));
    return fmt::format("all {} programs of {}, version {}", e.size(j, t), which, tool_version());
}

std::string path_of_state(const std::string& folder, std::string_view engine, std::string_view target,
                          std::string_view shard) {
    const std::string whole = fmt::format("{} {} {}", engine, shard, target);
    return (fs::path(folder) / "state" / (name_for(target, engine, whole) + ".json")).string();
}

std::string text_of(const shard& s) { return fmt::format("{}/{}", s.part, s.of); }

/// In order; hidden files are no part of a corpus: those that git has, and those that a killed
/// run was writing.
std::vector<fs::path> contents_of(const std::string& folder) {
    std::error_code error;
    std::vector<fs::path> files;
    for (const fs::directory_entry& e : fs::directory_iterator(folder, error)) {
        if (!e.path().filename().string().starts_with('.')) files.push_back(e.path());
    }
    if (error)
        throw std::runtime_error(fmt::format("{}: expected the folder of a corpus, and cannot read it: {}",
                                             printable(folder), error.message()));
    std::ranges::sort(files);
    return files;
}

[[noreturn]] void refuse_stranger(const fs::path& file, std::string_view expected) {
    throw std::runtime_error(fmt::format("{}: expected {} in a corpus, found something else: move it elsewhere",
                                         printable(file.string()), expected));
}

}  // namespace

token read_failure(std::string_view text, std::string_view file) {
    std::optional<token> found;
    std::size_t number = 0;
    const auto refuse = [&](std::string_view why) {
        throw std::runtime_error(fmt::format("{}:{}: {}", printable(file), number, why));
    };
    while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
        if (line.empty() || line.starts_with('#')) continue;
        if (found) refuse("expected one token in a file, found a second line without '#'");
        try {
            found = parse_token(line);
        } catch (const token_error& e) {
            refuse(e.what());
        }
        if (!can_replay(found->engine))
            refuse(fmt::format("expected a token that can be replayed, found one of the engine {}",
                               model::to_string(found->engine)));
    }
    ++number;
    if (!found) refuse("expected a token, found the end of the file");
    return *std::move(found);
}

std::string to_json(const engine_state& s) {
    json j{{"format", state_format}, {"engine", s.engine}, {"target", s.target},     {"shard", s.shard},
           {"programs", s.programs}, {"next", s.next},     {"goals", json::object()}};
    for (const auto& [goal, n] : s.goals) j["goals"][goal] = {{"reached", n.first}, {"of", n.second}};
    return j.dump(1, ' ', true, json::error_handler_t::replace) + '\n';
}

engine_state state_from_json(std::string_view text, std::string_view file) {
    const json whole = parse_json(text, file, "the state of a corpus");
    const json_reader in(whole, {}, file);
    const auto count = [](const json_reader& n) { return n.number(0, 1'000'000'000'000'000); };
    if (in["format"].number(1) > state_format)
        in["format"].refuse(fmt::format("{}, as this version writes it: a newer one has written this", state_format));
    in.expect_members({"format", "engine", "target", "shard", "programs", "next", "goals"});
    engine_state s{in["engine"].text(), in["target"].text(), in["shard"].text(), count(in["programs"]), {}, {}};
    in["next"].members([&](const std::string& numbering, const json_reader& n) { s.next[numbering] = count(n); });
    in["goals"].members(
        [&](const std::string& goal, const json_reader& n) { s.goals[goal] = {count(n["reached"]), count(n["of"])}; });
    return s;
}

corpus::corpus(std::string folder) : folder_(std::move(folder)) {
    make_folder(folder_, purpose);
    const std::string states = (fs::path(folder_) / "state").string();
    make_folder(states, purpose);
    for (const fs::path& path : contents_of(folder_)) {
        if (path == states) continue;
        if (path.extension() != failure_file) refuse_stranger(path, "*.failure and 'state'");
        const std::string file = path.string();
        failures_.push_back({file, read_failure(read_file(file, "a failure"), file)});
    }
    for (const fs::path& path : contents_of(states)) {
        if (path.extension() != ".json") refuse_stranger(path, "*.json");
        const std::string file = path.string();
        engine_state s = state_from_json(read_file(file, "the state of a corpus"), printable(file));
        const std::string place = path_of_state(folder_, s.engine, s.target, s.shard);
        if (place != file)
            throw std::runtime_error(fmt::format("{}: expected this state in the file {}", printable(file), place));
        states_.emplace(file, std::move(s));
    }
    // Before anything runs: what cannot be written is to be known now.
    const std::string trial = (fs::path(states) / ".trial").string();
    write_file(trial, "", purpose);
    fs::remove(trial);
}

std::uint64_t corpus::next(const engine_entry& e, const target& t, const job& j, const shard& s) const {
    const auto state = states_.find(path_of_state(folder_, e.name(), t.name, text_of(s)));
    if (state == states_.end()) return 0;
    const auto at = state->second.next.find(numbering_of(e, t, j));
    return at == state->second.next.end() ? 0 : at->second;
}

void corpus::keep(engine_report& r, const engine_entry& e, const target& t, const job& j, const shard& s) {
    for (const failure& f : r.failures) {
        // Of what was given up when the run had to end, it is not known whether it hangs.
        if (f.is != failure::kind::hang || number_of(r, parts_given_up) == 0) add(f);
    }
    if (e.usual_programs == 0) return;
    const std::string path = path_of_state(folder_, e.name(), t.name, text_of(s));
    engine_state& state =
        states_.try_emplace(path, engine_state{std::string(e.name()), t.name, text_of(s), 0, {}, {}}).first->second;
    const std::uint64_t next = r.numbers.extract(std::string(goes_on_at)).mapped();
    const std::uint64_t programs = number_of(r, "programs");
    for (reach& one : r.since = r.reached) {
        auto& [reached, of] = state.goals[std::string(one.what)];
        one.programs = reached += one.programs;
        one.run = of += one.run;
        add_to(one, {});
    }
    state.programs += programs;
    r.numbers[std::string(programs_since)] = state.programs;
    if (programs == 0 && r.failures.empty()) return;  // it did not run
    state.next[numbering_of(e, t, j)] = next;
    write(path, to_json(state));
}

void corpus::throw_problem() const {
    if (!problem_.empty()) throw std::runtime_error(problem_);
}

void corpus::add(const failure& f) {
    if (f.token.empty()) return;
    const token t = parse_token(f.token);
    if (std::ranges::any_of(failures_, [&t](const kept_failure& k) { return is_same(k.again, t); })) return;
    const std::string text = text_of(f, t);
    const std::string name = name_for(t.target, model::to_string(t.engine), text);
    const std::string path = (fs::path(folder_) / fmt::format("{}{}", name, failure_file)).string();
    write(path, text);
    failures_.push_back({path, t});
}

void corpus::write(const std::string& path, std::string_view text) {
    try {
        replace_file(path, text, purpose);
    } catch (const std::runtime_error& e) {
        if (problem_.empty()) problem_ = e.what();
    }
}

}  // namespace tailrace::verify
