// Owned permits: the poll-based reserve_owned, which tokio calls a PollSender. A sender that an operation or a permit
// uses is inside it; closing such a PollSender corresponds to dropping that operation.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Original: simple, simple_ref.
TEST_P(conformance, a_sender_comes_back_from_each_owned_send_and_reserves_again) {
    run(3, R"(
        s0 reserve_owned as f0 -> created
        poll f0 -> o0
        o0 send v1 -> s1
        s1 reserve_owned as f1 -> created
        poll f1 -> o1
        o1 send v2 -> s2
        s2 reserve_owned as f2 -> created
        poll f2 -> o2
        o2 send v3 -> s3
        s3 reserve_owned as f3 -> created
        poll f3 -> pending
        r recv as f4 -> created
        poll f4 -> some v1 ! f3
        poll f3 -> o3
        drop r -> ok ~ v2 v3
        o3 send v42 -> s4 ~ v42
    )");
}

// Original: repeated_poll_reserve.
TEST_P(conformance, polling_reserve_owned_again_takes_no_second_permit) {
    run(2, R"(
        s0 clone -> s1
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s1 reserve_owned as f0 -> created
        poll f0 -> pending
        poll f0 -> pending
        r try_recv -> some v1 ! f0
        r try_recv -> some v2
        poll f0 -> o0
        s0 capacity -> 1
        o0 send v3 -> s2
        r recv as f1 -> created
        poll f1 -> some v3
        s0 capacity -> 2
    )");
}

// Original: abort_send.
TEST_P(conformance, releasing_an_owned_permit_wakes_a_waiting_send) {
    run(3, R"(
        s0 clone -> s1
        s0 reserve_owned as f0 -> created
        poll f0 -> o0
        o0 send v1 -> s2
        s2 reserve_owned as f1 -> created
        poll f1 -> o1
        o1 send v2 -> s3
        s3 reserve_owned as f2 -> created
        poll f2 -> o2
        o2 send v3 -> s4
        s4 reserve_owned as f3 -> created
        poll f3 -> pending
        r recv as f4 -> created
        poll f4 -> some v1 ! f3
        poll f3 -> o3
        s1 send v5 as f5 -> created
        poll f5 -> pending
        o3 release -> s5 ! f5
        poll f5 -> ok
        r try_recv -> some v2
        r try_recv -> some v3
        r try_recv -> some v5
    )");
}

// Original: close_sender_last.
TEST_P(conformance, the_last_sender_to_go_wakes_the_receiver) {
    run(3, R"(
        r recv as f0 -> created
        poll f0 -> pending
        drop s0 -> ok ! f0
        poll f0 -> none
    )");
}

// Original: close_sender_not_last.
TEST_P(conformance, a_sender_that_is_not_the_last_goes_unnoticed) {
    run(3, R"(
        s0 clone -> s1
        r recv as f0 -> created
        poll f0 -> pending
        drop s0 -> ok
        poll f0 -> pending
        drop s1 -> ok ! f0
        poll f0 -> none
    )");
}

// Original: close_sender_after_pending_reserve.
TEST_P(conformance, cancelling_a_pending_reserve_owned_drops_the_last_sender) {
    run(1, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 reserve_owned as f1 -> created
        poll f1 -> o0
        o0 send v1 -> s1 ! f0
        s1 reserve_owned as f2 -> created
        poll f2 -> pending
        drop f2 -> ok
        poll f0 -> some v1
        r recv as f3 -> created
        poll f3 -> none
    )");
}

// Original: close_sender_after_successful_reserve.
TEST_P(conformance, an_owned_permit_keeps_the_channel_open) {
    run(3, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 reserve_owned as f1 -> created
        poll f1 -> o0
        poll f0 -> pending
        o0 send v1 -> s1 ! f0
        poll f0 -> some v1
    )");
}

// Original: abort_send_after_pending_reserve.
TEST_P(conformance, cancelling_a_pending_reserve_owned_leaves_the_capacity_as_it_was) {
    run(1, R"(
        s0 clone -> s1
        s1 reserve_owned as f0 -> created
        poll f0 -> o0
        o0 send v1 -> s2
        s0 capacity -> 0
        s2 reserve_owned as f1 -> created
        poll f1 -> pending
        drop f1 -> ok
        s0 capacity -> 0
        r try_recv -> some v1
        s0 capacity -> 1
    )");
}

// Original: abort_send_after_successful_reserve.
TEST_P(conformance, an_owned_permit_takes_one_from_the_capacity_until_it_is_released) {
    run(1, R"(
        s0 clone -> s1
        s0 capacity -> 1
        s1 reserve_owned as f0 -> created
        poll f0 -> o0
        s0 capacity -> 0
        o0 release -> s2
        s2 capacity -> 1
    )");
}

// Original: closed_when_receiver_drops.
TEST_P(conformance, reserve_owned_fails_after_the_receiver_is_dropped) {
    run(1, R"(
        drop r -> ok
        s0 reserve_owned as f0 -> created
        poll f0 -> closed
    )");
}

// Original: sink_send_then_flush, sink_send_ref.
TEST_P(conformance, a_sent_value_does_not_make_the_next_reserve_owned_ready_until_it_is_received) {
    run(1, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 reserve_owned as f1 -> created
        poll f1 -> o0
        o0 send v1 -> s1 ! f0
        s1 reserve_owned as f2 -> created
        poll f2 -> pending
        poll f2 -> pending
        poll f0 -> some v1 ! f2
        poll f2 -> o1
    )");
}

// Original: sink_send_then_close.
TEST_P(conformance, a_value_sent_before_the_sender_goes_is_delivered_before_the_end) {
    run(1, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 reserve_owned as f1 -> created
        poll f1 -> o0
        o0 send v1 -> s1 ! f0
        s1 reserve_owned as f2 -> created
        poll f2 -> pending
        poll f0 -> some v1 ! f2
        poll f2 -> o1
        r recv as f3 -> created
        poll f3 -> pending
        o1 send v2 -> s2 ! f3
        drop s2 -> ok
        poll f3 -> some v2
        r recv as f4 -> created
        poll f4 -> none
    )");
}

// Clause: reserve_owned.cancel-drops-sender. The sender is inside the operation from its creation
// on.
TEST_P(conformance, a_reserve_owned_cancelled_before_its_first_poll_drops_the_last_sender) {
    run(1, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 reserve_owned as f1 -> created
        drop f1 -> ok ! f0
        poll f0 -> none
    )");
}

TEST_P(conformance, a_reserve_owned_cancelled_after_its_grant_returns_the_permit_and_drops_the_sender) {
    run(1, R"(
        s0 clone -> s1
        s1 try_reserve -> p0
        s0 reserve_owned as f0 -> created
        poll f0 -> pending
        drop p0 -> ok ! f0
        s1 reserve_owned as f1 -> created
        poll f1 -> pending
        drop f0 -> ok ! f1
        r recv as f2 -> created
        poll f2 -> pending
        drop f1 -> ok ! f2
        poll f2 -> none
    )");
}

TEST_P(conformance, a_reserve_owned_that_fails_drops_the_last_sender) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 reserve_owned as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        poll f0 -> closed
        r try_recv -> some v1
        r try_recv -> disconnected
    )");
}

// Clauses: owned_permit.release-on-drop, owned_permit.drops-sender.
TEST_P(conformance, dropping_an_owned_permit_returns_the_capacity_and_drops_the_sender) {
    run(1, R"(
        s0 clone -> s1
        s0 try_reserve_owned -> o0
        s1 reserve_owned as f0 -> created
        poll f0 -> pending
        drop o0 -> ok ! f0
        poll f0 -> o1
        r recv as f1 -> created
        poll f1 -> pending
        drop o1 -> ok ! f1
        poll f1 -> none
    )");
}

// Clause: recv.woken-by-owned-drop. By its capacity: it is not the sender that is awaited.
TEST_P(conformance, dropping_the_last_owned_permit_ends_a_closed_channel_though_a_sender_lives) {
    run(2, R"(
        s0 clone -> s1
        s0 try_reserve_owned -> o0
        r close -> ok
        r recv as f0 -> created
        poll f0 -> pending
        drop o0 -> ok ! f0
        poll f0 -> none
    )");
}

// Clause: try_reserve_owned.returns-sender.
TEST_P(conformance, a_failed_try_reserve_owned_leaves_the_sender_usable) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 try_reserve_owned -> full
        r try_recv -> some v1
        r try_recv -> empty
        s0 try_reserve_owned -> o0
        o0 release -> s1
        r close -> ok
        s1 try_reserve_owned -> closed
        s1 try_send v2 -> closed v2
        r recv as f0 -> created
        poll f0 -> none
    )");
}

// Clause: reserve_owned.clone.
TEST_P(conformance, a_clone_taken_first_stays_usable_after_reserve_owned) {
    run(2, R"(
        s0 clone -> s1
        s0 reserve_owned as f0 -> created
        poll f0 -> o0
        s1 try_send v1 -> ok
        o0 send v2 -> s2
        r try_recv -> some v1
        r try_recv -> some v2
    )");
}

}  // namespace tailrace::verify
