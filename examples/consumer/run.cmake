# Builds and runs the consumer project against tailrace as installed (WAY=find_package), as installed without anything having been built
# (WAY=headers_alone), or as a checkout (WAY=add_subdirectory). Started by: ci/test -L examples
cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
if(WAY STREQUAL find_package)
    run(${CMAKE_COMMAND} --install ${BINARY_DIR} --prefix ${WORK_DIR}/installed --component channel)
    set(where -D CMAKE_PREFIX_PATH=${WORK_DIR}/installed)
elseif(WAY STREQUAL headers_alone)
    run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE_DIR} -B ${WORK_DIR}/tailrace -D CMAKE_CXX_COMPILER=${CXX} -D TAILRACE_CHECKS=OFF
        -D CMAKE_INSTALL_PREFIX=${WORK_DIR}/installed)
    run(${CMAKE_COMMAND} --install ${WORK_DIR}/tailrace)
    set(where -D CMAKE_PREFIX_PATH=${WORK_DIR}/installed)
elseif(WAY STREQUAL add_subdirectory)
    set(where -D TAILRACE_CHECKOUT=${SOURCE_DIR})
else()
    message(FATAL_ERROR "WAY is '${WAY}'; expected find_package, headers_alone or add_subdirectory")
endif()

run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE_DIR}/examples/consumer -B ${WORK_DIR}/build -D CMAKE_CXX_COMPILER=${CXX} ${where})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${WORK_DIR}/build/consumer)

# asked_for(<components> <status> <regex>): a project that asks for these, with the headers alone installed.
function(asked_for components status regex)
    file(WRITE ${WORK_DIR}/asking/CMakeLists.txt
         "cmake_minimum_required(VERSION 3.25)\nproject(asking LANGUAGES CXX)\nfind_package(tailrace REQUIRED COMPONENTS ${components})\n")
    execute_process(
        COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${WORK_DIR}/asking -B ${WORK_DIR}/asking/build -D CMAKE_CXX_COMPILER=${CXX} ${where}
        RESULT_VARIABLE got OUTPUT_VARIABLE said ERROR_VARIABLE said)
    string(REGEX REPLACE "[ \n]+" " " said "${said}")
    if(NOT got EQUAL status OR NOT said MATCHES "${regex}")
        message(FATAL_ERROR "expected status ${status} and '${regex}', got ${got}:\n${said}")
    endif()
endfunction()
if(WAY STREQUAL headers_alone)
    asked_for("channel" 0 "Configuring done")
    asked_for("channel verify" 1 "component verify, the checking kit, is not installed in [^ ]*/installed. In a checkout of tailrace: cmake --preset release")
    asked_for("kit" 1 "There is no component kit; there are channel and verify")
endif()
