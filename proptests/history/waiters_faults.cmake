# The faults of waiters_test.cpp.
set(core impl/include/tailrace/detail/core.hpp)

tailrace_fault_tree(
    NAME history_dropped_node_stays_linked
    FILE ${core}
    FIND "        waiter_list<Platform>::unlink(n);\n        n.state.store(wait_state::created, std::memory_order_relaxed);\n        const word_type held = n.held.load();"
    REPLACE "        n.state.store(wait_state::created, std::memory_order_relaxed);\n        const word_type held = n.held.load();")
history_fault(dropped_node_stays_linked FAMILY waiters TEST a_queued_send_that_was_given_nothing_can_be_dropped)

# The node of a cancelled wait is replaced by a dead one, which goes when a release comes to it.
tailrace_fault_tree(
    NAME history_dead_nodes_await_a_release
    FILE ${core}
    FIND "        waiter_list<Platform>::unlink(n);\n        n.state.store(wait_state::created, std::memory_order_relaxed);\n        const word_type held = n.held.load();"
    REPLACE "        waiters_.push_back(*new node);\n        waiter_list<Platform>::unlink(n);\n        n.state.store(wait_state::created, std::memory_order_relaxed);\n        const word_type held = n.held.load();"
    FILE ${core}
    FIND "            node& n = waiters_.front();\n"
    REPLACE "            node& n = waiters_.front();\n            if (n.need == 0) {\n                waiter_list<Platform>::unlink(n);\n                delete &n;\n                continue;\n            }\n")
history_fault(dead_nodes_await_a_release FAMILY waiters TEST waits_that_are_given_up_leave_nothing_behind)

# Those to be woken are remembered by their nodes, which are read without the lock.
tailrace_fault_tree(
    NAME history_wakes_through_nodes_that_may_be_gone
    FILE ${core}
    FIND "        while (n != nullptr) {\n            const tailrace::waker w"
    REPLACE "        node* popped[16];\n        unsigned count = 0;\n        while (n != nullptr) {\n            const tailrace::waker w"
    FILE ${core}
    FIND "            guard.unlock();\n            w();\n            if (last) return;\n            guard.lock();\n            n = chosen.pop_front();\n        }\n        guard.unlock();"
    REPLACE "            popped[count++] = n;\n            n = chosen.pop_front();\n        }\n        guard.unlock();\n        for (unsigned i = 0; i < count; ++i) popped[i]->waker.load()();")
history_fault(wakes_through_nodes_that_may_be_gone FAMILY waiters
              TEST a_waker_may_put_another_operation_where_one_stood_that_was_about_to_be_woken)

# A permit that comes back after the close is assigned to one whom the close has failed, as long as there is one.
tailrace_fault_tree(
    NAME history_permits_go_to_failed_waiters
    FILE ${core}
    FIND "        choose_all(waiters_, chosen);"
    REPLACE "        while (node* n = waiters_.pop_front()) {\n            choose(*n, verdict::failed, chosen);\n            ++failed_;\n        }"
    FILE ${core}
    FIND "            if (used(w) == n) post_end(tail(w));"
    REPLACE "            if (failed_ != 0) {\n                --failed_;\n                word_.fetch_add(n * one_used, std::memory_order_relaxed);\n                return;\n            }\n            if (used(w) == n) post_end(tail(w));"
    FILE ${core}
    FIND "    waiter_list<Platform> waiters_;"
    REPLACE "    unsigned failed_ = 0;\n    waiter_list<Platform> waiters_;")
history_fault(permits_go_to_failed_waiters FAMILY waiters
              TEST what_comes_back_after_the_close_goes_to_no_waiter_that_the_close_has_failed)

tailrace_fault_tree(
    NAME history_idle_after_close_wakes_nobody
    FILE ${core}
    FIND "            if (used(w) == n) post_end(tail(w));"
    REPLACE "")
history_fault(idle_after_close_wakes_nobody FAMILY waiters
              TEST the_last_permit_dropped_unused_wakes_the_closed_receiver)

# silent_return(<name> <test> <file> <find> <replace>): permits go back there by a function that wakes nobody once it is closed.
function(silent_return name test file find replace)
    tailrace_fault_tree(
        NAME history_${name}
        FILE ${core}
        FIND "    /// Gives permits back, in one step: to the oldest waiter first.\n"
        REPLACE "    void return_silently(word_type n) noexcept {\n        if (!closed()) return return_permits(n);\n        word_.fetch_sub(n * one_used, std::memory_order_acq_rel);\n    }\n"
        FILE impl/include/tailrace/${file}
        FIND "${find}"
        REPLACE "${replace}")
    history_fault(${name} FAMILY waiters TEST ${test})
endfunction()

silent_return(
    cancelled_wait_returns_silently
    a_cancelled_wait_that_holds_the_last_permits_wakes_the_closed_receiver detail/permit_wait.hpp
    "        finish().return_permits(held());" "        finish().return_silently(held());")
silent_return(
    failed_send_returns_silently a_wait_that_fails_with_the_last_permits_wakes_the_closed_receiver operations.hpp
    "        return refused(channel, 1);  // granted"
    "        channel.return_silently(1);\n        return refused(channel, 0);  // granted")
silent_return(
    failed_reserve_returns_silently a_wait_that_fails_with_the_last_permits_wakes_the_closed_receiver
    detail/permit_wait.hpp "core_->closed()) return {verdict::failed, need()};"
    "core_->closed()) {\n            core_->return_silently(need());\n            return {verdict::failed};\n        }")
silent_return(
    failed_partial_hold_returns_silently a_wait_that_fails_with_the_last_permits_wakes_the_closed_receiver
    detail/permit_wait.hpp "        if (v == verdict::failed) return {v, held()};"
    "        if (v == verdict::failed) {\n            core_->return_silently(held());\n            return {v};\n        }")

# Replacing a waker tells the old one, under the lock, as a destructor of it would be run.
tailrace_fault_tree(
    NAME history_replaced_waker_runs
    FILE ${core}
    FIND "        if (n.state.load(std::memory_order_relaxed) == wait_state::queued) {\n            n.waker.store(w);"
    REPLACE "        if (n.state.load(std::memory_order_relaxed) == wait_state::queued) {\n            n.waker.load()();\n            n.waker.store(w);")
history_fault(replaced_waker_runs FAMILY waiters TEST replacing_a_waker_runs_nothing_of_the_old_one)
tailrace_fault_tree(
    NAME history_wakers_own_something
    FILE impl/include/tailrace/waker.hpp
    FIND "    void* context = nullptr;\n"
    REPLACE "    void* context = nullptr;\n    ~waker() {}\n")
history_fault(wakers_own_something FAMILY waiters TEST replacing_a_waker_runs_nothing_of_the_old_one)

tailrace_fault_tree(
    NAME history_wakes_under_the_lock
    FILE ${core}
    FIND "            guard.unlock();\n            w();\n            if (last) return;"
    REPLACE "            w();\n            guard.unlock();\n            if (last) return;")
history_fault(wakes_under_the_lock FAMILY waiters TEST nobody_is_woken_under_a_lock)

tailrace_fault_tree(
    NAME history_queues_in_a_closed_channel
    FILE ${core}
    FIND "if (is_closed(seen))
                return decide(n, verdict::failed);"
    REPLACE "")
history_fault(queues_in_a_closed_channel FAMILY waiters
              TEST a_send_that_found_it_full_does_not_sleep_if_it_closes_meanwhile)

# One is granted at a time: the next when that one has been polled.
tailrace_fault_tree(
    NAME history_next_grant_awaits_a_poll
    FILE ${core}
    FIND "        while (!waiters_.empty()) {"
    REPLACE "        while (!granted_ && !waiters_.empty()) {"
    FILE ${core}
    FIND "            choose(n, verdict::granted, chosen);"
    REPLACE "            choose(n, verdict::granted, chosen);\n            granted_ = true;"
    FILE ${core}
    FIND "    /// What became of a node, as far as its owner can see without the lock.\n"
    REPLACE "    void next_grant() noexcept {\n        granted_ = false;\n        hand_over();\n    }\n"
    FILE impl/include/tailrace/detail/permit_wait.hpp
    FIND "verdict look() const noexcept { return core_type::look(node_); }"
    REPLACE "verdict look() const noexcept {\n        const verdict v = core_type::look(node_);\n        if (v != verdict::none) core_->next_grant();\n        return v;\n    }"
    FILE ${core}
    FIND "    waiter_list<Platform> waiters_;"
    REPLACE "    bool granted_ = false;\n    waiter_list<Platform> waiters_;")
history_fault(next_grant_awaits_a_poll FAMILY waiters TEST one_that_is_never_polled_again_keeps_nobody_else_waiting)
