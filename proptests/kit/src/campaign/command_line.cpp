// Parsing the command line of tailrace-verify, with CLI11.
// After a change here run: ci/test -L proptests -R command_line
#include "campaign/command_line.hpp"

#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>

#include "campaign/command_words.hpp"
#include "campaign/replay.hpp"
#include "engine/interleavings.hpp"
#include "engine/test_programs.hpp"
#include "support/text_layout.hpp"

namespace tailrace::verify {
namespace {

// Above these, arithmetic would overflow, or the system runs out of processes and files before anything runs.
constexpr std::uint64_t most_programs = 1'000'000'000'000;
constexpr std::uint64_t deepest = 8;  // each step more is about 25 times the programs
constexpr std::uint64_t most_jobs = 500;
constexpr std::uint64_t longest_budget = 100'000'000;  // seconds
constexpr std::uint64_t usual_timeout = 5'000;         // milliseconds
constexpr std::uint64_t longest_timeout = 25'000;      // twice that, and the kit itself looks as if it hung

template <class Range, class Name>
std::vector<std::string_view> names_of(const Range& range, Name name) {
    std::vector<std::string_view> names;
    for (const auto& element : range) names.push_back(std::invoke(name, element));
    return names;
}

[[noreturn]] void refuse_name(std::string_view noun, std::string_view typed,
                              const std::vector<std::string_view>& names) {
    const std::string_view near = nearest(typed, names);
    throw usage_error(fmt::format("there is no {} '{}'{}; expected {}", noun, printable(typed),
                                  near.empty() ? "" : fmt::format(", did you mean '{}'?", near),
                                  fmt::join(names, ", ")));
}

/// The elements with the typed names, each once; all of them if none was typed.
template <class Range, class Name>
auto look_up(std::string_view noun, const std::vector<std::string>& typed, const Range& range, Name name) {
    std::vector<decltype(&*range.begin())> found;
    for (const std::string& t : typed) {
        const auto at = std::ranges::find(range, std::string_view(t),
                                          [&](const auto& e) { return std::string_view(std::invoke(name, e)); });
        if (at == range.end()) refuse_name(noun, t, names_of(range, name));
        if (std::ranges::find(found, &*at) == found.end()) found.push_back(&*at);
    }
    if (typed.empty()) {
        for (const auto& element : range) found.push_back(&element);
    }
    return found;
}

std::vector<const model::clause*> matching_clauses(const std::vector<std::string>& globs) {
    std::vector<bool> chosen(model::clauses().size(), globs.empty());
    for (const std::string& glob : globs) {
        bool matched = false;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            if (!model::matches_glob(glob, model::clauses()[i].name)) continue;
            matched = true;
            chosen[i] = true;
        }
        if (matched) continue;
        const std::string_view near = nearest(glob, names_of(model::clauses(), &model::clause::name));
        throw usage_error(fmt::format("no clause matches '{}'{}; 'list clauses' names them all", printable(glob),
                                      near.empty() ? "" : fmt::format(", did you mean '{}'?", near)));
    }
    std::vector<const model::clause*> clauses;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (chosen[i]) clauses.push_back(&model::clauses()[i]);
    }
    return clauses;
}

std::uint64_t number_of(std::string_view option, std::string_view typed, std::uint64_t least, std::uint64_t otherwise,
                        std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    if (typed.empty()) return otherwise;
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), n);
    if (error != std::errc{} || end != typed.data() + typed.size() || n < least) {
        throw usage_error(fmt::format("{} expected a number from {}, found '{}'", option, least, printable(typed)));
    }
    if (n > most)
        throw usage_error(
            fmt::format("{} expected a number from {} to {}, found '{}'", option, least, most, printable(typed)));
    return n;
}

shard shard_of(std::string_view typed) {
    const std::size_t slash = typed.find('/');
    shard s{0, 0};
    if (slash != std::string_view::npos) {
        const std::string_view part = typed.substr(0, slash);
        const std::string_view of = typed.substr(slash + 1);
        const auto read = [](std::string_view text, std::uint64_t& n) {
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
            if (error != std::errc{} || end != text.data() + text.size()) n = 0;
        };
        read(part, s.part);
        read(of, s.of);
    }
    if (s.part == 0 || s.of == 0 || s.part > s.of || s.of > most_shards) {
        throw usage_error(
            fmt::format("--shard expected a part of a whole, like 1/8 to 8/8, found '{}'", printable(typed)));
    }
    return s;
}

/// What --exhaustive explores.
concurrent_size pairs_of(const typed_words& typed) {
    concurrent_size s;
    s.before = number_of("--states", typed.states, 0, s.before, 4);
    if (typed.against.empty()) return s;
    if (typed.against != "1:1" && typed.against != "1:2" && typed.against != "2:2")
        throw usage_error(fmt::format("--against expected 1:1, 1:2 or 2:2, found '{}'", printable(typed.against)));
    s.first = typed.against.front() == '2' ? 2 : 1;
    s.second = typed.against.back() == '2' ? 2 : 1;
    return s;
}

token token_from(const std::string& typed, const program_info& program, bool may_be_elsewhere) {
    if (typed.empty()) throw usage_error("replay expected a token, found nothing");
    token t;
    try {
        t = parse_token(typed);
    } catch (const token_error& e) {
        throw usage_error(fmt::format("replay {}", e.what()));
    }
    const std::vector<const target*> all = with_geometries(program.targets);
    const bool known = std::ranges::find(all, t.target, &target::name) != all.end();
    if (!known && !may_be_elsewhere)
        throw usage_error(
            fmt::format("the token is of a target '{}', which this program does not have without --target exec:COMMAND",
                        printable(t.target)));
    if (!can_replay(t.engine))
        throw usage_error(
            fmt::format("the token is of the engine {}, which this program cannot replay", model::to_string(t.engine)));
    return t;
}

std::vector<std::string> traces_of(const std::vector<std::string>& typed, const program_info& program) {
    if (!typed.empty()) return typed;
    // Nothing changes the environment, and there are no threads yet.
    const char* const variable = std::getenv("TAILRACE_TRACES");  // NOLINT(concurrency-mt-unsafe)
    return {variable != nullptr && *variable != '\0' ? variable : program.traces};
}

/// `exec:COMMAND` or `NAME=exec:COMMAND`; nothing for the name of a target.
std::optional<exec_command> exec_in(const std::string& typed) {
    constexpr std::string_view mark = "exec:";
    const std::size_t at = typed.find(mark);
    if (at == typed.npos || (at > 0 && typed[at - 1] != '=')) return std::nullopt;
    exec_command c{typed.substr(at + mark.size()), typed.substr(0, at == 0 ? 0 : at - 1)};
    const auto is_wrong = [](char b) { return b < 0x21 || b > 0x7e; };
    if (at == 1 || c.name.size() > longest_target_name || std::ranges::any_of(c.name, is_wrong)) {
        throw usage_error(fmt::format("--target expected a name of 1 to {} printable characters before '=', found '{}'",
                                      longest_target_name, printable(c.name)));
    }
    if (c.command.empty()) throw usage_error("--target expected a command after 'exec:', found nothing");
    return c;
}

/// Those in other processes, which are taken from the names.
std::vector<exec_command> commands_in(std::vector<std::string>& typed, std::chrono::milliseconds patience) {
    std::vector<exec_command> commands;
    std::erase_if(typed, [&](const std::string& t) {
        std::optional<exec_command> c = exec_in(t);
        if (!c) return false;
        c->patience = patience;
        commands.push_back(std::move(*c));
        return true;
    });
    return commands;
}

std::vector<const target*> targets_of(const std::vector<std::string>& typed, const program_info& program) {
    std::vector<const target*> chosen;
    if (typed.empty()) {
        chosen = look_up("target", typed, program.targets, &target::name);
        // The reference is what the others are compared with.
        if (chosen.size() > 1) std::erase_if(chosen, [](const target* t) { return t->name == "reference"; });
        return chosen;
    }
    const std::vector<const target*> all = with_geometries(program.targets);
    for (const auto* found : look_up("target", typed, all, &target::name)) chosen.push_back(*found);
    return chosen;
}

/// What a refusal is about.
std::string first_of(const std::vector<const target*>& targets) {
    return targets.empty() ? "a target in another process" : targets.front()->name;
}

/// An engine that was named and cannot run on any target would look like one that found nothing.
void refuse_tests_without(const std::vector<std::string>& typed, const std::vector<const target*>& targets) {
    if (std::ranges::find(typed, model::to_string(model::engine::tests)) == typed.end()) return;
    const auto has_any = [](const target* t) { return !t->tests.empty(); };
    if (std::ranges::none_of(targets, has_any))
        throw usage_error(fmt::format("--engine tests: {} has no tests of its own", first_of(targets)));
    for (const target* t : targets) {
        const std::vector<std::string> missing = missing_programs(t->tests);
        if (!missing.empty())
            throw usage_error(
                fmt::format("--engine tests: {} is not there: build the target tailrace-tests", missing.front()));
    }
}

void refuse_interleavings_without(const std::vector<std::string>& typed, const std::vector<const target*>& targets) {
    if (std::ranges::find(typed, model::to_string(model::engine::interleavings)) == typed.end()) return;
    if (std::ranges::none_of(targets, &target::is_simulated)) {
        throw usage_error(
            fmt::format("--engine interleavings: {} is not simulated: only the channels that come with the kit are",
                        first_of(targets)));
    }
    if (find_simulator().empty()) {
        throw usage_error(
            "--engine interleavings: there is no tailrace-interleavings beside this program (the variable "
            "TAILRACE_INTERLEAVINGS can name it)");
    }
}

/// An option of an engine that does not run would look as if it had done something.
void refuse_options_without(const typed_words& typed, const std::vector<const engine_entry*>& engines) {
    const auto run = [&](model::engine e) { return std::ranges::find(engines, e, &engine_entry::is) != engines.end(); };
    if (typed.exhaustive && !run(model::engine::interleavings))
        throw usage_error("--exhaustive belongs to the engine interleavings, which does not run");
    if (run(model::engine::exhaustive)) return;
    if (!typed.depth.empty()) throw usage_error("--depth belongs to the engine exhaustive, which does not run");
    if (!typed.from.empty() && !typed.exhaustive)
        throw usage_error("--from belongs to the engine exhaustive, which does not run, or to --exhaustive");
}

/// Words that nothing takes are kept by CLI11, and refused here.
void refuse_extras(const CLI::App& app, const CLI::App& run) {
    const std::vector<std::string> extra = app.remaining(true);
    if (extra.empty()) return;
    std::vector<std::string> known;
    if (extra.front().starts_with('-')) {
        for (const CLI::Option* o : run.get_options()) known.push_back(o->get_name());
    } else {
        for (const CLI::App* s : app.get_subcommands({})) known.push_back(s->get_name());
    }
    std::string_view near = nearest(extra.front(), {known.begin(), known.end()});
    if (near == extra.front()) near = {};  // right in itself, but not here
    throw usage_error(fmt::format("did not expect '{}'{}", printable(extra.front()),
                                  near.empty() ? "" : fmt::format(", did you mean '{}'?", near)));
}

/// CLI11's message for a wrong number of arguments is not a sentence.
std::string complaint(const CLI::ParseError& e) {
    std::string text = printable(e.what());
    if (e.get_name() != "ArgumentMismatch") return text;
    return text.substr(0, text.find(':')) +
           (text.ends_with("missing") ? " expected a value, found nothing" : " can be given only once");
}

command_line::action topic_of(const std::string& typed) {
    if (typed == "clauses") return command_line::action::list_clauses;
    if (typed == "engines") return command_line::action::list_engines;
    if (typed == "targets") return command_line::action::list_targets;
    if (typed.empty()) throw usage_error("list expected clauses, engines or targets, found nothing");
    refuse_name("list of", typed, {"clauses", "engines", "targets"});
}

/// Without a command, or with an option of `run` first, the command is `run`.
std::vector<std::string> with_command(int argc, const char* const* argv) {
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    constexpr std::string_view of_the_program[] = {"--help", "-h", "--version"};
    const bool implied = words.empty() || (words[0].starts_with('-') &&
                                           std::ranges::find(of_the_program, words[0]) == std::end(of_the_program));
    if (implied) words.insert(words.begin(), "run");
    std::ranges::reverse(words);  // as CLI11 wants them
    return words;
}

}  // namespace

void refuse_threads_without(const command_line& c) {
    if (!c.names_threads) return;
    if (std::ranges::any_of(c.targets, [](const target* t) { return static_cast<bool>(t->open_tasks); })) return;
    throw usage_error(fmt::format("--engine threads: {} says that it is for one thread only", first_of(c.targets)));
}

command_line parse_command_line(int argc, const char* const* argv, const program_info& program) {
    typed_words typed;
    CLI::App app{"Checks a bounded asynchronous channel against its contract, clause by clause.", program.name};
    CLI::App& run = *app.add_subcommand("run", "run engines on targets (what the program does without a command)");
    CLI::App& list = *app.add_subcommand("list", "list clauses, engines or targets");
    CLI::App& replay = *app.add_subcommand("replay", "repeat a failure by its token");
    CLI::App& merge = *app.add_subcommand("merge", "put the reports of shards together");
    CLI::App& check = *app.add_subcommand("check-target", "try the protocol of a target in another process");
    describe(app, run, list, replay, merge, check, typed, program);

    command_line c;
    try {
        app.parse(with_command(argc, argv));
    } catch (const CLI::CallForHelp&) {
        c.what = command_line::action::help;
        const CLI::App& of = run.parsed()      ? run
                             : list.parsed()   ? list
                             : replay.parsed() ? replay
                             : merge.parsed()  ? merge
                             : check.parsed()  ? check
                                               : app;
        c.help = of.help(&of == &app ? "" : program.name);
        return c;
    } catch (const CLI::CallForVersion& e) {
        c.what = command_line::action::help;
        c.help = fmt::format("{}\n", e.what());
        return c;
    } catch (const CLI::ParseError& e) {
        throw usage_error(complaint(e));
    }
    refuse_extras(app, run);

    const std::chrono::milliseconds patience(number_of("--timeout", typed.timeout, 1, usual_timeout, longest_timeout));
    if (check.parsed()) {
        c.what = command_line::action::check_target;
        if (typed.command.empty())
            throw usage_error("check-target expected the command of a target, found nothing", "check-target --help");
        c.commands = {{.command = typed.command, .patience = patience}};
        return c;
    }
    c.commands = commands_in(typed.targets, patience);
    if (list.parsed()) {
        c.what = topic_of(typed.topic);
        return c;
    }
    if (run.count("--junit") > 0 || merge.count("--junit") > 0) {
        if (typed.junit.empty()) throw usage_error("--junit expected a file, found nothing");
        c.junit = typed.junit;
    }
    if (run.count("--report") > 0 || merge.count("--report") > 0) {
        if (typed.report.empty()) throw usage_error("--report expected a directory, found nothing");
        c.report = typed.report;
    }
    if (replay.parsed()) {
        c.what = command_line::action::replay;
        c.replayed = token_from(typed.token, program, !c.commands.empty());
        return c;
    }
    if (merge.parsed()) {
        c.what = command_line::action::merge;
        if (typed.merged.empty()) throw usage_error("merge expected the folders of reports, found nothing");
        c.merged = typed.merged;
        return c;
    }
    if (!run.parsed()) throw usage_error("expected a command: run, replay, merge, check-target or list");
    c.engines = look_up("engine", typed.engines, engines(), &engine_entry::name);
    if (c.commands.empty() || !typed.targets.empty()) c.targets = targets_of(typed.targets, program);
    c.names_threads = std::ranges::count(typed.engines, model::to_string(model::engine::threads)) > 0;
    if (c.commands.empty()) refuse_threads_without(c);
    refuse_interleavings_without(typed.engines, c.targets);
    refuse_tests_without(typed.engines, c.targets);
    c.clauses = matching_clauses(typed.clauses);
    c.traces = traces_of(typed.traces, program);
    c.programs = number_of("--programs", typed.programs, 1, 0, most_programs);
    c.depth = number_of("--depth", typed.depth, 1, c.depth, deepest);
    c.from = number_of("--from", typed.from, 0, 0, most_programs);
    if (!typed.exhaustive && !(typed.states + typed.against).empty())
        throw usage_error("--states and --against belong to --exhaustive");
    if (typed.exhaustive) c.pairs = pairs_of(typed);
    refuse_options_without(typed, c.engines);
    if (run.count("--corpus") > 0) {
        if (typed.corpus.empty()) throw usage_error("--corpus expected a directory, found nothing");
        if (!typed.from.empty()) throw usage_error("--from does not go with --corpus, where a run goes on by itself");
        c.corpus = typed.corpus;
    }
    c.seed = number_of("--seed", typed.seed, 0, 1);
    c.failures = number_of("--failures", typed.failures, 1, 1);
    c.how.jobs = number_of("--jobs", typed.jobs, 1, 2, most_jobs);
    if (!typed.shard.empty()) c.how.shard = shard_of(typed.shard);
    if (!typed.budget.empty())
        c.how.budget = std::chrono::seconds(number_of("--budget", typed.budget, 1, 0, longest_budget));
    return c;
}

}  // namespace tailrace::verify
