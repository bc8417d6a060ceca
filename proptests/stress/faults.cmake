# Every wake-up of both channels, taken away one at a time: the stress program has to say who sleeps for ever.
#
# A fault silences one call and leaves its effects on the state as they are, so that nothing but the wake-up is
# missing. The table of what is caught how soon is in README.md, measured by measure_faults.
include(TailraceFault)

set(stress_dir "${CMAKE_CURRENT_SOURCE_DIR}/stress")

# stress_fault_program(<name> <source>...): a program on the tree of that name, and its test. A tree with a change that
# is harmless by itself, which others build upon, is called ..._control and has to pass.
function(stress_fault_program name)
    set(tree "${CMAKE_BINARY_DIR}/faults/${name}")
    add_executable(${name} EXCLUDE_FROM_ALL ${ARGN})
    target_include_directories(${name} PRIVATE "${tree}/impl/include" "${tree}/model/include" "${stress_dir}"
                               "${CMAKE_CURRENT_SOURCE_DIR}/include")
    target_compile_options(${name} PRIVATE -O1 -g0 -w) # a fault leaves things unused
    target_link_libraries(${name} PRIVATE fmt::fmt Threads::Threads)
    if(name MATCHES "_control$")
        tailrace_fault_program(${name})
        add_test(NAME faults.${name} COMMAND ${name})
        set_tests_properties(faults.${name} PROPERTIES LABELS faults FIXTURES_REQUIRED tailrace_faults)
    else()
        tailrace_fault_test(${name} EXPECT "asleep for ever")
    endif()
endfunction()

# ---- The optimised channel

# optimized_fault(<name> <file> <find> <replace>), the file below impl/include/tailrace. Wakers obey `silence` there.
function(optimized_fault name file find replace)
    tailrace_fault_tree(
        NAME optimized_${name}
        FILE impl/include/tailrace/waker.hpp
        FIND "if (wake != nullptr)"
        REPLACE "if (wake != nullptr && !verify::stress::silent)"
        FILE impl/include/tailrace/${file}
        FIND "${find}"
        REPLACE "${replace}")
    stress_fault_program(optimized_${name} stress/faults/optimized.cpp)
    target_compile_options(optimized_${name} PRIVATE -include "${stress_dir}/silence.hpp")
endfunction()

optimized_fault(silence_control waker.hpp "if (wake != nullptr" "if (wake != nullptr")

# optimized_silence(<name> <file> <where> <what> [<condition>]): the statement <what>, which <where> finds, wakes nobody,
# or nobody if the condition holds.
function(optimized_silence name file where what)
    set(condition "")
    if(ARGC GREATER 4)
        set(condition "${ARGV4}")
    endif()
    string(REPLACE "${what}" "{ const verify::stress::silence here{${condition}}; ${what} }" replace "${where}")
    optimized_fault(${name} ${file} "${where}" "${replace}")
endfunction()

optimized_silence(publish_wakes_receive detail/core.hpp
    "} else if (previous != slot_empty) {\n            wake_receive(previous);" "wake_receive(previous);")
optimized_silence(last_sender_wakes_receive detail/core.hpp
    "post_end(tail(word_.load(std::memory_order_relaxed)));"
    "post_end(tail(word_.load(std::memory_order_relaxed)));")
optimized_silence(take_wakes_sender detail/core.hpp
    "if (has_waiters(w) && !is_closed(w)) return hand_over();" "return hand_over();")
optimized_silence(close_wakes_receive detail/core.hpp
    "if (used(w) == 0) post_end(tail(w));" "post_end(tail(w));")
optimized_fault(close_wakes_senders detail/core.hpp "choose_all(waiters_, chosen);" "")
optimized_fault(close_wakes_listeners detail/core.hpp "choose_all(listeners_, chosen);" "")

# Whoever gives a permit back: while the channel is open the next waiter has to wake, once it is closed the receive.
foreach(when IN ITEMS open closed)
    if(when STREQUAL "open")
        set(partner sender)
        set(open "!")
    else()
        set(partner receive)
        set(open "")
    endif()
    optimized_silence(permit_drop_wakes_${partner} permit.hpp
        "if (core_) core_.release().return_permits(1);" "core_.release().return_permits(1);" "${open}core_->closed()")
    optimized_silence(owned_release_wakes_${partner} permit.hpp
        "back.core_->return_permits(1);" "back.core_->return_permits(1);" "${open}back.core_->closed()")
    optimized_silence(owned_drop_wakes_${partner} permit.hpp
        "last.core_->return_permits(1);" "last.core_->return_permits(1);" "${open}last.core_->closed()")
    optimized_silence(cancelled_grant_wakes_${partner} detail/permit_wait.hpp
        "finish().return_permits(held());" "finish().return_permits(held());" "${open}core_->closed()")
endforeach()
optimized_silence(failed_send_wakes_receive operations.hpp
    "return refused(channel, 1);  // granted, but closed is looked at first"
    "return refused(channel, 1);")
optimized_fault(failed_reserve_wakes_receive detail/permit_wait.hpp
    "core_->closed()) return {verdict::failed, need()};"
    "core_->closed()) {\n            const verify::stress::silence here{};\n            core_->return_permits(need());\n            return {verdict::failed};\n        }")

# An operation polled again: the new waker is the one to call.
optimized_fault(send_polled_again detail/core.hpp
    "if (n.state.load(std::memory_order_relaxed) == wait_state::queued) {\n            n.waker.store(w);"
    "if (n.state.load(std::memory_order_relaxed) == wait_state::queued) {")
optimized_fault(receive_polled_again receive_operations.hpp
    "if (node_.waker.load() == w) return true;" "return true;")
optimized_fault(listener_polled_again detail/core.hpp
    "n.waker.store(w);\n        if (n.state.load(std::memory_order_relaxed) == wait_state::created) {"
    "if (n.state.load(std::memory_order_relaxed) == wait_state::created) {\n            n.waker.store(w);")

# The parker of production, with its condition variable under watch: that alone changes nothing, and without the
# notification it is caught.
function(parker_fault name find replace)
    tailrace_fault_tree(
        NAME ${name}
        FILE impl/include/tailrace/platform.hpp
        FIND "std::condition_variable sleeper_;"
        REPLACE "verify::stress::watched_condition_variable sleeper_;"
        FILE impl/include/tailrace/platform.hpp
        FIND "${find}"
        REPLACE "${replace}")
    stress_fault_program(${name} stress/faults/optimized_production.cpp)
    target_compile_options(${name} PRIVATE -include "${stress_dir}/watch.hpp")
endfunction()
parker_fault(optimized_parker_control "sleeper_.notify_one();" "sleeper_.notify_one();")
parker_fault(optimized_unpark_wakes_park "sleeper_.notify_one();" "")

# ---- The reference channel

# Compiled once for all faults in the specification. A fault in its transitions needs machine.cpp only.
add_library(stress_reference OBJECT EXCLUDE_FROM_ALL stress/faults/reference.cpp)
target_include_directories(stress_reference PRIVATE "${stress_dir}" "${CMAKE_CURRENT_SOURCE_DIR}/include")
target_compile_options(stress_reference PRIVATE -O1 -g0)
target_link_libraries(stress_reference PRIVATE tailrace::model)

# machine_fault(<name> <find> <replace>)
function(machine_fault name find replace)
    set(name reference_${name})
    tailrace_fault_tree(NAME ${name} FILE model/src/machine.cpp FIND "${find}" REPLACE "${replace}")
    stress_fault_program(${name} "${CMAKE_BINARY_DIR}/faults/${name}/model/src/machine.cpp"
                         $<TARGET_OBJECTS:stress_reference>)
    target_link_libraries(${name} PRIVATE tailrace::model) # all but machine.o
endfunction()

# machine_silence(<name> <where> <what> [<condition>]): what the call <what> wakes is forgotten, or is if the condition
# holds.
function(machine_silence name where what)
    set(condition "true")
    if(ARGC GREATER 3)
        set(condition "${ARGV3}")
    endif()
    string(REPLACE "out)" "${condition} ? lost : out)" call "${what}")
    string(REPLACE "${what}" "{ outcome lost; ${call} }" replace "${where}")
    machine_fault(${name} "${where}" "${replace}")
endfunction()

machine_silence(deliver_wakes_receive "buffer.push_back(v);\n    wake_receive(out);" "wake_receive(out);")
machine_silence(close_wakes_receive "if (idle()) wake_receive(out);" "wake_receive(out);")
machine_fault(close_wakes_senders
    "find_operation(number)->now = operation::phase::failed;  // keeps what it holds
        out.woken.push_back(operation_name(number));"
    "find_operation(number)->now = operation::phase::failed;")
machine_fault(close_wakes_listeners
    "find_operation(number)->notified = true;\n        out.woken.push_back(operation_name(number));"
    "find_operation(number)->notified = true;")
machine_silence(receive_wakes_sender "release(taken, out);" "release(taken, out);")
machine_silence(try_receive_wakes_sender "release(1, out);\n            } else {" "release(1, out);")
foreach(when IN ITEMS open closed)
    if(when STREQUAL "open")
        set(partner sender)
        set(open "!")
    else()
        set(partner receive)
        set(open "")
    endif()
    machine_silence(cancelled_grant_wakes_${partner}
        "if (op.held > 0) release(op.held, out);" "release(op.held, out);" "${open}closed")
    machine_silence(permit_drop_wakes_${partner}
        "if (g.size > 0) release(g.size, out);" "release(g.size, out);" "${open}closed")
    machine_silence(owned_release_wakes_${partner}
        "release(used.size, out);" "release(used.size, out);" "${open}closed")
endforeach()
machine_silence(last_operation_wakes_receive
    "if (op.what == verb::reserve_owned) drop_sender(op.sender, out);" "drop_sender(op.sender, out);")
machine_silence(last_owned_permit_wakes_receive
    "if (h.kind == handle_kind::owned_permit) drop_sender(g.sender, out);" "drop_sender(g.sender, out);")
machine_silence(last_sender_wakes_receive
    "case handle_kind::sender: drop_sender(h.number, out); break;" "drop_sender(h.number, out);")

# core_fault(<name> <find> <replace>): in what carries the specification out.
function(core_fault name find replace)
    set(name reference_${name})
    tailrace_fault_tree(NAME ${name} FILE model/include/tailrace/model/reference_core.hpp FIND "${find}" REPLACE
                        "${replace}")
    stress_fault_program(${name} stress/faults/reference.cpp)
    target_link_libraries(${name} PRIVATE tailrace::model)
endfunction()

core_fault(wakes_the_blocked "bed->second->door.notify_one();" "")
core_fault(wakes_the_driven "wakers.push_back(w->second);" "")
core_fault(polled_again "wakers_[number] = w;" "wakers_.emplace(number, w);")
