# The optimised channel with one fault of the history each (../bugs.cpp, the rows of the engine
# `threads`), all in one program with the engines: tailrace-zoo.
#
# A fault is a textual change of the headers, built aside. It has to lie in a template over the
# platform: see faulty.cpp. The program is not part of a plain build: ci/zoo builds and runs it. Of the
# usual tests, proptests.bugs has the rows of `sequential`.
include(TailraceFault)

add_executable(tailrace-zoo EXCLUDE_FROM_ALL zoo/measure/main.cpp zoo/measure/measure.cpp
                                             zoo/faulty/targets.cpp)
target_link_libraries(tailrace-zoo PRIVATE tailrace_zoo tailrace::verify CLI11::CLI11)

# zoo_fault(<name>): the tree zoo_<name> is there already.
function(zoo_fault name)
    add_library(zoo_${name} OBJECT EXCLUDE_FROM_ALL zoo/faulty/faulty.cpp)
    set(tree "${CMAKE_BINARY_DIR}/faults/zoo_${name}")
    target_include_directories(zoo_${name} BEFORE PRIVATE "${tree}/impl/include")
    target_compile_definitions(zoo_${name} PRIVATE TAILRACE_ZOO_FAULT=${name} TAILRACE_ZOO_NAME="${name}")
    target_compile_options(zoo_${name} PRIVATE -O1 -g0 -w) # a fault leaves things unused
    target_link_libraries(zoo_${name} PRIVATE tailrace::verify)
    target_link_libraries(tailrace-zoo PRIVATE zoo_${name})
endfunction()

set(core impl/include/tailrace/detail/core.hpp)
set(receiver impl/include/tailrace/receiver.hpp)
set(waiter impl/include/tailrace/detail/waiter.hpp)

# B08: a slot that is claimed and not written yet hides those behind it.
tailrace_fault_tree(
    NAME zoo_empty_while_a_slot_is_written
    FILE ${receiver}
    FIND "if (c.buffered_exactly() == 0) return std::unexpected(try_recv_error::empty);"
    REPLACE "return std::unexpected(try_recv_error::empty);")
zoo_fault(empty_while_a_slot_is_written)

# B15: permits that are out do not count.
tailrace_fault_tree(
    NAME zoo_closed_and_empty_is_the_end
    FILE ${core}
    FIND "return is_closed(w) && used(w) == 0 ? front::end : front::nothing;"
    REPLACE "return is_closed(w) && buffered_exactly() == 0 ? front::end : front::nothing;")
zoo_fault(closed_and_empty_is_the_end)

# B16: the later number first, and nobody looks whether they belong together.
tailrace_fault_tree(
    NAME zoo_len_of_two_loads
    FILE ${core}
    FIND "        const word_type taken = taken_.load(std::memory_order_relaxed);  // (29)
        const word_type n = (tail(word_.load(std::memory_order_relaxed)) - taken) & ticket_mask;
        if (n > ticket_mask / 2) return 0;  // taken since
        return smaller(n, max_);"
    REPLACE "        const word_type sent = tail(word_.load(std::memory_order_relaxed));
        return (sent - taken_.load(std::memory_order_relaxed)) & ticket_mask;")
zoo_fault(len_of_two_loads)

# B26: those who wait are woken, without the lock, before anything says closed.
tailrace_fault_tree(
    NAME zoo_close_wakes_before_it_closes
    FILE ${core}
    FIND "        do {
            if (is_closed(w)) return;
            // (21)"
    REPLACE "        if (!is_closed(w)) {
            choose_all(listeners_, chosen);
            wake_chosen(guard, chosen);
            guard.lock();
            w = word_.load(std::memory_order_relaxed);
        }
        do {
            if (is_closed(w)) return;
            // (21)")
zoo_fault(close_wakes_before_it_closes)

# B29: who writes behind the receiver does not clean up.
tailrace_fault_tree(
    NAME zoo_late_value_stays
    FILE ${core}
    FIND "        if (previous == slot_orphan) {\n            const pin alive(*this);\n            drain();"
    REPLACE "        if (previous == slot_orphan) {")
zoo_fault(late_value_stays)

# B33: the receiver destroys what is there, and leaves nobody in charge of what is on its way.
tailrace_fault_tree(
    NAME zoo_receiver_leaves_no_successor
    FILE ${core}
    FIND "            if (seen == slot_end) return;\n"
    REPLACE "            if (seen == slot_end || seen == slot_empty) return;\n")
zoo_fault(receiver_leaves_no_successor)

# B44: the senders are looked at first.
tailrace_fault_tree(
    NAME zoo_senders_before_values
    FILE ${receiver}
    FIND "auto op = recv();  // until it has finished no other receive may begin"
    REPLACE "auto op = recv();
        if (c.strong_count() == 0) return std::unexpected(try_recv_error::disconnected);")
zoo_fault(senders_before_values)

# B46: the queue, then the senders, and no second look at the queue.
tailrace_fault_tree(
    NAME zoo_senders_after_a_look_at_the_queue
    FILE ${core}
    FIND "        // (17) acquire:"
    REPLACE "        if (strong_.load(std::memory_order_relaxed) == 0) return front::end;
        // (17) acquire:")
zoo_fault(senders_after_a_look_at_the_queue)

# B48: whoever finds nothing at all goes to the wrong end.
tailrace_fault_tree(
    NAME zoo_waiters_queue_at_the_front
    FILE ${core}
    FIND "waiters_.push_back(n);"
    REPLACE "part == 0 ? waiters_.push_front(n) : waiters_.push_back(n);"
    FILE ${waiter}
    FIND "    /// Precondition: not empty."
    REPLACE "    void push_front(node& n) noexcept {
        link<Platform>* const first = head_.next.load();
        n.next.store(first);
        n.previous.store(&head_);
        first->previous.store(&n);
        head_.next.store(&n);
    }

    /// Precondition: not empty.")
zoo_fault(waiters_queue_at_the_front)

# B67: a permit that comes back while the word changes is lost.
tailrace_fault_tree(
    NAME zoo_permits_come_back_if_nothing_changes
    FILE ${core}
    FIND "const word_type w = word_.fetch_sub(n * one_used, std::memory_order_acq_rel);"
    REPLACE "word_type w = word_.load(std::memory_order_acquire);
        word_.compare_exchange_strong(w, w - n * one_used, std::memory_order_acq_rel,
                                      std::memory_order_acquire);")
zoo_fault(permits_come_back_if_nothing_changes)

# B68: what a relaxed publication may look like, on a machine that would not show it: the value
# comes after the word that says that it is there, and a while later.
tailrace_fault_tree(
    NAME zoo_published_before_it_is_written
    FILE ${core}
    FIND "        s.storage.put(std::move(v));\n"
    REPLACE ""
    FILE ${core}
    FIND "        if (previous == slot_orphan) {\n            const pin alive(*this);\n            drain();"
    REPLACE "        Platform::pause(0);
        s.storage.put(std::move(v));
        if (previous == slot_orphan) {\n            const pin alive(*this);\n            drain();")
zoo_fault(published_before_it_is_written)

# B72: the size goes up before it is known whether the channel takes anything.
tailrace_fault_tree(
    NAME zoo_closed_is_tried_on
    FILE ${core}
    FIND "            if (is_closed(w)) return claim_result::closed;"
    REPLACE "            if (is_closed(w)) {
                word_.fetch_add(n * one_used, std::memory_order_acquire);
                word_.fetch_sub(n * one_used, std::memory_order_release);
                return claim_result::closed;
            }")
zoo_fault(closed_is_tried_on)

# B73: the permit was meant for one who cancels before the lock is had, and goes with that one.
tailrace_fault_tree(
    NAME zoo_cancelled_cell_counts_as_served
    FILE ${core}
    FIND "        while (!waiters_.empty()) {\n            node& n = waiters_.front();"
    REPLACE "        if (waiters_.empty() && used(word_.load(std::memory_order_relaxed)) < max_) {
            word_.fetch_add(one_used, std::memory_order_relaxed);
        }
        while (!waiters_.empty()) {\n            node& n = waiters_.front();")
zoo_fault(cancelled_cell_counts_as_served)
