# Builds and runs the consumer project against tailrace as installed (WAY=find_package) or as a checkout
# (WAY=add_subdirectory). Started by ctest: ctest -L examples
cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
if(WAY STREQUAL find_package)
    run(${CMAKE_COMMAND} --install ${BINARY_DIR} --prefix ${WORK_DIR}/installed --component tailrace)
    set(where -D CMAKE_PREFIX_PATH=${WORK_DIR}/installed)
elseif(WAY STREQUAL add_subdirectory)
    set(where -D TAILRACE_CHECKOUT=${SOURCE_DIR})
else()
    message(FATAL_ERROR "WAY is '${WAY}'; expected find_package or add_subdirectory")
endif()

run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE_DIR}/examples/consumer -B ${WORK_DIR}/build -D CMAKE_CXX_COMPILER=${CXX} ${where})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${WORK_DIR}/build/consumer)
