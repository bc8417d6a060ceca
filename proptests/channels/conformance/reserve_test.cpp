// One permit at a time: reserve, try_reserve, and the queue of waiters.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Original: reserve_disarm.
TEST_P(conformance, a_used_permit_frees_nothing_until_its_value_is_received) {
    run(2, R"(
        s0 clone -> s1
        s0 clone -> s2
        s0 clone -> s3
        s0 reserve as f0 -> created
        poll f0 -> p0
        s1 reserve as f1 -> created
        poll f1 -> p1
        s2 reserve as f2 -> created
        poll f2 -> pending
        s3 reserve as f3 -> created
        poll f3 -> pending
        p0 send v1 -> ok
        r recv as f4 -> created
        poll f4 -> some v1 ! f2
        drop p1 -> ok ! f3
        s0 reserve as f5 -> created
        poll f5 -> pending
    )");
}

// Original: try_reserve_fails.
TEST_P(conformance, try_reserve_is_full_while_the_only_permit_is_out) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 try_reserve -> full
        p0 send v1 -> ok
        s0 try_reserve -> full
        r recv as f0 -> created
        poll f0 -> some v1
        s0 try_reserve -> p1
        drop p1 -> ok
        s0 try_reserve -> p2
    )");
}

// Clause: reserve.excludes.
TEST_P(conformance, try_send_is_full_while_permits_have_all_the_capacity) {
    run(2, R"(
        s0 try_reserve -> p0
        s0 try_send v1 -> ok
        s0 try_send v2 -> full v2
        r try_recv -> some v1
        s0 clone -> s1
        s1 try_reserve_owned -> o0
        s0 try_send v3 -> full v3
        drop p0 -> ok
        s0 try_send v4 -> ok
    )");
}

// Clauses: try_send.no-barging, try_reserve.no-barging.
TEST_P(conformance, no_attempt_overtakes_a_waiter_before_or_after_its_grant) {
    run(1, R"(
        s0 clone -> s1
        s0 try_send v1 -> ok
        s0 reserve as f0 -> created
        poll f0 -> pending
        s0 try_send v2 -> full v2
        s0 try_reserve -> full
        s1 try_reserve_owned -> full
        r try_recv -> some v1 ! f0
        s0 try_send v3 -> full v3
        s0 try_reserve -> full
        s1 try_reserve_owned -> full
        poll f0 -> p0
        drop p0 -> ok
        s1 try_reserve_owned -> o0
    )");
}

// Original: drop_permit_releases_permit.
TEST_P(conformance, a_dropped_permit_goes_to_the_waiter) {
    run(1, R"(
        s0 clone -> s1
        s0 reserve as f0 -> created
        poll f0 -> p0
        s1 reserve as f1 -> created
        poll f1 -> pending
        drop p0 -> ok ! f1
        poll f1 -> p1
    )");
}

// Original: poll_acquire_one_available.
TEST_P(conformance, reserve_takes_one_from_the_capacity) {
    run(100, R"(
        s0 capacity -> 100
        s0 reserve as f0 -> created
        s0 capacity -> 100
        poll f0 -> p0
        s0 capacity -> 99
    )");
}

// Original: try_acquire_one_available.
TEST_P(conformance, try_reserve_takes_one_from_the_capacity) {
    run(100, R"(
        s0 capacity -> 100
        s0 try_reserve -> p0
        s0 capacity -> 99
        s0 try_reserve -> p1
        s0 capacity -> 98
    )");
}

// Original: poll_acquire_one_unavailable.
TEST_P(conformance, a_released_permit_is_handed_over_and_never_shows_as_capacity) {
    run(1, R"(
        s0 reserve as f0 -> created
        poll f0 -> p0
        s0 capacity -> 0
        s0 reserve as f1 -> created
        poll f1 -> pending
        s0 capacity -> 0
        drop p0 -> ok ! f1
        s0 capacity -> 0
        poll f1 -> p1
        s0 capacity -> 0
        drop p1 -> ok
        s0 capacity -> 1
    )");
}

// Original: try_acquire_one_unavailable.
TEST_P(conformance, a_permit_dropped_without_waiters_shows_as_capacity) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 capacity -> 0
        s0 try_reserve -> full
        drop p0 -> ok
        s0 capacity -> 1
        s0 try_reserve -> p1
        drop p1 -> ok
        s0 capacity -> 1
    )");
}

// Original: poll_acquire_one_zero_permits.
TEST_P(conformance, a_waiter_of_a_full_buffer_gets_the_first_slot_that_is_received) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 reserve as f0 -> created
        poll f0 -> pending
        r try_recv -> some v1 ! f0
        poll f0 -> p0
    )");
}

// A grant that is never collected costs the other waiters one permit, not all of them.
TEST_P(conformance, a_granted_waiter_that_is_never_polled_does_not_hold_up_those_behind_it) {
    run(3, R"(
        s0 try_reserve -> p0
        s0 try_reserve -> p1
        s0 try_reserve -> p2
        s0 reserve as f0 -> created
        poll f0 -> pending
        s0 reserve as f1 -> created
        poll f1 -> pending
        s0 send v1 as f2 -> created
        poll f2 -> pending
        drop p0 -> ok ! f0
        drop p1 -> ok ! f1
        drop p2 -> ok ! f2
        poll f2 -> ok
        poll f1 -> p3
        drop p3 -> ok
        s0 try_send v2 -> ok
        s0 capacity -> 0
    )");
}

// Clause: cancel.forwards.
TEST_P(conformance, a_waiter_cancelled_after_its_grant_passes_the_permit_on) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        poll f0 -> pending
        s0 send v1 as f1 -> created
        poll f1 -> pending
        s0 reserve as f2 -> created
        poll f2 -> pending
        drop p0 -> ok ! f0
        drop f0 -> ok ! f1
        drop f1 -> ok ! f2 ~ v1
        poll f2 -> p1
        drop p1 -> ok
        s0 capacity -> 1
    )");
}

// Clause: cancel.unlinks.
TEST_P(conformance, a_waiter_cancelled_before_its_grant_leaves_the_line_as_it_was) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        poll f0 -> pending
        s0 reserve as f1 -> created
        poll f1 -> pending
        s0 reserve as f2 -> created
        poll f2 -> pending
        drop f1 -> ok
        drop p0 -> ok ! f0
        poll f0 -> p1
        drop p1 -> ok ! f2
        poll f2 -> p2
    )");
}

// Clause: acquire.first-poll.
TEST_P(conformance, waiters_are_served_in_the_order_of_their_first_polls) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        s0 reserve as f1 -> created
        poll f1 -> pending
        poll f0 -> pending
        poll f1 -> pending
        drop p0 -> ok ! f1
        poll f0 -> pending
        poll f1 -> p1
        drop p1 -> ok ! f0
        poll f0 -> p2
    )");
}

// Clause: acquire.keeps-place.
TEST_P(conformance, polling_a_waiter_again_takes_no_second_place_in_line) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        poll f0 -> pending
        poll f0 -> pending
        poll f0 -> pending
        s0 reserve as f1 -> created
        poll f1 -> pending
        drop p0 -> ok ! f0
        poll f0 -> p1
        drop p1 -> ok ! f1
        poll f1 -> p2
        drop p2 -> ok
        s0 capacity -> 1
    )");
}

// Clause: driven.created-inert.
TEST_P(conformance, an_operation_that_was_never_polled_has_no_place_in_line) {
    run(1, R"(
        s0 reserve as f0 -> created
        s0 send v1 as f1 -> created
        s0 try_send v2 -> ok
        drop f1 -> ok ~ v1
        drop f0 -> ok
        s0 capacity -> 0
        r try_recv -> some v2
        s0 capacity -> 1
    )");
}

// Clause: acquire.granted-not-sent.
TEST_P(conformance, a_granted_send_takes_effect_when_it_is_polled) {
    run(2, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s0 send v3 as f0 -> created
        poll f0 -> pending
        s0 send v4 as f1 -> created
        poll f1 -> pending
        r try_recv -> some v1 ! f0
        r try_recv -> some v2 ! f1
        r try_recv -> empty
        poll f1 -> ok
        poll f0 -> ok
        r try_recv -> some v4
        r try_recv -> some v3
    )");
}

// More than any batch of wakes could hold.
TEST_P(conformance, forty_waiters_are_granted_one_by_one_in_order) {
    script_text script;
    script.add("s0 try_send v1 -> ok");
    for (int i = 0; i < 40; ++i) {
        script.add("s0 reserve as f{} -> created", i);
        script.add("poll f{} -> pending", i);
    }
    script.add("r try_recv -> some v1 ! f0");
    for (int i = 0; i < 40; ++i) {
        script.add("poll f{} -> p{}", i, i);
        if (i < 39) script.add("drop p{} -> ok ! f{}", i, i + 1);
    }
    script.add("drop p39 -> ok");
    script.add("s0 capacity -> 1");
    run(1, script.view());
}

TEST_P(conformance, a_leaked_permit_is_waited_for_and_takes_one_from_the_capacity_for_ever) {
    run(2, R"(
        s0 try_reserve -> p0
        s0 try_send v1 -> ok
        r try_recv -> some v1
        s0 capacity -> 1
        r close -> ok
        s0 capacity -> 1
        r try_recv -> empty
        r recv as f0 -> created
        poll f0 -> pending
        poll f0 -> pending
    )");
}

}  // namespace tailrace::verify
