# Runs the program of a page of the guide, and compares what it prints with what the page says. Started by: ci/test -R examples.guide
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE printed RESULT_VARIABLE status)
execute_process(COMMAND awk -v kind=text -f ${CMAKE_CURRENT_LIST_DIR}/blocks.awk ${PAGE} OUTPUT_VARIABLE expected COMMAND_ERROR_IS_FATAL ANY)
if(NOT status EQUAL 0 OR NOT printed STREQUAL expected OR printed STREQUAL "")
    message(FATAL_ERROR "${PAGE}: its program ended with ${status}, and printed\n${printed}\nThe page says\n${expected}")
endif()
