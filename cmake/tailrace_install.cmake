# Installs the library so that find_package(tailrace) and pkg-config find it. Where the checking kit is built, installs that too, for
# find_package(tailrace COMPONENTS verify).
# After a change here run: ci/test -L examples
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# Nothing of the library depends on the machine, hence share/ and ARCH_INDEPENDENT.
set(tailrace_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/tailrace")

install(
    TARGETS tailrace
    EXPORT tailrace_targets
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT channel)
install(
    EXPORT tailrace_targets
    NAMESPACE tailrace::
    DESTINATION "${tailrace_package_dir}"
    COMPONENT channel)

set(tailrace_verify_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tailrace")
configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/tailrace-config.cmake.in" "${PROJECT_BINARY_DIR}/tailrace-config.cmake"
    INSTALL_DESTINATION "${tailrace_package_dir}"
    PATH_VARS tailrace_verify_dir
    NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break its users.
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/tailrace-config-version.cmake"
    COMPATIBILITY SameMinorVersion
    ARCH_INDEPENDENT)
install(
    FILES "${PROJECT_BINARY_DIR}/tailrace-config.cmake" "${PROJECT_BINARY_DIR}/tailrace-config-version.cmake"
    DESTINATION "${tailrace_package_dir}"
    COMPONENT channel)

# Relative to itself, so that what is installed may be moved.
set(tailrace_pc_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")
file(RELATIVE_PATH tailrace_prefix_from_pc "/${tailrace_pc_dir}" "/")
cmake_path(SET tailrace_prefix_from_pc NORMALIZE "${tailrace_prefix_from_pc}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/tailrace.pc.in" "${PROJECT_BINARY_DIR}/tailrace.pc" @ONLY)
install(
    FILES "${PROJECT_BINARY_DIR}/tailrace.pc"
    DESTINATION "${tailrace_pc_dir}"
    COMPONENT channel)

# The kit: static libraries, their headers, the program, and the traces. Who uses it needs the packages that it was built with, so it
# cannot be installed with dependencies that were fetched.
set(tailrace_installs_kit FALSE)
if(NOT TARGET tailrace_verify)
    return()
endif()
foreach(dependency IN ITEMS fmt::fmt rapidcheck)
    get_target_property(installed ${dependency} IMPORTED)
    if(NOT installed)
        message(STATUS "${dependency} was fetched and not found: the kit is left out of the installation")
        return()
    endif()
endforeach()

set(tailrace_installs_kit TRUE)
set(kit tailrace_model tailrace_verify tailrace_verify_main)
foreach(library IN LISTS kit)
    string(REPLACE tailrace_ "" name ${library})
    set_target_properties(${library} PROPERTIES EXPORT_NAME ${name})
endforeach()
target_compile_definitions(
    tailrace_verify
    PUBLIC $<INSTALL_INTERFACE:TAILRACE_TRACES_DIR="$<INSTALL_PREFIX>/${CMAKE_INSTALL_DATADIR}/tailrace/traces">)
install(
    TARGETS tailrace_model tailrace_verify
    EXPORT tailrace_verify_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT verify
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT verify)
install(
    TARGETS tailrace_verify_main
    EXPORT tailrace_verify_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT verify)
install(
    EXPORT tailrace_verify_targets
    NAMESPACE tailrace::
    DESTINATION "${tailrace_verify_dir}"
    COMPONENT verify)
# The program, if it was built, and the simulator that it runs.
target_compile_definitions(tailrace-verify-installed PRIVATE TAILRACE_DATADIR="${CMAKE_INSTALL_DATADIR}")
install(
    TARGETS tailrace-verify-installed
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT verify
    OPTIONAL)
if(TARGET tailrace-interleavings)
    install(
        TARGETS tailrace-interleavings
        RUNTIME DESTINATION libexec/tailrace COMPONENT verify
        OPTIONAL)
endif()
install(
    DIRECTORY "${PROJECT_SOURCE_DIR}/model/traces/"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/tailrace/traces"
    COMPONENT verify)
