# Builds the project against tailrace as installed, and runs its programs: one finds the defect of the queue, one nothing, and one the race
# that was put in. Started by: ci/test -L examples
cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# expect(<status> <regex> <command>...): the command ends with this status and says this.
function(expect status regex)
    execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT RESULT_VARIABLE got OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(NOT got EQUAL status)
        message(FATAL_ERROR "expected status ${status}, got ${got}:\n${said}")
    endif()
    if(NOT said MATCHES "${regex}")
        message(FATAL_ERROR "expected it to say '${regex}':\n${said}")
    endif()
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
foreach(component IN ITEMS channel verify)
    run(${CMAKE_COMMAND} --install ${BINARY_DIR} --prefix ${WORK_DIR}/first --component ${component})
endforeach()
# What is installed may be moved.
file(RENAME ${WORK_DIR}/first ${WORK_DIR}/installed)
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE_DIR} -B ${WORK_DIR}/build -D CMAKE_CXX_COMPILER=${CXX}
    -D CMAKE_PREFIX_PATH=${WORK_DIR}/installed)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)

set(queue ${WORK_DIR}/build/verify_queue)
set(mended ${WORK_DIR}/build/verify_mended_queue)
expect(1 "breaks +try_send.closed-beats-full.*sequential  queue: [0-9,]+ programs, [0-9,]+ steps, 1 difference;"
       ${queue} --engine sequential --failures 10 --programs 1000)
expect(0 "try_send.closed-beats-full +pass" ${mended} --programs 1000)
expect(0 "100% tests passed" ${CMAKE_CTEST_COMMAND} --test-dir ${WORK_DIR}/build)
expect(0 "threads  queue: 1,000 programs, 2,000 histories [^;]*,[ \n]+0[ \n]+failures" ${mended} --engine threads --programs 1000)
expect(0 "skipped .no capability weak.: [0-9]+ clauses" ${mended} --engine sequential --programs 300)
# The race is found by threads alone, and again by its token.
set(racy ${WORK_DIR}/build/verify_racy_queue)
expect(0 "sequential  queue: 1,000 programs, [0-9,]+ steps, 0 differences" ${racy} --engine sequential --programs 1000)
execute_process(COMMAND ${racy} --engine threads OUTPUT_VARIABLE said RESULT_VARIABLE got)
if(NOT got EQUAL 1 OR NOT said MATCHES "threads fails on queue" OR NOT said MATCHES "(tr1[.][A-Za-z0-9_-]+)")
    message(FATAL_ERROR "expected status 1 and a token, got ${got}:\n${said}")
endif()
expect(1 "threads fails on queue" ${racy} replay ${CMAKE_MATCH_1})
expect(2 "^verify_queue: --engine interleavings: queue is not simulated" ${queue} run --engine interleavings)
# The traces are those that were installed.
expect(0 "skipped [1-9][0-9]* traces" ${mended} run --engine oracle)
expect(2 "^verify_queue: there is no target 'qeue', did you mean 'queue'" ${queue} --target qeue)
