// Many permits at once: reserve_many and try_reserve_many, the iterator and its remainder, partial holds and requests
// of mixed sizes.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Original: reserve_many_above_cap.
TEST_P(conformance, reserve_many_above_the_capacity_fails_at_once) {
    run(1, R"(
        s0 reserve_many 2 as f0 -> created
        poll f0 -> closed
        s0 reserve_many 67108864 as f1 -> created
        poll f1 -> closed
        s0 reserve_many 18446744073709551615 as f2 -> created
        poll f2 -> closed
        s0 capacity -> 1
    )");
}

// Original: try_reserve_many_zero.
TEST_P(conformance, try_reserve_many_of_zero_succeeds_while_open_and_fails_when_closed) {
    run(1, R"(
        s0 try_reserve_many 0 -> i0 0
        i0 next -> none
        drop i0 -> ok
        s0 try_send v1 -> ok
        s0 try_reserve_many 0 -> i1 0
        i1 next -> none
        drop i1 -> ok
        drop r -> ok ~ v1
        s0 try_reserve_many 0 -> closed
    )");
}

// Original: reserve_many_zero.
TEST_P(conformance, reserve_many_of_zero_succeeds_while_open_and_fails_when_closed) {
    run(1, R"(
        s0 reserve_many 0 as f0 -> created
        poll f0 -> i0 0
        i0 next -> none
        drop i0 -> ok
        s0 send v1 as f1 -> created
        poll f1 -> ok
        s0 reserve_many 0 as f2 -> created
        poll f2 -> i1 0
        i1 next -> none
        drop i1 -> ok
        drop r -> ok ~ v1
        s0 reserve_many 0 as f3 -> created
        poll f3 -> closed
    )");
}

// Original: try_reserve_many_edge_cases.
TEST_P(conformance, try_reserve_many_takes_nothing_or_everything_at_its_edges) {
    run(1, R"(
        s0 try_reserve_many 0 -> i0 0
        i0 next -> none
        s0 try_reserve_many 67108864 -> full
        s0 try_reserve_many 18446744073709551615 -> full
        s0 capacity -> 1
        drop r -> ok
        s0 reserve_many 0 as f0 -> created
        poll f0 -> closed
    )");
}

// Original: reserve_many_and_send.
TEST_P(conformance, each_permit_of_reserve_many_delivers_one_value) {
    script_text script;
    int value = 0;
    for (int n = 0; n < 100; ++n) {
        script.add("s0 reserve_many {} as f{} -> created", n, n);
        script.add("poll f{} -> i{} {}", n, n, n);
        for (int i = 0; i < n; ++i) {
            script.add("i{} next -> p{}", n, value);
            script.add("p{} send v{} -> ok", value, value + 1);
            script.add("r try_recv -> some v{}", value + 1);
            ++value;
        }
        script.add("i{} next -> none", n);
        script.add("drop i{} -> ok", n);
        script.add("r try_recv -> empty");
    }
    run(100, script.view());
}

// Original: try_reserve_many_and_send.
TEST_P(conformance, each_permit_of_try_reserve_many_delivers_one_value) {
    script_text script;
    int value = 0;
    for (int n = 0; n < 100; ++n) {
        script.add("s0 try_reserve_many {} -> i{} {}", n, n, n);
        for (int i = 0; i < n; ++i) {
            script.add("i{} next -> p{}", n, value);
            script.add("p{} send v{} -> ok", value, value + 1);
            script.add("r try_recv -> some v{}", value + 1);
            ++value;
        }
        script.add("drop i{} -> ok", n);
        script.add("r try_recv -> empty");
    }
    run(100, script.view());
}

// Original: reserve_many_on_closed_channel.
TEST_P(conformance, reserve_many_fails_after_the_receiver_is_dropped) {
    run(100, R"(
        drop r -> ok
        s0 reserve_many 10 as f0 -> created
        poll f0 -> closed
    )");
}

// Original: try_reserve_many_on_closed_channel.
TEST_P(conformance, try_reserve_many_is_closed_after_the_receiver_is_dropped) {
    run(100, R"(
        drop r -> ok
        s0 try_reserve_many 10 -> closed
    )");
}

// Original: try_reserve_many_full. One channel for each n: it is back at full capacity after each
// k.
TEST_P(conformance, an_iterator_gives_back_exactly_what_was_not_used) {
    for (int n = 1; n < 100; ++n) {
        script_text script;
        int iterator = 0;
        int value = 0;
        for (int k = 0; k < n; ++k) {
            script.add("s0 try_reserve_many {} -> i{} {}", n, iterator, n);
            script.add("s0 capacity -> 0");
            script.add("s0 try_reserve_many 1 -> full");
            for (int i = 0; i < k; ++i) {
                script.add("i{} next -> p{}", iterator, value + i);
                script.add("p{} send v{} -> ok", value + i, value + i + 1);
            }
            script.add("drop i{} -> ok", iterator++);
            script.add("s0 capacity -> {}", n - k);
            script.add("s0 try_reserve_many 1 -> i{} 1", iterator);
            script.add("drop i{} -> ok", iterator++);
            script.add("s0 try_reserve_many {} -> full", n - k + 1);
            for (int i = 0; i < k; ++i) script.add("r try_recv -> some v{}", ++value);
            script.add("s0 capacity -> {}", n);
        }
        run(static_cast<std::uint64_t>(n), script.view());
    }
}

// Original: drop_permit_iterator_releases_permits.
TEST_P(conformance, dropping_all_permits_satisfies_a_waiter_that_wants_all_of_them) {
    for (int n = 1; n < 100; ++n) {
        script_text script;
        script.add("s0 clone -> s1");
        script.add("s0 reserve_many {} as f0 -> created", n);
        script.add("poll f0 -> i0 {}", n);
        script.add("s1 reserve_many {} as f1 -> created", n);
        script.add("poll f1 -> pending");
        script.add("drop i0 -> ok ! f1");
        script.add("poll f1 -> i1 {}", n);
        script.add("drop i1 -> ok");
        script.add("s0 capacity -> {}", n);
        run(static_cast<std::uint64_t>(n), script.view());
    }
}

// Original: poll_acquire_many_available.
TEST_P(conformance, reserve_many_takes_its_number_from_the_capacity) {
    run(100, R"(
        s0 capacity -> 100
        s0 reserve_many 5 as f0 -> created
        poll f0 -> i0 5
        s0 capacity -> 95
        s0 reserve_many 5 as f1 -> created
        poll f1 -> i1 5
        s0 capacity -> 90
    )");
}

// Original: try_acquire_many_available.
TEST_P(conformance, try_reserve_many_takes_its_number_from_the_capacity) {
    run(100, R"(
        s0 capacity -> 100
        s0 try_reserve_many 5 -> i0 5
        s0 capacity -> 95
        s0 try_reserve_many 5 -> i1 5
        s0 capacity -> 90
    )");
}

// Original: poll_acquire_many_unavailable.
TEST_P(conformance, a_waiter_collects_its_permits_piece_by_piece) {
    run(5, R"(
        s0 reserve as f0 -> created
        poll f0 -> p0
        s0 capacity -> 4
        s0 reserve_many 5 as f1 -> created
        poll f1 -> pending
        s0 capacity -> 0
        s0 reserve_many 3 as f2 -> created
        poll f2 -> pending
        s0 capacity -> 0
        drop p0 -> ok ! f1
        s0 capacity -> 0
        poll f1 -> i0 5
        s0 capacity -> 0
        i0 next -> p1
        i0 next -> p2
        i0 next -> p3
        drop p1 -> ok
        s0 capacity -> 0
        drop i0 -> ok ! f2
        poll f2 -> i1 3
        s0 capacity -> 0
        drop p2 -> ok
        s0 capacity -> 1
    )");
}

// Original: try_acquire_many_unavailable.
TEST_P(conformance, try_reserve_many_takes_all_or_nothing) {
    run(5, R"(
        s0 try_reserve -> p0
        s0 capacity -> 4
        s0 try_reserve_many 5 -> full
        s0 capacity -> 4
        drop p0 -> ok
        s0 capacity -> 5
        s0 try_reserve_many 5 -> i0 5
        i0 next -> p1
        drop p1 -> ok
        s0 capacity -> 1
        i0 next -> p2
        drop p2 -> ok
        s0 capacity -> 2
    )");
}

// Original: cancel_acquire_releases_permits.
TEST_P(conformance, a_cancelled_waiter_gives_back_what_it_had_collected) {
    run(10, R"(
        s0 try_reserve_many 4 -> i0 4
        s0 capacity -> 6
        s0 reserve_many 8 as f0 -> created
        poll f0 -> pending
        s0 capacity -> 0
        drop f0 -> ok
        s0 capacity -> 6
        s0 try_reserve_many 6 -> i1 6
    )");
}

// Original: update_permits_many_times. The part that is not about forgetting permits.
TEST_P(conformance, what_a_waiter_does_not_need_of_a_batch_stays_free) {
    run(10, R"(
        s0 try_reserve_many 5 -> i0 5
        s0 reserve_many 7 as f0 -> created
        poll f0 -> pending
        drop i0 -> ok ! f0
        poll f0 -> i1 7
        s0 capacity -> 3
    )");
}

// Clause: try_reserve_many.above-max.
TEST_P(conformance, more_than_the_capacity_is_full_for_try_even_when_closed) {
    run(2, R"(
        r close -> ok
        s0 try_reserve_many 3 -> full
        s0 try_reserve_many 2 -> closed
        s0 reserve_many 3 as f0 -> created
        poll f0 -> closed
    )");
}

// Clauses: reserve_many.zero, try_reserve_many.zero.
TEST_P(conformance, a_request_for_zero_permits_never_waits) {
    run(1, R"(
        s0 try_reserve -> p0
        s0 reserve as f0 -> created
        poll f0 -> pending
        s0 reserve_many 0 as f1 -> created
        poll f1 -> i0 0
        s0 try_reserve_many 0 -> i1 0
        drop p0 -> ok ! f0
        s0 try_reserve_many 0 -> i2 0
        drop i1 -> ok
        poll f0 -> p1
    )");
}

// Clause: release.head-of-line.
TEST_P(conformance, a_partly_served_head_blocks_smaller_requests_behind_it) {
    run(4, R"(
        s0 try_reserve_many 3 -> i0 3
        s0 reserve_many 3 as f0 -> created
        poll f0 -> pending
        s0 capacity -> 0
        s0 reserve as f1 -> created
        poll f1 -> pending
        s0 send v1 as f2 -> created
        poll f2 -> pending
        i0 next -> p0
        drop p0 -> ok
        poll f1 -> pending
        s0 try_send v2 -> full v2
        i0 next -> p1
        drop p1 -> ok ! f0
        i0 next -> p2
        drop p2 -> ok ! f1
        poll f0 -> i1 3
        drop i1 -> ok ! f2
        poll f2 -> ok
        poll f1 -> p3
        s0 capacity -> 2
    )");
}

// Clause: cancel.partial-head.
TEST_P(conformance, cancelling_a_partly_served_head_serves_those_behind_it) {
    run(4, R"(
        s0 try_reserve -> p0
        s0 reserve_many 4 as f0 -> created
        poll f0 -> pending
        s0 reserve as f1 -> created
        poll f1 -> pending
        s0 reserve_many 3 as f2 -> created
        poll f2 -> pending
        s0 reserve as f3 -> created
        poll f3 -> pending
        drop f0 -> ok ! f1
        drop p0 -> ok ! f2
        poll f1 -> p1
        drop p1 -> ok ! f3
        poll f2 -> i0 3
        poll f3 -> p2
    )");
}

// Clauses: iterator.remainder, release.oldest-first.
TEST_P(conformance, the_remainder_of_an_iterator_goes_to_the_waiters_in_one_step) {
    run(4, R"(
        s0 try_reserve_many 4 -> i0 4
        s0 reserve as f0 -> created
        poll f0 -> pending
        s0 reserve_many 2 as f1 -> created
        poll f1 -> pending
        s0 reserve_many 2 as f2 -> created
        poll f2 -> pending
        i0 next -> p0
        drop i0 -> ok ! f0 f1
        drop p0 -> ok
        poll f1 -> i1 2
        drop i1 -> ok ! f2
        poll f2 -> i2 2
        poll f0 -> p1
        s0 capacity -> 1
    )");
}

// More than any batch of wakes could hold.
TEST_P(conformance, forty_waiters_are_woken_by_one_step_in_order) {
    script_text script;
    script.add("s0 try_reserve_many 40 -> i0 40");
    std::string woken;
    for (int i = 0; i < 40; ++i) {
        script.add("s0 reserve as f{} -> created", i);
        script.add("poll f{} -> pending", i);
        woken += fmt::format(" f{}", i);
    }
    script.add("drop i0 -> ok !{}", woken);
    for (int i = 39; i >= 0; --i) script.add("poll f{} -> p{}", i, 39 - i);
    script.add("s0 capacity -> 0");
    run(40, script.view());
}

}  // namespace tailrace::verify
