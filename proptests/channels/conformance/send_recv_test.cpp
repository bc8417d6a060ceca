// Values go in and come out: send, try_send, recv, try_recv, recv_many, and the end of the channel
// on the sender's side.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Original: send_recv_with_buffer.
TEST_P(conformance, values_arrive_in_order_and_then_the_end) {
    run(16, R"(
        s0 reserve as f0 -> created
        poll f0 -> p0
        p0 send v1 -> ok
        s0 try_send v2 -> ok
        drop s0 -> ok
        r recv as f1 -> created
        poll f1 -> some v1
        r recv as f2 -> created
        poll f2 -> some v2
        r recv as f3 -> created
        poll f3 -> none
    )");
}

// Original: send_recv_stream_with_buffer.
TEST_P(conformance, a_waiting_receive_is_woken_by_each_value_and_by_the_end) {
    run(16, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 send v1 as f1 -> created
        poll f1 -> ok ! f0
        poll f0 -> some v1
        r recv as f2 -> created
        poll f2 -> pending
        s0 send v2 as f3 -> created
        poll f3 -> ok ! f2
        poll f2 -> some v2
        r recv as f4 -> created
        poll f4 -> pending
        drop s0 -> ok ! f4
        poll f4 -> none
    )");
}

// Original: async_send_recv_with_buffer.
TEST_P(conformance, values_outlive_the_sender_that_sent_them) {
    run(16, R"(
        s0 send v1 as f0 -> created
        poll f0 -> ok
        s0 send v2 as f1 -> created
        poll f1 -> ok
        drop s0 -> ok
        r recv as f2 -> created
        poll f2 -> some v1
        r recv as f3 -> created
        poll f3 -> some v2
        r recv as f4 -> created
        poll f4 -> none
        r recv as f5 -> created
        poll f5 -> none
    )");
}

// Clause: recv.woken-once. A second value and the end add nothing to a wake that was not answered
// yet.
TEST_P(conformance, a_receive_is_woken_once_between_two_polls) {
    run(4, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 try_send v1 -> ok ! f0
        s0 try_send v2 -> ok
        drop s0 -> ok
        poll f0 -> some v1
        r recv as f1 -> created
        poll f1 -> some v2
        r recv as f2 -> created
        poll f2 -> none
    )");
}

// Clause: recv.cancel.
TEST_P(conformance, a_receive_cancelled_after_its_wake_leaves_the_value_to_the_next) {
    run(2, R"(
        r recv as f0 -> created
        poll f0 -> pending
        s0 try_send v1 -> ok ! f0
        drop f0 -> ok
        r recv as f1 -> created
        poll f1 -> some v1
    )");
}

// Original: async_send_recv_many_with_buffer.
TEST_P(conformance, batches_arrive_in_order_and_a_limit_of_zero_never_waits) {
    run(2, R"(
        r recv_many 0 as f0 -> created
        poll f0 -> many
        s0 send v1 as f1 -> created
        poll f1 -> ok
        s0 send v2 as f2 -> created
        poll f2 -> ok
        s0 send v3 as f3 -> created
        poll f3 -> pending
        r recv_many 3 as f4 -> created
        poll f4 -> many v1 v2 ! f3
        poll f3 -> ok
        s0 send v4 as f5 -> created
        poll f5 -> ok
        drop s0 -> ok
        r recv_many 3 as f6 -> created
        poll f6 -> many v3 v4
        r recv_many 3 as f7 -> created
        poll f7 -> many
    )");
}

// Original: send_recv_many_bounded_capacity.
TEST_P(conformance, a_batch_stops_at_its_limit_and_is_empty_only_at_the_end) {
    script_text script;
    for (int v = 1; v <= 10; ++v) script.add("s0 try_send v{} -> ok", v);
    script.add("r recv_many 9 as f0 -> created");
    script.add("poll f0 -> many v1 v2 v3 v4 v5 v6 v7 v8 v9");
    script.add("r recv_many 9 as f1 -> created");
    script.add("poll f1 -> many v10");
    script.add("r recv_many 9 as f2 -> created");
    script.add("poll f2 -> pending");
    script.add("s0 send v11 as f3 -> created");
    script.add("poll f3 -> ok ! f2");
    script.add("drop s0 -> ok");
    script.add("poll f2 -> many v11");
    script.add("r recv_many 9 as f4 -> created");
    script.add("poll f4 -> many");
    run(100, script.view());
}

// Clause: recv_many.returns-permits.
TEST_P(conformance, a_batch_gives_its_permits_back_in_one_step_to_the_oldest_waiters) {
    run(3, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s0 try_send v3 -> ok
        s0 reserve as f0 -> created
        poll f0 -> pending
        s0 send v4 as f1 -> created
        poll f1 -> pending
        s0 reserve as f2 -> created
        poll f2 -> pending
        r recv_many 2 as f3 -> created
        poll f3 -> many v1 v2 ! f0 f1
        poll f1 -> ok
        r recv_many 8 as f4 -> created
        poll f4 -> many v3 v4 ! f2
        poll f0 -> p0
        poll f2 -> p1
        r recv_many 8 as f5 -> created
        poll f5 -> pending
        p1 send v5 -> ok ! f5
        p0 send v6 -> ok
        poll f5 -> many v5 v6
    )");
}

// Original: start_send_past_cap.
TEST_P(conformance, a_receive_wakes_the_next_waiter_in_line_not_the_cancelled_one) {
    run(1, R"(
        s0 clone -> s1
        s0 try_send v1 -> ok
        s0 reserve as f0 -> created
        poll f0 -> pending
        s1 reserve as f1 -> created
        poll f1 -> pending
        drop f0 -> ok
        r recv as f2 -> created
        poll f2 -> some v1 ! f1
        drop f1 -> ok
        drop s0 -> ok
        drop s1 -> ok
        r recv as f3 -> created
        poll f3 -> none
    )");
}

// Original: send_recv_buffer_limited.
TEST_P(conformance, no_task_overtakes_a_granted_waiter_that_was_not_polled) {
    run(1, R"(
        s0 reserve as f0 -> created
        poll f0 -> p0
        p0 send v1 -> ok
        s0 reserve as f1 -> created
        poll f1 -> pending
        r recv as f2 -> created
        poll f2 -> some v1 ! f1
        s0 try_send v2 -> full v2
        poll f1 -> p1
        p1 send v3 -> ok
        r recv as f3 -> created
        poll f3 -> some v3
    )");
}

// Original: tx_close_gets_none.
TEST_P(conformance, a_channel_without_senders_ends_at_once) {
    run(10, R"(
        drop s0 -> ok
        r recv as f0 -> created
        poll f0 -> none
        r try_recv -> disconnected
    )");
}

// Original: try_send_fail.
TEST_P(conformance, try_send_fails_while_full_and_succeeds_after_a_receive) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> full v2
        r recv as f0 -> created
        poll f0 -> some v1
        s0 try_send v3 -> ok
        drop s0 -> ok
        r recv as f1 -> created
        poll f1 -> some v3
        r recv as f2 -> created
        poll f2 -> none
    )");
}

// Original: try_send_fail_with_try_recv.
TEST_P(conformance, try_recv_makes_room_for_try_send_and_ends_disconnected) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> full v2
        r try_recv -> some v1
        s0 try_send v3 -> ok
        drop s0 -> ok
        r try_recv -> some v3
        r try_recv -> disconnected
    )");
}

// Original: try_recv_bounded.
TEST_P(conformance, five_slots_fill_and_drain_in_any_pattern) {
    run(5, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s0 try_send v3 -> ok
        s0 try_send v4 -> ok
        s0 try_send v5 -> ok
        s0 try_send v6 -> full v6
        r try_recv -> some v1
        r try_recv -> some v2
        r try_recv -> some v3
        r try_recv -> some v4
        r try_recv -> some v5
        r try_recv -> empty
        s0 try_send v7 -> ok
        s0 try_send v8 -> ok
        s0 try_send v9 -> ok
        s0 try_send v10 -> ok
        r try_recv -> some v7
        s0 try_send v11 -> ok
        s0 try_send v12 -> ok
        s0 try_send v13 -> full v13
        r try_recv -> some v8
        r try_recv -> some v9
        r try_recv -> some v10
        r try_recv -> some v11
        r try_recv -> some v12
        r try_recv -> empty
        s0 try_send v14 -> ok
        s0 try_send v15 -> ok
        s0 try_send v16 -> ok
        drop s0 -> ok
        r try_recv -> some v14
        r try_recv -> some v15
        r try_recv -> some v16
        r try_recv -> disconnected
    )");
}

// Original: try_recv_close_while_empty_bounded.
TEST_P(conformance, try_recv_is_empty_while_a_sender_lives_and_disconnected_after) {
    run(5, R"(
        r try_recv -> empty
        drop s0 -> ok
        r try_recv -> disconnected
    )");
}

// Slots are used again and again, at every alignment of a ring.
TEST_P(conformance, a_long_run_keeps_order_at_every_fill_level_and_capacity) {
    for (const int capacity : {1, 2, 3, 5, 31, 32, 33}) {
        script_text script;
        int sent = 0;
        int received = 0;
        for (int round = 0; round < 40; ++round) {
            const int burst = 1 + round % capacity;
            for (int i = 0; i < burst; ++i) script.add("s0 try_send v{} -> ok", ++sent);
            if (burst == capacity) {
                script.add("s0 try_send v{0} -> full v{0}", ++sent);
                for (int i = 0; i < burst; ++i) script.add("r try_recv -> some v{}", sent - burst + i);
                received = sent;
            } else {
                while (received < sent) script.add("r try_recv -> some v{}", ++received);
            }
            script.add("r try_recv -> empty");
        }
        run(static_cast<std::uint64_t>(capacity), script.view());
    }
}

}  // namespace tailrace::verify
