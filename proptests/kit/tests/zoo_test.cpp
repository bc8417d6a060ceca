// The zoo: each clause that traces can observe has a mutant that breaks it, each mutant shows,
// and src/model_mutants/README.md lists them all.
//
// Run: ci/test -L proptests -R zoo
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "evidence/evidence.hpp"
#include "model_mutants/mutant.hpp"
#include "tailrace/model/clauses.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::engine;

const std::vector<model::trace>& recorded() {
    static const std::vector<model::trace> all = model::read_traces(TAILRACE_TRACES_DIR);
    return all;
}

/// Of the mutants that no recorded trace shows: a program that does.
const std::map<std::string_view, std::string_view> programs{
    {"receive-sleeps-through-deadline", R"(
        r recv_timeout 5ms as f0 -> created
        poll f0 -> pending
        advance 5ms -> ok ! f0)"},
    {"receive-waits-past-deadline", R"(
        r recv_timeout 5ms as f0 -> created
        poll f0 -> pending
        advance 5ms -> ok ! f0
        poll f0 -> timeout)"},
    {"deadline-beats-value", R"(
        r recv_timeout 5ms as f0 -> created
        poll f0 -> pending
        s0 try_send v1 -> ok ! f0
        advance 5ms -> ok ! f0
        poll f0 -> some v1)"},
    {"close-does-not-wake", R"(
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0)"},
    {"close-wakes-with-permits-out", R"(
        s0 try_reserve -> p0
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok)"},
    {"close-wakes-with-permits-held", R"(
        s0 try_reserve_many 2 -> i0 2
        s0 reserve as f0 -> created
        poll f0 -> pending
        drop i0 -> ok ! f0
        r recv as f1 -> created
        poll f1 -> pending
        r close -> ok)"},
    {"permit-drop-does-not-wake", R"(
        s0 try_reserve -> p0
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        drop p0 -> ok ! f0)"},
    {"owned-release-does-not-wake", R"(
        s0 try_reserve_owned -> o0
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        o0 release -> s1 ! f0)"},
    {"iterator-drop-does-not-wake", R"(
        s0 try_reserve_many 2 -> i0 2
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        drop i0 -> ok ! f0)"},
    {"close-unparks-receive", R"(
        s0 try_reserve -> p0
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        p0 send v1 -> ok ! f0)"},
    {"sender-len-counts-permits", R"(
        s0 try_reserve -> p0
        s0 len -> 0)"},
    {"sender-len-misses-one", R"(
        s0 try_send v1 -> ok
        s0 len -> 1)"},
    {"weak-sender-keeps-open", R"(
        s0 downgrade -> w0
        r recv as f0 -> created
        poll f0 -> pending
        drop s0 -> ok ! f0)"},
    {"owned-does-not-upgrade", R"(
        s0 downgrade -> w0
        s0 try_reserve_owned -> o0
        w0 upgrade -> s1)"},
    {"weak-clone-is-not-counted", R"(
        s0 downgrade -> w0
        w0 clone -> w1
        w0 weak_count -> 2)"},
    {"late-value-lives-on", R"(
        s0 try_reserve -> p0
        drop r -> ok
        p0 send v1 -> ok ~ v1)"},
    {"late-value-keeps-capacity", R"(
        s0 try_reserve -> p0
        drop r -> ok
        p0 send v1 -> ok ~ v1
        s0 capacity -> 2)"},
};

model::trace program(std::string_view script) {
    std::string text = "trace program capacity 2\n";
    for (const char c : script) {
        if (!(c == ' ' && text.ends_with('\n'))) text += c;
    }
    std::erase(text, '\t');
    text.replace(text.find("\n\n"), 2, "\n");
    return model::parse_traces(text + "\nend\n", "program").front();
}

bool is_shown_by(const mutant& d, std::span<const model::trace* const> traces, engine collector) {
    const evidence_table table = collect_evidence(traces, collector, std::span(&d, 1));
    return !table.mutants.empty() && table.mutants.front().traces > 0;
}

/// By the recorded traces.
const std::set<std::string_view>& shown() {
    static const std::set<std::string_view> names = [] {
        std::vector<const model::trace*> traces;
        for (const model::trace& t : recorded()) traces.push_back(&t);
        std::set<std::string_view> seen;
        for (const mutant_evidence& e : collect_evidence(traces).mutants) {
            if (e.traces > 0) seen.insert(e.mutant->name);
        }
        return seen;
    }();
    return names;
}

TEST(zoo, breaks_clauses_of_the_contract_under_names_of_its_own) {
    std::set<std::string_view> names;
    for (const mutant& d : mutants()) {
        EXPECT_NE(model::find_clause(d.clause), nullptr) << d.name << " breaks " << d.clause;
        EXPECT_TRUE(names.insert(d.name).second) << d.name << " stands twice";
        EXPECT_EQ(d.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos) << d.name;
        EXPECT_TRUE(d.summary.ends_with('.')) << d.name;
    }
}

TEST(zoo, breaks_every_clause_that_traces_or_programs_can_observe) {
    std::set<std::string_view> broken;
    for (const mutant& d : mutants()) broken.insert(d.clause);
    for (const model::clause& c : model::clauses()) {
        const bool observed = c.is_observed_by(engine::sequential);
        EXPECT_TRUE(!observed || broken.contains(c.name)) << c.name;
    }
}

TEST(zoo, shows_in_a_recorded_trace_or_in_a_program_of_its_own) {
    for (const mutant& d : mutants()) {
        const auto own = programs.find(d.name);
        if (shown().contains(d.name)) {
            EXPECT_EQ(own, programs.end()) << d.name << " shows in the traces, and needs no program";
            continue;
        }
        ASSERT_NE(own, programs.end()) << d.name << " never differs from the specification";
        const model::trace t = program(own->second);
        const model::trace* pointer = &t;
        EXPECT_TRUE(is_shown_by(d, std::span(&pointer, 1), engine::sequential))
            << d.name << " does not differ in its program";
    }
}

TEST(zoo, has_programs_that_agree_with_the_specification) {
    for (const auto& [name, script] : programs) {
        const model::trace t = program(script);
        model::machine m(t.capacity);
        for (const model::line& l : t.lines) {
            ASSERT_FALSE(m.refusal(l.step)) << name << ": " << model::to_string(l);
            EXPECT_EQ(m.apply(l.step), l.expected) << name << ": " << model::to_string(l);
        }
        EXPECT_TRUE(std::ranges::any_of(mutants(), [&](const mutant& d) { return d.name == name; }))
            << name << " is no mutant";
    }
}

TEST(zoo, keeps_the_books_of_the_machine) {
    for (const mutant& d : mutants()) {
        for (std::size_t i = 0; i < recorded().size(); i += 7) {
            const model::trace& t = recorded()[i];
            model::machine m(t.capacity);
            model::machine specification(t.capacity);
            for (const model::line& l : t.lines) {
                if (m.refusal(l.step)) break;
                const bool differs = d.apply(m, l.step) != specification.apply(l.step);
                if (differs) break;
                ASSERT_TRUE(m.conserves()) << d.name << ", " << t.file << ':' << l.number;
            }
        }
    }
}

TEST(recorded_traces, give_evidence_for_all_clauses_they_can_show_but_these) {
    std::vector<const model::trace*> traces;
    for (const model::trace& t : recorded()) traces.push_back(&t);
    std::vector<std::string_view> wanting;
    for (const clause_in_want& c : without_evidence(collect_evidence(traces))) {
        if (!c.clause->is_observed_by(engine::oracle)) continue;
        wanting.push_back(c.clause->name);
        EXPECT_EQ(c.waits_for, engine::sequential) << c.clause->name;
    }
    const std::vector<std::string_view> expected{"recv.woken-by-close",
                                                 "recv.woken-by-permit-drop",
                                                 "recv.woken-by-owned-release",
                                                 "recv.woken-by-iterator-drop",
                                                 "recv.timeout",
                                                 "recv.value-beats-deadline",
                                                 "weak.does-not-keep-open",
                                                 "weak.owned-counts",
                                                 "weak.clone",
                                                 "sender.len",
                                                 "recv.exclusive"};
    EXPECT_EQ(wanting, expected);
}

TEST(zoo, is_listed_in_its_readme) {
    const auto path = std::filesystem::path(TAILRACE_TRACES_DIR) / "../../proptests/kit/src/model_mutants/README.md";
    std::ifstream readme(path);
    ASSERT_TRUE(readme) << path;
    std::vector<std::string> rows;
    for (std::string line; std::getline(readme, line);) {
        if (line.starts_with("| `")) rows.push_back(line);
    }
    std::vector<std::string> expected;
    for (const mutant& d : mutants()) {
        const std::string_view by = shown().contains(d.name) ? "traces" : "programs";
        expected.push_back("| `" + std::string(d.name) + "` | `" + std::string(d.clause) + "` | " +
                           std::string(d.summary) + " | " + std::string(by) + " |");
    }
    for (std::size_t i = 0; i < std::max(rows.size(), expected.size()); ++i) {
        ASSERT_EQ(i < rows.size() ? rows[i] : "", i < expected.size() ? expected[i] : "") << "row " << i + 1;
    }
}

}  // namespace
}  // namespace tailrace::verify
