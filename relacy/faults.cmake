# For each scenario a mistake in the channels that it catches, and the scheduler that does.
include(TailraceFault)

# relacy_fault(<name> TARGET <reference|optimized> FAMILIES <family>... SAYS <regex> CAUGHT_BY <scenario>/<scheduler>...)
# The fault tree relacy_<name> is there already. Each test runs one scenario, with one scheduler, of a program that has
# nothing but these families for that target. No tests if the fault is not among those that are run.
function(relacy_fault name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TARGET;SAYS" "FAMILIES;CAUGHT_BY")
    set(program relacy_${name})
    set(tree "${CMAKE_BINARY_DIR}/faults/${program}")
    list(TRANSFORM arg_FAMILIES REPLACE "(.+)" "scenarios/\\1.${arg_TARGET}.cpp" OUTPUT_VARIABLE sources)
    tailrace_relacy_program(${program} EXCLUDE_FROM_ALL ${sources})
    target_include_directories(${program} BEFORE PRIVATE "${tree}/impl/include" "${tree}/model/include")
    target_compile_options(${program} PRIVATE -O1 -g0 -w) # a mistake may well leave something unused
    # A tool that reads all sources has seen these already.
    set_target_properties(${program} PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
    tailrace_choose_fault(chosen)
    if(NOT chosen)
        return()
    endif()
    tailrace_fault_program(${program})
    foreach(pair IN LISTS arg_CAUGHT_BY)
        string(REGEX MATCH "^(.+)/(random|bound)$" matched "${pair}")
        if(NOT matched)
            message(FATAL_ERROR "fault ${name}: '${pair}' is not <scenario>/<random|bound>")
        endif()
        set(scenario "${CMAKE_MATCH_1}")
        set(scheduler "${CMAKE_MATCH_2}")
        set(test "faults.${program}.${scenario}.${scheduler}")
        add_test(NAME ${test}
                 COMMAND "${CMAKE_COMMAND}" -D "EXPECT=FAILED: .*(${arg_SAYS})" -P
                         "${PROJECT_SOURCE_DIR}/cmake/expect_caught.cmake" -- "$<TARGET_FILE:${program}>" --scenario
                         ${scenario} --scheduler ${scheduler} run)
        set_tests_properties(${test} PROPERTIES LABELS faults FIXTURES_REQUIRED tailrace_faults)
    endforeach()
endfunction()

set(core impl/include/tailrace/detail/core.hpp)
set(ring impl/include/tailrace/detail/ring.hpp)
set(interruptible_wait impl/include/tailrace/detail/interruptible_wait.hpp)
set(blocking impl/include/tailrace/detail/blocking.hpp)
set(permit_wait impl/include/tailrace/detail/permit_wait.hpp)
set(reference_core model/include/tailrace/model/reference_core.hpp)

# ---- The optimised channel: a receive that parks

tailrace_fault_tree(
    NAME relacy_end_wakes_nobody
    FILE ${core}
    FIND "if (previous != slot_empty && previous != slot_end"
    REPLACE "if (false && previous != slot_empty && previous != slot_end")
relacy_fault(
    end_wakes_nobody
    TARGET optimized
    FAMILIES receive_against_drop
    SAYS DEADLOCK
    CAUGHT_BY
        receive_against_drop.last_drop.blocking/random
        receive_against_drop.last_drop.driven/bound
        receive_against_drop.owned_permit.blocking/random
        receive_against_drop.owned_permit.driven/bound
        receive_against_drop.send_then_drop.blocking/random
        receive_against_drop.send_then_drop.driven/bound)

tailrace_fault_tree(
    NAME relacy_last_drop_without_release
    FILE ${core}
    FIND "strong_.fetch_sub(1, std::memory_order_acq_rel)"
    REPLACE "strong_.fetch_sub(1, std::memory_order_acquire)")
relacy_fault(
    last_drop_without_release
    TARGET optimized
    FAMILIES receive_against_drop
    SAYS "a channel's assertion failed|FREED MEMORY|DATA RACE"
    CAUGHT_BY
        receive_against_drop.two_senders.blocking/random
        receive_against_drop.two_senders.driven/bound)

tailrace_fault_tree(
    NAME relacy_close_posts_no_end
    FILE ${core}
    FIND "if (used(w) == 0)"
    REPLACE "if (false)")
relacy_fault(
    close_posts_no_end
    TARGET optimized
    FAMILIES receive_against_drop
    SAYS DEADLOCK
    CAUGHT_BY
        receive_against_drop.own_close.driven/random
        receive_against_drop.own_close.driven/bound)

tailrace_fault_tree(
    NAME relacy_cancelled_receive_waits_for_nobody
    FILE ${core}
    FIND "!n.done.load(std::memory_order_acquire); ++turn"
    REPLACE "false && !n.done.load(std::memory_order_acquire); ++turn")
relacy_fault(
    cancelled_receive_waits_for_nobody
    TARGET optimized
    FAMILIES receive_against_drop
    SAYS "FREED MEMORY|DATA RACE"
    CAUGHT_BY
        receive_against_drop.cancelled.driven/random
        receive_against_drop.cancelled.driven/bound)

tailrace_fault_tree(
    NAME relacy_timeout_leaves_with_a_wake_up_owed
    FILE ${blocking}
    FIND "if (how == stopped::woken)"
    REPLACE "if (false)")
relacy_fault(
    timeout_leaves_with_a_wake_up_owed
    TARGET optimized
    FAMILIES receive_against_drop waiting_send
    SAYS "FREED MEMORY"
    CAUGHT_BY
        receive_against_drop.deadline.blocking/random
        receive_against_drop.deadline.blocking/bound
        waiting_send.deadline.blocking/random
        waiting_send.deadline.blocking/bound
        waiting_send.deadline_hands_on.blocking/bound)

# ---- The optimised channel: a send that waits

tailrace_fault_tree(
    NAME relacy_publish_without_acquire
    FILE ${core}
    FIND "s.state.exchange(slot_full, std::memory_order_acq_rel)"
    REPLACE "s.state.exchange(slot_full, std::memory_order_release)")
relacy_fault(
    publish_without_acquire
    TARGET optimized
    FAMILIES waiting_send
    SAYS "DATA RACE"
    CAUGHT_BY
        waiting_send.against_receive.blocking/random
        waiting_send.against_receive.driven/bound
        waiting_send.against_receive_and_close.driven/bound)

tailrace_fault_tree(
    NAME relacy_receive_hands_nothing_over
    FILE ${core}
    FIND "if (has_waiters(w) && !is_closed(w)) hand_over();"
    REPLACE "")
relacy_fault(
    receive_hands_nothing_over
    TARGET optimized
    FAMILIES waiting_send
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_send.against_receive.driven/random
        waiting_send.two_waiters.blocking/random
        waiting_send.two_waiters.driven/bound)

tailrace_fault_tree(
    NAME relacy_enqueue_does_not_look_at_closed
    FILE ${core}
    FIND "if (is_closed(seen)) return verdict::failed;"
    REPLACE "")
relacy_fault(
    enqueue_does_not_look_at_closed
    TARGET optimized
    FAMILIES waiting_send
    SAYS "DEADLOCK|FREED MEMORY"
    CAUGHT_BY
        waiting_send.against_close.blocking/random
        waiting_send.against_close.driven/bound
        waiting_send.against_receiver_drop.blocking/random
        waiting_send.against_receiver_drop.driven/bound)

tailrace_fault_tree(
    NAME relacy_last_permit_posts_no_end
    FILE ${core}
    FIND "if (used(w) == n) post_end(tail(w));"
    REPLACE "")
relacy_fault(
    last_permit_posts_no_end
    TARGET optimized
    FAMILIES waiting_send
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_send.permit_against_close.blocking/random
        waiting_send.permit_against_close.driven/bound
        waiting_send.reserve_against_close.blocking/random
        waiting_send.reserve_against_close.driven/bound
        waiting_send.against_receive_and_close.blocking/random)

tailrace_fault_tree(
    NAME relacy_nobody_takes_the_orphan
    FILE ${core}
    FIND "if (previous == slot_orphan) {\n            drain();\n        } else"
    REPLACE "if (previous == slot_orphan) {\n        } else")
relacy_fault(
    nobody_takes_the_orphan
    TARGET optimized
    FAMILIES waiting_send
    SAYS "a value that nobody can receive any more is dead"
    CAUGHT_BY
        waiting_send.permit_against_receiver_drop.driven/random
        waiting_send.permit_against_receiver_drop.driven/bound)

# ---- The optimised channel: waits that are given up

tailrace_fault_tree(
    NAME relacy_cancelled_grant_is_kept
    FILE ${permit_wait}
    FIND "(void)core_->withdraw(node_);\n        core_->return_permits(node_.held.load());"
    REPLACE "(void)core_->withdraw(node_);")
relacy_fault(
    cancelled_grant_is_kept
    TARGET optimized
    FAMILIES waiting_cancel
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_cancel.against_receive.blocking/random
        waiting_cancel.against_receive.driven/bound
        waiting_cancel.against_close.blocking/random
        waiting_cancel.against_close.driven/bound)

tailrace_fault_tree(
    NAME relacy_cancelled_stays_on_the_list
    FILE ${core}
    FIND "static verdict settle(node& n) noexcept {\n        waiter_list<Platform>::unlink(n);"
    REPLACE "static verdict settle(node& n) noexcept {")
relacy_fault(
    cancelled_stays_on_the_list
    TARGET optimized
    FAMILIES waiting_cancel
    SAYS "FREED MEMORY"
    CAUGHT_BY
        waiting_cancel.against_wakes.blocking/random
        waiting_cancel.against_wakes.driven/bound)

tailrace_fault_tree(
    NAME relacy_poll_keeps_the_old_waker
    FILE ${core}
    FIND "if (n.state.load(std::memory_order_relaxed) == wait_state::queued) {\n            n.waker.store(w);"
    REPLACE "if (n.state.load(std::memory_order_relaxed) == wait_state::queued) {")
relacy_fault(
    poll_keeps_the_old_waker
    TARGET optimized
    FAMILIES waiting_cancel
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_cancel.new_waker.driven/random
        waiting_cancel.new_waker.driven/bound)

# The hold's place and what it held in two critical sections.
tailrace_fault_tree(
    NAME relacy_hold_goes_back_after_its_place
    FILE ${core}
    FIND "} else if (held > 0) {"
    REPLACE "} else {
            n.held.store(held);  // its owner gives it back
        }
        if (false) {")
relacy_fault(
    hold_goes_back_after_its_place
    TARGET optimized
    FAMILIES cancel_points
    SAYS "what a hold that was given up had is free"
    CAUGHT_BY
        cancel_points.hold_with_one_behind.blocking/bound
        cancel_points.hold_with_one_behind.driven/bound)

# ---- The optimised channel: old permits. The random search seldom comes this far.

tailrace_fault_tree(
    NAME relacy_old_permit_without_acquire
    FILE ${core}
    FIND "word_.fetch_add(one_ticket, std::memory_order_acquire)"
    REPLACE "word_.fetch_add(one_ticket, std::memory_order_relaxed)")
relacy_fault(
    old_permit_without_acquire
    TARGET optimized
    FAMILIES old_permit
    SAYS "DATA RACE"
    CAUGHT_BY
        old_permit.late_send.blocking/bound
        old_permit.late_send.driven/bound
        old_permit.new_storage.blocking/bound
        old_permit.new_storage.driven/bound)

tailrace_fault_tree(
    NAME relacy_late_resume_without_acquire
    FILE ${core}
    FIND "word_.compare_exchange_strong(w, w + one_ticket, std::memory_order_acquire,"
    REPLACE "word_.compare_exchange_strong(w, w + one_ticket, std::memory_order_relaxed,")
relacy_fault(
    late_resume_without_acquire
    TARGET optimized
    FAMILIES old_permit
    SAYS "DATA RACE"
    CAUGHT_BY
        old_permit.late_resume.blocking/random
        old_permit.late_resume.driven/bound)

tailrace_fault_tree(
    NAME relacy_async_context_is_ignored
    FILE ${blocking}
    FIND "if (Platform::in_async_context()) {"
    REPLACE "if (false) {")
relacy_fault(
    async_context_is_ignored
    TARGET optimized
    FAMILIES misuse
    SAYS "refuses to run|DEADLOCK"
    CAUGHT_BY
        misuse.async_context.blocking/random
        misuse.async_context.driven/bound)

# ---- The optimised channel: batches and storage

tailrace_fault_tree(
    NAME relacy_hold_is_not_given_back
    FILE ${core}
    FIND "} else if (held > 0) {"
    REPLACE "} else if (false) {")
relacy_fault(
    hold_is_not_given_back
    TARGET optimized
    FAMILIES batches
    SAYS DEADLOCK
    CAUGHT_BY
        batches.cancelled_hold.blocking/random
        batches.cancelled_hold.driven/bound)

tailrace_fault_tree(
    NAME relacy_place_goes_before_the_hold
    FILE ${core}
    FIND "word_.fetch_sub(waiters_bit + held * one_used, std::memory_order_relaxed);"
    REPLACE "word_.fetch_and(~waiters_bit, std::memory_order_relaxed);
            word_.fetch_sub(held * one_used, std::memory_order_relaxed);")
relacy_fault(
    place_goes_before_the_hold
    TARGET optimized
    FAMILIES batches
    SAYS "the hold has both permits, or nobody has one"
    CAUGHT_BY
        batches.last_hold.driven/random
        batches.last_hold.driven/bound)

tailrace_fault_tree(
    NAME relacy_hand_over_serves_behind_the_head
    FILE ${core}
    FIND "if (held + part != n.need) break;"
    REPLACE "")
relacy_fault(
    hand_over_serves_behind_the_head
    TARGET optimized
    FAMILIES batches
    SAYS DEADLOCK
    CAUGHT_BY
        batches.partial_hold.blocking/random
        batches.partial_hold.driven/bound)

tailrace_fault_tree(
    NAME relacy_failed_hold_is_kept
    FILE ${permit_wait}
    FIND "if (v == verdict::failed) core_->return_permits(node_.held.load());"
    REPLACE "")
relacy_fault(
    failed_hold_is_kept
    TARGET optimized
    FAMILIES batches
    SAYS DEADLOCK
    CAUGHT_BY
        batches.hold_against_close.blocking/bound
        batches.hold_against_close.driven/bound)

tailrace_fault_tree(
    NAME relacy_batch_returns_one_permit
    FILE ${core}
    FIND "word_.fetch_sub(n * one_used, std::memory_order_release);"
    REPLACE "word_.fetch_sub(one_used, std::memory_order_release);")
relacy_fault(
    batch_returns_one_permit
    TARGET optimized
    FAMILIES batches
    SAYS "DEADLOCK|all capacity is back"
    CAUGHT_BY
        batches.batch_frees_two.blocking/random
        batches.batch_frees_two.driven/bound)

tailrace_fault_tree(
    NAME relacy_remainder_goes_back_one_by_one
    FILE impl/include/tailrace/permit.hpp
    FIND "if (core_) core_->return_permits(size_);"
    REPLACE "while (core_ && size_-- != 0) core_->return_permits(1);")
relacy_fault(
    remainder_goes_back_one_by_one
    TARGET optimized
    FAMILIES batches
    SAYS "a remainder goes back in one step"
    CAUGHT_BY
        batches.remainder.driven/random
        batches.remainder.driven/bound)

tailrace_fault_tree(
    NAME relacy_upgrade_revives
    FILE ${core}
    FIND "if (count == 0) return false;"
    REPLACE "")
relacy_fault(
    upgrade_revives
    TARGET optimized
    FAMILIES batches
    SAYS "FREED MEMORY"
    CAUGHT_BY
        batches.upgrade_against_last_drop.blocking/random
        batches.upgrade_against_last_drop.driven/bound)

tailrace_fault_tree(
    NAME relacy_limit_without_acquire
    FILE ${ring}
    FIND "const word_type limit = limit_.load(std::memory_order_acquire);"
    REPLACE "const word_type limit = limit_.load(std::memory_order_relaxed);")
relacy_fault(
    limit_without_acquire
    TARGET optimized
    FAMILIES storage
    SAYS "DATA RACE|a value was put where another one still is"
    CAUGHT_BY
        storage.grows_while_used.blocking/random
        storage.grows_while_used.driven/random)

tailrace_fault_tree(
    NAME relacy_recycles_too_early
    FILE ${ring}
    FIND "if (head % block_slots == 0 && !turns_in_place_) recycle(head / block_slots - 1);"
    REPLACE "if (!turns_in_place_) recycle(head / block_slots);")
relacy_fault(
    recycles_too_early
    TARGET optimized
    FAMILIES storage
    SAYS "FREED MEMORY"
    CAUGHT_BY
        storage.grows_while_used.driven/random
        storage.late_send.blocking/bound)

tailrace_fault_tree(
    NAME relacy_directory_without_acquire
    FILE ${ring}
    FIND "const directory& d = *directory_.load(std::memory_order_acquire);"
    REPLACE "const directory& d = *directory_.load(std::memory_order_relaxed);")
relacy_fault(
    directory_without_acquire
    TARGET optimized
    FAMILIES storage
    SAYS "DATA RACE"
    CAUGHT_BY
        storage.late_send.driven/random
        storage.late_send.driven/bound)

# ---- The optimised channel: two that may end a wait

tailrace_fault_tree(
    NAME relacy_wake_does_not_wait_for_the_clock
    FILE ${interruptible_wait}
    FIND "if (disarmed || (before & source_over) != 0) done();"
    REPLACE "done();")
relacy_fault(
    wake_does_not_wait_for_the_clock
    TARGET optimized
    FAMILIES interruption
    SAYS "FREED MEMORY|woken once|DATA RACE"
    CAUGHT_BY
        interruption.send.driven/random
        interruption.send.driven/bound
        interruption.send_against_close.driven/bound
        interruption.recv.driven/bound
        interruption.listen.driven/bound)

tailrace_fault_tree(
    NAME relacy_deadline_does_not_wait_for_the_wake_up
    FILE ${interruptible_wait}
    FIND "return how != stopped::woken || (add(then) & op_woke) != 0;"
    REPLACE "return true;")
relacy_fault(
    deadline_does_not_wait_for_the_wake_up
    TARGET optimized
    FAMILIES interruption
    SAYS "FREED MEMORY|woken once|DATA RACE"
    CAUGHT_BY
        interruption.send.driven/random
        interruption.send.driven/bound
        interruption.recv.driven/bound)

tailrace_fault_tree(
    NAME relacy_early_wake_up_is_forgotten
    FILE ${interruptible_wait}
    FIND "if ((before & op_woke) != 0) return (before & (source_over | source_came)) != 0;"
    REPLACE "if ((before & op_woke) != 0) return false;")
relacy_fault(
    early_wake_up_is_forgotten
    TARGET optimized
    FAMILIES interruption
    SAYS DEADLOCK
    CAUGHT_BY
        interruption.recv.driven/random
        interruption.send.driven/bound)

# ---- The reference channel

tailrace_fault_tree(
    NAME relacy_reference_notifies_nobody
    FILE ${reference_core}
    FIND "bed->second->door.notify_one();"
    REPLACE "")
relacy_fault(
    reference_notifies_nobody
    TARGET reference
    FAMILIES receive_against_drop
    SAYS DEADLOCK
    CAUGHT_BY
        receive_against_drop.last_drop.blocking/random
        receive_against_drop.send_then_drop.blocking/bound
        receive_against_drop.two_senders.blocking/random
        receive_against_drop.owned_permit.blocking/bound)

# The wake-up outside the mutex: between the sleeper's look and its sleep, or after it has gone.
tailrace_fault_tree(
    NAME relacy_reference_wakes_outside_the_mutex
    FILE ${reference_core}
    FIND "std::vector<waker> wakers;\n"
    REPLACE "lock.unlock();\n        std::vector<waker> wakers;\n"
    FILE ${reference_core}
    FIND "lock.unlock();\n        for (const waker& w : wakers) w();"
    REPLACE "for (const waker& w : wakers) w();")
relacy_fault(
    reference_wakes_outside_the_mutex
    TARGET reference
    FAMILIES waiting_send
    SAYS "DEADLOCK|FREED MEMORY"
    CAUGHT_BY
        waiting_send.against_receive.blocking/random
        waiting_send.against_close.blocking/random
        waiting_send.permit_against_close.blocking/random
        waiting_send.deadline.blocking/bound)

# The mutex is let go between the poll that says "pending" and the bed that is made for it.
tailrace_fault_tree(
    NAME relacy_reference_looks_and_then_sleeps
    FILE ${reference_core}
    FIND "sleepers_[number] = &bed;\n"
    REPLACE "lock.unlock();\n            lock.lock();\n            sleepers_[number] = &bed;\n")
relacy_fault(
    reference_looks_and_then_sleeps
    TARGET reference
    FAMILIES waiting_send
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_send.two_waiters.blocking/random
        waiting_send.reserve_against_close.blocking/bound
        waiting_send.against_receiver_drop.blocking/bound
        waiting_send.against_receive_and_close.blocking/random)

tailrace_fault_tree(
    NAME relacy_reference_timeout_beats_success
    FILE ${reference_core}
    FIND "if (!bed.woken) return finish(lock, time_out(number));"
    REPLACE "if (deadline) return finish(lock, time_out(number));")
relacy_fault(
    reference_timeout_beats_success
    TARGET reference
    FAMILIES waiting_send
    SAYS "timeout is said only after the deadline"
    CAUGHT_BY
        waiting_send.deadline.blocking/random
        waiting_send.deadline_hands_on.blocking/bound)

tailrace_fault_tree(
    NAME relacy_reference_calls_no_waker
    FILE ${reference_core}
    FIND "wakers.push_back(w->second);"
    REPLACE "")
relacy_fault(
    reference_calls_no_waker
    TARGET reference
    FAMILIES waiting_cancel
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_cancel.new_waker.driven/random
        waiting_cancel.against_wakes.driven/bound)

tailrace_fault_tree(
    NAME relacy_reference_cancel_wakes_nobody
    FILE ${reference_core}
    FIND "(void)finish(lock, take_locked(drop_of(number)));"
    REPLACE "(void)take_locked(drop_of(number));")
relacy_fault(
    reference_cancel_wakes_nobody
    TARGET reference
    FAMILIES waiting_cancel
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_cancel.against_receive.blocking/random
        waiting_cancel.against_receive.driven/bound
        waiting_cancel.against_close.blocking/random
        waiting_cancel.against_close.driven/bound)
