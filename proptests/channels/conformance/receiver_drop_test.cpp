// The receiver is dropped first: what fails, what is destroyed, and the fate of outstanding permits.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Original: dropping_rx_closes_channel.
TEST_P(conformance, dropping_the_receiver_destroys_the_buffer_and_fails_reserve) {
    run(100, R"(
        s0 try_send v1 -> ok
        drop r -> ok ~ v1
        s0 reserve as f0 -> created
        poll f0 -> closed
    )");
}

TEST_P(conformance, dropping_the_receiver_destroys_the_buffer_and_fails_reserve_many) {
    run(100, R"(
        s0 try_send v1 -> ok
        drop r -> ok ~ v1
        s0 reserve_many 10 as f0 -> created
        poll f0 -> closed
    )");
}

// Original: dropping_rx_closes_channel_for_try.
TEST_P(conformance, dropping_the_receiver_closes_every_attempt) {
    run(100, R"(
        s0 try_send v1 -> ok
        drop r -> ok ~ v1
        s0 try_send v2 -> closed v2
        s0 try_reserve -> closed
        s0 try_reserve_owned -> closed
        s0 capacity -> 100
    )");
}

// Original: unconsumed_messages_are_dropped.
TEST_P(conformance, an_unreceived_value_is_destroyed_with_the_receiver) {
    run(100, R"(
        s0 try_send v1 -> ok
        drop s0 -> ok
        drop r -> ok ~ v1
    )");
}

// Original: test_msgs_dropped_on_rx_drop.
TEST_P(conformance, a_send_created_early_sends_when_polled_and_a_later_one_fails) {
    run(3, R"(
        s0 send v1 as f0 -> created
        poll f0 -> ok
        s0 send v2 as f1 -> created
        poll f1 -> ok
        s0 send v3 as f2 -> created
        r recv as f3 -> created
        poll f3 -> some v1
        r recv as f4 -> created
        poll f4 -> some v2
        poll f2 -> ok
        drop r -> ok ~ v3
        s0 send v4 as f5 -> created
        poll f5 -> closed v4
    )");
}

// Clauses: receiver-drop.destroys, receiver-drop.fifo.
TEST_P(conformance, buffered_values_are_destroyed_in_order_and_their_permits_come_back) {
    run(5, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s0 try_reserve -> p0
        s0 try_send v3 -> ok
        drop r -> ok ~ v1 v2 v3
        s0 capacity -> 4
        drop p0 -> ok
        s0 capacity -> 5
    )");
}

TEST_P(conformance, dropping_the_receiver_fails_and_wakes_the_waiters_in_order) {
    run(2, R"(
        s0 try_send v1 -> ok
        s0 try_send v2 -> ok
        s0 send v3 as f0 -> created
        poll f0 -> pending
        s0 reserve as f1 -> created
        poll f1 -> pending
        s0 closed as f2 -> created
        poll f2 -> pending
        drop r -> ok ! f0 f1 f2 ~ v1 v2
        poll f0 -> closed v3
        poll f1 -> closed
        poll f2 -> done
        s0 capacity -> 2
    )");
}

TEST_P(conformance, a_granted_send_fails_when_the_receiver_is_dropped_before_its_poll) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 send v2 as f0 -> created
        poll f0 -> pending
        r try_recv -> some v1 ! f0
        drop r -> ok
        s0 capacity -> 0
        poll f0 -> closed v2
        s0 capacity -> 1
    )");
}

// Clauses: late-send.destroyed, late-send.capacity.
TEST_P(conformance, a_value_sent_with_a_permit_after_the_receiver_is_gone_dies_at_once) {
    run(3, R"(
        s0 try_send v1 -> ok
        s0 try_reserve -> p0
        s0 try_reserve -> p1
        drop r -> ok ~ v1
        s0 capacity -> 1
        p1 send v2 -> ok ~ v2
        s0 capacity -> 2
        p0 send v3 -> ok ~ v3
        s0 capacity -> 3
    )");
}

TEST_P(conformance, a_value_sent_with_an_owned_permit_after_the_receiver_is_gone_dies_at_once) {
    run(2, R"(
        s0 try_reserve_owned -> o0
        drop r -> ok
        o0 send v1 -> s1 ~ v1
        s1 capacity -> 2
        s1 try_send v2 -> closed v2
    )");
}

TEST_P(conformance, a_permit_of_an_iterator_used_after_the_receiver_is_gone_comes_back) {
    run(3, R"(
        s0 try_reserve_many 3 -> i0 3
        drop r -> ok
        i0 next -> p0
        p0 send v1 -> ok ~ v1
        s0 capacity -> 1
        drop i0 -> ok
        s0 capacity -> 3
    )");
}

// After close() the receiver may still be dropped: then the buffered values are destroyed, and values of outstanding
// permits are destroyed when they are sent.
TEST_P(conformance, dropping_a_closed_receiver_destroys_what_close_had_kept) {
    run(3, R"(
        s0 try_send v1 -> ok
        s0 try_reserve -> p0
        r close -> ok
        p0 send v2 -> ok
        s0 closed as f0 -> created
        poll f0 -> done
        drop r -> ok ~ v1 v2
        s0 capacity -> 3
    )");
}

TEST_P(conformance, every_value_of_a_long_buffer_is_destroyed_once_and_in_order) {
    script_text script;
    std::string destroyed;
    for (int v = 1; v <= 100; ++v) {
        script.add("s0 try_send v{} -> ok", v);
        if (v <= 30) {
            script.add("r try_recv -> some v{}", v);
        } else {
            destroyed += fmt::format(" v{}", v);
        }
    }
    script.add("drop r -> ok ~{}", destroyed);
    script.add("s0 capacity -> 70");
    run(70, script.view());
}

}  // namespace tailrace::verify
