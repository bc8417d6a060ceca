// Tests that the kit finds the defects of Asio's channel, shrinks each to its smallest program, and reports nothing
// else.
// After a change here run: ci/test -L proptests -R asio
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "asio_channel.hpp"
#include "campaign/campaign.hpp"
#include "campaign/engines.hpp"
#include "tailrace/model/clauses.hpp"
#include "tailrace/model/text.hpp"
#include "targets.hpp"

namespace tailrace::verify {
namespace {

/// Where Boost 1.81 differs from the contract. asio_defects_test.cpp shows each without the kit.
struct defect {
    std::string_view clause;
    std::string_view smallest;  // program; its last step differs
};

constexpr defect defects[] = {
    // An accepted send is complete: if it is cancelled before its handler runs, the value is sent all the same. The
    // contract says that the value is destroyed.
    {"cancel.destroys-value",
     "s0 try_send v1 -> ok\n"
     "s0 send v2 as f0 -> created\n"
     "poll f0 -> pending\n"
     "r try_recv -> some v1 ! f0\n"
     "drop f0 -> ok ~ v2\n"},
    // Cancelling the last waiting receive changes the state from "a receive waits" to "no capacity" (send_state_),
    // whatever the capacity: no value is accepted until the next receive.
    {"cancel.driven",
     "r recv as f0 -> created\n"
     "poll f0 -> pending\n"
     "drop f0 -> ok\n"
     "s0 try_send v1 -> ok\n"},
    // close() discards the state "values are buffered" (receive_state_): they are never received.
    {"close.drains",
     "s0 try_send v1 -> ok\n"
     "r close -> ok\n"
     "r try_recv -> some v1\n"},
    // A value goes directly to the waiting receive: if that is cancelled before its handler runs, the value is lost.
    {"recv.cancel",
     "r recv as f0 -> created\n"
     "poll f0 -> pending\n"
     "s0 try_send v1 -> ok ! f0\n"
     "drop f0 -> ok\n"},
    // close() ends the waiting receives, but not the waiting sends.
    {"send.err-after-close",
     "s0 try_send v1 -> ok\n"
     "s0 send v2 as f0 -> created\n"
     "poll f0 -> pending\n"
     "r close -> ok ! f0\n"},
};

job job_of(std::uint64_t programs, std::uint64_t seed) {
    job j;
    for (const model::clause& c : model::clauses()) j.clauses.push_back(&c);
    j.mutants = mutants();
    j.programs = programs;
    j.seed = seed;
    j.most_failures = 100;
    j.leads = false;  // evidence takes most of the time, and most tests look at failures only
    return j;
}

engine_report report_of(const target& t, std::uint64_t programs, std::uint64_t seed = 1) {
    return run_sequential_engine(job_of(programs, seed), t, {});
}

target asio_with(capabilities more) {
    target t = make_asio_target();
    t.capabilities = t.capabilities.with(more);
    return t;
}

/// In ascending order; "+" between clauses that may explain one failure.
std::vector<std::string> clauses_found(const engine_report& r) {
    std::vector<std::string> all;
    for (const failure& f : r.failures) {
        std::string names;
        for (const std::string_view c : f.clauses) names += (names.empty() ? "" : "+") + std::string(c);
        all.push_back(names.empty() ? f.text : names);
    }
    std::ranges::sort(all);
    return all;
}

std::vector<std::string> known_clauses() {
    std::vector<std::string> all;
    for (const defect& d : defects) all.emplace_back(d.clause);
    return all;
}

TEST(asio, every_defect_is_found_within_250_programs) {
    EXPECT_EQ(clauses_found(report_of(make_asio_target(), 250)), known_clauses());
}

TEST(asio, nothing_else_is_reported_whatever_the_seed) {
    for (const std::uint64_t seed : {2U, 3U, 4U}) {
        EXPECT_EQ(clauses_found(report_of(make_asio_target(), 800, seed)), known_clauses()) << "seed " << seed;
    }
}

TEST(asio, each_defect_is_reported_with_its_smallest_program) {
    const engine_report r = report_of(make_asio_target(), 2'000);
    ASSERT_EQ(r.failures.size(), std::size(defects));
    for (const failure& f : r.failures) {
        ASSERT_EQ(f.clauses.size(), 1U) << f.text;
        const auto* const known = std::ranges::find(defects, f.clauses.front(), &defect::clause);
        ASSERT_NE(known, std::end(defects)) << f.text;
        const std::string trace = model::to_string(*trace_of(*f.example));
        const std::size_t steps = trace.find('\n') + 1;
        EXPECT_EQ(trace.substr(steps, trace.find("end\n") - steps), known->smallest);
        EXPECT_TRUE(trace.substr(0, steps).ends_with(" capacity 1\n")) << trace;
    }
}

TEST(asio, every_clause_passes_or_fails_or_is_skipped_by_name) {
    job measured = job_of(2'000, 1);
    measured.leads = true;
    std::vector<const engine_entry*> all;
    for (const engine_entry& e : engines()) all.push_back(&e);
    const target t = make_asio_target();
    how_to_run how;
    how.jobs = 1;
    const campaign c = run_campaign(measured, all, {&t}, {}, how);
    std::map<std::string_view, judgement> of;
    for (std::size_t i = 0; i < c.clauses.size(); ++i) of[c.clauses[i]->name] = c.judgements[i].front();
    for (const auto& [clause, j] : of) EXPECT_NE(j.is, verdict::waits) << clause << ": " << j.why;
    const auto why = [&of](std::string_view clause) { return of[clause].is == verdict::skipped ? of[clause].why : ""; };
    EXPECT_EQ(why("send.err-returns-value"), "no capability send_returns_value");
    EXPECT_EQ(why("acquire.granted-not-sent"), "no capability send_timeout");
    EXPECT_EQ(why("try_send.no-barging"), "no capability late_poll");
    EXPECT_EQ(why("receiver-drop.destroys"), "no capability receiver_drop");
    EXPECT_EQ(why("clone.count"), "no capability sender_drop");
    EXPECT_EQ(why("capacity.send"), "no capability sender_capacity");
    EXPECT_EQ(why("thread-safe"), "it is for one thread only");
    EXPECT_EQ(why("iterator.remainder-at-once"), "no capability reserve_many");
    EXPECT_EQ(why("recv_many.batch-returns-together"), "no capability recv_many");
    for (const std::string_view kept :
         {"recv.order", "recv.woken", "try_send.full", "try_send.closed", "try_send.returns-value",
          "release.oldest-first", "cancel.unlinks", "is_closed.on-close", "max_capacity", "recv.woken-by-close"}) {
        EXPECT_EQ(of[kept].is, verdict::pass) << kept;
    }
}

TEST(asio, every_program_of_five_steps_shows_each_defect_once) {
    job all = job_of(1'000'000, 1);
    all.depth = 5;
    EXPECT_EQ(clauses_found(run_exhaustive_engine(all, make_asio_target(), {})), known_clauses());
}

// ---- The missing capabilities are really missing

TEST(asio, a_send_that_fails_keeps_its_value) {
    const std::vector<std::string> found = clauses_found(report_of(asio_with({capability::send_returns_value}), 2'000));
    EXPECT_EQ(std::ranges::count(found, "send.err-returns-value"), 1);
}

TEST(asio, a_completed_operation_has_done_its_work_before_it_is_polled) {
    EXPECT_GT(report_of(asio_with({capability::late_poll}), 2'000).failures.size(), std::size(defects));
}

TEST(asio, a_target_that_keeps_the_contract_passes_the_same_programs) {
    target t = *find_target("optimized");
    t.capabilities = asio_with({capability::send_returns_value}).capabilities;
    EXPECT_EQ(clauses_found(report_of(t, 5'000)), std::vector<std::string>{});
}

}  // namespace
}  // namespace tailrace::verify
