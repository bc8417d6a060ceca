# Builds the consumer project with each of COMPILERS (a,b), all warnings as errors, and runs it. It finds tailrace by WAY:
#
#   find_package       as installed from a build
#   headers_alone      as installed without anything having been built
#   pkg_config         the same, and found by pkg-config, without CMake
#   deb                as unpacked from the Debian package, by CMake and by pkg-config
#   add_subdirectory   as a checkout
#   fetch_content      as what CMake has fetched
#
# Started by: ci/test -L examples
cmake_minimum_required(VERSION 3.25)

function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

string(REPLACE "," ";" COMPILERS "${COMPILERS}")
list(GET COMPILERS 0 first_compiler)
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)

# configure_headers(<prefix>): a build of the headers alone, in WORK_DIR/tailrace.
function(configure_headers prefix)
    run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE_DIR} -B ${WORK_DIR}/tailrace -D CMAKE_CXX_COMPILER=${first_compiler}
        -D TAILRACE_CHECKS=OFF -D CMAKE_INSTALL_PREFIX=${prefix})
endfunction()

# by_cmake(<option>...): builds the project with each compiler, and runs it.
function(by_cmake)
    list(JOIN warnings " " flags)
    foreach(compiler IN LISTS COMPILERS)
        cmake_path(GET compiler FILENAME name)
        set(build ${WORK_DIR}/build/${name})
        run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE_DIR}/examples/consumer -B ${build} -D CMAKE_CXX_COMPILER=${compiler}
            -D "CMAKE_CXX_FLAGS=${flags}" ${ARGN})
        run(${CMAKE_COMMAND} --build ${build})
        run(${build}/consumer)
    endforeach()
endfunction()

# by_pkg_config(<prefix>): the same with the flags that pkg-config says.
function(by_pkg_config prefix)
    set(ENV{PKG_CONFIG_PATH} ${prefix}/share/pkgconfig)
    execute_process(COMMAND ${PKG_CONFIG} --cflags --libs "tailrace = ${VERSION}" OUTPUT_VARIABLE flags
                    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
    separate_arguments(flags UNIX_COMMAND "${flags}")
    foreach(compiler IN LISTS COMPILERS)
        run(${compiler} -std=c++23 ${warnings} ${SOURCE_DIR}/examples/hello.cpp ${flags} -o ${WORK_DIR}/hello)
        run(${WORK_DIR}/hello)
    endforeach()
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
set(installed ${WORK_DIR}/installed)
if(WAY STREQUAL find_package)
    run(${CMAKE_COMMAND} --install ${BINARY_DIR} --prefix ${installed} --component channel)
    by_cmake(-D CMAKE_PREFIX_PATH=${installed})
elseif(WAY MATCHES "^(headers_alone|pkg_config)$")
    configure_headers(${installed})
    run(${CMAKE_COMMAND} --install ${WORK_DIR}/tailrace)
    if(WAY STREQUAL headers_alone)
        by_cmake(-D CMAKE_PREFIX_PATH=${installed})
    else()
        file(RENAME ${installed} ${WORK_DIR}/moved)
        by_pkg_config(${WORK_DIR}/moved)
    endif()
elseif(WAY STREQUAL deb)
    configure_headers(/usr)
    run(${CMAKE_COMMAND} -E chdir ${WORK_DIR}/tailrace ${CPACK})
    run(${DPKG} -x ${WORK_DIR}/tailrace/libtailrace-dev_${VERSION}_all.deb ${WORK_DIR}/root)
    by_cmake(-D CMAKE_PREFIX_PATH=${WORK_DIR}/root/usr)
    by_pkg_config(${WORK_DIR}/root/usr)
elseif(WAY STREQUAL add_subdirectory)
    by_cmake(-D TAILRACE_CHECKOUT=${SOURCE_DIR})
elseif(WAY STREQUAL fetch_content)
    # It takes the checkout for what it would fetch.
    by_cmake(-D TAILRACE_URL=unused -D FETCHCONTENT_SOURCE_DIR_TAILRACE=${SOURCE_DIR})
else()
    message(FATAL_ERROR "there is no WAY '${WAY}'")
endif()

# asked_for(<components> <status> <regex>): a project that asks for these, with the headers alone installed.
function(asked_for components status regex)
    file(WRITE ${WORK_DIR}/asking/CMakeLists.txt
         "cmake_minimum_required(VERSION 3.25)\nproject(asking LANGUAGES CXX)\nfind_package(tailrace REQUIRED COMPONENTS ${components})\n")
    execute_process(
        COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${WORK_DIR}/asking -B ${WORK_DIR}/asking/build -D CMAKE_CXX_COMPILER=${first_compiler} -D CMAKE_PREFIX_PATH=${installed}
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
