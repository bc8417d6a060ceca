# Runs a program that has a fault in it: passes if it says what is expected and exits with 1.
#
#   cmake -D EXPECT=<regular expression> -P expect_caught.cmake -- <program> <argument>...
cmake_minimum_required(VERSION 3.25)

set(command "")
set(collecting FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
    if(collecting)
        list(APPEND command "${CMAKE_ARGV${i}}")
    elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
        set(collecting TRUE)
    endif()
endforeach()
if("${command}" STREQUAL "" OR "${EXPECT}" STREQUAL "")
    message(FATAL_ERROR "usage: cmake -D EXPECT=<regular expression> -P expect_caught.cmake -- <program> <argument>...")
endif()

execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
message("${said}")
if(NOT status STREQUAL "1")
    message(FATAL_ERROR "not caught: the status is '${status}', not 1")
elseif(NOT said MATCHES "${EXPECT}")
    message(FATAL_ERROR "not caught as expected: nothing of what it says matches '${EXPECT}'")
endif()
message("caught")
