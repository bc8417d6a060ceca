// Weak senders and the counts of senders.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Original: weak_sender.
TEST_P(conformance, an_upgraded_sender_sends_in_order_and_the_end_forbids_upgrading) {
    script_text script;
    script.add("s0 clone -> s1");
    script.add("s1 downgrade -> w0");
    script.add("drop s1 -> ok");
    for (int v = 1; v <= 10; ++v) {
        script.add("s0 send v{} as f{} -> created", v, v - 1);
        script.add("poll f{} -> ok", v - 1);
    }
    script.add("w0 upgrade -> s2");
    script.add("s2 send v20 as f10 -> created");
    script.add("poll f10 -> ok");
    script.add("s2 downgrade -> w1");
    script.add("drop s2 -> ok");
    script.add("drop w0 -> ok");
    script.add("drop s0 -> ok");
    for (int i = 0; i < 10; ++i) {
        script.add("r recv as f{} -> created", 11 + i);
        script.add("poll f{} -> some v{}", 11 + i, i + 1);
    }
    script.add("r recv as f21 -> created");
    script.add("poll f21 -> some v20");
    script.add("r recv as f22 -> created");
    script.add("poll f22 -> none");
    script.add("w1 upgrade -> none");
    run(11, script.view());
}

// Original: actor_weak_sender.
TEST_P(conformance, a_receiver_with_a_weak_sender_to_itself_ends_when_the_others_go) {
    run(8, R"(
        s0 clone -> s1
        s1 downgrade -> w0
        drop s1 -> ok
        r recv as f0 -> created
        poll f0 -> pending
        s0 send v1 as f1 -> created
        poll f1 -> ok ! f0
        poll f0 -> some v1
        w0 clone -> w1
        w1 upgrade -> s2
        s2 send v2 as f2 -> created
        poll f2 -> ok
        s2 downgrade -> w2
        drop w0 -> ok
        drop s2 -> ok
        drop w1 -> ok
        r recv as f3 -> created
        poll f3 -> some v2
        r recv as f4 -> created
        poll f4 -> pending
        drop s0 -> ok ! f4
        poll f4 -> none
        w2 upgrade -> none
    )");
}

// Original: downgrade_upgrade_sender_success.
TEST_P(conformance, a_weak_sender_upgrades_while_a_sender_lives) {
    run(1, R"(
        s0 downgrade -> w0
        w0 upgrade -> s1
        drop s0 -> ok
        s1 try_send v1 -> ok
        r try_recv -> some v1
    )");
}

// Original: downgrade_upgrade_sender_failure.
TEST_P(conformance, a_weak_sender_does_not_upgrade_after_the_last_sender) {
    run(1, R"(
        s0 downgrade -> w0
        drop s0 -> ok
        w0 upgrade -> none
        r try_recv -> disconnected
    )");
}

// Original: downgrade_drop_upgrade.
TEST_P(conformance, a_weak_sender_of_a_clone_does_not_upgrade_after_the_last_sender) {
    run(1, R"(
        s0 clone -> s1
        s1 downgrade -> w0
        drop s1 -> ok
        drop s0 -> ok
        w0 upgrade -> none
    )");
}

// Original: downgrade_get_permit_upgrade_no_senders.
TEST_P(conformance, an_owned_permit_counts_as_a_sender_for_upgrading) {
    run(1, R"(
        s0 downgrade -> w0
        s0 reserve_owned as f0 -> created
        poll f0 -> o0
        w0 upgrade -> s1
        drop s1 -> ok
        drop o0 -> ok
        w0 upgrade -> none
    )");
}

// Original: downgrade_upgrade_get_permit_no_senders.
TEST_P(conformance, a_sender_downgraded_beside_an_owned_permit_upgrades_again) {
    run(1, R"(
        s0 clone -> s1
        s0 reserve_owned as f0 -> created
        poll f0 -> o0
        s1 downgrade -> w0
        drop s1 -> ok
        w0 upgrade -> s2
        s2 capacity -> 0
    )");
}

// Clause: weak.owned-counts. So does the sender inside an unfinished operation.
TEST_P(conformance, an_unfinished_reserve_owned_counts_as_a_sender_for_upgrading) {
    run(1, R"(
        s0 downgrade -> w0
        s0 reserve_owned as f0 -> created
        w0 upgrade -> s1
        drop s1 -> ok
        r recv as f1 -> created
        poll f1 -> pending
        drop f0 -> ok ! f1
        w0 upgrade -> none
        poll f1 -> none
    )");
}

// Clause: reserve_owned.failure-drops-sender.
TEST_P(conformance, the_sender_of_a_failed_reserve_owned_is_gone_for_upgrading) {
    run(1, R"(
        s0 downgrade -> w0
        s0 try_send v1 -> ok
        s0 reserve_owned as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        w0 upgrade -> s1
        drop s1 -> ok
        poll f0 -> closed
        w0 upgrade -> none
    )");
}

// Original: test_tx_count_weak_sender.
TEST_P(conformance, no_number_of_weak_senders_replaces_a_sender) {
    run(1, R"(
        s0 downgrade -> w0
        s0 downgrade -> w1
        drop s0 -> ok
        w0 upgrade -> none
        w1 upgrade -> none
    )");
}

// Original: test_rx_is_closed_when_dropping_all_senders_except_weak_senders.
TEST_P(conformance, weak_senders_do_not_keep_the_channel_open) {
    run(10, R"(
        s0 clone -> s1
        s0 downgrade -> w0
        r is_closed -> false
        drop s0 -> ok
        r is_closed -> false
        drop s1 -> ok
        r is_closed -> true
    )");
}

TEST_P(conformance, a_waiting_receive_ends_though_a_weak_sender_lives) {
    run(2, R"(
        s0 downgrade -> w0
        r recv as f0 -> created
        poll f0 -> pending
        drop s0 -> ok ! f0
        poll f0 -> none
        drop w0 -> ok
    )");
}

// A weak sender still upgrades when only the receiver has closed or gone; the new sender can do
// nothing but find that out.
TEST_P(conformance, a_weak_sender_upgrades_on_a_closed_channel) {
    run(1, R"(
        s0 downgrade -> w0
        r close -> ok
        w0 upgrade -> s1
        s1 try_send v1 -> closed v1
        drop r -> ok
        w0 upgrade -> s2
        s2 try_send v2 -> closed v2
    )");
}

// Original: sender_strong_count_when_cloned.
TEST_P(conformance, a_clone_is_counted_by_every_sender) {
    run(1, R"(
        s0 strong_count -> 1
        s0 clone -> s1
        s0 strong_count -> 2
        s1 strong_count -> 2
    )");
}

TEST_P(conformance, a_clone_is_counted_by_the_receiver) {
    run(1, R"(
        s0 clone -> s1
        r sender_strong_count -> 2
        drop s0 -> ok
        r sender_strong_count -> 1
        drop s1 -> ok
        r sender_strong_count -> 0
    )");
}

// Original: sender_strong_count_when_dropped.
TEST_P(conformance, a_dropped_clone_is_no_longer_counted) {
    run(1, R"(
        s0 clone -> s1
        drop s1 -> ok
        s0 strong_count -> 1
    )");
}

// Original: sender_weak_count_when_downgraded.
TEST_P(conformance, a_weak_sender_is_counted_by_every_handle) {
    run(1, R"(
        s0 weak_count -> 0
        s0 downgrade -> w0
        s0 weak_count -> 1
        w0 weak_count -> 1
        r sender_weak_count -> 1
        s0 strong_count -> 1
    )");
}

// Clause: weak.clone.
TEST_P(conformance, a_cloned_weak_sender_is_counted_too) {
    run(1, R"(
        s0 downgrade -> w0
        w0 clone -> w1
        s0 weak_count -> 2
        drop w0 -> ok
        w1 weak_count -> 1
        w1 upgrade -> s1
    )");
}

// Original: sender_weak_count_when_dropped.
TEST_P(conformance, a_dropped_weak_sender_is_no_longer_counted) {
    run(1, R"(
        s0 downgrade -> w0
        drop w0 -> ok
        s0 weak_count -> 0
    )");
}

// Original: sender_strong_and_weak_conut.
TEST_P(conformance, all_handles_agree_on_both_counts) {
    run(1, R"(
        s0 clone -> s1
        s0 downgrade -> w0
        s1 downgrade -> w1
        s0 strong_count -> 2
        s1 strong_count -> 2
        w0 strong_count -> 2
        w1 strong_count -> 2
        r sender_strong_count -> 2
        s0 weak_count -> 2
        s1 weak_count -> 2
        w0 weak_count -> 2
        w1 weak_count -> 2
        r sender_weak_count -> 2
        drop s1 -> ok
        drop w1 -> ok
        s0 strong_count -> 1
        w0 strong_count -> 1
        r sender_strong_count -> 1
        s0 weak_count -> 1
        w0 weak_count -> 1
        r sender_weak_count -> 1
    )");
}

// Clause: counts.owned.
TEST_P(conformance, owned_permits_and_unfinished_reserve_owned_are_counted_as_senders) {
    run(1, R"(
        s0 clone -> s1
        s0 clone -> s2
        s1 try_reserve_owned -> o0
        s0 strong_count -> 3
        s2 reserve_owned as f0 -> created
        s0 strong_count -> 3
        poll f0 -> pending
        s0 strong_count -> 3
        drop o0 -> ok ! f0
        s0 strong_count -> 2
        drop f0 -> ok
        s0 strong_count -> 1
    )");
}

}  // namespace tailrace::verify
