# The faults of lifetimes_test.cpp.
set(core impl/include/tailrace/detail/core.hpp)
set(ring impl/include/tailrace/detail/ring.hpp)

tailrace_fault_tree(
    NAME history_only_one_block_is_freed
    FILE ${ring}
    FIND "        for (word_type i = 0; i < blocks_; ++i) delete d->entry(first_ + i).load();"
    REPLACE "        delete d->entry(first_).load();")
history_fault(only_one_block_is_freed FAMILY lifetimes TEST every_block_goes_with_the_channel)

tailrace_fault_tree(
    NAME history_block_made_on_the_stack
    FILE ${ring}
    FIND "        auto slots = std::make_unique_for_overwrite<block>();"
    REPLACE "        block here;\n        auto slots = std::make_unique_for_overwrite<block>();")
history_fault(block_made_on_the_stack FAMILY lifetimes TEST room_for_huge_values_is_never_made_on_the_stack)

# A batch gives its permits back at its end, and not if it does not get there.
tailrace_fault_tree(
    NAME history_batch_without_a_guard
    FILE impl/include/tailrace/receive_operations.hpp
    FIND "        ~batch() { channel.return_taken(size); }"
    REPLACE ""
    FILE impl/include/tailrace/receive_operations.hpp
    FIND "        return taken.size;"
    REPLACE "        channel.return_taken(taken.size);\n        return taken.size;")
history_fault(batch_without_a_guard FAMILY lifetimes TEST a_move_that_throws_in_the_middle_of_a_batch_costs_no_capacity)

tailrace_fault_tree(
    NAME history_dropped_receive_stays_parked
    FILE impl/include/tailrace/receive_operations.hpp
    FIND "        if (node_.parked.load()) (void)core_->unpark(node_);\n"
    REPLACE "")
history_fault(dropped_receive_stays_parked FAMILY lifetimes TEST nobody_wakes_a_receive_that_has_gone)

tailrace_fault_tree(
    NAME history_late_value_stays
    FILE ${core}
    FIND "        if (previous == slot_orphan) {\n            const pin alive(*this);\n            drain();"
    REPLACE "        if (previous == slot_orphan) {")
history_fault(late_value_stays FAMILY lifetimes
              TEST a_request_that_comes_too_late_dies_and_whoever_waits_for_the_reply_is_told)

# The receiver destroys what is there, and leaves nobody in charge of what is on its way.
tailrace_fault_tree(
    NAME history_receiver_leaves_no_successor
    FILE ${core}
    FIND "            if (seen == slot_end) return;\n"
    REPLACE "            if (seen == slot_end || seen == slot_empty) return;\n")
history_fault(receiver_leaves_no_successor FAMILY lifetimes
              TEST a_value_whose_receiver_goes_while_it_is_being_sent_dies_or_comes_back)

# Values are discarded when the receiver goes, and with the channel, and the first does not say that it has done so.
tailrace_fault_tree(
    NAME history_values_discarded_twice
    FILE ${core}
    FIND "        s.state.store(slot_empty, std::memory_order_relaxed);  // (14)"
    REPLACE "        // (14)"
    FILE ${ring}
    FIND "        for (word_type i = 0; i < blocks_; ++i) delete"
    REPLACE "        for (word_type i = 0; i < blocks_; ++i) {\n            for (auto& s : d->entry(first_ + i).load()->slots) {\n                if (s.state.load(std::memory_order_relaxed) == slot_full) (void)s.storage.take();\n            }\n        }\n        for (word_type i = 0; i < blocks_; ++i) delete")
history_fault(values_discarded_twice FAMILY lifetimes
              TEST what_is_left_when_the_receiver_goes_is_destroyed_by_one_party_only)

# A wider directory is put in place as it was asked for, although others have widened it since.
tailrace_fault_tree(
    NAME history_directory_from_before
    FILE ${ring}
    FIND "(wider && wider->mask + 1 == 2 * size)"
    REPLACE "wider")
history_fault(directory_from_before FAMILY lifetimes
              TEST whoever_makes_blocks_installs_them_next_to_those_that_others_have_made_meanwhile)

tailrace_fault_tree(
    NAME history_cancelled_wait_keeps_the_storage
    FILE ${core}
    FIND "            if (used(before) == held) idle(before);\n"
    REPLACE "            (void)before;\n")
history_fault(cancelled_wait_keeps_the_storage FAMILY lifetimes
              TEST storage_goes_back_though_a_receive_and_a_wait_that_is_given_up_meet)

tailrace_fault_tree(
    NAME history_closed_is_looked_at_once
    FILE ${core}
    FIND "            if (is_closed(w)) return claim_result::closed;\n"
    REPLACE "            if (!std::exchange(looked, true) && is_closed(w)) return claim_result::closed;\n"
    FILE ${core}
    FIND "        for (;;) {\n            // (1) acquire"
    REPLACE "        bool looked = false;\n        for (;;) {\n            // (1) acquire")
history_fault(closed_is_looked_at_once FAMILY lifetimes TEST a_send_that_makes_a_block_while_the_receiver_goes_has_sent_only_if_its_place_was_claimed)
