# Mistakes in the optimised channel that the engine `interleavings` finds by itself, without a scenario, and shrinks to a
# program of at most five steps.

# generated_fault(<name> SAYS <regex>): the fault tree generated_<name> is there already.
function(generated_fault name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SAYS" "")
    set(program generated_${name})
    set(tree "${CMAKE_BINARY_DIR}/faults/${program}")
    tailrace_relacy_program(${program} EXCLUDE_FROM_ALL generated/main.cpp generated/optimized.cpp)
    target_include_directories(${program} BEFORE PRIVATE "${tree}/impl/include")
    target_compile_options(${program} PRIVATE -O1 -g0 -w) # a mistake may well leave something unused
    set_target_properties(${program} PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
    tailrace_choose_fault(chosen)
    if(NOT chosen)
        return()
    endif()
    tailrace_fault_program(${program})
    set(test faults.${program})
    add_test(NAME ${test}
             COMMAND "${CMAKE_COMMAND}" -D "EXPECT=interleavings fails on optimized.*(${arg_SAYS}).*shrunk from [0-9]+ steps to [1-5]," -P
                     "${PROJECT_SOURCE_DIR}/cmake/expect_caught.cmake" -- $<TARGET_FILE:tailrace-verify> run --engine
                     interleavings --target optimized --programs 3000 --jobs 1)
    set_tests_properties(
        ${test} PROPERTIES LABELS faults FIXTURES_REQUIRED tailrace_faults
                           ENVIRONMENT "TAILRACE_INTERLEAVINGS=$<TARGET_FILE:${program}>")
endfunction()

set(core impl/include/tailrace/detail/core.hpp)

tailrace_fault_tree(
    NAME generated_lost_wake_up
    FILE ${core}
    FIND "if (has_waiters(w) && !is_closed(w)) return hand_over();"
    REPLACE "")
generated_fault(lost_wake_up SAYS "Nobody is left asleep")

tailrace_fault_tree(
    NAME generated_relaxed_publication
    FILE ${core}
    FIND "s.state.exchange(slot_full, std::memory_order_acq_rel)"
    REPLACE "s.state.exchange(slot_full, std::memory_order_acquire)")
generated_fault(relaxed_publication SAYS "DATA RACE")

# It parks over whatever has come since it looked.
tailrace_fault_tree(
    NAME generated_no_look_after_parking
    FILE ${core}
    FIND "if (ring_.front(head()).state.compare_exchange_strong(expected, reinterpret_cast<slot_state>(&n),
                                                              std::memory_order_release, std::memory_order_relaxed)) {
            return true;
        }
        n.parked.store(false);
        return false;"
    REPLACE "ring_.front(head()).state.store(reinterpret_cast<slot_state>(&n), std::memory_order_release); return true;")
generated_fault(no_look_after_parking SAYS "DEADLOCK|Nobody is left asleep|explains (every answer|it)")

# It queues without a second look at what has become free since the first.
tailrace_fault_tree(
    NAME generated_no_look_after_queueing
    FILE ${core}
    FIND "part = smaller(max_ - used(seen), n.need);"
    REPLACE "part = 0;")
generated_fault(no_look_after_queueing SAYS "Nobody is left asleep|explains (every answer|it)|channel's assertion")

# Who has left the consumer role behind looks once more whether there is something to destroy.
tailrace_fault_tree(
    NAME generated_double_drain
    FILE ${core}
    FIND "if (s.state.compare_exchange_strong(expected, slot_orphan, std::memory_order_release,
                                                std::memory_order_relaxed)) {
                return;"
    REPLACE "if (s.state.compare_exchange_strong(expected, slot_orphan, std::memory_order_release,
                                                std::memory_order_relaxed)) {
                if (s.state.load(std::memory_order_acquire) == slot_full) continue;
                return;")
generated_fault(double_drain SAYS "DATA RACE|a value was taken where there is none|destroyed exactly once|LIVELOCK")

tailrace_fault_tree(
    NAME generated_wake_through_a_freed_node
    FILE ${core}
    FIND "            w();
            if (last) return;"
    REPLACE "            n->waker.load()();
            if (last) return;")
generated_fault(wake_through_a_freed_node SAYS "DATA RACE|FREED|UNINITIALIZED|CRASH")

tailrace_fault_tree(
    NAME generated_empty_for_a_completed_send
    FILE impl/include/tailrace/receiver.hpp
    FIND "if (c.buffered_exactly() == 0) return std::unexpected(try_recv_error::empty);"
    REPLACE "return std::unexpected(try_recv_error::empty);")
generated_fault(empty_for_a_completed_send SAYS "explains (every answer|it)")

# Somebody can see a part of the room of a batch, or of what an iterator gives back.
tailrace_fault_tree(
    NAME generated_batch_returns_one_by_one
    FILE impl/include/tailrace/receive_operations.hpp
    FIND "~batch() { channel.return_taken(size); }"
    REPLACE "~batch() { for (; size > 0; --size) channel.return_taken(1); }")
generated_fault(batch_returns_one_by_one SAYS "explains (every answer|it)")

tailrace_fault_tree(
    NAME generated_remainder_returns_one_by_one
    FILE impl/include/tailrace/permit.hpp
    FIND "if (core_) core_.release().return_permits(size_);"
    REPLACE "if (!core_) return;
        for (auto& c = core_.release(); size_ != 0; --size_) c.return_permits(1);")
generated_fault(remainder_returns_one_by_one SAYS "explains (every answer|it)")
