# For each defect of the history a fault that brings it back, and the test that notices.
#
# A fault is a textual change of the headers, built aside; the test program of one family is compiled against it, and the named test,
# run on the channel that has the fault, has to fail. README.md has the table.
include(TailraceFault)

set(history_dir "${CMAKE_CURRENT_SOURCE_DIR}/history")

# history_fault(<name> FAMILY <family> TEST <test> [TARGET reference] [EXPECT <regex>] [SANITIZER address|undefined|thread])
# The fault tree history_<name> is there already.
function(history_fault name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "FAMILY;TEST;TARGET;EXPECT;SANITIZER" "")
    if(NOT arg_TARGET)
        set(arg_TARGET optimized)
    endif()
    if(NOT arg_EXPECT)
        set(arg_EXPECT "FAILED  . ${arg_FAMILY}/${arg_TARGET}.${arg_TEST}")
    endif()
    set(program history_${name})
    set(tree "${CMAKE_BINARY_DIR}/faults/${program}")
    add_executable(${program} EXCLUDE_FROM_ALL "${history_dir}/main.cpp" "${history_dir}/${arg_FAMILY}_test.cpp")
    target_include_directories(${program} BEFORE PRIVATE "${tree}/impl/include" "${tree}/model/include")
    target_include_directories(${program} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
    string(TOUPPER ${arg_TARGET} only)
    target_compile_definitions(${program} PRIVATE TAILRACE_HISTORY_PATIENCE=10 TAILRACE_ONLY_${only})
    target_compile_options(${program} PRIVATE -O0 -g0 -w) # a fault leaves things unused
    target_link_libraries(${program} PRIVATE tailrace::model GTest::gtest)
    if(arg_SANITIZER)
        target_compile_options(${program} PRIVATE -g1 -fsanitize=${arg_SANITIZER} -fno-sanitize-recover=all)
        target_link_options(${program} PRIVATE -fsanitize=${arg_SANITIZER})
    endif()
    tailrace_fault_test(${program} EXPECT "${arg_EXPECT}" ARGUMENTS
                        "--gtest_filter=${arg_FAMILY}/${arg_TARGET}.${arg_TEST}")
    if(arg_SANITIZER AND TEST faults.${program})
        set_tests_properties(
            faults.${program}
            PROPERTIES ENVIRONMENT
                       "ASAN_OPTIONS=exitcode=1:detect_leaks=1;UBSAN_OPTIONS=exitcode=1;TSAN_OPTIONS=exitcode=1")
    endif()
endfunction()

file(GLOB history_families CONFIGURE_DEPENDS "${history_dir}/*_faults.cmake")
foreach(family IN LISTS history_families)
    include("${family}")
endforeach()
