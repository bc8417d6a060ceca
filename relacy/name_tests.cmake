# Writes one test for each scenario that the program lists. A test runs it on all its targets.
# cmake -D PROGRAM=<tailrace-relacy> -D TESTS=<file> -P name_tests.cmake
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND "${PROGRAM}" list OUTPUT_VARIABLE listed COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${listed}")
list(TRANSFORM lines REPLACE " .*" "")
list(REMOVE_DUPLICATES lines)
if(NOT lines)
    message(FATAL_ERROR "${PROGRAM} lists no scenario")
endif()
set(text "")
foreach(name IN LISTS lines)
    string(APPEND text "add_test([==[relacy.${name}]==] [==[${PROGRAM}]==] --scenario ${name} run)\n"
                       "set_tests_properties([==[relacy.${name}]==] PROPERTIES LABELS relacy)\n")
endforeach()
file(WRITE "${TESTS}" "${text}")
