// close(): which operations fail and are woken, which values stay receivable, and how long the receiver waits for the
// end.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Original: recv_close_gets_none_idle.
TEST_P(conformance, closing_an_idle_channel_ends_it_at_once_and_later_sends_fail) {
    run(10, R"(
        r close -> ok
        r recv as f0 -> created
        poll f0 -> none
        s0 send v1 as f1 -> created
        poll f1 -> closed v1
        s0 try_send v2 -> closed v2
    )");
}

// Original: recv_many_with_non_empty_buffer_bounded_rx_closed_and_idle.
TEST_P(conformance, a_batch_from_a_closed_idle_channel_is_empty_at_once) {
    run(1, R"(
        r close -> ok
        r recv_many 1 as f0 -> created
        poll f0 -> many
    )");
}

// Original: recv_close_gets_none_reserved.
TEST_P(conformance, after_close_a_receive_waits_for_the_permit_that_is_still_out) {
    run(1, R"(
        s0 clone -> s1
        s0 reserve as f0 -> created
        poll f0 -> p0
        s1 reserve as f1 -> created
        poll f1 -> pending
        r close -> ok ! f1
        poll f1 -> closed
        r recv as f2 -> created
        poll f2 -> pending
        p0 send v1 -> ok ! f2
        poll f2 -> some v1
        r recv as f3 -> created
        poll f3 -> none
    )");
}

// Original: failed_reserve_many_wakes_closed_receiver.
TEST_P(conformance, a_reserve_many_that_fails_with_a_partial_hold_wakes_the_closed_receiver) {
    run(2, R"(
        s0 try_reserve -> p0
        s0 reserve_many 2 as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        r recv as f1 -> created
        poll f1 -> pending
        drop p0 -> ok
        poll f0 -> closed ! f1
        poll f1 -> none
    )");
}

// Original: cancelled_reserve_many_wakes_closed_receiver.
TEST_P(conformance, a_reserve_many_cancelled_with_a_partial_hold_wakes_the_closed_receiver) {
    run(2, R"(
        s0 try_reserve -> p0
        s0 reserve_many 2 as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        r recv as f1 -> created
        poll f1 -> pending
        drop p0 -> ok
        drop f0 -> ok ! f1
        poll f1 -> none
    )");
}

// Original: failed_reserve_wakes_closed_receiver.
TEST_P(conformance, a_granted_reserve_that_fails_after_close_wakes_the_closed_receiver) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        poll f0 -> pending
        drop p0 -> ok ! f0
        r close -> ok
        r recv as f1 -> created
        poll f1 -> pending
        poll f0 -> closed ! f1
        poll f1 -> none
    )");
}

// Original: cancelled_reserve_wakes_closed_receiver.
TEST_P(conformance, a_granted_reserve_cancelled_after_close_wakes_the_closed_receiver) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        poll f0 -> pending
        drop p0 -> ok ! f0
        r close -> ok
        r recv as f1 -> created
        poll f1 -> pending
        drop f0 -> ok ! f1
        poll f1 -> none
    )");
}

// The same for a send.
TEST_P(conformance, a_granted_send_that_fails_after_close_returns_its_value_and_wakes_the_closed_receiver) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 send v1 as f0 -> created
        poll f0 -> pending
        drop p0 -> ok ! f0
        r close -> ok
        r recv as f1 -> created
        poll f1 -> pending
        poll f0 -> closed v1 ! f1
        poll f1 -> none
    )");
}

TEST_P(conformance, a_granted_send_cancelled_after_close_destroys_its_value_and_wakes_the_closed_receiver) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 send v1 as f0 -> created
        poll f0 -> pending
        drop p0 -> ok ! f0
        r close -> ok
        r recv as f1 -> created
        poll f1 -> pending
        drop f0 -> ok ! f1 ~ v1
        poll f1 -> none
    )");
}

// Original: dropping_last_permit_wakes_closed_receiver.
TEST_P(conformance, dropping_the_last_permit_wakes_the_closed_receiver) {
    run(100, R"(
        s0 try_reserve -> p0
        r close -> ok
        r recv as f0 -> created
        poll f0 -> pending
        drop p0 -> ok ! f0
        poll f0 -> none
    )");
}

// Original: dropping_last_owned_permit_wakes_closed_receiver.
TEST_P(conformance, dropping_the_last_owned_permit_wakes_the_closed_receiver) {
    run(100, R"(
        s0 try_reserve_owned -> o0
        r close -> ok
        r recv as f0 -> created
        poll f0 -> pending
        drop o0 -> ok ! f0
        poll f0 -> none
    )");
}

// Original: dropping_last_permit_iterator_wakes_closed_receiver.
TEST_P(conformance, dropping_the_last_permit_iterator_wakes_the_closed_receiver) {
    run(100, R"(
        s0 try_reserve_many 1 -> i0 1
        r close -> ok
        r recv as f0 -> created
        poll f0 -> pending
        drop i0 -> ok ! f0
        poll f0 -> none
    )");
}

// Original: sending_last_permit_wakes_closed_receiver.
TEST_P(conformance, sending_with_the_last_permit_wakes_the_closed_receiver) {
    run(100, R"(
        s0 try_reserve -> p0
        r close -> ok
        r recv as f0 -> created
        poll f0 -> pending
        p0 send v1 -> ok ! f0
        poll f0 -> some v1
    )");
}

// Original: sending_last_owned_permit_wakes_closed_receiver.
TEST_P(conformance, sending_with_the_last_owned_permit_wakes_the_closed_receiver) {
    run(100, R"(
        s0 try_reserve_owned -> o0
        r close -> ok
        r recv as f0 -> created
        poll f0 -> pending
        o0 send v1 -> s1 ! f0
        poll f0 -> some v1
    )");
}

// Original: releasing_last_owned_permit_wakes_closed_receiver.
TEST_P(conformance, releasing_the_last_owned_permit_wakes_the_closed_receiver_while_its_sender_lives) {
    run(100, R"(
        s0 try_reserve_owned -> o0
        r close -> ok
        r recv as f0 -> created
        poll f0 -> pending
        o0 release -> s1 ! f0
        poll f0 -> none
        drop s1 -> ok
    )");
}

// Clause: recv.waits-for-permits. Only the return that makes the channel idle wakes the receiver.
TEST_P(conformance, a_permit_that_is_not_the_last_does_not_wake_the_closed_receiver) {
    run(3, R"(
        s0 try_reserve -> p0
        s0 try_reserve -> p1
        s0 try_reserve_many 1 -> i0 1
        r close -> ok
        r recv as f0 -> created
        poll f0 -> pending
        drop p0 -> ok
        drop i0 -> ok
        poll f0 -> pending
        drop p1 -> ok ! f0
        poll f0 -> none
    )");
}

// Original: ready_close_cancel_bounded.
TEST_P(conformance, the_end_comes_with_the_last_permit_though_another_sender_lives) {
    run(100, R"(
        s0 clone -> s1
        s0 reserve as f0 -> created
        poll f0 -> p0
        r close -> ok
        r recv as f1 -> created
        poll f1 -> pending
        drop p0 -> ok ! f1
        poll f1 -> none
    )");
}

// Original: permit_available_not_acquired_close.
TEST_P(conformance, a_waiter_failed_by_close_and_never_polled_does_not_hold_up_the_end) {
    run(1, R"(
        s0 clone -> s1
        s0 reserve as f0 -> created
        poll f0 -> p0
        s1 reserve as f1 -> created
        poll f1 -> pending
        r close -> ok ! f1
        drop p0 -> ok
        drop f1 -> ok
        r recv as f2 -> created
        poll f2 -> none
    )");
}

// Original: try_recv_after_receiver_close.
TEST_P(conformance, try_recv_is_disconnected_after_close) {
    run(5, R"(
        r try_recv -> empty
        r close -> ok
        r try_recv -> disconnected
    )");
}

// Original: try_recv_after_receiver_close_with_permit.
TEST_P(conformance, try_recv_is_empty_after_close_while_a_permit_is_out) {
    run(5, R"(
        s0 try_reserve -> p0
        r try_recv -> empty
        r close -> ok
        r try_recv -> empty
        drop p0 -> ok
        r try_recv -> disconnected
    )");
}

// Original: close_semaphore_prevents_acquire.
TEST_P(conformance, close_leaves_the_capacity_as_it_is_and_refuses_it) {
    run(5, R"(
        r close -> ok
        s0 capacity -> 5
        s0 reserve as f0 -> created
        poll f0 -> closed
        s0 capacity -> 5
        s0 reserve as f1 -> created
        poll f1 -> closed
        s0 capacity -> 5
        s0 try_reserve -> closed
    )");
}

// Original: close_semaphore_notifies_permit1.
TEST_P(conformance, close_wakes_a_waiter_and_fails_it) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 reserve as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        poll f0 -> closed
        r try_recv -> some v1
        r try_recv -> disconnected
    )");
}

// Original: close_semaphore_notifies_permit2.
TEST_P(conformance, permits_released_after_close_still_count) {
    run(2, R"(
        s0 reserve as f0 -> created
        poll f0 -> p0
        s0 reserve as f1 -> created
        poll f1 -> p1
        s0 reserve as f2 -> created
        poll f2 -> pending
        s0 reserve as f3 -> created
        poll f3 -> pending
        r close -> ok ! f2 f3
        poll f2 -> closed
        poll f3 -> closed
        s0 capacity -> 0
        drop p0 -> ok
        s0 capacity -> 1
        s0 reserve as f4 -> created
        poll f4 -> closed
        drop p1 -> ok
        s0 capacity -> 2
    )");
}

// Clause: close.keeps-holds. Permits returned after close are not granted to the waiters that
// close has failed.
TEST_P(conformance, a_permit_returned_after_close_is_not_given_to_a_failed_waiter) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        drop p0 -> ok
        s0 capacity -> 1
        poll f0 -> closed
        s0 capacity -> 1
    )");
}

// Clause: close.drains.
TEST_P(conformance, buffered_values_stay_receivable_after_close) {
    run(3, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        r close -> ok
        s0 try_send v3 -> closed v3
        r recv as f0 -> created
        poll f0 -> some v1
        r try_recv -> some v2
        r try_recv -> disconnected
        r recv as f1 -> created
        poll f1 -> none
    )");
}

// Clauses: try_send.closed-beats-full, try_reserve.closed-beats-full.
TEST_P(conformance, closed_beats_full_for_every_attempt) {
    run(1, R"(
        s0 try_send v1 -> ok
        r close -> ok
        s0 try_send v2 -> closed v2
        s0 try_reserve -> closed
        s0 try_reserve_owned -> closed
        s0 clone -> s1
    )");
}

// Closing again, and closing what has ended, changes nothing.
TEST_P(conformance, close_is_idempotent) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 reserve as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        r close -> ok
        poll f0 -> closed
        r try_recv -> some v1
        r close -> ok
        r try_recv -> disconnected
    )");
}

// Clause: recv.woken-by-close. The owner of a pending receive may close; the receive then has
// nothing to wait for.
TEST_P(conformance, closing_an_idle_channel_wakes_the_receive_that_is_pending) {
    run(2, R"(
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        poll f0 -> none
    )");
}

// Clause: recv.exclusive. Asleep, and still to be woken without another poll.
TEST_P(conformance, closing_with_a_permit_out_leaves_the_pending_receive_asleep) {
    run(2, R"(
        s0 try_reserve -> p0
        r recv as f0 -> created
        poll f0 -> pending
        r close -> ok
        drop p0 -> ok ! f0
        poll f0 -> none
    )");
}

// More than any batch of wakes could hold.
TEST_P(conformance, close_wakes_forty_waiters_in_order) {
    script_text script;
    script.add("s0 try_send v1 -> ok");
    std::string woken;
    for (int i = 0; i < 40; ++i) {
        script.add("s0 send v{} as f{} -> created", i + 2, i);
        script.add("poll f{} -> pending", i);
        woken += fmt::format(" f{}", i);
    }
    script.add("r close -> ok !{}", woken);
    for (int i = 39; i >= 0; --i) script.add("poll f{} -> closed v{}", i, i + 2);
    script.add("r try_recv -> some v1");
    script.add("r try_recv -> disconnected");
    run(1, script.view());
}

}  // namespace tailrace::verify
