# The faults of waiters_test.cpp.
set(core impl/include/tailrace/detail/core.hpp)

tailrace_fault_tree(
    NAME history_dropped_node_stays_linked
    FILE ${core}
    FIND "        waiter_list<Platform>::unlink(n);\n        n.state.store(wait_state::created, std::memory_order_relaxed);\n        if (waiters_.empty())"
    REPLACE "        n.state.store(wait_state::created, std::memory_order_relaxed);\n        if (waiters_.empty())")
history_fault(dropped_node_stays_linked FAMILY waiters TEST a_queued_send_that_was_given_nothing_can_be_dropped)
