// Programs with reactions on the specification: the order of effects, wakes and destructions.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tailrace/model/player.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace {

std::vector<std::string> play(std::uint64_t capacity, std::initializer_list<std::string_view> program) {
    std::vector<step> steps;
    for (const std::string_view s : program) steps.push_back(parse_step(s));
    std::vector<std::string> lines;
    for (const line& l : model::play(capacity, steps)) lines.push_back(to_string(l));
    return lines;
}
using lines = std::vector<std::string>;

TEST(player, a_reaction_is_taken_inside_the_call_that_wakes) {
    EXPECT_EQ(play(1, {"r recv as f0", "poll f0", "s0 try_send v1", "| when f0 woken: poll f0"}),
              (lines{"r recv as f0 -> created", "poll f0 -> pending", "s0 try_send v1 -> ok ! f0",
                     "| when f0 woken: poll f0 -> some v1"}));
}

TEST(player, an_operation_that_a_reaction_has_dropped_is_not_woken_any_more) {
    const std::initializer_list<std::string_view> program{"s0 closed as f0", "poll f0", "s0 closed as f1",
                                                          "poll f1",         "r close", "| when f0 woken: drop f1"};
    EXPECT_EQ(play(1, program)[4], "r close -> ok ! f0");
}

TEST(player, an_operation_that_a_reaction_has_finished_is_not_woken_any_more) {
    const lines all = play(1, {"s0 closed as f0", "poll f0", "s0 closed as f1", "poll f1", "r close",
                               "| when f0 woken: poll f1", "| when f0 woken: poll f0"});
    EXPECT_EQ(all[4], "r close -> ok ! f0");
    EXPECT_EQ(all[5], "| when f0 woken: poll f1 -> done");
}

TEST(player, a_receive_whose_receiver_a_reaction_has_dropped_is_not_woken_any_more) {
    const lines all = play(
        1, {"s0 closed as f0", "poll f0", "r recv as f1", "poll f1", "r close", "| when f0 woken: drop r", "poll f1"});
    EXPECT_EQ(all[4], "r close -> ok ! f0");
    EXPECT_EQ(all[6], "poll f1 -> none");
}

TEST(player, a_deadline_wakes_a_receive_without_receiver) {
    EXPECT_EQ(play(1, {"r recv_timeout 1ms as f0", "poll f0", "drop r", "advance 1ms"}).back(),
              "advance 1ms -> ok ! f0");
}

TEST(player, each_value_is_destroyed_after_its_permit_has_come_back_and_before_the_next) {
    EXPECT_EQ(play(2, {"s0 try_send v1", "s0 try_send v2", "drop r", "| when v1 destroyed: s0 capacity",
                       "| when v2 destroyed: s0 capacity"}),
              (lines{"s0 try_send v1 -> ok", "s0 try_send v2 -> ok", "drop r -> ok ~ v1 v2",
                     "| when v1 destroyed: s0 capacity -> 1", "| when v2 destroyed: s0 capacity -> 2"}));
}

TEST(player, a_value_that_is_sent_while_another_is_destroyed_is_destroyed_by_the_call_around) {
    EXPECT_EQ(play(2, {"s0 try_send v1", "s0 try_reserve", "drop r", "| when v1 destroyed: p0 send v2"}),
              (lines{"s0 try_send v1 -> ok", "s0 try_reserve -> p0", "drop r -> ok ~ v1 v2",
                     "| when v1 destroyed: p0 send v2 -> ok"}));
}

TEST(player, the_sender_of_a_dropped_owned_permit_counts_until_its_permit_has_woken_a_waiter) {
    EXPECT_EQ(
        play(1, {"s0 clone", "s1 try_reserve_owned", "s0 send v1 as f0", "poll f0", "drop o0",
                 "| when f0 woken: s0 strong_count", "s0 strong_count"}),
        (lines{"s0 clone -> s1", "s1 try_reserve_owned -> o0", "s0 send v1 as f0 -> created", "poll f0 -> pending",
               "drop o0 -> ok ! f0", "| when f0 woken: s0 strong_count -> 2", "s0 strong_count -> 1"}));
}

TEST(player, a_sender_that_comes_back_from_an_owned_permit_has_no_name_before_the_call_returns) {
    const lines all =
        play(1, {"s0 try_reserve_owned", "r recv as f0", "poll f0", "o0 send v1", "| when f0 woken: s1 capacity",
                 "| when f0 woken: r sender_strong_count", "s1 capacity"});
    EXPECT_EQ(all, (lines{"s0 try_reserve_owned -> o0", "r recv as f0 -> created", "poll f0 -> pending",
                          "o0 send v1 -> s1 ! f0", "| when f0 woken: r sender_strong_count -> 1", "s1 capacity -> 0"}));
}

TEST(player, an_operation_whose_poll_is_under_way_can_be_dropped_once_and_not_polled) {
    player p(1);
    for (const char* s : {"r recv as f0", "poll f0", "s0 send v1 as f1"}) {
        ASSERT_TRUE(p.go_to({}));
        p.take(parse_step(s));
    }
    ASSERT_TRUE(p.go_to({}));
    p.take(parse_step("poll f1"));
    const step drop = parse_step("| when f0 woken: drop f1");
    ASSERT_TRUE(p.go_to(drop.at));
    EXPECT_TRUE(p.refusal(parse_step("| when f0 woken: poll f1")));
    ASSERT_FALSE(p.refusal(drop));
    p.take(drop);
    ASSERT_TRUE(p.go_to(drop.at));
    EXPECT_TRUE(p.refusal(drop));
    p.finish();
    EXPECT_TRUE(p.refusal(parse_step("drop f1")));
}

TEST(player, an_occasion_that_does_not_come_changes_nothing) {
    player p(1);
    p.take(parse_step("r recv as f0"));
    p.finish();
    p.take(parse_step("poll f0"));
    p.finish();
    p.take(parse_step("s0 try_send v1"));
    EXPECT_FALSE(p.go_to({1, occasion::kind::woken, 7}));
    EXPECT_TRUE(p.go_to({1, occasion::kind::woken, 0}));
}

TEST(player, timers_that_are_due_together_have_no_order_and_are_no_occasion) {
    const lines all = play(1, {"r recv_timeout 1ms as f0", "poll f0", "s0 try_reserve", "s0 send_timeout v1 1ms as f1",
                               "poll f1", "advance 1ms", "| when f0 woken: poll f0"});
    ASSERT_EQ(all.size(), 6U);
    EXPECT_EQ(all.back(), "advance 1ms -> ok ! f0 f1");
}

TEST(player, a_reaction_does_not_advance_the_clock) {
    EXPECT_EQ(play(1, {"r recv as f0", "poll f0", "s0 try_send v1", "| when f0 woken: advance 1ms"}).size(), 3U);
}

TEST(player, without_reactions_the_steps_have_the_outcomes_of_apply) {
    EXPECT_EQ(play(1, {"s0 try_send v1", "s0 send v2 as f0", "poll f0", "r try_recv", "poll f0", "drop r", "drop s0"}),
              (lines{"s0 try_send v1 -> ok", "s0 send v2 as f0 -> created", "poll f0 -> pending",
                     "r try_recv -> some v1 ! f0", "poll f0 -> ok", "drop r -> ok ~ v2", "drop s0 -> ok"}));
}

TEST(text, reactions_print_and_parse) {
    for (const char* text : {"| when f0 woken: poll f0 -> some v1 ! f2", "| | when v3 destroyed: drop r -> ok ~ v4"}) {
        EXPECT_EQ(to_string(parse_line(text)), text);
    }
    for (const char* text : {"| poll f0 -> ok", "| when s0 woken: drop r -> ok", "when f0 woken: poll f0 -> ok",
                             "| when v1 woken: poll f0 -> ok", "| when f0 destroyed: poll f0 -> ok"}) {
        EXPECT_THROW((void)parse_line(text), parse_error) << text;
    }
}

}  // namespace
}  // namespace tailrace::model
