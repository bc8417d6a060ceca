// Tests of the specification, step by step: the response, wake-ups and destructions of each transition. The recorded
// traces of tokio cover the common cases; these tests cover the corner cases.
//
// Run: ci/test -L model
#include "tailrace/model/machine.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <unordered_set>
#include <vector>

#include "script.hpp"
#include "tailrace/model/text.hpp"

namespace tailrace::model {
namespace {

// ---- A plain value

TEST(machine_value, copies_are_independent) {
    machine a = after(2, "s0 try_send v1");
    const machine b = a;
    EXPECT_EQ(a, b);
    play(a, "r try_recv -> some v1");
    EXPECT_NE(a, b);
    EXPECT_EQ(b.buffer, std::vector<value_id>{1});
    EXPECT_EQ(b.available, 1U);
}

TEST(machine_value, same_steps_give_equal_machines_with_equal_hashes) {
    constexpr std::string_view script = R"(
        s0 clone
        s0 send v1 as f0
        poll f0
        s1 reserve_many 2 as f1
        poll f1
        s1 closed as f2
        poll f2
        advance 3ms)";
    const machine a = after(2, script);
    const machine b = after(2, script);
    EXPECT_EQ(a, b);
    EXPECT_EQ(std::hash<machine>{}(a), std::hash<machine>{}(b));
    EXPECT_EQ(hash_value(a), std::hash<machine>{}(a));
}

TEST(machine_value, hashes_tell_machines_apart) {
    const std::unordered_set<std::size_t> hashes{
        hash_value(after(1, "")),
        hash_value(after(2, "")),
        hash_value(after(2, "advance 1ms")),
        hash_value(after(2, "r close")),
        hash_value(after(2, "drop r")),
        hash_value(after(2, "s0 clone")),
        hash_value(after(2, "s0 downgrade")),
        hash_value(after(2, "s0 try_send v1")),
        hash_value(after(2, "s0 try_send v2")),
        hash_value(after(2, "s0 try_reserve")),
        hash_value(after(2, "s0 try_reserve_many 1")),
        hash_value(after(2, "s0 try_reserve_owned")),
        hash_value(after(2, "s0 reserve as f0")),
        hash_value(after(2, "s0 closed as f0\n poll f0")),
        hash_value(after(2, "r recv as f0\n poll f0")),
    };
    EXPECT_EQ(hashes.size(), 15U);
}

TEST(machine_value, prints_in_one_line) {
    EXPECT_EQ(to_string(machine(4)), "max 4 available 4 | senders s0");
    EXPECT_EQ(to_string(after(3, R"(
                  s0 clone
                  s0 downgrade
                  s0 try_send v1
                  s1 try_reserve_many 2
                  s1 reserve_many 3 as f0
                  poll f0
                  r recv as f1
                  s0 closed as f2
                  poll f2
                  r close
                  advance 7ms)")),
              "max 3 available 0 closed clock 7ms | buffer v1 | detached f0 failed, holds 0 | "
              "out i0(2) | senders s0 s1 | weak w0");
    EXPECT_EQ(to_string(after(2, R"(
                  s0 try_send v1
                  s0 reserve_many 2 as f0
                  poll f0
                  s0 send v2 as f1
                  poll f1)")),
              "max 2 available 0 | buffer v1 | queue f0(1/2) f1(0/1) | senders s0");
    EXPECT_EQ(to_string(after(1, "r recv as f0\n poll f0\n s0 closed as f1\n poll f1")),
              "max 1 available 1 | parked f0 | listeners f1 | senders s0");
    EXPECT_EQ(to_string(after(1,
                              "s0 try_reserve_owned\n r recv as f0\n poll f0\n o0 send v1\n"
                              "drop s1")),
              "max 1 available 0 | buffer v1 | parked f0 (woken) | senders none");
    EXPECT_EQ(to_string(after(1, "drop r")), "max 1 available 1 receiver gone | senders s0");
}

// ---- Receiving and the end

TEST(machine, close_of_an_idle_channel_wakes_the_parked_receive) {
    after(2, R"(
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        poll f0 -> none
        r recv as f1 -> created
        poll f1 -> none)");
}

TEST(machine, close_leaves_the_receive_asleep_while_a_permit_is_out) {
    after(2, R"(
        s0 try_reserve -> p0
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        poll f0 -> pending
        drop p0 -> ok ! f0
        poll f0 -> none)");
}

TEST(machine, every_return_of_the_last_permit_to_a_closed_channel_wakes_the_receive) {
    after(1, R"(
        s0 try_reserve_many 1 -> i0 1
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        drop i0 -> ok ! f0)");
    after(1, R"(
        s0 clone -> s1
        s1 try_reserve_owned -> o0
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        o0 release -> s2 ! f0)");
    after(1, R"(
        s0 clone -> s1
        s1 try_reserve_owned -> o0
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        drop o0 -> ok ! f0)");
    constexpr std::string_view granted = R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        poll f0 -> pending
        drop p0 -> ok ! f0
        r recv as f1 -> created
        poll f1 -> pending
        r close -> ok)";
    machine failed = after(1, granted);
    play(failed, "poll f0 -> closed ! f1");
    machine cancelled = after(1, granted);
    play(cancelled, "drop f0 -> ok ! f1");
}

TEST(machine, partial_holds_keep_a_closed_channel_from_ending) {
    after(2, R"(
        s0 try_reserve -> p0
        s0 reserve_many 2 as f0 -> created
        poll f0 -> pending
        r recv as f1 -> created
        poll f1 -> pending
        r close -> ok ! f0
        drop p0 -> ok
        r capacity -> 1
        poll f1 -> pending
        drop f0 -> ok ! f1
        poll f1 -> none)");
}

TEST(machine, the_last_sender_ends_the_channel_wherever_it_is) {
    after(1, R"(
        s0 try_reserve_owned -> o0
        r recv as f0 -> created
        poll f0 -> pending
        drop o0 -> ok ! f0
        poll f0 -> none)");
    after(1, R"(
        s0 reserve_owned as f0 -> created
        r recv as f1 -> created
        poll f1 -> pending
        drop f0 -> ok ! f1
        poll f1 -> none)");
}

TEST(machine, a_receive_is_woken_once_between_two_polls) {
    after(4, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 try_send v1 -> ok ! f0
        s0 try_send v2 -> ok
        drop s0 -> ok
        poll f0 -> some v1)");
}

TEST(machine, recv_many_takes_what_is_there_up_to_its_limit) {
    after(4, R"(
        r recv_many 0 as f0 -> created
        poll f0 -> many
        r recv_many 2 as f1 -> created
        poll f1 -> pending
        s0 try_send v1 -> ok ! f1
        s0 try_send v2 -> ok
        s0 try_send v3 -> ok
        poll f1 -> many v1 v2
        r capacity -> 3
        r recv_many 9 as f2 -> created
        poll f2 -> many v3
        drop s0 -> ok
        r recv_many 9 as f3 -> created
        poll f3 -> many)");
}

TEST(machine, a_batch_serves_as_many_waiters_as_it_had_values) {
    after(2, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s0 send v3 as f0 -> created
        poll f0 -> pending
        s0 send v4 as f1 -> created
        poll f1 -> pending
        r recv_many 2 as f2 -> created
        poll f2 -> many v1 v2 ! f0 f1)");
}

// ---- Reservations

TEST(machine, more_permits_than_max_fail_before_closed_is_looked_at) {
    constexpr std::string_view script = R"(
        s0 reserve_many 4 as f0 -> created
        poll f0 -> closed
        s0 try_reserve_many 4 -> full
        s0 try_reserve_many 18446744073709551615 -> full)";
    machine m = after(3, script);
    play(m, R"(
        r close -> ok
        s0 reserve_many 4 as f1 -> created
        poll f1 -> closed
        s0 try_reserve_many 4 -> full
        s0 try_reserve_many 3 -> closed)");
}

TEST(machine, zero_permits_come_at_once_even_with_waiters_queued) {
    after(1, R"(
        s0 try_send v1 -> ok
        s0 reserve as f0 -> created
        poll f0 -> pending
        s0 reserve_many 0 as f1 -> created
        poll f1 -> i0 0
        i0 next -> none
        drop i0 -> ok
        s0 try_reserve_many 0 -> i1 0
        r close -> ok ! f0
        s0 try_reserve_many 0 -> closed)");
}

TEST(machine, a_waiter_takes_all_that_is_available_and_no_request_barges) {
    after(3, R"(
        s0 try_send v1 -> ok
        s0 reserve_many 3 as f0 -> created
        poll f0 -> pending
        s0 capacity -> 0
        s0 try_send v2 -> full v2
        s0 reserve as f1 -> created
        poll f1 -> pending
        r try_recv -> some v1 ! f0
        s0 try_reserve -> full
        poll f0 -> i0 3
        i0 next -> p0
        drop i0 -> ok ! f1
        poll f1 -> p1)");
}

TEST(machine, a_waiter_is_woken_when_its_whole_need_is_met) {
    after(3, R"(
        s0 try_reserve -> p0
        s0 try_reserve -> p1
        s0 try_reserve -> p2
        s0 reserve_many 2 as f0 -> created
        poll f0 -> pending
        drop p0 -> ok
        s0 capacity -> 0
        drop p1 -> ok ! f0
        poll f0 -> i0 2
        drop p2 -> ok
        s0 capacity -> 1)");
}

TEST(machine, a_cancelled_partial_head_lets_those_behind_it_in) {
    after(3, R"(
        s0 try_send v1 -> ok
        s0 reserve_many 3 as f0 -> created
        poll f0 -> pending
        s0 reserve as f1 -> created
        poll f1 -> pending
        s0 reserve as f2 -> created
        poll f2 -> pending
        drop f0 -> ok ! f1 f2)");
}

TEST(machine, the_place_in_the_queue_is_that_of_the_first_poll) {
    after(1, R"(
        s0 try_send v1 -> ok
        s0 send v2 as f0 -> created
        s0 send v3 as f1 -> created
        poll f1 -> pending
        poll f0 -> pending
        poll f1 -> pending
        r try_recv -> some v1 ! f1)");
}

TEST(machine, granted_values_stand_in_the_order_of_their_polls) {
    after(2, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s0 send v3 as f0 -> created
        poll f0 -> pending
        s0 send v4 as f1 -> created
        poll f1 -> pending
        r try_recv -> some v1 ! f0
        r try_recv -> some v2 ! f1
        poll f1 -> ok
        poll f0 -> ok
        r try_recv -> some v4
        r try_recv -> some v3)");
}

// ---- Deadlines

TEST(machine, grant_and_deadline_are_two_wakes_and_success_beats_timeout) {
    after(1, R"(
        s0 try_send v1 -> ok
        s0 send_timeout v2 5ms as f0 -> created
        advance 9ms -> ok
        poll f0 -> pending
        r try_recv -> some v1 ! f0
        advance 4ms -> ok
        advance 1ms -> ok ! f0
        advance 1ms -> ok
        poll f0 -> ok)");
}

TEST(machine, closed_beats_timeout_and_a_zero_timeout_tries_once) {
    after(1, R"(
        s0 send_timeout v1 0ms as f0 -> created
        poll f0 -> ok
        s0 send_timeout v2 0ms as f1 -> created
        poll f1 -> timeout v2
        s0 send_timeout v3 5ms as f2 -> created
        poll f2 -> pending
        r close -> ok ! f2
        advance 5ms -> ok ! f2
        poll f2 -> closed v3)");
}

TEST(machine, a_value_and_the_end_beat_the_deadline_of_a_receive) {
    after(2, R"(
        r recv_timeout 5ms as f0 -> created
        poll f0 -> pending
        advance 5ms -> ok ! f0
        s0 try_send v1 -> ok ! f0
        poll f0 -> some v1
        r recv_timeout 0ms as f1 -> created
        poll f1 -> timeout
        r recv_timeout 5ms as f2 -> created
        poll f2 -> pending
        advance 5ms -> ok ! f2
        drop s0 -> ok ! f2
        poll f2 -> none)");
}

// ---- Ending

TEST(machine, closing_wakes_waiters_oldest_first_then_listeners_by_first_poll) {
    after(2, R"(
        s0 try_reserve_many 2 -> i0 2
        s0 closed as f0 -> created
        s0 closed as f1 -> created
        poll f1 -> pending
        s0 send v1 as f2 -> created
        s0 reserve as f3 -> created
        poll f3 -> pending
        poll f0 -> pending
        poll f2 -> pending
        r close -> ok ! f3 f2 f1 f0
        r close -> ok
        poll f0 -> done
        poll f2 -> closed v1
        poll f3 -> closed)");
}

TEST(machine, dropping_the_receiver_destroys_the_buffer_and_keeps_the_permits) {
    after(3, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s0 try_reserve -> p0
        drop r -> ok ~ v1 v2
        s0 capacity -> 2
        s0 is_closed -> true
        p0 send v3 -> ok ~ v3
        s0 capacity -> 3)");
}

TEST(machine, an_operation_that_was_never_polled_has_done_nothing) {
    after(1, R"(
        s0 send v1 as f0 -> created
        s0 capacity -> 1
        r close -> ok
        drop f0 -> ok ~ v1)");
}

TEST(machine, weak_senders_see_every_strong_one_and_revive_none) {
    after(1, R"(
        s0 downgrade -> w0
        w0 clone -> w1
        s0 try_reserve_owned -> o0
        w0 strong_count -> 1
        w1 weak_count -> 2
        w1 upgrade -> s1
        drop s1 -> ok
        o0 send v1 -> s2
        s2 len -> 1
        drop s2 -> ok
        w0 upgrade -> none
        r is_closed -> true
        r sender_strong_count -> 0
        r sender_weak_count -> 2
        r try_recv -> some v1
        r try_recv -> disconnected)");
}

}  // namespace
}  // namespace tailrace::model
