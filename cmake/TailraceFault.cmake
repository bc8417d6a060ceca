# Faults: the project with one mistake in it, and a test that a check notices.
#
#   tailrace_fault_tree(NAME forgets_to_wake FILE impl/include/tailrace/x.hpp FIND "wake();" REPLACE "")
#   add_executable(x_forgets_to_wake EXCLUDE_FROM_ALL x.cpp)
#   target_include_directories(x_forgets_to_wake PRIVATE "${CMAKE_BINARY_DIR}/faults/forgets_to_wake/impl/include")
#   tailrace_fault_test(x_forgets_to_wake EXPECT "asleep" ARGUMENTS --seed 1)
#
# The programs are not part of a plain build: the test faults.build, which the others wait for, builds them. They take
# longer than everything else together, so the usual tests have a sample of them; ci/faults has all.
set(TAILRACE_FAULTS sample CACHE STRING "The faults that are built and run by the tests: a sample, or all")
set_property(CACHE TAILRACE_FAULTS PROPERTY STRINGS sample all)
if(NOT TAILRACE_FAULTS MATCHES "^(sample|all)$")
    message(FATAL_ERROR "TAILRACE_FAULTS is '${TAILRACE_FAULTS}', expected sample or all")
endif()
set(TAILRACE_FAULT_SAMPLE 8) # one in so many

# tailrace_fault_tree(NAME <name> {FILE <file> FIND <text> REPLACE <text>}...)
# Copies impl/include, model/include and model/src to faults/<name>/ in the build tree, with these changes. A text
# that does not occur exactly once in its file is an error: the fault has to follow the source.
function(tailrace_fault_tree)
    # Read by hand: the texts are C++, and semicolons and brackets do not survive in a list.
    set(name "")
    set(changes 0)
    set(i 0)
    while(i LESS ARGC)
        set(keyword "${ARGV${i}}")
        math(EXPR value "${i} + 1")
        math(EXPR i "${i} + 2")
        if(NOT value LESS ARGC)
            message(FATAL_ERROR "tailrace_fault_tree: ${keyword} needs a value")
        elseif(keyword STREQUAL "NAME")
            set(name "${ARGV${value}}")
        elseif(keyword STREQUAL "FILE")
            math(EXPR changes "${changes} + 1")
            set(file_${changes} "${ARGV${value}}")
        elseif(keyword STREQUAL "FIND")
            set(find_${changes} "${ARGV${value}}")
        elseif(keyword STREQUAL "REPLACE")
            set(replace_${changes} "${ARGV${value}}")
        else()
            message(FATAL_ERROR "tailrace_fault_tree: expected NAME, FILE, FIND or REPLACE, not '${keyword}'")
        endif()
    endwhile()
    if(name STREQUAL "" OR changes EQUAL 0)
        message(FATAL_ERROR "tailrace_fault_tree: needs a NAME and at least one FILE")
    endif()

    set(changed_files "")
    foreach(change RANGE 1 ${changes})
        set(file "${file_${change}}")
        set(find "${find_${change}}")
        if(NOT file IN_LIST changed_files)
            if(NOT EXISTS "${PROJECT_SOURCE_DIR}/${file}")
                message(FATAL_ERROR "fault ${name}: there is no ${file}")
            endif()
            list(APPEND changed_files "${file}")
            file(READ "${PROJECT_SOURCE_DIR}/${file}" "text_of_${file}")
        endif()
        set(text "${text_of_${file}}")
        string(FIND "${text}" "${find}" first)
        string(FIND "${text}" "${find}" last REVERSE)
        if(first EQUAL -1)
            message(SEND_ERROR "fault ${name}: ${file} does not contain this text (any more):\n${find}")
        elseif(NOT first EQUAL last)
            message(SEND_ERROR "fault ${name}: ${file} contains this text more than once:\n${find}")
        endif()
        string(REPLACE "${find}" "${replace_${change}}" "text_of_${file}" "${text}")
    endforeach()

    set(tree "${CMAKE_BINARY_DIR}/faults/${name}")
    file(
        GLOB_RECURSE files
        RELATIVE "${PROJECT_SOURCE_DIR}"
        CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/impl/include/*" "${PROJECT_SOURCE_DIR}/model/include/*"
                          "${PROJECT_SOURCE_DIR}/model/src/*")
    foreach(file IN LISTS files)
        if(NOT file IN_LIST changed_files)
            configure_file("${PROJECT_SOURCE_DIR}/${file}" "${tree}/${file}" COPYONLY)
        endif()
    endforeach()
    foreach(file IN LISTS changed_files)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${file}")
        set(old "")
        if(EXISTS "${tree}/${file}")
            file(READ "${tree}/${file}" old)
        endif()
        if(NOT "${old}" STREQUAL "${text_of_${file}}") # else nothing would have to be compiled again
            file(WRITE "${tree}/${file}" "${text_of_${file}}")
        endif()
    endforeach()
endfunction()

# tailrace_choose_fault(<variable>): is the next one among those that are run?
function(tailrace_choose_fault variable)
    get_property(number GLOBAL PROPERTY tailrace_faults_seen)
    math(EXPR number "0${number} + 1")
    set_property(GLOBAL PROPERTY tailrace_faults_seen "${number}")
    math(EXPR rest "${number} % ${TAILRACE_FAULT_SAMPLE}")
    if(TAILRACE_FAULTS STREQUAL "all" OR rest EQUAL 1)
        set(${variable} TRUE PARENT_SCOPE)
    else()
        set(${variable} FALSE PARENT_SCOPE)
    endif()
endfunction()

# tailrace_fault_program(<target>): built by the test faults.build.
function(tailrace_fault_program target)
    if(NOT TARGET tailrace_faults)
        add_custom_target(tailrace_faults)
        add_test(NAME faults.build COMMAND "${CMAKE_COMMAND}" --build "${CMAKE_BINARY_DIR}" --target tailrace_faults
                                           --parallel)
        set_tests_properties(
            faults.build PROPERTIES LABELS faults FIXTURES_SETUP tailrace_faults RUN_SERIAL TRUE TIMEOUT 1500)
    endif()
    add_dependencies(tailrace_faults ${target})
endfunction()

# tailrace_fault_test(<target> EXPECT <regular expression> [ARGUMENTS <argument>...])
# A test faults.<target>: it passes if the program says what is expected and exits with 1. Any other status, a crash
# and a timeout among them, is no verdict, and fails. No test if the fault is not among those that are run.
function(tailrace_fault_test target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "EXPECT" "ARGUMENTS")
    tailrace_choose_fault(chosen)
    if(NOT chosen)
        return()
    endif()
    tailrace_fault_program(${target})
    add_test(NAME faults.${target}
             COMMAND "${CMAKE_COMMAND}" -D "EXPECT=${arg_EXPECT}" -P "${PROJECT_SOURCE_DIR}/cmake/expect_caught.cmake" --
                     "$<TARGET_FILE:${target}>" ${arg_ARGUMENTS})
    set_tests_properties(faults.${target} PROPERTIES LABELS faults FIXTURES_REQUIRED tailrace_faults)
endfunction()
