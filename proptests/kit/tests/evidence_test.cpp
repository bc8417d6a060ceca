// What counts as evidence, and what does not.
//
// Run: ci/test -L proptests -R evidence
#include "evidence/evidence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/model/text.hpp"

namespace tailrace::verify {
namespace {

using model::engine;

model::outcome specification(model::machine& m, const model::step& s) { return m.apply(s); }

/// Lets try_send pass where it should report full.
model::outcome never_full(model::machine& m, const model::step& s) {
    model::outcome out = m.apply(s);
    const bool full = s.what == model::verb::try_send && out.answer.status == model::status::full;
    return full ? model::outcome{} : out;
}

/// Reports a full channel as closed.
model::outcome says_closed(model::machine& m, const model::step& s) {
    model::outcome out = m.apply(s);
    if (out.answer.status == model::status::full) out.answer.status = model::status::closed;
    return out;
}

model::outcome drops_sender_when_full(model::machine& m, const model::step& s) {
    model::outcome out = m.apply(s);
    if (out.answer.status == model::status::full) m.drop_sender(s.subject.number, out);
    return out;
}

model::outcome reverses_wakes_of_the_clock(model::machine& m, const model::step& s) {
    model::outcome out = m.apply(s);
    if (s.what == model::verb::advance) std::ranges::reverse(out.woken);
    return out;
}

/// As in tokio: the value lives on, and keeps its capacity.
model::outcome late_values_live_on(model::machine& m, const model::step& s) {
    const bool late = s.subject.kind == model::handle_kind::permit && m.receiver_gone;
    model::outcome out = m.apply(s);
    if (late) out.destroyed.clear();
    return out;
}

constexpr mutant full_passes{"never-full", "try_send.full", "", never_full};
constexpr mutant full_is_closed{"says-closed", "try_send.full", "", says_closed};

evidence_table collect(const std::vector<model::trace>& traces, std::span<const mutant> zoo,
                       engine collector = engine::oracle) {
    std::vector<const model::trace*> pointers;
    for (const model::trace& t : traces) pointers.push_back(&t);
    return collect_evidence(pointers, collector, zoo);
}

evidence_table collect(std::string_view text, const mutant& d, engine who = engine::oracle) {
    static mutant only;  // outlives the table
    only = d;
    return collect(model::parse_traces(text, "some.trace"), std::span(&only, 1), who);
}

constexpr std::string_view full_twice = R"(trace a capacity 1
s0 try_send v1 -> ok
s0 try_send v2 -> full v2
s0 try_send v3 -> full v3
end
trace b capacity 1
s0 try_send v1 -> ok
end
trace c capacity 1
s0 try_reserve -> p0
s0 try_send v1 -> full v1
end
)";

TEST(evidence, is_the_first_step_that_gives_a_mutant_away_in_each_trace) {
    const evidence_table table = collect(full_twice, full_passes);
    ASSERT_EQ(table.mutants.size(), 1U);
    const mutant_evidence& e = table.mutants.front();
    EXPECT_EQ(e.traces, 2U);
    ASSERT_TRUE(e.first);
    EXPECT_EQ(e.first->file, "some.trace");
    EXPECT_EQ(e.first->line, 3U);
    EXPECT_EQ(e.first->trace, "a");
    EXPECT_EQ(model::to_string(e.first->step), "s0 try_send v2");
    EXPECT_EQ(to_string(*e.first, *e.mutant), "some.trace:3: s0 try_send v2 -> full v2, with never-full: ok");
}

TEST(evidence, of_a_clause_is_counted_in_traces_whichever_mutant_gives_it) {
    const std::array zoo{full_passes, full_is_closed};
    const evidence_table table = collect(model::parse_traces(full_twice, "some.trace"), zoo);
    const clause_evidence* e = table.find("try_send.full");
    ASSERT_NE(e, nullptr);
    EXPECT_EQ(e->traces, 2U);
    ASSERT_NE(e->by, nullptr);
    EXPECT_EQ(e->by->mutant->name, "never-full");
    EXPECT_EQ(table.clauses.size(), model::clauses().size());
    EXPECT_EQ(table.find("try_send.closed")->traces, 0U);
    EXPECT_EQ(table.find("try_send.closed")->by, nullptr);
    EXPECT_EQ(table.find("no.such-clause"), nullptr);
}

TEST(evidence, survives_moving_the_table) {
    const std::array zoo{full_passes};
    evidence_table table = collect(model::parse_traces(full_twice, "some.trace"), zoo);
    const evidence_table moved = std::move(table);
    EXPECT_EQ(moved.find("try_send.full")->by, &moved.mutants.front());
}

TEST(evidence, is_none_for_the_specification_itself) {
    const std::vector<model::trace> recorded = model::read_traces(TAILRACE_TRACES_DIR);
    std::vector<mutant> zoo;
    for (const model::clause& c : model::clauses()) zoo.push_back({"none", c.name, "", specification});
    const evidence_table table = collect(recorded, std::span(zoo).first(1));
    ASSERT_EQ(table.mutants.size(), 1U);
    EXPECT_EQ(table.mutants.front().traces, 0U);

    const std::size_t all = without_evidence(collect({recorded.front()}, zoo)).size();
    EXPECT_EQ(all, model::clauses().size());
}

TEST(evidence, can_be_that_the_mutant_cannot_even_be_asked) {
    const evidence_table table = collect(R"(trace a capacity 1
s0 clone -> s1
s0 try_send v1 -> ok
s0 try_send v2 -> full v2
s1 capacity -> 0
s0 capacity -> 0
end
)",
                                         {"drops-sender", "try_send.full", "", drops_sender_when_full});
    const mutant_evidence& e = table.mutants.front();
    ASSERT_TRUE(e.first);
    EXPECT_EQ(e.first->altered, std::nullopt);
    EXPECT_EQ(to_string(*e.first, *e.mutant),
              "some.trace:6: s0 capacity -> 0, with drops-sender: not possible any more");
}

TEST(evidence, does_not_come_from_the_order_in_which_timers_fire) {
    const evidence_table table = collect(R"(trace a capacity 1
s0 try_send v1 -> ok
s0 send_timeout v2 2ms as f0 -> created
poll f0 -> pending
s0 send_timeout v3 1ms as f1 -> created
poll f1 -> pending
advance 5ms -> ok ! f1 f0
end
)",
                                         {"reversed", "send_timeout.timeout", "", reverses_wakes_of_the_clock});
    EXPECT_EQ(table.mutants.front().traces, 0U);
}

constexpr std::string_view original_late_value = R"(trace a capacity 2
s0 try_reserve -> p0
drop r -> ok
p0 send v1 -> ok
s0 capacity -> 1
s0 try_send v2 -> closed v2
drop s0 -> ok ~ v1
end
)";

TEST(evidence, is_not_what_the_text_itself_answers) {
    const mutant late{"late", "late-send.destroyed", "", late_values_live_on};
    EXPECT_EQ(collect(original_late_value, late, engine::sequential).mutants.front().traces, 0U);

    constexpr std::string_view ours = R"(trace a capacity 2
s0 try_reserve -> p0
drop r -> ok
p0 send v1 -> ok ~ v1
end
)";
    EXPECT_EQ(collect(ours, late, engine::sequential).mutants.front().traces, 1U);
}

TEST(evidence, is_measured_against_the_specification_where_the_original_differs) {
    const evidence_table none = collect(original_late_value, {"none", "capacity.receive", "", specification});
    EXPECT_EQ(none.mutants.front().traces, 0U);

    const evidence_table after =
        collect(original_late_value, {"open", "try_send.closed", "", [](model::machine& m, const model::step& s) {
                                          model::outcome out = m.apply(s);
                                          if (s.what == model::verb::try_send) out = {};
                                          return out;
                                      }});
    ASSERT_TRUE(after.mutants.front().first);
    EXPECT_EQ(after.mutants.front().first->line, 6U);
}

TEST(evidence, ends_where_a_trace_is_not_legal) {
    const evidence_table table = collect(R"(trace a capacity 1
s0 try_send v1 -> ok
drop s0 -> ok
s0 try_send v2 -> full v2
end
)",
                                         full_passes);
    EXPECT_EQ(table.mutants.front().traces, 0U);
}

TEST(evidence, comes_from_mutants_that_the_collector_can_observe) {
    const std::vector<model::trace> traces = model::parse_traces(full_twice, "some.trace");
    for (const engine collector : {engine::oracle, engine::sequential, engine::tests}) {
        for (const mutant_evidence& e : collect(traces, mutants(), collector).mutants) {
            EXPECT_TRUE(model::find_clause(e.mutant->clause)->is_observed_by(collector));
        }
    }
    EXPECT_TRUE(collect(traces, mutants(), engine::tests).mutants.empty());
}

TEST(clauses_without_evidence, wait_for_another_engine) {
    const auto waits_for = [](const evidence_table& table, std::string_view clause) {
        const std::vector<clause_in_want> wanting = without_evidence(table);
        const auto at =
            std::ranges::find_if(wanting, [&](const clause_in_want& c) { return c.clause->name == clause; });
        return at == wanting.end() ? "none" : model::to_string(at->waits_for);
    };
    const evidence_table table = collect(full_twice, full_passes);
    EXPECT_EQ(waits_for(table, "try_send.full"), "none");
    EXPECT_EQ(waits_for(table, "try_send.closed"), "sequential");
    EXPECT_EQ(waits_for(table, "late-send.destroyed"), "sequential");
    EXPECT_EQ(waits_for(table, "thread-safe"), "interleavings");
    EXPECT_EQ(waits_for(table, "blocking_recv"), "threads");
    EXPECT_EQ(waits_for(table, "alloc"), "tests");
    EXPECT_EQ(without_evidence(table).size(), model::clauses().size() - 1);
}

}  // namespace
}  // namespace tailrace::verify
