// closed(): a sender waits for the close of the receive half.
// After a change here run: ci/test -L conformance
#include "conformance.hpp"

namespace tailrace::verify {

// Clauses: closed.on-drop, closed.all.
TEST_P(conformance, every_listener_on_every_clone_is_woken_when_the_receiver_is_dropped) {
    run(2, R"(
        s0 clone -> s1
        s0 closed as f0 -> created
        poll f0 -> pending
        s1 closed as f1 -> created
        poll f1 -> pending
        s0 closed as f2 -> created
        poll f2 -> pending
        s0 is_closed -> false
        drop r -> ok ! f0 f1 f2
        s1 is_closed -> true
        poll f2 -> done
        poll f0 -> done
        poll f1 -> done
    )");
}

// Clause: closed.on-close.
TEST_P(conformance, a_listener_is_woken_by_close_though_values_are_still_buffered) {
    run(2, R"(
        s0 try_send v1 -> ok
        s0 closed as f0 -> created
        poll f0 -> pending
        r close -> ok ! f0
        poll f0 -> done
        r try_recv -> some v1
    )");
}

TEST_P(conformance, a_listener_that_comes_after_close_is_done_at_once) {
    run(2, R"(
        r close -> ok
        s0 closed as f0 -> created
        poll f0 -> done
        drop r -> ok
        s0 closed as f1 -> created
        poll f1 -> done
    )");
}

TEST_P(conformance, a_listener_is_woken_by_nothing_but_the_end_of_the_receive_half) {
    run(1, R"(
        s0 clone -> s1
        s0 closed as f0 -> created
        poll f0 -> pending
        s1 try_send v1 -> ok
        r try_recv -> some v1
        s1 try_reserve -> p0
        drop p0 -> ok
        drop s1 -> ok
        poll f0 -> pending
        r close -> ok ! f0
        poll f0 -> done
    )");
}

// Clause: close.wake-order.
TEST_P(conformance, close_wakes_the_waiters_before_the_listeners) {
    run(1, R"(
        s0 try_send v1 -> ok
        s0 closed as f0 -> created
        s0 closed as f1 -> created
        poll f1 -> pending
        s0 reserve as f2 -> created
        poll f2 -> pending
        poll f0 -> pending
        s0 send v2 as f3 -> created
        poll f3 -> pending
        r close -> ok ! f2 f3 f1 f0
        poll f0 -> done
        poll f1 -> done
        poll f2 -> closed
        poll f3 -> closed v2
    )");
}

TEST_P(conformance, a_cancelled_listener_is_not_woken_and_does_not_disturb_the_others) {
    run(1, R"(
        s0 closed as f0 -> created
        poll f0 -> pending
        s0 closed as f1 -> created
        poll f1 -> pending
        s0 closed as f2 -> created
        poll f2 -> pending
        drop f1 -> ok
        r close -> ok ! f0 f2
        drop f0 -> ok
        poll f2 -> done
    )");
}

// A listener that was never polled does not wait yet, and has no effect on those that do.
TEST_P(conformance, a_listener_never_polled_is_not_woken) {
    run(1, R"(
        s0 closed as f0 -> created
        s0 closed as f1 -> created
        poll f1 -> pending
        r close -> ok ! f1
        poll f0 -> done
        poll f1 -> done
    )");
}

// A bug once found in the optimised channel: the second poll queued the listener anew, behind the others.
TEST_P(conformance, a_listener_polled_again_keeps_its_place) {
    run(1, R"(
        s0 closed as f0 -> created
        s0 closed as f1 -> created
        poll f0 -> pending
        poll f1 -> pending
        poll f0 -> pending
        r close -> ok ! f0 f1
        poll f0 -> done
        poll f1 -> done
    )");
}

// More than any batch of wakes could hold.
TEST_P(conformance, close_wakes_forty_listeners_in_order) {
    script_text script;
    std::string woken;
    for (int i = 0; i < 40; ++i) {
        script.add("s0 closed as f{} -> created", i);
        script.add("poll f{} -> pending", i);
        woken += fmt::format(" f{}", i);
    }
    script.add("drop r -> ok !{}", woken);
    for (int i = 39; i >= 0; --i) script.add("poll f{} -> done", i);
    run(1, script.view());
}

}  // namespace tailrace::verify
