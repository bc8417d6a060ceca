# Compiles with a given compiler and judges what comes of it.
#
#   cmake -D CXX=<compiler> -D INCLUDE=<folder> -D WORK_DIR=<folder> -D WHAT=<below> -P check.cmake
#
#   headers          each public header alone, and twice, with all warnings as errors
#   every_function   every_function.cpp without exceptions and run-time types, and runs it
#   misuse           misuse.cpp likewise, without assertions: each kind of misuse must abort it
#   refused          refused.cpp compiles, and with each of its macros it does not, for the reason that the macro's comment gives
# After a change here run: ctest -R impl.compile
cmake_minimum_required(VERSION 3.25)

set(compile "${CXX}" -std=c++23 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -pthread "-I${INCLUDE}")
file(MAKE_DIRECTORY "${WORK_DIR}")

# build(<program> <argument>...): compiles the source of this name, without exceptions and run-time types.
function(build program)
    execute_process(
        COMMAND ${compile} -fno-exceptions -fno-rtti ${ARGN} "${CMAKE_CURRENT_LIST_DIR}/${program}.cpp" -o
                "${WORK_DIR}/${program}"
        RESULT_VARIABLE status
        ERROR_VARIABLE said)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${program}.cpp does not compile:\n${said}")
    endif()
endfunction()

if(WHAT STREQUAL "headers")
    file(GLOB headers RELATIVE "${INCLUDE}" "${INCLUDE}/tailrace/*.hpp")
    if(NOT headers)
        message(FATAL_ERROR "no public header under ${INCLUDE}")
    endif()
    set(bad "")
    foreach(header IN LISTS headers)
        cmake_path(GET header STEM name)
        set(source "${WORK_DIR}/${name}.cpp")
        file(WRITE "${source}" "#include \"${header}\"\n#include \"${header}\"\n")
        execute_process(COMMAND ${compile} -fsyntax-only "${source}" RESULT_VARIABLE status ERROR_VARIABLE said)
        if(NOT status EQUAL 0)
            string(APPEND bad "\n${header} does not compile alone:\n${said}")
        endif()
    endforeach()
    if(bad)
        message(FATAL_ERROR "${bad}")
    endif()
elseif(WHAT STREQUAL "every_function")
    build(every_function)
    execute_process(COMMAND "${WORK_DIR}/every_function" RESULT_VARIABLE status ERROR_VARIABLE said)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "every_function ended with ${status}:\n${said}")
    endif()
elseif(WHAT STREQUAL "misuse")
    build(misuse -DNDEBUG) # it is the library that terminates, not an assertion
    file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/misuse.cpp" kinds REGEX "is\\(\"[a-z_0-9]+\"\\)")
    list(TRANSFORM kinds REPLACE ".*is\\(\"([a-z_0-9]+)\"\\).*" "\\1")
    list(LENGTH kinds count)
    if(count LESS 2 OR NOT "nothing" IN_LIST kinds)
        message(FATAL_ERROR "no misuse found in misuse.cpp")
    endif()
    foreach(kind IN LISTS kinds)
        set(expected "Subprocess aborted")
        if(kind STREQUAL "nothing")
            set(expected 0)
        endif()
        execute_process(COMMAND "${WORK_DIR}/misuse" ${kind} RESULT_VARIABLE status ERROR_VARIABLE said)
        if(NOT status STREQUAL expected)
            message(SEND_ERROR "${kind}: '${status}', expected '${expected}'\n${said}")
        endif()
    endforeach()
elseif(WHAT STREQUAL "refused")
    set(source "${CMAKE_CURRENT_LIST_DIR}/refused.cpp")
    file(STRINGS "${source}" cases REGEX "^#ifdef [A-Z_]+  // ")
    list(LENGTH cases count)
    if(count LESS 4)
        message(FATAL_ERROR "no cases found in refused.cpp")
    endif()
    execute_process(COMMAND ${compile} -fsyntax-only "${source}" RESULT_VARIABLE status ERROR_VARIABLE said)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "refused.cpp does not compile without a macro:\n${said}")
    endif()
    foreach(case IN LISTS cases)
        string(REGEX MATCH "^#ifdef ([A-Z_]+)  // (.+)$" matched "${case}")
        set(macro "${CMAKE_MATCH_1}")
        set(reason "${CMAKE_MATCH_2}")
        execute_process(COMMAND ${compile} -fsyntax-only -D${macro} "${source}" RESULT_VARIABLE status ERROR_VARIABLE said)
        if(status EQUAL 0)
            message(SEND_ERROR "${macro} compiles")
        elseif(NOT said MATCHES "${reason}")
            message(SEND_ERROR "${macro} does not compile, but the compiler does not say '${reason}':\n${said}")
        endif()
    endforeach()
else()
    message(FATAL_ERROR "WHAT is '${WHAT}', expected headers, every_function, misuse or refused")
endif()
