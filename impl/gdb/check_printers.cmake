# Checks what gdb prints for each kind of handle.
#
#   cmake -D GDB=<gdb> -D PROGRAM=<debuggee> -P check_printers.cmake
# After a change here run: ci/test -R impl.gdb
cmake_minimum_required(VERSION 3.25)

set(open "open, used 5 of 5, waiters, tail 3, head 2, senders 2, weak 1")
set(closed "closed, used 3 of 5, no waiters, tail 4, head 2, senders 1, weak 1")
set(while_open
    "tx = tailrace::sender{${open}}"
    "rx = tailrace::receiver{${open}}"
    "permit = tailrace::permit{${open}}"
    "permits = tailrace::permit_iterator{2 left, ${open}}"
    "owned = tailrace::owned_permit{${open}}"
    "weak = tailrace::weak_sender{${open}}"
    "gone_tx = tailrace::sender{moved from}"
    "gone_weak = tailrace::weak_sender{moved from}")
set(when_closed
    "permit = tailrace::permit{used, or moved from}"
    "permits = tailrace::permit_iterator{moved from}"
    "owned = tailrace::owned_permit{used, or moved from}"
    "rx = tailrace::receiver{moved from}"
    "gone_rx = tailrace::receiver{${closed}}"
    "tx = tailrace::sender{${closed}}")

set(commands -ex "source ${CMAKE_CURRENT_LIST_DIR}/tailrace_gdb.py" -ex "break while_open" -ex "break when_closed" -ex run)
set(number 0)
set(expected "")
foreach(stop IN ITEMS while_open when_closed)
    list(APPEND commands -ex up)
    foreach(line IN LISTS ${stop})
        string(REGEX MATCH "^([a-z_]+) (.*)$" ignored "${line}")
        list(APPEND commands -ex "print ${CMAKE_MATCH_1}")
        math(EXPR number "${number} + 1")
        string(APPEND expected "  \$${number} ${CMAKE_MATCH_2}\n")
    endforeach()
    list(APPEND commands -ex continue)
endforeach()

execute_process(
    COMMAND "${GDB}" -nx -batch ${commands} "${PROGRAM}"
    OUTPUT_VARIABLE said
    ERROR_VARIABLE complaints)
string(REGEX MATCHALL "\n[$][0-9]+ = [^\n]*" printed "${said}")
list(TRANSFORM printed REPLACE "\n(.*)" "  \\1\n")
list(JOIN printed "" printed)
if(NOT printed STREQUAL expected)
    message(FATAL_ERROR "gdb printed\n${printed}where this was expected\n${expected}"
                        "all that it said\n${said}\n${complaints}")
endif()
