// The engine `exhaustive`, and the enumerations: the programs are all that the model allows, each once; the channels
// pass; a mutant is found by a smallest program.
#include "engine/exhaustive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/campaign.hpp"
#include "campaign/engines.hpp"
#include "engine/interleavings.hpp"
#include "every_step.hpp"
#include "evidence/evidence.hpp"
#include "model_mutants/mutant_target.hpp"
#include "oracle_support.hpp"
#include "program/enumerate_concurrent.hpp"
#include "report/token.hpp"

namespace tailrace::verify {
namespace {

using model::handle_kind;
using model::machine;
using model::step;
using model::verb;

/// The specification, with every capability.
target everything() {
    target t = machine_target();
    t.capabilities = capabilities::all();
    return t;
}

std::uint64_t recount(const machine& m, std::size_t length) {
    if (length == 0) return 1;
    std::uint64_t sum = 0;
    for (const step& s : steps_by_refusal(m, false)) {
        machine next = m;
        next.apply(s);
        sum += recount(next, length - 1);
    }
    return sum;
}

TEST(enumeration, has_as_many_programs_as_an_independent_count) {
    const all_programs all(everything(), 4);
    std::uint64_t sum = 0;
    for (std::size_t length = 1; length <= 4; ++length) {
        const std::uint64_t counted = recount(machine(1), length) + recount(machine(2), length);
        EXPECT_EQ(all.of_length(length), counted) << length;
        sum += counted;
    }
    EXPECT_EQ(all.size(), sum);
    EXPECT_EQ(sum, 315'565U);
}

/// Where nearly every state is one that was counted before. The numbers are of a count that remembers none.
TEST(enumeration, of_longer_programs_is_counted_by_states) {
    EXPECT_EQ(all_programs(everything(), 6).size(), 220'305'644U);
}

std::string text_of(const program_walk& w) {
    std::string text = "capacity " + std::to_string(w.state().max) + '\n';
    for (const model::line& l : w.lines()) text += model::to_string(l) + '\n';
    return text;
}

TEST(enumeration, has_each_program_once_and_the_shorter_ones_first) {
    target few = everything();  // so that longer ones, of which many begin alike, are not too many
    few.capabilities = {capability::try_send, capability::send, capability::try_recv, capability::late_poll};
    const all_programs all(few, 5);
    all_programs::cursor each(all, 0);
    std::set<std::string> seen;
    std::size_t longest = 0;
    std::uint64_t index = 0;
    for (; each.next(); ++index) {
        EXPECT_GE(each.at().lines().size(), longest);
        longest = each.at().lines().size();
        EXPECT_TRUE(seen.insert(text_of(each.at())).second) << text_of(each.at());
        if (index % 97 != 0) continue;
        all_programs::cursor there(all, index);
        ASSERT_TRUE(there.next());
        EXPECT_EQ(text_of(there.at()), text_of(each.at())) << index;
    }
    EXPECT_EQ(index, all.size());
}

TEST(enumeration, of_a_target_has_only_what_it_can_do) {
    target t = machine_target();
    t.capabilities = capabilities{capability::try_send, capability::try_recv};
    t.capacity_for = [](std::uint64_t asked) { return std::max<std::uint64_t>(asked, 2); };
    const all_programs all(t, 2);
    EXPECT_EQ(all.size(), 3U + 9U);  // at capacity 2 alone: try_send, try_recv, advance
}

TEST(exhaustive, asks_every_observer) {
    const all_programs all(everything(), 3);
    all_programs::cursor each(all, 0);
    while (each.next()) {
        const std::vector<step> asked = observers(each.at().state(), capabilities::all());
        const std::vector<step> wanted = steps_by_refusal(each.at().state(), true);
        ASSERT_TRUE(std::ranges::is_permutation(asked, wanted)) << text_of(each.at());
    }
}

TEST(exhaustive, passes_on_both_channels_and_in_each_geometry) {
    std::vector<const target*> every = with_geometries(builtin_targets());
    for (const target* t : every) {
        const all_programs all(*t, 3);
        const exhaustive_result r = run_exhaustive(*t, all);
        EXPECT_EQ(r.programs, all.size()) << t->name;
        EXPECT_TRUE(r.failures.empty()) << t->name << '\n' << model::to_string(r.failures.front().trace);
        EXPECT_GT(r.observations, 10 * r.programs) << t->name;
    }
}

// ---- Mutants of the model

exhaustive_result of_mutant(const mutant& d, std::size_t depth) {
    const target t = mutant_target(d);
    static std::map<std::size_t, all_programs> known;
    return run_exhaustive(t, known.try_emplace(depth, t, depth).first->second);
}

/// The steps that a program needs to show the mutant, by the evidence for it; nothing if it needs more.
std::map<std::string_view, std::size_t> shown_in(std::size_t depth) {
    const capabilities within = capabilities::all().without(capability::reentrancy);
    target t = machine_target();
    t.capabilities = within;
    const all_programs all(t, depth);
    std::map<std::string_view, std::size_t> least;
    for (std::size_t length = 1, first = 0; length <= depth; first += all.of_length(length), ++length) {
        std::vector<model::trace> traces;
        all_programs::cursor each(all, first);
        for (std::uint64_t i = 0; i < all.of_length(length) && each.next(); ++i) {
            model::trace& one = traces.emplace_back("", each.at().state().max, each.at().lines());
            machine m = each.at().state();
            for (const step& s : observers(m, within)) one.lines.push_back({s, m.apply(s)});
        }
        std::vector<const model::trace*> pointers;
        for (const model::trace& one : traces) pointers.push_back(&one);
        const evidence_table table = collect_evidence(pointers, model::engine::exhaustive);
        for (const mutant_evidence& e : table.mutants) {
            if (e.traces > 0) least.emplace(e.mutant->name, length);
        }
    }
    return least;
}

TEST(exhaustive, finds_every_mutant_of_the_model_that_two_steps_can_show_and_no_sooner) {
    const std::map<std::string_view, std::size_t> least = shown_in(2);
    std::size_t found = 0;
    for (const mutant& d : mutants()) {
        const model::clause* c = model::find_clause(d.clause);
        if (c == nullptr || !c->is_observed_by(model::engine::exhaustive)) continue;
        const exhaustive_result r = of_mutant(d, 2);
        const auto at = least.find(d.name);
        ASSERT_EQ(r.failures.empty(), at == least.end()) << d.name;
        if (r.failures.empty()) continue;
        ++found;
        const std::vector<model::line>& lines = r.failures.front().trace.lines;
        const bool observed = model::is_observer(lines.back().step.what, lines.back().step.subject.kind);
        EXPECT_EQ(lines.size(), at->second + (observed ? 1 : 0)) << model::to_string(r.failures.front().trace);
    }
    EXPECT_GE(found, 20U);
}

TEST(exhaustive, kills_most_mutants_of_the_model_in_three_steps) {
    std::map<std::size_t, std::size_t> killed;  // by steps
    for (const mutant& d : mutants()) {
        const exhaustive_result r = of_mutant(d, 3);
        const std::size_t steps = r.failures.empty() ? 0 : r.failures.front().trace.lines.size();
        ++killed[steps];
        std::printf("%-45s %s\n", std::string(d.name).c_str(),
                    steps == 0 ? "not in 3 steps" : (std::to_string(steps) + " steps").c_str());
    }
    EXPECT_GE(mutants().size() - killed[0], 60U);
}

TEST(exhaustive, goes_on_and_ends_where_it_is_asked_to) {
    const target t = machine_target();
    const all_programs all(t, 3);
    exhaustive_options some;
    some.first = 1'000;
    some.programs = 500;
    EXPECT_EQ(run_exhaustive(t, all, some).programs, 500U);
    some.programs = all.size();
    EXPECT_EQ(run_exhaustive(t, all, some).programs, all.size() - 1'000);
}

const engine_entry& the_engine() { return *std::ranges::find(engines(), model::engine::exhaustive, &engine_entry::is); }

campaign campaign_of(const target& t, job j, const how_to_run& how) {
    j.mutants = mutants();
    j.clauses.push_back(model::find_clause("try_send.no-barging"));
    return run_campaign(j, {&the_engine()}, {&t}, {}, how);
}

TEST(exhaustive, is_the_same_in_shards) {
    const target& t = *find_target("optimized");
    job j;
    j.depth = 3;
    std::uint64_t programs = 0;
    for (std::uint64_t part = 1; part <= 3; ++part) {
        const campaign c = campaign_of(t, j, {.jobs = 2, .shard = {part, 3}});
        EXPECT_FALSE(c.failed());
        programs += number_of(c.reports.front(), "programs");
    }
    EXPECT_EQ(programs, count_exhaustive(j, t));
    const campaign whole = campaign_of(t, j, {.jobs = 2});
    EXPECT_TRUE(
        whole.reports.front().summary.starts_with("every program of up to 3 steps: 14,667 programs, 0 differences"))
        << whole.reports.front().summary;
    j.from = 14'000;
    EXPECT_EQ(number_of(campaign_of(t, j, {.jobs = 2}).reports.front(), "programs"), 667U);
}

TEST(exhaustive, says_with_which_program_to_go_on) {
    const target& t = *find_target("optimized");
    job j;
    j.depth = 4;
    const campaign c = campaign_of(t, j, {.jobs = 1, .budget = std::chrono::milliseconds(0)});
    EXPECT_EQ(number_of(c.reports.front(), "programs"), 0U);
    EXPECT_FALSE(c.failed());
    EXPECT_EQ(c.reports.front().summary.find("every program"), std::string::npos) << c.reports.front().summary;
}

TEST(exhaustive, says_that_a_program_is_a_smallest_one_only_if_it_is) {
    const auto d = std::ranges::find(mutants(), "full-try-send-says-closed", &mutant::name);
    ASSERT_NE(d, mutants().end());
    const target t = mutant_target(*d);
    job j;
    j.depth = 3;
    const auto says_so = [&](const how_to_run& how) {
        const engine_report r = campaign_of(t, j, how).reports.front();
        EXPECT_EQ(r.failures.size(), 1U);
        return r.summary.find(", a smallest one: ") != std::string::npos;
    };
    EXPECT_TRUE(says_so({.jobs = 1}));
    EXPECT_TRUE(says_so({.jobs = 2}));
    EXPECT_FALSE(says_so({.jobs = 1, .shard = {2, 2}}));  // the others have not run
    j.from = 5;
    EXPECT_FALSE(says_so({.jobs = 1}));
}

TEST(exhaustive, reports_a_smallest_program_and_a_token_that_repeats_it) {
    const auto d = std::ranges::find(mutants(), "barging-try-send", &mutant::name);
    ASSERT_NE(d, mutants().end());
    const target t = mutant_target(*d);
    job j;
    j.depth = 5;
    const campaign c = campaign_of(t, j, {.jobs = 2});
    ASSERT_EQ(c.reports.front().failures.size(), 1U);
    const failure& f = c.reports.front().failures.front();
    EXPECT_NE(std::ranges::find(f.clauses, "try_send.no-barging"), f.clauses.end()) << f.text;
    EXPECT_TRUE(f.text.starts_with("exhaustive fails on")) << f.text;
    EXPECT_TRUE(f.place.starts_with("program-")) << f.place;
    const token again = parse_token(f.token);
    EXPECT_EQ(again.engine, model::engine::sequential);
    script s{again.program.capacity, {}};
    for (const task_step& one : again.program.tasks.front()) s.steps.push_back(one.step);
    EXPECT_TRUE(take_again(t, s));
    EXPECT_LE(s.steps.size(), 5U);
}

/// A channel that ends the process in one program.
class ending_session final : public session {
  public:
    model::outcome apply(const step& s) override {
        if (s.what == verb::close && ++closes_ == 2) std::abort();
        return machine_.apply(s);
    }
    std::optional<std::uint64_t> observe_capacity() override { return machine_.available; }

  private:
    machine machine_{1};
    unsigned closes_ = 0;
};

TEST(exhaustive, names_the_program_that_ends_the_process) {
    target t = machine_target();
    t.capacity_for = [](std::uint64_t) -> std::uint64_t { return 1; };
    t.open = [](std::uint64_t) { return std::make_unique<ending_session>(); };
    job j;
    j.depth = 2;
    const campaign c = campaign_of(t, j, {.jobs = 1});
    ASSERT_EQ(c.reports.front().failures.size(), 1U);
    const failure& f = c.reports.front().failures.front();
    EXPECT_EQ(f.is, failure::kind::crash);
    EXPECT_NE(f.text.find("r close"), std::string::npos) << f.text;
    EXPECT_EQ(parse_token(f.token).program.tasks.front().size(), 2U);
}

// ---- Several tasks

/// Pairs of single operations on a new channel, by what the model does not refuse.
std::uint64_t recount_pairs(std::uint64_t capacity) {
    const machine m(capacity);
    std::vector<step> all = steps_by_refusal(m, false);
    std::erase_if(all, [](const step& s) { return model::shape_of(s.what).time; });
    std::uint64_t pairs = 0;
    const std::size_t acting = all.size();
    std::ranges::copy(steps_by_refusal(m, true), std::back_inserter(all));
    for (std::size_t i = 0; i < acting; ++i) {
        for (std::size_t k = i; k < all.size(); ++k) {
            const bool same = all[i].subject == all[k].subject;
            const bool ends =
                ends_subject(all[i].what, all[i].subject.kind) || ends_subject(all[k].what, all[k].subject.kind);
            pairs += same && (all[i].subject.kind == handle_kind::receiver || ends) ? 0 : 1;
        }
    }
    return pairs;
}

TEST(enumeration, has_as_many_pairs_of_operations_as_an_independent_count) {
    const all_concurrent_programs all(capabilities::all(), {0, 1, 1});
    EXPECT_EQ(all.states(), 2U);
    EXPECT_EQ(all.size(), recount_pairs(1) + recount_pairs(2));
}

TEST(enumeration, has_each_pair_of_tasks_once_and_the_shorter_ones_first) {
    const all_concurrent_programs all(capabilities::all(), {1, 1, 2});
    std::set<std::string> seen;
    std::size_t longest = 0;
    for (std::uint64_t i = 0; i < all.size(); ++i) {
        const concurrent_program p = all.at(i);
        ASSERT_TRUE(seen.insert(to_string(p)).second) << to_string(p);
        ASSERT_EQ(p.tasks.size(), 2U);
        const std::size_t steps = p.before.size() + p.tasks[0].size() + p.tasks[1].size();
        ASSERT_GE(steps, longest);
        longest = steps;
    }
}

#ifdef TAILRACE_HAS_SIMULATOR
TEST(exhaustive, all_pairs_of_single_operations_on_a_new_channel_pass_to_the_end) {
    for (const char* name : {"optimized", "reference"}) {
        const target& t = *find_target(name);
        const all_concurrent_programs all(t.capabilities, {0, 1, 1});
        interleavings_options o;
        o.programs = all.size();
        o.all = &all;
        const interleavings_result r = run_interleavings(t, o);
        EXPECT_TRUE(r.passed()) << name;
        EXPECT_EQ(r.programs, all.size()) << name;
        EXPECT_EQ(r.complete, r.programs) << name;
        using model::verb;
        const meeting::operation send{handle_kind::sender, verb::send};
        const meeting::operation recv{handle_kind::receiver, verb::recv};
        EXPECT_EQ(r.met.at({"idle", std::min(send, recv), std::max(send, recv)}), 2U) << name;
    }
}
#endif

}  // namespace
}  // namespace tailrace::verify
