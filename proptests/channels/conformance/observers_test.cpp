// What can be read without changing anything: capacity, is_closed, is_empty, len.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

namespace {

/// Fills a channel of this capacity with v1, v2, ...
script_text filled(int capacity) {
    script_text script;
    for (int v = 1; v <= capacity; ++v) script.add("s0 try_send v{} -> ok", v);
    return script;
}

}  // namespace

// Original: test_tx_capacity.
TEST_P(conformance, capacity_falls_with_each_reserve_and_send_and_max_capacity_stays) {
    run(10, R"(
        s0 capacity -> 10
        s0 max_capacity -> 10
        s0 reserve as f0 -> created
        poll f0 -> p0
        s0 capacity -> 9
        s0 max_capacity -> 10
        s0 send v1 as f1 -> created
        poll f1 -> ok
        s0 capacity -> 8
        s0 max_capacity -> 10
    )");
}

// Clauses: capacity.permit-send, capacity.receive, capacity.after-close.
TEST_P(conformance, capacity_is_unchanged_by_a_permit_send_and_grows_with_a_receive) {
    run(2, R"(
        s0 try_reserve -> p0
        s0 capacity -> 1
        p0 send v1 -> ok
        s0 capacity -> 1
        r recv as f0 -> created
        s0 capacity -> 1
        poll f0 -> some v1
        s0 capacity -> 2
        s0 try_send v2 -> ok
        r close -> ok
        s0 capacity -> 1
        r try_recv -> some v2
        s0 capacity -> 2
    )");
}

// Clause: receiver.capacity.
TEST_P(conformance, the_receiver_sees_the_same_capacity_as_a_sender) {
    run(3, R"(
        r capacity -> 3
        s0 try_reserve -> p0
        s0 try_send v1 -> ok
        r capacity -> 1
        s0 capacity -> 1
        drop p0 -> ok
        drop s0 -> ok
        r capacity -> 2
        r try_recv -> some v1
        r capacity -> 3
    )");
}

// The original's semaphore of the largest size, as a channel.
TEST_P(conformance, the_largest_capacity_works_and_costs_nothing_in_advance) {
    run(model::largest_capacity, R"(
        s0 capacity -> 67108863
        s0 try_send v1 -> ok
        s0 capacity -> 67108862
        r try_recv -> some v1
        s0 max_capacity -> 67108863
    )");
}

// Clause: is_closed.on-close.
TEST_P(conformance, a_sender_is_closed_by_close_on_every_clone) {
    run(2, R"(
        s0 clone -> s1
        s0 is_closed -> false
        r close -> ok
        s0 is_closed -> true
        s1 is_closed -> true
        s1 clone -> s2
        s2 is_closed -> true
    )");
}

// Clauses: is_closed.on-drop, is_closed.never-by-senders.
TEST_P(conformance, a_sender_is_closed_by_the_receivers_drop_and_not_by_other_senders) {
    run(2, R"(
        s0 clone -> s1
        drop s1 -> ok
        s0 is_closed -> false
        drop r -> ok
        s0 is_closed -> true
    )");
}

// Original: test_rx_is_closed_when_calling_close_with_sender.
TEST_P(conformance, the_receiver_is_closed_by_close_though_a_sender_lives) {
    run(10, R"(
        r close -> ok
        r is_closed -> true
    )");
}

// Original: test_rx_is_closed_when_dropping_all_senders.
TEST_P(conformance, the_receiver_is_closed_when_all_senders_are_gone) {
    run(10, R"(
        s0 clone -> s1
        drop s1 -> ok
        r is_closed -> false
        drop s0 -> ok
        r is_closed -> true
    )");
}

// Original: test_rx_is_not_closed_when_there_are_senders.
TEST_P(conformance, the_receiver_is_not_closed_while_a_sender_lives) { run(10, "r is_closed -> false"); }

// Original: test_rx_is_not_closed_when_there_are_senders_and_buffer_filled.
TEST_P(conformance, the_receiver_is_not_closed_by_a_full_buffer) {
    script_text script = filled(10);
    script.add("r is_closed -> false");
    run(10, script.view());
}

// Original: test_rx_is_closed_when_there_are_no_senders_and_there_are_messages.
TEST_P(conformance, the_receiver_is_closed_without_senders_though_values_are_buffered) {
    script_text script = filled(10);
    script.add("drop s0 -> ok");
    script.add("r is_closed -> true");
    script.add("r try_recv -> some v1");
    run(10, script.view());
}

// Original: test_rx_is_closed_when_there_are_messages_and_close_is_called.
TEST_P(conformance, the_receiver_is_closed_by_close_though_values_are_buffered) {
    script_text script = filled(10);
    script.add("r close -> ok");
    script.add("r is_closed -> true");
    script.add("r try_recv -> some v1");
    run(10, script.view());
}

// Original: test_rx_is_not_closed_when_there_are_permits_but_not_senders.
TEST_P(conformance, the_receiver_is_not_closed_while_an_owned_permit_lives) {
    run(10, R"(
        s0 reserve_owned as f0 -> created
        r is_closed -> false
        poll f0 -> o0
        r is_closed -> false
        drop o0 -> ok
        r is_closed -> true
    )");
}

// Original: test_rx_is_empty_when_no_messages_were_sent.
TEST_P(conformance, a_new_channel_is_empty) { run(10, "r is_empty -> true"); }

// Original: test_rx_is_not_empty_when_there_are_messages_in_the_buffer.
TEST_P(conformance, a_channel_with_a_value_is_not_empty) {
    run(10, R"(
        s0 send v1 as f0 -> created
        r is_empty -> true
        poll f0 -> ok
        r is_empty -> false
    )");
}

// Original: test_rx_is_not_empty_when_the_buffer_is_full.
TEST_P(conformance, a_full_channel_is_not_empty) {
    script_text script = filled(10);
    script.add("r is_empty -> false");
    run(10, script.view());
}

// Original: test_rx_is_not_empty_when_all_but_one_messages_are_consumed.
TEST_P(conformance, a_channel_with_its_last_value_is_not_empty) {
    script_text script = filled(10);
    for (int v = 1; v <= 9; ++v) script.add("r try_recv -> some v{}", v);
    script.add("r is_empty -> false");
    run(10, script.view());
}

// Original: test_rx_is_empty_when_all_messages_are_consumed.
TEST_P(conformance, a_drained_channel_is_empty) {
    script_text script = filled(10);
    for (int v = 1; v <= 10; ++v) script.add("r try_recv -> some v{}", v);
    script.add("r try_recv -> empty");
    script.add("r is_empty -> true");
    run(10, script.view());
}

// Original: test_rx_is_empty_all_senders_are_dropped_and_messages_consumed.
TEST_P(conformance, a_drained_channel_without_senders_is_empty) {
    script_text script = filled(10);
    script.add("drop s0 -> ok");
    for (int v = 1; v <= 10; ++v) script.add("r try_recv -> some v{}", v);
    script.add("r is_empty -> true");
    script.add("r try_recv -> disconnected");
    script.add("r is_empty -> true");
    run(10, script.view());
}

// Original: test_rx_len_on_empty_channel.
TEST_P(conformance, a_new_channel_has_length_zero) { run(100, "r len -> 0"); }

// Original: test_rx_len_on_empty_channel_without_senders.
TEST_P(conformance, the_end_is_not_counted_in_the_length_of_an_empty_channel) {
    run(100, R"(
        drop s0 -> ok
        r len -> 0
    )");
}

// Original: test_rx_len_on_filled_channel.
TEST_P(conformance, a_full_channel_has_its_capacity_as_length) {
    script_text script = filled(100);
    script.add("r len -> 100");
    run(100, script.view());
}

// Original: test_rx_len_on_filled_channel_without_senders.
TEST_P(conformance, the_end_is_not_counted_in_the_length_of_a_full_channel) {
    script_text script = filled(100);
    script.add("drop s0 -> ok");
    script.add("r len -> 100");
    run(100, script.view());
}

// Original: test_rx_len_when_consuming_all_messages.
TEST_P(conformance, length_follows_every_send_and_every_receive) {
    script_text script;
    for (int v = 1; v <= 100; ++v) {
        script.add("s0 try_send v{} -> ok", v);
        script.add("r len -> {}", v);
    }
    script.add("drop s0 -> ok");
    for (int v = 1; v <= 100; ++v) {
        script.add("r try_recv -> some v{}", v);
        script.add("r len -> {}", 100 - v);
    }
    run(100, script.view());
}

// Original: test_rx_len_when_close_is_called.
TEST_P(conformance, close_does_not_change_the_length) {
    run(100, R"(
        s0 try_send v1 -> ok
        r close -> ok
        r len -> 1
    )");
}

// Original: test_rx_len_when_close_is_called_before_dropping_sender.
TEST_P(conformance, close_and_then_the_last_sender_do_not_change_the_length) {
    run(100, R"(
        s0 try_send v1 -> ok
        r close -> ok
        drop s0 -> ok
        r len -> 1
    )");
}

// Original: test_rx_len_when_close_is_called_after_dropping_sender.
TEST_P(conformance, the_last_sender_and_then_close_do_not_change_the_length) {
    run(100, R"(
        s0 try_send v1 -> ok
        drop s0 -> ok
        r close -> ok
        r len -> 1
    )");
}

// Original: test_is_empty_32_msgs.
TEST_P(conformance, a_channel_is_empty_after_each_of_many_pairs) {
    script_text script;
    for (int v = 1; v < 257; ++v) {
        script.add("s0 send v{} as f{} -> created", v, 2 * v - 2);
        script.add("poll f{} -> ok", 2 * v - 2);
        script.add("r recv as f{} -> created", 2 * v - 1);
        script.add("poll f{} -> some v{}", 2 * v - 1, v);
        script.add("r is_empty -> true");
    }
    run(33, script.view());
}

// Clauses: receiver.len, receiver.is_empty. Permits are not values.
TEST_P(conformance, length_counts_values_only) {
    run(4, R"(
        s0 try_reserve -> p0
        s0 try_reserve_many 2 -> i0 2
        r len -> 0
        r is_empty -> true
        p0 send v1 -> ok
        r len -> 1
        s0 try_send v2 -> ok
        s0 send v3 as f0 -> created
        poll f0 -> pending
        r len -> 2
        drop i0 -> ok ! f0
        r len -> 2
        poll f0 -> ok
        r len -> 3
    )");
}

// Clause: sender.len.
TEST_P(conformance, a_sender_sees_the_length_too) {
    run(4, R"(
        s0 len -> 0
        s0 try_reserve -> p0
        s0 len -> 0
        p0 send v1 -> ok
        s0 len -> 1
        s0 try_send v2 -> ok
        s0 len -> 2
        r close -> ok
        s0 len -> 2
        r try_recv -> some v1
        s0 len -> 1
        drop r -> ok ~ v2
        s0 len -> 0
    )");
}

}  // namespace tailrace::verify
