# The faults of scenarios_test.cpp.
set(core impl/include/tailrace/detail/core.hpp)
set(ring impl/include/tailrace/detail/ring.hpp)
set(permit_wait impl/include/tailrace/detail/permit_wait.hpp)
set(interruptible_wait impl/include/tailrace/detail/interruptible_wait.hpp)
set(receive_operations impl/include/tailrace/receive_operations.hpp)
set(sender impl/include/tailrace/sender.hpp)
set(waker impl/include/tailrace/waker.hpp)
set(platform impl/include/tailrace/platform.hpp)

# ---- The queue

tailrace_fault_tree(
    NAME history_one_grant_per_return
    FILE ${core}
    FIND "            choose(n, verdict::granted, chosen);\n"
    REPLACE "            choose(n, verdict::granted, chosen);\n            break;\n")
history_fault(one_grant_per_return FAMILY scenarios TEST one_that_was_granted_and_is_never_polled_holds_back_nobody)

tailrace_fault_tree(
    NAME history_cancelled_grant_is_kept
    FILE ${permit_wait}
    FIND "        (void)core_->withdraw(node_, owed);\n        finish().return_permits(held());"
    REPLACE "        if (core_->withdraw(node_, owed).result == verdict::none) finish().return_permits(held());")
history_fault(
    cancelled_grant_is_kept FAMILY scenarios
    TEST a_granted_wait_that_is_cancelled_hands_its_permit_to_the_next_in_line)

tailrace_fault_tree(
    NAME history_partly_served_head_goes_to_the_back
    FILE ${core}
    FIND "            if (held + part != n.need) break;\n"
    REPLACE "            if (held + part != n.need) {\n                waiter_list<Platform>::unlink(n);\n                waiters_.push_back(n);\n                break;\n            }\n")
history_fault(
    partly_served_head_goes_to_the_back FAMILY scenarios TEST
    a_request_that_is_served_in_part_blocks_smaller_ones_behind_it)

tailrace_fault_tree(
    NAME history_closed_before_above_max
    FILE ${sender}
    FIND "        if (n > c.max()) return std::unexpected(try_error::full);\n"
    REPLACE "")
history_fault(closed_before_above_max FAMILY scenarios TEST
              more_than_can_ever_be_had_is_full_though_the_channel_is_closed)

tailrace_fault_tree(
    NAME history_nothing_is_queued_for
    FILE ${core}
    FIND "            if (n == 0) return claim_result::claimed;\n"
    REPLACE "")
history_fault(nothing_is_queued_for FAMILY scenarios TEST no_permits_at_all_are_had_at_once_whoever_waits)

tailrace_fault_tree(
    NAME history_close_wakes_the_first_batch
    FILE ${core}
    FIND "        while (node* n = from.pop_front()) choose(*n, verdict::failed, chosen);"
    REPLACE "        for (int batch = 0; batch < 32; ++batch) {\n            if (node* n = from.pop_front()) choose(*n, verdict::failed, chosen);\n        }")
history_fault(close_wakes_the_first_batch FAMILY scenarios TEST closing_wakes_every_one_of_a_crowd_in_order)

# ---- Who is woken

tailrace_fault_tree(
    NAME history_waiting_send_keeps_its_first_waker
    FILE ${core}
    FIND "            n.waker.store(w);\n            return verdict::none;\n        }\n        return settle(n);"
    REPLACE "            return verdict::none;\n        }\n        return settle(n);")
history_fault(
    waiting_send_keeps_its_first_waker FAMILY scenarios TEST
    a_waiting_send_polled_with_another_waker_wakes_that_one_only)

tailrace_fault_tree(
    NAME history_listener_keeps_its_first_waker
    FILE ${core}
    FIND "        n.waker.store(w);\n        if (n.state.load(std::memory_order_relaxed) == wait_state::created) {"
    REPLACE "        if (n.state.load(std::memory_order_relaxed) == wait_state::created) {\n            n.waker.store(w);")
history_fault(listener_keeps_its_first_waker FAMILY scenarios TEST
              a_listener_polled_with_another_waker_wakes_that_one_only)

tailrace_fault_tree(
    NAME history_receive_keeps_its_first_waker
    FILE ${receive_operations}
    FIND "if (node_.waker.load() == w) return true;"
    REPLACE "return true;")
history_fault(receive_keeps_its_first_waker FAMILY scenarios TEST
              a_receive_polled_with_another_waker_wakes_that_one_only)

tailrace_fault_tree(
    NAME history_batch_gives_back_one
    FILE ${receive_operations}
    FIND "~batch() { channel.return_taken(size); }"
    REPLACE "~batch() { channel.return_taken(1); }")
history_fault(batch_gives_back_one FAMILY scenarios TEST
              recv_many_is_woken_once_and_wakes_each_that_it_makes_room_for_once)

# ---- Closing

tailrace_fault_tree(
    NAME history_next_to_wake_is_out_of_reach
    FILE ${core}
    FIND "            const bool last = chosen.empty();"
    REPLACE "            node* const following = chosen.pop_front();\n            const bool last = following == nullptr;"
    FILE ${core}
    FIND "            guard.lock();\n            n = chosen.pop_front();"
    REPLACE "            guard.lock();\n            n = following;")
history_fault(
    next_to_wake_is_out_of_reach FAMILY scenarios
    TEST a_waker_in_close_may_close_again_and_replace_the_one_that_is_woken_next)

tailrace_fault_tree(
    NAME history_wakers_may_throw
    FILE ${waker}
    FIND "void (*wake)(void* context) noexcept = nullptr;"
    REPLACE "void (*wake)(void* context) = nullptr;")
history_fault(wakers_may_throw FAMILY scenarios TEST what_may_throw_cannot_be_a_waker)

tailrace_fault_tree(
    NAME history_closed_is_the_end
    FILE ${core}
    FIND "        return is_closed(w) && used(w) == 0 ? front::end : front::nothing;"
    REPLACE "        return is_closed(w) ? front::end : front::nothing;")
history_fault(
    closed_is_the_end FAMILY scenarios
    TEST a_leaked_permit_costs_its_place_and_after_close_keeps_the_receive_waiting)

tailrace_fault_tree(
    NAME history_reserve_owned_takes_a_clone
    FILE ${sender}
    FIND "return reserve_owned_operation<T, Platform>(std::move(*this));"
    REPLACE "return reserve_owned_operation<T, Platform>(sender(*this));")
history_fault(
    reserve_owned_takes_a_clone FAMILY scenarios TEST
    a_cancelled_reserve_owned_drops_the_last_sender_however_far_it_had_come)

# ---- Deadlines

tailrace_fault_tree(
    NAME history_deadline_beats_the_grant
    FILE ${interruptible_wait}
    FIND "            auto result = attempt(w, due, over);\n"
    REPLACE "            auto result = attempt(w, due, over);\n            if (due) return operation_.interrupted(*due);\n")
history_fault(deadline_beats_the_grant FAMILY scenarios TEST a_send_that_is_granted_and_overdue_at_once_succeeds)

tailrace_fault_tree(
    NAME history_grant_at_the_last_moment_is_lost
    FILE ${permit_wait}
    FIND "            if (sent) return stopped::woken;\n            if (result != verdict::none) return stopped::decided;\n"
    REPLACE "")
history_fault(grant_at_the_last_moment_is_lost FAMILY scenarios TEST
              a_grant_while_an_overdue_send_gives_up_is_not_lost)

# ---- Values

tailrace_fault_tree(
    NAME history_value_dies_before_its_permit_is_back
    FILE ${core}
    FIND "                [[maybe_unused]] const value dies_here = take();\n"
    REPLACE "                {\n                    [[maybe_unused]] const value dies_here = take_uncounted();\n                }\n                return_taken(1);\n")
history_fault(value_dies_before_its_permit_is_back FAMILY scenarios TEST
              a_destructor_sees_the_capacity_of_the_value_that_dies)

tailrace_fault_tree(
    NAME history_drain_leaves_without_a_second_look
    FILE ${core}
    FIND "            slot_state expected = slot_empty;\n            // (22)"
    REPLACE "            slot_state expected = s.state.load(std::memory_order_relaxed);\n            // (22)")
history_fault(drain_leaves_without_a_second_look FAMILY scenarios TEST
              a_value_sent_while_the_receiver_goes_dies_once_and_at_once)

tailrace_fault_tree(
    NAME history_sender_overlooks_that_the_receiver_has_gone
    FILE ${core}
    FIND "        if (previous == slot_orphan) {\n            const pin alive(*this);\n            drain();\n        } else if (previous != slot_empty) {"
    REPLACE "        if (previous != slot_empty && previous != slot_orphan) {")
history_fault(
    sender_overlooks_that_the_receiver_has_gone FAMILY scenarios TEST
    a_receiver_that_goes_while_a_value_is_sent_leaves_nothing_behind)

tailrace_fault_tree(
    NAME history_empty_values_are_skipped
    FILE ${platform}
    FIND "void put(T&& v) noexcept { std::construct_at(std::addressof(value_), std::move(v)); }"
    REPLACE "void put(T&& v) noexcept {\n            if constexpr (!std::is_empty_v<T>) std::construct_at(std::addressof(value_), std::move(v));\n        }")
history_fault(empty_values_are_skipped FAMILY scenarios TEST
              values_without_any_size_are_made_and_destroyed_like_others)

tailrace_fault_tree(
    NAME history_blocks_are_as_long_for_huge_values
    FILE ${ring}
    FIND "        smaller(std::bit_floor(word_type{4096} / sizeof(slot<T, Platform>) + (sizeof(slot<T, Platform>) > 4096)),
                Platform::block_slots);"
    REPLACE "        Platform::block_slots;")
history_fault(
    blocks_are_as_long_for_huge_values FAMILY scenarios TEST
    huge_values_arrive_whole_and_have_room_made_for_them_one_by_one)

tailrace_fault_tree(
    NAME history_claims_before_the_move
    FILE ${sender}
    FIND "        auto carried = detail::pack<T>(std::move(value));\n        detail::word_type ticket;\n        const detail::claim_result claim = c.claim_ticket(ticket);\n"
    REPLACE "        detail::word_type ticket;\n        const detail::claim_result claim = c.claim_ticket(ticket);\n        auto carried = detail::pack<T>(std::move(value));\n")
history_fault(claims_before_the_move FAMILY scenarios TEST
              a_move_that_throws_on_the_way_in_leaves_the_channel_as_it_was)

tailrace_fault_tree(
    NAME history_capacity_is_back_after_the_move
    FILE ${receive_operations}
    FIND "        return std::optional<result_type>(std::in_place, detail::unpack<T>(channel.take()));"
    REPLACE "        auto carried = channel.take_uncounted();\n        std::optional<result_type> result(std::in_place, detail::unpack<T>(std::move(carried)));\n        channel.return_taken(1);\n        return result;")
history_fault(capacity_is_back_after_the_move FAMILY scenarios TEST
              a_move_that_throws_on_the_way_out_costs_the_value_and_no_capacity)

# ---- Numbers that come round

tailrace_fault_tree(
    NAME history_tickets_never_come_round
    FILE ${core}
    FIND "        return (tail(word_.load(std::memory_order_relaxed)) - head()) & ticket_mask;"
    REPLACE "        return tail(word_.load(std::memory_order_relaxed)) - head();")
history_fault(tickets_never_come_round FAMILY scenarios TEST when_the_numbers_of_tickets_come_round_nothing_changes)
