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
    if(chosen)
        tailrace_fault_program(${program})
    endif()
    foreach(pair IN LISTS arg_CAUGHT_BY)
        string(REGEX MATCH "^(.+)/(random|bound)$" matched "${pair}")
        if(NOT matched)
            message(FATAL_ERROR "fault ${name}: '${pair}' is not <scenario>/<random|bound>")
        endif()
        set(scenario "${CMAKE_MATCH_1}")
        set(scheduler "${CMAKE_MATCH_2}")
        string(REGEX MATCH "^[^.]+" family "${scenario}")
        if(NOT family IN_LIST arg_FAMILIES)
            message(FATAL_ERROR "fault ${name}: '${pair}' is of a family that its program does not have")
        endif()
        set_property(GLOBAL APPEND_STRING PROPERTY tailrace_relacy_catches
                                                   "${name}\t${arg_TARGET}\t${arg_SAYS}\t${scenario}\t${scheduler}\n")
        if(NOT chosen)
            continue()
        endif()
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
    FAMILIES receive_against_drop counting
    SAYS DEADLOCK
    CAUGHT_BY
        counting.one_end.driven/bound
        counting.one_end.driven/random
        receive_against_drop.last_drop.awaited/bound
        receive_against_drop.last_drop.blocking/random
        receive_against_drop.last_drop.driven/bound
        receive_against_drop.owned_permit.blocking/random
        receive_against_drop.owned_permit.driven/bound
        receive_against_drop.send_then_drop.awaited/bound
        receive_against_drop.send_then_drop.blocking/bound
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
        receive_against_drop.two_senders.blocking/bound
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
        receive_against_drop.own_close.driven/bound
        receive_against_drop.own_close.driven/random)

tailrace_fault_tree(
    NAME relacy_cancelled_receive_waits_for_nobody
    FILE ${core}
    FIND "!n.done.load(std::memory_order_acquire); ++turn"
    REPLACE "false && !n.done.load(std::memory_order_acquire); ++turn")
relacy_fault(
    cancelled_receive_waits_for_nobody
    TARGET optimized
    FAMILIES receive_against_drop cancel_points receiver_drop
    SAYS "FREED MEMORY|DATA RACE"
    CAUGHT_BY
        cancel_points.receive_against_the_end.blocking/bound
        cancel_points.receive_against_the_end.blocking/random
        cancel_points.receive_against_the_end.driven/bound
        cancel_points.receive_against_the_end.driven/random
        receive_against_drop.cancelled.driven/bound
        receive_against_drop.cancelled.driven/random
        receiver_drop.with_its_receive.driven/bound
        receiver_drop.with_its_receive.driven/random)

# The receiver goes and leaves its receive in the slot that it waits for.
tailrace_fault_tree(
    NAME relacy_receiver_goes_before_its_receive
    FILE ${core}
    FIND "        n->sent.store(n->parked.load() && !unpark(*n));\n"
    REPLACE "")
relacy_fault(
    receiver_goes_before_its_receive
    TARGET optimized
    FAMILIES receiver_drop
    SAYS "LIVELOCK|FREED MEMORY|DATA RACE|none|woken once"
    CAUGHT_BY
        receiver_drop.before_its_receive.driven/bound
        receiver_drop.before_its_receive.driven/random)

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
        receive_against_drop.deadline.blocking/bound
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
    FIND "if (has_waiters(w) && !is_closed(w)) return hand_over();"
    REPLACE "")
relacy_fault(
    receive_hands_nothing_over
    TARGET optimized
    FAMILIES waiting_send
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_send.against_receive.awaited/random
        waiting_send.against_receive.driven/random
        waiting_send.two_waiters.awaited/bound
        waiting_send.two_waiters.blocking/random
        waiting_send.two_waiters.driven/bound)

tailrace_fault_tree(
    NAME relacy_enqueue_does_not_look_at_closed
    FILE ${core}
    FIND "if (is_closed(seen))
                return decide(n, verdict::failed);"
    REPLACE "")
relacy_fault(
    enqueue_does_not_look_at_closed
    TARGET optimized
    FAMILIES waiting_send
    SAYS "DEADLOCK|FREED MEMORY"
    CAUGHT_BY
        waiting_send.against_close.awaited/bound
        waiting_send.against_close.blocking/random
        waiting_send.against_close.driven/bound
        waiting_send.against_receiver_drop.blocking/random
        waiting_send.against_receiver_drop.driven/bound)

tailrace_fault_tree(
    NAME relacy_queues_without_a_second_look
    FILE ${core}
    FIND "part = smaller(max_ - used(seen), n.need);"
    REPLACE "part = 0;")
relacy_fault(
    queues_without_a_second_look
    TARGET optimized
    FAMILIES waiting_send
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_send.against_receive.blocking/bound
        waiting_send.deadline_hands_on.blocking/random
        waiting_send.two_waiters.blocking/bound
        waiting_send.two_waiters.driven/random)

tailrace_fault_tree(
    NAME relacy_last_permit_posts_no_end
    FILE ${core}
    FIND "if (used(w) == n) post_end(tail(w));"
    REPLACE "")
relacy_fault(
    last_permit_posts_no_end
    TARGET optimized
    FAMILIES waiting_send permits
    SAYS DEADLOCK
    CAUGHT_BY
        permits.turns_against_close.blocking/bound
        permits.turns_against_close.blocking/random
        permits.turns_against_close.driven/bound
        permits.turns_against_close.driven/random
        waiting_send.against_receive_and_close.blocking/random
        waiting_send.permit_against_close.blocking/bound
        waiting_send.permit_against_close.blocking/random
        waiting_send.permit_against_close.driven/bound
        waiting_send.permit_against_close.driven/random
        waiting_send.reserve_against_close.blocking/random
        waiting_send.reserve_against_close.driven/bound)

tailrace_fault_tree(
    NAME relacy_nobody_takes_the_orphan
    FILE ${core}
    FIND "if (previous == slot_orphan) {\n            const pin alive(*this);\n            drain();\n        } else"
    REPLACE "if (previous == slot_orphan) {\n        } else")
relacy_fault(
    nobody_takes_the_orphan
    TARGET optimized
    FAMILIES waiting_send
    SAYS "a value that nobody can receive any more is dead"
    CAUGHT_BY
        waiting_send.permit_against_receiver_drop.driven/bound
        waiting_send.permit_against_receiver_drop.driven/random)

# ---- The optimised channel: waits that are given up

tailrace_fault_tree(
    NAME relacy_cancelled_grant_is_kept
    FILE ${permit_wait}
    FIND "finish().return_permits(held());"
    REPLACE "(void)finish();")
relacy_fault(
    cancelled_grant_is_kept
    TARGET optimized
    FAMILIES waiting_cancel cancel_points permits
    SAYS "DEADLOCK|all capacity is back when nothing is left in the channel"
    CAUGHT_BY
        cancel_points.hold_against_send.blocking/bound
        cancel_points.hold_against_send.blocking/random
        cancel_points.hold_against_send.driven/bound
        cancel_points.hold_against_send.driven/random
        cancel_points.last_sender_inside.blocking/bound
        cancel_points.last_sender_inside.blocking/random
        cancel_points.last_sender_inside.driven/bound
        cancel_points.last_sender_inside.driven/random
        permits.cancels_against_return.driven/bound
        permits.cancels_against_return.driven/random
        waiting_cancel.against_close.blocking/random
        waiting_cancel.against_close.driven/bound
        waiting_cancel.against_receive.blocking/random
        waiting_cancel.against_receive.driven/bound)

tailrace_fault_tree(
    NAME relacy_cancelled_stays_on_the_list
    FILE ${core}
    FIND "static verdict settle(node& n) noexcept {\n        waiter_list<Platform>::unlink(n);"
    REPLACE "static verdict settle(node& n) noexcept {")
relacy_fault(
    cancelled_stays_on_the_list
    TARGET optimized
    FAMILIES waiting_cancel cancel_points
    SAYS "FREED MEMORY"
    CAUGHT_BY
        cancel_points.against_receiver_drop.blocking/bound
        cancel_points.against_receiver_drop.blocking/random
        cancel_points.against_receiver_drop.driven/bound
        cancel_points.against_receiver_drop.driven/random
        waiting_cancel.against_wakes.blocking/random
        waiting_cancel.against_wakes.driven/bound)

tailrace_fault_tree(
    NAME relacy_cancelled_waiter_stays_in_the_queue
    FILE ${core}
    FIND "waiter_list<Platform>::unlink(n);
        n.state.store(wait_state::created, std::memory_order_relaxed);
        const word_type held"
    REPLACE "n.state.store(wait_state::created, std::memory_order_relaxed);
        const word_type held")
relacy_fault(
    cancelled_waiter_stays_in_the_queue
    TARGET optimized
    FAMILIES waiting_cancel
    SAYS "FREED MEMORY|DEADLOCK"
    CAUGHT_BY
        waiting_cancel.against_close.blocking/bound
        waiting_cancel.against_close.driven/random
        waiting_cancel.against_receive.blocking/bound
        waiting_cancel.against_receive.driven/random)

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
        waiting_cancel.new_waker.driven/bound
        waiting_cancel.new_waker.driven/random)

tailrace_fault_tree(
    NAME relacy_polled_again_queues_again
    FILE ${core}
    FIND "n.waker.store(w);
            return verdict::none;"
    REPLACE "n.waker.store(w);
            waiters_.push_back(n);
            return verdict::none;")
relacy_fault(
    polled_again_queues_again
    TARGET optimized
    FAMILIES waiting_cancel
    SAYS "DEADLOCK|FREED MEMORY|ASSERT"
    CAUGHT_BY
        waiting_cancel.new_waker.driven/bound
        waiting_cancel.new_waker.driven/random)

# The hold's place and what it held in two critical sections.
tailrace_fault_tree(
    NAME relacy_hold_goes_back_after_its_place
    FILE ${core}
    FIND "} else if (held > 0) {"
    REPLACE "} else {
            n.held.store(held);  // its owner gives it back
        }
        if (false) {"
    FILE ${permit_wait}
    FIND "(void)finish();
        return stopped::undecided;"
    REPLACE "finish().return_permits(held());
        return stopped::undecided;")
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
        old_permit.late_resume.blocking/bound
        old_permit.late_resume.driven/bound)

tailrace_fault_tree(
    NAME relacy_async_context_is_ignored
    FILE ${blocking}
    FIND "if (Platform::in_async_context() || "
    REPLACE "if (")
relacy_fault(
    async_context_is_ignored
    TARGET optimized
    FAMILIES misuse
    SAYS "refuses to run|DEADLOCK"
    CAUGHT_BY
        misuse.async_context.blocking/bound
        misuse.async_context.blocking/random
        misuse.async_context.driven/bound
        misuse.async_context.driven/random)

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
        batches.cancelled_hold.blocking/bound
        batches.cancelled_hold.blocking/random
        batches.cancelled_hold.driven/bound
        batches.cancelled_hold.driven/random)

tailrace_fault_tree(
    NAME relacy_place_goes_before_the_hold
    FILE ${core}
    FIND "word_.fetch_sub(waiters_bit + held * one_used, std::memory_order_release);"
    REPLACE "word_.fetch_and(~waiters_bit, std::memory_order_relaxed);
            word_.fetch_sub(held * one_used, std::memory_order_release);")
relacy_fault(
    place_goes_before_the_hold
    TARGET optimized
    FAMILIES batches
    SAYS "the hold has both permits, or nobody has one"
    CAUGHT_BY
        batches.last_hold.driven/bound
        batches.last_hold.driven/random)

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
        batches.partial_hold.blocking/bound
        batches.partial_hold.driven/bound)

tailrace_fault_tree(
    NAME relacy_failed_hold_is_kept
    FILE ${permit_wait}
    FIND "if (v == verdict::failed) return {v, held()};"
    REPLACE "if (v == verdict::failed) return {v};")
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
    FAMILIES batches permits
    SAYS "DEADLOCK|all capacity is back"
    CAUGHT_BY
        batches.batch_frees_two.blocking/bound
        batches.batch_frees_two.blocking/random
        batches.batch_frees_two.driven/bound
        batches.batch_frees_two.driven/random
        permits.request_against_return.driven/bound
        permits.request_against_return.driven/random)

tailrace_fault_tree(
    NAME relacy_remainder_goes_back_one_by_one
    FILE impl/include/tailrace/permit.hpp
    FIND "if (core_) core_.release().return_permits(size_);"
    REPLACE "if (!core_) return;
        for (auto& c = core_.release(); size_ != 0; --size_) c.return_permits(1);")
relacy_fault(
    remainder_goes_back_one_by_one
    TARGET optimized
    FAMILIES batches
    SAYS "a remainder goes back in one step"
    CAUGHT_BY
        batches.remainder.driven/bound
        batches.remainder.driven/random)

tailrace_fault_tree(
    NAME relacy_upgrade_revives
    FILE ${core}
    FIND "if (count == 0) return false;"
    REPLACE "")
relacy_fault(
    upgrade_revives
    TARGET optimized
    FAMILIES batches
    SAYS "FREED MEMORY|DATA RACE|channel's assertion"
    CAUGHT_BY
        batches.upgrade_against_last_drop.blocking/bound
        batches.upgrade_against_last_drop.blocking/random
        batches.upgrade_against_last_drop.driven/bound
        batches.upgrade_against_last_drop.driven/random)

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
        storage.large_claim.driven/bound)

tailrace_fault_tree(
    NAME relacy_recycles_too_early
    FILE ${ring}
    FIND "        if (head % block_slots != 0) return;
        if (!turns_in_place_) return recycle(head / block_slots - 1);"
    REPLACE "        if (!turns_in_place_) return recycle(head / block_slots);
        if (head % block_slots != 0) return;")
relacy_fault(
    recycles_too_early
    TARGET optimized
    FAMILIES storage
    SAYS "FREED MEMORY|DATA RACE"
    CAUGHT_BY
        storage.grows_while_used.blocking/bound
        storage.grows_while_used.blocking/random
        storage.grows_while_used.driven/bound
        storage.grows_while_used.driven/random)

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
        storage.end_in_new_block.blocking/bound
        storage.end_in_new_block.driven/bound
        storage.late_send.driven/bound
        storage.late_send.driven/random)

# The end has a ticket, and goes into the block of that ticket.
tailrace_fault_tree(
    NAME relacy_end_in_the_front_block
    FILE ${ring}
    FIND "        const std::lock_guard guard(growing_);
        return at(ticket);"
    REPLACE "        const std::lock_guard guard(growing_);
        return front(ticket);")
relacy_fault(
    end_in_the_front_block
    TARGET optimized
    FAMILIES orders
    SAYS "DEADLOCK|DATA RACE|ASSERT"
    CAUGHT_BY
        orders.end_in_old_block.driven/bound
        orders.end_in_old_block.driven/random)

# Storage that an idle channel gives back.
function(gives_back_fault name find replace scenario)
    tailrace_fault_tree(NAME relacy_${name} FILE ${ring} FIND "${find}" REPLACE "${replace}")
    relacy_fault(
        ${name}
        TARGET optimized
        FAMILIES storage
        SAYS "FREED MEMORY|DATA RACE|put where another one still is"
        CAUGHT_BY ${ARGN} ${scenario})
endfunction()
gives_back_fault(era_stays "const word_type change = to_next_era(w);" "const word_type change = 0;"
    storage.given_back.driven/bound storage.given_back.driven/random)
gives_back_fault(gives_back_what_is_in_use
    "limit_.store(is_idle(w) ? limit_of(kept_blocks) : old_limit, std::memory_order_relaxed);
            if (!is_idle(w)) return;" "limit_.store(limit_of(kept_blocks), std::memory_order_relaxed);"
    storage.given_back.driven/bound storage.given_back.driven/random)
gives_back_fault(directory_given_back_in_use
    "if (used(word.fetch_add(0, std::memory_order_acq_rel)) != 0) {" "if (false) {"
    storage.given_back_beside_a_send.driven/bound)
gives_back_fault(limit_is_lowered_last
    "            limit_.store(limit_of(0), std::memory_order_relaxed);
" "" storage.given_back.driven/bound storage.given_back.driven/random)
gives_back_fault(gives_back_without_acquire
    "w = word.fetch_xor(change, std::memory_order_acq_rel);" "w = word.fetch_xor(change, std::memory_order_release);"
    storage.given_back_by_a_cancel.driven/bound)
tailrace_fault_tree(
    NAME relacy_queues_unprepared
    FILE ${core}
    FIND "if (!ring_.has_all()) return verdict::unprepared;"
    REPLACE "")
relacy_fault(
    queues_unprepared
    TARGET optimized
    FAMILIES storage
    SAYS "FREED MEMORY|DATA RACE|put where another one still is"
    CAUGHT_BY
        storage.given_back_before_a_wait.driven/bound
        storage.given_back_before_a_wait.driven/random)

# ---- The optimised channel: one memory order a step weaker

tailrace_fault_tree(
    NAME relacy_end_without_release
    FILE ${core}
    FIND "ring_.at_end(ticket).state.exchange(slot_end, std::memory_order_acq_rel);"
    REPLACE "ring_.at_end(ticket).state.exchange(slot_end, std::memory_order_acquire);")
relacy_fault(
    end_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.none_tells.driven/bound
        orders.none_tells.driven/random)

tailrace_fault_tree(
    NAME relacy_late_ticket_without_acquire
    FILE ${core}
    FIND "} while (
            !word_.compare_exchange_strong(w, w + one_ticket, std::memory_order_acquire,"
    REPLACE "} while (!word_.compare_exchange_strong(w, w + one_ticket, std::memory_order_relaxed,")
relacy_fault(
    late_ticket_without_acquire
    TARGET optimized
    FAMILIES old_permit
    SAYS "DATA RACE"
    CAUGHT_BY
        old_permit.late_resume.blocking/bound
        old_permit.late_resume.driven/bound)

tailrace_fault_tree(
    NAME relacy_queueing_without_release
    FILE ${core}
    FIND "std::memory_order_release, std::memory_order_relaxed)) {
                n.held.store(part);"
    REPLACE "std::memory_order_relaxed, std::memory_order_relaxed)) {
                n.held.store(part);")
relacy_fault(
    queueing_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.room_after_all.driven/bound)

tailrace_fault_tree(
    NAME relacy_close_without_release
    FILE ${core}
    FIND "(w | closed_bit) & ~waiters_bit, std::memory_order_release,"
    REPLACE "(w | closed_bit) & ~waiters_bit,
                                                std::memory_order_relaxed,")
relacy_fault(
    close_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.close_tells_why.try_send.driven/bound
        orders.close_tells_why.try_send.driven/random
        orders.close_tells_why.try_send_after_a_drop.driven/bound
        orders.close_tells_why.try_send_after_a_drop.driven/random
        orders.close_tells_why.try_reserve.driven/bound
        orders.close_tells_why.try_reserve.driven/random
        orders.close_tells_why.try_reserve_after_a_drop.driven/bound
        orders.close_tells_why.try_reserve_after_a_drop.driven/random
        orders.close_tells_why.reserve.driven/bound
        orders.close_tells_why.reserve.driven/random
        orders.close_tells_why.reserve_after_a_drop.driven/bound
        orders.close_tells_why.reserve_after_a_drop.driven/random
        orders.close_tells_why.is_closed.driven/bound
        orders.close_tells_why.is_closed.driven/random
        orders.close_tells_why.is_closed_after_a_drop.driven/bound
        orders.close_tells_why.is_closed_after_a_drop.driven/random
        orders.close_tells_why.waiting_send.driven/bound
        orders.close_tells_why.waiting_send.driven/random
        orders.close_tells_why.waiting_reserve.driven/bound
        orders.close_tells_why.waiting_reserve.driven/random)

tailrace_fault_tree(
    NAME relacy_closed_answer_without_acquire
    FILE ${core}
    FIND "word_type w = word_.load(std::memory_order_acquire);
            if (is_closed(w)) return claim_result::closed;"
    REPLACE "word_type w = word_.load(std::memory_order_relaxed);
            if (is_closed(w)) return claim_result::closed;")
relacy_fault(
    closed_answer_without_acquire
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.close_tells_why.try_send.driven/bound
        orders.close_tells_why.try_send.driven/random
        orders.close_tells_why.try_send_after_a_drop.driven/bound
        orders.close_tells_why.try_send_after_a_drop.driven/random
        orders.close_tells_why.try_reserve.driven/bound
        orders.close_tells_why.try_reserve.driven/random
        orders.close_tells_why.try_reserve_after_a_drop.driven/bound
        orders.close_tells_why.try_reserve_after_a_drop.driven/random
        orders.close_tells_why.reserve.driven/bound
        orders.close_tells_why.reserve.driven/random
        orders.close_tells_why.reserve_after_a_drop.driven/bound
        orders.close_tells_why.reserve_after_a_drop.driven/random
        orders.close_tells_why.waiting_send.driven/bound
        orders.close_tells_why.waiting_reserve.driven/bound)

tailrace_fault_tree(
    NAME relacy_is_closed_without_acquire
    FILE ${core}
    FIND "return is_closed(word_.load(std::memory_order_acquire));"
    REPLACE "return is_closed(word_.load(std::memory_order_relaxed));")
relacy_fault(
    is_closed_without_acquire
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.close_tells_why.is_closed.driven/bound
        orders.close_tells_why.is_closed.driven/random
        orders.close_tells_why.is_closed_after_a_drop.driven/bound
        orders.close_tells_why.is_closed_after_a_drop.driven/random)

tailrace_fault_tree(
    NAME relacy_none_without_acquire
    FILE ${core}
    FIND "const word_type w = word_.load(std::memory_order_acquire);"
    REPLACE "const word_type w = word_.load(std::memory_order_relaxed);")
relacy_fault(
    none_without_acquire
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.unused_permit_tells.driven/bound
        orders.unused_permit_tells.driven/random)

tailrace_fault_tree(
    NAME relacy_return_without_release
    FILE ${core}
    FIND "const word_type w = word_.fetch_sub(n * one_used, std::memory_order_acq_rel);"
    REPLACE "const word_type w = word_.fetch_sub(n * one_used, std::memory_order_acquire);")
relacy_fault(
    return_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.permit_is_a_semaphore.mutex.blocking/bound
        orders.permit_is_a_semaphore.mutex.blocking/random
        orders.permit_is_a_semaphore.mutex.driven/bound
        orders.permit_is_a_semaphore.mutex.driven/random
        orders.permit_is_a_semaphore.of_another.driven/bound
        orders.permit_is_a_semaphore.of_another.driven/random
        orders.permit_is_a_semaphore.try_reserve.driven/bound
        orders.permit_is_a_semaphore.try_reserve.driven/random
        orders.unused_permit_tells.driven/bound
        orders.unused_permit_tells.driven/random)

tailrace_fault_tree(
    NAME relacy_receive_without_release
    FILE ${core}
    FIND "const word_type w = word_.fetch_sub(n * one_used, std::memory_order_release);"
    REPLACE "const word_type w = word_.fetch_sub(n * one_used, std::memory_order_relaxed);")
relacy_fault(
    receive_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.permit_is_a_semaphore.received.driven/bound
        orders.permit_is_a_semaphore.received.driven/random
        orders.room_tells.driven/bound
        orders.room_tells.driven/random)

tailrace_fault_tree(
    NAME relacy_cancelled_hold_without_release
    FILE ${core}
    FIND "word_.fetch_sub(waiters_bit + held * one_used, std::memory_order_release);"
    REPLACE "word_.fetch_sub(waiters_bit + held * one_used, std::memory_order_relaxed);")
relacy_fault(
    cancelled_hold_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.permit_is_a_semaphore.cancelled_hold.driven/bound
        orders.permit_is_a_semaphore.cancelled_hold.driven/random)

tailrace_fault_tree(
    NAME relacy_cancelled_head_without_release
    FILE ${core}
    FIND "word_.fetch_sub(held * one_used, std::memory_order_release);"
    REPLACE "word_.fetch_sub(held * one_used, std::memory_order_relaxed);")
relacy_fault(
    cancelled_head_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.permit_is_a_semaphore.cancelled_hold_with_one_behind.driven/bound)

tailrace_fault_tree(
    NAME relacy_return_without_acquire
    FILE ${core}
    FIND "const word_type w = word_.fetch_sub(n * one_used, std::memory_order_acq_rel);"
    REPLACE "const word_type w = word_.fetch_sub(n * one_used, std::memory_order_release);")
relacy_fault(
    return_without_acquire
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.close_tells_why.waiting_send.driven/bound
        orders.close_tells_why.waiting_send.driven/random)

tailrace_fault_tree(
    NAME relacy_block_without_release
    FILE ${ring}
    FIND "limit_.store(blocks_ == all_blocks_ ? everything : limit_of(blocks_),
                     std::memory_order_release);"
    REPLACE "limit_.store(blocks_ == all_blocks_ ? everything : limit_of(blocks_), std::memory_order_relaxed);")
relacy_fault(
    block_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.block_of_another.driven/bound)

tailrace_fault_tree(
    NAME relacy_used_block_without_release
    FILE ${ring}
    FIND "limit_.store(limit_of(blocks_), std::memory_order_release);"
    REPLACE "limit_.store(limit_of(blocks_), std::memory_order_relaxed);")
relacy_fault(
    used_block_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.value_in_old_block.driven/bound)

tailrace_fault_tree(
    NAME relacy_last_handle_without_release
    FILE ${core}
    FIND "shares_.fetch_sub(1, std::memory_order_acq_rel)"
    REPLACE "shares_.fetch_sub(1, std::memory_order_acquire)")
relacy_fault(
    last_handle_without_release
    TARGET optimized
    FAMILIES orders
    SAYS "DATA RACE"
    CAUGHT_BY
        orders.last_one_deletes.driven/bound
        orders.last_one_deletes.driven/random)

tailrace_fault_tree(
    NAME relacy_thrown_start_waits_for_nobody
    FILE ${interruptible_wait}
    FIND "(seen_.load(std::memory_order_acquire) & left(i)) == 0"
    REPLACE "false")
relacy_fault(
    thrown_start_waits_for_nobody
    TARGET optimized
    FAMILIES orders
    SAYS "FREED MEMORY"
    CAUGHT_BY
        orders.start_throws.driven/bound
        orders.start_throws.driven/random)

# ---- The optimised channel: two that may end a wait

tailrace_fault_tree(
    NAME relacy_wake_does_not_wait_for_the_clock
    FILE ${interruptible_wait}
    FIND "if (end(seen, own, owed)) done();"
    REPLACE "if (end(seen, own, owed) || own == operation_left) done();"
    FILE ${interruptible_wait}
    FIND "} else if (complete(add(own) | own)) {"
    REPLACE "} else if (complete(add(own) | own) || (own == operation_left && (seen & set_up) != 0)) {")
relacy_fault(
    wake_does_not_wait_for_the_clock
    TARGET optimized
    FAMILIES coroutines interruption stop_token
    SAYS "FREED MEMORY|woken once|DATA RACE"
    CAUGHT_BY
        coroutines.stopped.awaited/random
        interruption.listen.driven/bound
        interruption.recv.driven/bound
        interruption.send.driven/bound
        interruption.send_against_close.driven/bound
        interruption.two_clocks.driven/bound
        stop_token.send.blocking/random
        stop_token.send.driven/random
        stop_token.send_against_close.driven/random)

tailrace_fault_tree(
    NAME relacy_deadline_does_not_wait_for_the_wake_up
    FILE ${interruptible_wait}
    FIND "if (how != stopped::woken) silent |= operation_left;"
    REPLACE "silent |= operation_left;")
relacy_fault(
    deadline_does_not_wait_for_the_wake_up
    TARGET optimized
    FAMILIES coroutines interruption stop_token
    SAYS "FREED MEMORY|woken once|DATA RACE"
    CAUGHT_BY
        coroutines.stopped.awaited/bound
        interruption.recv.blocking/bound
        interruption.recv.driven/bound
        interruption.send.blocking/bound
        interruption.send.driven/bound
        stop_token.hold.driven/bound
        stop_token.recv.blocking/bound
        stop_token.recv.driven/bound
        stop_token.send.blocking/bound
        stop_token.send.driven/bound
        stop_token.send_against_close.driven/bound)

# The party that ends the wait takes the other clock for silent, which is on its way.
tailrace_fault_tree(
    NAME relacy_ender_waits_for_no_other_clock
    FILE ${interruptible_wait}
    FIND "        silent |= disarm(seen | own);"
    REPLACE "        (void)disarm(seen | own);\n        silent |= every_source_left();")
relacy_fault(
    ender_waits_for_no_other_clock
    TARGET optimized
    FAMILIES interruption
    SAYS "FREED MEMORY|a wait is woken once|DATA RACE"
    CAUGHT_BY
        interruption.two_clocks.driven/bound)

tailrace_fault_tree(
    NAME relacy_early_wake_up_is_forgotten
    FILE ${interruptible_wait}
    FIND "if ((seen & ending) == 0) return false;"
    REPLACE "if ((seen & ending) == 0 || (seen & operation_left) != 0) return false;")
relacy_fault(
    early_wake_up_is_forgotten
    TARGET optimized
    FAMILIES interruption stop_token
    SAYS DEADLOCK
    CAUGHT_BY
        interruption.recv.driven/bound
        interruption.send.driven/bound
        stop_token.recv.blocking/random
        stop_token.recv.driven/random)

# ---- The optimised channel: where coroutines are resumed

tailrace_fault_tree(
    NAME relacy_resumed_inside_of_another
    FILE impl/include/tailrace/detail/run_list.hpp
    FIND "        if (running_) return;\n"
    REPLACE "")
relacy_fault(
    resumed_inside_of_another
    TARGET optimized
    FAMILIES coroutines
    SAYS "a resumption does not run inside of another one"
    CAUGHT_BY
        coroutines.one_after_another.awaited/bound
        coroutines.one_after_another.awaited/random)

tailrace_fault_tree(
    NAME relacy_list_is_never_left
    FILE impl/include/tailrace/detail/run_list.hpp
    FIND "        running_ = false;\n"
    REPLACE "")
relacy_fault(
    list_is_never_left
    TARGET optimized
    FAMILIES waiting_send
    SAYS DEADLOCK
    CAUGHT_BY
        waiting_send.two_waiters.awaited/bound
        waiting_send.two_waiters.awaited/random)

# ---- The optimised channel: closing

tailrace_fault_tree(
    NAME relacy_close_forgets_listeners
    FILE ${core}
    FIND "choose_all(listeners_, chosen);"
    REPLACE "")
relacy_fault(
    close_forgets_listeners
    TARGET optimized
    FAMILIES listeners
    SAYS DEADLOCK
    CAUGHT_BY
        listeners.beside_a_waiting_send.blocking/bound
        listeners.beside_a_waiting_send.blocking/random
        listeners.beside_a_waiting_send.driven/bound
        listeners.beside_a_waiting_send.driven/random
        listeners.send_listen_and_go.blocking/bound
        listeners.send_listen_and_go.blocking/random
        listeners.send_listen_and_go.driven/bound
        listeners.send_listen_and_go.driven/random
        listeners.two_against_receiver_drop.driven/bound
        listeners.two_against_receiver_drop.driven/random)

tailrace_fault_tree(
    NAME relacy_given_up_listener_stays_on_the_list
    FILE ${core}
    FIND "const wait_state was = n.state.load(std::memory_order_relaxed);
        waiter_list<Platform>::unlink(n);"
    REPLACE "const wait_state was = n.state.load(std::memory_order_relaxed);")
relacy_fault(
    given_up_listener_stays_on_the_list
    TARGET optimized
    FAMILIES listeners
    SAYS "FREED MEMORY"
    CAUGHT_BY
        listeners.cancel_against_close.driven/bound
        listeners.cancel_against_close.driven/random)

tailrace_fault_tree(
    NAME relacy_waker_is_read_from_a_woken_node
    FILE ${core}
    FIND "guard.unlock();
            w();
            if (last)"
    REPLACE "guard.unlock();
            n->waker.load()();
            if (last)")
relacy_fault(
    waker_is_read_from_a_woken_node
    TARGET optimized
    FAMILIES listeners waiting_cancel
    SAYS "FREED MEMORY|DATA RACE"
    CAUGHT_BY
        listeners.cancel_against_close.driven/random
        waiting_cancel.against_close.blocking/random)

tailrace_fault_tree(
    NAME relacy_close_is_two_steps
    FILE ${core}
    FIND "std::unique_lock guard(lock_);
        word_type w = word_.load(std::memory_order_relaxed);
        do {"
    REPLACE "std::unique_lock guard(lock_);
        choose_all(waiters_, chosen);
        word_.fetch_and(~waiters_bit, std::memory_order_relaxed);
        guard.unlock();
        guard.lock();
        word_type w = word_.load(std::memory_order_relaxed);
        do {"
    FILE ${core}
    FIND "choose_all(waiters_, chosen);
        choose_all(listeners_"
    REPLACE "choose_all(listeners_")
relacy_fault(
    close_is_two_steps
    TARGET optimized
    FAMILIES waiting_send
    SAYS "DEADLOCK|FREED MEMORY"
    CAUGHT_BY
        waiting_send.against_close.blocking/bound
        waiting_send.against_close.driven/random
        waiting_send.against_receiver_drop.blocking/bound
        waiting_send.against_receiver_drop.driven/random)

tailrace_fault_tree(
    NAME relacy_close_chooses_without_the_lock
    FILE ${core}
    FIND "choose_all(waiters_, chosen);
        choose_all(listeners_, chosen);"
    REPLACE "guard.unlock();
        choose_all(waiters_, chosen);
        choose_all(listeners_, chosen);
        guard.lock();")
relacy_fault(
    close_chooses_without_the_lock
    TARGET optimized
    FAMILIES waiting_cancel
    SAYS "DATA RACE|FREED MEMORY|DEADLOCK"
    CAUGHT_BY
        waiting_cancel.against_wakes.blocking/bound
        waiting_cancel.against_wakes.driven/random)

tailrace_fault_tree(
    NAME relacy_close_overwrites_the_word
    FILE ${core}
    FIND "} while (!word_.compare_exchange_strong(w, (w | closed_bit) & ~waiters_bit, std::memory_order_release,
                                                std::memory_order_relaxed));"
    REPLACE "} while (false);
        word_.store((w | closed_bit) & ~waiters_bit, std::memory_order_release);")
relacy_fault(
    close_overwrites_the_word
    TARGET optimized
    FAMILIES claims
    SAYS "DEADLOCK|ASSERT|DATA RACE|FREED MEMORY"
    CAUGHT_BY
        claims.against_close.blocking/bound
        claims.against_close.blocking/random
        claims.against_close.driven/bound
        claims.against_close.driven/random)

tailrace_fault_tree(
    NAME relacy_close_wakes_before_it_closes
    FILE ${core}
    FIND "std::unique_lock guard(lock_);
        word_type w = word_.load(std::memory_order_relaxed);
        do {"
    REPLACE "std::unique_lock guard(lock_);
        choose_all(listeners_, chosen);
        wake_chosen(guard, chosen);
        guard.lock();
        word_type w = word_.load(std::memory_order_relaxed);
        do {")
relacy_fault(
    close_wakes_before_it_closes
    TARGET optimized
    FAMILIES listeners
    SAYS "sees it closed|finishes when it is polled|DEADLOCK|woken once"
    CAUGHT_BY
        listeners.cancel_against_close.driven/bound
        listeners.two_against_receiver_drop.driven/random)

# ---- The optimised channel: what is seen without waiting

tailrace_fault_tree(
    NAME relacy_empty_while_a_send_writes
    FILE impl/include/tailrace/receiver.hpp
    FIND "if (c.buffered_exactly() == 0) return"
    REPLACE "return")
relacy_fault(
    empty_while_a_send_writes
    TARGET optimized
    FAMILIES counting
    SAYS "something to receive|everybody who has a turn"
    CAUGHT_BY
        counting.own_send.driven/bound
        counting.own_send.driven/random
        counting.pool.driven/bound)

tailrace_fault_tree(
    NAME relacy_end_takes_a_ticket
    FILE ${core}
    FIND "post_end(tail(word_.load(std::memory_order_relaxed)));"
    REPLACE "post_end(tail(word_.fetch_add(one_ticket, std::memory_order_relaxed)));")
relacy_fault(
    end_takes_a_ticket
    TARGET optimized
    FAMILIES counting
    SAYS "the end is not a value"
    CAUGHT_BY
        counting.last_drop.blocking/bound
        counting.last_drop.blocking/random
        counting.last_drop.driven/bound
        counting.last_drop.driven/random)

tailrace_fault_tree(
    NAME relacy_disconnected_without_a_second_look
    FILE impl/include/tailrace/receiver.hpp
    FIND "if (auto result = op.attempt()) return taken(std::move(*result));"
    REPLACE "if (auto result = op.attempt()) return taken(std::move(*result));
            if (c.strong_count() == 0) return std::unexpected(try_recv_error::disconnected);")
relacy_fault(
    disconnected_without_a_second_look
    TARGET optimized
    FAMILIES counting
    SAYS "disconnected is said when"
    CAUGHT_BY
        counting.asking_until_the_end.blocking/bound
        counting.asking_until_the_end.blocking/random
        counting.asking_until_the_end.driven/bound
        counting.asking_until_the_end.driven/random)

tailrace_fault_tree(
    NAME relacy_closed_is_the_end
    FILE ${core}
    FIND "return is_closed(w) && used(w) == 0 ? front::end"
    REPLACE "return is_closed(w) ? front::end")
relacy_fault(
    closed_is_the_end
    TARGET optimized
    FAMILIES counting waiting_send
    SAYS "not the end|the end is for ever|the channel is open|closed, and|all capacity is back|what was sent, and nothing else|FREED|fewer"
    CAUGHT_BY
        counting.asking_after_close.blocking/bound
        counting.asking_after_close.blocking/random
        counting.asking_after_close.driven/bound
        counting.asking_after_close.driven/random
        waiting_send.against_receive_and_close.blocking/bound
        waiting_send.against_receive_and_close.driven/random
        waiting_send.reserve_against_close.blocking/bound
        waiting_send.reserve_against_close.driven/random)

tailrace_fault_tree(
    NAME relacy_failed_claim_shows
    FILE ${core}
    FIND "if (has_waiters(w) || max_ - used(w) < n) return claim_result::full;"
    REPLACE "if (has_waiters(w) || max_ - used(w) < n) {
                word_.fetch_add(what, std::memory_order_relaxed);
                word_.fetch_sub(what, std::memory_order_relaxed);
                return claim_result::full;
            }")
relacy_fault(
    failed_claim_shows
    TARGET optimized
    FAMILIES counting
    SAYS "one value was sent|have all the room"
    CAUGHT_BY
        counting.failed_send.driven/bound
        counting.failed_send.driven/random)

# ---- The optimised channel: claims

tailrace_fault_tree(
    NAME relacy_claim_is_two_steps
    FILE ${core}
    FIND "if (word_.compare_exchange_strong(w, w + what, std::memory_order_acq_rel, std::memory_order_relaxed)) {"
    REPLACE "if (word_.load(std::memory_order_acquire) == w) {
                word_.store(w + what, std::memory_order_release);")
relacy_fault(
    claim_is_two_steps
    TARGET optimized
    FAMILIES claims
    SAYS "DEADLOCK|ASSERT|FREED MEMORY|DATA RACE|LIVELOCK"
    CAUGHT_BY
        claims.against_close.blocking/random
        claims.two_for_one_place.driven/random)

tailrace_fault_tree(
    NAME relacy_permit_send_is_two_steps
    FILE ${core}
    FIND "publish(tail(word_.fetch_add(one_ticket, std::memory_order_acquire)), std::move(v));"
    REPLACE "const word_type w = word_.load(std::memory_order_acquire);
        word_.store(w + one_ticket, std::memory_order_release);
        publish(tail(w), std::move(v));")
relacy_fault(
    permit_send_is_two_steps
    TARGET optimized
    FAMILIES claims receiver_drop
    SAYS "DEADLOCK|ASSERT|FREED MEMORY|DATA RACE"
    CAUGHT_BY
        claims.against_return.driven/bound
        claims.against_return.driven/random
        claims.two_permits.blocking/bound
        claims.two_permits.blocking/random
        claims.two_permits.driven/bound
        claims.two_permits.driven/random
        receiver_drop.permits.driven/random)

tailrace_fault_tree(
    NAME relacy_claim_ignores_waiters
    FILE ${core}
    FIND "if (has_waiters(w) || max_ - used(w) < n) return"
    REPLACE "if (max_ - used(w) < n) return")
relacy_fault(
    claim_ignores_waiters
    TARGET optimized
    FAMILIES claims
    SAYS "nobody is let in before"
    CAUGHT_BY
        claims.no_barging.blocking/bound
        claims.no_barging.blocking/random
        claims.no_barging.driven/bound
        claims.no_barging.driven/random)

tailrace_fault_tree(
    NAME relacy_youngest_first
    FILE ${core}
    FIND "node& n = waiters_.front();"
    REPLACE "node& n = static_cast<node&>(*waiters_.front().previous.load()->previous.load());")
relacy_fault(
    youngest_first
    TARGET optimized
    FAMILIES claims
    SAYS "the first in the queue gets it|it is its turn"
    CAUGHT_BY
        claims.oldest_first.blocking/bound
        claims.oldest_first.blocking/random
        claims.oldest_first.driven/bound
        claims.oldest_first.driven/random)

tailrace_fault_tree(
    NAME relacy_claim_ignores_closed
    FILE ${core}
    FIND "if (is_closed(w)) return claim_result::closed;"
    REPLACE "")
relacy_fault(
    claim_ignores_closed
    TARGET optimized
    FAMILIES claims receiver_drop
    SAYS "an end was posted over|what was sent, and nothing else|all capacity|is dead|DEADLOCK|FREED|or it is closed|the end is for ever|assertion failed"
    CAUGHT_BY
        claims.against_close.blocking/random
        claims.against_close.driven/bound
        receiver_drop.granted_send.blocking/bound
        receiver_drop.granted_send.driven/bound)

# A change of the word that is a load and a store: it loses what came between.
tailrace_fault_tree(
    NAME relacy_closed_is_lost
    FILE ${core}
    FIND "const word_type w = word_.fetch_sub(n * one_used, std::memory_order_acq_rel);"
    REPLACE "const word_type w = word_.load(std::memory_order_acquire);
        word_.store(w - n * one_used, std::memory_order_release);")
relacy_fault(
    closed_is_lost
    TARGET optimized
    FAMILIES claims permits
    SAYS "DEADLOCK|ASSERT"
    CAUGHT_BY
        claims.two_ways_back.blocking/bound
        claims.two_ways_back.blocking/random
        claims.two_ways_back.driven/bound
        claims.two_ways_back.driven/random
        permits.large_among_small.blocking/random
        permits.large_among_small.driven/random
        permits.no_more_than_there_are.blocking/random
        permits.no_more_than_there_are.driven/random)

# ---- The optimised channel: permits, taken and given back

tailrace_fault_tree(
    NAME relacy_returned_permit_wakes_nobody
    FILE ${core}
    FIND "} else if (has_waiters(w)) {
            hand_over();"
    REPLACE "} else if (false) {
            hand_over();")
relacy_fault(
    returned_permit_wakes_nobody
    TARGET optimized
    FAMILIES permits cancel_points
    SAYS "DEADLOCK|with room for two the only one that waits is in"
    CAUGHT_BY
        cancel_points.against_permit_return.blocking/bound
        cancel_points.against_permit_return.blocking/random
        cancel_points.against_permit_return.driven/bound
        cancel_points.against_permit_return.driven/random
        cancel_points.hold_with_one_behind.blocking/random
        cancel_points.hold_with_one_behind.driven/random
        permits.large_among_small.blocking/bound
        permits.large_among_small.driven/bound
        permits.no_more_than_there_are.blocking/bound
        permits.no_more_than_there_are.driven/bound
        permits.requests_of_all_sizes.driven/bound
        permits.requests_of_all_sizes.driven/random
        permits.taking_turns.blocking/bound
        permits.taking_turns.blocking/random
        permits.taking_turns.driven/bound
        permits.taking_turns.driven/random
        permits.two_returns.blocking/bound
        permits.two_returns.blocking/random
        permits.two_returns.driven/bound
        permits.two_returns.driven/random)

tailrace_fault_tree(
    NAME relacy_one_permit_too_many
    FILE ${core}
    FIND "max_ - used(w) < n) return"
    REPLACE "max_ - used(w) + 1 < n) return")
relacy_fault(
    one_permit_too_many
    TARGET optimized
    FAMILIES claims permits
    SAYS "no more permits are out|ASSERT|DEADLOCK"
    CAUGHT_BY
        claims.two_for_one_place.driven/bound
        claims.two_for_one_place.driven/random
        permits.large_among_small.blocking/bound
        permits.large_among_small.driven/random
        permits.no_more_than_there_are.blocking/bound
        permits.no_more_than_there_are.driven/bound
        permits.requests_of_all_sizes.driven/random
        permits.taking_turns.blocking/random
        permits.taking_turns.driven/bound
        permits.turns_against_close.blocking/random
        permits.turns_against_close.driven/bound)

# ---- The optimised channel: the slots, and their end

tailrace_fault_tree(
    NAME relacy_orphan_without_release
    FILE ${core}
    FIND "expected, slot_orphan, std::memory_order_release,"
    REPLACE "expected, slot_orphan, std::memory_order_relaxed,")
relacy_fault(
    orphan_without_release
    TARGET optimized
    FAMILIES receiver_drop
    SAYS "DATA RACE|ASSERT"
    CAUGHT_BY
        receiver_drop.granted_send.blocking/random
        receiver_drop.granted_send.driven/random
        receiver_drop.permits.driven/bound
        receiver_drop.try_send.driven/bound)

tailrace_fault_tree(
    NAME relacy_last_handle_without_acquire
    FILE ${core}
    FIND "shares_.fetch_sub(1, std::memory_order_acq_rel)"
    REPLACE "shares_.fetch_sub(1, std::memory_order_relaxed)")
relacy_fault(
    last_handle_without_acquire
    TARGET optimized
    FAMILIES receiver_drop
    SAYS "DATA RACE|FREED MEMORY"
    CAUGHT_BY
        receiver_drop.all_go.driven/bound
        receiver_drop.all_go.driven/random
        receiver_drop.both_go.driven/bound
        receiver_drop.both_go.driven/random)

tailrace_fault_tree(
    NAME relacy_drains_twice
    FILE ${core}
    FIND "close();
        drain();"
    REPLACE "close();
        drain();
        drain();")
relacy_fault(
    drains_twice
    TARGET optimized
    FAMILIES receiver_drop
    SAYS "DATA RACE|ASSERT|FREED MEMORY|DEADLOCK|LIVELOCK"
    CAUGHT_BY
        receiver_drop.try_send.driven/random)

tailrace_fault_tree(
    NAME relacy_take_without_release
    FILE ${core}
    FIND "word_.fetch_sub(n * one_used, std::memory_order_release);"
    REPLACE "word_.fetch_sub(n * one_used, std::memory_order_relaxed);")
relacy_fault(
    take_without_release
    TARGET optimized
    FAMILIES wrap_around old_permit
    SAYS "DATA RACE"
    CAUGHT_BY
        old_permit.late_resume.blocking/random
        old_permit.late_resume.driven/random
        old_permit.late_send.blocking/random
        old_permit.late_send.driven/random
        wrap_around.end_of_a_lap.blocking/random
        wrap_around.end_of_a_lap.driven/random
        wrap_around.laps.blocking/random
        wrap_around.laps.driven/random
        wrap_around.two_producers.driven/bound)

tailrace_fault_tree(
    NAME relacy_room_comes_back_too_early
    FILE ${core}
    FIND "value v = take_uncounted();
        return_taken(1);
        return v;"
    REPLACE "return_taken(1);
        return take_uncounted();")
relacy_fault(
    room_comes_back_too_early
    TARGET optimized
    FAMILIES wrap_around
    SAYS "put where another one still is|DATA RACE|ASSERT"
    CAUGHT_BY
        wrap_around.end_of_a_lap.blocking/bound
        wrap_around.end_of_a_lap.driven/bound)

tailrace_fault_tree(
    NAME relacy_parks_without_a_second_look
    FILE ${core}
    FIND "if (ring_.front(head()).state.compare_exchange_strong(expected, reinterpret_cast<slot_state>(&n),
                                                              std::memory_order_release, std::memory_order_relaxed)) {
            return true;
        }
        n.parked.store(false);
        return false;"
    REPLACE "ring_.front(head()).state.store(reinterpret_cast<slot_state>(&n), std::memory_order_release);
        return true;")
relacy_fault(
    parks_without_a_second_look
    TARGET optimized
    FAMILIES receive_against_drop
    SAYS "DEADLOCK|ASSERT"
    CAUGHT_BY
        receive_against_drop.send_then_drop.blocking/random
        receive_against_drop.send_then_drop.driven/random)

tailrace_fault_tree(
    NAME relacy_node_is_written_after_it_is_parked
    FILE ${core}
    FIND "n.waker.store(w);
        n.done.store(false, std::memory_order_relaxed);
        n.parked.store(true);
        slot_state expected = slot_empty;"
    REPLACE "n.done.store(false, std::memory_order_relaxed);
        n.parked.store(true);
        struct late {
            receive_node<Platform>& n;
            const waker& w;
            ~late() { n.waker.store(w); }
        } const written_late{n, w};
        slot_state expected = slot_empty;")
relacy_fault(
    node_is_written_after_it_is_parked
    TARGET optimized
    FAMILIES receive_against_drop
    SAYS "DATA RACE|DEADLOCK|FREED MEMORY"
    CAUGHT_BY
        receive_against_drop.last_drop.blocking/bound
        receive_against_drop.last_drop.driven/random
        receive_against_drop.owned_permit.blocking/bound
        receive_against_drop.owned_permit.driven/random
        receive_against_drop.send_then_drop.blocking/random
        receive_against_drop.send_then_drop.driven/random
        receive_against_drop.two_senders.blocking/random
        receive_against_drop.two_senders.driven/random)

tailrace_fault_tree(
    NAME relacy_publish_without_release
    FILE ${core}
    FIND "s.state.exchange(slot_full, std::memory_order_acq_rel)"
    REPLACE "s.state.exchange(slot_full, std::memory_order_acquire)")
relacy_fault(
    publish_without_release
    TARGET optimized
    FAMILIES storage
    SAYS "DATA RACE"
    CAUGHT_BY
        storage.end_in_new_block.blocking/bound
        storage.end_in_new_block.driven/bound)

tailrace_fault_tree(
    NAME relacy_published_before_it_is_written
    FILE ${core}
    FIND "s.storage.put(std::move(v));
"
    REPLACE "struct late {
            decltype(s) at;
            value& v;
            ~late() { at.storage.put(std::move(v)); }
        } const written_late{s, v};
")
relacy_fault(
    published_before_it_is_written
    TARGET optimized
    FAMILIES wrap_around
    SAYS "taken where there is none|DATA RACE|ASSERT|FREED"
    CAUGHT_BY
        wrap_around.end_by_a_permit.blocking/bound
        wrap_around.end_by_a_permit.blocking/random
        wrap_around.end_by_a_permit.driven/bound
        wrap_around.end_by_a_permit.driven/random
        wrap_around.laps.blocking/bound
        wrap_around.laps.driven/bound
        wrap_around.two_producers.driven/random)

tailrace_fault_tree(
    NAME relacy_timed_out_receive_stays_parked
    FILE impl/include/tailrace/receive_operations.hpp
    FIND "node_.parked.load() && !core_->unpark(node_)) return stopped::woken;"
    REPLACE "node_.parked.load() && !core_->still_parked(node_)) return stopped::woken;")
relacy_fault(
    timed_out_receive_stays_parked
    TARGET optimized
    FAMILIES receive_against_drop
    SAYS "FREED MEMORY|DATA RACE|DEADLOCK|ASSERT"
    CAUGHT_BY
        receive_against_drop.deadline.blocking/random)

# ---- The reference channel

tailrace_fault_tree(
    NAME relacy_reference_notifies_nobody
    FILE ${reference_core}
    FIND "bed->second->door.notify_one();"
    REPLACE "")
relacy_fault(
    reference_notifies_nobody
    TARGET reference
    FAMILIES permits receive_against_drop wrap_around
    SAYS DEADLOCK
    CAUGHT_BY
        permits.large_among_small.blocking/bound
        permits.large_among_small.blocking/random
        permits.no_more_than_there_are.blocking/bound
        permits.no_more_than_there_are.blocking/random
        permits.taking_turns.blocking/bound
        permits.taking_turns.blocking/random
        permits.turns_against_close.blocking/bound
        permits.turns_against_close.blocking/random
        permits.two_returns.blocking/bound
        permits.two_returns.blocking/random
        receive_against_drop.deadline.blocking/bound
        receive_against_drop.deadline.blocking/random
        receive_against_drop.last_drop.blocking/bound
        receive_against_drop.last_drop.blocking/random
        receive_against_drop.owned_permit.blocking/bound
        receive_against_drop.owned_permit.blocking/random
        receive_against_drop.send_then_drop.blocking/bound
        receive_against_drop.send_then_drop.blocking/random
        receive_against_drop.two_senders.blocking/bound
        receive_against_drop.two_senders.blocking/random
        wrap_around.end_by_a_permit.blocking/bound
        wrap_around.end_by_a_permit.blocking/random
        wrap_around.end_of_a_lap.blocking/bound
        wrap_around.end_of_a_lap.blocking/random
        wrap_around.laps.blocking/bound
        wrap_around.laps.blocking/random)

# The wake-up outside the mutex: between the sleeper's look and its sleep, or after it has gone.
tailrace_fault_tree(
    NAME relacy_reference_wakes_outside_the_mutex
    FILE ${reference_core}
    FIND "std::vector<waker> wakers;\n"
    REPLACE "lock.unlock();\n        std::vector<waker> wakers;\n"
    FILE ${reference_core}
    FIND "lock.unlock();\n        return done;"
    REPLACE "return done;")
relacy_fault(
    reference_wakes_outside_the_mutex
    TARGET reference
    FAMILIES waiting_send
    SAYS "DEADLOCK|FREED MEMORY"
    CAUGHT_BY
        waiting_send.against_close.blocking/random
        waiting_send.against_receive.blocking/random
        waiting_send.against_receiver_drop.blocking/random
        waiting_send.deadline.blocking/bound
        waiting_send.permit_against_close.blocking/random
        waiting_send.reserve_against_close.blocking/random)

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
        waiting_send.against_close.blocking/bound
        waiting_send.against_receive.blocking/bound
        waiting_send.against_receive_and_close.blocking/bound
        waiting_send.against_receive_and_close.blocking/random
        waiting_send.against_receiver_drop.blocking/bound
        waiting_send.permit_against_close.blocking/bound
        waiting_send.reserve_against_close.blocking/bound
        waiting_send.two_waiters.blocking/bound
        waiting_send.two_waiters.blocking/random)

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
        waiting_send.deadline_hands_on.blocking/bound
        waiting_send.deadline_hands_on.blocking/random)

tailrace_fault_tree(
    NAME relacy_reference_calls_no_waker
    FILE ${reference_core}
    FIND "wakers.push_back(w->second);"
    REPLACE "")
relacy_fault(
    reference_calls_no_waker
    TARGET reference
    FAMILIES waiting_cancel listeners cancel_points
    SAYS DEADLOCK
    CAUGHT_BY
        cancel_points.against_permit_return.driven/bound
        cancel_points.against_permit_return.driven/random
        cancel_points.against_receiver_drop.driven/bound
        cancel_points.against_receiver_drop.driven/random
        cancel_points.hold_against_send.driven/bound
        cancel_points.hold_against_send.driven/random
        cancel_points.last_sender_inside.driven/bound
        cancel_points.last_sender_inside.driven/random
        cancel_points.receive_against_the_end.driven/bound
        cancel_points.receive_against_the_end.driven/random
        listeners.beside_a_waiting_send.blocking/bound
        listeners.beside_a_waiting_send.blocking/random
        listeners.beside_a_waiting_send.driven/bound
        listeners.beside_a_waiting_send.driven/random
        listeners.cancel_against_close.driven/bound
        listeners.cancel_against_close.driven/random
        listeners.send_listen_and_go.blocking/bound
        listeners.send_listen_and_go.blocking/random
        listeners.send_listen_and_go.driven/bound
        listeners.send_listen_and_go.driven/random
        listeners.two_against_receiver_drop.driven/bound
        listeners.two_against_receiver_drop.driven/random
        waiting_cancel.against_wakes.driven/bound
        waiting_cancel.against_wakes.driven/random
        waiting_cancel.new_waker.driven/bound
        waiting_cancel.new_waker.driven/random)

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
        waiting_cancel.against_close.blocking/bound
        waiting_cancel.against_close.blocking/random
        waiting_cancel.against_close.driven/bound
        waiting_cancel.against_close.driven/random
        waiting_cancel.against_receive.blocking/bound
        waiting_cancel.against_receive.blocking/random
        waiting_cancel.against_receive.driven/bound
        waiting_cancel.against_receive.driven/random)

# For ci/scenario-faults.
get_property(catches GLOBAL PROPERTY tailrace_relacy_catches)
file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/catches.txt" "${catches}")
