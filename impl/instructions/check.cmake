# Counts the instructions of a message in each form, of g++ 12 -O2 on x86-64, and compares them with a bound: the one figure of the channel's
# speed that does not depend on the machine's mood. A count is the difference of two runs, so what is done once is not in it.
#
#   cmake -D VALGRIND=<valgrind> -D PROGRAM=<counted> -P check.cmake
# After a change here run: ci/test -R impl.instructions
cmake_minimum_required(VERSION 3.25)

# Of a send and a receive together; ping_pong: of two, each of which is waited for. Less is an improvement: lower the bound with it.
set(bounds
    try 76
    permit 87
    blocking 256
    batch 74
    awaited 165
    reserved 212
    tasks 185
    ping_pong 914)

function(count_instructions result form messages)
    execute_process(
        COMMAND "${VALGRIND}" --tool=callgrind --callgrind-out-file=/dev/null "${PROGRAM}" ${form} ${messages}
        ERROR_VARIABLE said OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
    if(NOT said MATCHES "Collected : ([0-9]+)")
        message(FATAL_ERROR "valgrind says no number:\n${said}")
    endif()
    set(${result} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

set(exceeded "")
while(bounds)
    list(POP_FRONT bounds form bound)
    count_instructions(few ${form} 640)
    count_instructions(many ${form} 6400)
    math(EXPR each "(${many} - ${few}) / 5760")
    message(STATUS "${form}: ${each} instructions a message, at most ${bound}")
    if(each GREATER bound)
        list(APPEND exceeded ${form})
    endif()
endwhile()
if(exceeded)
    message(FATAL_ERROR "more instructions than allowed: ${exceeded}")
endif()
