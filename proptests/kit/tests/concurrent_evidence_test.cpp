// Evidence that no model of single steps can give: a step of another task overlapped the operation.
#include "campaign/concurrent_evidence.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "counterexample_support.hpp"

namespace tailrace::verify {
namespace {

/// How many of the histories, which is one, are evidence for the clause.
std::uint64_t evidence_for(std::string_view clause, std::string_view one, std::string_view other,
                           const event_order& first = {}) {
    model::history h;
    h.capacity = 2;
    h.tasks = {events_of(one), events_of(other)};
    engine_report report;
    add_evidence(report, model::engine::interleavings, {{h, {}, 0, first}}, {});
    const auto at = report.evidence.find(clause);
    return at == report.evidence.end() ? 0 : at->second.count;
}

TEST(concurrent_evidence, of_a_batch_is_a_look_for_room_while_it_is_taken) {
    const auto with = [](std::string_view one, std::string_view other) {
        return evidence_for("recv_many.batch-returns-together", one, other);
    };
    EXPECT_EQ(with("10 20 ~ r recv_many 2 as f200 -> many v1 v2", "15 16 s0 capacity -> 0"), 1U);
    EXPECT_EQ(with("10 20 ~ r recv_many 2 as f200 -> many v1", "15 16 s0 capacity -> 0"), 0U) << "one has no middle";
    EXPECT_EQ(with("10 20 ~ r recv_many 2 as f200 -> many v1 v2", "21 22 s0 capacity -> 2"), 0U) << "afterwards";
    EXPECT_EQ(with("10 20 ~ r recv_many 2 as f200 -> many v1 v2", "15 16 s0 is_closed -> false"), 0U) << "not for room";
}

TEST(concurrent_evidence, of_an_iterator_is_a_look_for_room_while_its_rest_goes_back) {
    const auto with = [](std::string_view before) {
        return evidence_for("iterator.remainder-at-once", std::string(before) + "10 20 drop i101 -> ok\n",
                            "15 16 s0 capacity -> 0");
    };
    EXPECT_EQ(with("1 2 ~ s0 reserve_many 2 as f101 -> i101 2\n"), 1U);
    EXPECT_EQ(with("1 2 ~ s0 reserve_many 1 as f101 -> i101 1\n"), 0U);
    EXPECT_EQ(with("1 2 ~ s0 reserve_many 2 as f101 -> i101 2\n3 4 i101 next -> p102\n"), 0U);
    // Made by a poll, which says no number.
    EXPECT_EQ(with("1 2 s0 reserve_many 2 as f101 -> created\n3 4 poll f101 -> i101 2\n"), 1U);
    EXPECT_EQ(with("1 2 s0 reserve_many 2 as f101 -> created\n3 4 poll f101 -> i101 2\n5 6 i101 next -> p102\n"), 0U);
}

TEST(concurrent_evidence, of_threads_is_one_sender_used_by_two_at_once) {
    const auto with = [](std::string_view other) {
        return evidence_for("thread-safe", "10 20 s0 try_send v1 -> ok", other);
    };
    EXPECT_EQ(with("15 16 s0 capacity -> 2"), 1U);
    EXPECT_EQ(with("21 22 s0 capacity -> 1"), 0U);
    EXPECT_EQ(with("15 16 s1 capacity -> 2"), 0U);
}

TEST(concurrent_evidence, of_a_history_with_an_order_is_what_that_order_leaves_open) {
    // One event in each task; so many events of the other task come before it.
    const auto with = [](std::string_view other, std::uint32_t before_one, std::uint32_t before_other) {
        return evidence_for("thread-safe", "10 20 s0 try_send v1 -> ok", other,
                            {{{0, before_one}}, {{before_other, 0}}});
    };
    EXPECT_EQ(with("21 22 s0 capacity -> 1", 0, 0), 1U) << "later in time, but not ordered";
    EXPECT_EQ(with("15 16 s0 capacity -> 1", 0, 1), 0U) << "at the same time, but afterwards";
    EXPECT_EQ(with("15 16 s0 capacity -> 2", 1, 0), 0U) << "at the same time, but before";
}

}  // namespace
}  // namespace tailrace::verify
