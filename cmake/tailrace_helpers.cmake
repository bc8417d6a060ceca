# The helper functions that the folders' CMakeLists.txt are written in.
include(GoogleTest)

# tailrace_sources(<variable> <pattern>... [EXCEPT <file>...]): the files of a folder. A new file needs no change
# to the build. A pattern set that matches nothing is a mistake, not an empty test suite.
function(tailrace_sources variable)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "EXCEPT")
    file(GLOB files CONFIGURE_DEPENDS ${arg_UNPARSED_ARGUMENTS})
    foreach(except IN LISTS arg_EXCEPT)
        cmake_path(ABSOLUTE_PATH except NORMALIZE)
        list(REMOVE_ITEM files "${except}")
    endforeach()
    if(NOT files)
        message(FATAL_ERROR "no source matches, in ${CMAKE_CURRENT_SOURCE_DIR}: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    set(${variable} "${files}" PARENT_SCOPE)
endfunction()

# tailrace_headers(<target> <PUBLIC|INTERFACE>): the target's headers are those under include/.
function(tailrace_headers target visibility)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS "include/*.hpp")
    target_sources(${target} ${visibility} FILE_SET HEADERS BASE_DIRS include FILES ${headers})
endfunction()

# tailrace_precompile(<target> <header>...): if that is wanted here, TAILRACE_PRECOMPILED_HEADERS.
function(tailrace_precompile target)
    if(TAILRACE_PRECOMPILED_HEADERS)
        target_precompile_headers(${target} PRIVATE ${ARGN})
    endif()
endfunction()

# tailrace_unity(<target> <root> <folder>...): if that is wanted here, TAILRACE_UNITY, the sources of each folder are compiled as one.
function(tailrace_unity target root)
    if(NOT TAILRACE_UNITY)
        return()
    endif()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    foreach(folder IN LISTS ARGN)
        file(GLOB sources ${root}/${folder}/*.cpp)
        set_source_files_properties(${sources} PROPERTIES UNITY_GROUP ${folder})
    endforeach()
    # Names of one source are seen beside those of another, and a class of a source is taken for one of a header. The preset clang, and
    # clang-tidy over what has changed, look at each source alone.
    target_compile_options(${target} PRIVATE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# tailrace_add_test(<name> LABEL <label> [PREFIX <prefix>] SOURCES <file>... [LIBRARIES <library>...] [DEFINITIONS <definition>...]
#                   [PRECOMPILED <header>...])
# A GoogleTest executable; each of its tests is a ctest named <label>.<suite>.<test>, or with the prefix instead, run by
# `ci/test -L <label>`.
function(tailrace_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;PREFIX" "SOURCES;LIBRARIES;DEFINITIONS;PRECOMPILED")
    if(NOT arg_PREFIX)
        set(arg_PREFIX ${arg_LABEL})
    endif()
    add_executable(${name} ${arg_SOURCES})
    list(LENGTH arg_SOURCES files)
    if(files GREATER 3)
        tailrace_precompile(${name} <gtest/gtest.h> ${arg_PRECOMPILED})
    endif()
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} GTest::gtest_main)
    target_compile_definitions(${name} PRIVATE ${arg_DEFINITIONS})
    gtest_discover_tests(
        ${name}
        TEST_PREFIX ${arg_PREFIX}.
        NO_PRETTY_VALUES
        DISCOVERY_TIMEOUT 120
        PROPERTIES LABELS ${arg_LABEL})
endfunction()

# tailrace_page_source(<variable> <page>): a source of the C++ in a Markdown file, whose blocks are one program.
function(tailrace_page_source variable page)
    cmake_path(GET page FILENAME name)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
    set(script "${PROJECT_SOURCE_DIR}/examples/blocks.awk")
    add_custom_command(OUTPUT "${source}" COMMAND awk -f "${script}" "${page}" > "${source}" DEPENDS "${page}" "${script}" VERBATIM)
    set(${variable} "${source}" PARENT_SCOPE)
endfunction()

# tailrace_add_stress(<source> LIBRARIES <library>... TSAN_LIBRARIES <library>... [ARGUMENTS <argument>...])
# A program that is run as one ctest, twice: as it is, and under ThreadSanitizer as <name>_tsan, linked with
# TSAN_LIBRARIES. Where the whole build has a sanitizer already, the second is left out: it would be the same
# program, or could not be built.
function(tailrace_add_stress source)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;TSAN_LIBRARIES;ARGUMENTS")
    cmake_path(GET source STEM name)

    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
    set(programs ${name})

    if(NOT TAILRACE_SANITIZER)
        add_executable(${name}_tsan ${source})
        target_link_libraries(${name}_tsan PRIVATE ${arg_TSAN_LIBRARIES})
        tailrace_thread_sanitizer(${name}_tsan)
        list(APPEND programs ${name}_tsan)
    endif()

    foreach(program IN LISTS programs)
        target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/proptests/kit/include")
        # Supplies a main() where the source has none.
        target_link_libraries(${program} PRIVATE GTest::gtest_main Threads::Threads)
        add_test(NAME stress.${program} COMMAND ${program} ${arg_ARGUMENTS})
        set_tests_properties(stress.${program} PROPERTIES LABELS stress)
    endforeach()
    if(${name}_tsan IN_LIST programs)
        set_tests_properties(stress.${name}_tsan PROPERTIES ENVIRONMENT TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1)
    endif()
endfunction()

# tailrace_thread_sanitizer(<target>): ThreadSanitizer for this target alone; a library passes it on.
function(tailrace_thread_sanitizer target)
    target_compile_options(${target} PRIVATE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=thread)
endfunction()

# tailrace_check_layering(): a test that the folders include each other in one direction only.
function(tailrace_check_layering)
    add_test(NAME house.dependencies_go_one_way COMMAND ${CMAKE_COMMAND} -P "${PROJECT_SOURCE_DIR}/cmake/check_layering.cmake")
    set_tests_properties(house.dependencies_go_one_way PROPERTIES LABELS house)
endfunction()

# tailrace_check_scripts(): a test of what the scripts in ci/ build with, one that they look for programs where those are built, one of what
# a release is refused for; in a build of all tests, one that the tests exist which documents and comments name; with libclang, one that the
# reference is made from all public declarations; and with Doxygen, one that the site can be built, and one that it cannot be with a clause that
# does not exist.
function(tailrace_check_scripts)
    add_test(NAME house.build_says_how_far_it_is COMMAND "${PROJECT_SOURCE_DIR}/ci/tests/build")
    set(names house.build_says_how_far_it_is)
    foreach(pair IN ITEMS verify:tailrace-verify zoo:tailrace-zoo order-audit:tailrace-relacy scenario-mutants:tailrace-relacy soak:soak
                        bench:tailrace-bench)
        string(REPLACE ":" ";" pair "${pair}")
        list(GET pair 0 script)
        list(GET pair 1 program)
        if(TARGET ${program})
            set(name "house.ci_${script}_finds_its_program")
            add_test(NAME ${name} COMMAND grep -qF "/$<PATH:RELATIVE_PATH,$<TARGET_FILE:${program}>,${PROJECT_BINARY_DIR}>\""
                                          "${PROJECT_SOURCE_DIR}/ci/${script}")
            list(APPEND names ${name})
        endif()
    endforeach()
    find_program(TAILRACE_GIT git)
    mark_as_advanced(TAILRACE_GIT)
    if(TAILRACE_GIT AND EXISTS "${PROJECT_SOURCE_DIR}/.git" AND TARGET tailrace-relacy AND NOT TAILRACE_MUTANTS STREQUAL "none")
        add_test(NAME house.names COMMAND "${PROJECT_SOURCE_DIR}/ci/names" "${PROJECT_BINARY_DIR}")
        list(APPEND names house.names)
    endif()
    if(TAILRACE_GIT)
        add_test(NAME house.release COMMAND "${PROJECT_SOURCE_DIR}/ci/tests/release")
        list(APPEND names house.release)
    endif()
    if(TARGET tailrace_syntax_tree AND TAILRACE_ASIOS)
        add_executable(public_names "${PROJECT_SOURCE_DIR}/docs/site/public_names.cpp")
        target_link_libraries(public_names PRIVATE tailrace_syntax_tree)
        add_test(NAME house.reference_lacks_no_declaration COMMAND "${PROJECT_SOURCE_DIR}/ci/tests/reference" $<TARGET_FILE:public_names>)
        list(APPEND names house.reference_lacks_no_declaration)
    endif()
    find_program(TAILRACE_DOXYGEN doxygen)
    mark_as_advanced(TAILRACE_DOXYGEN)
    if(TAILRACE_DOXYGEN)
        add_test(NAME house.docs COMMAND "${PROJECT_SOURCE_DIR}/ci/docs")
        add_test(NAME house.docs_refuses_unknown_clauses COMMAND "${PROJECT_SOURCE_DIR}/ci/tests/docs")
        list(APPEND names house.docs house.docs_refuses_unknown_clauses)
    endif()
    set_tests_properties(${names} PROPERTIES LABELS house)
endfunction()
