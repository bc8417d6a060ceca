// Waiting with a deadline: send_timeout and recv_timeout on the manual clock. Success and closed
// beat timeout.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Original: recv_timeout.
TEST_P(conformance, send_timeout_succeeds_then_times_out_when_full_then_finds_the_channel_closed) {
    script_text script;
    for (int v = 1; v <= 5; ++v) {
        script.add("s0 send_timeout v{} 1000ms as f{} -> created", v, v - 1);
        script.add("poll f{} -> ok", v - 1);
    }
    script.add("s0 send_timeout v6 1000ms as f5 -> created");
    script.add("poll f5 -> pending");
    script.add("advance 999ms -> ok");
    script.add("poll f5 -> pending");
    script.add("advance 1ms -> ok ! f5");
    script.add("poll f5 -> timeout v6");
    script.add("drop r -> ok ~ v1 v2 v3 v4 v5");
    script.add("s0 send_timeout v7 1000ms as f6 -> created");
    script.add("poll f6 -> closed v7");
    run(5, script.view());
}

// Clause: send_timeout.success-beats-timeout. Both have happened before the poll.
TEST_P(conformance, a_grant_beats_the_deadline_in_either_order) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 send_timeout v2 5ms as f0 -> created
        poll f0 -> pending
        advance 5ms -> ok ! f0
        r try_recv -> some v1 ! f0
        poll f0 -> ok
        s0 send_timeout v3 5ms as f1 -> created
        poll f1 -> pending
        r try_recv -> some v2 ! f1
        advance 5ms -> ok ! f1
        poll f1 -> ok
        r try_recv -> some v3
    )");
}

TEST_P(conformance, closed_beats_the_deadline) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 send_timeout v2 5ms as f0 -> created
        poll f0 -> pending
        advance 5ms -> ok ! f0
        r close -> ok ! f0
        poll f0 -> closed v2
    )");
}

TEST_P(conformance, a_timeout_of_zero_succeeds_when_there_is_room_and_fails_at_once_when_not) {
    run(1, R"(
        s0 send_timeout v1 0ms as f0 -> created
        poll f0 -> ok
        s0 send_timeout v2 0ms as f1 -> created
        poll f1 -> timeout v2
        r try_recv -> some v1
    )");
}

TEST_P(conformance, a_deadline_counts_from_the_first_poll) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 send_timeout v2 5ms as f0 -> created
        advance 10ms -> ok
        poll f0 -> pending
        advance 4ms -> ok
        poll f0 -> pending
        advance 1ms -> ok ! f0
        poll f0 -> timeout v2
    )");
}

TEST_P(conformance, a_send_that_timed_out_gives_up_its_place) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 send_timeout v2 5ms as f0 -> created
        poll f0 -> pending
        s0 reserve as f1 -> created
        poll f1 -> pending
        advance 5ms -> ok ! f0
        poll f0 -> timeout v2
        r try_recv -> some v1 ! f1
        poll f1 -> p0
    )");
}

TEST_P(conformance, a_timed_send_cancelled_after_its_grant_passes_the_permit_on) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 send_timeout v2 5ms as f0 -> created
        poll f0 -> pending
        s0 reserve as f1 -> created
        poll f1 -> pending
        r try_recv -> some v1 ! f0
        drop f0 -> ok ! f1 ~ v2
        advance 5ms -> ok
        poll f1 -> p0
    )");
}

TEST_P(conformance, deadlines_that_fire_together_wake_everybody) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 send_timeout v2 5ms as f0 -> created
        s0 send_timeout v3 3ms as f1 -> created
        s0 send_timeout v4 5ms as f2 -> created
        poll f0 -> pending
        poll f1 -> pending
        poll f2 -> pending
        advance 5ms -> ok ! f0 f1 f2
        poll f2 -> timeout v4
        poll f1 -> timeout v3
        poll f0 -> timeout v2
        r try_recv -> some v1
        s0 capacity -> 1
    )");
}

// Clause: recv.value-beats-deadline.
TEST_P(conformance, a_receive_with_a_deadline_prefers_the_value) {
    run(1, R"(
        r recv_timeout 5ms as f0 -> created
        poll f0 -> pending
        advance 5ms -> ok ! f0
        s0 try_send v1 -> ok ! f0
        poll f0 -> some v1
        r recv_timeout 5ms as f1 -> created
        poll f1 -> pending
        s0 try_send v2 -> ok ! f1
        advance 5ms -> ok ! f1
        poll f1 -> some v2
    )");
}

TEST_P(conformance, a_receive_with_a_deadline_times_out_and_takes_nothing) {
    run(1, R"(
        r recv_timeout 5ms as f0 -> created
        poll f0 -> pending
        advance 4ms -> ok
        poll f0 -> pending
        advance 1ms -> ok ! f0
        poll f0 -> timeout
        s0 try_send v1 -> ok
        r recv_timeout 0ms as f1 -> created
        poll f1 -> some v1
        r recv_timeout 0ms as f2 -> created
        poll f2 -> timeout
    )");
}

TEST_P(conformance, a_receive_with_a_deadline_sees_the_end) {
    run(1, R"(
        r recv_timeout 5ms as f0 -> created
        poll f0 -> pending
        advance 5ms -> ok ! f0
        drop s0 -> ok ! f0
        poll f0 -> none
        r recv_timeout 0ms as f1 -> created
        poll f1 -> none
    )");
}

}  // namespace tailrace::verify
