# The faults of ends_test.cpp.
set(core impl/include/tailrace/detail/core.hpp)
set(ring impl/include/tailrace/detail/ring.hpp)
set(platform impl/include/tailrace/platform.hpp)
set(permit_wait impl/include/tailrace/detail/permit_wait.hpp)
set(operations impl/include/tailrace/operations.hpp)
set(receive_operations impl/include/tailrace/receive_operations.hpp)
set(receiver impl/include/tailrace/receiver.hpp)
set(reference_core model/include/tailrace/model/reference_core.hpp)

# ---- The receiver goes, or gives up

tailrace_fault_tree(
    NAME history_buffer_outlives_receiver
    FILE ${core}
    FIND "        close();\n        drain();\n        drop_share();"
    REPLACE "        close();\n        drop_share();")
history_fault(buffer_outlives_receiver FAMILY ends TEST what_is_buffered_dies_with_the_receiver_though_a_sender_lives)

tailrace_fault_tree(
    NAME history_cancelled_receive_clears_its_slot
    FILE ${core}
    FIND "        auto expected = reinterpret_cast<slot_state>(&n);\n"
    REPLACE "        auto expected = ring_.front(head()).state.load(std::memory_order_relaxed);\n")
history_fault(
    cancelled_receive_clears_its_slot FAMILY ends
    TEST a_receive_cancelled_after_its_wake_up_leaves_the_value_to_the_next)

tailrace_fault_tree(
    NAME history_cancelled_receive_takes_the_value
    FILE ${receive_operations}
    FIND "        if (node_.parked.load()) (void)core_->unpark(node_);\n"
    REPLACE "        if (node_.parked.load() && !core_->unpark(node_)) (void)core_->take();\n")
history_fault(cancelled_receive_takes_the_value FAMILY ends TEST a_cancelled_receive_has_taken_nothing)

tailrace_fault_tree(
    NAME history_receiver_takes_the_channel_along
    FILE ${core}
    FIND "        close();\n        drain();\n        drop_share();"
    REPLACE "        close();\n        drain();\n        delete this;")
history_fault(
    receiver_takes_the_channel_along
    FAMILY ends
    TEST operations_that_wait_outlive_the_receiver_and_every_sender
    SANITIZER address
    EXPECT "AddressSanitizer: heap-use-after-free")

tailrace_fault_tree(
    NAME history_receivers_drop_wakes_under_the_lock
    FILE ${core}
    FIND "            guard.unlock();\n            w();\n            if (last) return;\n            guard.lock();"
    REPLACE "            w();\n            if (last) return;")
history_fault(receivers_drop_wakes_under_the_lock FAMILY ends TEST a_waker_in_the_receivers_drop_may_use_whatever_waits_there)

tailrace_fault_tree(
    NAME history_drain_overlooks_the_end
    FILE ${core}
    FIND "            if (seen == slot_end) return;\n"
    REPLACE "")
history_fault(drain_overlooks_the_end FAMILY ends TEST
              the_receivers_drop_ends_wherever_the_channel_has_ended_before)

# ---- Values

tailrace_fault_tree(
    NAME history_published_before_it_is_written
    FILE ${core}
    FIND "        s.storage.put(std::move(v));\n"
    REPLACE ""
    FILE ${core}
    FIND "        const slot_state previous = s.state.exchange(slot_full, std::memory_order_acq_rel);\n"
    REPLACE "        const slot_state previous = s.state.exchange(slot_full, std::memory_order_acq_rel);\n        s.storage.put(std::move(v));\n")
history_fault(published_before_it_is_written FAMILY ends TEST a_value_is_not_received_before_it_is_there)

tailrace_fault_tree(
    NAME history_slot_stays_full
    FILE ${core}
    FIND "        s.state.store(slot_empty, std::memory_order_relaxed);  // (14)"
    REPLACE "        // (14)")
history_fault(slot_stays_full FAMILY ends TEST a_slot_is_empty_when_its_turn_comes_again)

tailrace_fault_tree(
    NAME history_unused_permit_looks_like_a_value
    FILE ${core}
    FIND "word_.fetch_sub(n * one_used, std::memory_order_acq_rel);"
    REPLACE "word_.fetch_sub(n * one_used - one_ticket, std::memory_order_acq_rel);")
history_fault(unused_permit_looks_like_a_value FAMILY ends TEST permits_that_come_back_unused_look_like_no_value)

tailrace_fault_tree(
    NAME history_block_recycled_too_early
    FILE ${ring}
    FIND "        if (head % block_slots != 0) return;\n        if (!turns_in_place_) return recycle(head / block_slots - 1);"
    REPLACE "        if (!turns_in_place_) return (head + 1) % block_slots == 0 ? recycle(head / block_slots) : void();\n        if (head % block_slots != 0) return;")
history_fault(
    block_recycled_too_early FAMILY ends TEST
    a_slow_sender_keeps_its_place_though_others_go_round_the_storage)

tailrace_fault_tree(
    NAME history_cancelled_value_is_kept
    FILE ${operations}
    FIND "value_(detail::pack<T>(std::move(value))), wait_(c, 1)"
    REPLACE "value_(*new detail::carried<T>(detail::pack<T>(std::move(value)))), wait_(c, 1)"
    FILE ${operations}
    FIND "    detail::carried<T> value_;"
    REPLACE "    detail::carried<T>& value_;")
history_fault(
    cancelled_value_is_kept FAMILY ends TEST
    a_value_dies_once_whether_its_send_is_cancelled_refused_or_received)

# ---- Waiting senders

tailrace_fault_tree(
    NAME history_cancelled_head_frees_and_serves_nobody
    FILE ${core}
    FIND "            serve(owed.chosen_);\n            if (!owed.chosen_.empty()) {\n                owed.core_ = this;\n                add_share();\n            }\n"
    REPLACE "")
history_fault(
    cancelled_head_frees_and_serves_nobody FAMILY ends
    TEST when_the_head_of_the_queue_gives_up_those_behind_it_get_what_it_held)

tailrace_fault_tree(
    NAME history_close_leaves_sends_waiting
    FILE ${core}
    FIND "        choose_all(waiters_, chosen);\n"
    REPLACE "")
history_fault(close_leaves_sends_waiting FAMILY ends TEST close_wakes_and_fails_every_send_that_waits)

tailrace_fault_tree(
    NAME history_queued_before_it_is_set_up
    FILE ${permit_wait}
    FIND "            phase_ = phase::waiting;  // before: once it is queued, its owner may be running elsewhere\n            const verdict v = core_->enqueue(node_, w);\n"
    REPLACE "            const verdict v = core_->enqueue(node_, w);\n            phase_ = phase::waiting;\n")
history_fault(
    queued_before_it_is_set_up FAMILY ends
    TEST an_operation_may_be_woken_finished_and_gone_before_the_poll_that_queued_it_returns)

tailrace_fault_tree(
    NAME history_close_wakes_through_the_node
    FILE ${core}
    FIND "            const tailrace::waker w = n->waker.load();\n            const bool last"
    REPLACE "            const bool last"
    FILE ${core}
    FIND "            guard.unlock();\n            w();\n            if (last)"
    REPLACE "            guard.unlock();\n            n->waker.load()();\n            if (last)")
history_fault(
    close_wakes_through_the_node
    FAMILY ends
    TEST close_wakes_nobody_through_an_operation_that_has_gone
    SANITIZER address
    EXPECT "AddressSanitizer: heap-use-after-free")

# ---- The receive that waits

tailrace_fault_tree(
    NAME history_send_wakes_no_receive
    FILE ${core}
    FIND "        } else if (previous != slot_empty) {\n            wake_receive(previous);"
    REPLACE "        } else if (previous != slot_empty) {\n            reinterpret_cast<receive_node<Platform>*>(previous)->done.store(true, std::memory_order_release);")
history_fault(send_wakes_no_receive FAMILY ends TEST a_try_send_wakes_the_receive_that_waits)

tailrace_fault_tree(
    NAME history_receive_parks_without_a_second_look
    FILE ${core}
    FIND "        slot_state expected = slot_empty;\n        // (18)"
    REPLACE "        slot_state expected = ring_.front(head()).state.load(std::memory_order_relaxed);\n        // (18)")
history_fault(
    receive_parks_without_a_second_look FAMILY ends TEST
    a_value_that_arrives_while_a_receive_goes_to_sleep_is_received)

tailrace_fault_tree(
    NAME history_early_wake_up_is_thrown_away
    FILE ${platform}
    FIND "            for (unsigned turn = 0; turn < spin_turns; ++turn) {"
    REPLACE "            state_.store(token::none, std::memory_order_relaxed);\n            for (unsigned turn = 0; turn < spin_turns; ++turn) {")
history_fault(
    early_wake_up_is_thrown_away FAMILY ends
    TEST a_wake_up_that_comes_before_the_thread_has_gone_to_sleep_is_not_lost)

tailrace_fault_tree(
    NAME history_try_recv_never_sleeps
    FILE ${receiver}
    FIND "for (unsigned turn = 0; turn < patience; ++turn) {"
    REPLACE "for (unsigned turn = 0;; ++turn) {")
history_fault(try_recv_never_sleeps FAMILY ends TEST a_try_recv_that_waits_for_a_slow_sender_goes_to_sleep)

tailrace_fault_tree(
    NAME history_end_races_with_the_receive
    FILE ${core}
    FIND "ring_.at_end(ticket).state.exchange(slot_end, std::memory_order_acq_rel);"
    REPLACE "ring_.at_end(ticket).state.exchange(slot_end, std::memory_order_release);")
history_fault(
    end_races_with_the_receive
    FAMILY ends
    TEST whoever_ends_the_channel_sees_the_whole_of_the_receive_that_waits
    SANITIZER thread
    EXPECT "ThreadSanitizer: data race")

# ---- Threads that sleep on the mutex and condition variables of the reference

tailrace_fault_tree(
    NAME history_closes_without_the_mutex
    FILE ${reference_core}
    FIND "        lock_type lock(mutex_);\n        return finish(lock, take_locked(s, std::move(value)));"
    REPLACE "        lock_type lock(mutex_, std::defer_lock);\n        if (s.what != verb::close) lock.lock();\n        return finish(lock, take_locked(s, std::move(value)));"
    FILE ${reference_core}
    FIND "        lock.unlock();\n        return done;"
    REPLACE "        if (lock.owns_lock()) lock.unlock();\n        return done;")
history_fault(closes_without_the_mutex FAMILY ends TARGET reference TEST
              closing_wakes_a_thread_that_is_about_to_sleep)

tailrace_fault_tree(
    NAME history_one_condition_variable_for_all
    FILE ${reference_core}
    FIND "(void)bed.door.wait_until(lock, *deadline);"
    REPLACE "(void)door_.wait_until(lock, *deadline);"
    FILE ${reference_core}
    FIND "bed.door.wait(lock);"
    REPLACE "door_.wait(lock);"
    FILE ${reference_core}
    FIND "bed->second->door.notify_one();"
    REPLACE "door_.notify_one();"
    FILE ${reference_core}
    FIND "    mutable typename Platform::mutex mutex_;"
    REPLACE "    mutable typename Platform::mutex mutex_;\n    typename Platform::condition_variable door_;")
history_fault(
    one_condition_variable_for_all FAMILY ends TARGET reference
    TEST a_permit_that_comes_back_wakes_a_sender_though_a_receiver_sleeps_longer)
